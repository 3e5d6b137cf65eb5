//! An inflater that is slow, strict and talkative: the judge of which distances a stream uses.

/// A stream, inflated.
pub struct Walk {
    pub text: Vec<u8>,
    /// The greatest distance any match goes back; none goes before the start.
    pub longest_distance: usize,
}

struct Bits<'a> {
    stream: &'a [u8],
    /// Bits read so far.
    position: usize,
}

impl Bits<'_> {
    fn get(&mut self, count: usize) -> usize {
        (0..count).fold(0, |value, index| {
            let bit = usize::from(self.stream[self.position / 8]) >> (self.position % 8) & 1;
            self.position += 1;
            value | bit << index
        })
    }

    /// Reads a symbol under the canonical code with these lengths.
    fn symbol(&mut self, lengths: &[usize]) -> usize {
        let (mut code, mut first) = (0, 0);
        for length in 1..16 {
            code = code << 1 | self.get(1);
            first <<= 1;
            let with_length = lengths.iter().filter(|&&other| other == length).count();
            if code - first < with_length {
                let mut symbols = (0..lengths.len()).filter(|&symbol| lengths[symbol] == length);
                return symbols
                    .nth(code - first)
                    .expect("there are as many as counted");
            }
            first += with_length;
        }
        panic!("bits that are no code");
    }
}

/// Inflates a whole stream (RFC 1951).
///
/// # Panics
///
/// On anything that the RFC does not allow.
pub fn inflate(stream: &[u8]) -> Walk {
    let mut bits = Bits {
        stream,
        position: 0,
    };
    let mut walk = Walk {
        text: Vec::new(),
        longest_distance: 0,
    };
    let mut last = false;
    while !last {
        last = bits.get(1) == 1;
        match bits.get(2) {
            0 => stored(&mut bits, &mut walk),
            1 => {
                let literals: Vec<usize> = (0..288)
                    .map(|symbol| match symbol {
                        0..144 | 280.. => 8,
                        144..256 => 9,
                        _ => 7,
                    })
                    .collect();
                compressed(&mut bits, &literals, &[5; 30], &mut walk);
            }
            2 => {
                let (literals, distances) = tables(&mut bits);
                compressed(&mut bits, &literals, &distances, &mut walk);
            }
            _ => panic!("a block type that does not exist"),
        }
    }
    assert_eq!(
        bits.position.div_ceil(8),
        stream.len(),
        "bytes behind the end"
    );
    walk
}

fn stored(bits: &mut Bits, walk: &mut Walk) {
    bits.position = bits.position.next_multiple_of(8);
    let length = bits.get(16);
    assert_eq!(bits.get(16), length ^ 0xffff);
    let start = bits.position / 8;
    walk.text.extend(&bits.stream[start..start + length]);
    bits.position += 8 * length;
}

fn tables(bits: &mut Bits) -> (Vec<usize>, Vec<usize>) {
    let (literals, distances, own) = (bits.get(5) + 257, bits.get(5) + 1, bits.get(4) + 4);
    assert!(literals <= 286 && distances <= 30);
    let mut code = [0; 19];
    let order = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ];
    for symbol in &order[..own] {
        code[*symbol] = bits.get(3);
    }
    assert_complete(&code);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (value, count) = match bits.symbol(&code) {
            16 => (lengths[lengths.len() - 1], 3 + bits.get(2)),
            17 => (0, 3 + bits.get(3)),
            18 => (0, 11 + bits.get(7)),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(value, count));
    }
    assert_eq!(lengths.len(), literals + distances);
    let distances = lengths.split_off(literals);
    assert_complete(&lengths);
    // No distance at all and a single one of one bit are the two exceptions of the RFC.
    let used: Vec<&usize> = distances.iter().filter(|&&length| length > 0).collect();
    if !matches!(used[..], [] | [1]) {
        assert_complete(&distances);
    }
    (lengths, distances)
}

/// zlib refuses codes that leave bit patterns unused or use them twice.
fn assert_complete(lengths: &[usize]) {
    let used = lengths.iter().filter(|&&length| length > 0);
    assert_eq!(
        used.map(|length| 1 << (15 - length)).sum::<usize>(),
        1 << 15
    );
}

fn compressed(bits: &mut Bits, literals: &[usize], distances: &[usize], walk: &mut Walk) {
    loop {
        let symbol = bits.symbol(literals);
        let length = match symbol {
            0..256 => {
                walk.text.push(symbol as u8);
                continue;
            }
            256 => return,
            257..265 => symbol - 254,
            265..285 => {
                let extra = (symbol - 261) / 4;
                3 + ((4 + (symbol - 261) % 4) << extra) + bits.get(extra)
            }
            285 => 258,
            _ => panic!("a length symbol that does not exist"),
        };
        let symbol = bits.symbol(distances);
        let distance = if symbol < 4 {
            symbol + 1
        } else {
            let extra = symbol / 2 - 1;
            1 + ((2 + symbol % 2) << extra) + bits.get(extra)
        };
        assert!(distance <= walk.text.len(), "a match before the start");
        walk.longest_distance = walk.longest_distance.max(distance);
        for _ in 0..length {
            walk.text.push(walk.text[walk.text.len() - distance]);
        }
    }
}
