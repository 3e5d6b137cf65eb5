//! Files and folders of this computer, as `cp` reads and makes them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use mpwire::transfer::Source;

use super::names::checked_name;
use super::omitted;
use super::place::Place;
use super::walk::Tree;
use crate::error::Error;
use crate::local;
use crate::report;

/// Copies a tree of this computer.
pub fn copy_tree(
    from: &Place,
    to: &str,
    tree: &Tree,
    contents: Vec<Contents>,
    lists: bool,
) -> Result<(), Error> {
    let root = root(Path::new(to), from.name())?;
    make_directory(&root)?;
    for below in &tree.directories {
        make_directory(&root.join(below.iter().collect::<PathBuf>()))?;
    }
    for (leaf, contents) in tree.files.iter().zip(contents) {
        let target = root.join(leaf.below.iter().collect::<PathBuf>());
        write(&target, &contents.into_bytes()?)?;
        if lists {
            report::copied(&target.to_string_lossy());
        }
    }
    Ok(())
}

/// The most, in bytes, that is read of what is not a regular file: a device may have no end, and what can
/// be read only once is kept in memory.
pub const MEMORY_MOST: u64 = 32 << 20;

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

    /// Of what is given to this program as its input.
    pub fn of_input() -> Result<Self, Error> {
        let mut data = Vec::new();
        let input = io::stdin().lock().take(MEMORY_MOST + 1);
        let read = { input }.read_to_end(&mut data);
        read.map_err(|error| Error::local("cp", "standard input", &error))?;
        if data.len() as u64 > MEMORY_MOST {
            return Err(too_large(Path::new("standard input")));
        }
        Ok(Self::Memory(data))
    }

    /// The same, where so many bytes are `left` for what is kept in memory.
    pub fn within(path: &Path, left: &mut u64) -> Result<Self, Error> {
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
            return Err(too_large(path));
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

fn too_large(path: &Path) -> Error {
    let limit =
        "more than 32 MiB, which is the most that a copy reads of what is not a regular file";
    refused(path, limit)
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

pub fn failed_on(path: &Path, error: &io::Error) -> Error {
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
