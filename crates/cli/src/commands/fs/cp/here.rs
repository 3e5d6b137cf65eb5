//! Files and folders of this computer, as `cp` reads and makes them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::names::checked_name;
use super::place::Place;
use super::{Leaf, omitted};
use crate::error::Error;
use crate::local;

/// Deeper than any board's filesystem goes: what is deeper is a loop of links.
const DEPTH_LIMIT: usize = 64;

/// Copies a tree of this computer.
pub fn copy_tree(
    from: &Place,
    to: &str,
    directories: &[Vec<String>],
    files: &[Leaf<PathBuf>],
) -> Result<(), Error> {
    let root = root(Path::new(to), &from.name())?;
    for below in directories {
        make_directory(&root.join(below.iter().collect::<PathBuf>()))?;
    }
    for leaf in files {
        let data = read(&leaf.source)?;
        write(&root.join(leaf.below.iter().collect::<PathBuf>()), &data)?;
    }
    Ok(())
}

/// A file of this computer's that can be read.
pub fn checked(path: &Path) -> Result<&Path, Error> {
    let failed = |error: io::Error| {
        if path.is_dir() {
            omitted()
        } else {
            Error::local("cp", &path.to_string_lossy(), &error)
        }
    };
    let file = fs::File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(omitted());
    }
    Ok(path)
}

pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| {
        if error.kind() == io::ErrorKind::IsADirectory || path.is_dir() {
            omitted()
        } else {
            Error::local("cp", &path.to_string_lossy(), &error)
        }
    })
}

pub fn write(path: &Path, data: &[u8]) -> Result<(), Error> {
    local::write(path, data).map_err(|error| Error::local("cp", &path.to_string_lossy(), &error))
}

pub fn root(path: &Path, name: &str) -> Result<PathBuf, Error> {
    if !path.exists() {
        make_directory(path)?;
        return Ok(path.to_owned());
    }
    if name.is_empty() || name == "." || name == ".." {
        return Ok(path.to_owned());
    }
    let root = path.join(checked_name(name)?);
    make_directory(&root)?;
    Ok(root)
}

pub fn make_directory(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::local("cp", &path.to_string_lossy(), &error))
        }
        _ => Ok(()),
    }
}

/// Collects what is below a directory of this computer, following links.
pub fn walk(
    path: &Path,
    below: &mut Vec<String>,
    directories: &mut Vec<Vec<String>>,
    files: &mut Vec<Leaf<PathBuf>>,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::local("cp", &path.to_string_lossy(), &error);
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
        below.push(entry.file_name().to_string_lossy().into_owned());
        let path = entry.path();
        if path.is_dir() {
            directories.push(below.clone());
            walk(&path, below, directories, files)?;
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
