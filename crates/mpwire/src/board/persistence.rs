//! Beginning an operation again that the link has failed.
//!
//! Only what may be done twice is begun again. All transfers may: what is on the board already is
//! found and left.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mpwire_proto::raw_repl;

use super::agent::ROOM_MOST;
use super::program::Program;
use super::{Board, Error};
use crate::link::{Address, Reopener};
use crate::session;

/// How often an operation is begun that does not come further. One that does is begun again as often as it
/// takes: a board that is reset by its watchdog again and again, for one, has a little more each time.
const BEGINNINGS: u32 = 5;
/// The shortest blocks for a board that does not live long enough to take longer ones.
const MIN_BLOCK: usize = 2048;
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
    ///
    /// Where that is allowed ([`Board::allow_flood`]), a program that ignores Ctrl-C is sent many.
    pub fn reach(&mut self, soft_reset: bool) -> Result<(), Error> {
        self.session.allow_flood(self.may_flood);
        let result = self.reach_over_breaks(soft_reset);
        self.session.allow_flood(false);
        result
    }

    fn reach_over_breaks(&mut self, soft_reset: bool) -> Result<(), Error> {
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

    /// Waits for a link that broke, and tells so; `false` if it is not of a kind that comes back, and an
    /// error that says so if it has not.
    fn comes_back(&mut self) -> Result<bool, Error> {
        if self.way.known().is_none() {
            return Ok(false);
        }
        self.tell_wait(Some(RETURN_PATIENCE));
        let is_back = self.await_link();
        self.tell_wait(None);
        is_back
    }

    /// As [`Board::comes_back`], of a link that was to break, and of which nobody is told.
    pub(super) fn await_link(&mut self) -> Result<bool, Error> {
        let Some(known) = self.way.known() else {
            return Ok(false);
        };
        if self.reopen(known, RETURN_PATIENCE)? {
            return Ok(true);
        }
        let message = format!(
            "it was unplugged or reset, and is not back after {} s; plug it in and run the command again",
            RETURN_PATIENCE.as_secs()
        );
        Err(Error::Session(session::Error::Lost {
            name: self.name().to_owned(),
            source: io::Error::new(io::ErrorKind::NotConnected, message),
        }))
    }

    /// Enters the raw REPL again; a board that starts may break its link once more meanwhile.
    fn recover_at_last(&mut self) -> Result<(), Error> {
        match self.recover() {
            Err(error) if matches!(error.doubt(), Doubt::Unplugged) => {
                if !self.comes_back()? {
                    return Err(error);
                }
                self.recover()
            }
            other => other,
        }
    }

    fn tell_wait(&mut self, longest: Option<Duration>) {
        if let Some(on_wait) = &mut self.on_wait {
            on_wait(longest);
        }
    }

    /// Has blocks be half as long from now on: the board has not lived long enough, or the line has not
    /// been whole for long enough, to take one of those before.
    fn shorten_blocks(&mut self) {
        let limit = self.block_limit.unwrap_or(ROOM_MOST);
        self.block_limit = Some((limit / 2).max(MIN_BLOCK));
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
    let mut is_again = false;
    // How often it was begun since it has come further.
    let mut beginnings = 0;
    loop {
        beginnings += 1;
        let (taken, advances) = (board.rate().programs, board.advances);
        let error = match work(board) {
            Ok(done) => {
                if is_again {
                    board.session.note_repetition();
                }
                return Ok(done);
            }
            Err(error) => error,
        };
        is_again = true;
        if board.advances > advances {
            beginnings = 1;
            refusal = None;
        }
        deaf = if board.rate().programs == taken {
            deaf + 1
        } else {
            0
        };
        let doubt = error.doubt();
        if matches!(doubt, Doubt::None) || beginnings >= BEGINNINGS {
            return Err(error);
        }
        if beginnings > 1 && matches!(doubt, Doubt::Loss | Doubt::Restarted | Doubt::Unplugged) {
            board.shorten_blocks();
        }
        match doubt {
            Doubt::None => return Err(error),
            Doubt::Loss if deaf >= DEAF => return Err(error),
            // A damaged answer looks like a refusal, but hardly twice like the same.
            Doubt::Refusal(words) if refusal.as_ref() == Some(&words) => return Err(error),
            Doubt::Refusal(words) => refusal = Some(words),
            // Twice is hardly chance.
            Doubt::Loss if beginnings > 1 => board.session.slow_down(),
            // A reset says nothing of the line.
            Doubt::Loss | Doubt::Restarted => {}
            Doubt::Unplugged => {
                if !board.comes_back()? {
                    return Err(error);
                }
            }
        }
        // A board that cannot be reached any more: what went before tells more.
        if board.recover_at_last().is_err() {
            return Err(error);
        }
    }
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
    /// It comes of the board, which was reset.
    Restarted,
    /// The link is gone.
    Unplugged,
}

impl Doubtful for Error {
    fn doubt(&self) -> Doubt {
        match self {
            Self::Session(session::Error::Lost { .. }) => Doubt::Unplugged,
            Self::Session(session::Error::Repl {
                source: raw_repl::Error::Restarted,
                ..
            }) => Doubt::Restarted,
            Self::Session(session::Error::Repl { .. }) | Self::Garbled | Self::Reply { .. } => {
                Doubt::Loss
            }
            Self::File { .. } | Self::Exception { .. } => Doubt::Refusal(self.to_string()),
            Self::Session(_)
            | Self::Lacking(_)
            | Self::Folder { .. }
            | Self::NotReset
            | Self::NoBootloader => Doubt::None,
        }
    }
}
