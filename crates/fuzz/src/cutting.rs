//! A stream in pieces: what is found in it must not depend on where they end.

use std::fmt::Debug;

use crate::mutation::Chance;

/// How a stream is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cutting {
    Whole,
    Bytes,
    /// Pieces of chance sizes, small ones more often.
    Chance(u64),
}

impl Cutting {
    fn pieces(self, stream: &[u8]) -> Vec<&[u8]> {
        match self {
            Self::Whole => vec![stream],
            Self::Bytes => stream.chunks(1).collect(),
            Self::Chance(seed) => {
                let mut chance = Chance::new(seed);
                let mut pieces = Vec::new();
                let mut rest = stream;
                while !rest.is_empty() {
                    let most = 1 << chance.below(8);
                    let (piece, others) = rest.split_at(rest.len().min(1 + chance.below(most)));
                    pieces.push(piece);
                    rest = others;
                }
                pieces
            }
        }
    }
}

/// What `observe` makes of a stream, which must be the same however that is cut into pieces.
///
/// The pieces of chance sizes depend on nothing but the stream, so that an input is the stream and
/// nothing else, and what has failed fails again.
pub fn same_however_cut<Observed: PartialEq + Debug>(
    stream: &[u8],
    observe: impl Fn(&[&[u8]]) -> Observed,
) -> Observed {
    let seed = u64::from(crc32fast::hash(stream));
    let whole = observe(&Cutting::Whole.pieces(stream));
    for cutting in [
        Cutting::Bytes,
        Cutting::Chance(seed),
        Cutting::Chance(seed + 1),
    ] {
        let cut = observe(&cutting.pieces(stream));
        assert_eq!(whole, cut, "{cutting:?} makes a difference");
    }
    whole
}

/// The same for a conversation in turns, each of which is cut by itself, behind its first byte at
/// least: what a board says before it hears an answer to that is part of the same read or is not,
/// and both are right.
pub fn same_however_turns_are_cut<Observed: PartialEq + Debug>(
    turns: &[(u8, &[u8])],
    observe: impl Fn(&[(u8, Vec<&[u8]>)]) -> Observed,
) -> Observed {
    let seed = turns.iter().map(|(_, said)| said.len() as u64).sum();
    let whole = observe(&cut(turns, Cutting::Whole));
    for cutting in [Cutting::Bytes, Cutting::Chance(seed)] {
        assert_eq!(
            whole,
            observe(&cut(turns, cutting)),
            "{cutting:?} makes a difference"
        );
    }
    whole
}

fn cut<'a>(turns: &[(u8, &'a [u8])], cutting: Cutting) -> Vec<(u8, Vec<&'a [u8]>)> {
    let of_turn = |&(act, said): &(u8, &'a [u8])| {
        let (first, rest) = said.split_at(said.len().min(1));
        (act, [vec![first], cutting.pieces(rest)].concat())
    };
    turns.iter().map(of_turn).collect()
}

/// What separates the turns of a conversation in an input; what follows it says what the host does.
pub const TURN: u8 = 0xfe;

/// Takes an input apart into turns: what the host does, and what the board says then.
pub fn turns(input: &[u8]) -> Vec<(u8, &[u8])> {
    // Each turn is run several times; more of them find nothing that these do not.
    const MOST: usize = 64;
    input
        .split(|&byte| byte == TURN)
        .take(MOST)
        .map(|part| match part {
            [act, said @ ..] => (*act, said),
            [] => (0, part),
        })
        .collect()
}
