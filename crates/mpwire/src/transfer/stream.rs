//! `stream`: binary blocks to the agent ([`crate::board`] has one), one deflate window for all of
//! them, and no text encoding.

use std::io::Read;
use std::time::Duration;

use mpwire_proto::literal::Value;

use super::encoding::{Window, deflated_size, roughly_deflated_size, window};
use super::send::{Count, Plan, Receiver};
use super::source::{PIECE, Source};
use super::{Encoding, Error, MIN_RESUME_AGAIN, Options, Progress, RESUME_LEAST};
use crate::board::capabilities::Capabilities;
use crate::board::digest::Hasher;
use crate::board::fs::Status;
use crate::board::patience::{COUNTING_FREE, digesting};
use crate::board::plausible::Space;
use crate::board::program::{Argument, Program, answer, call};
use crate::board::{self, Blocks, Board, is_true, keep, onboard, read, unreadable};

/// Bytes of the digest that the board compares: enough for any accident.
pub(super) const DIGEST_BYTES: usize = 8;
/// Data that shrinks less than this travels as it is: inflating takes the board's time.
const DEFLATE_RATIO: f64 = 0.97;
/// How much of a file tells whether it shrinks.
const SAMPLE: usize = 16 * 1024;
/// How much of a file is encoded while the board receives the agent.
const AHEAD: usize = 128 * 1024;
/// Bytes of a large file, as their base-2 logarithm, behind which the board commits what it has: each time
/// costs `LittleFS` the copy of a block.
const COMMITS: i64 = 15;
/// The same for a copy that has failed before.
const COMMITS_AGAIN: i64 = 12;
/// What the loader's agent knows from the start.
pub(super) const PROGRAMS: &[Program] = &[
    onboard::DIGEST_SHA256_NEW,
    onboard::LOOK,
    onboard::FREE,
    onboard::PUT,
];

/// What a board lacks for the stream, if anything.
pub(super) fn lacks(capabilities: &Capabilities) -> Option<&'static str> {
    if capabilities.in_bursts {
        Some("a wire that paces what is sent")
    } else if !capabilities.stdin_buffer {
        Some("sys.stdin.buffer")
    } else if !capabilities.bytes_io {
        Some("io.BytesIO")
    } else if !capabilities.crc32 && !capabilities.sha256 {
        Some("binascii.crc32 or hashlib.sha256")
    } else {
        None
    }
}

/// The agent and what it uses, on a board with these capabilities.
pub(super) fn programs(capabilities: &Capabilities) -> Vec<Program> {
    let mut programs = vec![if capabilities.crc32 {
        onboard::CHECK_CRC32
    } else {
        onboard::CHECK_SHA256
    }];
    if capabilities.deflate_io {
        programs.push(onboard::INFLATE_STREAM);
    } else if capabilities.decomp_io {
        programs.push(onboard::INFLATE_STREAM_UZLIB);
    }
    programs.extend([onboard::BYTES_IO, onboard::AGENT]);
    programs
}

/// Bytes that `data` takes on the wire.
pub(super) fn payload(data: &[u8], capabilities: &Capabilities) -> usize {
    match board_window(data, capabilities) {
        Some(window) => deflated_size(data, window),
        None => data.len(),
    }
}

/// The window for `data` on a board with these capabilities; `None` where it should travel as it is.
fn board_window(data: &[u8], capabilities: &Capabilities) -> Option<Window> {
    let inflates = capabilities.deflate_io || capabilities.decomp_io;
    (inflates && window_bits(data) > 0)
        .then(|| window(capabilities, data.len()))
        .flatten()
}

