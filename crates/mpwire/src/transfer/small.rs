//! A small file to a board of which nothing is known: one short program, one exchange.

use std::thread;
use std::time::Duration;

use mpwire_deflate::{Encoder, Flush};
use mpwire_proto::literal::quote_bytes;

use super::encoding::{Window, deflated_size, roughly_deflated_size};
use super::source::Source;
use super::stream::{self, Looks};
use super::{Error, Options};
use crate::board::digest::Hasher;
use crate::board::program::{Argument, call};
use crate::board::{self, Board, is_true, onboard, read, record};

/// The most bytes of a file that is held whole in the board's memory.
const WHOLE_MOST: usize = 4096;
/// The most bytes of a file that is inflated in pieces.
const SIZE_MOST: u64 = 64 * 1024;
/// The most bytes on the wire: more are better sent in checked blocks.
const WIRE_MOST: usize = 2048;
/// How long the board may take to look, and to hash a file no larger than these.
const LOOK_PATIENCE: Duration = Duration::from_secs(4);
/// Bytes inflated at once.
const PIECE: usize = 512;
/// The window, as its base-2 logarithm, that any board has the memory for.
const WINDOW_LEAST: u8 = 11;
/// A smaller window may cost this part of the bytes on the wire.
const WINDOW_WORTH: usize = 50;
/// The interrupt character, which must not be on the wire.
const INTERRUPT: u8 = 0x03;
/// What an inflater and its data cost as an expression, in characters.
const INFLATER: usize = 55;

/// A small file, ready to be sent.
pub(super) struct Small {
    data: Vec<u8>,
    /// The digest of the file.
    pub digest: Vec<u8>,
    /// What goes on the wire, once it is encoded.
    pieces: Pieces,
}

/// The expression of a file's pieces, cut where its data is read.
#[derive(Default)]
struct Pieces {
    before: String,
    after: String,
    payload: Vec<u8>,
}

impl Small {
    /// Prepares `source`; `None` where it is not small, even when deflated.
    pub(super) fn new(source: Source, options: &Options) -> Result<Option<Self>, Error> {
        let size = source.size()?;
        if size > SIZE_MOST || options.more_follow || !stream::is_wanted(options) {
            return Ok(None);
        }
        // What fills the wire with its beginning alone is not small; that is found quickly.
        if roughly_deflated_size(&source.sample()?) > WIRE_MOST * 2 {
            return Ok(None);
        }
        let data = source.read()?.into_owned();
        if data.len() > WIRE_MOST && roughly_deflated_size(&data) > WIRE_MOST {
            return Ok(None);
        }
        let mut hasher = Hasher::sha256();
        hasher.update(&data);
        Ok(Some(Self {
            data,
            digest: hasher.finish().bytes(),
            pieces: Pieces::default(),
        }))
    }

    fn is_whole(&self) -> bool {
        self.data.len() <= WHOLE_MOST
    }

    /// Asks the board what is at `paths`; `None` where its firmware lacks what it takes. It then waits
    /// for [`Small::put`].
    pub(super) fn look(
        &mut self,
        board: &mut Board,
        paths: &[String],
    ) -> Result<Option<Looks>, Error> {
        let digest = if self.is_whole() {
            onboard::DIGEST_WHOLE
        } else {
            onboard::DIGEST_SHA256_NEW
        };
        let text = call(
            onboard::SMALL.defines,
            &[
                Argument::Paths(paths),
                Argument::Int(self.data.len().cast_signed() as i64),
            ],
        );
        let said = thread::scope(|scope| {
            // The data is encoded while the program is on its way.
            let pieces = scope.spawn(|| Pieces::of(&self.data, self.is_whole()));
            let said = board.open_line(&[digest, onboard::SMALL], &text, LOOK_PATIENCE);
            (said, pieces.join())
        });
        let (said, pieces) = said;
        self.pieces = pieces.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match said? {
            Some(said) => stream::read_looks(&read(&said)?, None, &said).map(Some),
            None => Ok(None),
        }
    }

    /// Has the board write the file, with `suffix` behind its name, and, when it is right, give it
    /// the path of that number among those of [`Small::look`]. Returns whether it is, and the bytes on the wire.
    pub(super) fn put(
        &self,
        board: &mut Board,
        number: usize,
        suffix: &str,
    ) -> Result<(bool, usize), board::Error> {
        let Pieces {
            before,
            after,
            payload,
        } = &self.pieces;
        let (payload, replace) = without_interrupts(payload);
        let digest = &self.digest[..stream::DIGEST_BYTES];
        let (check, raw) = if digest.contains(&INTERRUPT) {
            (quote_bytes(digest), &[][..])
        } else {
            (format!("r({})", digest.len()), digest)
        };
        let mut line = format!(
            "{number},'{suffix}',{check},{before}r({}){replace}{after}\n",
            payload.len(),
        )
        .into_bytes();
        record::program(&line);
        line.extend(raw);
        line.extend(payload);
        let said = board.finish_line(&line, self.data.len())?;
        Ok((is_true(&said), line.len()))
    }
}

