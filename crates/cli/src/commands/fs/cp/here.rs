//! Files and folders of this computer, as `cp` reads and makes them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use mpwire::transfer::Source;

use super::names::checked_name;
use super::place::Place;
use super::{Leaf, omitted};
use crate::error::Error;
use crate::local;
use crate::report;

/// Deeper than any board's filesystem goes: what is deeper is a loop of links.
const DEPTH_LIMIT: usize = 64;

/// Copies a tree of this computer.
pub fn copy_tree(
    from: &Place,
    to: &str,
    directories: &[Vec<String>],
    files: &[Leaf<PathBuf>],
    lists: bool,
) -> Result<(), Error> {
    let root = root(Path::new(to), from.name())?;
    make_directory(&root)?;
    for below in directories {
        make_directory(&root.join(below.iter().collect::<PathBuf>()))?;
    }
    for leaf in files {
        let data = Contents::of(&leaf.source)?.into_bytes()?;
        let target = root.join(leaf.below.iter().collect::<PathBuf>());
        write(&target, &data)?;
        if lists {
            report::copied(&target.to_string_lossy());
        }
    }
    Ok(())
}

/// The most, in bytes, that is read of what is no ordinary file: a device may have no end, and what can
/// be read only once is kept in memory.
const MEMORY_MOST: u64 = 32 << 20;

/// What a file of this computer's holds.
pub enum Contents {
    /// It can be read again and again.
    File(PathBuf),
    /// It was read.
    Memory(Vec<u8>),
}

impl Contents {
    /// Of the file at `path`, if that can be read. A pipe is read to its end.
    pub fn of(path: &Path) -> Result<Self, Error> {
        Self::within(path, &mut { MEMORY_MOST })
    }

    /// Of all files of a tree.
    pub fn of_tree(files: &[Leaf<PathBuf>]) -> Result<Vec<Self>, Error> {
        let mut left = MEMORY_MOST;
        let contents = files
            .iter()
            .map(|leaf| Self::within(&leaf.source, &mut left));
        contents.collect()
    }

    /// The same, where so many bytes are `left` for what is kept in memory.
    fn within(path: &Path, left: &mut u64) -> Result<Self, Error> {
        let failed = |error: io::Error| {
            if path.is_dir() {
                omitted()
            } else {
                failed_on(path, &error)
            }
        };
        let mut file = fs::File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.is_dir() {
            return Err(omitted());
        }
        if found.is_file() {
            if ends_at(&mut file, found.len()) {
                return Ok(Self::File(path.to_owned()));
            }
            file.rewind().map_err(failed)?;
        }
        let mut data = Vec::new();
        file.take(*left + 1)
            .read_to_end(&mut data)
            .map_err(failed)?;
        let Some(rest) = left.checked_sub(data.len() as u64) else {
            let limit =
                "more than 32 MiB, which is the most that a copy reads of what is no ordinary file";
            return Err(refused(path, limit));
        };
        *left = rest;
        Ok(Self::Memory(data))
    }

    /// To be sent.
    pub fn source(&self) -> Source<'_> {
        match self {
            Self::File(path) => Source::File(path),
            Self::Memory(data) => Source::Bytes(data),
        }
    }

    /// All of it.
    pub fn into_bytes(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::File(path) => fs::read(&path).map_err(|error| failed_on(&path, &error)),
            Self::Memory(data) => Ok(data),
        }
    }
}

#[expect(
    clippy::unnecessary_debug_formatting,
    reason = "what is not UTF-8 is to be seen"
)]
fn not_text(path: &Path) -> Error {
    Error::message(format!(
        "cp: {path:?}: this name is not UTF-8, which names on a board are; rename it"
    ))
}

/// Whether a file has as many bytes as its system says: Linux says 0 of those of /proc, and 4096 of
/// those of /sys, whatever is in them.
fn ends_at(file: &mut fs::File, size: u64) -> bool {
    let last = file.seek(SeekFrom::Start(size.saturating_sub(1)));
    let mut found = Vec::new();
    let read = last.and_then(|_| file.take(2).read_to_end(&mut found));
    // What cannot be read here says so when it is read as a whole.
    read.is_ok_and(|count| count as u64 == size.min(1))
}

fn failed_on(path: &Path, error: &io::Error) -> Error {
    Error::local("cp", &path.to_string_lossy(), error)
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::File {
        command: "cp".to_owned(),
        path: path.to_string_lossy().into_owned(),
        reason: reason.to_owned(),
        from_system: false,
    }
}

pub fn write(path: &Path, data: &[u8]) -> Result<(), Error> {
    local::write(path, data).map_err(|error| failed_on(path, &error))
}

/// Where a tree called `name` goes: into the directory `path`, or as what is not there yet. What has no name
/// is copied as what it holds.
pub fn root(path: &Path, name: &str) -> Result<PathBuf, Error> {
    if !path.exists() || name.is_empty() {
        return Ok(path.to_owned());
    }
    Ok(path.join(checked_name(name)?))
}

/// Refuses links to directories where a tree goes that a board has named, below `top`, which the user
/// has: they would lead it to where nobody wants it.
pub fn refuse_links<'a>(
    top: &Path,
    root: &Path,
    paths: impl Iterator<Item = &'a Vec<String>>,
) -> Result<(), Error> {
    let mut seen = BTreeSet::from([top.to_owned()]);
    let below = paths.map(|below| root.join(below.iter().collect::<PathBuf>()));
    for path in std::iter::once(root.to_owned()).chain(below) {
        // Each directory on the way, from the top one: what is below a link is not looked at.
        let ancestors: Vec<&Path> = path
            .ancestors()
            .take_while(|above| above.starts_with(root))
            .collect();
        for above in ancestors.into_iter().rev() {
            if seen.insert(above.to_owned()) && above.is_symlink() && above.is_dir() {
                let reason = "a link to a directory, which a tree from a board does not follow; \
                              remove it, or name it as the destination";
                return Err(refused(above, reason));
            }
        }
    }
    Ok(())
}

pub fn make_directory(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        // Windows says of the root of a drive that making it is denied.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.is_dir() => {
            Err(failed_on(path, &error))
        }
        _ => Ok(()),
    }
}

/// Collects what is below a directory of this computer, following links. What is neither a file nor a
/// directory is refused: a pipe may have nobody who writes to it, and a device no end.
pub fn walk(
    path: &Path,
    below: &mut Vec<String>,
    directories: &mut Vec<Vec<String>>,
    files: &mut Vec<Leaf<PathBuf>>,
) -> Result<(), Error> {
    let failed = |error: io::Error| failed_on(path, &error);
    if below.len() > DEPTH_LIMIT {
        return Err(Error::message(format!(
            "cp: {}: too deep; is there a loop of links?",
            path.display()
        )));
    }
    let mut entries: Vec<_> = fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<_>>)
        .map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Two such names may be one when they are written as text.
        let name = entry
            .file_name()
            .into_string()
            .map_err(|_| not_text(&path))?;
        below.push(name);
        let found = fs::metadata(&path).map_err(|error| failed_on(&path, &error))?;
        if found.is_dir() {
            directories.push(below.clone());
            walk(&path, below, directories, files)?;
        } else if !found.is_file() {
            return Err(refused(&path, "neither a file nor a directory"));
        } else {
            files.push(Leaf {
                source: path,
                below: below.clone(),
            });
        }
        below.pop();
    }
    Ok(())
}
