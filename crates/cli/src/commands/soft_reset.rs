//! `soft-reset`: a fresh start of the interpreter, without `main.py`.

use crate::args::SoftResetArgs;
use crate::connection::Connection;
use crate::error::Error;

/// Soft-resets the board.
pub fn soft_reset(connection: &mut Connection, _arguments: &SoftResetArgs) -> Result<(), Error> {
    connection.soft_reset()?;
    connection.did_action();
    Ok(())
}
