//! What a link and a board can do: latency, rates, flash, and how long a file takes each way.
//!
//! [`run`] leaves nothing on the board, whatever happens; the file it works with is [`FILE`].
//!
//! | module | measures |
//! |---|---|
//! | `line` | the time of an exchange, and bytes a second each way |
//! | `flash` | bytes a second of a file |
//! | `files` | each way to send each kind of data |
//! | [`data`] | what is sent |

pub mod data;
mod files;
mod flash;
mod line;

use std::time::Duration;

pub use data::Kind;

use crate::board::capabilities::Capabilities;
use crate::board::errno::Errno;
use crate::board::fs::at;
use crate::board::plausible::Space;
use crate::board::program::answer;
use crate::board::{self, Board, onboard, read};
use crate::session;
use crate::transfer::{self, Encoding};

/// The file on the board that everything is written to, in the current directory.
pub const FILE: &str = "mpwire-bench.tmp";
/// The file beside it, while it is being sent.
const BESIDE: &str = "mpwire-bench.tmp.mpwire";

/// The unit in which filesystems give away space, at most; one more is for the directory.
const BLOCK: u64 = 4096;
/// The smallest file that tells anything, in bytes.
const LEAST: usize = 1024;
/// The largest file that is sent unless the user wants another, in bytes.
const MOST: usize = 32 * 1024;
/// How long one such file would take as it is. A few dozen are sent, in ways that put from nearly
/// nothing to four times as much on the wire.
const SECONDS: f64 = 0.4;

/// What to measure with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Bytes of the files that are sent; `None` fits them to the line's rate and the board's room.
    pub size: Option<usize>,
}

/// What is being measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The line, for latency and rates.
    Line,
    /// The board's flash.
    Flash,
    /// A file on its way.
    File {
        /// Which one, from 1.
        number: usize,
        /// Of how many.
        total: usize,
        /// What it holds.
        kind: Kind,
        /// How it is sent; `None` is the way that is predicted to be fastest.
        encoding: Option<Encoding>,
    },
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the user would call the link.
    pub link: String,
    /// What the firmware can do, and the free memory.
    pub capabilities: Capabilities,
    /// The line.
    pub line: Line,
    /// The flash; `None` where the board has no clock to measure with.
    pub flash: Option<Flash>,
    /// Bytes of each file that was sent.
    pub size: usize,
    /// Each file that was sent.
    pub files: Vec<File>,
    /// What could not be measured here.
    pub left_out: Vec<LeftOut>,
}

/// What the line does without any file.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// A byte to a program that runs and its answer; `None` where a program cannot read bytes.
    pub round_trip: Option<RoundTrip>,
    /// The median time of a program that does nothing, all that the raw REPL says included.
    pub shortest_program: Duration,
    /// Bytes a second to a program that reads; `None` where there is none, or input was lost.
    pub to_board: Option<f64>,
    /// Bytes a second from a program that prints.
    pub from_board: f64,
}

/// Times of equal exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// The time that half of them are below.
    pub median: Duration,
    /// The longest.
    pub worst: Duration,
    /// How many there were.
    pub exchanges: usize,
}

/// What the filesystem does without the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flash {
    /// Bytes of the file.
    pub size: usize,
    /// Bytes a second to a file, closing it included.
    pub write: f64,
    /// Bytes a second from a file.
    pub read: f64,
}

/// A file that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// What it holds.
    pub kind: Kind,
    /// How it was to be sent; `None` is the way that is predicted to be fastest.
    pub encoding: Option<Encoding>,
    /// How it went, or why it did not.
    pub result: Result<Sent, String>,
}

/// How a file was sent, written, verified and named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sent {
    /// The encoding that was used.
    pub encoding: Encoding,
    /// The time for all of it.
    pub time: Duration,
    /// Bytes of the file a second.
    pub rate: f64,
    /// Bytes put on the wire.
    pub wire_bytes: u64,
}

/// What could not be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it would have been.
    pub what: String,
    /// Why.
    pub why: String,
}

impl LeftOut {
    fn lacking(what: &str, needs: &str) -> Self {
        Self {
            what: what.to_owned(),
            why: format!("the firmware has no {needs}"),
        }
    }
}

impl Report {
    /// The rate of a file as a share of the line's, 1 where they are equal; more where the data
    /// shrank on its way. `None` where the line's rate is not known.
    #[must_use]
    pub fn share_of_line(&self, sent: &Sent) -> Option<f64> {
        self.line.to_board.map(|rate| sent.rate / rate)
    }
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The board failed or was interrupted.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// No file can be sent at all.
    #[error(transparent)]
    Transfer(#[from] transfer::Error),
    /// There is not enough room for the files; none was written.
    #[error(
        "not enough free space on the board for a file of {size} bytes: {needed} bytes are needed, {free} are free"
    )]
    NoRoom {
        /// Bytes of the file.
        size: usize,
        /// Bytes that must be free for it.
        needed: u64,
        /// Bytes that are.
        free: u64,
    },
}

/// Measures how long an exchange takes.
pub fn round_trip(board: &mut Board) -> Result<RoundTrip, board::Error> {
    if !board.capabilities()?.stdin_buffer {
        return Err(board::Error::Lacking("sys.stdin.buffer"));
    }
    line::round_trip(board)
}

