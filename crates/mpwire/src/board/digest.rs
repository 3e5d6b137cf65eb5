//! Digests of files, computed on the host as the board computes them.

use mpwire_proto::literal::{Value, quote_bytes};
use sha2::{Digest as _, Sha256};

use super::capabilities::Capabilities;

/// A digest, as the board's digest program returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256([u8; 32]),
    /// CRC-32 (IEEE 802.3).
    Crc32(u32),
    /// Adler-32 (RFC 1950): the sums b and a.
    Adler32(u32, u32),
}

impl Digest {
    /// The digest of `data` that a board with these capabilities computes
    /// ([`Capabilities::digest_program`]).
    #[must_use]
    pub fn of(data: &[u8], capabilities: &Capabilities) -> Self {
        match (capabilities.sha256, capabilities.crc32) {
            (true, _) => Self::Sha256(Sha256::digest(data).into()),
            (false, true) => {
                let mut crc = flate2::Crc::new();
                crc.update(data);
                Self::Crc32(crc.sum())
            }
            (false, false) => {
                let (mut a, mut b) = (1u32, 0u32);
                for &byte in data {
                    a = (a + u32::from(byte)) % 65521;
                    b = (b + a) % 65521;
                }
                Self::Adler32(b, a)
            }
        }
    }

    /// The digest as a Python literal.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            Self::Sha256(digest) => quote_bytes(digest),
            Self::Crc32(value) => value.to_string(),
            Self::Adler32(b, a) => format!("({b},{a})"),
        }
    }

    /// Whether the board printed this digest.
    #[must_use]
    pub fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Sha256(digest), Value::Bytes(bytes)) => digest[..] == bytes[..],
            (Self::Crc32(crc), Value::Int(value)) => i64::from(*crc) == *value,
            (Self::Adler32(b, a), Value::Tuple(items)) => {
                items[..] == [Value::Int((*b).into()), Value::Int((*a).into())]
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_digest_is_the_published_one() {
        let sha256 = Capabilities {
            sha256: true,
            crc32: true,
            ..Capabilities::default()
        };
        let crc32 = Capabilities {
            crc32: true,
            ..Capabilities::default()
        };
        let Digest::Sha256(digest) = Digest::of(b"abc", &sha256) else {
            panic!("SHA-256 is the first choice");
        };
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(Digest::of(b"123456789", &crc32), Digest::Crc32(0xcbf4_3926));
        // RFC 1950's Adler-32 of "Wikipedia" is 0x11E60398.
        assert_eq!(
            Digest::of(b"Wikipedia", &Capabilities::default()),
            Digest::Adler32(0x11e6, 0x398)
        );
    }
}
