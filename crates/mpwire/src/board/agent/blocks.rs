//! What is to be sent to the agent, cut into blocks.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use mpwire_deflate::{Effort, Encoder, Flush};
use mpwire_proto::blocks::wire_length;

use crate::board::record;

/// How much denser than before a block may be hoped to be, so that most are full.
const HOPE: f64 = 1.1;
/// Assumed of what was not measured yet: bytes on the wire for one of the stream.
const DENSITY: f64 = 0.35;

/// After one damaged block the next are not made shorter than this.
const SHORT_ROOM: usize = 4096;
/// Nor shorter than this after a block that was damaged again: then what surrounds a block costs more
/// than sending it again.
const MIN_ROOM: usize = 512;

/// A block: its payload, and the bytes of the stream that it stands for.
pub(crate) type Block = (Vec<u8>, usize);

/// Where in a stream something is that the board works on, silently, and for how long.
type Work = (usize, Duration);

/// A block with what it takes to encode its part of the stream again.
#[derive(Debug)]
struct Encoded {
    block: Block,
    /// The part of the stream that it stands for.
    plain: Vec<u8>,
    /// Parts of that which must not be cut.
    whole: Vec<Range<usize>>,
    /// What the board does with it: where in the part that is known, and for how long.
    work: Vec<Work>,
    /// The encoder as it was before.
    encoder: Option<Encoder>,
    /// What the block before had left unread.
    unread: Vec<u8>,
}

/// A stream of programs to run and data for them, as blocks of at most a given size.
///
/// The agent reads the two bytes of a program's size, and the program, from one block.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// The most bytes of a block now.
    room: usize,
    /// The most that the board can take.
    max_room: usize,
    bits: u8,
    effort: Effort,
    encoder: Option<Encoder>,
    /// The end of what was encoded, which an inflater does not read before it has to.
    unread: Vec<u8>,
    /// What is not encoded yet.
    stream: Vec<u8>,
    /// Parts of it that must not be cut, in order.
    whole: VecDeque<Range<usize>>,
    /// How long the board will work, silently, when it has the stream up to a place.
    work: VecDeque<Work>,
    /// Bytes on the wire for one of the stream, in the block before.
    density: f64,
    /// The next block, if it is encoded already.
    prepared: Option<Encoded>,
    /// The block that was sent last: until the board has it, it may be cut.
    sent: Option<Encoded>,
    /// Bytes of the stream in all blocks so far.
    done: u64,
}

impl Blocks {
    /// Blocks of at most `room` bytes, deflated with a window of `bits`; 0 is not at all.
    pub(crate) fn new(room: usize, bits: u8, effort: Effort) -> Self {
        Self {
            room,
            max_room: room,
            bits,
            effort,
            encoder: encoder(bits, effort),
            unread: Vec::new(),
            stream: Vec::new(),
            whole: VecDeque::new(),
            work: VecDeque::new(),
            density: if bits > 0 { DENSITY } else { 1.0 },
            prepared: None,
            sent: None,
            done: 0,
        }
    }

    /// Bytes of the stream in all blocks so far.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// Bytes of the stream up to its end so far, those that wait included.
    pub(crate) fn total(&self) -> u64 {
        let prepared = self.prepared.as_ref().map_or(0, |next| next.block.1);
        self.done + (prepared + self.stream.len()) as u64
    }

