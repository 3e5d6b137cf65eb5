//! What an interrupted copy has left: finished where it is complete, else removed.
//!
//! The power goes, the cable is pulled out, a host dies. The old file is there, or the new one, and
//! beside it perhaps one with a name that `temporary` has made. FAT replaces a
//! file in two steps, so that power lost between them leaves nothing but the new one under that
//! name: its digest tells that it is complete. Files that get their names all together or not at all
//! are finished only where the first of them may have it already, which a marker tells.

use sha2::{Digest as _, Sha256};

use super::download::download;
use super::{Error, Source, temporary};
use crate::board::digest::Hasher;
use crate::board::errno::Errno;
use crate::board::fs::Entry;
use crate::board::persistence::{Doubt, Doubtful as _, persistently};
use crate::board::{self, Board};
use crate::path::{is_within, join};

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

/// Finishes or removes what interrupted copies have left in `directories` of the board. Of what is not
/// complete, files with a name that `keep` wants stay, with which a copy goes on. A directory that is
/// not there is no error.
pub fn heal(
    board: &mut Board,
    directories: &[String],
    keep: &dyn Fn(&str) -> bool,
) -> Result<Vec<Healed>, Error> {
    let mut listed = Vec::new();
    for directory in directories {
        let mut entries = match board.list(directory) {
            Ok(entries) => entries,
            Err(board::Error::File { errno, .. }) if errno != Errno::IO => continue,
            // Nobody knows what is there.
            Err(error) => return Err(error.into()),
        };
        // Names of ours are texts.
        entries.retain(|entry| entry.is_text && !entry.is_directory);
        // A copy of what another has left is of use only where that is gone.
        entries.sort_by_key(|entry| entry.name.len());
        listed.push((directory.as_str(), entries));
    }
    let is_marker = |entry: &Entry| entry.name == temporary::MARKER;
    let mut complete: Vec<&str> = listed
        .iter()
        .filter(|(_, entries)| entries.iter().any(is_marker))
        .map(|(directory, _)| *directory)
        .collect();
    let mut healed = Vec::new();
    for (directory, entries) in &listed {
        let mut place = Place {
            board,
            directory,
            entries,
            may_finish_staged: complete.iter().any(|top| is_within(directory, top)),
        };
        for entry in entries {
            match place.heal(entry, keep) {
                Ok(done) => healed.extend(done),
                // Where there is no room for a copy, the rest is healed all the same; what tells that
                // a tree is to be finished stays as long.
                Err(Error::Board(board::Error::File { .. })) => {
                    complete.retain(|top| !is_within(directory, top));
                }
                Err(error) => return Err(error),
            }
        }
    }
    // Only now nothing is left that it tells of.
    for top in complete {
        board.remove(&join(top, temporary::MARKER))?;
    }
    Ok(healed)
}

/// Does `work` as [`persistently`] does; what it has left in `directories` of the board and cannot go on
/// with is finished or removed before it begins again.
pub(super) fn healing<T>(
    board: &mut Board,
    directories: &[String],
    work: &mut dyn FnMut(&mut Board) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut is_again = false;
    persistently(board, &mut |board| {
        if is_again
            && let Err(error) = heal(board, directories, &|_| true)
            && matches!(
                error.doubt(),
                Doubt::Loss | Doubt::Restarted | Doubt::Unplugged
            )
        {
            return Err(error);
        }
        is_again = true;
        work(board)
    })
}

/// What a file is to become in the end, whose name says that it is to become `name`: the copy of what a
/// copy has left is named after that.
fn innermost(mut name: &str) -> &str {
    while let Some(parsed) = temporary::parse(name).filter(|parsed| !parsed.name.is_empty()) {
        name = parsed.name;
    }
    name
}

/// A directory of the board in which copies may have left something.
struct Place<'a> {
    board: &'a mut Board,
    directory: &'a str,
    /// The files in it.
    entries: &'a [Entry],
    /// Whether files that get their names together are all complete.
    may_finish_staged: bool,
}

