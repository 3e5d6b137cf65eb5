//! `eval`, `exec` and `run`: programs of the user's.

use mpwire::board;

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
        let mut printed = Ok(());
        let traceback = board.execute(program, &mut |output| {
            if printed.is_ok() {
                printed = report::bytes(output);
            }
        });
        traceback.map(|traceback| (traceback, printed))
    } else {
        board
            .execute_and_forget(program)
            .map(|()| (Vec::new(), Ok(())))
    };
    connection.did_action();
    match result {
        Ok((traceback, printed)) => {
            printed?;
            if traceback.is_empty() {
                return Ok(());
            }
            report::bytes(&traceback)?;
            Err(Error::RemoteException)
        }
        Err(board::Error::Session(mpwire::session::Error::Interrupted)) => Err(Error::Interrupted),
        Err(error) => Err(error.into()),
    }
}
