//! Beginning again until the board has it right: with less memory, with a lighter encoding, and
//! with closer flow control.

use std::borrow::Cow;

use mpwire_proto::literal::quoted_bytes_length;

use super::choice::choose;
use super::encoding::Encoding;
use super::send::{Count, Plan, Receiver, send};
use super::{ATTEMPTS, Error, Options, Progress};
use crate::board::capabilities::Capabilities;
use crate::board::{self, Board};

/// The smallest chunk worth trying, in characters.
const LEAST_PROGRAM: usize = 64;

/// The chunks of the last attempt, in characters.
const LAST_PROGRAM: usize = 256;
/// What programs and questions may cost in all attempts beside the data, in bytes.
const BUDGET: u64 = 8 * 1024;

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

    /// Begins again with less when the board's memory does not suffice: each attempt takes less memory
    /// than the one before, and all together what [`Self::budget`] allows.
    fn with_less_and_less_memory(
        &mut self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(bool, Encoding), Failure> {
        let mut plan = self.plan()?;
        let budget = self.budget();
        let mut halvings = 0;
        loop {
            match self.attempt(&plan, halvings, progress) {
                Ok(right) => return Ok((right, plan.encoding)),
                Err(error) if error.is_out_of_memory() => {
                    if let Some(size) = plan.chunk_size {
                        let size = size.get();
                        return Err(Failure::ChunkTooLarge { size });
                    }
                    self.make_room();
                    halvings += 1;
                    let is_last = self.count.wire_bytes > budget;
                    plan = self.smaller(plan, is_last).ok_or(Failure::NoMemory)?;
                }
                // Firmware may lack what nobody thought of asking for.
                Err(error) if plan.encoding == Encoding::Stream && error.is_exception() => {
                    self.board.note_stream_refusal(&error);
                    plan.encoding = match self.lighter(plan.encoding) {
                        Some(lighter) => lighter,
                        None => return Err(Failure::Board(error)),
                    };
                    self.make_room();
                }
                Err(error) if self.feed && error.may_be_loss() => {
                    return Ok((false, plan.encoding));
                }
                Err(error) => return Err(Failure::Board(error)),
            }
        }
    }

    /// The bytes on the wire after which one attempt is left: as many as the heaviest encoding takes for
    /// the whole shipment, so that a board on which each attempt fails late costs about twice that.
    fn budget(&self) -> u64 {
        let (_, data) = self.shipment.prepare(0);
        quoted_bytes_length(&data) as u64 + BUDGET
    }

    /// What takes less memory than `plan`; `None` where that took the least. An encoding whose programs
    /// take most of its memory is not tried with smaller chunks, and what was too much for one encoding
    /// is not tried with the next.
    fn smaller(&self, mut plan: Plan, is_last: bool) -> Option<Plan> {
        plan.program_limit /= 2;
        let is_forced = self.options.encoding.is_some();
        let is_fixed = plan.encoding.takes_fixed_memory() && !is_forced;
        if is_last {
            let lightest = std::iter::successors(Some(plan.encoding), |one| self.lighter(*one));
            let lightest = lightest.last()?;
            if plan.encoding == lightest && plan.program_limit < LAST_PROGRAM {
                return None;
            }
            plan.encoding = lightest;
            plan.program_limit = plan.program_limit.min(LAST_PROGRAM);
        } else if is_fixed || plan.program_limit < LEAST_PROGRAM {
            plan.encoding = self.lighter(plan.encoding)?;
            plan.program_limit = plan.program_limit.max(2 * LEAST_PROGRAM);
        }
        Some(plan)
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
        send(self.board, &receiver, plan, &data, self.count, progress)
    }
}
