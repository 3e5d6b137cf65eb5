//! Files of this computer.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes a file so that it is there whole or not at all.
pub fn write(path: &Path, data: &[u8]) -> io::Result<()> {
    let mut writer = Writer::new(path)?;
    writer.write(data)?;
    writer.commit()
}

/// The largest file, in bytes, that is kept in memory until all of it is there.
const MEMORY_MOST: usize = 32 << 20;

/// Writes a file piece by piece, so that it is there whole or not at all.
///
/// What is no ordinary file (`/dev/stdout`, a link) is written through in the end, as anybody would
/// expect.
pub struct Writer {
    path: PathBuf,
    place: Place,
}

enum Place {
    /// Beside the file, under a name that goes with the writer.
    Beside(File, Temporary),
    Memory(Vec<u8>),
}

impl Writer {
    /// Begins to write the file `path`.
    pub fn new(path: &Path) -> io::Result<Self> {
        let old = fs::symlink_metadata(path).ok();
        let is_ordinary = old.as_ref().is_none_or(fs::Metadata::is_file);
        let place = match path.file_name().filter(|_| is_ordinary) {
            None => Place::Memory(Vec::new()),
            Some(name) => {
                let mut temporary = OsString::from(name);
                temporary.push(".mpwire");
                let temporary = path.with_file_name(temporary);
                let file = File::create(&temporary)?;
                let temporary = Temporary(temporary);
                if let Some(old) = old {
                    file.set_permissions(old.permissions())?;
                }
                Place::Beside(file, temporary)
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
            Place::Beside(file, _) => file.write_all(data),
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
            Place::Beside(file, temporary) => {
                drop(file);
                fs::rename(&temporary.0, &self.path)
            }
            Place::Memory(memory) => fs::write(&self.path, memory),
        }
    }
}

/// A file that is removed, unless it has another name by then.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It may be gone.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
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
        let mut writer = Writer::new(&path).unwrap();
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
