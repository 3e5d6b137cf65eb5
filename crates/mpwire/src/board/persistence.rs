//! Beginning an operation again that the link has failed.
//!
//! Only what may be done twice is begun again. All transfers may: what is on the board already is
//! found and left.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::program::Program;
use super::{Board, Error};
use crate::link::{Address, Reopener};
use crate::session;

/// How often an operation is begun.
const BEGINNINGS: u32 = 5;
/// How often in a row a board may take no program at all: that is no fault of the line any more, and each
/// time is waited for.
const DEAF: u32 = 2;
/// How long a link that broke may stay away: somebody has to find the cable, or a board to start.
const RETURN_PATIENCE: Duration = Duration::from_secs(15);

/// What a link that broke is found by again.
#[derive(Default)]
pub(super) struct Way(Option<JoinHandle<Reopener>>, Option<Reopener>);

impl Way {
    /// Begins to find out what is to be known of the link at `address`: it is gone with the link,
    /// and takes a few milliseconds.
    pub(super) fn find(&mut self, address: Address) {
        if self.0.is_none() && self.1.is_none() {
            self.0 = Some(thread::spawn(move || Reopener::of(address)));
        }
    }

    /// `None` for a link that does not come back.
    fn known(&mut self) -> Option<Reopener> {
        if let Some(finding) = self.0.take() {
            self.1 = finding.join().ok();
        }
        self.1.clone().filter(Reopener::is_lasting)
    }
}

impl Board {
    /// As [`Board::enter`], also of a board whose cable is pulled out meanwhile and put back.
    pub fn reach(&mut self, soft_reset: bool) -> Result<(), Error> {
        let error = match self.enter(soft_reset) {
            Err(error) if matches!(error.doubt(), Doubt::Unplugged) => error,
            other => return other,
        };
        // That the link has ended shows that the board has begun anew.
        let is_reset = self.session.is_resetting() && !self.survives_soft_reset();
        if !self.comes_back()? {
            return Err(error);
        }
        self.enter(soft_reset && !is_reset)?;
        if is_reset {
            self.began_anew()?;
        }
        Ok(())
    }

    /// Waits for a link that broke; `false` if it does not come back.
    fn comes_back(&mut self) -> Result<bool, Error> {
        match self.way.known() {
            Some(known) => self.reopen(known, RETURN_PATIENCE),
            None => Ok(false),
        }
    }

    /// Runs what may be run twice: as [`Board::run`], again where the link may have failed it.
    pub(crate) fn run_persistently(
        &mut self,
        programs: &[Program],
        call: &str,
    ) -> Result<Vec<u8>, Error> {
        persistently(self, &mut |board| board.run(programs, call))
    }
}

/// Does `work`, again and again where a fault of the link may be what failed it.
pub(crate) fn persistently<T, E: Doubtful>(
    board: &mut Board,
    work: &mut dyn FnMut(&mut Board) -> Result<T, E>,
) -> Result<T, E> {
    if board.is_persistent {
        // Who began this begins it again.
        return work(board);
    }
    board.is_persistent = true;
    let result = again_and_again(board, work);
    board.is_persistent = false;
    result
}

fn again_and_again<T, E: Doubtful>(
    board: &mut Board,
    work: &mut dyn FnMut(&mut Board) -> Result<T, E>,
) -> Result<T, E> {
    let mut refusal = None;
    // How often in a row the board has not even taken a program.
    let mut deaf = 0;
    for beginning in 1..BEGINNINGS {
        let taken = board.rate().programs;
        let error = match work(board) {
            Ok(done) => {
                if beginning > 1 {
                    board.session.note_repetition();
                }
                return Ok(done);
            }
            Err(error) => error,
        };
        deaf = if board.rate().programs == taken {
            deaf + 1
        } else {
            0
        };
        match error.doubt() {
            Doubt::None => return Err(error),
            Doubt::Loss if deaf >= DEAF => return Err(error),
            // A damaged answer looks like a refusal, but hardly twice like the same.
            Doubt::Refusal(words) if refusal.as_ref() == Some(&words) => return Err(error),
            Doubt::Refusal(words) => refusal = Some(words),
            // Twice is hardly chance.
            Doubt::Loss if beginning > 1 => board.session.slow_down(),
            Doubt::Loss => {}
            Doubt::Unplugged => {
                if !board.comes_back()? {
                    return Err(error);
                }
            }
        }
        // A board that cannot be reached any more: what went before tells more.
        if board.recover().is_err() {
            return Err(error);
        }
    }
    work(board)
}

/// An error that may come of the link.
pub(crate) trait Doubtful: From<Error> {
    /// Whether it does.
    fn doubt(&self) -> Doubt;
}

/// Whether an error comes of the link.
pub(crate) enum Doubt {
    /// It does not.
    None,
    /// The board may have meant it.
    Refusal(String),
    /// It does.
    Loss,
    /// The link is gone.
    Unplugged,
}

impl Doubtful for Error {
    fn doubt(&self) -> Doubt {
        match self {
            Self::Session(session::Error::Lost { .. }) => Doubt::Unplugged,
            Self::Session(session::Error::Repl { .. }) | Self::Garbled | Self::Reply { .. } => {
                Doubt::Loss
            }
            Self::File { .. } | Self::Exception { .. } => Doubt::Refusal(self.to_string()),
            Self::Session(_) | Self::Lacking(_) | Self::Folder { .. } => Doubt::None,
        }
    }
}
