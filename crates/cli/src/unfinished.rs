//! Which copies to a board have not ended, and on which a folder is mounted, noted on this computer:
//! whatever ends them, the next connection knows where to look for what they have left, and no other
//! connection has to look.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use mpwire::mount::PLACE;

use crate::config::places;
use crate::error::Error;

/// Something under way. Unless it is said to have ended well, the note of it stays.
#[must_use]
pub struct Note {
    port: String,
    places: Vec<String>,
}

impl Note {
    /// The copy has ended. What a board that still listens has refused left nothing.
    pub fn end(self, error: Option<&Error>) {
        if !error.is_some_and(Error::leaves_something) {
            // A note too many costs the next connection a look.
            let _ = keep(&self.port, &|place| {
                !self.places.iter().any(|own| own == place)
            });
        }
    }
}

/// Notes that a copy into these directories of the board at `port` begins. Where that cannot be
/// written nothing is noted, since the copy is what counts.
pub fn begin(port: &str, directories: &[String]) -> Note {
    let _ = add(port, directories);
    Note {
        port: port.to_owned(),
        places: directories.to_vec(),
    }
}

/// Notes that a folder is mounted on the board at `port`.
pub fn begin_mount(port: &str) -> Note {
    begin(port, &[PLACE.to_owned()])
}

/// The directories of the board at `port` in which copies may have left something.
pub fn of(port: &str) -> Vec<String> {
    let mut all = noted(port);
    all.retain(|place| place != PLACE);
    all
}

/// Forgets them.
pub fn forget(port: &str) {
    let _ = keep(port, &|place| place == PLACE);
}

/// Whether a folder was mounted on the board at `port` whose host has not said that it left.
pub fn is_mounted(port: &str) -> bool {
    noted(port).iter().any(|place| place == PLACE)
}

/// Forgets that it was.
pub fn forget_mount(port: &str) {
    let _ = keep(port, &|place| place != PLACE);
}

fn noted(port: &str) -> Vec<String> {
    let text = path(port).and_then(|path| fs::read_to_string(path).ok());
    let Some(text) = text else {
        return Vec::new();
    };
    // A note that was torn is none: it was written before anything else.
    serde_json::from_str(&text).unwrap_or_default()
}

fn add(port: &str, places: &[String]) -> io::Result<()> {
    let path = path(port).ok_or(io::ErrorKind::NotFound)?;
    let mut all = noted(port);
    all.extend_from_slice(places);
    all.sort();
    all.dedup();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, serde_json::to_string(&all)?)
}

fn keep(port: &str, is_kept: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let path = path(port).ok_or(io::ErrorKind::NotFound)?;
    let mut all = noted(port);
    all.retain(|place| is_kept(place));
    if all.is_empty() {
        return fs::remove_file(&path);
    }
    fs::write(&path, serde_json::to_string(&all)?)
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
