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
    /// Adler-32 (RFC 1950).
    Adler32(u32),
}

impl Digest {
    /// The digest of `data` that a board with these capabilities computes
    /// ([`Capabilities::digest_program`]).
    #[must_use]
    pub fn of(data: &[u8], capabilities: &Capabilities) -> Self {
        let mut hasher = Hasher::new(capabilities);
        hasher.update(data);
        hasher.finish()
    }

    /// The digest as the board's program returns it, most significant byte first.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Sha256(digest) => digest.to_vec(),
            Self::Crc32(value) | Self::Adler32(value) => value.to_be_bytes().to_vec(),
        }
    }

    /// The digest as a Python literal.
    #[must_use]
    pub fn literal(&self) -> String {
        quote_bytes(&self.bytes())
    }

    /// Whether the board printed this digest.
    #[must_use]
    pub fn matches(&self, value: &Value) -> bool {
        matches!(value, Value::Bytes(bytes) if *bytes == self.bytes())
    }
}

/// Computes a [`Digest`] piece by piece.
#[derive(Debug, Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// CRC-32.
    Crc32(crc32fast::Hasher),
    /// Adler-32: its sums.
    Adler32(u32, u32),
}

impl Hasher {
    /// The best that a board with these capabilities can compute as well.
    #[must_use]
    pub fn new(capabilities: &Capabilities) -> Self {
        match (capabilities.sha256, capabilities.crc32) {
            (true, _) => Self::sha256(),
            (false, true) => Self::Crc32(crc32fast::Hasher::new()),
            (false, false) => Self::Adler32(1, 0),
        }
    }

    /// SHA-256, which nearly every board has.
    #[must_use]
    pub fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// Takes more data.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha256(hasher) => sha2::Digest::update(hasher, data),
            Self::Crc32(hasher) => hasher.update(data),
            Self::Adler32(a, b) => {
                for &byte in data {
                    *a = (*a + u32::from(byte)) % 65521;
                    *b = (*b + *a) % 65521;
                }
            }
        }
    }

    /// The digest of all that was taken.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => Digest::Sha256(hasher.finalize().into()),
            Self::Crc32(hasher) => Digest::Crc32(hasher.finalize()),
            Self::Adler32(a, b) => Digest::Adler32(b << 16 | a),
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
            Digest::Adler32(0x11e6_0398)
        );
    }
}
