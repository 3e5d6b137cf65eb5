//! What the frames of a board that deflates mean: pieces of raw deflate streams, and all else as it
//! is.
//!
//! A board is not trusted: what a frame inflates to is no more than the blocks that it can stand
//! for, and no more of a file arrives than was announced.

use flate2::{Decompress, FlushDecompress, Status};

use super::arrival::{Arrival, Found};
use crate::transfer::Error;

/// How much more than a block a frame may bring: what a stream has held back before, at most a match
/// of 258 bytes.
const HELD_BACK: usize = 512;
/// The bit of a frame's last byte that tells of a stream; the others count.
const DEFLATED: u8 = 1;

/// The streams of one run.
pub(super) struct Inflation {
    /// Bytes of a block.
    room: usize,
    /// The count in the next frame.
    count: u8,
    stream: Option<Box<Stream>>,
    has_inflated: bool,
}

struct Stream {
    inflater: Decompress,
    /// Inflated bytes that are no whole block yet: only behind a block can another run go on.
    rest: Vec<u8>,
}

/// What a frame was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// What was due.
    Sense,
    /// Not the frame that was due: another was lost.
    Lost,
    /// The frame that was due, and nonsense: the board does not deflate as it should.
    Nonsense,
}

impl From<Found> for Taken {
    fn from(found: Found) -> Self {
        match found {
            Found::Sense => Self::Sense,
            Found::Nonsense => Self::Nonsense,
        }
    }
}

impl Inflation {
    /// Of a run with blocks of `room` bytes.
    pub(super) fn new(room: usize) -> Self {
        Self {
            room,
            count: 2,
            stream: None,
            has_inflated: false,
        }
    }

    /// Whether the board has deflated anything.
    pub(super) fn has_inflated(&self) -> bool {
        self.has_inflated
    }

    /// Takes what an intact frame holds.
    pub(super) fn take(
        &mut self,
        arrival: &mut Arrival,
        mut data: Vec<u8>,
    ) -> Result<Taken, Error> {
        let Some(last) = data.pop() else {
            return Ok(Taken::Lost);
        };
        if last & !DEFLATED != self.count {
            return Ok(Taken::Lost);
        }
        self.count = self.count.wrapping_add(2);
        if last & DEFLATED != 0 {
            self.inflate(arrival, &data)
        } else if self.stream.is_some() {
            Ok(Taken::Nonsense)
        } else {
            Ok(arrival.accept(&data)?.into())
        }
    }

    fn inflate(&mut self, arrival: &mut Arrival, piece: &[u8]) -> Result<Taken, Error> {
        let stream = self.stream.get_or_insert_with(|| {
            Box::new(Stream {
                inflater: Decompress::new(false),
                rest: Vec::new(),
            })
        });
        let Some(ended) = stream.inflate(piece, self.room + HELD_BACK) else {
            return Ok(Taken::Nonsense);
        };
        self.has_inflated = true;
        // An empty block would be the end of the file.
        let whole = if ended {
            stream.rest.len()
        } else {
            stream.rest.len() / self.room * self.room
        };
        for block in stream.rest[..whole].chunks(self.room) {
            if arrival.is_too_much(block.len()) {
                return Ok(Taken::Nonsense);
            }
            if arrival.accept(block)? == Found::Nonsense {
                return Ok(Taken::Nonsense);
            }
        }
        stream.rest.drain(..whole);
        if ended {
            self.stream = None;
        }
        Ok(Taken::Sense)
    }
}

