//! `eval`, `exec` and `run`: programs of the user's.

use mpwire::board::{self, Board};

use crate::args::{EvalArgs, ExecArgs, RunArgs};
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints what an expression evaluates to.
pub fn eval(connection: &mut Connection, arguments: &EvalArgs) -> Result<(), Error> {
    let program = format!("print({})", arguments.expression);
    execute(connection, program.as_bytes(), true)
}

/// Executes a string.
pub fn exec(connection: &mut Connection, arguments: &ExecArgs) -> Result<(), Error> {
    execute(
        connection,
        arguments.program.as_bytes(),
        !arguments.no_follow,
    )
}

/// Runs a script of this computer.
pub fn run(connection: &mut Connection, arguments: &RunArgs) -> Result<(), Error> {
    let program = std::fs::read(&arguments.path)
        .map_err(|_| Error::message(format!("could not read file '{}'", arguments.path)))?;
    execute(connection, &program, !arguments.no_follow)
}

fn execute(connection: &mut Connection, program: &[u8], follow: bool) -> Result<(), Error> {
    let board = connection.board()?;
    let result = if follow {
        run_to_the_end(board, program)
    } else {
        board.execute_and_forget(program).map_err(Error::from)
    };
    connection.did_action();
    result.map_err(|error| match error {
        Error::Board(board::Error::Session(mpwire::session::Error::Interrupted)) => {
            Error::Interrupted
        }
        other => other,
    })
}

/// Prints what a program prints, as it comes, and its traceback if it raises.
fn run_to_the_end(board: &mut Board, program: &[u8]) -> Result<(), Error> {
    let interrupter = board.interrupter();
    let mut printed = Ok(());
    let traceback = board.execute(program, &mut |output| {
        if printed.is_ok() {
            printed = report::bytes(output);
            if printed.is_err() {
                // Nobody reads the output any more, and the program may never end by itself. From
                // another thread, for this one is what takes the interrupt.
                let interrupter = interrupter.clone();
                std::thread::spawn(move || interrupter.interrupt());
            }
        }
    })?;
    printed?;
    if traceback.is_empty() {
        return Ok(());
    }
    report::ForeignText::default().print(&traceback)?;
    Err(Error::RemoteException)
}
