//! Which earlier text the coming bytes repeat: for every position and every length the nearest
//! place, within the window.
//!
//! Positions whose next three bytes hash alike form a binary tree: ordered by the text that
//! follows them, later positions above earlier ones. The way down to where a new position belongs
//! passes the nearest place of every match length, so one walk finds them all, while a chain of
//! all positions would be as long as a common word is frequent. The new position becomes the root.
//!
//! The order among texts is only sure where [`LONGEST_MATCH`] bytes are known. Positions closer to
//! the end of what was pushed go in on trial: a journal takes them out again before the next push,
//! and they are entered anew with what follows them.

use crate::Effort;
use crate::symbols::{LEAST_MATCH, LONGEST_MATCH};

const HASH_BITS: u32 = 15;
const HEADS: usize = 1 << HASH_BITS;

/// How many nodes one walk visits at most: far more than text needs, and a bound for data made to
/// degrade the tree.
const DEEPEST_WALK: usize = 512;
/// The same where time matters more.
const SHALLOW_WALK: usize = 16;

/// An earlier place and how much of it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// 3 to 258 bytes.
    pub length: u16,
    /// 1 to 32768 bytes.
    pub distance: u16,
}

/// The matches of every position of a segment.
#[derive(Debug, Default)]
pub struct Candidates {
    matches: Vec<Match>,
    /// Where in `matches` each position's begin, and at last where they end.
    starts: Vec<u32>,
}

impl Candidates {
    /// Matches of the byte at `index` of the segment: longer ones are further away. Every length
    /// up to the longest is to be had at the distance of the first match that is as long.
    #[inline]
    pub fn at(&self, index: usize) -> &[Match] {
        &self.matches[self.starts[index] as usize..self.starts[index + 1] as usize]
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }
}

/// The text within the window and the trees over it.
#[derive(Debug, Clone)]
pub struct Finder {
    window: usize,
    longest_segment: usize,
    /// Nodes visited for one position at most.
    deepest_walk: usize,
    text: Vec<u8>,
    /// First a root for each hash, then two children for each byte of `text`: the one with the
    /// smaller text and the one with the greater. A node is a position plus one, 0 is none.
    slots: Vec<u32>,
    /// Positions before this one are in the trees for good.
    settled: usize,
    /// What the slots held before the positions on trial: slot and node, in the order of change.
    journal: Vec<(u32, u32)>,
}

fn deepest_walk(effort: Effort) -> usize {
    match effort {
        Effort::Dense => DEEPEST_WALK,
        Effort::Quick => SHALLOW_WALK,
    }
}

impl Finder {
    /// `window` in bytes, at most 32768; segments of at most `longest_segment` bytes.
    pub fn new(window: usize, longest_segment: usize, effort: Effort) -> Self {
        Self {
            window,
            longest_segment,
            deepest_walk: deepest_walk(effort),
            text: Vec::new(),
            slots: vec![0; HEADS],
            settled: 0,
            journal: Vec::new(),
        }
    }

    /// Looks for matches with another effort from now on.
    pub fn set_effort(&mut self, effort: Effort) {
        self.deepest_walk = deepest_walk(effort);
    }

    /// Takes the next bytes of the stream and finds the matches of each.
    pub fn segment(&mut self, segment: &[u8]) -> Candidates {
        debug_assert!(segment.len() <= self.longest_segment);
        for (slot, node) in self.journal.drain(..).rev() {
            self.slots[slot as usize] = node;
        }
        self.forget_beyond_the_window(segment.len());
        let start = self.text.len();
        self.text.extend_from_slice(segment);
        self.slots.resize(HEADS + 2 * self.text.len(), 0);

        let sure = self.text.len().saturating_sub(LONGEST_MATCH - 1);
        let mut candidates = Candidates::default();
        let mut ignored = Vec::new();
        for position in self.settled..start {
            self.enter(position, position >= sure, &mut ignored);
            ignored.clear();
        }
        candidates.starts.reserve(segment.len() + 1);
        for position in start..self.text.len() {
            candidates.starts.push(candidates.matches.len() as u32);
            self.enter(position, position >= sure, &mut candidates.matches);
        }
        candidates.starts.push(candidates.matches.len() as u32);
        self.settled = self.settled.max(sure);
        candidates
    }

