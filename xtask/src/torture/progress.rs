//! How far a row is, a line on standard error every few seconds.

use std::time::{Duration, Instant};

use super::verdict::Tally;

/// Often enough to see that it goes on, rarely enough to read what is odd in between.
const PERIOD: Duration = Duration::from_secs(5);

/// The trials of one row, of which some are done.
pub struct Progress {
    total: u64,
    begun: Instant,
    told: Instant,
}

impl Progress {
    /// None is done yet.
    pub fn new(total: u64) -> Self {
        let now = Instant::now();
        Self {
            total,
            begun: now,
            told: now,
        }
    }

    /// Tells of it, if that is due.
    pub fn tell(&mut self, tally: &Tally) {
        let now = Instant::now();
        if now - self.told < PERIOD && tally.trials() < self.total {
            return;
        }
        self.told = now;
        let seconds = (now - self.begun).as_secs_f64();
        eprintln!("{}", line(tally, self.total, seconds));
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate, of at most some millions of trials"
)]
fn line(tally: &Tally, total: u64, seconds: f64) -> String {
    let done = tally.trials();
    let rate = done as f64 / seconds.max(0.001);
    let left = total.saturating_sub(done) as f64 / rate.max(0.001);
    let name = &tally.name;
    let (wrong, recovered) = (tally.wrong(), tally.right());
    format!(
        "{name}: {done} of {total}, {wrong} wrong, {recovered} recovered, {rate:.1}/s, {left:.0} s left"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torture::verdict::{Trial, Verdict};

    #[test]
    fn a_line_tells_what_is_done_and_how_long_the_rest_takes() {
        let mut tally = Tally::new("power");
        for verdict in [Verdict::Right, Verdict::Right, Verdict::Told, Verdict::Torn] {
            tally.add(&Trial {
                verdict,
                what: String::new(),
                seconds: 1.0,
            });
        }
        assert_eq!(
            line(&tally, 10, 2.0),
            "power: 4 of 10, 1 wrong, 2 recovered, 2.0/s, 3 s left"
        );
    }
}
