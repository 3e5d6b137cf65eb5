//! What a file is called while it is being written.
//!
//! The name tells what the file is to become, and the beginning of its digest: whatever interrupts a
//! copy, what it leaves can be told complete or not, and finished or removed (see
//! [`leftovers`](super::leftovers)).

use std::fmt::Write as _;

/// Longest name of LittleFS and FAT, in bytes.
const NAME_LIMIT: usize = 255;
/// Behind the digest.
const SUFFIX: &str = ".mpwire";
/// The same of a file that gets its name together with others or not at all.
const STAGED_SUFFIX: &str = ".all.mpwire";
/// What such a file's tree has at its top once all of it is complete: from then on the rest is to be
/// finished, and before to be removed.
pub(super) const MARKER: &str = ".all.mpwire";
/// Bytes of the digest: enough for any accident.
const DIGEST_BYTES: usize = 3;

/// The path beside `target` where a file with this digest is written.
pub(super) fn temporary_path(target: &str, digest: &[u8]) -> String {
    with_suffix(target, digest, SUFFIX)
}

/// The same of a file that gets its name together with others or not at all.
pub(super) fn staged_path(target: &str, digest: &[u8]) -> String {
    with_suffix(target, digest, STAGED_SUFFIX)
}

fn with_suffix(target: &str, digest: &[u8], end: &str) -> String {
    let mut suffix = ".".to_owned();
    for byte in digest.iter().take(DIGEST_BYTES) {
        // Writing to a String cannot fail.
        let _ = write!(suffix, "{byte:02x}");
    }
    suffix += end;
    let start = target.rfind('/').map_or(0, |slash| slash + 1);
    let (directory, name) = target.split_at(start);
    if name.len() + suffix.len() > NAME_LIMIT {
        directory.to_owned() + &suffix
    } else {
        target.to_owned() + &suffix
    }
}

/// What the name of a temporary file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed<'a> {
    /// The name that the file is to have, empty where it was too long.
    pub name: &'a str,
    /// The beginning of its digest.
    pub digest: Vec<u8>,
    /// Whether it gets its name together with others or not at all.
    pub is_staged: bool,
}

/// Reads a name that [`temporary_path`] or [`staged_path`] has made.
pub(super) fn parse(name: &str) -> Option<Parsed<'_>> {
    let (begun, is_staged) = match name.strip_suffix(STAGED_SUFFIX) {
        Some(begun) => (begun, true),
        None => (name.strip_suffix(SUFFIX)?, false),
    };
    let (name, digits) = begun.rsplit_once('.')?;
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits.len() != 2 * DIGEST_BYTES || !is_digits(digits) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    Some(Parsed {
        name,
        digest: number.to_be_bytes()[4 - DIGEST_BYTES..].to_vec(),
        is_staged,
    })
}

/// Whether FAT would give one of our names this short one: where power is lost while it writes or
/// removes the long one, the short one may be left alone (`gen_numname`, `lib/oofatfs/ff.c`).
pub(super) fn is_short(name: &str) -> bool {
    let Some((start, number)) = name
        .strip_suffix(".MPW")
        .and_then(|name| name.rsplit_once('~'))
    else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    !start.is_empty() && is_number && start.len() + 1 + number.len() <= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: [u8; 8] = [0x1a, 0x2b, 0x0c, 4, 5, 6, 7, 8];

    #[test]
    fn a_name_tells_what_it_is_to_become() {
        assert_eq!(
            temporary_path("lib/a.py", &DIGEST),
            "lib/a.py.1a2b0c.mpwire"
        );
        let digest = DIGEST[..3].to_vec();
        let parsed = |name, is_staged| {
            let digest = digest.clone();
            Some(Parsed {
                name,
                digest,
                is_staged,
            })
        };
        assert_eq!(parse("a.py.1a2b0c.mpwire"), parsed("a.py", false));
        assert_eq!(parse(".1a2b0c.mpwire"), parsed("", false));
        assert_eq!(staged_path("a.py", &DIGEST), "a.py.1a2b0c.all.mpwire");
        assert_eq!(parse("a.py.1a2b0c.all.mpwire"), parsed("a.py", true));
        assert_eq!(parse(MARKER), None);
    }

    #[test]
    fn a_name_too_long_for_more_is_replaced_for_the_while() {
        let target = format!("d/{}", "n".repeat(250));
        assert_eq!(temporary_path(&target, &DIGEST), "d/.1a2b0c.mpwire");
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in [
            "a.py",
            "a.mpwire",
            "a.1a2b.mpwire",
            "a.1a2b0g.mpwire",
            "a.+a2b0c.mpwire",
            "a.äöü.mpwire",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn fat_has_short_names_for_ours() {
        assert!(is_short("CHANGE~1.MPW"));
        assert!(is_short("A1B2C3~A.MPW"));
        for name in [
            "CHANGED.MPW",
            "CHANGED~1.MPW",
            "A~.MPW",
            "~1.MPW",
            "CHANGE~1.PY",
        ] {
            assert!(!is_short(name), "{name}");
        }
    }
}
