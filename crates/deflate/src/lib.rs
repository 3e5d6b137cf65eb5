//! A raw deflate encoder (RFC 1951) that spends time to save bytes.
//!
//! At 115200 baud each byte takes 87 µs on the wire, while the computer that sends it idles. So
//! this encoder searches where zlib guesses: it finds all matches, chooses among them with a
//! shortest path over what each would cost, and cuts the stream into blocks where new codes pay
//! for their tables. Any inflater reads the result, also one with a small window.
//!
//! | module | what it does |
//! |---|---|
//! | `matches` | finds the nearest earlier place for every length at every position |
//! | `parse` | chooses literals and matches: first by rule, then by cost |
//! | `split` | cuts the chosen tokens into blocks |
//! | `segment` | repeats these two until the result shrinks no more |
//! | `block` | decides how a block is coded, and writes it |
//! | `table` | the code lengths in front of a block |
//! | `huffman` | prefix codes of limited length |
//! | `symbols` | the alphabets, and how often each symbol occurs |
//! | `bits` | bits into bytes |

mod bits;
mod block;
mod huffman;
mod matches;
mod parse;
mod segment;
mod split;
mod symbols;
mod table;

use bits::BitWriter;
use matches::Finder;

/// Bytes that are optimised together: a whole number of the longest stored blocks, so that
/// incompressible data has none that are nearly empty. More would save the tables of a few blocks
/// and take memory: about 40 bytes for each byte here.
const SEGMENT: usize = 4 * block::LONGEST_STORED;

/// How a push ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flush {
    /// With an empty stored block: the receiver can decode all that was pushed, and the next push
    /// begins on a byte. The last four bytes are `00 00 FF FF`.
    Sync,
    /// With the end of the stream, filled up to a byte.
    Finish,
}

/// How much time an encoder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As few bytes as can be found: for lines slower than about 100 KB/s.
    Dense,
    /// About as many bytes as zlib's usual level, several times as fast.
    Quick,
}

/// One raw deflate stream in the making.
#[derive(Debug, Clone)]
pub struct Encoder {
    window: usize,
    effort: Effort,
    finder: Finder,
    /// See [`Encoder::unread`].
    unread: usize,
}

impl Encoder {
    /// An encoder for a receiver with a window of `1 << window_bits` bytes. Distances up to exactly
    /// that are used.
    ///
    /// # Panics
    ///
    /// If `window_bits` is not within 8 to 15.
    #[must_use]
    pub fn new(window_bits: u8) -> Self {
        Self::with_effort(window_bits, Effort::Dense)
    }

    /// As [`Encoder::new`], which makes a dense one.
    ///
    /// # Panics
    ///
    /// If `window_bits` is not within 8 to 15.
    #[must_use]
    pub fn with_effort(window_bits: u8, effort: Effort) -> Self {
        assert!(
            (8..=15).contains(&window_bits),
            "deflate windows have 8 to 15 bits, not {window_bits}"
        );
        let window = 1 << window_bits;
        Self {
            window,
            effort,
            finder: Finder::new(window, SEGMENT, effort),
            unread: 0,
        }
    }

    /// Goes on with the stream with another effort.
    pub fn set_effort(&mut self, effort: Effort) {
        self.effort = effort;
        self.finder.set_effort(effort);
    }

    /// How many bytes at the end of the last push an inflater that reads no further than it must
    /// has not read when it has given all data of that push: the flush, but for the bits of it
    /// that share a byte with the data.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// Appends `data` to the stream and returns all its bytes from the previous push up to and
    /// with the flush. What is pushed later may refer to `data` within the window.
    ///
    /// After [`Flush::Finish`] the encoder is as new: the next push begins another stream.
    pub fn push(&mut self, data: &[u8], flush: Flush) -> Vec<u8> {
        let mut output = BitWriter::default();
        let segments = data.chunks(SEGMENT);
        let last = segments.len();
        for (number, bytes) in (1..).zip(segments) {
            let finish = flush == Flush::Finish && number == last;
            let candidates = self.finder.segment(bytes);
            segment::write(bytes, &candidates, self.effort, finish, &mut output);
        }
        match flush {
            Flush::Sync => block::write_empty_stored(&mut output),
            Flush::Finish => {
                if data.is_empty() {
                    block::write_empty_final(&mut output);
                }
                self.finder = Finder::new(self.window, SEGMENT, self.effort);
            }
        }
        let read = output.marked_bytes();
        let output = output.finish();
        self.unread = output.len() - read;
        output
    }
}
