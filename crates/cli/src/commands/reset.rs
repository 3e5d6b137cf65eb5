//! `reset` and `bootloader`: what ends the board's session from its side.

use mpwire::board::{self, Restart};

use crate::args::{BootloaderArgs, ResetArgs};
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Resets the board.
pub fn reset(connection: &mut Connection, _arguments: &ResetArgs) -> Result<(), Error> {
    let board = connection.board()?;
    if board.reset().map_err(explain)? == Restart::Unseen {
        report::status(&format!(
            "mpwire: {} was told to reset and has printed nothing since; a program may run on it",
            board.name()
        ));
    }
    connection.did_action();
    Ok(())
}

/// Has the board enter its bootloader.
pub fn bootloader(connection: &mut Connection, _arguments: &BootloaderArgs) -> Result<(), Error> {
    connection.board()?.enter_bootloader().map_err(explain)?;
    connection.did_action();
    Ok(())
}

fn explain(error: board::Error) -> Error {
    if error.is_interrupt() {
        Error::Interrupted
    } else {
        Error::Board(error)
    }
}
