//! The folder that is mounted: operations on paths as a board names them, none of which reaches
//! anything outside of it.
//!
//! `cap-std` walks the paths, component by component or with `openat2`: what another program puts in
//! the way meanwhile leads nowhere else either.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};

use super::confinement::{components, is_tool_folder, leads_out};
use super::errno::errno;
use super::status::{self, Status, status};
use crate::board::errno::Errno;

/// What a board may do with a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder, on this computer.
    pub path: PathBuf,
    /// Whether symbolic links may lead out of it.
    pub unsafe_links: bool,
    /// Whether nothing in it may be changed.
    pub read_only: bool,
    /// Whether the folders of version control and editors (`.git`, `.vscode`) may be changed.
    pub tool_folders: bool,
}

/// A folder that is open.
#[derive(Debug)]
pub struct Folder {
    options: Options,
    root: Dir,
    /// Its path without links.
    real: PathBuf,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "what a mode is made of")]
pub(super) struct Mode {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    pub text: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
}

impl Mode {
    /// As Python's `open` takes it: `r`, `w`, `a` or `x`, with `+` and `b` or `t`.
    pub fn parse(text: &str) -> Option<Self> {
        let count = |wanted: &[char]| text.chars().filter(|c| wanted.contains(c)).count();
        let known = count(&['r', 'w', 'a', 'x', '+', 'b', 't']) == text.chars().count();
        if !known
            || count(&['r', 'w', 'a', 'x']) != 1
            || count(&['+']) > 1
            || count(&['b', 't']) > 1
        {
            return None;
        }
        let has = |letter| text.contains(letter);
        Some(Self {
            read: has('r') || has('+'),
            write: !has('r') || has('+'),
            append: has('a'),
            text: !has('b'),
            truncate: has('w'),
            create: has('w') || has('a'),
            create_new: has('x'),
        })
    }

    fn options(self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options
            .read(self.read)
            .write(self.write && !self.append)
            .append(self.append)
            .truncate(self.truncate)
            .create(self.create)
            .create_new(self.create_new);
        // What looks like a file may be a pipe, and opening that must not wait for its other end.
        #[cfg(unix)]
        {
            use cap_std::fs::OpenOptionsExt as _;

            let flags = rustix::fs::OFlags::NONBLOCK.bits();
            options.custom_flags(flags.try_into().unwrap_or(0));
        }
        options
    }
}

impl Folder {
    /// Opens the folder.
    pub fn open(options: Options) -> io::Result<Self> {
        let real = fs::canonicalize(&options.path)?;
        let root = Dir::open_ambient_dir(&real, ambient_authority())?;
        Ok(Self {
            options,
            root,
            real,
        })
    }

    /// What was asked for.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What is at a path.
    pub(super) fn status(&self, path: &str) -> Result<Status, Errno> {
        self.at(path, metadata).map(|found| status(&found))
    }

    /// The names in a folder, in the filesystem's order, `most` of them; those that are not text cannot
    /// be told.
    pub(super) fn names(&self, path: &str, most: usize) -> Result<Vec<String>, Errno> {
        let entries = self.at(path, |folder, path| {
            if !metadata(folder, path)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            folder.read_dir(path)
        })?;
        let mut names = Vec::new();
        for entry in entries.take(most) {
            let entry = entry.map_err(|error| errno(&error))?;
            names.extend(entry.file_name().into_string());
        }
        Ok(names)
    }

    /// The kind of an entry, links not followed, and what it leads to; zeros where that is not told.
    pub(super) fn entry(&self, folder: &str, name: &str) -> (u8, Status) {
        let path = format!("{folder}/{name}");
        let kind = self.at(&path, |folder, path| folder.symlink_metadata(path));
        (
            kind.map_or(0, |found| status::kind(&found)),
            self.status(&path).unwrap_or_default(),
        )
    }

    /// Opens a file.
    pub(super) fn file(&self, path: &str, mode: Mode) -> Result<File, Errno> {
        if mode.write {
            self.check_changeable(path)?;
        }
        let file = self.at(path, |folder, path| folder.open_with(path, &mode.options()))?;
        let found = file.metadata().map_err(|error| errno(&error))?;
        match (found.is_dir(), found.is_file()) {
            (true, _) => Err(Errno::IS_DIRECTORY),
            (_, true) => Ok(file),
            // A device or a pipe may never answer.
            _ => Err(Errno::NO_ACCESS),
        }
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), Errno> {
        self.check_changeable(path)?;
        self.at_itself(path, |folder, path| {
            if folder.symlink_metadata(path)?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            folder.remove_file(path)
        })
    }

    pub(super) fn make_folder(&self, path: &str) -> Result<(), Errno> {
        self.check_changeable(path)?;
        self.at_itself(path, |folder, path| folder.create_dir(path))
    }

