//! What reads the board's frames and lines, for the fuzz targets.

use mpwire_proto::answers::{END, START};
use mpwire_proto::literal::Value;

use super::arrival::Arrival;
use super::text::{Blocks, Writing};
use super::{Receiver, Wanted};
use crate::transfer::Error;

/// Gives what intact frames hold, a run of the board's program after the other, to `receiver`;
/// returns how many of the files are done.
pub fn arrive(
    files: &[Wanted],
    runs: &[Vec<Vec<u8>>],
    receiver: &mut dyn Receiver,
) -> Result<usize, Error> {
    let mut arrival = Arrival::new(files, receiver);
    for frames in runs {
        arrival.start();
        for frame in frames {
            arrival.take(frame.clone())?;
        }
    }
    Ok(arrival.index())
}

/// What lines, each an answer, in one of the alphabets make of a file, and its digest; `None` where they are none.
#[must_use]
pub fn text(alphabet: u8, pieces: &[&[u8]]) -> Option<(Vec<u8>, Value)> {
    let writing = match alphabet % 3 {
        0 => Writing::Base64,
        1 => Writing::Hex,
        _ => Writing::Repr,
    };
    let mut blocks = Blocks::new(writing);
    blocks.push(&[START]);
    for piece in pieces {
        let framed = piece.split_inclusive(|&byte| byte == b'\n');
        for line in framed {
            match line.strip_suffix(b"\n") {
                Some(line) => blocks.push(&[line, &[END, START]].concat()),
                None => blocks.push(line),
            }
        }
    }
    blocks.finish().ok()
}