    /// Cuts off the oldest text when `more` bytes would let it grow past a window, the positions
    /// not settled yet and a segment. Rare for small pushes: the cost goes with all text there is.
    fn forget_beyond_the_window(&mut self, more: usize) {
        let keep = self.window + LONGEST_MATCH;
        if self.text.len() + more <= keep + self.longest_segment {
            return;
        }
        let gone = self.text.len().saturating_sub(keep);
        self.text.drain(..gone);
        self.slots.drain(HEADS..HEADS + 2 * gone);
        for node in &mut self.slots {
            *node = node.saturating_sub(gone as u32);
        }
        self.settled -= gone;
    }

    /// Makes `position` the root of its tree and appends its matches.
    fn enter(&mut self, position: usize, on_trial: bool, matches: &mut Vec<Match>) {
        let following = &self.text[position..];
        let following = &following[..following.len().min(LONGEST_MATCH)];
        let &[first, second, third, ..] = following else {
            return;
        };
        let key = u32::from_le_bytes([first, second, third, 0]);
        let head = (key.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize;
        let mut node = self.slots[head];
        let slots = &mut self.slots;
        let journal = &mut self.journal;
        let mut set = |slots: &mut Vec<u32>, slot: usize, node: u32| {
            if on_trial {
                journal.push((slot as u32, slots[slot]));
            }
            slots[slot] = node;
        };
        set(slots, head, position as u32 + 1);

        // Where the next node with a smaller text goes, and the next with a greater one; and how
        // much of `following` the last of each repeats: all below repeat the lesser of both.
        let (mut smaller, mut greater) = (children(position), children(position) + 1);
        let (mut smaller_length, mut greater_length) = (0, 0);
        let mut longest = LEAST_MATCH - 1;
        let mut steps = self.deepest_walk;
        loop {
            let place = (node as usize).wrapping_sub(1);
            if node == 0 || position - place > self.window || steps == 0 {
                set(slots, smaller, 0);
                set(slots, greater, 0);
                return;
            }
            steps -= 1;
            let known = smaller_length.min(greater_length);
            let there = &self.text[place..place + following.len()];
            let length = known + common_length(&there[known..], &following[known..]);
            if length > longest {
                longest = length;
                matches.push(Match {
                    length: length as u16,
                    distance: (position - place) as u16,
                });
            }
            if length == following.len() {
                // As good as the same text, and nearer: it takes that one's place.
                let (left, right) = (slots[children(place)], slots[children(place) + 1]);
                set(slots, smaller, left);
                set(slots, greater, right);
                return;
            }
            if there[length] < following[length] {
                set(slots, smaller, node);
                smaller = children(place) + 1;
                smaller_length = length;
                node = slots[smaller];
            } else {
                set(slots, greater, node);
                greater = children(place);
                greater_length = length;
                node = slots[greater];
            }
        }
    }
}

/// The slot of a position's first child.
fn children(position: usize) -> usize {
    HEADS + 2 * position
}

/// How many bytes two texts of the same length begin alike.
#[inline]
fn common_length(one: &[u8], other: &[u8]) -> usize {
    let (one_words, one_rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    for (index, (left, right)) in one_words.iter().zip(other_words).enumerate() {
        let difference = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if difference != 0 {
            return 8 * index + difference.trailing_zeros() as usize / 8;
        }
    }
    let rest = one_rest.iter().zip(other_rest);
    8 * one_words.len() + rest.take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The definition: for every length the nearest place, by looking at all of them.
    fn by_looking_everywhere(text: &[u8], position: usize, window: usize) -> Vec<Match> {
        let mut matches: Vec<Match> = Vec::new();
        for distance in 1..=position.min(window) {
            let most = (text.len() - position).min(LONGEST_MATCH);
            let length = (0..most)
                .take_while(|&index| text[position - distance + index] == text[position + index])
                .count();
            let longest = matches.last().map_or(2, |found| usize::from(found.length));
            if length > longest {
                matches.push(Match {
                    length: length as u16,
                    distance: distance as u16,
                });
            }
        }
        matches
    }

    proptest! {
        #[test]
        fn every_length_is_found_at_its_nearest_place(
            segments in vec(vec(0_u8..3, 0..400), 1..12),
            window in 1_usize..700,
        ) {
            let mut finder = Finder::new(window, 400, Effort::Dense);
            let mut text = Vec::new();
            for segment in &segments {
                let start = text.len();
                text.extend_from_slice(segment);
                let candidates = finder.segment(segment);
                prop_assert_eq!(candidates.len(), segment.len());
                for index in 0..segment.len() {
                    prop_assert_eq!(
                        candidates.at(index),
                        by_looking_everywhere(&text, start + index, window)
                    );
                }
            }
        }
    }
}
