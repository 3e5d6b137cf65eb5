//! Files of this computer.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes a file so that it is there whole or not at all.
pub fn write(path: &Path, data: &[u8]) -> io::Result<()> {
    let mut writer = Writer::new(path, Links::Followed)?;
    writer.write(data)?;
    writer.commit()
}

/// What becomes of a link that is where a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// What it points to is written, as the user who names it expects.
    Followed,
    /// The file takes its place: nobody has named it.
    Replaced,
}

/// The largest file, in bytes, that is kept in memory until all of it is there.
const MEMORY_MOST: usize = 32 << 20;

/// Writes a file piece by piece, so that it is there whole or not at all.
///
/// What is no ordinary file (`/dev/stdout`, a link that is followed) is written through in the end, as
/// anybody would expect.
pub struct Writer {
    path: PathBuf,
    place: Place,
}

enum Place {
    /// Beside the file, under a name that goes with the writer.
    Beside(NamedTempFile),
    Memory(Vec<u8>),
}

impl Writer {
    /// Begins to write the file `path`.
    pub fn new(path: &Path, links: Links) -> io::Result<Self> {
        let old = fs::symlink_metadata(path)
            .ok()
            // Of a link that is replaced nothing is kept.
            .filter(|old| links == Links::Followed || !old.is_symlink());
        let is_ordinary = old.as_ref().is_none_or(fs::Metadata::is_file);
        let folder = path
            .parent()
            .filter(|_| is_ordinary && path.file_name().is_some());
        let place = match folder {
            None => Place::Memory(Vec::new()),
            Some(folder) => {
                let file = temporary(folder)?;
                if let Some(old) = old {
                    file.as_file().set_permissions(old.permissions())?;
                }
                Place::Beside(file)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            place,
        })
    }

    /// Writes what follows.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match &mut self.place {
            Place::Beside(file) => file.write_all(data),
            Place::Memory(memory) => {
                // A board may send without end.
                if memory.len() + data.len() > MEMORY_MOST {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                memory.extend_from_slice(data);
                Ok(())
            }
        }
    }

    /// Gives the file its name.
    pub fn commit(self) -> io::Result<()> {
        match self.place {
            Place::Beside(file) => {
                file.persist(&self.path).map_err(|failed| failed.error)?;
                Ok(())
            }
            Place::Memory(memory) => fs::write(&self.path, memory),
        }
    }
}

/// A new file in `folder`, under a name that nobody can foresee: whoever else may write there could have
/// made a link of it, and a user may have a file of any name that means something.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut file = tempfile::Builder::new();
    file.prefix(".mpwire-").suffix(".tmp");
    // It is to become a file like any other, for whom the umask allows.
    #[cfg(unix)]
    file.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    file.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect()
    }

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old").unwrap();
        let mut writer = Writer::new(&path, Links::Followed).unwrap();
        writer.write(b"new").unwrap();
        drop(writer);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_folder_that_is_missing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(&folder.path().join("a/b"), b"").is_err());
    }
}
