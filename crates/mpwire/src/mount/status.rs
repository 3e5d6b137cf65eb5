//! What a filesystem tells, in the numbers that `os.stat` and `os.statvfs` have on a board.

use std::path::Path;

use cap_std::fs::Metadata;

use crate::board::errno::Errno;

/// Bits of a mode: the kinds of file that `os.ilistdir` tells apart on a board.
const KINDS: u32 = 0xc000;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Status {
    /// Kind and permissions, as `st_mode`; 0 is not known.
    pub mode: u16,
    /// Bytes.
    pub size: u32,
    /// Seconds since 1970: last read, last written, last changed.
    pub times: [u32; 3],
}

impl Status {
    /// As the board's program reads it.
    pub fn write(self, to: &mut Vec<u8>) {
        to.extend(self.mode.to_le_bytes());
        to.extend(self.size.to_le_bytes());
        for time in self.times {
            to.extend(time.to_le_bytes());
        }
    }
}

fn clamped(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}

/// The kind of what a folder holds, links not followed, in the upper byte of a mode.
pub(super) fn kind(metadata: &Metadata) -> u8 {
    (u32::from(status(metadata).mode) & KINDS).to_be_bytes()[2]
}

#[cfg(unix)]
pub(super) fn status(metadata: &Metadata) -> Status {
    use cap_std::fs::MetadataExt as _;

    let time = |seconds: i64| clamped(seconds.max(0));
    Status {
        // The kind and the permissions are the lower 16 bits on every Unix.
        mode: (metadata.mode() & 0xffff) as u16,
        size: clamped(metadata.size()),
        times: [
            time(metadata.atime()),
            time(metadata.mtime()),
            time(metadata.ctime()),
        ],
    }
}

#[cfg(not(unix))]
pub(super) fn status(metadata: &Metadata) -> Status {
    let time = |time: std::io::Result<cap_std::time::SystemTime>| {
        let since = time
            .ok()?
            .into_std()
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?;
        Some(clamped(since.as_secs()))
    };
    // As Python's os.stat does on Windows.
    let kind = if metadata.is_dir() {
        0o040_777
    } else if metadata.permissions().readonly() {
        0o100_444
    } else {
        0o100_666
    };
    Status {
        mode: kind,
        size: clamped(metadata.len()),
        times: [metadata.accessed(), metadata.modified(), metadata.created()]
            .map(|at| time(at).unwrap_or(0)),
    }
}

/// Size and free space of the filesystem that holds `path`, as `os.statvfs` orders them.
#[cfg(unix)]
pub(super) fn space(path: &Path) -> Result<[u32; 10], Errno> {
    let found = rustix::fs::statvfs(path).map_err(|error| super::errno::errno(&error.into()))?;
    // Disks of more blocks than fit are told in larger ones.
    let mut block = found.f_frsize;
    let mut shift = 0;
    while found.f_blocks >> shift > u64::from(u32::MAX) {
        block *= 2;
        shift += 1;
    }
    Ok([
        block,
        block,
        found.f_blocks >> shift,
        found.f_bfree >> shift,
        found.f_bavail >> shift,
        found.f_files,
        found.f_ffree,
        found.f_favail,
        u64::from(found.f_flag.bits() as u32),
        found.f_namemax,
    ]
    .map(clamped))
}

/// Not told here.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the other platforms' can fail")]
pub(super) fn space(_path: &Path) -> Result<[u32; 10], Errno> {
    Ok([512, 512, 0, 0, 0, 0, 0, 0, 0, 255])
}
