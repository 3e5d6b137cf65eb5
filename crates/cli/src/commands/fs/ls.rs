//! `ls`: a directory, in the board's own order.

use mpwire::board::Board;

use crate::error::Error;
use crate::report;

/// Prints size and name of each entry.
pub fn ls(board: &mut Board, path: &str) -> Result<(), Error> {
    let entries = board.list(path)?;
    let lines = entries.iter().map(|entry| {
        let mark = if entry.is_directory { "/" } else { "" };
        format!("{:12} {}{mark}", entry.size, entry.name)
    });
    report::lines(&lines.collect::<Vec<String>>())
}
