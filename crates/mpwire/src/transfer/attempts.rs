//! Beginning again until the board has it right: with less memory, with a lighter encoding, and
//! with closer flow control.

use std::borrow::Cow;

use super::choice::choose;
use super::encoding::Encoding;
use super::send::{Count, Plan, Receiver, send};
use super::{ATTEMPTS, Error, Options, Progress};
use crate::board::capabilities::Capabilities;
use crate::board::{self, Board};

/// The smallest chunk worth trying, in characters.
const LEAST_PROGRAM: usize = 64;

/// Something to be sent, however often it takes.
pub trait Shipment {
    /// What receives it and the data for it, after the board's memory did not suffice `halvings`
    /// times.
    fn prepare(&self, halvings: u32) -> (Receiver, Cow<'_, [u8]>);
}

/// Why no attempt succeeded.
#[derive(Debug)]
pub enum Failure {
    /// The board failed or refused.
    Board(board::Error),
    /// The encoding asked for cannot be used.
    Encoding(Error),
    /// The board's copy was wrong each time.
    Corrupt,
    /// Memory did not suffice for the smallest chunk of the lightest encoding.
    NoMemory,
    /// Memory did not suffice for chunks of the size asked for.
    ChunkTooLarge {
        /// That size, in bytes.
        size: usize,
    },
}

/// Sends `shipment` until the board finds it right; counts what all attempts took.
pub fn until_right(
    board: &mut Board,
    shipment: &dyn Shipment,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> (Result<Encoding, Failure>, Count) {
    let mut count = Count::default();
    let capabilities = match board.capabilities() {
        Ok(capabilities) => capabilities,
        Err(error) => return (Err(Failure::Board(error)), count),
    };
    let mut attempts = Attempts {
        board,
        shipment,
        options,
        capabilities,
        count: &mut count,
        feed: true,
    };
    let result = attempts.until_right(progress);
    (result, count)
}

struct Attempts<'a> {
    board: &'a mut Board,
    shipment: &'a dyn Shipment,
    options: &'a Options,
    capabilities: Capabilities,
    count: &'a mut Count,
    /// Whether chunks may be input to a program that reads.
    feed: bool,
}

impl Attempts<'_> {
    fn until_right(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<Encoding, Failure> {
        for _ in 0..ATTEMPTS {
            let (right, encoding) = self.with_less_and_less_memory(progress)?;
            if right {
                return Ok(encoding);
            }
            // Something was lost: take the way with the closest flow control from now on.
            self.feed = false;
            self.board.slow_down();
        }
        Err(Failure::Corrupt)
    }

    /// Begins again with half of everything when the board's memory does not suffice, and with a
    /// lighter encoding when no chunk is small enough.
    fn with_less_and_less_memory(
        &mut self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(bool, Encoding), Failure> {
        let mut plan = self.plan()?;
        for halvings in 0.. {
            match self.attempt(&plan, halvings, progress) {
                Ok(right) => return Ok((right, plan.encoding)),
                Err(error) if error.is_out_of_memory() => {
                    if let Some(size) = plan.chunk_size {
                        let size = size.get();
                        return Err(Failure::ChunkTooLarge { size });
                    }
                }
                // Firmware may lack what nobody thought of asking for.
                Err(error) if plan.encoding == Encoding::Stream && error.is_exception() => {
                    self.board.note_stream_refusal(&error);
                    plan.encoding = match self.lighter(plan.encoding) {
                        Some(lighter) => lighter,
                        None => return Err(Failure::Board(error)),
                    };
                    self.make_room();
                    continue;
                }
                Err(error) if self.feed && error.may_be_loss() => {
                    return Ok((false, plan.encoding));
                }
                Err(error) => return Err(Failure::Board(error)),
            }
            plan.program_limit /= 2;
            if plan.program_limit < LEAST_PROGRAM {
                plan.encoding = self.lighter(plan.encoding).ok_or(Failure::NoMemory)?;
                self.make_room();
                plan.program_limit = self.capabilities.program_limit() / 2;
            }
        }
        Err(Failure::NoMemory)
    }

    /// Removes what the encoding before has left on the board: another needs the memory.
    fn make_room(&mut self) {
        // Where that fails, the next attempt does as well, and says why.
        let _ = self.board.tidy();
    }

    fn plan(&self) -> Result<Plan, Failure> {
        let (_, data) = self.shipment.prepare(0);
        let encoding = choose(&data, &self.capabilities, self.board.rate(), self.options)
            .map_err(Failure::Encoding)?;
        Ok(Plan {
            encoding,
            chunk_size: self.options.chunk_size,
            program_limit: self.capabilities.program_limit(),
            feed: self.feed,
            tidy: !self.options.more_follow,
        })
    }

    fn lighter(&self, encoding: Encoding) -> Option<Encoding> {
        match self.options.encoding {
            Some(_) => None,
            None => encoding.lighter(&self.capabilities),
        }
    }

    fn attempt(
        &mut self,
        plan: &Plan,
        halvings: u32,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<bool, board::Error> {
        let (receiver, data) = self.shipment.prepare(halvings);
        let (right, count) = send(self.board, &receiver, plan, &data, progress)?;
        self.count.wire_bytes += count.wire_bytes;
        self.count.chunks += count.chunks;
        Ok(right)
    }
}
