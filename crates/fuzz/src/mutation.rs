//! Inputs that are nearly those of a corpus, from a seed.

/// Numbers by chance, the same for the same seed: xorshift64* (Vigna 2016).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Begins with `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Zero is the one state that has no next.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `most`; 0 where there is none.
    pub fn below(&mut self, most: usize) -> usize {
        (self.number() >> 16) as usize % most.max(1)
    }
}

/// Bytes that mean something to one protocol or another.
const TELLING: &[u8] = b"\x00\x01\x02\x03\x04\x05\x06\x0a\x0d\x15\x1b\x1e\x22\x27\x28\x29\x2c\x2e\x2f\x40\x5c\x7f\x80\xf0\xfa\xfe\xff";

/// An input like one of `corpus`, with some of its bytes changed, doubled, lost, or from another.
#[must_use]
pub fn mutated(corpus: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let any = |chance: &mut Chance| corpus.get(chance.below(corpus.len()));
    let mut input = any(chance).cloned().unwrap_or_default();
    for _ in 0..=chance.below(6) {
        let place = chance.below(input.len() + 1);
        let length = chance.below(16).min(input.len() - place);
        match chance.below(7) {
            0 => drop(input.drain(place..place + length)),
            1 => {
                let again = input[place..place + length].to_vec();
                input.splice(place..place, again);
            }
            2 => {
                let byte = TELLING[chance.below(TELLING.len())];
                input.insert(place, byte);
            }
            3 => {
                let other = any(chance).map_or(&[][..], Vec::as_slice);
                let begin = chance.below(other.len() + 1);
                let end = (begin + 1 + chance.below(64)).min(other.len());
                input.splice(place..place, other[begin..end].iter().copied());
            }
            4 => input.truncate(place),
            kind => {
                if let Some(byte) = input.get_mut(place) {
                    *byte = match kind {
                        5 => *byte ^ 1 << chance.below(8),
                        _ => TELLING[chance.below(TELLING.len())],
                    };
                }
            }
        }
    }
    input
}
