//! What is to be sent to the agent, cut into blocks.

use std::collections::VecDeque;
use std::ops::Range;

use mpwire_deflate::{Effort, Encoder, Flush};
use mpwire_proto::blocks::wire_length;

/// How much denser than before a block may be hoped to be, so that most are full.
const HOPE: f64 = 1.1;
/// Assumed of what was not measured yet: bytes on the wire for one of the stream.
const DENSITY: f64 = 0.35;

/// Blocks are not made shorter than this for a line that damages them: what must not be cut fits.
const SHORT: usize = 4096;

/// A block: its payload, and the bytes of the stream that it stands for.
pub(crate) type Block = (Vec<u8>, usize);

/// A stream of programs to run and data for them, as blocks of at most a given size.
///
/// The agent reads the two bytes of a program's size, and the program, from one block.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// The most bytes of a block.
    room: usize,
    bits: u8,
    effort: Effort,
    encoder: Option<Encoder>,
    /// The end of what was encoded, which an inflater does not read before it has to.
    unread: Vec<u8>,
    /// What is not encoded yet.
    stream: Vec<u8>,
    /// Parts of it that must not be cut, in order.
    whole: VecDeque<Range<usize>>,
    /// Bytes on the wire for one of the stream, in the block before.
    density: f64,
    /// The next block, if it is encoded already, and what it stands for.
    prepared: Option<(Block, Vec<u8>)>,
    /// Bytes of the stream in all blocks so far.
    done: u64,
}

impl Blocks {
    /// Blocks of at most `room` bytes, deflated with a window of `bits`; 0 is not at all.
    pub(crate) fn new(room: usize, bits: u8, effort: Effort) -> Self {
        Self {
            room,
            bits,
            effort,
            encoder: encoder(bits, effort),
            unread: Vec::new(),
            stream: Vec::new(),
            whole: VecDeque::new(),
            density: if bits > 0 { DENSITY } else { 1.0 },
            prepared: None,
            done: 0,
        }
    }

    /// Bytes of the stream in all blocks so far.
    pub(crate) fn done(&self) -> u64 {
        self.done
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
        self.bits = bits;
        self.encoder = encoder(bits, self.effort);
    }

    /// Makes shorter blocks from now on, of which fewer are damaged.
    pub(crate) fn shorten(&mut self) {
        if self.room > SHORT {
            self.room = (self.room / 2).max(SHORT);
        }
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
        if let Some((_, plain)) = self.prepared.take() {
            self.stream.splice(..0, plain);
            self.unread.clear();
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
            Some(((payload, size), plain))
                if wire_length(payload) + wire_length(&front) <= self.room =>
            {
                payload.splice(..0, front);
                *size += program.len();
                plain.splice(..0, program);
            }
            _ => {
                self.recall();
                for part in &mut self.whole {
                    *part = part.start + program.len()..part.end + program.len();
                }
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
        let (block, _) = self.prepared.take()?;
        self.done += block.1 as u64;
        Some(block)
    }

    fn encode(&mut self, all: bool) -> Option<(Block, Vec<u8>)> {
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
                self.unread = payload.split_off(used);
                self.encoder = trial;
                return Some(((payload, size), self.take(size)));
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

    /// Takes what was encoded away.
    fn take(&mut self, size: usize) -> Vec<u8> {
        let taken = self.stream.drain(..size).collect();
        while self.whole.front().is_some_and(|part| part.end <= size) {
            self.whole.pop_front();
        }
        for part in &mut self.whole {
            *part = part.start - size..part.end - size;
        }
        taken
    }
}

fn encoder(bits: u8, effort: Effort) -> Option<Encoder> {
    (bits > 0).then(|| Encoder::with_effort(bits, effort))
}

/// A program as it stands in the stream, behind its size.
fn program(text: &str) -> Vec<u8> {
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
