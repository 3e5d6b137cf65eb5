//! Files of this computer.

use std::fs::{self, File};
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
    /// Beside the file, without a name, so that nothing is left of it whatever ends this process.
    #[cfg(target_os = "linux")]
    Unnamed(File, PathBuf),
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
                let place = beside(folder)?;
                if let (Some(old), Some(file)) = (old, place.file()) {
                    file.set_permissions(old.permissions())?;
                }
                place
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
            #[cfg(target_os = "linux")]
            Place::Unnamed(file, _) => file.write_all(data),
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
            #[cfg(target_os = "linux")]
            Place::Unnamed(file, folder) => {
                named(file, &folder)?
                    .persist(&self.path)
                    .map_err(|failed| failed.error)?;
                Ok(())
            }
            Place::Beside(file) => {
                file.persist(&self.path).map_err(|failed| failed.error)?;
                Ok(())
            }
            Place::Memory(memory) => fs::write(&self.path, memory),
        }
    }
}

impl Place {
    /// The file that is written, unless that is all of it in the end.
    fn file(&self) -> Option<&File> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file, _) => Some(file),
            Self::Beside(file) => Some(file.as_file()),
            Self::Memory(_) => None,
        }
    }
}

/// A new file in `folder`.
fn beside(folder: &Path) -> io::Result<Place> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    #[cfg(target_os = "linux")]
    if let Ok(file) = unnamed(folder) {
        return Ok(Place::Unnamed(file, folder.to_owned()));
    }
    Ok(Place::Beside(temporary_names().tempfile_in(folder)?))
}

/// Makes names that nobody can foresee: whoever else may write there could have made a link of one, and
/// a user may have a file of any name that means something.
fn temporary_names() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mpwire-").suffix(".tmp");
    // It is to become a file like any other, for whom the umask allows.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// A file without a name (open(2), `O_TMPFILE`), where the filesystem can have such.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};

    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    Ok(open(folder, flags, Mode::from_raw_mode(0o666))?.into())
}

/// Gives a file a name for the moment before it takes another's place, for which it needs one.
#[cfg(target_os = "linux")]
fn named(mut file: File, folder: &Path) -> io::Result<NamedTempFile> {
    use std::io::{Seek as _, SeekFrom};
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};

    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    let linked = temporary_names().make_in(folder, |name| {
        linkat(CWD, &own, CWD, name, AtFlags::SYMLINK_FOLLOW)?;
        file.try_clone()
    });
    linked.or_else(|_| {
        // Without /proc it is copied.
        let permissions = file.metadata()?.permissions();
        let mut copy = temporary_names().tempfile_in(folder)?;
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut file, &mut copy)?;
        copy.as_file().set_permissions(permissions)?;
        Ok(copy)
    })
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
