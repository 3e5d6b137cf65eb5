//! `telnet`: commands told from data.

use mpwire_proto::telnet::{Decoder, Piece, escape};

use crate::cutting::same_however_cut;

/// Most of a subnegotiation that is kept.
const BODY_MOST: usize = 64;

/// The input is what a server sends, and what it is sent.
pub fn run(input: &[u8]) {
    let pieces = same_however_cut(input, decoded);
    for piece in pieces {
        match piece {
            Piece::Data(data) => assert!(data.len() <= input.len()),
            Piece::Subnegotiation(body) => assert!(body.len() <= BODY_MOST),
            Piece::Negotiation { .. } | Piece::Command(_) => {}
        }
    }
    let there_and_back = decoded(&[&escape(input)]);
    match &there_and_back[..] {
        [] => assert!(input.is_empty()),
        [Piece::Data(data)] => assert_eq!(data, input),
        other => panic!("{other:?}"),
    }
}

fn decoded(pieces: &[&[u8]]) -> Vec<Piece> {
    let mut decoder = Decoder::default();
    let mut found: Vec<Piece> = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (used, piece) = decoder.push(rest);
            assert!((1..=rest.len()).contains(&used));
            rest = &rest[used..];
            match (found.last_mut(), piece) {
                (Some(Piece::Data(data)), Some(Piece::Data(more))) => data.extend(more),
                (_, Some(piece)) => found.push(piece),
                (_, None) => {}
            }
        }
    }
    found
}
