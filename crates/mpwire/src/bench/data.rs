//! What is sent: the same bytes each time, so that two measurements can be compared.

use std::fmt;
use std::fmt::Write as _;

/// A kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes that do not shrink, as of a picture.
    Random,
    /// Text that looks like a Python program.
    Python,
    /// Zeros, which shrink to nearly nothing.
    Zeros,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Random, Self::Python, Self::Zeros];

    /// What to call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Python => "python",
            Self::Zeros => "zeros",
        }
    }

    /// So many bytes of it.
    #[must_use]
    pub fn generate(self, size: usize) -> Vec<u8> {
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        match self {
            Self::Random => (0..size).map(|_| dice.roll() as u8).collect(),
            Self::Python => python(size, &mut dice),
            Self::Zeros => vec![0; size],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    fn below(&mut self, limit: usize) -> usize {
        self.roll() as usize % limit
    }

    fn name(&mut self) -> String {
        format!(
            "{}_{}",
            VERBS[self.below(VERBS.len())],
            NOUNS[self.below(NOUNS.len())]
        )
    }
}

const VERBS: &[&str] = &[
    "read", "write", "open", "close", "start", "stop", "update", "count", "parse", "send", "load",
    "save", "check", "reset", "find", "make",
];
const NOUNS: &[&str] = &[
    "sensor", "buffer", "message", "config", "timer", "display", "value", "packet", "file", "line",
    "motor", "button", "address", "channel", "record", "state", "token", "limit", "offset", "pin",
];

/// Short functions of names, numbers and calls; shrinks to a quarter or a third, as programs do.
fn python(size: usize, dice: &mut Dice) -> Vec<u8> {
    let mut text = String::with_capacity(size + 400);
    while text.len() < size {
        let (function, other) = (dice.name(), dice.name());
        let noun = NOUNS[dice.below(NOUNS.len())];
        let limit = dice.below(5000);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "def {function}(self, {noun}, limit={limit}):\n    \
             \"\"\"{} the {noun}, {} bytes at most.\"\"\"\n",
            VERBS[dice.below(VERBS.len())],
            dice.below(900),
        );
        for _ in 0..=dice.below(4) {
            let (left, right) = (dice.name(), dice.below(256));
            let _ = match dice.below(4) {
                0 => write!(
                    text,
                    "    if {noun} > {right}:\n        self.{left}({right})\n"
                ),
                1 => writeln!(text, "    {left} = self.{other}({noun}) & 0x{right:02x}"),
                2 => write!(
                    text,
                    "    for index in range({right}):\n        self.{left}[index] = {noun}\n"
                ),
                _ => writeln!(text, "    print(\"{left}\", {noun}, {right})"),
            };
        }
        let _ = write!(text, "    return {noun} * {}\n\n\n", dice.below(64));
    }
    text.truncate(size);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::encoding::{Window, deflated_size};

    #[test]
    fn each_kind_is_as_long_as_asked_for_and_the_same_each_time() {
        for kind in Kind::ALL {
            for size in [0, 1, 1000, 40_000] {
                let data = kind.generate(size);
                assert_eq!(data.len(), size, "{kind}");
                assert_eq!(data, kind.generate(size), "{kind}");
            }
        }
    }

    #[test]
    fn each_kind_shrinks_as_its_name_says() {
        let share = |kind: Kind| deflated_size(&kind.generate(8192), Window::LARGEST) * 100 / 8192;
        assert!(share(Kind::Random) >= 99);
        assert!(
            (20..40).contains(&share(Kind::Python)),
            "{}",
            share(Kind::Python)
        );
        assert!(share(Kind::Zeros) < 2);
    }
}