    pub(super) fn remove_folder(&self, path: &str) -> Result<(), Errno> {
        self.check_changeable(path)?;
        self.at_itself(path, |folder, path| folder.remove_dir(path))
    }

    pub(super) fn rename(&self, old: &str, new: &str) -> Result<(), Errno> {
        self.check_changeable(old)?;
        self.check_changeable(new)?;
        let (from, old) = self.place_itself(old)?;
        let (to, new) = self.place_itself(new)?;
        from.rename(old, &to, new).map_err(|error| errno(&error))
    }

    /// Size and free space of the folder's filesystem.
    pub(super) fn space(&self, path: &str) -> Result<[u32; 10], Errno> {
        self.status(path)?;
        status::space(&self.real)
    }

    /// Does something with what is at a path, links followed.
    fn at<T>(&self, path: &str, action: impl Fn(&Dir, &Path) -> io::Result<T>) -> Result<T, Errno> {
        let relative = self.relative(path)?;
        if self.options.unsafe_links {
            let (folder, name) = self.ambient(&relative, true)?;
            return action(&folder, &name).map_err(|error| errno(&error));
        }
        match action(&self.root, &relative) {
            Err(error) if errno(&error) == Errno::NOT_PERMITTED => {
                // A link by an absolute path may lead back into the folder.
                let real = fs::canonicalize(self.real.join(&relative)).ok();
                let inside = real
                    .as_deref()
                    .and_then(|real| real.strip_prefix(&self.real).ok());
                match inside {
                    Some(inside) => {
                        action(&self.root, or_itself(inside)).map_err(|error| errno(&error))
                    }
                    None => Err(Errno::NOT_PERMITTED),
                }
            }
            result => result.map_err(|error| errno(&error)),
        }
    }

    /// Does something with a path itself, be it a link.
    fn at_itself<T>(
        &self,
        path: &str,
        action: impl Fn(&Dir, &Path) -> io::Result<T>,
    ) -> Result<T, Errno> {
        let (folder, name) = self.place_itself(path)?;
        action(&folder, &name).map_err(|error| errno(&error))
    }

    fn place_itself(&self, path: &str) -> Result<(Dir, PathBuf), Errno> {
        let relative = self.relative(path)?;
        if self.options.unsafe_links {
            return self.ambient(&relative, false);
        }
        let root = self.root.try_clone().map_err(|error| errno(&error))?;
        Ok((root, relative))
    }

    /// The path below the root.
    fn relative(&self, path: &str) -> Result<PathBuf, Errno> {
        let components = components(path, cfg!(windows)).ok_or(Errno::INVALID)?;
        if self.options.unsafe_links && leads_out(&components) {
            return Err(Errno::NOT_PERMITTED);
        }
        let mut below = or_itself(&components.iter().collect::<PathBuf>()).to_owned();
        if path.ends_with('/') {
            // What is asked for must be a folder.
            below.push("");
        }
        Ok(below)
    }

    /// Where a path leads that may go anywhere by links: a folder, and a name in it. Its last
    /// component is followed if `follow`, and is there.
    fn ambient(&self, relative: &Path, follow: bool) -> Result<(Dir, PathBuf), Errno> {
        let path = self.real.join(relative);
        let real = match fs::canonicalize(&path) {
            Ok(real) if follow => real,
            _ => match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => fs::canonicalize(parent)
                    .map_err(|error| errno(&error))?
                    .join(name),
                _ => path,
            },
        };
        let (folder, name) = match (real.parent(), real.file_name()) {
            (Some(folder), Some(name)) => (folder, PathBuf::from(name)),
            _ => (real.as_path(), PathBuf::from(".")),
        };
        let folder =
            Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| errno(&error))?;
        Ok((folder, name))
    }

    /// Refuses changes where there must be none.
    fn check_changeable(&self, path: &str) -> Result<(), Errno> {
        if self.options.read_only {
            return Err(Errno::READ_ONLY);
        }
        if self.options.tool_folders {
            return Ok(());
        }
        let relative = self.relative(path)?;
        // By the letter, and where links lead to.
        let whole = self.real.join(&relative);
        let real = [Some(whole.as_path()), whole.parent()];
        let real = real
            .into_iter()
            .flatten()
            .filter_map(|path| fs::canonicalize(path).ok());
        let below = real.map(|real| match real.strip_prefix(&self.real) {
            Ok(below) => below.to_owned(),
            Err(_) => real,
        });
        let is_tools = |path: PathBuf| {
            path.iter()
                .any(|name| is_tool_folder(&name.to_string_lossy()))
        };
        if std::iter::once(relative.clone()).chain(below).any(is_tools) {
            return Err(Errno::NO_ACCESS);
        }
        Ok(())
    }
}

/// Of a path below the folder: the folder itself has no name there.
fn or_itself(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

fn metadata(folder: &Dir, path: &Path) -> io::Result<Metadata> {
    folder.metadata(path)
}
