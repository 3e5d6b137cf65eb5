//! What a board's firmware can do, found out once a session.

use mpwire_proto::literal::parse;

use super::onboard;
use super::plausible;
use super::program::Program;

/// What a board's firmware has; each found on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each capability is there or not, independently of the others"
)]
pub struct Capabilities {
    /// Free memory in bytes, after a garbage collection.
    pub free_memory: u64,
    /// `bytes.fromhex`
    pub bytes_fromhex: bool,
    /// `binascii.a2b_base64`
    pub a2b_base64: bool,
    /// `binascii.unhexlify`
    pub unhexlify: bool,
    /// `binascii.crc32`
    pub crc32: bool,
    /// `hashlib.sha256`
    pub sha256: bool,
    /// `io.BytesIO`
    pub bytes_io: bool,
    /// `deflate.DeflateIO`
    pub deflate_io: bool,
    /// `uzlib.DecompIO`, before firmware 1.21
    pub decomp_io: bool,
    /// `os.stat`
    pub os_stat: bool,
    /// `os.ilistdir`
    pub os_ilistdir: bool,
    /// `os.rename`
    pub os_rename: bool,
    /// `os.statvfs`
    pub os_statvfs: bool,
    /// `os.mkdir`
    pub os_mkdir: bool,
    /// `sys.stdin`
    pub sys_stdin: bool,
    /// `sys.stdin.buffer`
    pub stdin_buffer: bool,
    /// What is sent reaches the board in bursts ([`crate::link::Link::burst`]): only programs can be, by the
    /// windows of raw-paste, and not data for them.
    pub in_bursts: bool,
}

/// Bytes of memory for each character of a program.
const MEMORY_PER_CHARACTER: u64 = 8;

/// The free memory at which [`Capabilities::program_limit`] is `limit`.
pub(crate) fn memory_for(limit: usize) -> u64 {
    limit as u64 * MEMORY_PER_CHARACTER
}

impl Capabilities {
    /// Reads what `onboard/capabilities.py` printed.
    #[must_use]
    pub fn parse(reply: &[u8]) -> Option<Self> {
        let value = parse(reply).ok()?;
        let [free, found, sum] = value.as_items()? else {
            return None;
        };
        let found: Vec<bool> = found
            .as_str()?
            .bytes()
            .map(read_digit)
            .collect::<Option<_>>()?;
        let sum = usize::try_from(sum.as_int()?).ok()?;
        // What is no number at all is damage.
        free.as_int()?;
        if found.iter().filter(|&&has| has).count() != sum {
            return None;
        }
        let mut found = found.into_iter();
        let mut next = || found.next();
        Some(Self {
            // With a figure that cannot be true the board gets what the smallest takes.
            free_memory: plausible::free_memory(free).unwrap_or(0),
            bytes_fromhex: next()?,
            a2b_base64: next()?,
            unhexlify: next()?,
            crc32: next()?,
            sha256: next()?,
            bytes_io: next()?,
            deflate_io: next()?,
            decomp_io: next()?,
            os_stat: next()?,
            os_ilistdir: next()?,
            os_rename: next()?,
            os_statvfs: next()?,
            os_mkdir: next()?,
            sys_stdin: next()?,
            stdin_buffer: next()?,
            in_bursts: false,
        })
    }

    /// What was asked for by its name in Python, and whether it is there.
    #[must_use]
    pub fn named(&self) -> [(&'static str, bool); 15] {
        [
            ("bytes.fromhex", self.bytes_fromhex),
            ("binascii.a2b_base64", self.a2b_base64),
            ("binascii.unhexlify", self.unhexlify),
            ("binascii.crc32", self.crc32),
            ("hashlib.sha256", self.sha256),
            ("io.BytesIO", self.bytes_io),
            ("deflate.DeflateIO", self.deflate_io),
            ("uzlib.DecompIO", self.decomp_io),
            ("os.stat", self.os_stat),
            ("os.ilistdir", self.os_ilistdir),
            ("os.rename", self.os_rename),
            ("os.statvfs", self.os_statvfs),
            ("os.mkdir", self.os_mkdir),
            ("sys.stdin", self.sys_stdin),
            ("sys.stdin.buffer", self.stdin_buffer),
        ]
    }

    /// The program that computes digests of files with the best this firmware has.
    #[must_use]
    pub fn digest_program(&self) -> Program {
        match (self.sha256, self.crc32) {
            (true, _) => onboard::DIGEST_SHA256,
            (false, true) => onboard::DIGEST_CRC32,
            (false, false) => onboard::DIGEST_ADLER32,
        }
    }

    /// The program that tells mode and size of a path.
    #[must_use]
    pub fn stat_program(&self) -> Program {
        if self.os_stat {
            onboard::STAT
        } else {
            onboard::STAT_WITHOUT_OS_STAT
        }
    }

    /// Bytes of program text that the compiler can take at once beside what it makes of them: a
    /// literal stands in memory three times (lexer, object, decoded), and fragments of a small
    /// heap are smaller than the heap.
    #[must_use]
    pub fn program_limit(&self) -> usize {
        usize::try_from(self.free_memory / MEMORY_PER_CHARACTER)
            .unwrap_or(usize::MAX)
            .clamp(160, 24 * 1024)
    }
}

fn read_digit(digit: u8) -> Option<bool> {
    match digit {
        b'0' => Some(false),
        b'1' => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_digit_is_one_capability() {
        let found = Capabilities::parse(b"(102400, '010010000001100', 4)\r\n").unwrap();
        assert_eq!(
            found,
            Capabilities {
                free_memory: 102_400,
                a2b_base64: true,
                sha256: true,
                os_statvfs: true,
                os_mkdir: true,
                ..Capabilities::default()
            }
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let damaged = b"(1, '010010000001101', 4)";
        let unlike = b"(1, '01001000000110x', 4)";
        for reply in [
            &b""[..],
            b"(1, '0', 0)",
            b"('a', '000000000000000', 0)",
            b"(1,",
        ]
        .into_iter()
        .chain([&damaged[..], unlike])
        {
            assert_eq!(Capabilities::parse(reply), None);
        }
    }
}