impl Pieces {
    fn of(data: &[u8], is_whole: bool) -> Self {
        let plain = Self {
            before: "[".to_owned(),
            after: "]".to_owned(),
            payload: data.to_vec(),
        };
        if is_whole && deflated_size(data, Window::LARGEST) + INFLATER > data.len() {
            return plain;
        }
        let (bits, payload) = deflated(data);
        let stream = "type(d)(__import__('io').BytesIO(";
        let count = data.len().div_ceil(PIECE);
        let (before, after) = if is_whole {
            (format!("[{stream}"), format!("),1,{bits}).read()]"))
        } else {
            (
                format!("(s.read({PIECE})for s in({stream}"),
                format!("),1,{bits}),)for _ in range({count}))"),
            )
        };
        Self {
            before,
            after,
            payload,
        }
    }
}

/// `data`, deflated, and the window that takes: the smallest that is about as good as the largest,
/// for the board holds it in one piece.
fn deflated(data: &[u8]) -> (u8, Vec<u8>) {
    let largest = (8..15).find(|bits| data.len() <= 1 << bits).unwrap_or(15);
    let best = Encoder::new(largest).push(data, Flush::Finish);
    (WINDOW_LEAST..largest)
        .map(|bits| (bits, Encoder::new(bits).push(data, Flush::Finish)))
        .find(|(_, payload)| payload.len() <= best.len() + best.len() / WINDOW_WORTH)
        .unwrap_or((largest, best))
}

/// `data` with two bytes that it does not hold together for each interrupt character, and the call
/// that undoes it.
fn without_interrupts(data: &[u8]) -> (Vec<u8>, String) {
    if !data.contains(&INTERRUPT) {
        return (data.to_vec(), String::new());
    }
    for first in b'a'..=b'z' {
        for second in (b'a'..=b'z').filter(|&second| second != first) {
            let replaced = replace(data, &[INTERRUPT], &[first, second]);
            if replace(&replaced, &[first, second], &[INTERRUPT]) == data {
                let pair = String::from_utf8_lossy(&[first, second]).into_owned();
                return (replaced, format!(".replace(b'{pair}',b'\\3')"));
            }
        }
    }
    // All 650 pairs occur: data as large as this module takes cannot hold them and little else.
    // An escape costs more and always works.
    let escaped = replace(&replace(data, b"~", b"~b"), &[INTERRUPT], b"~a");
    let undo = ".replace(b'~a',b'\\3').replace(b'~b',b'~')".to_owned();
    (escaped, undo)
}

/// As `bytes.replace` of Python.
fn replace(data: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(data.len() + 16);
    let mut rest = data;
    while let Some(&byte) = rest.first() {
        if rest.starts_with(old) {
            replaced.extend_from_slice(new);
            rest = &rest[old.len()..];
        } else {
            replaced.push(byte);
            rest = &rest[1..];
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn undo(payload: &[u8], undo: &str) -> Vec<u8> {
        let mut data = payload.to_vec();
        for part in undo.split(".replace(").skip(1) {
            let pair = &part.as_bytes()[2..4];
            let by: &[u8] = if part.contains("\\3") { b"\x03" } else { b"~" };
            data = replace(&data, pair, by);
        }
        data
    }

    proptest! {
        #[test]
        fn interrupts_go_and_come_back(
            data in proptest::collection::vec(prop_oneof![Just(3u8), Just(b'a'), Just(b'b'), any::<u8>()], 0..2000),
        ) {
            let (payload, call) = without_interrupts(&data);
            prop_assert!(!payload.contains(&INTERRUPT));
            prop_assert_eq!(undo(&payload, &call), data);
        }
    }

    #[test]
    fn data_with_every_pair_is_escaped() {
        let mut data = vec![INTERRUPT, b'~', b'a'];
        for first in b'a'..=b'z' {
            for second in b'a'..=b'z' {
                data.extend([first, second]);
            }
        }
        let (payload, call) = without_interrupts(&data);
        assert!(!payload.contains(&INTERRUPT));
        assert_eq!(undo(&payload, &call), data);
    }

    #[test]
    fn what_is_small_is_what_little_of_is_sent() {
        let options = Options::default();
        let is_small = |data: &[u8]| Small::new(Source::Bytes(data), &options).unwrap().is_some();
        assert!(is_small(b""));
        assert!(is_small(&vec![0; 50 * 1024]));
        assert!(!is_small(&vec![0; 100 * 1024]));
    }
}
