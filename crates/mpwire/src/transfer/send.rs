//! Sending data in chunks to a receiving program on the board, whatever it does with them.
//!
//! A chunk is either part of a program, which raw-paste paces by a window of 128 bytes or so and the
//! compiler holds in memory three times, or it is input to a program that reads
//! (`onboard/feed.py`). The latter runs at the line's rate on links with any latency, so it is taken
//! for all but short files, where the board can.

use std::num::NonZeroUsize;

use mpwire_proto::literal::{Value, quote_bytes};

use super::Progress;
use super::choice;
use super::encoding::{Encoder, Encoding};
use super::stream;
use crate::board::capabilities::{Capabilities, memory_for};
use crate::board::program::Program;
use crate::board::{Board, Error, TIDY, onboard, read};
use crate::session::{self, Rate};

/// The names a receiving program's call defines: `put(data)` takes the next bytes, `end(expected)`
/// finishes and prints whether all is right, `end(None)` gives up.
const RECEIVER_NAMES: &[&str] = &["_mw_put", "_mw_end"];

/// A program on the board that takes data.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// The programs it is made of.
    pub programs: Vec<Program>,
    /// The call that starts it and returns `put` and `end`.
    pub start: String,
    /// The digest that is passed to `end`, or the beginning of it.
    pub expected: Vec<u8>,
}

/// How data is cut and written.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The encoding.
    pub encoding: Encoding,
    /// Bytes of data a chunk, where the user says so.
    pub chunk_size: Option<NonZeroUsize>,
    /// Otherwise: characters of program text a chunk.
    pub program_limit: usize,
    /// Whether chunks may be input to a program that reads.
    pub feed: bool,
    /// Whether the last chunk removes the programs, as [`Board::tidy`] does, or leaves them for
    /// the next file.
    pub tidy: bool,
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Programs.
    pub chunks: u32,
}

/// What feeding costs beside the text: the program that reads, in characters, and a round trip, in
/// seconds.
const FEED_CHARACTERS: f64 = 240.0;
const FEED_SECONDS: f64 = 0.005;
/// Bytes a second at 115200 baud, the rate every serial port is opened with.
const UART_RATE: f64 = 11_520.0;
/// What asks for the next block (`onboard/feed.py`).
const ACK: u8 = 0x06;
/// What the six digits of a block's size can tell (`onboard/feed.py`).
const SIZE_MOST: usize = 999_999;
/// The lengths of blocks of input: a second's worth, so that progress is seen, within what a
/// board with much memory takes well.
const BLOCK_LEAST: usize = 4096;
const BLOCK_MOST: usize = 16 * 1024;

/// Sends `data` to `receiver` and returns whether it found everything right. What that takes is added to
/// `count`, also where it fails.
///
/// When anything fails, the receiver is told to give up.
pub fn send(
    board: &mut Board,
    receiver: &Receiver,
    plan: &Plan,
    data: &[u8],
    count: &mut Count,
    progress: &mut dyn FnMut(Progress),
) -> Result<bool, Error> {
    let mut capabilities = board.capabilities()?;
    if plan.program_limit < capabilities.program_limit() {
        // A plan that was made smaller after a MemoryError is one for less memory throughout.
        capabilities.free_memory = memory_for(plan.program_limit).min(capabilities.free_memory);
    }
    let Some(encoder) = plan.encoding.encoder(&capabilities, data.len()) else {
        return stream::send(board, receiver, plan, &capabilities, data, count, progress);
    };
    let mut chunks = Chunks {
        encoder,
        chunk_size: plan.chunk_size,
        limit: limit(plan, board.rate()),
        data,
        done: 0,
    };
    let mut sending = Sending {
        board,
        receiver,
        plan,
        capabilities,
        count,
        progress,
    };
    match sending.all(&mut chunks) {
        Ok(right) => {
            if plan.tidy {
                board.note_tidied();
            }
            Ok(right)
        }
        Err(error) => {
            if plan.feed && error.may_be_loss() {
                // What is left of the input is at the prompt now: clear it. Should that fail, the
                // error that came first is the one to tell.
                let _ = board.enter(false);
            }
            if worth_giving_up(&error) {
                // The error that came first is the one to tell.
                let _ = give_up(board);
            }
            Err(error)
        }
    }
}

