//! `ls`: a directory, in the board's own order.

use mpwire::board::Board;

use crate::error::Error;
use crate::report;

/// Prints size and name of each entry.
pub fn ls(board: &mut Board, path: &str) -> Result<(), Error> {
    let mut text = String::new();
    for entry in board.list(path)? {
        let mark = if entry.is_directory { "/" } else { "" };
        text.extend([format!("{:12} {}{mark}\n", entry.size, entry.name)]);
    }
    report::bytes(text.as_bytes())
}
