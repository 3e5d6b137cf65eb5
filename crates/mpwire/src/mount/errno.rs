//! This computer's errors as the board's numbers.

use std::io::{self, ErrorKind};

use crate::board::errno::Errno;

/// The number that a program on the board sees.
///
/// MicroPython's are Linux's (`py/mperrno.h`); other systems differ in the rarer ones.
pub(super) fn errno(error: &io::Error) -> Errno {
    match error.kind() {
        ErrorKind::NotFound => Errno::NOT_FOUND,
        ErrorKind::AlreadyExists => Errno::EXISTS,
        ErrorKind::NotADirectory => Errno(20),
        ErrorKind::IsADirectory => Errno::IS_DIRECTORY,
        ErrorKind::DirectoryNotEmpty => Errno::NOT_EMPTY,
        ErrorKind::ReadOnlyFilesystem => Errno::READ_ONLY,
        ErrorKind::StorageFull => Errno::NO_SPACE,
        ErrorKind::InvalidFilename => Errno(36),
        ErrorKind::CrossesDevices => Errno(18),
        ErrorKind::FileTooLarge => Errno(27),
        ErrorKind::ResourceBusy => Errno(16),
        // cap-std makes this one itself, of a path that leads out of the folder.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => Errno::NOT_PERMITTED,
        ErrorKind::PermissionDenied if cfg!(not(unix)) => Errno::NO_ACCESS,
        _ => match error.raw_os_error() {
            // What does not fit the byte that it travels in is no number of MicroPython's either.
            Some(number @ 1..=255) if cfg!(unix) => Errno(number),
            _ => Errno::IO,
        },
    }
}