impl Place<'_> {
    /// Finishes or removes one of the files, if a copy has left it and it is not to be kept.
    fn heal(
        &mut self,
        entry: &Entry,
        keep: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Healed>, Error> {
        let path = join(self.directory, &entry.name);
        if let Some(parsed) = temporary::parse(&entry.name) {
            // It may be gone, by what was done for another.
            let Some(whole) = digest_of(self.board, &path)? else {
                return Ok(None);
            };
            let may_finish =
                !parsed.name.is_empty() && (!parsed.is_staged || self.may_finish_staged);
            if may_finish && whole.starts_with(&parsed.digest) {
                let target = join(self.directory, innermost(parsed.name));
                return self.finish(&path, target, &whole).map(Some);
            }
            if keep(&entry.name) {
                return Ok(None);
            }
            self.board.remove(&path)?;
            return Ok(Some(Healed::Removed(path)));
        }
        if !temporary::is_short(&entry.name) {
            return Ok(None);
        }
        match self.twin(entry)? {
            Some(twin) => self.part(&path, &twin)?,
            None => self.board.remove(&path)?,
        }
        Ok(Some(Healed::Removed(path)))
    }

    /// Gives a complete file its name.
    fn finish(&mut self, path: &str, target: String, digest: &[u8]) -> Result<Healed, Error> {
        if digest_of(self.board, &target)?.as_deref() == Some(digest) {
            self.part(path, &target)?;
        } else {
            self.board.rename(path, &target)?;
        }
        Ok(Healed::Finished(target))
    }

    /// Leaves one of two names that may be of the same clusters.
    ///
    /// FAT's rename registers the new name before it removes the old one (`f_rename`,
    /// `lib/oofatfs/ff.c`). Where it ends in between, removing either would free the clusters of both,
    /// and the next file to be written would be found in the one that is left. So a copy takes their
    /// place.
    fn part(&mut self, path: &str, twin: &str) -> Result<(), Error> {
        let Some(digest) = digest_of(self.board, twin)? else {
            return Ok(());
        };
        // Should the power go when the copy is all that is left, its name says what it is to become.
        let mut copy = temporary::temporary_path(twin, &digest);
        if copy == path {
            copy = temporary::temporary_path(path, &digest);
        }
        Ok(self.board.part(path, twin, &copy)?)
    }

    /// Another file that is the same as `entry`, if there is one.
    fn twin(&mut self, entry: &Entry) -> Result<Option<String>, Error> {
        let digest = digest_of(self.board, &join(self.directory, &entry.name))?;
        for other in self.entries {
            if other.name != entry.name && other.size == entry.size {
                let path = join(self.directory, &other.name);
                if digest.is_some() && digest_of(self.board, &path)? == digest {
                    return Ok(Some(path));
                }
            }
        }
        Ok(None)
    }
}

/// The SHA-256 of a file of the board; `None` where there is none.
pub(super) fn digest_of(board: &mut Board, path: &str) -> Result<Option<Vec<u8>>, Error> {
    match board.hash(path, "sha256") {
        Ok(Some(digest)) => Ok(Some(digest)),
        // Where the board cannot, it is computed here.
        Ok(None) => {
            let data = download(board, path, 0, &mut |_| {});
            match data {
                Ok(data) => Ok(Some(Sha256::digest(data).to_vec())),
                Err(Error::Board(board::Error::File { .. })) => Ok(None),
                Err(error) => Err(error),
            }
        }
        Err(board::Error::File { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::innermost;

    #[test]
    fn a_copy_of_what_a_copy_has_left_becomes_the_file() {
        assert_eq!(innermost("a.py"), "a.py");
        assert_eq!(innermost("a.py.1a2b0c.mpwire"), "a.py");
        assert_eq!(innermost("a.py.1a2b0c.all.mpwire"), "a.py");
        assert_eq!(innermost(".1a2b0c.mpwire"), ".1a2b0c.mpwire");
    }
}
