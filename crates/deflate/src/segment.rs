//! A segment as blocks: tokens and cuts that suit each other.
//!
//! What a token costs depends on the codes, the codes on how often each token is used, and where
//! to cut on both. So each round takes the costs from the tokens and blocks of the round before,
//! and the best round wins.

use crate::Effort;
use crate::bits::BitWriter;
use crate::block::{self, FIXED_LENGTHS};
use crate::matches::Candidates;
use crate::parse::{self, Costs, Zone};
use crate::split;
use crate::symbols::{Histogram, Token};

/// Rounds at most; most text gains nothing after ten.
const ROUNDS: usize = 10;

/// The rounds before which blocks are cut anew.
const CUTTING_ROUNDS: [usize; 2] = [2, 5];

/// Rounds at most after these, with the costs of the codes themselves.
const FINAL_ROUNDS: usize = 3;

/// Segments up to so many bytes may be best under the fixed code, which wants its own tokens.
const SMALL: usize = 4096;

/// Tokens and where their blocks end.
struct Draft {
    tokens: Vec<Token>,
    ends: Vec<usize>,
    bits: u64,
}

impl Draft {
    fn new(tokens: Vec<Token>, ends: Vec<usize>) -> Self {
        let mut draft = Self {
            tokens,
            ends,
            bits: 0,
        };
        draft.bits = draft
            .blocks()
            .map(|tokens| block::quick_bits(&Histogram::of(tokens)))
            .sum();
        draft
    }

    fn cut(tokens: Vec<Token>) -> Self {
        let ends = split::split(&tokens);
        Self::new(tokens, ends)
    }

    /// With blocks that end where those of `zones` do, or a token behind.
    fn cut_like(tokens: Vec<Token>, zones: &[Zone]) -> Self {
        let mut ends = Vec::with_capacity(zones.len());
        let mut index = 0;
        for (count, token) in tokens.iter().enumerate() {
            if zones.get(ends.len()).is_some_and(|zone| index >= zone.end) {
                ends.push(count);
            }
            index += token.span();
        }
        ends.push(tokens.len());
        ends.dedup();
        Self::new(tokens, ends)
    }

    fn blocks(&self) -> impl Iterator<Item = &[Token]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.tokens[start..end])
    }

    /// What tokens cost in each block, `by` a way to tell that from its histogram.
    fn zones(&self, by: fn(&Histogram) -> Costs) -> Vec<Zone> {
        let mut end = 0;
        self.blocks()
            .map(|tokens| {
                let histogram = Histogram::of(tokens);
                end += histogram.bytes;
                Zone {
                    end,
                    costs: by(&histogram),
                }
            })
            .collect()
    }
}

/// Writes `text` as blocks; `finish` makes the last of them the last of the stream.
pub fn write(
    text: &[u8],
    candidates: &Candidates,
    effort: Effort,
    finish: bool,
    output: &mut BitWriter,
) {
    let draft = match effort {
        Effort::Dense => best_draft(text, candidates),
        Effort::Quick => Draft::cut(parse::lazy(text, candidates)),
    };
    let mut rest = text;
    for tokens in draft.blocks() {
        let length = tokens.iter().map(|token| token.span()).sum();
        let (bytes, behind) = rest.split_at(length);
        rest = behind;
        block::write(tokens, bytes, finish && rest.is_empty(), output);
    }
}

fn best_draft(text: &[u8], candidates: &Candidates) -> Draft {
    let rule = Draft::cut(parse::lazy(text, candidates));
    if text.len() > SMALL {
        return refine(text, candidates, rule);
    }
    let zone = Zone {
        end: text.len(),
        costs: Costs::by_lengths(&FIXED_LENGTHS),
    };
    let fixed = Draft::cut(parse::cheapest(text, candidates, &[zone]));
    let refined = [rule, fixed].map(|draft| refine(text, candidates, draft));
    let [one, other] = refined;
    if other.bits < one.bits { other } else { one }
}

/// The best of the drafts that follow from this one, or itself.
fn refine(text: &[u8], candidates: &Candidates, draft: Draft) -> Draft {
    let mut zones = draft.zones(Costs::by_entropy);
    let mut best = draft;
    let mut previous = u64::MAX;
    for round in 0..ROUNDS {
        let tokens = parse::cheapest(text, candidates, &zones);
        let draft = if CUTTING_ROUNDS.contains(&round) {
            Draft::cut(tokens)
        } else {
            Draft::cut_like(tokens, &zones)
        };
        zones = draft.zones(Costs::by_entropy);
        let bits = draft.bits;
        if bits < best.bits {
            best = draft;
        }
        if bits == previous {
            break;
        }
        previous = bits;
    }
    // What was guessed by entropy is settled by the codes that will really be used.
    for _ in 0..FINAL_ROUNDS {
        let zones = best.zones(Costs::by_codes);
        let draft = Draft::cut_like(parse::cheapest(text, candidates, &zones), &zones);
        if draft.bits >= best.bits {
            break;
        }
        best = draft;
    }
    best
}
