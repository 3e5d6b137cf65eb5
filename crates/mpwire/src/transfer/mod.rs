//! Moving files: plan, encode, send, verify, and only then give the file its name.
//!
//! | module | step |
//! |---|---|
//! | [`encoding`] | the ways to write bytes as program text, one file each |
//! | [`choice`] | which encoding the board can take, and which is predicted to be fastest |
//! | [`attempts`] | beginning again with less memory, a lighter encoding, closer flow control |
//! | [`send`] | chunks to a receiving program on the board, whatever it does with them |
//! | [`upload`](mod@upload) | one file to the board |
//! | [`download`](mod@download) | files from the board |
//! | [`unchanged`] | which files the board has already |

pub mod attempts;
pub mod choice;
pub mod download;
pub mod encoding;
#[doc(hidden)]
pub mod fuzzed;
pub mod leftovers;
pub mod relocate;
pub mod send;
mod small;
pub mod source;
mod stream;
mod temporary;
pub mod tree;
pub mod unchanged;
pub mod upload;

use std::num::NonZeroUsize;
use std::time::Duration;

pub use download::{download, download_all};
pub use encoding::Encoding;
pub use source::Source;
pub use upload::{Destination, send_file, upload};

use crate::board;
use crate::board::fs::at;
use crate::board::persistence::{Doubt, Doubtful};
use crate::system::words;

/// How files are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one wish each")]
pub struct Options {
    /// The encoding to use; `None` chooses the one predicted to be fastest.
    pub encoding: Option<Encoding>,
    /// Bytes of the file in each chunk; `None` fits them to the board's memory.
    pub chunk_size: Option<NonZeroUsize>,
    /// Whether other files follow, for which the receiving programs stay on the board.
    pub more_follow: bool,
    /// Whether an interrupted copy may have left the beginning of a large file on the board: then it
    /// is looked for, and the copy goes on behind it. What an attempt of the same call has left
    /// is looked for in any case.
    pub may_resume: bool,
    /// Whether the caller knows that there is room for a tree, so that the board is not asked.
    pub has_room: bool,
    /// Whether the files of a tree get their names only when all of them are on the board and verified:
    /// what fails before leaves every old file. Needs room for all of them beside the old ones.
    pub all_or_nothing: bool,
}

/// The fewest bytes of a file that is worth going on with, rather than beginning it again.
pub const RESUME_LEAST: u64 = 128 * 1024;

/// The same after the copy was begun once and failed: then each beginning counts.
pub(crate) const MIN_RESUME_AGAIN: u64 = 8 * 1024;

/// How far a transfer is, in bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes done.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The encoding that was used.
    pub encoding: Encoding,
    /// Bytes of the file.
    pub bytes: u64,
    /// Those of them that an earlier attempt had left on the board; 0 where the file was sent from
    /// its beginning.
    pub went_on_at: u64,
    /// Bytes put on the wire for them, programs and flow control included.
    pub wire_bytes: u64,
    /// Programs executed.
    pub chunks: u32,
    /// Time from the first byte to the verified file.
    pub time: Duration,
}

/// Why a transfer failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file to be sent could not be read.
    #[error("{path}: {}", words(source))]
    Local {
        /// Its path.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What arrived could not be written.
    #[error("what arrived cannot be written: {}", words(.0))]
    Output(std::io::Error),
    /// The board failed, refused or was interrupted.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// The encoding asked for needs what this board's firmware, or its link, lacks.
    #[error("encoding {encoding} needs {needs}, which this board does not have")]
    EncodingUnavailable {
        /// The encoding.
        encoding: Encoding,
        /// What is missing.
        needs: &'static str,
    },
    /// There is not enough room; nothing was written.
    #[error("{path}: No space left on device ({size} bytes are needed, {free} are free)")]
    NoSpace {
        /// The path on the board.
        path: String,
        /// Bytes of the file.
        size: u64,
        /// Bytes free.
        free: u64,
    },
    /// The board's copy was wrong each time it was sent.
    #[error(
        "{path}: what the board stored differs from what was sent; {}",
        if *kept { "the old file was kept" } else { "it was removed" }
    )]
    Corrupt {
        /// The path on the board.
        path: String,
        /// Whether what was there before is there still.
        kept: bool,
    },
    /// Files get their names all at once only where they are sent as a stream.
    #[error(
        "to replace all files or none takes a stream: this board's firmware cannot receive one, or another encoding was asked for; nothing was changed"
    )]
    Piecemeal,
    /// What arrived from the board is not what it has.
    #[error("{path}: what arrived differs from what the board has")]
    CorruptDownload {
        /// The path on the board.
        path: String,
    },
    /// The board has too little memory for chunks of the size asked for.
    #[error("{path}: the board has too little memory for chunks of {size} bytes")]
    ChunkTooLarge {
        /// The path on the board, or the partition.
        path: String,
        /// The size asked for.
        size: usize,
    },
    /// The board has too little memory for even the smallest chunk.
    #[error("{path}: the board has too little memory to receive the file")]
    NoMemory {
        /// The path on the board.
        path: String,
    },
}

impl Error {
    /// Names the path in an error of the filesystem.
    fn at(self, path: &str) -> Self {
        match self {
            Self::Board(error) => Self::Board(at(error, path)),
            other => other,
        }
    }
}

impl Doubtful for Error {
    fn doubt(&self) -> Doubt {
        match self {
            Self::Board(error) => error.doubt(),
            Self::CorruptDownload { .. } => Doubt::Loss,
            // Without what earlier attempts have left on it the board may have the memory.
            Self::Corrupt { kept: true, .. }
            | Self::NoMemory { .. }
            | Self::ChunkTooLarge { .. } => Doubt::Refusal(self.to_string()),
            _ => Doubt::None,
        }
    }
}

/// How often a transfer whose verification fails is begun again.
const ATTEMPTS: u32 = 3;
