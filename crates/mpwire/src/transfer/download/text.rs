//! A file from a board that cannot write frames: blocks as answers, in any alphabet it has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mpwire_proto::answers::Collector;
use mpwire_proto::literal::Value;

use crate::board::capabilities::Capabilities;
use crate::board::digest::Digest;
use crate::board::fs::at;
use crate::board::program::{Argument, Program, call};
use crate::board::{self, Board, onboard, read_literal, unreadable};
use crate::session;
use crate::transfer::{ATTEMPTS, Error};

/// The longest answer: four times the largest block.
const ANSWER_MOST: usize = 4096;
/// The largest file, in bytes. Boards that cannot write frames have not a tenth of this flash.
const FILE_MOST: usize = 8 << 20;
/// The most that a board prints of such a file: four characters a byte.
const PRINTED_MOST: usize = 5 * FILE_MOST;

/// Reads the file `path` of the board and verifies it against the board's own digest. Tells
/// `progress` how many bytes are here.
pub(super) fn download(
    board: &mut Board,
    path: &str,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, Error> {
    let capabilities = board.capabilities()?;
    let mut failure = Error::CorruptDownload {
        path: path.to_owned(),
    };
    for _ in 0..ATTEMPTS {
        match attempt(board, path, &capabilities, progress) {
            Ok((data, digest)) => {
                if Digest::of(&data, &capabilities).matches(&digest) {
                    return Ok(data);
                }
            }
            Err(board::Error::Reply { .. }) => board.enter(false)?,
            Err(error) if error.may_be_loss() => {
                board.enter(false)?;
                failure = error.into();
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(failure)
}

/// How the board writes a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Base64,
    Hex,
    Repr,
}

impl Writing {
    fn choose(capabilities: &Capabilities) -> Self {
        // A firmware that decodes an alphabet encodes it as well: they are one module.
        if capabilities.a2b_base64 {
            Self::Base64
        } else if capabilities.unhexlify {
            Self::Hex
        } else {
            Self::Repr
        }
    }

    fn program(self) -> Program {
        match self {
            Self::Base64 => onboard::ENCODE_BASE64,
            Self::Hex => onboard::ENCODE_HEX,
            Self::Repr => onboard::ENCODE_REPR,
        }
    }

    fn decode(self, text: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => STANDARD.decode(text.trim_ascii()).ok(),
            Self::Hex => text
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect(),
            Self::Repr => Some(text),
        }
    }
}

fn attempt(
    board: &mut Board,
    path: &str,
    capabilities: &Capabilities,
    progress: &mut dyn FnMut(u64),
) -> Result<(Vec<u8>, Value), board::Error> {
    let writing = Writing::choose(capabilities);
    // A block stands in memory beside its text, which is up to four times as long, and beside the answer
    // that holds that.
    let block = (capabilities.free_memory / 32).clamp(48, 768) / 3 * 3;
    let text = call(
        onboard::DOWNLOAD.defines,
        &[Argument::Path(path), Argument::Int(block.cast_signed())],
    );
    let programs = [
        writing.program(),
        capabilities.digest_program(),
        onboard::DOWNLOAD,
    ];
    let mut blocks = Blocks::new(writing);
    board
        .run_at_length(&programs, &text, PRINTED_MOST, &mut |step| {
            if let session::Progress::Output(bytes) = step {
                blocks.push(bytes);
                progress(blocks.data.len() as u64);
            }
        })
        .map_err(|error| at(error, path))?;
    blocks.finish()
}

/// Collects the board's answers: blocks, then the digest.
pub(super) struct Blocks {
    writing: Writing,
    data: Vec<u8>,
    collector: Collector,
    /// The newest answer: the digest, if no other follows.
    held: Option<Vec<u8>>,
    /// The first answer that is no block.
    wrong: Option<Vec<u8>>,
}

impl Blocks {
    pub(super) fn new(writing: Writing) -> Self {
        Self {
            writing,
            data: Vec::new(),
            collector: Collector::default(),
            held: None,
            wrong: None,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // One that is cut is no block any more.
            if let Some(answer) = self.collector.push(byte, ANSWER_MOST)
                && let Some(block) = self.held.replace(answer)
            {
                self.take_block(block);
            }
        }
    }

    fn take_block(&mut self, answer: Vec<u8>) {
        let block = match read_literal(&answer) {
            Ok(Value::Bytes(text)) => self.writing.decode(text),
            _ => None,
        };
        match block {
            Some(block) if self.data.len() + block.len() <= FILE_MOST => self.data.extend(block),
            _ => self.wrong = self.wrong.take().or(Some(answer)),
        }
    }

    pub(super) fn finish(self) -> Result<(Vec<u8>, Value), board::Error> {
        if let Some(answer) = self.wrong {
            return Err(unreadable(&answer, "a block of the file was expected"));
        }
        let digest = read_literal(self.held.as_deref().unwrap_or_default())?;
        Ok((self.data, digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(
        writing: Writing,
        text: &[u8],
        chunk: usize,
    ) -> Result<(Vec<u8>, Value), board::Error> {
        let mut blocks = Blocks::new(writing);
        for piece in text.chunks(chunk) {
            blocks.push(piece);
        }
        blocks.finish()
    }

    #[test]
    fn blocks_and_the_digest_are_read_however_they_are_cut() {
        let text = b"\x02b'aGVs\\n'\x03\r\nnoise\r\n\x02b'bG8=\\n'\x03\r\n\x02123\x03\r\n";
        for chunk in 1..text.len() {
            let (data, digest) = collect(Writing::Base64, text, chunk).unwrap();
            assert_eq!(data, b"hello");
            assert_eq!(digest, Value::Int(123));
        }
        assert_eq!(
            collect(Writing::Hex, b"\x02b'00ff'\x03\n\x021\x03\n", 3)
                .unwrap()
                .0,
            [0, 255]
        );
        assert_eq!(
            collect(Writing::Repr, b"\x02b'\\x00b'\x03\n\x021\x03\n", 3)
                .unwrap()
                .0,
            [0, b'b']
        );
    }

    #[test]
    fn an_empty_file_is_only_a_digest() {
        assert_eq!(
            collect(Writing::Base64, b"\x027\x03\n", 9).unwrap(),
            (vec![], Value::Int(7))
        );
    }

    #[test]
    fn neither_an_answer_nor_a_file_without_end_is_kept() {
        let mut blocks = Blocks::new(Writing::Base64);
        blocks.push(b"\x02");
        for _ in 0..1000 {
            blocks.push(&[b'x'; 4096]);
        }
        assert_eq!(blocks.collector.held(), ANSWER_MOST);
        assert!(blocks.finish().is_err());

        let mut blocks = Blocks::new(Writing::Repr);
        let line = [&b"\x02b'"[..], &[b'x'; 4000], b"'\x03\n"].concat();
        for _ in 0..FILE_MOST / 4000 + 100 {
            blocks.push(&line);
        }
        assert!(blocks.data.len() <= FILE_MOST);
        assert!(blocks.finish().is_err());
    }

    #[test]
    fn an_answer_that_is_no_block_is_an_error() {
        assert!(collect(Writing::Base64, b"\x02b'aGVs'\x03\x02noise\x03\x021\x03", 9).is_err());
        assert!(collect(Writing::Base64, b"", 9).is_err());
    }
}
