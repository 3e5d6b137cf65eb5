//! One block of the stream: stored, under the fixed code or under its own (RFC 1951 section 3.2.3).

use crate::bits::BitWriter;
use crate::huffman::{LONGEST_CODE, canonical_codes, code_lengths};
use crate::symbols::{
    DISTANCE_SYMBOLS, END_OF_BLOCK, Histogram, LITERAL_SYMBOLS, Token, distance_extra,
    distance_extra_bits, distance_symbol, length_extra, length_symbol, literal_extra_bits,
};
use crate::table::{self, Lengths, Table};

/// Bytes in the longest stored block.
pub const LONGEST_STORED: usize = 65_535;

/// Whether the block is the last, and its type.
const HEADER_BITS: u64 = 3;
const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;

/// The fixed code (RFC 1951 section 3.2.6).
pub const FIXED_LENGTHS: Lengths = {
    let mut literals = [8; LITERAL_SYMBOLS];
    let mut symbol = 144;
    while symbol < 280 {
        literals[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    Lengths {
        literals,
        distances: [5; DISTANCE_SYMBOLS],
    }
};

/// The fixed code lengths of symbols 286 and 287.
const FIXED_UNUSED: [u8; 2] = [8, 8];

/// Lower code lengths than 15 that are tried for the sake of a shorter table.
const LIMITS: [usize; 5] = [8, 9, 10, 11, 12];

/// How counts are evened out for the sake of a shorter table: by how large a part of the mean, and
/// by how much besides, a count may differ from those before it.
const TOLERANCES: [(f64, f64); 6] = [
    (0.0, 1.0),
    (0.2, 0.5),
    (0.3, 1.0),
    (0.4, 1.5),
    (0.6, 1.0),
    (0.5, 3.0),
];

/// How a block is coded.
enum Coding {
    Stored,
    Fixed,
    Dynamic(Box<Lengths>, Table),
}

/// About the size in bits of a block of such tokens, in the coding that suits it best.
pub fn quick_bits(histogram: &Histogram) -> u64 {
    let lengths = best_lengths(histogram, LONGEST_CODE);
    let dynamic = u64::from(table::quick_bits(&lengths)) + data_bits(histogram, &lengths);
    let fixed = data_bits(histogram, &FIXED_LENGTHS);
    (HEADER_BITS + dynamic.min(fixed)).min(stored_bits(histogram.bytes, 0))
}

/// Writes `tokens`, which stand for `bytes`, as one block, or as several if stored ones are best.
pub fn write(tokens: &[Token], bytes: &[u8], last: bool, output: &mut BitWriter) {
    match best_coding(&Histogram::of(tokens), output.bits()) {
        Coding::Stored => {
            let pieces = bytes.chunks(LONGEST_STORED);
            let count = pieces.len();
            for (number, piece) in (1..).zip(pieces) {
                write_stored(piece, last && number == count, output);
            }
        }
        Coding::Fixed => {
            write_header(last, FIXED, output);
            write_tokens(tokens, &FIXED_LENGTHS, &FIXED_UNUSED, output);
        }
        Coding::Dynamic(lengths, table) => {
            write_header(last, DYNAMIC, output);
            table.write(output);
            write_tokens(tokens, &lengths, &[], output);
        }
    }
}

/// Writes the block that a sync flush ends on; the output is aligned then.
pub fn write_empty_stored(output: &mut BitWriter) {
    write_stored(&[], false, output);
}

/// Writes an end of the stream without data.
pub fn write_empty_final(output: &mut BitWriter) {
    write_header(true, FIXED, output);
    write_tokens(&[], &FIXED_LENGTHS, &FIXED_UNUSED, output);
}

fn write_header(last: bool, kind: u32, output: &mut BitWriter) {
    output.put(u32::from(last), 1);
    output.put(kind, 2);
}

/// `bytes` are at most [`LONGEST_STORED`].
fn write_stored(bytes: &[u8], last: bool, output: &mut BitWriter) {
    write_header(last, STORED, output);
    output.align();
    let length = bytes.len() as u32;
    output.put(length, 16);
    output.put(length ^ 0xffff, 16);
    output.put_bytes(bytes);
    if !bytes.is_empty() {
        output.mark();
    }
}

/// Writes tokens and the end of the block; `unused` are code lengths of literal symbols that never
/// occur and yet take part in the code.
fn write_tokens(tokens: &[Token], lengths: &Lengths, unused: &[u8], output: &mut BitWriter) {
    let literals = canonical_codes(&[&lengths.literals, unused].concat());
    let distances = canonical_codes(&lengths.distances);
    for &token in tokens {
        match token {
            Token::Literal(byte) => {
                let symbol = usize::from(byte);
                output.put(literals[symbol].into(), lengths.literals[symbol].into());
            }
            Token::Match { length, distance } => {
                let symbol = length_symbol(length);
                output.put(literals[symbol].into(), lengths.literals[symbol].into());
                output.put(length_extra(length), literal_extra_bits(symbol));
                let symbol = distance_symbol(distance);
                output.put(distances[symbol].into(), lengths.distances[symbol].into());
                output.put(distance_extra(distance), distance_extra_bits(symbol));
            }
        }
    }
    output.mark();
    output.put(
        literals[END_OF_BLOCK].into(),
        lengths.literals[END_OF_BLOCK].into(),
    );
}

/// Size of stored blocks with so many bytes, in bits, behind output of so many bits.
fn stored_bits(bytes: usize, behind: u64) -> u64 {
    let blocks = bytes.div_ceil(LONGEST_STORED).max(1);
    let alignment = (behind + HEADER_BITS).next_multiple_of(8) - behind - HEADER_BITS;
    // After the first, each begins on a byte.
    8 * (bytes + 5 * blocks) as u64 + alignment + HEADER_BITS - 8
}

/// Size of the tokens and the end of the block under a code with these lengths, in bits.
fn data_bits(histogram: &Histogram, lengths: &Lengths) -> u64 {
    let mut bits = u32::from(lengths.literals[END_OF_BLOCK]);
    for (count, length) in histogram.literals.iter().zip(&lengths.literals) {
        bits += count * u32::from(*length);
    }
    for (symbol, count) in histogram.literals.iter().enumerate().skip(END_OF_BLOCK + 1) {
        bits += count * literal_extra_bits(symbol);
    }
    for (symbol, count) in histogram.distances.iter().enumerate() {
        bits += count * (u32::from(lengths.distances[symbol]) + distance_extra_bits(symbol));
    }
    u64::from(bits)
}

/// The code with the shortest data whose codes have at most `limit` bits.
pub fn best_lengths(histogram: &Histogram, limit: usize) -> Lengths {
    let mut literals = histogram.literals;
    literals[END_OF_BLOCK] = 1;
    lengths_for(&literals, &histogram.distances, limit)
}

fn lengths_for(
    literals: &[u32; LITERAL_SYMBOLS],
    distances: &[u32; DISTANCE_SYMBOLS],
    limit: usize,
) -> Lengths {
    let mut lengths = Lengths {
        literals: [0; LITERAL_SYMBOLS],
        distances: [0; DISTANCE_SYMBOLS],
    };
    code_lengths(literals, limit.max(9), &mut lengths.literals);
    code_lengths(distances, limit, &mut lengths.distances);
    lengths
}

/// The coding that makes the block shortest, of all that are tried, behind output of so many bits.
fn best_coding(histogram: &Histogram, behind: u64) -> Coding {
    let fixed = HEADER_BITS + data_bits(histogram, &FIXED_LENGTHS);
    let stored = stored_bits(histogram.bytes, behind);
    let (mut coding, mut bits) = if stored < fixed {
        (Coding::Stored, stored)
    } else {
        (Coding::Fixed, fixed)
    };
    let mut consider = |lengths: Lengths| {
        let data = HEADER_BITS + data_bits(histogram, &lengths);
        if data < bits {
            let table = Table::new(&lengths);
            if data + u64::from(table.bits) < bits {
                bits = data + u64::from(table.bits);
                coding = Coding::Dynamic(Box::new(lengths), table);
            }
        }
    };
    consider(best_lengths(histogram, LONGEST_CODE));
    for limit in LIMITS {
        consider(best_lengths(histogram, limit));
    }
    for tolerance in TOLERANCES {
        let mut literals = histogram.literals;
        literals[END_OF_BLOCK] = 1;
        let mut distances = histogram.distances;
        even_out(&mut literals, tolerance);
        even_out(&mut distances, tolerance);
        consider(lengths_for(&literals, &distances, LONGEST_CODE));
    }
    coding
}

/// Makes neighbouring counts that differ little the same, so that their codes come out equally
/// long and the table has longer runs. A count that is not zero stays so.
fn even_out(counts: &mut [u32], (part, besides): (f64, f64)) {
    let mut start = 0;
    while start < counts.len() {
        let mut sum = f64::from(counts[start]);
        let mut number = 1_u32;
        for &count in &counts[start + 1..] {
            let mean = sum / f64::from(number);
            if (f64::from(count) - mean).abs() > part * mean + besides {
                break;
            }
            sum += f64::from(count);
            number += 1;
        }
        let end = start + number as usize;
        let stretch = &mut counts[start..end];
        // Three alike are the least that a run can save on, and mostly zeros had better stay so.
        let zeros = stretch.iter().filter(|&&count| count == 0).count();
        if number >= 3 && 2 * zeros <= stretch.len() {
            let mean = (stretch.iter().sum::<u32>() + number / 2) / number;
            stretch.fill(mean.max(1));
        }
        start = end;
    }
}
