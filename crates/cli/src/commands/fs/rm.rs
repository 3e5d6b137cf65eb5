//! `rm`: a file, or with `-r` everything below a path.

use mpwire::board::Board;
use mpwire::board::fs::Removed;

use crate::args::FsArgs;
use crate::error::Error;
use crate::report;

/// Removes a path.
pub fn rm(board: &mut Board, path: &str, arguments: &FsArgs) -> Result<(), Error> {
    if !arguments.recursive {
        return Ok(board.remove(path)?);
    }
    let (removed, result) = board.remove_tree(path);
    if arguments.verbose {
        for what in removed {
            report::line(&match what {
                Removed::File(path) => format!("removed: '{path}'"),
                Removed::Directory(path) => format!("removed directory: '{path}'"),
                Removed::MountPoint(path) => format!("skipped: '{path}' (vfs mountpoint)"),
            })?;
        }
    }
    Ok(result?)
}
