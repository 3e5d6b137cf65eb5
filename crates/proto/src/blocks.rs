//! Blocks of binary data to a program on the board that asks for each of them, and its questions.
//!
//! The other side is `onboard/agent.py` of the library, which describes the format. A block holds no
//! byte 0x03, so that the board's interrupt character stays what it is.

/// Asks for a block of even number, and of odd number.
const MARKS: [u8; 2] = [0x06, 0x15];
/// The characters that tell questions apart.
const QUESTIONS: std::ops::RangeInclusive<u8> = b'!'..=b'`';
/// The interrupt character, which must not be on the wire.
const INTERRUPT: u8 = 0x03;
/// The longest distance in one byte: 4 is added to it, and 255 means something else.
const DISTANCE_MOST: usize = 250;
/// How far 255 leads, without a 0x03 there.
const DISTANCE_SKIP: usize = 251;
/// What makes a waiting board ask again: fills the place of bytes that were lost, and is no header.
const POKE: u8 = b'?';

/// Computes what tells a damaged block: of a question's number and the block's payload.
pub type Check = fn(u8, &[u8]) -> u32;

/// A question of the board's: what it has said is complete, and it waits for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Whether it is for a block of odd number; the first is number 0.
    pub odd: bool,
    /// What tells it from others, to be answered with the block.
    pub number: u8,
}

/// CRC-32 of a block, begun with the number of the question that it answers.
#[must_use]
pub fn crc32(number: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(number.into());
    hasher.update(payload);
    hasher.finalize()
}

/// Writes a block that answers the question `number`: `payload`, which stands for `size` bytes, with
/// what `check` makes of number and payload, and the size on top.
#[must_use]
pub fn block(number: u8, payload: &[u8], size: usize, check: Check) -> Vec<u8> {
    let escaped = escape(payload);
    // No block stands for 4 GiB.
    let check = check(number, payload) ^ u32::try_from(size).unwrap_or_default();
    let total = escaped.len();
    let mut block = format!("{total} {} {size} {check}\n", payload.len()).into_bytes();
    block.extend(escaped);
    block
}

/// `payload` without interrupt characters, and behind it where they were.
pub(crate) fn escape(payload: &[u8]) -> Vec<u8> {
    let hide = |&byte: &u8| if byte == INTERRUPT { 0 } else { byte };
    let mut escaped: Vec<u8> = payload.iter().map(hide).collect();
    escaped.extend(distances(payload));
    escaped
}

/// How many bytes `payload` takes on the wire, its header aside.
#[must_use]
pub fn wire_length(payload: &[u8]) -> usize {
    payload.len() + distances(payload).len()
}

/// The distances from one interrupt character to the next, counted from before the first byte.
fn distances(payload: &[u8]) -> Vec<u8> {
    let mut distances = Vec::new();
    let mut from = 0;
    for (index, _) in payload
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == INTERRUPT)
    {
        let mut distance = index + 1 - from;
        while distance > DISTANCE_MOST {
            distances.push(255);
            distance -= DISTANCE_SKIP;
        }
        from = index + 1;
        // At most 250, so that 4 more fit a byte.
        distances.push(u8::try_from(distance + 4).unwrap_or(255));
    }
    distances
}

/// What gets a board going that waits for bytes which were lost, or whose question was: as many
/// bytes as may be missing, then a line that is no header.
///
/// Noise without control characters but NUL, another for each `turn`: a damaged deflate stream takes
/// blanks for symbols without end, and comes to an end soon in what has no pattern.
#[must_use]
pub fn poke(missing: usize, turn: u32) -> Vec<u8> {
    let mut state = turn;
    let noise = std::iter::repeat_with(|| {
        // Numerical Recipes' generator, of which the upper bits are good.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match (state >> 24) as u8 {
            // No control character does anything at a prompt, or in a program that reads lines.
            0..b' ' | 0x7f => 0,
            byte => byte,
        }
    });
    let mut poke: Vec<u8> = noise.take(missing).collect();
    poke.extend([POKE, b'\n']);
    poke
}

/// Tells the board's questions from what it says.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    /// Whether the last byte was a mark, and which.
    mark: Option<usize>,
    /// How many questions there were.
    asked: u32,
}

