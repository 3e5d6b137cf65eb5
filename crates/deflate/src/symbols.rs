//! The two alphabets of a compressed block and what belongs to each symbol (RFC 1951 section 3.2.5).

/// Literals, the end of the block and lengths.
pub const LITERAL_SYMBOLS: usize = 286;
pub const DISTANCE_SYMBOLS: usize = 30;
pub const END_OF_BLOCK: usize = 256;
pub const LEAST_MATCH: usize = 3;
pub const LONGEST_MATCH: usize = 258;

/// The smallest length of each length symbol, from symbol 257 on.
const LENGTH_BASES: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LENGTH_EXTRA_BITS: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];

/// The index into [`LENGTH_BASES`] for each length.
const LENGTH_INDICES: [u8; LONGEST_MATCH + 1] = {
    let mut indices = [0; LONGEST_MATCH + 1];
    let mut length = LEAST_MATCH;
    let mut index = 0;
    while length <= LONGEST_MATCH {
        if index + 1 < LENGTH_BASES.len() && length >= LENGTH_BASES[index + 1] as usize {
            index += 1;
        }
        indices[length] = index as u8;
        length += 1;
    }
    indices
};

/// What a compressed block is a row of, beside its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Literal(u8),
    /// `length` bytes (3 to 258) as they stand `distance` bytes (1 to 32768) back.
    Match {
        length: u16,
        distance: u16,
    },
}

impl Token {
    /// How many bytes it stands for.
    pub fn span(self) -> usize {
        match self {
            Self::Literal(_) => 1,
            Self::Match { length, .. } => usize::from(length),
        }
    }
}

/// The symbol of a match length.
pub fn length_symbol(length: u16) -> usize {
    END_OF_BLOCK + 1 + usize::from(LENGTH_INDICES[usize::from(length)])
}

/// How many bits follow a symbol of the literal alphabet.
pub fn literal_extra_bits(symbol: usize) -> u32 {
    symbol
        .checked_sub(END_OF_BLOCK + 1)
        .map_or(0, |index| u32::from(LENGTH_EXTRA_BITS[index]))
}

/// What the bits behind the length symbol say.
pub fn length_extra(length: u16) -> u32 {
    u32::from(length - LENGTH_BASES[usize::from(LENGTH_INDICES[usize::from(length)])])
}

/// The symbol of a match distance.
#[inline]
pub fn distance_symbol(distance: u16) -> usize {
    let offset = u32::from(distance) - 1;
    if offset < 4 {
        return offset as usize;
    }
    // Two symbols for each power of two: the bit below the highest tells them apart.
    let highest = offset.ilog2();
    (2 * highest + (offset >> (highest - 1) & 1)) as usize
}

/// How many bits follow a distance symbol.
pub fn distance_extra_bits(symbol: usize) -> u32 {
    (symbol as u32 / 2).saturating_sub(1)
}

/// What the bits behind the distance symbol say.
pub fn distance_extra(distance: u16) -> u32 {
    let bits = distance_extra_bits(distance_symbol(distance));
    (u32::from(distance) - 1) & ((1 << bits) - 1)
}

/// How often each symbol occurs in a row of tokens; the end of the block is not counted.
#[derive(Debug, Clone)]
pub struct Histogram {
    pub literals: [u32; LITERAL_SYMBOLS],
    pub distances: [u32; DISTANCE_SYMBOLS],
    /// Bytes the tokens stand for.
    pub bytes: usize,
}

impl Histogram {
    pub const EMPTY: Self = Self {
        literals: [0; LITERAL_SYMBOLS],
        distances: [0; DISTANCE_SYMBOLS],
        bytes: 0,
    };

    pub fn of(tokens: &[Token]) -> Self {
        let mut histogram = Self::EMPTY;
        for &token in tokens {
            histogram.add(token);
        }
        histogram
    }

    pub fn add(&mut self, token: Token) {
        self.bytes += token.span();
        match token {
            Token::Literal(byte) => self.literals[usize::from(byte)] += 1,
            Token::Match { length, distance } => {
                self.literals[length_symbol(length)] += 1;
                self.distances[distance_symbol(distance)] += 1;
            }
        }
    }

    /// Takes back what [`Histogram::add`] did with the same token.
    pub fn remove(&mut self, token: Token) {
        self.bytes -= token.span();
        match token {
            Token::Literal(byte) => self.literals[usize::from(byte)] -= 1,
            Token::Match { length, distance } => {
                self.literals[length_symbol(length)] -= 1;
                self.distances[distance_symbol(distance)] -= 1;
            }
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.literals.iter_mut().zip(&other.literals) {
            *count += more;
        }
        for (count, more) in self.distances.iter_mut().zip(&other.distances) {
            *count += more;
        }
        self.bytes += other.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1951 section 3.2.5 gives 257 to 285 and 0 to 29 as tables; the corners of these.
    #[test]
    fn symbols_are_those_of_the_tables_in_the_rfc() {
        for (length, symbol, extra) in [
            (3, 257, 0),
            (10, 264, 0),
            (11, 265, 0),
            (12, 265, 1),
            (130, 280, 15),
            (257, 284, 30),
            (258, 285, 0),
        ] {
            assert_eq!(
                (length_symbol(length), length_extra(length)),
                (symbol, extra)
            );
        }
        for (distance, symbol, extra, bits) in [
            (1, 0, 0, 0),
            (4, 3, 0, 0),
            (5, 4, 0, 1),
            (8, 5, 1, 1),
            (256, 15, 63, 6),
            (24_577, 29, 0, 13),
            (32_768, 29, 8191, 13),
        ] {
            assert_eq!(distance_symbol(distance), symbol);
            assert_eq!(distance_extra(distance), extra);
            assert_eq!(distance_extra_bits(symbol), bits);
        }
        assert_eq!(literal_extra_bits(284), 5);
        assert_eq!(literal_extra_bits(255), 0);
    }
}
