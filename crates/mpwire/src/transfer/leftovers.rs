//! What an interrupted copy has left: finished where it is complete, else removed.
//!
//! The power goes, the cable is pulled out, a host dies. The old file is there, or the new one, and
//! beside it perhaps one with a name that `temporary` has made. FAT replaces a
//! file in two steps, so that power lost between them leaves nothing but the new one under that
//! name: its digest tells that it is complete.

use sha2::{Digest as _, Sha256};

use super::download::download;
use super::upload::join;
use super::{Error, Source, temporary};
use crate::board::Board;
use crate::board::digest::Hasher;

/// What became of a file that an interrupted copy has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healed {
    /// It was complete, and has the path that it was meant for.
    Finished(String),
    /// It was not, and is gone: the path it had.
    Removed(String),
}

/// Whether the file at `path` has a name that only a copy under way has.
#[must_use]
pub fn is_leftover(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    temporary::parse(name).is_some()
}

/// The name that `source` has on the board until it is complete there and called `name`.
pub fn temporary_name(source: Source, name: &str) -> Result<String, Error> {
    let digest = source.digest(Hasher::sha256())?.bytes();
    Ok(temporary::temporary_path(name, &digest))
}

/// Finishes or removes what interrupted copies have left in `directories` of the board, but for
/// files with a name of `kept`, with which a copy goes on. A directory that is not there is no error.
pub fn heal(
    board: &mut Board,
    directories: &[String],
    kept: &[String],
) -> Result<Vec<Healed>, Error> {
    let mut healed = Vec::new();
    for directory in directories {
        let Ok(entries) = board.list(directory) else {
            continue;
        };
        for entry in entries.iter().filter(|entry| !entry.is_directory) {
            let Some((name, digest)) = temporary::parse(&entry.name) else {
                continue;
            };
            if kept.contains(&entry.name) {
                continue;
            }
            let path = join(directory, &entry.name);
            let target = join(directory, name);
            healed.push(if !name.is_empty() && starts_with(board, &path, &digest)? {
                board.rename(&path, &target)?;
                Healed::Finished(target)
            } else {
                board.remove(&path)?;
                Healed::Removed(path)
            });
        }
    }
    Ok(healed)
}

/// Whether the digest of a file of the board begins like this.
fn starts_with(board: &mut Board, path: &str, digest: &[u8]) -> Result<bool, Error> {
    let whole = match board.hash(path, "sha256")? {
        Some(whole) => whole,
        // Where the board cannot, it is computed here.
        None => Sha256::digest(download(board, path, 0, &mut |_| {})?).to_vec(),
    };
    Ok(whole.starts_with(digest))
}