impl Listener {
    /// How many questions the board has asked so far.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// Appends what the board says in `input` to `text` and returns its last question, if any.
    pub fn push(&mut self, input: &[u8], text: &mut Vec<u8>) -> Option<Question> {
        let mut question = None;
        for &byte in input {
            let mark = MARKS.iter().position(|&mark| mark == byte);
            match self.mark.take() {
                Some(odd) if QUESTIONS.contains(&byte) => {
                    self.asked = self.asked.wrapping_add(1);
                    question = Some(Question {
                        odd: odd == 1,
                        number: byte,
                    });
                }
                _ if mark.is_some() => self.mark = mark,
                _ => text.push(byte),
            }
        }
        question
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the board does with a block.
    fn read(block: &[u8], number: u8) -> Option<(Vec<u8>, usize)> {
        let end = block.iter().position(|&byte| byte == b'\n')?;
        let line = std::str::from_utf8(&block[..end]).ok()?;
        let words: Vec<usize> = line
            .split(' ')
            .map(|word| word.parse().ok())
            .collect::<Option<_>>()?;
        let [total, length, size, check] = words[..] else {
            return None;
        };
        let mut body = block[end + 1..].to_vec();
        if body.len() != total || length > total {
            return None;
        }
        let steps = body.split_off(length);
        let mut place = 0;
        for step in steps {
            place += usize::from(step).checked_sub(4)?;
            if step < 255 {
                *body.get_mut(place.checked_sub(1)?)? = 3;
            }
        }
        let mut hasher = crc32fast::Hasher::new_with_initial(number.into());
        hasher.update(&body);
        (hasher.finalize() as usize ^ size == check).then_some((body, size))
    }

    proptest! {
        #[test]
        fn any_data_arrives_and_the_interrupt_character_is_never_sent(
            seed in proptest::collection::vec((any::<u8>(), 1usize..600), 0..30),
            number in 33u8..=96,
        ) {
            let mut data = Vec::new();
            for (byte, count) in seed {
                data.extend(vec![byte; count]);
                data.push(INTERRUPT);
            }
            let block = block(number, &data, 77, crc32);
            prop_assert!(!block.contains(&INTERRUPT));
            prop_assert_eq!(read(&block, number), Some((data.clone(), 77)));
            prop_assert_eq!(read(&block, number % 64 + 33), None);
            prop_assert!(block.len() - wire_length(&data) < 40);
        }

        #[test]
        fn questions_are_found_however_the_input_is_cut(cut in 0usize..20) {
            let input = b"(1, 2)\r\n\x06!\x15\"text\x06\x06#";
            let cut = cut.min(input.len());
            let (mut listener, mut text) = (Listener::default(), Vec::new());
            let first = listener.push(&input[..cut], &mut text);
            let second = listener.push(&input[cut..], &mut text);
            prop_assert_eq!(second.or(first), Some(Question { odd: false, number: b'#' }));
            prop_assert_eq!(&text[..], b"(1, 2)\r\ntext");
            prop_assert_eq!(listener.asked(), 3);
        }
    }

    #[test]
    fn a_damaged_number_of_a_block_is_noticed() {
        let sent = block(b'!', b"payload", 19, crc32);
        let end = sent.iter().position(|&byte| byte == b'\n').expect("a line");
        for index in 0..end {
            for bit in 0..8 {
                let mut damaged = sent.clone();
                damaged[index] ^= 1 << bit;
                assert_eq!(read(&damaged, b'!'), None, "{index} {bit}");
            }
        }
    }

    #[test]
    fn a_block_of_nothing_but_interrupts() {
        let data = vec![INTERRUPT; 1000];
        assert_eq!(read(&block(5, &data, 1, crc32), 5), Some((data, 1)));
    }

    #[test]
    fn a_poke_holds_no_interrupt_and_ends_a_line() {
        for turn in 0..300 {
            let poke = poke(64, turn);
            let (noise, end) = poke.split_at(64);
            assert!(
                noise
                    .iter()
                    .all(|&byte| byte == 0 || byte >= b' ' && byte != 0x7f)
            );
            assert_eq!(end, b"?\n");
        }
        assert_ne!(poke(64, 0), poke(64, 1));
    }
}