/// Sends `data` to `receiver` on a board whose capabilities are known, and returns whether it found
/// everything right.
pub(super) fn send(
    board: &mut Board,
    receiver: &Receiver,
    plan: &Plan,
    capabilities: &Capabilities,
    data: &[u8],
    count: &mut Count,
    progress: &mut dyn FnMut(Progress),
) -> Result<bool, board::Error> {
    let bits = board_window(data, capabilities).map_or(0, Window::bits);
    board.install_agent(&programs(capabilities), plan.program_limit, bits, plan.tidy)?;
    let text = format!(
        "{}({},{},{})",
        onboard::RECEIVE.defines,
        receiver.start,
        data.len(),
        receiver.expected.len().min(DIGEST_BYTES)
    );
    let mut programs = receiver.programs.clone();
    programs.push(onboard::RECEIVE);
    board.ask_agent(&programs, &text);
    if let Some(blocks) = board.blocks() {
        blocks.data(data);
        blocks.whole(&receiver.expected[..receiver.expected.len().min(DIGEST_BYTES)]);
        blocks.expect_work(digesting(data.len() as u64));
        blocks.end();
    }
    let mut meter = Meter::new(data.len() as u64, progress);
    let said = meter.send_all(board);
    count.wire_bytes += meter.wire_bytes;
    count.chunks += meter.blocks;
    let said = said?;
    if plan.tidy {
        board.note_tidied();
    }
    Ok(is_true(&said))
}

/// Whether the user's wishes leave room for the stream.
pub(super) fn is_wanted(options: &Options) -> bool {
    options.chunk_size.is_none() && matches!(options.encoding, None | Some(Encoding::Stream))
}

/// The window for `sample`, the beginning of what is to be sent: the largest, or none.
pub(super) fn window_bits(sample: &[u8]) -> u8 {
    let sample = &sample[..sample.len().min(SAMPLE)];
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let ratio = roughly_deflated_size(sample) as f64 / sample.len().max(1) as f64;
    if ratio < DEFLATE_RATIO {
        board::BITS_MOST
    } else {
        0
    }
}

/// What the board found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// What is there.
    pub status: Status,
    /// The beginning of the digest of a file of the size asked for.
    pub digest: Option<Vec<u8>>,
}

impl Look {
    /// Reads what `onboard/look.py` returns; `None` is nothing there.
    fn from_value(value: &Value) -> Result<Option<Self>, Nonsense> {
        if *value == Value::None {
            return Ok(None);
        }
        let [mode, size, digest] = value.as_items().ok_or(Nonsense)? else {
            return Err(Nonsense);
        };
        let status = Value::Tuple(vec![mode.clone(), size.clone()]);
        let digest = match digest {
            Value::Bytes(digest) => Some(digest.clone()),
            _ => None,
        };
        Ok(Some(Self {
            status: Status::from_value(&status).ok_or(Nonsense)?,
            digest,
        }))
    }
}

/// An answer that is not understood.
struct Nonsense;

/// What the board found at several paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looks {
    /// What is at each.
    pub at: Vec<Option<Look>>,
    /// The filesystem that they are on, if that was asked for.
    pub space: Option<Space>,
}

/// A file on its way, read as far as it was needed.
pub(super) struct Feed<'a> {
    source: Source<'a>,
    reader: Box<dyn Read + 'a>,
    hasher: Option<Hasher>,
    /// Whether the stream ends behind this file.
    is_last: bool,
    /// Bytes of the file that are left.
    size: u64,
    /// How long the board may take to digest the file.
    digesting: Duration,
}

impl<'a> Feed<'a> {
    /// Begins to read `source`.
    pub(super) fn new(source: Source<'a>, is_last: bool) -> Result<Self, Error> {
        Ok(Self {
            source,
            reader: source.open()?,
            hasher: Some(Hasher::sha256()),
            is_last,
            size: source.size()?,
            digesting: digesting(source.size()?),
        })
    }

