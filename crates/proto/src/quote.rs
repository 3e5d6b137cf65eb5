//! Received bytes as error messages quote them: few, printable, and on one line.

/// The most bytes of a quotation, without its quotes.
pub const MAX_QUOTED: usize = 80;

/// Stands for what is left out.
const ELLIPSIS: &str = "...";

/// The beginning of what was received, in quotes.
#[must_use]
pub fn first_of(bytes: &[u8]) -> String {
    // What is escaped is at least as long as before.
    let pieces = pieces(&bytes[..bytes.len().min(MAX_QUOTED + 4)]);
    let (kept, is_whole) = fitting(pieces.iter());
    let end = if is_whole { "" } else { ELLIPSIS };
    format!("\"{}{end}\"", kept.concat())
}

/// The end of what was received, in quotes.
#[must_use]
pub fn last_of(bytes: &[u8]) -> String {
    let pieces = pieces(&bytes[bytes.len().saturating_sub(MAX_QUOTED + 4)..]);
    let (mut kept, is_whole) = fitting(pieces.iter().rev());
    kept.reverse();
    let start = if is_whole { "" } else { ELLIPSIS };
    format!("\"{start}{}\"", kept.concat())
}

/// As many pieces as a quotation may have, and whether these are all.
fn fitting<'a>(pieces: impl Iterator<Item = &'a String> + Clone) -> (Vec<&'a str>, bool) {
    let length: usize = pieces.clone().map(String::len).sum();
    if length <= MAX_QUOTED {
        return (pieces.map(String::as_str).collect(), true);
    }
    let mut left = MAX_QUOTED - ELLIPSIS.len();
    let kept = pieces.map(String::as_str).take_while(|piece| {
        let fits = piece.len() <= left;
        left = left.saturating_sub(piece.len());
        fits
    });
    (kept.collect(), false)
}

/// Each character, or byte that is none, as it is shown.
fn pieces(bytes: &[u8]) -> Vec<String> {
    let mut pieces = Vec::new();
    for chunk in bytes.utf8_chunks() {
        pieces.extend(chunk.valid().chars().map(shown));
        pieces.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    pieces
}

fn shown(character: char) -> String {
    match character {
        '\'' => character.to_string(),
        '\0'..='\x1f' | '\x7f' => (character as u8).escape_ascii().to_string(),
        other => other.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_short_and_printable() {
        assert_eq!(last_of(b"login:\r\n"), r#""login:\r\n""#);
        assert_eq!(first_of(b"\x04>\x1b[2J\xff\"'"), r#""\x04>\x1b[2J\xff\"'""#);
        assert_eq!(first_of("größer\u{202e}".as_bytes()), "\"größer\\u{202e}\"");
        for noise in [&[0xff; 400][..], &[b'a'; 400], "ö".repeat(200).as_bytes()] {
            for quoted in [first_of(noise), last_of(noise)] {
                assert!(quoted.len() <= MAX_QUOTED + 2, "{quoted}");
                assert!(quoted.len() > MAX_QUOTED - 4, "{quoted}");
                assert!(!quoted.chars().any(char::is_control), "{quoted}");
            }
        }
        let long: Vec<u8> = (b'a'..=b'z').cycle().take(200).collect();
        assert!(first_of(&long).starts_with("\"abc") && first_of(&long).ends_with("...\""));
        assert!(last_of(&long).starts_with("\"...") && last_of(&long).ends_with("qr\""));
    }
}