impl Stream {
    /// Inflates a piece, to `most` bytes at most, and says whether the stream ends with it; `None` if it
    /// is no piece of a stream, or more.
    fn inflate(&mut self, mut piece: &[u8], most: usize) -> Option<bool> {
        let limit = self.rest.len() + most;
        self.rest.reserve(most);
        loop {
            let (read, length) = (self.inflater.total_in(), self.rest.len());
            let status = self
                .inflater
                .decompress_vec(piece, &mut self.rest, FlushDecompress::None)
                .ok()?;
            let used = usize::try_from(self.inflater.total_in() - read).ok()?;
            piece = &piece[used..];
            if self.rest.len() > limit {
                return None;
            }
            if status == Status::StreamEnd {
                // moddeflate.c fills the last byte, and may write one of fill alone.
                return (piece.len() <= 1).then_some(true);
            }
            if used == 0 && self.rest.len() == length {
                // There is room for all that it may stand for, so that nothing is left but too much.
                return piece.is_empty().then_some(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::transfer::download::{Outcome, Receiver, Wanted};

    const ROOM: usize = 1024;

    /// Keeps what arrives.
    #[derive(Default)]
    struct Memory {
        data: Vec<u8>,
        is_done: bool,
    }

    impl Receiver for Memory {
        fn begin(&mut self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write(&mut self, data: &[u8]) -> io::Result<()> {
            self.data.extend(data);
            Ok(())
        }

        fn end(&mut self, _: usize, _: Outcome) -> io::Result<()> {
            self.is_done = true;
            Ok(())
        }
    }

    /// Numbers frames, each of them a kind and what it holds, as a board does, and gives them to an
    /// arrival of a file of that announced length.
    fn take(size: u64, frames: &[(u8, &[u8])]) -> (Vec<Taken>, Memory) {
        let files = [Wanted {
            path: "file".to_owned(),
            size: Some(size),
            known: None,
        }];
        let mut memory = Memory::default();
        let mut arrival = Arrival::new(&files, &mut memory);
        arrival.start();
        let mut inflation = Inflation::new(ROOM);
        let taken = (1..)
            .zip(frames)
            .map(|(number, (kind, data))| {
                let frame = [data, &[2 * number + kind][..]].concat();
                inflation.take(&mut arrival, frame).expect("no error")
            })
            .collect();
        (taken, memory)
    }

    fn deflated(data: &[u8]) -> Vec<u8> {
        mpwire_deflate::Encoder::new(9).push(data, mpwire_deflate::Flush::Finish)
    }

    fn text() -> Vec<u8> {
        (0..9 * ROOM / 4)
            .flat_map(|number| format!("{number:04}").into_bytes())
            .collect()
    }

    use Taken::{Lost, Nonsense, Sense};

    #[test]
    fn a_stream_arrives_however_it_is_cut() {
        let text = text();
        let digest = Sha256::digest(&text);
        let stream = deflated(&text);
        for length in [40, 77, 99] {
            let mut pieces: Vec<Vec<u8>> = stream.chunks(length).map(<[u8]>::to_vec).collect();
            // A board may write a byte behind the end that is fill alone.
            pieces.last_mut().expect("some").push(0);
            let mut frames: Vec<(u8, &[u8])> =
                pieces.iter().map(|piece| (DEFLATED, &piece[..])).collect();
            frames.extend([(0, &b""[..]), (0, &digest[..])]);
            let (taken, memory) = take(text.len() as u64, &frames);
            assert!(taken.iter().all(|taken| *taken == Sense), "{length}");
            assert!(memory.is_done && memory.data == text, "{length}");
        }
    }

    #[test]
    fn blocks_may_stand_before_and_behind_a_stream() {
        let block = [7; ROOM];
        let stream = deflated(&[8; ROOM]);
        let whole = [&block[..], &[8; ROOM], &block, &[8; ROOM], b"end"].concat();
        let digest = Sha256::digest(&whole);
        let (taken, memory) = take(
            whole.len() as u64,
            &[
                (0, &block),
                (DEFLATED, &stream),
                (0, &block),
                (DEFLATED, &stream),
                (0, b"end"),
                (0, b""),
                (0, &digest),
            ],
        );
        assert_eq!(taken, [Sense; 7]);
        assert!(memory.is_done && memory.data == whole);
    }

    #[test]
    fn what_inflates_to_more_than_it_stands_for_is_nonsense() {
        let bomb = deflated(&vec![0; 1 << 20]);
        let (taken, memory) = take(1 << 30, &[(DEFLATED, &bomb)]);
        assert_eq!(taken, [Nonsense]);
        assert!(memory.data.is_empty());
    }

    #[test]
    fn more_than_was_announced_is_nonsense() {
        let stream = deflated(&[0; ROOM]);
        let (taken, memory) = take(ROOM as u64 * 3 / 2, &[(DEFLATED, &stream[..]); 2]);
        assert_eq!(taken, [Sense, Nonsense]);
        assert_eq!(memory.data.len(), ROOM);
    }

    #[test]
    fn what_is_no_stream_or_has_no_end_is_nonsense() {
        let (taken, _) = take(9000, &[(DEFLATED, &[0xff; 50])]);
        assert_eq!(taken, [Nonsense]);
        let stream = deflated(&[0; ROOM]);
        let (taken, _) = take(9000, &[(DEFLATED, &stream[..5]), (0, b"")]);
        assert_eq!(taken, [Sense, Nonsense]);
        let behind = [&stream[..], b"more"].concat();
        let (taken, _) = take(9000, &[(DEFLATED, &behind)]);
        assert_eq!(taken, [Nonsense]);
    }

    #[test]
    fn a_lost_frame_is_noticed_at_the_next() {
        let (taken, memory) = take(9000, &[(0, b"one"), (2, b"three"), (0, b"")]);
        assert_eq!(taken, [Sense, Lost, Lost]);
        assert_eq!(memory.data, b"one");
    }
}