    /// Reads the first `count` bytes, which the board has: they count for the digest alone.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), Error> {
        let end = self.size - count.min(self.size);
        while self.size > end {
            let piece = self.piece(self.size - end)?;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&piece);
            }
        }
        Ok(())
    }

    /// Reads a piece of at most so many bytes.
    fn piece(&mut self, most: u64) -> Result<Vec<u8>, Error> {
        let most = most.min(PIECE as u64);
        let mut piece = Vec::with_capacity(PIECE);
        (&mut self.reader)
            .take(most)
            .read_to_end(&mut piece)
            .map_err(|error| self.source.failed(error))?;
        if piece.is_empty() && most > 0 {
            // It is shorter now than it was.
            return Err(self.source.failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        self.size -= piece.len() as u64;
        Ok(piece)
    }

    /// Whether all was read.
    pub(super) fn is_done(&self) -> bool {
        self.hasher.is_none()
    }

    /// Moves a piece of the file to `blocks`, and behind the last one its digest.
    pub(super) fn step(&mut self, blocks: &mut Blocks) -> Result<(), Error> {
        if self.is_done() {
            return Ok(());
        }
        let piece = self.piece(self.size)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        blocks.data(&piece);
        if self.size == 0 {
            if let Some(hasher) = self.hasher.take() {
                blocks.whole(&hasher.finish().bytes()[..DIGEST_BYTES]);
                blocks.expect_work(self.digesting);
            }
            if self.is_last {
                blocks.end();
            }
        }
        Ok(())
    }
}

/// Starts the agent, unless one runs or the board cannot take one, and returns what is at `paths`,
/// with digests of files of `feed`'s size, and the free space beside `parent`. Begins to encode
/// `feed` in the meantime, unless it `may_resume`: then it is not known yet where it begins.
pub(super) fn look(
    board: &mut Board,
    paths: &[String],
    parent: &str,
    feed: &mut Feed,
    sample: &[u8],
    may_resume: bool,
) -> Result<Option<Looks>, Error> {
    let list = Argument::Paths(paths).literal();
    let parent = Argument::Path(parent).literal();
    let text = answer(&format!(
        "([_mw_look(p,{})for p in{list}],_mw_free({parent}))",
        feed.size
    ));
    let said = if board.has_agent() {
        board.ask_agent(PROGRAMS, &text);
        board.expect_work(digesting(feed.size) * 2 + COUNTING_FREE);
        match board.flush_agent(&mut |_| {}) {
            Err(board::Error::File { .. } | board::Error::Exception { .. }) => return Ok(None),
            other => other?,
        }
    } else {
        let mut result = Ok(());
        let said = board.load_agent(PROGRAMS, &text, window_bits(sample), &mut |blocks| {
            while !may_resume && result.is_ok() && !feed.is_done() && blocks.waiting() < AHEAD {
                result = feed.step(blocks);
            }
            blocks.prepare(feed.is_done());
        })?;
        result?;
        match said {
            None => return Ok(None),
            Some(said) => said,
        }
    };
    let value = read(&said)?;
    match value.as_items() {
        Some([looks, space]) => read_looks(looks, Space::from_value(space), &said).map(Some),
        _ => Err(unreadable(&said, "the state of the destination").into()),
    }
}

/// Reads what was `said` of several paths.
pub(super) fn read_looks(looks: &Value, space: Option<Space>, said: &[u8]) -> Result<Looks, Error> {
    let at = looks.as_items().and_then(|looks| {
        let at: Result<_, Nonsense> = looks.iter().map(Look::from_value).collect();
        at.ok()
    });
    match at {
        Some(at) => Ok(Looks { at, space }),
        None => Err(unreadable(said, "the state of the destination").into()),
    }
}

/// Counts what is put on the wire, and tells how far the file is.
pub(super) struct Meter<'a> {
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Blocks.
    pub blocks: u32,
    /// Bytes of the file.
    pub total: u64,
    /// Those that were on the board before.
    pub before: u64,
    /// Where files begin in the stream, in order; without any, all of the stream counts for one file.
    pub starts: Vec<FileStart>,
    progress: &'a mut dyn FnMut(Progress),
}

/// Where a file begins in a stream of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStart {
    /// Bytes of the stream before it.
    pub stream: u64,
    /// Bytes of all files before it, and of it those that the board had already.
    pub done: u64,
    /// Bytes of it that follow in the stream.
    pub size: u64,
}

/// How many bytes of files are among the first `stream` bytes of a stream.
fn done_at(starts: &[FileStart], stream: u64) -> u64 {
    let begun = starts.partition_point(|start| start.stream <= stream);
    starts[..begun].last().map_or(0, |start| {
        start.done + start.size.min(stream - start.stream)
    })
}

impl<'a> Meter<'a> {
    pub(super) fn new(total: u64, progress: &'a mut dyn FnMut(Progress)) -> Self {
        Self {
            wire_bytes: 0,
            blocks: 0,
            total,
            before: 0,
            starts: Vec::new(),
            progress,
        }
    }