/// Whether text that fits into one program is better fed: where raw-paste leaves the line idle for
/// longer than the program that reads costs.
fn feeding_pays(characters: usize, rate: Rate) -> bool {
    let pasted = choice::seconds_per_character(rate);
    let fed = if 1.0 / pasted <= UART_RATE * 1.05 {
        1.0 / UART_RATE
    } else {
        // A faster line is not the serial port's own: how much faster is not known.
        pasted / 8.0
    };
    #[expect(clippy::cast_precision_loss, reason = "a prediction")]
    let characters = characters as f64;
    characters * (pasted - fed) > FEED_CHARACTERS * pasted + FEED_SECONDS
}

/// Characters a chunk.
fn limit(plan: &Plan, rate: Rate) -> usize {
    #[expect(
        clippy::cast_sign_loss,
        reason = "a rate is never negative, and a block is clamped"
    )]
    let a_second = rate.bytes_per_second() as usize;
    plan.program_limit
        .min(a_second.clamp(BLOCK_LEAST, BLOCK_MOST))
}

/// Whether the board can still be spoken to.
fn worth_giving_up(error: &Error) -> bool {
    match error {
        Error::Session(session::Error::Lost { .. }) => false,
        Error::Session(session::Error::Repl { .. }) => error.is_silence(),
        _ => true,
    }
}

/// Ends the receiver and frees its memory, which another attempt may need.
fn give_up(board: &mut Board) -> Result<(), Error> {
    board.run_and_keep(
        &[],
        &[],
        "'_mw_end' in globals() and _mw_end(None)",
        &mut |_| {},
    )?;
    board.tidy()
}

/// The chunks of the data, encoded one by one.
struct Chunks<'a> {
    encoder: Box<dyn Encoder>,
    chunk_size: Option<NonZeroUsize>,
    limit: usize,
    data: &'a [u8],
    /// Bytes of the data in the chunks so far.
    done: usize,
}

/// One chunk.
struct Chunk {
    text: String,
    size: usize,
    is_last: bool,
}

impl Chunks<'_> {
    /// The next chunk; of no bytes when there are none left.
    fn next(&mut self) -> Chunk {
        let rest = &self.data[self.done..];
        let size = match self.chunk_size {
            Some(size) => size.get(),
            None if rest.is_empty() => 0,
            None => self.encoder.chunk_length(rest, self.limit),
        }
        .min(rest.len())
        .min(SIZE_MOST);
        let is_last = size == rest.len();
        self.done += size;
        let text = if size == 0 {
            String::new()
        } else {
            self.encoder.encode(&rest[..size], is_last)
        };
        Chunk {
            text,
            size,
            is_last,
        }
    }
}

struct Sending<'a> {
    board: &'a mut Board,
    receiver: &'a Receiver,
    plan: &'a Plan,
    capabilities: Capabilities,
    count: &'a mut Count,
    progress: &'a mut dyn FnMut(Progress),
}

