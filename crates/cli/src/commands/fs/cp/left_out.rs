//! What a copy leaves out: entries of a tree that cannot be read. The rest is copied all the same, and the
//! exit code tells that something is missing.

use mpwire::path::normal;

use crate::error::Error;
use crate::report;

/// An entry of a tree that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path, as it is shown.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl Unreadable {
    /// The error that it is where nothing may be missing.
    pub fn into_error(self) -> Error {
        Error::File {
            command: "cp".to_owned(),
            path: self.path,
            reason: self.reason,
            from_system: true,
        }
    }
}

/// How many entries have been left out.
#[derive(Debug, Default)]
pub struct LeftOut(usize);

impl LeftOut {
    /// Says what is left out, and why.
    pub fn add(&mut self, path: &str, reason: &str) {
        report::note(&format!("cp: left out: {path}: {reason}"));
        self.0 += 1;
    }

    /// The same of what is on the board.
    pub fn add_of_board(&mut self, path: &str, reason: &str) {
        self.add(&format!(":{}", normal(path)), reason);
    }

    /// The error to end with, if something is missing in what was copied.
    pub fn outcome(&self) -> Result<(), Error> {
        let entries = match self.0 {
            0 => return Ok(()),
            1 => "an entry that cannot be read was".to_owned(),
            count => format!("{count} entries that cannot be read were"),
        };
        Err(Error::message(format!(
            "cp: {entries} left out; the rest was copied"
        )))
    }
}
