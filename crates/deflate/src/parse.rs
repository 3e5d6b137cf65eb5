//! Which literals and matches stand for the text.

use crate::block;
use crate::huffman::LONGEST_CODE;
use crate::matches::{Candidates, Match};
use crate::symbols::{
    DISTANCE_SYMBOLS, END_OF_BLOCK, Histogram, LEAST_MATCH, LITERAL_SYMBOLS, LONGEST_MATCH, Token,
    distance_extra_bits, distance_symbol, length_symbol, literal_extra_bits,
};
use crate::table::Lengths;

/// A shortest match further away than this costs more than three literals, mostly.
const FAR_FOR_THREE: u16 = 4096;

/// Parts of a bit in which costs are counted. A segment of 2^18 bytes at 2^4 bits fits in 32 bits.
const UNITS: f64 = 256.0;

/// Costs for rare symbols stay below that of the longest code.
const MOST_BITS: f64 = 15.0;

/// What each choice takes, extra bits included, in 1/256 bit.
#[derive(Debug, Clone)]
pub struct Costs {
    literals: [u32; END_OF_BLOCK],
    lengths: [u32; LONGEST_MATCH + 1],
    distances: [u32; DISTANCE_SYMBOLS],
}

impl Costs {
    /// The costs under a code fit for such tokens. By entropy rather than by whole code lengths:
    /// what becomes more frequent next time should become cheaper before its code gets shorter.
    pub fn by_entropy(histogram: &Histogram) -> Self {
        Self::new(
            &entropies(&histogram.literals),
            &entropies(&histogram.distances),
        )
    }

    /// The costs under the code that is best for such tokens.
    pub fn by_codes(histogram: &Histogram) -> Self {
        let lengths = block::best_lengths(histogram, LONGEST_CODE);
        let bits = |length: u8| {
            if length == 0 {
                MOST_BITS
            } else {
                f64::from(length)
            }
        };
        Self::new(&lengths.literals.map(bits), &lengths.distances.map(bits))
    }

    /// The costs under a code with these lengths; all symbols must have one.
    pub fn by_lengths(lengths: &Lengths) -> Self {
        Self::new(
            &lengths.literals.map(f64::from),
            &lengths.distances.map(f64::from),
        )
    }

    /// From the bits of each symbol without its extra bits.
    fn new(literals: &[f64; LITERAL_SYMBOLS], distances: &[f64; DISTANCE_SYMBOLS]) -> Self {
        let mut costs = Self {
            literals: [0; END_OF_BLOCK],
            lengths: [0; LONGEST_MATCH + 1],
            distances: [0; DISTANCE_SYMBOLS],
        };
        for (cost, bits) in costs.literals.iter_mut().zip(literals) {
            *cost = units(*bits);
        }
        for length in LEAST_MATCH..=LONGEST_MATCH {
            let symbol = length_symbol(length as u16);
            costs.lengths[length] = units(literals[symbol] + f64::from(literal_extra_bits(symbol)));
        }
        for (symbol, bits) in distances.iter().enumerate() {
            costs.distances[symbol] = units(bits + f64::from(distance_extra_bits(symbol)));
        }
        costs
    }
}

#[expect(clippy::cast_sign_loss, reason = "bits are never negative")]
fn units(bits: f64) -> u32 {
    (bits * UNITS).round() as u32
}

/// How many bits of information each symbol carries.
fn entropies<const N: usize>(counts: &[u32; N]) -> [f64; N] {
    let total = f64::from(counts.iter().sum::<u32>().max(1)).log2();
    counts.map(|count| {
        // One that was not used would, if it were, be as rare as one that was used once at most.
        let bits = if count == 0 {
            total + 1.0
        } else {
            total - f64::from(count).log2()
        };
        bits.min(MOST_BITS)
    })
}

/// Costs that hold for the text up to `end`, an index into the segment.
pub struct Zone {
    pub end: usize,
    pub costs: Costs,
}

