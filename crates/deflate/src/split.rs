//! Where a row of tokens is best cut into blocks, each with a code of its own.

use crate::block;
use crate::symbols::{Histogram, Token};

/// Cuts are first sought between pieces of so many tokens,
const LEAST_PIECE: usize = 48;
/// or of more, so that there are no more pieces than this: the search looks at every pair.
const MOST_PIECES: usize = 32;

/// A cut moves by at least this many tokens when it is put in its final place.
const LEAST_STEP: usize = 8;

/// Where the blocks end: indices into `tokens`, ascending, the last being their count.
pub fn split(tokens: &[Token]) -> Vec<usize> {
    let piece = tokens.len().div_ceil(MOST_PIECES).max(LEAST_PIECE);
    let mut ends = between_pieces(tokens, piece);
    if ends.len() > 1 {
        move_cuts(tokens, &mut ends, piece);
    }
    ends
}

/// The best cuts of all that lie between pieces: a shortest path from the end to the beginning.
fn between_pieces(tokens: &[Token], piece: usize) -> Vec<usize> {
    let histograms: Vec<Histogram> = tokens.chunks(piece).map(Histogram::of).collect();
    let count = histograms.len();
    let mut totals = vec![u64::MAX; count + 1];
    let mut next = vec![count; count];
    totals[count] = 0;
    for start in (0..count).rev() {
        let mut block = Histogram::EMPTY;
        for end in start + 1..=count {
            block.merge(&histograms[end - 1]);
            let total = block::quick_bits(&block) + totals[end];
            if total < totals[start] {
                totals[start] = total;
                next[start] = end;
            }
        }
    }
    let mut ends = Vec::new();
    let mut start = 0;
    while start < count {
        start = next[start];
        ends.push((start * piece).min(tokens.len()));
    }
    ends
}

/// Moves each cut to and fro by ever smaller steps as long as its two blocks shrink.
fn move_cuts(tokens: &[Token], ends: &mut [usize], piece: usize) {
    let mut start = 0;
    for index in 0..ends.len() - 1 {
        let end = ends[index + 1];
        let mut cut = ends[index];
        let mut before = Histogram::of(&tokens[start..cut]);
        let mut after = Histogram::of(&tokens[cut..end]);
        let mut bits = block::quick_bits(&before) + block::quick_bits(&after);
        let mut step = piece / 2;
        while step >= LEAST_STEP {
            for target in [cut.saturating_sub(step), cut + step] {
                if target <= start || target >= end {
                    continue;
                }
                let (mut new_before, mut new_after) = (before.clone(), after.clone());
                for &token in &tokens[target.min(cut)..target.max(cut)] {
                    let (from, to) = if target < cut {
                        (&mut new_before, &mut new_after)
                    } else {
                        (&mut new_after, &mut new_before)
                    };
                    from.remove(token);
                    to.add(token);
                }
                let new_bits = block::quick_bits(&new_before) + block::quick_bits(&new_after);
                if new_bits < bits {
                    (cut, before, after, bits) = (target, new_before, new_after, new_bits);
                    break;
                }
            }
            step /= 2;
        }
        ends[index] = cut;
        start = cut;
    }
}
