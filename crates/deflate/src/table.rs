//! The code lengths in front of a dynamic block, run-length coded and under a prefix code of their
//! own (RFC 1951 section 3.2.7).

use crate::bits::BitWriter;
use crate::huffman::{canonical_codes, code_lengths};
use crate::symbols::{DISTANCE_SYMBOLS, END_OF_BLOCK, LITERAL_SYMBOLS};

const SYMBOLS: usize = 19;
const LONGEST_CODE: usize = 7;
const REPEAT: usize = 16;
const FEW_ZEROS: usize = 17;
const MANY_ZEROS: usize = 18;

/// The order in which the lengths of the table's own code are sent.
const ORDER: [usize; SYMBOLS] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// How often the search for the best runs is repeated with what the last one made of the code.
const ROUNDS: usize = 4;

/// The code lengths of both alphabets of a block.
#[derive(Debug, Clone)]
pub struct Lengths {
    pub literals: [u8; LITERAL_SYMBOLS],
    pub distances: [u8; DISTANCE_SYMBOLS],
}

impl Lengths {
    /// How many of each alphabet must be sent: those behind the last that is used need not.
    fn sent(&self) -> (usize, usize) {
        let count = |lengths: &[u8], least: usize| {
            let used = lengths.iter().rposition(|&length| length > 0);
            used.map_or(least, |last| least.max(last + 1))
        };
        (
            count(&self.literals, END_OF_BLOCK + 1),
            count(&self.distances, 1),
        )
    }

    /// Both alphabets in a row: a run may begin in the one and end in the other.
    fn row(&self, row: &mut [u8; LITERAL_SYMBOLS + DISTANCE_SYMBOLS]) -> usize {
        let (literals, distances) = self.sent();
        row[..literals].copy_from_slice(&self.literals[..literals]);
        row[literals..literals + distances].copy_from_slice(&self.distances[..distances]);
        literals + distances
    }
}

/// A symbol of the table and how many lengths it stands for.
#[derive(Debug, Clone, Copy)]
struct Item {
    symbol: u8,
    span: u8,
}

impl Item {
    /// The least run the symbol can stand for, and how many bits tell how much longer it is.
    fn run(symbol: usize) -> (u32, u32) {
        match symbol {
            REPEAT => (3, 2),
            FEW_ZEROS => (3, 3),
            MANY_ZEROS => (11, 7),
            _ => (1, 0),
        }
    }
}

/// Lengths as they are sent.
#[derive(Debug)]
pub struct Table {
    literals: usize,
    distances: usize,
    items: Vec<Item>,
    code: [u8; SYMBOLS],
    /// Its size in bits, with the three counts in front.
    pub bits: u32,
}

