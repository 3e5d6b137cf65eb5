//! What an interrupted copy has left: finished where it is complete, else removed.
//!
//! The power goes, the cable is pulled out, a host dies. The old file is there, or the new one, and
//! beside it perhaps one with a name that `temporary` has made. FAT replaces a
//! file in two steps, so that power lost between them leaves nothing but the new one under that
//! name: its digest tells that it is complete. Files that get their names all together or not at all
//! are finished only where the first of them may have it already, which a marker tells.

use sha2::{Digest as _, Sha256};

use super::download::download;
use super::upload::join;
use super::{Error, Source, temporary};
use crate::board::Board;
use crate::board::digest::Hasher;
use crate::board::fs::Entry;

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
    name == temporary::MARKER || temporary::parse(name).is_some()
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
    let mut listed = Vec::new();
    for directory in directories {
        if let Ok(entries) = board.list(directory) {
            listed.push((directory.as_str(), entries));
        }
    }
    let is_marker = |entry: &Entry| entry.name == temporary::MARKER;
    let complete: Vec<&str> = listed
        .iter()
        .filter(|(_, entries)| entries.iter().any(is_marker))
        .map(|(directory, _)| *directory)
        .collect();
    let mut healed = Vec::new();
    for (directory, entries) in &listed {
        let is_in_complete = complete.iter().any(|top| is_below(directory, top));
        for entry in entries.iter().filter(|entry| !entry.is_directory) {
            let Some(parsed) = temporary::parse(&entry.name) else {
                continue;
            };
            if kept.contains(&entry.name) {
                continue;
            }
            let path = join(directory, &entry.name);
            let target = join(directory, parsed.name);
            let may_finish = !parsed.name.is_empty() && (!parsed.is_staged || is_in_complete);
            healed.push(
                if may_finish && starts_with(board, &path, &parsed.digest)? {
                    board.rename(&path, &target)?;
                    Healed::Finished(target)
                } else {
                    board.remove(&path)?;
                    Healed::Removed(path)
                },
            );
        }
    }
    // Only now nothing is left that it tells of.
    for top in complete {
        board.remove(&join(top, temporary::MARKER))?;
    }
    Ok(healed)
}

/// Whether `directory` is `top` or below it, as both are written.
fn is_below(directory: &str, top: &str) -> bool {
    let plain = |path: &str| {
        path.trim_start_matches("./")
            .trim_end_matches('/')
            .to_owned()
    };
    let (directory, top) = (plain(directory), plain(top));
    let rest = directory.strip_prefix(&top);
    rest.is_some_and(|rest| top.is_empty() || rest.is_empty() || rest.starts_with('/'))
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

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn what_is_below_a_directory_is_told_by_its_path() {
        for (directory, top) in [
            ("a", "a"),
            ("a/b", "a"),
            ("./a/b", "a"),
            ("./a", ""),
            ("/a", "/"),
        ] {
            assert!(is_below(directory, top), "{directory:?} {top:?}");
        }
        for (directory, top) in [("ab", "a"), ("", "a"), ("/b", "/a")] {
            assert!(!is_below(directory, top), "{directory:?} {top:?}");
        }
    }
}
