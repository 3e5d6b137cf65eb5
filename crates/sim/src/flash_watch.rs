//! When the board's flash is busy, as `onboard/flash_slow.py` tells it through a named pipe.
//!
//! Output would be too late: it waits for its line. Each change comes with the time on the clock that
//! the bridge uses, so that a bridge which hears of it late still parts the bytes that arrived
//! before it from those that arrived after.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::time::{ClockId, clock_gettime};

use crate::link_model::Nanoseconds;

/// The flash begins to erase or to program, or is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// As [`monotonic`] tells it.
    pub at: Nanoseconds,
    pub busy: bool,
}

/// A sign and 15 digits: microseconds. Written in one piece, which a pipe keeps together.
const MESSAGE: usize = 16;

/// The bridge's end of the named pipe.
#[derive(Debug)]
pub(crate) struct FlashWatch {
    pipe: File,
}

impl FlashWatch {
    pub fn create(path: &Path) -> io::Result<FlashWatch> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // Open for writing too, it never sees the end when an interpreter goes (fifo(7)).
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(FlashWatch {
            pipe: open(path, flags, Mode::empty())?.into(),
        })
    }

    /// What was told since the last time.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut buffer = [0; 64 * MESSAGE];
        while let Ok(count) = rustix::io::read(&self.pipe, &mut buffer) {
            changes.extend(buffer[..count].chunks_exact(MESSAGE).filter_map(change));
            if count < buffer.len() {
                break;
            }
        }
        changes
    }
}

impl AsFd for FlashWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

fn change(message: &[u8]) -> Option<Change> {
    let (sign, digits) = message.split_first()?;
    let microseconds: Nanoseconds = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(Change {
        at: microseconds * 1000,
        busy: *sign == b'+',
    })
}

/// The clock of `time.ticks_us` on the unix port (`ports/unix/unix_mphal.c`, `mp_hal_ticks_us`).
pub(crate) fn monotonic() -> Nanoseconds {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn changes_come_in_order_with_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("busy");
        let watch = FlashWatch::create(&path).unwrap();
        assert_eq!(watch.changes(), []);
        let mut board = File::options().write(true).open(&path).unwrap();
        board.write_all(b"+000000000000012").unwrap();
        board.write_all(b"-000001234567890").unwrap();
        drop(board);
        let (at, busy) = (12_000, true);
        let begin = Change { at, busy };
        let (at, busy) = (1_234_567_890_000, false);
        assert_eq!(watch.changes(), [begin, Change { at, busy }]);
        assert_eq!(watch.changes(), []);
    }
}
