//! `frames`: binary frames in what a program prints.

use mpwire_proto::frames::{Piece, Scanner};

use crate::cutting::same_however_cut;

/// Bytes of a frame in front of its data.
const HEADER: usize = 13;
/// What stands behind a traceback.
const PROMPT: &[u8] = b"\x04>";

/// The input is what a program prints, that is interrupted or not.
pub fn run(input: &[u8]) {
    for is_interrupted in [false, true] {
        scan(input, is_interrupted);
    }
}

fn scan(input: &[u8], is_interrupted: bool) {
    let pieces = same_however_cut(input, |parts| {
        let mut scanner = Scanner::default();
        if is_interrupted {
            scanner.expect_interrupt();
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                let (used, piece) = scanner.push(rest);
                rest = &rest[used..];
                match (pieces.last_mut(), piece) {
                    (Some(Piece::Text(text)), Some(Piece::Text(more))) => text.extend(more),
                    (_, Some(piece)) => pieces.push(piece),
                    (_, None) => {}
                }
            }
        }
        pieces
    });
    // Nothing is invented and nothing lost: the pieces are the input but for a frame at its end.
    let mut rest = input;
    for piece in pieces {
        let end = match piece {
            Piece::Text(text) => {
                assert!(rest.starts_with(&text));
                text.len()
            }
            Piece::Frame { data, intact } => {
                let (header, behind) = rest.split_at(HEADER);
                assert!(behind.starts_with(&data));
                let check = format!("{:08x}", crc32fast::hash(&data));
                assert_eq!(header[5..].eq_ignore_ascii_case(check.as_bytes()), intact);
                HEADER + data.len()
            }
            Piece::Cut { traceback } => {
                assert!(is_interrupted);
                let (_, printed) = rest.split_at(HEADER);
                let whole = [b"\x04", &traceback[..], PROMPT].concat();
                let found = printed.windows(whole.len()).position(|part| part == whole);
                HEADER + found.expect("what was printed") + whole.len()
            }
            Piece::End => {
                assert_eq!(rest[0], 4);
                1
            }
        };
        rest = &rest[end..];
    }
    assert!(rest.first().is_none_or(|&byte| byte == 2));
}
