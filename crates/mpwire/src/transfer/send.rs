//! Sending data in chunks to a receiving program on the board, whatever it does with them.

use std::num::NonZeroUsize;

use mpwire_proto::literal::Value;

use super::Progress;
use super::encoding::{Encoder, Encoding};
use crate::board::capabilities::Capabilities;
use crate::board::program::Program;
use crate::board::{Board, Error, TIDY, read};
use crate::session;

/// The names a receiving program's call defines: `put(data)` takes the next bytes, `end(expected)`
/// finishes and prints whether all is right, `end(None)` gives up.
const RECEIVER_NAMES: &[&str] = &["_mpwire_put", "_mpwire_end"];

/// A program on the board that takes data.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// The programs it is made of.
    pub programs: Vec<Program>,
    /// The call that starts it and returns `put` and `end`.
    pub start: String,
    /// What is passed to `end`, as a literal.
    pub expected: String,
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

/// Sends `data` to `receiver` and returns whether it found everything right.
///
/// When anything fails, the receiver is told to give up.
pub fn send(
    board: &mut Board,
    receiver: &Receiver,
    plan: &Plan,
    data: &[u8],
    progress: &mut dyn FnMut(Progress),
) -> Result<(bool, Count), Error> {
    let capabilities = board.capabilities()?;
    let mut sending = Sending {
        board,
        receiver,
        encoder: plan.encoding.encoder(&capabilities, data.len()),
        count: Count::default(),
    };
    let result = sending.all(plan, &capabilities, data, progress);
    let count = sending.count;
    match result {
        Ok(right) => Ok((right, count)),
        Err(error) => {
            if worth_giving_up(&error) {
                // The error that came first is the one to tell.
                let _ = give_up(board);
            }
            Err(error)
        }
    }
}

/// Whether the board can still be spoken to.
fn worth_giving_up(error: &Error) -> bool {
    !matches!(
        error,
        Error::Session(session::Error::Lost { .. } | session::Error::Repl { .. })
    )
}

fn give_up(board: &mut Board) -> Result<(), Error> {
    board.run_and_keep(
        &[],
        &[],
        "'_mpwire_end' in globals() and _mpwire_end(None)",
        &mut |_| {},
    )?;
    Ok(())
}

struct Sending<'a> {
    board: &'a mut Board,
    receiver: &'a Receiver,
    encoder: Box<dyn Encoder>,
    count: Count,
}

impl Sending<'_> {
    fn all(
        &mut self,
        plan: &Plan,
        capabilities: &Capabilities,
        data: &[u8],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<bool, Error> {
        let mut text = self.beginning();
        if text.len() + self.definitions_length() > capabilities.program_limit() {
            self.execute(&text, 0, 0, 0, &mut |_| {})?;
            text.clear();
        }
        let total = data.len() as u64;
        progress(Progress { done: 0, total });
        let mut done = 0;
        loop {
            let rest = &data[done..];
            let length = match plan.chunk_size {
                Some(size) => size.get(),
                None => self.encoder.chunk_length(rest, plan.program_limit),
            }
            .min(rest.len());
            let last = length == rest.len();
            if length > 0 {
                text.push_str(&self.encoder.call(&rest[..length], last));
            }
            if last {
                text.push_str("\n_mpwire_end(");
                text.push_str(&self.receiver.expected);
                text.push(')');
                if plan.tidy {
                    text.push('\n');
                    text.push_str(TIDY);
                }
            }
            let reply = self.execute(&text, done as u64, length as u64, total, progress)?;
            text.clear();
            done += length;
            if last {
                if plan.tidy {
                    self.board.note_tidied();
                }
                return Ok(read(&reply)? == Value::Bool(true));
            }
        }
    }

    fn programs(&self) -> Vec<Program> {
        let mut programs = self.receiver.programs.clone();
        programs.extend(self.encoder.programs());
        programs
    }

    fn definitions_length(&self) -> usize {
        self.programs()
            .iter()
            .map(|program| program.shrunk().len())
            .sum()
    }

    /// What stands in front of the first chunk.
    fn beginning(&self) -> String {
        let mut text = format!("{}={}\n", RECEIVER_NAMES.join(","), self.receiver.start);
        if let Some((line, _)) = self.encoder.prepare() {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    fn execute(
        &mut self,
        text: &str,
        done: u64,
        length: u64,
        total: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        let mut names = RECEIVER_NAMES.to_vec();
        names.extend(self.encoder.prepare().map(|(_, name)| name));
        let programs = self.programs();
        let expected = text.len() as u64;
        let mut wire_bytes = 0;
        let result = self
            .board
            .run_and_keep(&programs, &names, text, &mut |step| {
                if let session::Progress::Sent(bytes) = step {
                    wire_bytes += bytes as u64;
                    // Definitions in front of the first chunk count as no progress of the file.
                    let part = length * wire_bytes.min(expected) / expected.max(1);
                    progress(Progress {
                        done: done + part,
                        total,
                    });
                }
            });
        self.count.wire_bytes += wire_bytes;
        self.count.chunks += 1;
        result
    }
}
