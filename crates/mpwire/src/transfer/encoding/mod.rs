//! The ways to send bytes: as a stream, or as program text that a board turns back into bytes.

mod base64;
mod deflate;
mod hex;
mod repr;

use std::fmt;
use std::str::FromStr;

use crate::board::capabilities::Capabilities;
use crate::board::program::Program;

/// The free memory in bytes from which on a stream or an inflater is tried: their programs take 4 to 5 KB
/// on boards of 32 bits, buffers and window some more, and a heap that has been used is in pieces.
const FIXED_MEMORY: u64 = 10 * 1024;

pub use deflate::{Window, deflated_size, roughly_deflated_size, window};

/// A way to send data, from the densest to the one that every board takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Binary blocks, deflated where that pays, to a program that receives them.
    Stream,
    /// One raw deflate stream, as base64.
    Deflate,
    /// base64: 4 characters for 3 bytes.
    Base64,
    /// Hexadecimal: 2 characters a byte.
    Hex,
    /// A Python bytes literal: 1 to 4 characters a byte.
    Repr,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Stream,
        Self::Deflate,
        Self::Base64,
        Self::Hex,
        Self::Repr,
    ];

    /// The name a user types.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Deflate => "deflate",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Repr => "repr",
        }
    }

    /// What the board lacks for this encoding, if anything.
    #[must_use]
    pub fn lacks(self, capabilities: &Capabilities) -> Option<&'static str> {
        match self {
            Self::Stream => super::stream::lacks(capabilities),
            Self::Deflate => deflate::lacks(capabilities),
            Self::Base64 => (!capabilities.a2b_base64).then_some("binascii.a2b_base64"),
            Self::Hex => (!capabilities.bytes_fromhex && !capabilities.unhexlify)
                .then_some("bytes.fromhex or binascii.unhexlify"),
            Self::Repr => None,
        }
    }

    /// The next encoding to try when the board's memory does not suffice for this one.
    #[must_use]
    pub fn lighter(self, capabilities: &Capabilities) -> Option<Self> {
        Self::ALL
            .into_iter()
            .filter(|&other| other > self && other.fits_memory(capabilities))
            .find(|other| other.lacks(capabilities).is_none())
    }

    /// Whether its programs take most of the memory that it takes, whatever the chunks' size.
    #[must_use]
    pub fn takes_fixed_memory(self) -> bool {
        matches!(self, Self::Stream | Self::Deflate)
    }

    /// Whether the board has the memory that its programs take, as far as what it tells of that can be
    /// believed: on a heap in pieces more may be needed.
    #[must_use]
    pub fn fits_memory(self, capabilities: &Capabilities) -> bool {
        !self.takes_fixed_memory() || capabilities.free_memory >= FIXED_MEMORY
    }

    /// A new encoder for a file of `size` bytes; `None` for the stream, which is no text.
    #[must_use]
    pub fn encoder(self, capabilities: &Capabilities, size: usize) -> Option<Box<dyn Encoder>> {
        match self {
            Self::Stream => None,
            Self::Deflate => Some(Box::new(deflate::Deflate::new(capabilities, size))),
            Self::Base64 => Some(Box::new(base64::Base64)),
            Self::Hex => Some(Box::new(hex::Hex)),
            Self::Repr => Some(Box::new(repr::Repr)),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|encoding| encoding.name() == text)
            .ok_or_else(|| format!("'{text}' is not an encoding"))
    }
}

/// Writes the chunks of one file as text, and says how the board gives it to `_mw_put`, the
/// receiving program's function.
pub trait Encoder {
    /// The programs that the calls use.
    fn programs(&self) -> Vec<Program>;

    /// What runs once, after `_mw_put` is defined and before the first call: a line that
    /// defines names, and these names.
    fn prepare(&self) -> Option<(String, &'static str)> {
        None
    }

    /// How many bytes of `rest` make a call of about `limit` characters; at least 1.
    fn chunk_length(&self, rest: &[u8], limit: usize) -> usize;

    /// The text of `chunk`; `last` when no chunk follows.
    fn encode(&mut self, chunk: &[u8], last: bool) -> String;

    /// The call that puts `text`, which stands for `size` bytes, as part of a program.
    fn call(&self, text: &str, size: usize) -> String;

    /// The function of text and size that puts text which is not part of a program; `None` where
    /// only the compiler can read it.
    fn take(&self) -> Option<&'static str>;
}
