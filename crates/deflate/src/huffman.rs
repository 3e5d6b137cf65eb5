//! Optimal prefix codes of limited length, in the canonical form of RFC 1951 section 3.2.2.

/// Longest code of a literal, length or distance symbol, in bits.
pub const LONGEST_CODE: usize = 15;

/// The length of each symbol's code in bits, 0 for symbols that do not occur, none above `limit`:
/// those that make the message with these counts shortest. A single symbol gets one bit.
///
/// There must be at most `1 << limit` symbols that occur, and `lengths` as long as `counts`.
pub fn code_lengths(counts: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    // Count above, symbol below: one sort of plain numbers.
    let mut leaves = [0_u64; 288];
    let mut used = 0;
    for (symbol, &count) in counts.iter().enumerate() {
        if count > 0 {
            leaves[used] = u64::from(count) << 16 | symbol as u64;
            used += 1;
        }
    }
    let leaves = &mut leaves[..used];
    leaves.sort_unstable();
    if let [only] = leaves {
        lengths[symbol_of(*only)] = 1;
    } else if used > 1 && !unlimited(leaves, limit, lengths) {
        package_merge(leaves, limit, lengths);
    }
}

fn symbol_of(leaf: u64) -> usize {
    (leaf & 0xffff) as usize
}

/// Huffman's algorithm with two queues: the sorted leaves, and the inner nodes, which come about
/// in the order of their weights. False if a code would be longer than `limit`.
fn unlimited(leaves: &[u64], limit: usize, lengths: &mut [u8]) -> bool {
    let count = leaves.len();
    let mut weights = [0_u64; 288];
    let mut leaf_parents = [0_u16; 288];
    let mut inner_parents = [0_u16; 288];
    let (mut leaf, mut inner) = (0, 0);
    for node in 0..count - 1 {
        for _ in 0..2 {
            // Leaves first among equals keeps the tree shallow.
            let take_leaf = leaf < count && (inner == node || leaves[leaf] >> 16 <= weights[inner]);
            if take_leaf {
                weights[node] += leaves[leaf] >> 16;
                leaf_parents[leaf] = node as u16;
                leaf += 1;
            } else {
                weights[node] += weights[inner];
                inner_parents[inner] = node as u16;
                inner += 1;
            }
        }
    }
    // The root came last, so every parent's depth is known before its children's.
    let mut depths = [0_usize; 288];
    for node in (0..count - 2).rev() {
        depths[node] = depths[usize::from(inner_parents[node])] + 1;
    }
    for (&leaf, &parent) in leaves.iter().zip(&leaf_parents) {
        let depth = depths[usize::from(parent)] + 1;
        if depth > limit {
            return false;
        }
        lengths[symbol_of(leaf)] = depth as u8;
    }
    true
}

/// The package-merge algorithm (Larmore and Hirschberg, 1990): for each level a list of leaves and
/// of pairs from the level below, by weight. How many leaves are among the cheapest of each level
/// says how many symbols reach that deep.
fn package_merge(leaves: &[u64], limit: usize, lengths: &mut [u8]) {
    let mut is_leaf: Vec<Vec<bool>> = Vec::with_capacity(limit);
    let mut below: Vec<u64> = Vec::new();
    for _ in 0..limit {
        let mut packages = below
            .chunks_exact(2)
            .map(|pair| pair[0] + pair[1])
            .peekable();
        let mut weights = leaves.iter().map(|leaf| leaf >> 16).peekable();
        let mut level = Vec::with_capacity(2 * leaves.len());
        let mut kinds = Vec::with_capacity(2 * leaves.len());
        loop {
            let leaf_next = match (weights.peek(), packages.peek()) {
                (Some(leaf), Some(package)) => leaf <= package,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            level.extend(if leaf_next {
                weights.next()
            } else {
                packages.next()
            });
            kinds.push(leaf_next);
        }
        below = level;
        is_leaf.push(kinds);
    }
    lengths.fill(0);
    let mut taken = 2 * leaves.len() - 2;
    for kinds in is_leaf.iter().rev() {
        let reached = kinds[..taken].iter().filter(|&&leaf| leaf).count();
        for &leaf in &leaves[..reached] {
            lengths[symbol_of(leaf)] += 1;
        }
        taken = 2 * (taken - reached);
    }
}

/// The code of each symbol for these lengths, bit-reversed: its first bit is the lowest, as
/// `BitWriter` sends it.
pub fn canonical_codes(lengths: &[u8]) -> Vec<u16> {
    let mut next = [0_u16; LONGEST_CODE + 2];
    for &length in lengths.iter().filter(|&&length| length > 0) {
        next[usize::from(length) + 1] += 1;
    }
    for length in 1..next.len() {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    lengths
        .iter()
        .map(|&length| {
            if length == 0 {
                return 0;
            }
            let code = &mut next[usize::from(length)];
            *code += 1;
            (*code - 1).reverse_bits() >> (16 - length)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths_of(counts: &[u32], limit: usize) -> Vec<u8> {
        let mut lengths = vec![0; counts.len()];
        code_lengths(counts, limit, &mut lengths);
        lengths
    }

    /// 1 for a code that neither lacks nor doubles a bit pattern.
    fn kraft(lengths: &[u8]) -> f64 {
        lengths
            .iter()
            .filter(|&&length| length > 0)
            .map(|&length| 0.5_f64.powi(i32::from(length)))
            .sum()
    }

    #[test]
    fn the_example_of_the_rfc_gets_its_codes() {
        // RFC 1951 section 3.2.2: ABCDEFGH with (3, 3, 3, 3, 3, 2, 4, 4).
        let codes = canonical_codes(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let expected: [u16; 8] = [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111];
        assert_eq!(codes, expected);
    }

    #[test]
    fn one_symbol_takes_one_bit_and_none_take_none() {
        assert_eq!(lengths_of(&[0, 7, 0], 15), [0, 1, 0]);
        assert_eq!(lengths_of(&[0, 0], 15), [0, 0]);
    }

    #[test]
    fn frequent_symbols_get_short_codes() {
        assert_eq!(lengths_of(&[1, 1, 2, 4, 0, 8], 15), [4, 4, 3, 2, 0, 1]);
    }

    #[test]
    fn the_limit_holds_and_the_code_stays_complete() {
        // Fibonacci numbers make the deepest tree there is.
        let mut counts = vec![1_u32, 1];
        while counts.len() < 30 {
            counts.push(counts[counts.len() - 1] + counts[counts.len() - 2]);
        }
        for limit in [5, 7, 15, 29] {
            let lengths = lengths_of(&counts, limit);
            assert!(lengths.iter().all(|&length| usize::from(length) <= limit));
            assert!((kraft(&lengths) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn package_merge_agrees_with_huffman_where_the_limit_is_far() {
        let counts: Vec<u32> = (1..=200_u32)
            .map(|number| number * number % 61 + 1)
            .collect();
        let total = |lengths: &[u8]| -> u32 {
            let bits = lengths.iter().map(|&length| u32::from(length));
            bits.zip(&counts)
                .map(|(length, count)| length * count)
                .sum()
        };
        let mut leaves: Vec<u64> = (0_u64..)
            .zip(&counts)
            .map(|(symbol, &count)| u64::from(count) << 16 | symbol)
            .collect();
        leaves.sort_unstable();
        let mut merged = vec![0; counts.len()];
        package_merge(&leaves, 15, &mut merged);
        assert_eq!(total(&merged), total(&lengths_of(&counts, 15)));
    }
}
