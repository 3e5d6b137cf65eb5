//! `cat`: a file's bytes as they are.

use mpwire::board::Board;
use mpwire::transfer;

use crate::error::Error;
use crate::report;

/// Prints a file.
pub fn cat(board: &mut Board, path: &str) -> Result<(), Error> {
    let data = transfer::download(board, path, 0, &mut |_| {})?;
    report::bytes(&data)
}
