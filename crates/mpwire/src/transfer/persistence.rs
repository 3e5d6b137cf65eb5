//! Beginning an operation again that the link has failed.
//!
//! All operations on files can be begun again: what is on the board already is found and left.

use std::thread;
use std::time::Duration;

use super::Error;
use crate::board::{self, Board};
use crate::link::Reopener;
use crate::session;

/// How often an operation is begun.
const BEGINNINGS: u32 = 5;
/// How long a link that broke may stay away: somebody has to find the cable, or a board to start.
const RETURN_PATIENCE: Duration = Duration::from_secs(15);

/// Does `work`, again and again where a fault of the link may be what failed it.
pub(super) fn persistently<T>(
    board: &mut Board,
    work: &mut dyn FnMut(&mut Board) -> Result<T, Error>,
) -> Result<T, Error> {
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
        match Doubt::of(&error) {
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

/// Whether an error may come of the link.
enum Doubt {
    /// It does not.
    None,
    /// The board may have meant it.
    Refusal(String),
    /// It does.
    Loss,
    /// The link is gone.
    Unplugged,
}

impl Doubt {
    fn of(error: &Error) -> Self {
        match error {
            Error::CorruptDownload { .. } => Self::Loss,
            // Without what earlier attempts have left on it the board may have the memory.
            Error::Corrupt { kept: true, .. } | Error::NoMemory { .. } => {
                Self::Refusal(error.to_string())
            }
            Error::Board(error) => match error {
                board::Error::Session(session::Error::Lost { .. }) => Self::Unplugged,
                board::Error::Session(session::Error::Repl { .. })
                | board::Error::Garbled
                | board::Error::Reply { .. } => Self::Loss,
                board::Error::File { .. } | board::Error::Exception { .. } => {
                    Self::Refusal(error.to_string())
                }
                board::Error::Session(_)
                | board::Error::Lacking(_)
                | board::Error::Folder { .. } => Self::None,
            },
            _ => Self::None,
        }
    }
}
