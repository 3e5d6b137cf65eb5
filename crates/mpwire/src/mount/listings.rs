//! Listings that are under way: a program may go through several folders at once.

use std::collections::VecDeque;

/// So many are remembered; a listing that is taken up again after more than these goes by what the
/// folder holds then.
const MOST: usize = 16;

/// Names of folders, as they were when their listings began.
#[derive(Debug, Default)]
pub(super) struct Listings {
    last: u8,
    begun: VecDeque<(u8, Vec<String>)>,
}

impl Listings {
    /// Remembers a listing and returns its number.
    pub fn begin(&mut self, names: Vec<String>) -> u8 {
        self.last = self.last % u8::MAX + 1;
        self.begun.retain(|(number, _)| *number != self.last);
        if self.begun.len() == MOST {
            self.begun.pop_front();
        }
        self.begun.push_back((self.last, names));
        self.last
    }

    /// The names of a listing, if it is still known.
    pub fn names(&self, number: u8) -> Option<&[String]> {
        let found = self.begun.iter().find(|(known, _)| *known == number);
        found.map(|(_, names)| names.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_apart_and_few() {
        let mut listings = Listings::default();
        let first = listings.begin(vec!["a".to_owned()]);
        let second = listings.begin(vec!["b".to_owned()]);
        assert_eq!(listings.names(first).unwrap(), ["a"]);
        assert_eq!(listings.names(second).unwrap(), ["b"]);
        for _ in 0..600 {
            assert_ne!(listings.begin(Vec::new()), 0);
        }
        assert!(listings.begun.len() == MOST && listings.names(first).is_none_or(<[_]>::is_empty));
    }
}
