//! What must cross the wire, whatever the tool: the measure that the line rate gives.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// The bytes that must cross for `data`: as they are, or as one raw deflate stream of zlib's
/// level 9 and its full window of 32 KiB, whichever is less.
pub fn bytes_to_cross(data: &[u8]) -> usize {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(data);
    let deflated = encoder.finish().map_or(data.len(), |bytes| bytes.len());
    deflated.min(data.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Kind;

    #[test]
    fn random_bytes_cross_as_they_are_and_zeros_hardly_at_all() {
        let length = |kind: Kind| bytes_to_cross(&kind.bytes(51_200, &[]));
        assert_eq!(length(Kind::Random), 51_200);
        assert!(length(Kind::Source) < 25_600);
        assert!(length(Kind::Zeros) < 100);
    }
}
