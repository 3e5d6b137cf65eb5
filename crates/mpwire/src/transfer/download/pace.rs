//! Whether to have a board that can deflate do so with what is left.
//!
//! It costs an interrupt, the frame that this cuts off, and a longer program. So it is asked for only
//! when the first bytes have shown that the line is slow and that they would shrink, and when what is
//! left is worth it.

use std::time::{Duration, Instant};

use mpwire_deflate::{Effort, Encoder, Flush};

/// Bytes that tell how fast the line is.
const MEASURED: usize = 2048;
/// Shorter blocks are not deflated (`onboard/send_deflated.py`).
const LEAST: usize = 512;
/// A line this fast, in microseconds a byte, is faster than boards deflate.
const FAST: f64 = 8.0;
/// What the board makes of what our own encoder makes 1: its codes are fixed.
const LOOSE: f64 = 1.2;
/// The logarithm of a window that a slow board can search.
const BITS: u8 = 9;
/// What deflating takes of the time that is saved.
const WORK: f64 = 0.1;
/// Bytes of a frame that are lost with an interrupt, at worst about.
const FRAME: f64 = 4096.0;
/// The change of programs in times of starting one.
const CHANGE: f64 = 2.5;
/// Less than this is not worth it on any line, in bytes.
const LEAST_IN_ALL: u64 = 8192;

/// Whether it may come to that, with so many bytes to come, if that is known.
pub(super) fn may_pay(expected: Option<u64>) -> bool {
    expected.is_none_or(|expected| expected >= LEAST_IN_ALL)
}

/// What one run has shown of the line.
pub(super) struct Pace {
    /// How long it took to start the program.
    exchange: Duration,
    start: Instant,
    bytes: usize,
}

impl Pace {
    /// The program has just begun, after `exchange`.
    pub(super) fn new(exchange: Duration) -> Self {
        Self {
            exchange,
            start: Instant::now(),
            bytes: 0,
        }
    }

    /// A block has arrived, and `left` bytes have not. Microseconds that a byte takes, if the
    /// board should deflate them.
    pub(super) fn should_deflate(&mut self, block: &[u8], left: u64) -> Option<u32> {
        self.bytes += block.len();
        if self.bytes < MEASURED || block.len() < LEAST {
            return None;
        }
        let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let (bytes, left) = (self.bytes as f64, left as f64);
        let each = microseconds(self.start.elapsed()) / bytes;
        let change = microseconds(self.exchange) * CHANGE + FRAME * each;
        // Looking at the bytes takes time, which a fast line does not leave.
        if each < FAST || left * each < change {
            return None;
        }
        let saved = left * each * (1.0 - WORK - density(block));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and a minute a byte is beyond what a session waits for"
        )]
        let cost = each.clamp(1.0, 60e6) as u32;
        (saved > change).then_some(cost)
    }
}

/// Bytes on the wire for one of such data.
fn density(block: &[u8]) -> f64 {
    let deflated = Encoder::with_effort(BITS, Effort::Quick).push(block, Flush::Finish);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let density = deflated.len() as f64 / block.len() as f64;
    density * LOOSE
}