    /// Sends one block, if there is enough for it, and returns what the board said.
    pub(super) fn send(
        &mut self,
        board: &mut Board,
        all: bool,
    ) -> Result<Option<Vec<u8>>, board::Error> {
        let (wire_bytes, total, before) = (&mut self.wire_bytes, self.total, self.before);
        let (progress, starts) = (&mut *self.progress, &self.starts);
        let said = board.send_block(all, &mut |step| {
            *wire_bytes += step.wire as u64;
            let done = if starts.is_empty() {
                before + step.stream
            } else {
                done_at(starts, step.stream)
            };
            progress(Progress {
                done: done.min(total),
                total,
            });
        })?;
        self.blocks += u32::from(said.is_some());
        Ok(said)
    }

    /// Sends the rest of a file but for what does not fill a block; what the board said is added to
    /// `said`.
    pub(super) fn feed(
        &mut self,
        board: &mut Board,
        feed: &mut Feed,
        said: &mut Vec<u8>,
    ) -> Result<(), Error> {
        loop {
            let Some(blocks) = board.blocks() else {
                return Ok(());
            };
            // Enough for two blocks, so that one is encoded while the other is on its way.
            while !feed.is_done() && blocks.waiting() < 2 * blocks.wanted() {
                feed.step(blocks)?;
            }
            if feed.is_done() && blocks.waiting() < 2 * blocks.wanted() {
                return Ok(());
            }
            match self.send(board, false)? {
                Some(more) => keep(said, &more),
                None => return Ok(()),
            }
        }
    }

    /// Sends all that waits, and returns what the board said.
    pub(super) fn send_all(&mut self, board: &mut Board) -> Result<Vec<u8>, board::Error> {
        let mut said = Vec::new();
        while board.has_agent() {
            match self.send(board, true)? {
                Some(more) => keep(&mut said, &more),
                None => break,
            }
        }
        Ok(said)
    }
}

/// How the agent writes a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put<'a> {
    /// The file's path.
    pub target: &'a str,
    /// The path that it has until it is right; the target itself to leave it there.
    pub temporary: &'a str,
    /// Whether it is written over its old one.
    pub is_in_place: bool,
    /// Bytes of the file.
    pub size: u64,
    /// Those that are at `temporary` already.
    pub start: u64,
    /// Whether the copy was begun before and has failed: what the board has is committed more often, so that
    /// one that is reset again and again gets further each time.
    pub is_again: bool,
}

impl Put<'_> {
    /// Whether what is written is committed now and then. In its old one's place a file is not: what
    /// is there is the old one until the new one is complete.
    fn is_large(&self) -> bool {
        let least = if self.is_again {
            MIN_RESUME_AGAIN
        } else {
            RESUME_LEAST
        };
        self.size >= least && !self.is_in_place
    }

    /// Asks the agent to write what follows; before all that waits already, where it was sent nothing
    /// yet.
    pub(super) fn ask(&self, board: &mut Board, is_first: bool) {
        let size = Argument::Int(self.size.cast_signed());
        let start = Argument::Int(self.start.cast_signed());
        let paths = [Argument::Path(self.target), Argument::Path(self.temporary)];
        let [target, temporary] = paths;
        let (program, text) = if self.is_large() {
            let commits = Argument::Int(if self.is_again {
                COMMITS_AGAIN
            } else {
                COMMITS
            });
            let arguments = [target, temporary, size, start, commits];
            (
                onboard::PUT_LARGE,
                call(onboard::PUT_LARGE.defines, &arguments),
            )
        } else {
            let arguments = [target, temporary, size];
            (onboard::PUT, call(onboard::PUT.defines, &arguments))
        };
        let programs = [PROGRAMS, &[program]].concat();
        if is_first {
            board.ask_agent_first(&programs, &text);
        } else {
            board.ask_agent(&programs, &text);
        }
    }
}

/// Has the agent write `feed`, and name it when it is right. Returns whether it is.
pub(super) fn put(
    board: &mut Board,
    feed: &mut Feed,
    put: &Put,
    meter: &mut Meter,
) -> Result<bool, Error> {
    feed.skip(put.start)?;
    meter.before = put.start;
    put.ask(board, true);
    let mut said = Vec::new();
    meter.feed(board, feed, &mut said)?;
    said.extend(meter.send_all(board)?);
    Ok(is_true(&said))
}
