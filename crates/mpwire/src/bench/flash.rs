//! The flash by itself: the board writes and reads a file of its own making.

use mpwire_proto::literal::Value;

use super::line::number;
use super::{FILE, Flash, LeftOut, fits, remove};
use crate::board::capabilities::Capabilities;
use crate::board::fs::at;
use crate::board::plausible::at_most;
use crate::board::program::{Argument, call};
use crate::board::{Board, Error, onboard, read, unreadable};

/// The first file, which tells how large the second may be.
const FIRST: usize = 4096;
const LAST: usize = 64 * 1024;
/// No file of ours takes an hour.
const MAX_MICROSECONDS: u64 = 3_600_000_000;
/// How long writing the second may take, in seconds.
const SECONDS: f64 = 1.0;

/// Measures with a file of 4 to 64 KiB; not on a board without a clock.
pub(super) fn measure(
    board: &mut Board,
    capabilities: &Capabilities,
    free: Option<u64>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Option<Flash>, Error> {
    let first = match write_and_read(board, capabilities, FIRST) {
        Err(Error::Exception { traceback }) if traceback.contains("ImportError") => {
            left_out.push(LeftOut::lacking("the flash", "time.ticks_us"));
            return Ok(None);
        }
        other => other?,
    };
    let mut size = FIRST;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    while free.is_some()
        && size < LAST
        && (size * 2) as f64 <= first.write * SECONDS
        && fits(size * 2, free)
    {
        size *= 2;
    }
    if size == FIRST {
        return Ok(Some(first));
    }
    write_and_read(board, capabilities, size).map(Some)
}

fn write_and_read(
    board: &mut Board,
    capabilities: &Capabilities,
    size: usize,
) -> Result<Flash, Error> {
    let block = block_size(capabilities);
    let text = call(
        onboard::BENCH_FLASH.defines,
        &[Argument::Text(FILE), number(size / block), number(block)],
    );
    let reply = board
        .run(&[onboard::BENCH_FLASH], &text)
        .map_err(|error| at(error, FILE))?;
    remove(board, FILE)?;
    let value = read(&reply)?;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = |microseconds: &Value| {
        let microseconds = at_most(microseconds, MAX_MICROSECONDS)?.max(1);
        Some(size as f64 * 1e6 / microseconds as f64)
    };
    let flash = value.as_items().and_then(|items| match items {
        [written, read] => Some(Flash {
            size,
            write: rate(written)?,
            read: rate(read)?,
        }),
        _ => None,
    });
    flash.ok_or_else(|| unreadable(&reply, "two times were expected"))
}

/// Bytes that are written and read at once: a power of two.
fn block_size(capabilities: &Capabilities) -> usize {
    if capabilities.free_memory < 16 * 1024 {
        128
    } else {
        512
    }
}
