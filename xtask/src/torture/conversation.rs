//! What goes over the cable in a trial, kept for those that end as none may end.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use mpwire_sim::Direction;

/// How many pieces are kept.
const KEPT: usize = 200;
/// How many bytes of each.
const SHOWN: usize = 120;

/// The last of what went over a cable.
#[derive(Clone, Default)]
pub(super) struct Conversation(Arc<Mutex<VecDeque<Piece>>>);

struct Piece {
    at: Instant,
    direction: Direction,
    bytes: Vec<u8>,
}

impl Conversation {
    /// Keeps another piece.
    pub fn note(&self, direction: Direction, bytes: &[u8]) {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pieces.len() == KEPT {
            pieces.pop_front();
        }
        pieces.push_back(Piece {
            at: Instant::now(),
            direction,
            bytes: bytes[..bytes.len().min(SHOWN)].to_vec(),
        });
    }

    /// Whether the board has said this.
    pub fn heard(&self, words: &[u8]) -> bool {
        let pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said: Vec<u8> = pieces
            .iter()
            .filter(|piece| piece.direction == Direction::FromBoard)
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect();
        said.windows(words.len()).any(|part| part == words)
    }
}

impl fmt::Display for Conversation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = pieces.front().map(|piece| piece.at);
        for piece in pieces.iter() {
            let seconds = start.map_or(0.0, |start| (piece.at - start).as_secs_f64());
            let arrow = match piece.direction {
                Direction::ToBoard => "->",
                Direction::FromBoard => "<-",
            };
            let bytes = piece.bytes.escape_ascii();
            write!(formatter, "\n  {seconds:8.4} {arrow} {bytes}")?;
        }
        Ok(())
    }
}
