//! Finding one of several markers in a stream, in bounded memory.

/// A marker that [`Scanner::push`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which marker, as its index in the slice the scanner was made with.
    pub marker: usize,
    /// How many bytes of the pushed input were used, the marker's last byte included.
    pub used: usize,
}

/// Looks for the first of several markers, however the stream is cut into pieces.
///
/// Memory is bounded by the longest marker: earlier bytes are forgotten.
#[derive(Debug, Clone)]
pub struct Scanner {
    markers: &'static [&'static [u8]],
    recent: Vec<u8>,
    longest: usize,
}

impl Scanner {
    /// A scanner for `markers`. When two end on the same byte, the earlier one in the slice wins.
    #[must_use]
    pub fn new(markers: &'static [&'static [u8]]) -> Self {
        let longest = markers.iter().map(|marker| marker.len()).max().unwrap_or(0);
        Self {
            markers,
            recent: Vec::with_capacity(4 * longest),
            longest,
        }
    }

    /// Takes input up to and including the first marker; `None` when all of it was used without one.
    ///
    /// Call again with what follows [`Found::used`]. The scanner starts afresh after a find.
    pub fn push(&mut self, input: &[u8]) -> Option<Found> {
        for (index, &byte) in input.iter().enumerate() {
            // Forgetting in large steps keeps the cost of a byte constant.
            if self.recent.len() >= 4 * self.longest {
                self.recent.drain(..3 * self.longest);
            }
            self.recent.push(byte);
            let found = self
                .markers
                .iter()
                .position(|marker| marker.last() == Some(&byte) && self.recent.ends_with(marker));
            if let Some(marker) = found {
                self.recent.clear();
                return Some(Found {
                    marker,
                    used: index + 1,
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARKERS: &[&[u8]] = &[b"R\x01", b"R\x00", b"raw REPL; CTRL-B to exit\r\n>"];

    #[test]
    fn finds_the_first_marker_and_says_what_was_used() {
        let mut scanner = Scanner::new(MARKERS);
        assert_eq!(
            scanner.push(b">noise R\x01\x80\x00"),
            Some(Found { marker: 0, used: 9 })
        );
    }

    #[test]
    fn a_marker_that_starts_inside_a_false_start_is_found() {
        let mut scanner = Scanner::new(&[b"aab"]);
        assert_eq!(scanner.push(b"aaab"), Some(Found { marker: 0, used: 4 }));
    }

    proptest! {
        #[test]
        fn any_chunking_finds_the_same(
            noise in proptest::collection::vec(any::<u8>(), 0..200),
            cuts in proptest::collection::vec(0usize..230, 0..8),
        ) {
            let mut stream = noise;
            stream.extend_from_slice(MARKERS[2]);
            let whole = Scanner::new(MARKERS).push(&stream);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut <= stream.len()).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let mut scanner = Scanner::new(MARKERS);
            let mut pieces = None;
            for pair in cuts.windows(2) {
                if let Some(found) = scanner.push(&stream[pair[0]..pair[1]]) {
                    pieces = Some(Found { marker: found.marker, used: pair[0] + found.used });
                    break;
                }
            }
            prop_assert_eq!(whole, pieces);
        }
    }
}
