//! Which copies to a board have not ended, noted on this computer: whatever ends them, the next
//! connection knows where to look for what they have left, and no other connection has to look.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::places;
use crate::error::Error;

/// A copy under way. Unless it is said to have ended well, the note of it stays.
#[must_use]
pub struct Note(Option<PathBuf>);

impl Note {
    /// The copy has ended. What a board that still listens has refused left nothing.
    pub fn end(self, error: Option<&Error>) {
        if !error.is_some_and(Error::leaves_something) {
            self.remove();
        }
    }

    fn remove(self) {
        if let Some(path) = self.0 {
            // A note too many costs the next connection a look.
            let _ = fs::remove_file(path);
        }
    }
}

/// Notes that a copy into these directories of the board at `port` begins. Where that cannot be
/// written nothing is noted, since the copy is what counts.
pub fn begin(port: &str, directories: &[String]) -> Note {
    Note(write(port, directories).ok())
}

/// The directories of the board at `port` in which copies may have left something.
pub fn of(port: &str) -> Vec<String> {
    let text = path(port).and_then(|path| fs::read_to_string(path).ok());
    let Some(text) = text else {
        return Vec::new();
    };
    // A note that was torn is none: it was written before anything else.
    serde_json::from_str(&text).unwrap_or_default()
}

/// Forgets them.
pub fn forget(port: &str) {
    Note(path(port)).remove();
}

fn write(port: &str, directories: &[String]) -> io::Result<PathBuf> {
    let path = path(port).ok_or(io::ErrorKind::NotFound)?;
    let mut all = of(port);
    all.extend_from_slice(directories);
    all.sort();
    all.dedup();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, serde_json::to_string(&all)?)?;
    Ok(path)
}

/// A file for each port, by whatever name. A simulated board of this process has none: it ends
/// with it.
fn path(port: &str) -> Option<PathBuf> {
    if port.starts_with("sim:") {
        return None;
    }
    let port = if Path::new(port).exists() {
        std::path::absolute(port).ok()?
    } else {
        PathBuf::from(port)
    };
    let mut hasher = DefaultHasher::new();
    port.hash(&mut hasher);
    let name = format!("{:016x}.json", hasher.finish());
    Some(places::cache()?.join("unfinished").join(name))
}
