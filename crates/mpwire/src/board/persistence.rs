//! Beginning an operation again that the link has failed.
//!
//! Only what may be done twice is begun again. All transfers may: what is on the board already is
//! found and left.

use std::thread;
use std::time::Duration;

use super::{Board, Error};
use crate::link::Reopener;
use crate::session;

/// How often an operation is begun.
const BEGINNINGS: u32 = 5;
/// How long a link that broke may stay away: somebody has to find the cable, or a board to start.
const RETURN_PATIENCE: Duration = Duration::from_secs(15);

/// Does `work`, again and again where a fault of the link may be what failed it.
pub(crate) fn persistently<T, E: Doubtful>(
    board: &mut Board,
    work: &mut dyn FnMut(&mut Board) -> Result<T, E>,
) -> Result<T, E> {
    // What is known of the port is gone with it, and takes a few milliseconds to find out.
    let name = board.name().to_owned();
    let mut finding = Some(thread::spawn(move || Reopener::of(&name)));
    let mut reopener = None;
    let mut refusal = None;
    for _ in 1..BEGINNINGS {
        let error = match work(board) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error.doubt() {
            Doubt::None => return Err(error),
            // A damaged answer looks like a refusal, but hardly twice like the same.
            Doubt::Refusal(words) if refusal.as_ref() == Some(&words) => return Err(error),
            Doubt::Refusal(words) => refusal = Some(words),
            Doubt::Loss => {}
            Doubt::Unplugged => {
                reopener = reopener.or_else(|| finding.take()?.join().ok());
                let Some(known) = reopener.clone().filter(Reopener::is_lasting) else {
                    return Err(error);
                };
                if !board.reopen(known, RETURN_PATIENCE)? {
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