impl Table {
    /// The shortest table that was found for these lengths.
    pub fn new(lengths: &Lengths) -> Self {
        let mut row = [0; LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
        let count = lengths.row(&mut row);
        let row = &row[..count];
        let (literals, distances) = lengths.sent();
        let mut items = Vec::with_capacity(count);
        longest_runs(row, |symbol, span| {
            items.push(Item {
                symbol: symbol as u8,
                span: span as u8,
            });
        });
        let (mut code, mut bits) = code_for(&items);
        for _ in 0..ROUNDS {
            let other = cheapest_runs(row, &code);
            let (other_code, other_bits) = code_for(&other);
            if other_bits >= bits {
                break;
            }
            (items, code, bits) = (other, other_code, other_bits);
        }
        Self {
            literals,
            distances,
            items,
            code,
            bits,
        }
    }

    pub fn write(&self, output: &mut BitWriter) {
        output.put((self.literals - END_OF_BLOCK - 1) as u32, 5);
        output.put((self.distances - 1) as u32, 5);
        let sent = sent_of_code(&self.code);
        output.put(sent as u32 - 4, 4);
        for &symbol in &ORDER[..sent] {
            output.put(u32::from(self.code[symbol]), 3);
        }
        let codes = canonical_codes(&self.code);
        for item in &self.items {
            let symbol = usize::from(item.symbol);
            output.put(u32::from(codes[symbol]), u32::from(self.code[symbol]));
            let (least, extra_bits) = Item::run(symbol);
            output.put(u32::from(item.span) - least, extra_bits);
        }
    }
}

/// About the size of the table for these lengths, in bits: never less than [`Table::bits`].
pub fn quick_bits(lengths: &Lengths) -> u32 {
    let mut row = [0; LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
    let count = lengths.row(&mut row);
    let mut counts = [0; SYMBOLS];
    longest_runs(&row[..count], |symbol, _| counts[symbol] += 1);
    bits_of(&counts).1
}

/// Gives symbols and their spans for the row, each run as long as it can be.
fn longest_runs(row: &[u8], mut item: impl FnMut(usize, usize)) {
    for run in row.chunk_by(|left, right| left == right) {
        let value = usize::from(run[0]);
        let mut rest = run.len();
        if value == 0 {
            while rest >= 11 {
                let span = rest.min(138);
                item(MANY_ZEROS, span);
                rest -= span;
            }
            if rest >= 3 {
                item(FEW_ZEROS, rest);
                rest = 0;
            }
        } else {
            item(value, 1);
            rest -= 1;
            while rest >= 3 {
                // Seven more are better as four and three than as six and a single one.
                let span = if rest == 7 || rest == 8 {
                    rest - 3
                } else {
                    rest.min(6)
                };
                let span = span.min(6);
                item(REPEAT, span);
                rest -= span;
            }
        }
        for _ in 0..rest {
            item(value, 1);
        }
    }
}

/// The items for the row that take the fewest bits under `code`.
fn cheapest_runs(row: &[u8], code: &[u8; SYMBOLS]) -> Vec<Item> {
    let cost = |symbol: usize| {
        // A symbol without a code is not forbidden, it would only make the others longer.
        let length = match code[symbol] {
            0 => LONGEST_CODE as u32,
            length => u32::from(length),
        };
        length + Item::run(symbol).1
    };
    let mut totals = [0; LITERAL_SYMBOLS + DISTANCE_SYMBOLS + 1];
    let mut choices = [Item { symbol: 0, span: 1 }; LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
    // How many lengths from here on are alike.
    let mut run = 0;
    for index in (0..row.len()).rev() {
        let value = usize::from(row[index]);
        run = if row.get(index + 1) == Some(&row[index]) {
            run + 1
        } else {
            1
        };
        let mut least = cost(value) + totals[index + 1];
        choices[index] = Item {
            symbol: value as u8,
            span: 1,
        };
        let mut consider = |symbol: usize, spans: std::ops::RangeInclusive<usize>| {
            for span in spans {
                let total = cost(symbol) + totals[index + span];
                if total < least {
                    least = total;
                    choices[index] = Item {
                        symbol: symbol as u8,
                        span: span as u8,
                    };
                }
            }
        };
        if value == 0 {
            consider(FEW_ZEROS, 3..=run.min(10));
            consider(MANY_ZEROS, 11..=run.min(138));
        }
        if index > 0 && row[index - 1] == row[index] {
            consider(REPEAT, 3..=run.min(6));
        }
        totals[index] = least;
    }
    let mut items = Vec::with_capacity(row.len());
    let mut index = 0;
    while index < row.len() {
        items.push(choices[index]);
        index += usize::from(choices[index].span);
    }
    items
}

/// The best code for these items and the size of the table with it, in bits.
fn code_for(items: &[Item]) -> ([u8; SYMBOLS], u32) {
    let mut counts = [0; SYMBOLS];
    for item in items {
        counts[usize::from(item.symbol)] += 1;
    }
    bits_of(&counts)
}

fn bits_of(counts: &[u32; SYMBOLS]) -> ([u8; SYMBOLS], u32) {
    let mut code = [0; SYMBOLS];
    code_lengths(counts, LONGEST_CODE, &mut code);
    let symbols: u32 = (0..SYMBOLS)
        .map(|symbol| counts[symbol] * (u32::from(code[symbol]) + Item::run(symbol).1))
        .sum();
    (code, 14 + 3 * sent_of_code(&code) as u32 + symbols)
}

/// How many lengths of the table's own code must be sent.
fn sent_of_code(code: &[u8; SYMBOLS]) -> usize {
    let last = ORDER.iter().rposition(|&symbol| code[symbol] > 0);
    last.map_or(4, |last| (last + 1).max(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(of: &[(usize, u8)]) -> Lengths {
        let mut lengths = Lengths {
            literals: [0; LITERAL_SYMBOLS],
            distances: [0; DISTANCE_SYMBOLS],
        };
        for &(symbol, length) in of {
            lengths.literals[symbol] = length;
        }
        lengths
    }

    #[test]
    fn a_table_has_the_size_it_says_and_is_no_larger_than_the_quick_one() {
        let mut row: Vec<(usize, u8)> = (65..129).map(|symbol| (symbol, 7)).collect();
        row.extend([(END_OF_BLOCK, 2), (260, 2)]);
        for lengths in [lengths(&[(65, 1), (END_OF_BLOCK, 1)]), lengths(&row)] {
            let table = Table::new(&lengths);
            let mut output = BitWriter::default();
            table.write(&mut output);
            assert_eq!(output.bits(), u64::from(table.bits));
            assert!(table.bits <= quick_bits(&lengths));
        }
    }

    #[test]
    fn runs_stand_for_the_whole_row() {
        for count in 1..300 {
            for value in [0, 8] {
                let mut spans = 0;
                longest_runs(&vec![value; count], |symbol, span| {
                    let (least, extra_bits) = Item::run(symbol);
                    assert!((least..least + (1 << extra_bits)).contains(&(span as u32)));
                    spans += span;
                });
                assert_eq!(spans, count);
            }
        }
    }
}
