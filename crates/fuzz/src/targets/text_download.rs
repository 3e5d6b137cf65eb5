//! `text_download`: a file that a board prints as lines of text.

use mpwire::transfer::fuzzed::text;

use crate::cutting::same_however_cut;

/// The first byte is the alphabet, and the others are what the board prints.
pub fn run(input: &[u8]) {
    let Some((&alphabet, printed)) = input.split_first() else {
        return;
    };
    let found = same_however_cut(printed, |pieces| {
        // By its text, since one NaN is not another.
        let found = text(alphabet, pieces);
        found.map(|(data, digest)| (data, format!("{digest:?}")))
    });
    if let Some((data, _)) = found {
        assert!(data.len() < printed.len());
    }
}
