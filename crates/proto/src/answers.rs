//! Answers of our own programs in whatever else a board prints.
//!
//! An answer is STX, a Python literal and ETX, the characters that ASCII has for it. A literal holds no
//! control character, and the board writes an answer in one call, so that what a thread or a timer of
//! the user's prints stands in front of it or behind it, and is no part of it.

/// Begins an answer (STX).
pub const START: u8 = 0x02;
/// Ends one (ETX).
pub const END: u8 = 0x03;

/// The answers in `output`, in order.
#[must_use]
pub fn answers(output: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    output
        .split_inclusive(|&byte| byte == END)
        .filter_map(|piece| {
            let piece = piece.strip_suffix(&[END])?;
            Some(&piece[last_start(piece)? + 1..])
        })
}

/// Whether each answer in `output` has its beginning and its end.
#[must_use]
pub fn are_whole(output: &[u8]) -> bool {
    let is_mark = |byte: &&u8| matches!(**byte, START | END);
    output.iter().filter(is_mark).count() == 2 * answers(output).count()
}

/// What stands in front of the last answer in `output`, and that.
#[must_use]
pub fn split_last(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = output.iter().rposition(|&byte| byte == END)?;
    let start = last_start(&output[..end])?;
    Some((&output[..start], &output[start + 1..end]))
}

fn last_start(output: &[u8]) -> Option<usize> {
    output.iter().rposition(|&byte| byte == START)
}

/// Finds answers in output as it comes.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    /// The answer that has begun.
    answer: Option<Vec<u8>>,
}

impl Collector {
    /// Takes a byte and returns the answer that it ends. One of more than `most` bytes is cut there.
    pub fn push(&mut self, byte: u8, most: usize) -> Option<Vec<u8>> {
        match byte {
            START => self.answer = Some(Vec::new()),
            END => return self.answer.take(),
            _ => {
                if let Some(answer) = self.answer.as_mut().filter(|answer| answer.len() < most) {
                    answer.push(byte);
                }
            }
        }
        None
    }

    /// Bytes of the answer that has begun.
    #[must_use]
    pub fn held(&self) -> usize {
        self.answer.as_ref().map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &[u8] = b"noise\r\n\x02(1, 2)\x03\r\nnoise\r\n\x02None\x03no";

    #[test]
    fn what_else_is_printed_is_no_part_of_an_answer() {
        let expected: [&[u8]; 2] = [b"(1, 2)", b"None"];
        assert!(answers(OUTPUT).eq(expected));
        assert!(are_whole(OUTPUT));
        let (before, last) = split_last(OUTPUT).unwrap();
        assert_eq!(last, b"None");
        assert!(answers(before).eq([expected[0]]));
        let mut collector = Collector::default();
        let collected: Vec<Vec<u8>> = OUTPUT
            .iter()
            .filter_map(|&byte| collector.push(byte, 4))
            .collect();
        assert_eq!(collected, [b"(1, ", b"None"]);
    }

    #[test]
    fn an_answer_that_was_cut_is_none_and_is_missed() {
        for cut in [
            &b"\x02(1, \x02None\x03"[..],
            b"2)\x03\x02None\x03",
            b"\x02None\x03\x02(1",
        ] {
            assert!(answers(cut).any(|answer| answer == b"None"));
            assert!(!are_whole(cut));
        }
        assert_eq!(split_last(b"nothing"), None);
    }
}