    /// Whether nothing waits to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.stream.is_empty() && self.prepared.is_none()
    }

    /// Forgets all that waits, before anything was sent.
    pub(crate) fn forget(&mut self) {
        self.recall();
        self.stream.clear();
        self.whole.clear();
        self.work.clear();
    }

    /// Bytes of the stream that wait to be encoded.
    pub(crate) fn waiting(&self) -> usize {
        self.stream.len()
    }

    /// Bytes of the stream that are expected to fill a block.
    pub(crate) fn wanted(&self) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "an estimate"
        )]
        let wanted = (self.room as f64 / self.density * HOPE) as usize;
        wanted.max(1)
    }

    /// Goes on with other sizes, before anything was sent.
    pub(crate) fn resize(&mut self, room: usize, bits: u8) {
        if room == self.room && bits == self.bits {
            return;
        }
        self.recall();
        self.room = room;
        self.max_room = room;
        self.bits = bits;
        self.encoder = encoder(bits, self.effort);
    }

    /// Begins with blocks of at most `room` bytes, before anything was sent; those that arrive grow.
    pub(crate) fn limit(&mut self, room: usize) {
        if room < self.room {
            self.recall();
            self.room = room;
        }
    }

    /// Makes shorter blocks from now on, of which fewer are damaged.
    pub(crate) fn shorten(&mut self) {
        if self.room > SHORT_ROOM {
            self.room = (self.room / 2).max(SHORT_ROOM);
        }
    }

    /// Makes blocks somewhat longer again, after one that arrived the first time.
    pub(crate) fn lengthen(&mut self) {
        self.room = (self.room + self.room / 8).min(self.max_room);
    }

    /// Takes back the block that was sent last, which the board has not taken, and returns one of about
    /// half its length in its place; `None` where none shorter is possible or of use.
    pub(crate) fn halve(&mut self) -> Option<Block> {
        let length = wire_length(&self.sent.as_ref()?.block.0);
        if length / 2 < MIN_ROOM {
            return None;
        }
        if let Some(next) = self.prepared.take() {
            self.put_back(next);
        }
        let sent = self.sent.take()?;
        self.done -= sent.block.1 as u64;
        self.put_back(sent);
        self.room = self.room.min(length / 2);
        self.next(true)
    }

    /// Undoes the encoding of a block; of several, the last comes first.
    fn put_back(&mut self, encoded: Encoded) {
        self.make_room_in_front(encoded.plain.len());
        for part in encoded.whole.into_iter().rev() {
            self.whole.push_front(part);
        }
        for work in encoded.work.into_iter().rev() {
            self.work.push_front(work);
        }
        self.stream.splice(..0, encoded.plain);
        self.encoder = encoded.encoder;
        self.unread = encoded.unread;
    }

    fn make_room_in_front(&mut self, size: usize) {
        for part in &mut self.whole {
            *part = part.start + size..part.end + size;
        }
        for (place, _) in &mut self.work {
            *place += size;
        }
    }

    /// Notes how long the board will work, silently, when it has the stream so far.
    pub(crate) fn expect_work(&mut self, work: Duration) {
        self.work.push_back((self.stream.len(), work));
    }

    /// How long the board will work, silently, on the block that was sent last.
    pub(crate) fn work(&self) -> Duration {
        let sent = self.sent.iter().flat_map(|sent| &sent.work);
        sent.map(|(_, work)| *work).sum()
    }

    /// Compresses no harder than is quick from now on.
    pub(crate) fn hurry(&mut self) {
        self.effort = Effort::Quick;
        if let Some(encoder) = &mut self.encoder {
            encoder.set_effort(Effort::Quick);
        }
    }

    /// Takes back what was prepared; only while nothing was sent.
    fn recall(&mut self) {
        if let Some(prepared) = self.prepared.take() {
            self.put_back(prepared);
            self.encoder = encoder(self.bits, self.effort);
        }
    }

    /// A program to run before all else, while nothing was sent. What is prepared stays so, if that
    /// leaves room: distances in a deflate stream are relative, so that what goes in front of it
    /// does it no harm.
    pub(crate) fn program_first(&mut self, text: &str) {
        let program = program(text);
        let front = match encoder(self.bits, self.effort) {
            Some(mut encoder) => encoder.push(&program, Flush::Sync),
            None => program.clone(),
        };
        match &mut self.prepared {
            Some(Encoded {
                block: (payload, size),
                plain,
                whole,
                ..
            }) if wire_length(payload) + wire_length(&front) <= self.room => {
                payload.splice(..0, front);
                *size += program.len();
                for part in whole.iter_mut() {
                    *part = part.start + program.len()..part.end + program.len();
                }
                whole.insert(0, 0..program.len());
                plain.splice(..0, program);
            }
            _ => {
                self.recall();
                self.make_room_in_front(program.len());
                self.whole.push_front(0..program.len());
                self.stream.splice(..0, program);
            }
        }
    }

    /// A program to run.
    pub(crate) fn program(&mut self, text: &str) {
        self.whole(&program(text));
    }

    /// Data that must not be cut.
    pub(crate) fn whole(&mut self, data: &[u8]) {
        let start = self.stream.len();
        self.data(data);
        self.whole.push_back(start..self.stream.len());
    }

    /// Data that may be cut anywhere.
    pub(crate) fn data(&mut self, data: &[u8]) {
        self.stream.extend_from_slice(data);
    }

    /// The end of the stream.
    pub(crate) fn end(&mut self) {
        self.whole(&[0, 0]);
    }

    /// Encodes the next block now, if there is enough to fill it, or whatever there is if `all`.
    pub(crate) fn prepare(&mut self, all: bool) {
        if self.prepared.is_none() {
            self.prepared = self.encode(all);
        }
    }

    /// The next block, if there is enough to fill it, or of whatever there is if `all`.
    pub(crate) fn next(&mut self, all: bool) -> Option<Block> {
        self.prepare(all);
        let encoded = self.prepared.take()?;
        let block = encoded.block.clone();
        self.done += block.1 as u64;
        self.sent = Some(encoded);
        Some(block)
    }

    fn encode(&mut self, all: bool) -> Option<Encoded> {
        let wanted = self.wanted();
        if self.stream.is_empty() || (!all && self.stream.len() < wanted) {
            return None;
        }
        let mut size = self.cut(wanted);
        loop {
            let text = &self.stream[..size];
            let mut payload = self.unread.clone();
            let mut trial = self.encoder.clone();
            match &mut trial {
                None => payload.extend_from_slice(text),
                Some(encoder) => payload.extend(encoder.push(text, Flush::Sync)),
            }
            let unread = trial.as_ref().map_or(0, Encoder::unread);
            let used = payload.len() - unread;
            let length = wire_length(&payload[..used]);
            let smaller = self.cut(size * self.room / length.max(1) * 15 / 16);
            if length <= self.room || smaller >= size {
                self.density = density(length, size);
                let unread = payload.split_off(used);
                let (plain, whole, work) = self.take(size);
                return Some(Encoded {
                    block: (payload, size),
                    plain,
                    whole,
                    work,
                    encoder: std::mem::replace(&mut self.encoder, trial),
                    unread: std::mem::replace(&mut self.unread, unread),
                });
            }
            size = smaller;
        }
    }

    /// The nearest place at or before `size` where the stream may be cut; behind what must stay
    /// whole where there is none.
    fn cut(&self, size: usize) -> usize {
        let size = size.clamp(1, self.stream.len());
        match self
            .whole
            .iter()
            .find(|part| part.start < size && size < part.end)
        {
            None => size,
            Some(part) if part.start == 0 => part.end,
            Some(part) => part.start,
        }
    }

    /// Takes what was encoded away, with its parts that must not be cut, and the work that it makes.
    fn take(&mut self, size: usize) -> (Vec<u8>, Vec<Range<usize>>, Vec<Work>) {
        let taken = self.stream.drain(..size).collect();
        let mut whole = Vec::new();
        while self.whole.front().is_some_and(|part| part.end <= size) {
            whole.extend(self.whole.pop_front());
        }
        for part in &mut self.whole {
            *part = part.start - size..part.end - size;
        }
        let mut work = Vec::new();
        while self.work.front().is_some_and(|(place, _)| *place <= size) {
            work.extend(self.work.pop_front());
        }
        for (place, _) in &mut self.work {
            *place -= size;
        }
        (taken, whole, work)
    }
}

