//! What is sent: bytes in memory, or a file that is read piece by piece.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Error;
use crate::board::digest::{Digest, Hasher};

/// Bytes read at once.
pub(super) const PIECE: usize = 64 * 1024;
/// Bytes that tell what a file is like.
const SAMPLE: u64 = 16 * 1024;

/// The contents of a file to be.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// In memory.
    Bytes(&'a [u8]),
    /// A file of this computer's; no more than a piece of it is in memory at a time, unless the
    /// board takes nothing but text.
    File(&'a Path),
}

impl<'a> Source<'a> {
    /// Its size in bytes.
    pub fn size(&self) -> Result<u64, Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::File(path) => Ok(path.metadata().map_err(|error| self.failed(error))?.len()),
        }
    }

    /// Reads it from its beginning.
    pub fn open(&self) -> Result<Box<dyn Read + 'a>, Error> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(*bytes),
            Self::File(path) => Box::new(File::open(path).map_err(|error| self.failed(error))?),
        })
    }

    /// The error of reading it.
    pub(super) fn failed(&self, source: io::Error) -> Error {
        let path = match self {
            Self::Bytes(_) => String::new(),
            Self::File(path) => path.to_string_lossy().into_owned(),
        };
        Error::Local { path, source }
    }

    /// Its beginning, which tells what it is like.
    pub fn sample(&self) -> Result<Vec<u8>, Error> {
        // All at once: the board waits meanwhile.
        let mut sample = Vec::with_capacity(SAMPLE as usize + 1);
        let mut reader = self.open()?.take(SAMPLE);
        reader
            .read_to_end(&mut sample)
            .map_err(|error| self.failed(error))?;
        Ok(sample)
    }

    /// All of it.
    pub fn read(&self) -> Result<Cow<'a, [u8]>, Error> {
        match self {
            Self::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::File(path) => Ok(Cow::Owned(
                std::fs::read(path).map_err(|error| self.failed(error))?,
            )),
        }
    }

    /// Its digest, by the algorithm of `hasher`.
    pub fn digest(&self, mut hasher: Hasher) -> Result<Digest, Error> {
        let mut reader = self.open()?;
        let mut piece = vec![0; PIECE];
        loop {
            match reader
                .read(&mut piece)
                .map_err(|error| self.failed(error))?
            {
                0 => return Ok(hasher.finish()),
                count => hasher.update(&piece[..count]),
            }
        }
    }
}
