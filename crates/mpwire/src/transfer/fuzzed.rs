//! Private readers of what a board says, each by itself, for the fuzz targets; nothing that this
//! library promises to anybody else.

pub use super::download::fuzzed::{arrive, text};

/// The path of the file in which one with this digest is written.
#[must_use]
pub fn temporary_path(target: &str, digest: &[u8]) -> String {
    super::temporary::temporary_path(target, digest)
}

/// What such a file's name says: what it is to become, and the beginning of its digest.
#[must_use]
pub fn temporary_name(name: &str) -> Option<(&str, Vec<u8>)> {
    super::temporary::parse(name).map(|parsed| (parsed.name, parsed.digest))
}
