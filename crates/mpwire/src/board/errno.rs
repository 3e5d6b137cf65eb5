//! MicroPython's error numbers, in words.
//!
//! Source: `py/mperrno.h`. Boards print `OSError: [Errno 2] ENOENT`, small builds only
//! `OSError: 2`; the numbers are MicroPython's own whatever the host's are.

/// An error number of MicroPython.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

const ERRORS: &[(i32, &str, &str)] = &[
    (1, "EPERM", "Operation not permitted"),
    (2, "ENOENT", "No such file or directory"),
    (3, "ESRCH", "No such process"),
    (4, "EINTR", "Interrupted system call"),
    (5, "EIO", "Input/output error"),
    (6, "ENXIO", "No such device or address"),
    (7, "E2BIG", "Argument list too long"),
    (8, "ENOEXEC", "Exec format error"),
    (9, "EBADF", "Bad file descriptor"),
    (10, "ECHILD", "No child processes"),
    (11, "EAGAIN", "Resource temporarily unavailable"),
    (12, "ENOMEM", "Cannot allocate memory"),
    (13, "EACCES", "Permission denied"),
    (14, "EFAULT", "Bad address"),
    (15, "ENOTBLK", "Block device required"),
    (16, "EBUSY", "Device or resource busy"),
    (17, "EEXIST", "File exists"),
    (18, "EXDEV", "Invalid cross-device link"),
    (19, "ENODEV", "No such device"),
    (20, "ENOTDIR", "Not a directory"),
    (21, "EISDIR", "Is a directory"),
    (22, "EINVAL", "Invalid argument"),
    (23, "ENFILE", "Too many open files in system"),
    (24, "EMFILE", "Too many open files"),
    (25, "ENOTTY", "Inappropriate ioctl for device"),
    (26, "ETXTBSY", "Text file busy"),
    (27, "EFBIG", "File too large"),
    (28, "ENOSPC", "No space left on device"),
    (29, "ESPIPE", "Illegal seek"),
    (30, "EROFS", "Read-only file system"),
    (31, "EMLINK", "Too many links"),
    (32, "EPIPE", "Broken pipe"),
    (33, "EDOM", "Numerical argument out of domain"),
    (34, "ERANGE", "Numerical result out of range"),
    (36, "ENAMETOOLONG", "File name too long"),
    (39, "ENOTEMPTY", "Directory not empty"),
    (84, "EILSEQ", "Corrupted file system"),
    (95, "EOPNOTSUPP", "Operation not supported"),
    (110, "ETIMEDOUT", "Connection timed out"),
];

impl Errno {
    /// No such file or directory.
    pub const NOT_FOUND: Self = Self(2);
    /// Input/output error; also what `onboard/inflate.py` raises of a stream that ends too early.
    pub const IO: Self = Self(5);
    /// Invalid cross-device link.
    pub const CROSSES_DEVICES: Self = Self(18);
    /// File exists.
    pub const EXISTS: Self = Self(17);
    /// Not a directory.
    pub const NOT_A_DIRECTORY: Self = Self(20);
    /// Is a directory.
    pub const IS_DIRECTORY: Self = Self(21);
    /// Operation not permitted; also what leads out of a mounted folder.
    pub const NOT_PERMITTED: Self = Self(1);
    /// Bad file descriptor.
    pub const BAD_FILE: Self = Self(9);
    /// Permission denied.
    pub const NO_ACCESS: Self = Self(13);
    /// Too many open files.
    pub const TOO_MANY_FILES: Self = Self(24);
    /// Read-only file system.
    pub const READ_ONLY: Self = Self(30);
    /// Invalid argument; also what a mount point answers when it is to be removed.
    pub const INVALID: Self = Self(22);
    /// No space left on device.
    pub const NO_SPACE: Self = Self(28);
    /// File name too long.
    pub const NAME_TOO_LONG: Self = Self(36);
    /// Directory not empty.
    pub const NOT_EMPTY: Self = Self(39);

    /// The error a traceback ends with, if that is an `OSError` with a known number.
    #[must_use]
    pub fn from_traceback(traceback: &str) -> Option<Self> {
        let line = traceback.trim_end().lines().next_back()?.trim();
        if lacks_a_method_that_writes(line) {
            return Some(Self::READ_ONLY);
        }
        let detail = line.strip_prefix("OSError: ")?;
        // `[Errno 2] ENOENT`, `[Errno 2] ENOENT: name`, `2`, `-2` (ports that negate), `(2, 'name')`.
        let digits: String = detail
            .trim_start_matches("[Errno ")
            .trim_start_matches(['(', '-'])
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits
            .parse()
            .ok()
            .map(Self)
            .or_else(|| Self::from_name(detail))
    }

    /// By the number's name, or in the words of the BBC micro:bit's firmware.
    fn from_name(detail: &str) -> Option<Self> {
        ERRORS
            .iter()
            .find(|(_, name, _)| detail.starts_with(name))
            .map(|&(number, _, _)| Self(number))
            .or_else(|| {
                detail
                    .starts_with("file not found")
                    .then_some(Self::NOT_FOUND)
            })
    }
}

/// Whether a filesystem has no method for a change: VfsRom has none of these (`extmod/vfs_rom.c`), and the
/// firmware says so by the name of the method (`mp_vfs_proxy_call`, `extmod/vfs.c`). Where the module `os`
/// itself has it not, the board has no directories at all.
fn lacks_a_method_that_writes(line: &str) -> bool {
    let Some((kind, method)) = line
        .strip_prefix("AttributeError: '")
        .and_then(|line| line.split_once("' object has no attribute '"))
    else {
        return false;
    };
    let changes = ["mkdir'", "remove'", "rename'", "rmdir'"];
    kind != "module" && changes.contains(&method)
}

impl std::fmt::Display for Errno {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match ERRORS.iter().find(|(number, _, _)| *number == self.0) {
            Some((_, _, words)) => formatter.write_str(words),
            None => write!(formatter, "error {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_a_board_prints_an_error_is_understood() {
        for text in [
            "Traceback (most recent call last):\r\n  File \"<stdin>\", line 1\r\nOSError: [Errno 2] ENOENT\r\n",
            "OSError: 2\r\n",
            "OSError: -2",
            "OSError: [Errno 2] ENOENT: 'x'\n",
            "OSError: ENOENT",
            "OSError: file not found",
        ] {
            assert_eq!(
                Errno::from_traceback(text),
                Some(Errno::NOT_FOUND),
                "{text}"
            );
        }
        assert_eq!(Errno::from_traceback("ValueError: 2"), None);
        assert_eq!(Errno::from_traceback(""), None);
        let lacking =
            |kind: &str| format!("AttributeError: '{kind}' object has no attribute 'remove'\r\n");
        assert_eq!(
            Errno::from_traceback(&lacking("VfsRom")),
            Some(Errno::READ_ONLY)
        );
        assert_eq!(Errno::from_traceback(&lacking("module")), None);
        assert_eq!(Errno::NOT_FOUND.to_string(), "No such file or directory");
        assert_eq!(Errno(123).to_string(), "error 123");
    }
}
