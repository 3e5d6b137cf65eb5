//! Probes: what is sent on a guess to a program that takes [`crate::blocks`] and is silent.
//!
//! It may wait for bytes that were lost, and then needs some in their place; or it is busy, perhaps with
//! flash that takes seconds to erase, and then each probe lies in its input until it is done. Nobody can
//! tell which. So probes are few, and all that are unanswered fit the smallest receive ring. A program
//! that is still silent has lost more, and is interrupted by whoever waits for it.

use std::time::Duration;

use crate::blocks::poke;

/// The most bytes of probes that may be unanswered. The smallest rings hold 63 (the BBC micro:bit's
/// `uart_init`, and a FIFO of 64 before it is read).
pub const MAX_UNANSWERED: usize = 60;

/// How long a program may be silent before the first probe.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Bytes in the place of lost ones, of the first probe and of the next: mostly few are missing.
const FILLERS: [usize; 2] = [14, 40];
/// What stands behind them, and makes a line of it; by itself it is a probe as well.
const LINE: usize = 2;

/// The probes that were sent to a program since it was known to wait.
#[derive(Debug, Clone)]
pub struct Probes {
    unanswered: usize,
    lines: u32,
    /// How many were ever sent.
    turn: u32,
    pause: Duration,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            unanswered: 0,
            lines: 0,
            turn: 0,
            pause: FIRST_PAUSE,
        }
    }
}

impl Probes {
    /// How long the program may be silent from now on before [`Probes::next`] is called.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// How many probes were sent, each of which a program that reads lines answers once, unless it needed
    /// it in the place of what was lost.
    #[must_use]
    pub fn lines(&self) -> u32 {
        self.lines
    }

    /// Notes that the program has said something: it is at work, and may be silent as long as at first.
    pub fn note_life(&mut self) {
        self.pause = FIRST_PAUSE;
    }

    /// The next probe, which takes the place of some lost bytes and ends a line; `None` where as much as
    /// may be is unanswered. The pause to the next is longer.
    #[expect(
        clippy::should_implement_trait,
        reason = "it goes on when `None` was returned and something answered"
    )]
    pub fn next(&mut self) -> Option<Vec<u8>> {
        let filler = FILLERS[usize::from(self.lines > 0)];
        self.pause *= 2;
        self.send(filler)
    }

    /// A probe that ends a line and nothing else: its answer tells that all before it was read.
    pub fn sweep(&mut self) -> Option<Vec<u8>> {
        self.send(0)
    }

    fn send(&mut self, filler: usize) -> Option<Vec<u8>> {
        // There is always place for a sweep.
        let reserved = if filler > 0 { LINE } else { 0 };
        let length = filler + LINE;
        if self.unanswered + length + reserved > MAX_UNANSWERED {
            return None;
        }
        self.unanswered += length;
        self.lines += 1;
        self.turn += 1;
        Some(poke(filler, self.turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_probes_together_fit_the_smallest_ring_with_a_sweep() {
        let mut probes = Probes::default();
        let mut sent = 0;
        for _ in 0..10 {
            sent += probes.next().map_or(0, |probe| probe.len());
        }
        assert_eq!((sent, probes.lines()), (58, 2));
        sent += probes.sweep().map_or(0, |probe| probe.len());
        assert_eq!((sent, probes.sweep()), (MAX_UNANSWERED, None));
    }

    #[test]
    fn each_pause_is_twice_the_one_before_until_the_program_says_something() {
        let mut probes = Probes::default();
        let first = probes.pause();
        probes.next();
        assert_eq!(probes.pause(), first * 2);
        probes.next();
        assert_eq!(probes.pause(), first * 4);
        probes.note_life();
        assert_eq!(probes.pause(), first);
    }

    #[test]
    fn a_probe_is_noise_and_an_end_of_line() {
        let mut probes = Probes::default();
        let probe = probes.next().expect("the first");
        assert_eq!((probe.len(), probe.last()), (16, Some(&b'\n')));
        assert_eq!(probes.sweep().as_deref(), Some(&b"?\n"[..]));
    }
}
