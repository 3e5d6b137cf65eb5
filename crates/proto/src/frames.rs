//! Binary frames in the output of a program on the board.
//!
//! A frame is 0x02, four hexadecimal digits of length, eight of CRC-32, and so many bytes of
//! anything. Whatever else a program prints, or a thread or timer beside it, is text.

/// Begins a frame.
const START: u8 = 0x02;
/// Digits behind it.
const DIGITS: usize = 12;
/// Ends the output of a program (`crate::raw_paste::END`).
const END: u8 = crate::raw_paste::END;
/// What the raw REPL prints behind a traceback (`pyexec_raw_repl`).
const PROMPT: &[u8] = b"\x04>";
/// The most that is printed of an interrupt, by a program of ours.
const TRACEBACK_LIMIT: usize = 2048;
/// How the traceback of an interrupt ends.
const INTERRUPTED: &[u8] = b"KeyboardInterrupt:";

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Not part of a frame.
    Text(Vec<u8>),
    /// A frame, and whether its CRC is right.
    Frame {
        /// What it holds.
        data: Vec<u8>,
        /// Whether it arrived as it was sent.
        intact: bool,
    },
    /// The program's output has ended.
    End,
    /// It has ended within a frame, and this is what the board printed of the interrupt.
    Cut {
        /// The traceback.
        traceback: Vec<u8>,
    },
}

/// Finds frames in output.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    state: State,
    /// Whether the program has been interrupted.
    is_interrupted: bool,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Text,
    Header(Vec<u8>),
    Data {
        left: usize,
        check: u32,
        data: Vec<u8>,
    },
    /// A frame with what is printed of an interrupt in it.
    Cut {
        data: Vec<u8>,
        /// How much more of that there may be.
        left: usize,
    },
}

impl Scanner {
    /// From now on a frame may end before its time, with an interrupt.
    pub fn expect_interrupt(&mut self) {
        self.is_interrupted = true;
    }

    /// Takes some of `input` and says how much, with the piece that it completes, if any.
    pub fn push(&mut self, input: &[u8]) -> (usize, Option<Piece>) {
        match std::mem::take(&mut self.state) {
            State::Text => self.text(input),
            State::Header(header) => self.header(header, input),
            State::Data { left, check, data } => self.data(left, check, data, input),
            State::Cut { left, data } => self.cut(left, data, input),
        }
    }

    fn text(&mut self, input: &[u8]) -> (usize, Option<Piece>) {
        let end = input
            .iter()
            .position(|&byte| byte == START || byte == END)
            .unwrap_or(input.len());
        if end > 0 {
            return (end, Some(Piece::Text(input[..end].to_vec())));
        }
        if input.first() == Some(&END) {
            return (1, Some(Piece::End));
        }
        if input.first() == Some(&START) {
            self.state = State::Header(Vec::with_capacity(DIGITS));
        }
        (input.len().min(1), None)
    }

    fn header(&mut self, mut header: Vec<u8>, input: &[u8]) -> (usize, Option<Piece>) {
        let Some(&byte) = input.first() else {
            self.state = State::Header(header);
            return (0, None);
        };
        if !byte.is_ascii_hexdigit() {
            // No frame after all.
            header.insert(0, START);
            return (0, Some(Piece::Text(header)));
        }
        header.push(byte);
        if header.len() < DIGITS {
            self.state = State::Header(header);
            return (1, None);
        }
        // Twelve hexadecimal digits are six bytes.
        let number = header.iter().fold(0u64, |number, &digit| {
            number << 4 | u64::from(char::from(digit).to_digit(16).unwrap_or(0))
        });
        #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are meant")]
        let check = number as u32;
        let left = (number >> 32) as usize;
        let data = Vec::with_capacity(left);
        (1, self.data(left, check, data, &[]).1)
    }

    fn data(
        &mut self,
        left: usize,
        check: u32,
        mut data: Vec<u8>,
        input: &[u8],
    ) -> (usize, Option<Piece>) {
        let (used, traceback) = self.extend(&mut data, input, left);
        if let Some(traceback) = traceback {
            return (used, Some(Piece::Cut { traceback }));
        }
        let left = left - used;
        if left > 0 {
            self.state = State::Data { left, check, data };
            return (used, None);
        }
        let intact = crc32fast::hash(&data) == check;
        if self.is_interrupted && !intact {
            let (more, piece) = self.cut(TRACEBACK_LIMIT, data, &input[used..]);
            return (used + more, piece);
        }
        (used, Some(Piece::Frame { data, intact }))
    }