impl Sending<'_> {
    fn all(&mut self, chunks: &mut Chunks) -> Result<bool, Error> {
        let first = chunks.next();
        let mut programs = self.receiver.programs.clone();
        programs.extend(chunks.encoder.programs());
        let take = chunks.encoder.take().filter(|_| {
            let pays = !first.is_last || feeding_pays(first.text.len(), self.board.rate());
            let may_feed = self.capabilities.sys_stdin && !self.capabilities.in_bursts;
            self.plan.feed && may_feed && pays
        });
        if take.is_some() {
            programs.push(onboard::FEED);
        }
        let beginning = self.beginning(&*chunks.encoder, &programs)?;
        match take {
            Some(take) => self.feed(&programs, &beginning, take, first, chunks),
            None => self.paste(&programs, beginning, first, chunks),
        }
    }

    /// What stands in front of the first chunk; nothing where memory is so small that it had to be
    /// run by itself, which is done here.
    fn beginning(&mut self, encoder: &dyn Encoder, programs: &[Program]) -> Result<String, Error> {
        let mut text = format!("{}={}\n", RECEIVER_NAMES.join(","), self.receiver.start);
        let mut names = RECEIVER_NAMES.to_vec();
        if let Some((line, name)) = encoder.prepare() {
            text.push_str(&line);
            text.push('\n');
            names.push(name);
        }
        let definitions: usize = programs.iter().map(|program| program.shrunk().len()).sum();
        if definitions + text.len() > self.capabilities.program_limit() {
            self.board
                .run_and_keep(programs, &names, &text, &mut |_| {})?;
            self.count.chunks += 1;
            text.clear();
        }
        self.board.keep_names(&names);
        Ok(text)
    }

    /// What stands behind the last chunk.
    fn ending(&self) -> String {
        let tidy = if self.plan.tidy { TIDY } else { "" };
        format!(
            "\n_mw_end({})\n{tidy}",
            quote_bytes(&self.receiver.expected)
        )
    }

    /// Sends each chunk as a program.
    fn paste(
        &mut self,
        programs: &[Program],
        beginning: String,
        first: Chunk,
        chunks: &mut Chunks,
    ) -> Result<bool, Error> {
        let total = chunks.data.len() as u64;
        (self.progress)(Progress { done: 0, total });
        let (mut text, mut chunk) = (beginning, first);
        loop {
            if chunk.size > 0 {
                text.push_str(&chunks.encoder.call(&chunk.text, chunk.size));
            }
            if chunk.is_last {
                text.push_str(&self.ending());
            }
            let before = (chunks.done - chunk.size) as u64;
            let reply = self.paste_one(programs, &text, before, chunk.size as u64, total)?;
            if chunk.is_last {
                return Ok(read(&reply)? == Value::Bool(true));
            }
            text.clear();
            chunk = chunks.next();
        }
    }

    fn paste_one(
        &mut self,
        programs: &[Program],
        text: &str,
        before: u64,
        size: u64,
        total: u64,
    ) -> Result<Vec<u8>, Error> {
        let length = text.len() as u64;
        let mut sent = 0;
        let progress = &mut self.progress;
        let result = self.board.run_and_keep(programs, &[], text, &mut |step| {
            if let session::Progress::Sent(bytes) = step {
                sent += bytes as u64;
                // Definitions in front of the first chunk count as no progress of the file.
                let done = before + size * sent.min(length) / length.max(1);
                progress(Progress { done, total });
            }
        });
        self.count.wire_bytes += sent;
        self.count.chunks += 1;
        result
    }

    /// Sends one program and all chunks as its input.
    fn feed(
        &mut self,
        programs: &[Program],
        beginning: &str,
        take: &str,
        first: Chunk,
        chunks: &mut Chunks,
    ) -> Result<bool, Error> {
        let text = format!(
            "{beginning}_mw_feed({take},{},{}){}",
            first.text.len(),
            first.size,
            self.ending()
        );
        let total = chunks.data.len() as u64;
        (self.progress)(Progress { done: 0, total });
        let mut next = Some(first);
        // A block counts as done when the next is asked for.
        let (mut done, mut under_way) = (0, 0);
        let (progress, count) = (&mut self.progress, &mut self.count);
        let reply = self
            .board
            .run_feeding(programs, &[], &text, &mut |step| match step {
                session::Progress::Sent(bytes) => {
                    count.wire_bytes += bytes as u64;
                    progress(Progress { done, total });
                    None
                }
                session::Progress::Output(output) => {
                    if !output.contains(&ACK) {
                        return None;
                    }
                    done += under_way;
                    let chunk = next.take()?;
                    under_way = chunk.size as u64;
                    count.chunks += 1;
                    let mut block = chunk.text.into_bytes();
                    let follows = (!chunk.is_last).then(|| chunks.next());
                    let (length, size) = follows
                        .as_ref()
                        .map_or((0, 0), |chunk| (chunk.text.len(), chunk.size));
                    block.extend(format!("{length:06}{size:06}").into_bytes());
                    next = follows;
                    Some(block)
                }
            })?;
        Ok(read(&reply)? == Value::Bool(true))
    }
}
