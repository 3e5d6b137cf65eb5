//! What became of a trial, and their sums.

use std::fmt;

/// What became of one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It said that all went well, and it did.
    Right,
    /// It said that it failed, and all is as it was, or as it should be.
    Told,
    /// The files are whole, and something else is not as it should be: the board does not answer, a
    /// file stays open, the error says nothing.
    Amiss,
    /// It said that it failed, and the file is neither the old nor the new one.
    Torn,
    /// It said that all went well, and the file is wrong.
    Lie,
    /// The board does not answer to the next command.
    Stuck,
}

/// One trial.
pub struct Trial {
    pub verdict: Verdict,
    /// What went wrong, and what the tool said of it.
    pub what: String,
    pub seconds: f64,
}

impl fmt::Display for Trial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verdict,
            what,
            seconds,
        } = self;
        write!(formatter, "{verdict:?} after {seconds:.1} s: {what}")
    }
}

/// Seconds. None may take longer, unless it says so.
const LONGEST: f64 = 30.0;
/// So many must go well without help.
const RECOVERED: f64 = 0.999;

/// The trials of one row.
#[derive(Clone, Debug)]
pub struct Tally {
    pub name: String,
    /// The part of the trials that must go well; power that is lost cannot be helped.
    pub recovered: f64,
    trials: u64,
    right: u64,
    told: u64,
    amiss: u64,
    torn: u64,
    lies: u64,
    stuck: u64,
    longest: f64,
    /// Seconds that none may take longer than.
    within: f64,
}

impl Tally {
    pub const HEAD: [&str; 9] = [
        "what",
        "trials",
        "right",
        "told",
        "amiss",
        "torn",
        "wrong, exit 0",
        "stuck",
        "longest",
    ];

    /// A row of trials that recover by themselves.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            recovered: RECOVERED,
            trials: 0,
            right: 0,
            told: 0,
            amiss: 0,
            torn: 0,
            lies: 0,
            stuck: 0,
            longest: 0.0,
            within: LONGEST,
        }
    }

    /// A row of trials that only must not do harm.
    pub fn harmless(name: impl Into<String>) -> Self {
        Self {
            recovered: 0.0,
            ..Self::new(name)
        }
    }

    /// The same where none may take longer than this.
    pub fn within(self, seconds: f64) -> Self {
        Self {
            within: seconds,
            ..self
        }
    }

    /// How many trials there were.
    pub fn trials(&self) -> u64 {
        self.trials
    }

    /// How many of them went well.
    pub fn right(&self) -> u64 {
        self.right
    }

    /// How many of them ended as none may end.
    pub fn wrong(&self) -> u64 {
        self.amiss + self.torn + self.lies + self.stuck
    }

    /// Whether somebody should look into a trial: it did not go well, or took longer than any may, or a
    /// good part of that and longer than all before.
    pub fn is_of_note(&self, trial: &Trial) -> bool {
        trial.verdict != Verdict::Right
            || trial.seconds > self.within
            || trial.seconds > self.longest.max(self.within / 3.0)
    }

    pub fn add(&mut self, trial: &Trial) {
        self.trials += 1;
        *match trial.verdict {
            Verdict::Right => &mut self.right,
            Verdict::Told => &mut self.told,
            Verdict::Amiss => &mut self.amiss,
            Verdict::Torn => &mut self.torn,
            Verdict::Lie => &mut self.lies,
            Verdict::Stuck => &mut self.stuck,
        } += 1;
        self.longest = self.longest.max(trial.seconds);
    }

    /// Whether a promise does not hold.
    pub fn is_broken(&self) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let recovered = self.right as f64 / (self.trials.max(1)) as f64;
        self.wrong() > 0 || self.longest > self.within || recovered < self.recovered
    }

    pub fn cells(&self) -> Vec<String> {
        let numbers = [
            self.trials,
            self.right,
            self.told,
            self.amiss,
            self.torn,
            self.lies,
            self.stuck,
        ];
        let mut cells = vec![self.name.clone()];
        cells.extend(numbers.map(|number| number.to_string()));
        cells.push(format!("{:.1} s", self.longest));
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(verdicts: &[Verdict]) -> Tally {
        let mut tally = Tally::new("x");
        for &verdict in verdicts {
            tally.add(&Trial {
                verdict,
                what: String::new(),
                seconds: 1.0,
            });
        }
        tally
    }

    #[test]
    fn one_lie_and_one_torn_file_break_the_promise() {
        assert!(!tally(&[Verdict::Right; 9]).is_broken());
        assert!(tally(&[Verdict::Right, Verdict::Lie]).is_broken());
        assert!(tally(&[Verdict::Right, Verdict::Torn]).is_broken());
    }

    #[test]
    fn a_thousandth_may_need_help() {
        let mut verdicts = vec![Verdict::Right; 999];
        verdicts.push(Verdict::Told);
        assert!(!tally(&verdicts).is_broken());
        verdicts.push(Verdict::Told);
        assert!(tally(&verdicts).is_broken());
    }
}
