//! `terminal`: what the board sends, made fit for terminals that cannot take it as it is.

use mpwire_cli::fuzzed::{Utf8, escaped};

use crate::cutting::same_however_cut;

/// The input is what a board sends.
pub fn run(input: &[u8]) {
    let text = same_however_cut(input, |pieces| {
        let mut utf8 = Utf8::default();
        let texts: Vec<String> = pieces.iter().map(|piece| utf8.whole(piece)).collect();
        texts.concat()
    });
    // What is still missing is less than a character.
    let whole = String::from_utf8_lossy(input);
    assert!(whole.starts_with(&text));
    assert!(whole[text.len()..].chars().count() <= 1);

    let shown = same_however_cut(input, |pieces| {
        pieces
            .iter()
            .flat_map(|piece| escaped(piece))
            .collect::<Vec<u8>>()
    });
    let harmless = |byte: &u8| matches!(byte, 8 | b'\t' | b'\n' | b'\r' | 27 | b' '..=b'~');
    assert!(shown.iter().all(harmless));
}
