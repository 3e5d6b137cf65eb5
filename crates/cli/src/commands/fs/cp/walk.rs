//! A tree of this computer, as `cp` finds it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mpwire::system::words;

use super::Leaf;
use super::here::{Contents, MEMORY_MOST, failed_on};
use super::left_out::Unreadable;
use crate::error::Error;

/// Deeper than any board's filesystem goes.
const DEPTH_LIMIT: usize = 64;

/// What is below a directory, links followed.
#[derive(Default)]
pub struct Tree {
    /// The directories, each before what it holds.
    pub directories: Vec<Vec<String>>,
    /// The files, in the order of their paths.
    pub files: Vec<Leaf<PathBuf>>,
    /// The entries that cannot be read, for whatever reason.
    pub unreadable: Vec<Unreadable>,
}

/// Finds what is below the directory `root`.
pub fn walk(root: &Path) -> Result<Tree, Error> {
    let entries = entries_of(root).map_err(|error| failed_on(root, &error))?;
    // Only loops of links are found by it.
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut tree = Tree::default();
    tree.add(entries, &mut Vec::new(), &mut vec![real]);
    tree.files.sort_by(|a, b| a.below.cmp(&b.below));
    Ok(tree)
}

impl Tree {
    /// Opens each file. One that cannot be read is one of the files no more.
    pub fn contents(&mut self) -> Vec<Contents> {
        let mut left = MEMORY_MOST;
        let mut contents = Vec::with_capacity(self.files.len());
        let unreadable = &mut self.unreadable;
        self.files
            .retain(|leaf| match Contents::within(&leaf.source, &mut left) {
                Ok(found) => {
                    contents.push(found);
                    true
                }
                Err(error) => {
                    let reason = match error {
                        Error::File { reason, .. } => reason,
                        other => other.to_string(),
                    };
                    unreadable.push(Unreadable {
                        path: leaf.source.to_string_lossy().into_owned(),
                        reason,
                    });
                    false
                }
            });
        contents
    }

    /// Adds what a directory holds whose path below the root is `below`; `above` has the real paths of all
    /// directories on the way there.
    fn add(
        &mut self,
        entries: Vec<fs::DirEntry>,
        below: &mut Vec<String>,
        above: &mut Vec<PathBuf>,
    ) {
        for entry in entries {
            let path = entry.path();
            if let Err(reason) = self.add_entry(&entry, below, above) {
                self.unreadable.push(Unreadable {
                    path: shown(&path),
                    reason,
                });
            }
        }
    }

    /// Adds an entry, or says why it cannot be read.
    fn add_entry(
        &mut self,
        entry: &fs::DirEntry,
        below: &mut Vec<String>,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), String> {
        let path = entry.path();
        // Two names that are no text may be one when they are written as text.
        let name = entry.file_name().into_string().map_err(|_| {
            "this name is not UTF-8, which names on a board are; rename it".to_owned()
        })?;
        let found = fs::metadata(&path).map_err(|error| why(&path, &error))?;
        if found.is_dir() {
            let real = if path.is_symlink() {
                fs::canonicalize(&path).map_err(|error| why(&path, &error))?
            } else {
                above.last().map_or(path.clone(), |above| above.join(&name))
            };
            if above.contains(&real) {
                return Err("a link that leads back to a directory that it is in".to_owned());
            }
            if below.len() >= DEPTH_LIMIT {
                return Err(format!("more than {DEPTH_LIMIT} directories deep"));
            }
            let entries = entries_of(&path).map_err(|error| why(&path, &error))?;
            below.push(name);
            above.push(real);
            self.directories.push(below.clone());
            self.add(entries, below, above);
            above.pop();
            below.pop();
            return Ok(());
        }
        if !found.is_file() {
            // A pipe may have nobody who writes to it, and a device no end.
            return Err("neither a file nor a directory".to_owned());
        }
        let below = below.iter().cloned().chain([name]).collect();
        self.files.push(Leaf {
            source: path,
            below,
        });
        Ok(())
    }
}

fn entries_of(path: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let mut entries: Vec<_> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

/// Why an entry cannot be read, in words.
fn why(path: &Path, error: &io::Error) -> String {
    match fs::read_link(path) {
        Ok(target) if error.kind() == io::ErrorKind::NotFound => {
            format!("a link to {}, which is not there", target.display())
        }
        _ => words(error),
    }
}

#[expect(
    clippy::unnecessary_debug_formatting,
    reason = "what is not UTF-8 is to be seen"
)]
fn shown(path: &Path) -> String {
    match path.to_str() {
        Some(path) => path.to_owned(),
        None => format!("{path:?}"),
    }
}