/// Measures everything, telling `progress` what.
pub fn run(
    board: &mut Board,
    options: &Options,
    progress: &mut dyn FnMut(Step),
) -> Result<Report, Error> {
    let result = measure(board, options, progress);
    if result.is_err() {
        clean_up(board);
    }
    result
}

fn measure(
    board: &mut Board,
    options: &Options,
    progress: &mut dyn FnMut(Step),
) -> Result<Report, Error> {
    let capabilities = board.capabilities()?;
    // Before anything that takes time.
    let free = free_space(board, &capabilities)?;
    let least = options.size.unwrap_or(LEAST);
    if !fits(least, free) {
        return Err(Error::NoRoom {
            size: least,
            needed: room_for(least),
            free: free.unwrap_or(0),
        });
    }
    let mut left_out = Vec::new();
    progress(Step::Line);
    let line = line::measure(board, &capabilities, &mut left_out)?;
    progress(Step::Flash);
    let flash = flash::measure(board, &capabilities, free, &mut left_out)?;
    let rate = line.to_board.unwrap_or(line.from_board);
    let memory = capabilities.free_memory;
    let size = options
        .size
        .unwrap_or_else(|| fitting_size(rate, memory, free));
    let files = files::measure(board, &capabilities, size, &mut left_out, progress)?;
    Ok(Report {
        link: board.name().to_owned(),
        capabilities,
        line,
        flash,
        size,
        files,
        left_out,
    })
}

/// The free space in the current directory's filesystem; `None` where the firmware does not say.
fn free_space(board: &mut Board, capabilities: &Capabilities) -> Result<Option<u64>, board::Error> {
    if !capabilities.os_statvfs {
        return Ok(None);
    }
    let text = answer(&format!("{}('')", onboard::FREE.defines));
    let reply = board
        .run(&[onboard::FREE], &text)
        .map_err(|error| at(error, FILE))?;
    let space = Space::from_value(&read(&reply)?);
    Ok(space.and_then(|space| space.free()))
}

/// What must be free for a file of `size` bytes and its directory entry.
fn room_for(size: usize) -> u64 {
    (size as u64).next_multiple_of(BLOCK) + BLOCK
}

fn fits(size: usize, free: Option<u64>) -> bool {
    free.is_none_or(|free| room_for(size) <= free)
}

/// The size of the files for a line of `rate` bytes a second: a power of two. A board with little
/// `memory` takes long for each piece, whatever its line does.
fn fitting_size(rate: f64, memory: u64, free: Option<u64>) -> usize {
    let most = if free.is_some() { MOST } else { LEAST };
    let mut size = LEAST;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    while size < most
        && (size * 2) as f64 <= rate * SECONDS
        && (size * 2) as u64 <= memory / 4
        && fits(size * 2, free)
    {
        size *= 2;
    }
    size
}

/// Removes the file, unless it is not there.
fn remove(board: &mut Board, path: &str) -> Result<(), board::Error> {
    match board.remove(path) {
        Err(error) if error.errno() == Some(Errno::NOT_FOUND) => Ok(()),
        other => other,
    }
}

/// Removes all that may be on the board after an error, which is the one to tell, and returns
/// whether the board can be used again.
fn clean_up(board: &mut Board) -> bool {
    // What the board does now is not known. A second Ctrl-C must not leave the rest there.
    let entered = loop {
        let entered = board.enter(false);
        if !is_interrupted(&entered) {
            break entered.is_ok();
        }
    };
    if entered {
        while is_interrupted(&board.tidy()) {}
        for path in [BESIDE, FILE] {
            while is_interrupted(&remove(board, path)) {}
        }
    }
    entered
}

fn is_interrupted(result: &Result<(), board::Error>) -> bool {
    matches!(
        result,
        Err(board::Error::Session(session::Error::Interrupted))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More memory than matters.
    const ROOMY: u64 = 1 << 20;

    #[test]
    fn files_take_less_than_half_a_second_as_they_are() {
        assert_eq!(fitting_size(960.0, ROOMY, Some(1 << 20)), 1024);
        assert_eq!(fitting_size(11_520.0, ROOMY, Some(1 << 20)), 4096);
        assert_eq!(fitting_size(600_000.0, ROOMY, Some(1 << 20)), 32 * 1024);
    }

    #[test]
    fn a_board_with_little_memory_gets_small_files() {
        assert_eq!(fitting_size(600_000.0, 13_000, Some(1 << 20)), 2048);
        assert_eq!(fitting_size(600_000.0, 0, Some(1 << 20)), LEAST);
    }

    #[test]
    fn files_fit_into_the_room_there_is() {
        for free in [8 << 10, 9 << 10, 20 << 10, 36 << 10] {
            let size = fitting_size(600_000.0, ROOMY, Some(free));
            assert!(room_for(size) <= free, "{size} of {free}");
        }
        assert!(!fits(LEAST, Some(8191)));
        assert!(fits(LEAST, None));
    }

    #[test]
    fn a_board_that_does_not_tell_its_room_gets_the_smallest_files() {
        assert_eq!(fitting_size(600_000.0, ROOMY, None), LEAST);
    }
}