    /// A frame that lacked less than is printed of an interrupt is complete, and damaged.
    fn cut(&mut self, left: usize, mut data: Vec<u8>, input: &[u8]) -> (usize, Option<Piece>) {
        let (used, traceback) = self.extend(&mut data, input, left);
        let left = left - used;
        let piece = match traceback {
            Some(traceback) => Some(Piece::Cut { traceback }),
            None if left == 0 => Some(Piece::Frame {
                data,
                intact: false,
            }),
            None => {
                self.state = State::Cut { left, data };
                None
            }
        };
        (used, piece)
    }

    /// Takes `most` bytes of `input` at most into `data`, up to the end of what is printed of an
    /// interrupt; returns how many, and that.
    fn extend(&self, data: &mut Vec<u8>, input: &[u8], most: usize) -> (usize, Option<Vec<u8>>) {
        let input = &input[..most.min(input.len())];
        if !self.is_interrupted {
            data.extend_from_slice(input);
            return (input.len(), None);
        }
        for (index, &byte) in input.iter().enumerate() {
            data.push(byte);
            if let Some(traceback) = traceback(data) {
                return (index + 1, Some(traceback));
            }
        }
        (input.len(), None)
    }
}

/// What is printed of an interrupt, if that is how `data` ends: between the end of the output and
/// the end of the whole stands a traceback, and the prompt behind it.
fn traceback(data: &[u8]) -> Option<Vec<u8>> {
    let printed = data.strip_suffix(PROMPT)?;
    let start = printed.iter().rposition(|&byte| byte == END)? + 1;
    let traceback = &printed[start..];
    traceback
        .trim_ascii_end()
        .ends_with(INTERRUPTED)
        .then(|| traceback.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(data: &[u8]) -> Vec<u8> {
        let mut frame = format!("\x02{:04x}{:08x}", data.len(), crc32fast::hash(data)).into_bytes();
        frame.extend(data);
        frame
    }

    fn pieces(input: &[u8], chunk: usize) -> Vec<Piece> {
        let mut scanner = Scanner::default();
        let mut pieces: Vec<Piece> = Vec::new();
        for mut part in input.chunks(chunk) {
            while !part.is_empty() {
                let (used, piece) = scanner.push(part);
                part = &part[used..];
                match (pieces.last_mut(), piece) {
                    (Some(Piece::Text(text)), Some(Piece::Text(more))) => text.extend(more),
                    (_, Some(piece)) => pieces.push(piece),
                    (_, None) => {}
                }
            }
        }
        pieces
    }

    proptest! {
        #[test]
        fn frames_are_found_however_the_output_is_cut(
            data in proptest::collection::vec(any::<u8>(), 0..300),
            chunk in 1usize..50,
        ) {
            let input = [b"12\x02ab\n", &frame(&data)[..], &frame(b"\x04"), b"end\x04"].concat();
            prop_assert_eq!(pieces(&input, chunk), vec![
                Piece::Text(b"12\x02ab\n".to_vec()),
                Piece::Frame { data, intact: true },
                Piece::Frame { data: b"\x04".to_vec(), intact: true },
                Piece::Text(b"end".to_vec()),
                Piece::End,
            ]);
        }
    }

    #[test]
    fn an_interrupt_ends_a_frame_before_its_time() {
        let traceback = b"Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n";
        let whole = frame(&[[4; 299].as_slice(), b"5"].concat());
        for (length, chunk) in (14..whole.len()).flat_map(|at| [(at, 1), (at, 7), (at, 500)]) {
            let input = [b"text", &whole[..length], b"\x04", traceback, b"\x04>"].concat();
            let mut scanner = Scanner::default();
            scanner.expect_interrupt();
            let mut last = None;
            for mut part in input.chunks(chunk) {
                while !part.is_empty() {
                    let (used, piece) = scanner.push(part);
                    part = &part[used..];
                    last = piece.or(last);
                }
            }
            let traceback = traceback.to_vec();
            assert_eq!(last, Some(Piece::Cut { traceback }), "{length} {chunk}");
        }
    }

    #[test]
    fn what_is_damaged_after_an_interrupt_is_told_when_no_end_comes() {
        let mut scanner = Scanner::default();
        scanner.expect_interrupt();
        let mut input = frame(&[7; 30]);
        input[20] ^= 1;
        input.extend([7; TRACEBACK_LIMIT]);
        let mut part = &input[..];
        let mut pieces = Vec::new();
        while !part.is_empty() {
            let (used, piece) = scanner.push(part);
            part = &part[used..];
            pieces.extend(piece);
        }
        assert!(matches!(&pieces[..], [Piece::Frame { intact: false, .. }]));
    }

    #[test]
    fn a_damaged_frame_is_told() {
        let mut damaged = frame(b"hello");
        damaged[15] ^= 1;
        assert!(matches!(
            &pieces(&damaged, 4)[..],
            [Piece::Frame { intact: false, .. }]
        ));
    }
}
