//! Answers as pieces of one deflate stream: what files and listings have in common travels once.

use mpwire_deflate::{Effort, Encoder, Flush};

/// Shorter data do not shrink by enough to be worth the board's time.
const LEAST: usize = 48;
/// Assumed of what was not measured yet: bytes on the wire for one of the data.
const DENSITY: f64 = 0.4;

/// An answer's data as they travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What the data are inflated to; 0 where they are not deflated.
    pub size: u16,
    /// What travels.
    pub payload: Vec<u8>,
    /// What the stream goes on with, if it does.
    next: Option<Box<Next>>,
}

#[derive(Debug, Clone)]
struct Next {
    encoder: Encoder,
    unread: Vec<u8>,
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.unread == other.unread
    }
}

impl Eq for Next {}

/// The stream.
#[derive(Debug)]
pub(super) struct Pieces {
    bits: u8,
    effort: Effort,
    /// Which stream the board expects pieces of; 0 is none.
    number: u8,
    stream: Option<Next>,
    density: f64,
}

impl Pieces {
    /// For a board whose inflater has a window of so many bits; 0 is no inflater.
    pub fn new(bits: u8, effort: Effort) -> Self {
        Self {
            bits,
            effort,
            number: 0,
            stream: None,
            density: 1.0,
        }
    }

    /// Goes on with the stream of this number, which is new if it is not the one before.
    pub fn continue_stream(&mut self, number: u8) {
        if number == self.number {
            return;
        }
        self.number = number;
        let deflates = number > 0 && self.bits > 0;
        self.density = if deflates { DENSITY } else { 1.0 };
        self.stream = deflates.then(|| Next {
            encoder: Encoder::with_effort(self.bits, self.effort),
            unread: Vec::new(),
        });
    }

    /// Bytes of data that are expected to fill so many on the wire.
    pub fn expected(&self, room: usize) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "an estimate"
        )]
        let expected = (room as f64 / self.density) as usize;
        expected
    }

    /// Data as they would travel next.
    pub fn piece(&self, data: &[u8]) -> Piece {
        let plain = Piece {
            size: 0,
            payload: data.to_vec(),
            next: None,
        };
        let (Some(stream), Ok(size)) = (&self.stream, u16::try_from(data.len())) else {
            return plain;
        };
        if data.len() < LEAST {
            return plain;
        }
        let mut next = stream.clone();
        let mut payload = std::mem::take(&mut next.unread);
        payload.extend(next.encoder.push(data, Flush::Sync));
        let used = payload.len() - next.encoder.unread();
        // What an inflater does not read before it has to stands in front of the next piece.
        next.unread = payload.split_off(used);
        if payload.len() > data.len() * 15 / 16 {
            return plain;
        }
        Piece {
            size,
            payload,
            next: Some(Box::new(next)),
        }
    }

    /// Takes note that a piece travels.
    pub fn commit(&mut self, piece: &mut Piece, data: usize) {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let density = piece.payload.len() as f64 / data.max(1) as f64;
        if data >= LEAST {
            self.density = density.clamp(0.01, 1.0);
        }
        if let Some(next) = piece.next.take() {
            self.stream = Some(*next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_one_stream_whatever_is_not_sent() {
        let mut pieces = Pieces::new(12, Effort::Dense);
        pieces.continue_stream(1);
        let mut inflater = flate2::Decompress::new_with_window_bits(false, 12);
        let mut sizes = Vec::new();
        for round in 0..20 {
            let data =
                format!("def function_{round}(self):\n    return self.values[{round}]\n").repeat(2);
            drop(pieces.piece(b"this is never sent, and so no part of the stream is made of it"));
            let mut piece = pieces.piece(data.as_bytes());
            pieces.commit(&mut piece, data.len());
            assert_eq!(usize::from(piece.size), data.len());
            let mut text = Vec::with_capacity(data.len());
            inflater
                .decompress_vec(&piece.payload, &mut text, flate2::FlushDecompress::Sync)
                .unwrap();
            assert_eq!(text, data.as_bytes());
            sizes.push(piece.payload.len());
        }
        assert!(sizes[19] < sizes[0] / 2, "{sizes:?}");
    }

    #[test]
    fn what_does_not_shrink_travels_as_it_is() {
        let mut pieces = Pieces::new(12, Effort::Dense);
        pieces.continue_stream(1);
        let noise: Vec<u8> = (0..600u32)
            .map(|index| (index ^ 0x9e37).wrapping_pow(7).wrapping_mul(2_654_435_761) >> 24)
            .map(|byte| byte as u8)
            .collect();
        assert_eq!(pieces.piece(&noise).size, 0);
        assert_eq!(pieces.piece(b"short").size, 0);
        pieces.continue_stream(0);
        assert_eq!(pieces.piece(&[b'a'; 500]).size, 0);
    }
}
