//! `eval`, `exec` and `run`: programs of the user's.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use mpwire::board::{self, Board};
use mpwire::session::Interrupter;

use crate::args::{EvalArgs, ExecArgs, RunArgs};
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints what an expression evaluates to.
pub fn eval(connection: &mut Connection, arguments: &EvalArgs) -> Result<(), Error> {
    let program = format!("print({})", arguments.expression);
    let following = Following::Until("the program".to_owned(), arguments.timeout.timeout);
    execute(connection, program.as_bytes(), &following)
}

/// Executes a string.
pub fn exec(connection: &mut Connection, arguments: &ExecArgs) -> Result<(), Error> {
    let following = if arguments.no_follow {
        Following::No
    } else {
        Following::Until("the program".to_owned(), arguments.timeout.timeout)
    };
    execute(connection, arguments.program.as_bytes(), &following)
}

/// Runs a script of this computer.
pub fn run(connection: &mut Connection, arguments: &RunArgs) -> Result<(), Error> {
    let program = script(&arguments.path).map_err(|_| unreadable(&arguments.path))?;
    let following = if arguments.no_follow {
        Following::No
    } else {
        Following::Until(arguments.path.clone(), arguments.timeout.timeout)
    };
    execute(connection, &program, &following)
}

/// The script at a path of this computer, or what standard input holds.
fn script(path: &str) -> io::Result<Vec<u8>> {
    if path != "-" {
        return std::fs::read(path);
    }
    let mut program = Vec::new();
    io::stdin().lock().read_to_end(&mut program)?;
    Ok(program)
}

/// Whether a program is waited for.
enum Following {
    /// It is left running.
    No,
    /// To its end, or for so long; its name.
    Until(String, Option<Duration>),
}

/// Why a script cannot be read. A colon means one of the board, which run does not run.
fn unreadable(path: &str) -> Error {
    let error = Error::message(format!("could not read file '{path}'"));
    match path.strip_prefix(':').filter(|path| !path.is_empty()) {
        Some(path) => error.with_hint(format!(
            "run takes a script of this computer; one of the board: mpwire exec \"exec(open('{path}').read())\""
        )),
        None => error,
    }
}

fn execute(
    connection: &mut Connection,
    program: &[u8],
    following: &Following,
) -> Result<(), Error> {
    let board = connection.board()?;
    let result = match following {
        // The word that it runs may be lost with the link that it ends.
        Following::No => board
            .execute_and_forget(program)
            .or_else(|error| end_by_reset(board, program, error)),
        Following::Until(_, None) => run_or_reset(board, program),
        Following::Until(what, Some(limit)) => {
            let alarm = Alarm::set(board.interrupter(), *limit);
            let result = run_or_reset(board, program);
            if alarm.has_rung() && !matches!(result, Err(Error::Output(_))) {
                Err(Error::TimedOut {
                    what: what.clone(),
                    seconds: limit.as_secs_f64(),
                })
            } else {
                result
            }
        }
    };
    connection.did_action();
    result.map_err(|error| match error {
        Error::Board(board::Error::Session(mpwire::session::Error::Interrupted)) => {
            Error::Interrupted
        }
        other => other,
    })
}

/// How long a program may go on that has been interrupted for its time: then it is given up.
const GRACE: Duration = Duration::from_secs(3);

/// Interrupts a program that has run for too long. Ends with this.
struct Alarm {
    has_rung: Arc<AtomicBool>,
    /// The thread waits for its end.
    _cancel: Sender<()>,
}

impl Alarm {
    fn set(interrupter: Interrupter, limit: Duration) -> Self {
        let (cancel, cancelled) = channel::<()>();
        let has_rung = Arc::new(AtomicBool::new(false));
        let rings = Arc::clone(&has_rung);
        std::thread::spawn(move || {
            let is_late = |limit| cancelled.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if is_late(limit) {
                rings.store(true, Ordering::Release);
                interrupter.interrupt();
                // It may have caught that, and the second time it is given up.
                if is_late(GRACE) {
                    interrupter.interrupt();
                }
            }
        });
        Self {
            has_rung,
            _cancel: cancel,
        }
    }

    fn has_rung(&self) -> bool {
        self.has_rung.load(Ordering::Acquire)
    }
}

/// What a program is likely to name that resets the board on purpose (`machine`, and `os` of old).
const RESETS: &[&str] = &["reset(", "bootloader(", "deepsleep("];

/// Runs a program to its end, or to the reset of the board that it has asked for.
fn run_or_reset(board: &mut Board, program: &[u8]) -> Result<(), Error> {
    run_to_the_end(board, program).or_else(|error| match error {
        Error::Board(error) => end_by_reset(board, program, error),
        other => Err(other),
    })
}

/// Takes the reset of the board for the end of a program that has asked for one, and waits until the board
/// is back; else it is an error, such as a crash or a watchdog's.
fn end_by_reset(board: &mut Board, program: &[u8], error: board::Error) -> Result<(), Error> {
    let program = String::from_utf8_lossy(program);
    let is_wanted = RESETS.iter().any(|name| program.contains(name));
    if !is_wanted || !error.may_be_reset() {
        return Err(error.into());
    }
    if error.is_lost() {
        board.await_return(error)?;
    }
    report::status(&format!("mpwire: the program has reset {}", board.name()));
    Ok(())
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
    if is_exception(&traceback) {
        return Err(Error::RemoteException);
    }
    Err(Error::message(
        "the program has printed the byte 0x04 and what follows the end of a program; what it printed last \
         cannot be told from an exception",
    ))
}

/// Whether this is what MicroPython prints of an exception: the name of a class at the beginning of its
/// last line, behind a traceback if there is one (`py/obj_exception.c`, `mp_obj_exception_print`).
fn is_exception(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let is_name = |line: &str| {
        let name = line.split(':').next().unwrap_or_default().trim_end();
        name.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && name
                .chars()
                .all(|letter| letter.is_alphanumeric() || "_.".contains(letter))
    };
    lines
        .next()
        .is_some_and(|first| first.starts_with("Traceback") || is_name(first))
}

#[cfg(test)]
mod tests {
    use super::is_exception;

    #[test]
    fn what_a_program_has_printed_is_not_taken_for_an_exception() {
        for text in [
            "Traceback (most recent call last):\r\nValueError: 1\r\n",
            "KeyboardInterrupt: \r\n",
            "MemoryError: memory allocation failed\r\n",
            "my.Error: x",
        ] {
            assert!(is_exception(text.as_bytes()), "{text:?}");
        }
        for text in ["b c\r\n", "\r\n", "21 degrees", ""] {
            assert!(!is_exception(text.as_bytes()), "{text:?}");
        }
    }
}
