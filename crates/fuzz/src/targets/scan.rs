//! `scan`: markers in a stream.

use mpwire_proto::scan::Scanner;

use crate::cutting::same_however_cut;

/// Some that the raw REPL looks for, one within another, and one that begins again in itself.
const MARKERS: &[&[u8]] = &[b"R\x01", b"R\x00", b"aab", b"raw REPL>", b"L>\x04"];

/// The input is a stream.
pub fn run(input: &[u8]) {
    let found = same_however_cut(input, |pieces| {
        let mut scanner = Scanner::new(MARKERS);
        let (mut found, mut passed) = (Vec::new(), 0);
        for piece in pieces {
            let mut rest = *piece;
            while let Some(next) = scanner.push(rest) {
                assert!((1..=rest.len()).contains(&next.used));
                rest = &rest[next.used..];
                found.push((next.marker, passed + piece.len() - rest.len()));
            }
            passed += piece.len();
        }
        found
    });
    let mut begin = 0;
    for (marker, end) in found {
        assert!(input[begin..end].ends_with(MARKERS[marker]));
        begin = end;
    }
}