fn encoder(bits: u8, effort: Effort) -> Option<Encoder> {
    (bits > 0).then(|| Encoder::with_effort(bits, effort))
}

/// A program as it stands in the stream, behind its size.
fn program(text: &str) -> Vec<u8> {
    record::program(text.as_bytes());
    // Programs of ours are short, and calls name a few paths at most.
    let size = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut program = size.to_be_bytes().to_vec();
    program.extend_from_slice(&text.as_bytes()[..size.into()]);
    program
}

fn density(length: usize, size: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let density = length as f64 / size.max(1) as f64;
    // Never so dense that an estimate overflows what may wait in memory.
    density.max(0.01)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: u32) -> Vec<u8> {
        let bytes = (0..length).map(|index| (index.wrapping_mul(2_654_435_761) >> 16) as u8);
        bytes.map(|byte| byte.max(4)).collect()
    }

    /// Sends all, each block as short as `halvings` of it make it, and returns what arrives: as much of
    /// the payload as stands for the stream.
    fn sent(bits: u8, halvings: usize) -> (Vec<u8>, Vec<usize>) {
        let mut blocks = Blocks::new(4096, bits, Effort::Quick);
        blocks.program("program");
        blocks.data(&noise(10_000));
        blocks.program("another");
        blocks.end();
        let (mut payloads, mut lengths) = (Vec::new(), Vec::new());
        while let Some(mut block) = blocks.next(true) {
            blocks.prepare(true);
            for _ in 0..halvings {
                block = blocks.halve().unwrap_or(block);
            }
            lengths.push(block.0.len());
            payloads.extend(block.0);
        }
        payloads.extend(&blocks.unread);
        (payloads, lengths)
    }

    fn expected() -> Vec<u8> {
        let parts = [
            &program("program")[..],
            &noise(10_000),
            &program("another"),
            &[0, 0],
        ];
        parts.concat()
    }

    #[test]
    fn a_block_that_is_halved_stands_for_the_same_stream() {
        for halvings in 0..5 {
            let (plain, lengths) = sent(0, halvings);
            assert_eq!(plain, expected(), "{halvings}");
            assert!(
                lengths[0] <= (4096 >> halvings).max(2 * MIN_ROOM),
                "{lengths:?}"
            );
        }
    }

    #[test]
    fn what_must_not_be_cut_stays_whole_in_a_halved_block() {
        let mut blocks = Blocks::new(4096, 0, Effort::Quick);
        blocks.data(&noise(600));
        blocks.whole(&noise(900));
        blocks.data(&noise(600));
        let (_, size) = blocks.next(true).expect("a block");
        assert_eq!(size, 2100);
        let (_, first) = blocks.halve().expect("half of it");
        let (_, second) = blocks.next(true).expect("more");
        assert_eq!(first, 600, "the cut is in front of what is whole");
        assert!(second >= 900, "{second}");
    }

    #[test]
    fn blocks_grow_again_up_to_what_the_board_takes() {
        let mut blocks = Blocks::new(4096, 0, Effort::Quick);
        blocks.data(&noise(20_000));
        blocks.next(true).expect("a block");
        assert!(
            blocks
                .halve()
                .is_some_and(|(payload, _)| payload.len() <= 2048)
        );
        for _ in 0..10 {
            blocks.lengthen();
        }
        let (payload, _) = blocks.next(true).expect("a block");
        assert!((3700..=4096).contains(&payload.len()), "{}", payload.len());
    }
}