/// The tokens by rule: the longest match, unless the next byte begins a longer one.
pub fn lazy(text: &[u8], candidates: &Candidates) -> Vec<Token> {
    let longest = |index: usize| {
        let last = candidates.at(index).last().copied();
        last.filter(|found| found.length > 3 || found.distance <= FAR_FOR_THREE)
    };
    let mut tokens = Vec::new();
    let mut index = 0;
    while index < text.len() {
        let found = longest(index);
        let next = if index + 1 < text.len() {
            longest(index + 1)
        } else {
            None
        };
        let token = match (found, next) {
            (Some(Match { length, distance }), next)
                if next.is_none_or(|next| next.length <= length) =>
            {
                Token::Match { length, distance }
            }
            _ => Token::Literal(text[index]),
        };
        tokens.push(token);
        index += token.span();
    }
    tokens
}

/// The tokens that cost least, where the zones cover the text.
pub fn cheapest(text: &[u8], candidates: &Candidates, zones: &[Zone]) -> Vec<Token> {
    // From the end to the beginning: what the text from each place on costs, and how it begins.
    let mut totals = vec![0_u32; text.len() + 1];
    let mut choices = vec![0_u32; text.len()];
    let mut end = text.len();
    for (number, zone) in zones.iter().enumerate().rev() {
        let start = if number == 0 {
            0
        } else {
            zones[number - 1].end
        };
        for index in (start..end).rev() {
            let literal = zone.costs.literals[usize::from(text[index])] + totals[index + 1];
            let matches = candidates.at(index);
            let best = cheapest_match(matches, &zone.costs, &totals[index..])
                .min(choice(literal, LITERAL, 0));
            totals[index] = (best >> 32) as u32;
            choices[index] = best as u32;
        }
        end = start;
    }
    let mut tokens = Vec::new();
    let mut index = 0;
    while index < text.len() {
        let (length, distance) = ((choices[index] >> 16) as u16, choices[index] as u16);
        let token = match length {
            LITERAL => Token::Literal(text[index]),
            _ => Token::Match { length, distance },
        };
        tokens.push(token);
        index += token.span();
    }
    tokens
}

/// A length that tells a literal from matches.
const LITERAL: u16 = 1;

/// A total and what it is for in one number, the total on top: the lesser of two is found without
/// a branch, which would be guessed wrong half of the time.
fn choice(total: u32, length: u16, distance: u16) -> u64 {
    u64::from(total) << 32 | u64::from(length) << 16 | u64::from(distance)
}

/// The [`choice`] among the matches of a place; `totals` begin there.
#[inline]
fn cheapest_match(matches: &[Match], costs: &Costs, totals: &[u32]) -> u64 {
    let mut best = u64::MAX;
    let shortest = match matches.last() {
        // In a long repetition every place has a match of each length, and taking less than all
        // of one only puts off the question.
        Some(last) if usize::from(last.length) == LONGEST_MATCH => LONGEST_MATCH,
        _ => LEAST_MATCH,
    };
    // The nearest place for a length need not be the cheapest: any that repeats more will do, and
    // its symbol may be the more frequent. So from the longest match on.
    let (mut distance, mut distance_cost) = (0, u32::MAX);
    for (rank, found) in matches.iter().enumerate().rev() {
        let cost = costs.distances[distance_symbol(found.distance)];
        if cost <= distance_cost {
            (distance, distance_cost) = (found.distance, cost);
        }
        let first = match rank {
            0 => shortest,
            _ => shortest.max(usize::from(matches[rank - 1].length) + 1),
        };
        let lengths = first..usize::from(found.length) + 1;
        if lengths.is_empty() {
            break;
        }
        let rests = &totals[lengths.clone()];
        for ((length, cost), rest) in (first as u16..).zip(&costs.lengths[lengths]).zip(rests) {
            best = best.min(choice(distance_cost + cost + rest, length, distance));
        }
    }
    best
}
