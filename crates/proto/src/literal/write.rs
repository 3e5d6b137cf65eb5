//! Writing Python literals.

use std::fmt::Write as _;

/// Writes `text` as a Python string literal, in ASCII where that is safe on every board.
///
/// Characters above U+007F go as they are, in UTF-8: a build without Unicode strings keeps their
/// bytes, while `\u` escapes would be refused there.
#[must_use]
pub fn quote(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push(quote);
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            _ if character == quote => {
                literal.push('\\');
                literal.push(quote);
            }
            // Ctrl-A to Ctrl-E steer the REPL itself, so no control character travels bare.
            _ if u32::from(character) < 0x20 || character == '\x7f' => {
                // Writing to a String cannot fail.
                let _ = write!(literal, "\\x{:02x}", u32::from(character));
            }
            _ => literal.push(character),
        }
    }
    literal.push(quote);
    literal
}

/// Writes `data` as a Python bytes literal with the shortest escapes.
///
/// An octal escape (`\0`, `\17`) is shorter than `\x..` for small values, but takes up to three
/// digits (`py/lexer.c`, `parse_string_literal`), so it is used only where no octal digit follows.
#[must_use]
pub fn quote_bytes(data: &[u8]) -> String {
    let quote = better_quote(data);
    let mut literal = String::with_capacity(data.len() * 2 + 3);
    literal.push('b');
    literal.push(char::from(quote));
    for (index, &byte) in data.iter().enumerate() {
        match byte {
            b'\\' => literal.push_str("\\\\"),
            b'\n' => literal.push_str("\\n"),
            b'\r' => literal.push_str("\\r"),
            b'\t' => literal.push_str("\\t"),
            _ if byte == quote => {
                literal.push('\\');
                literal.push(char::from(quote));
            }
            0x20..=0x7e => literal.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ if takes_octal(byte, data.get(index + 1).copied()) => {
                let _ = write!(literal, "\\{byte:o}");
            }
            _ => {
                let _ = write!(literal, "\\x{byte:02x}");
            }
        }
    }
    literal.push(char::from(quote));
    literal
}

/// The length of [`quote_bytes`] of the same data, without building it.
#[must_use]
pub fn quoted_bytes_length(data: &[u8]) -> usize {
    let quote = better_quote(data);
    let escapes: usize = data
        .iter()
        .enumerate()
        .map(|(index, &byte)| match byte {
            b'\\' | b'\n' | b'\r' | b'\t' => 2,
            _ if byte == quote => 2,
            0x20..=0x7e => 1,
            _ if takes_octal(byte, data.get(index + 1).copied()) => 2 + usize::from(byte >= 8),
            _ => 4,
        })
        .sum();
    escapes + 3
}

fn takes_octal(byte: u8, next: Option<u8>) -> bool {
    byte < 0o100 && !next.is_some_and(|next| (b'0'..=b'7').contains(&next))
}

fn better_quote(data: &[u8]) -> u8 {
    let balance: i64 = data
        .iter()
        .map(|byte| i64::from(*byte == b'\'') - i64::from(*byte == b'"'))
        .sum();
    if balance > 0 { b'"' } else { b'\'' }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, parse};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zeros_cost_two_bytes_each() {
        assert_eq!(quote_bytes(&[0, 0, b'7']), r"b'\0\x007'");
    }

    #[test]
    fn the_rarer_quote_is_chosen() {
        assert_eq!(quote_bytes(b"it's"), r#"b"it's""#);
        assert_eq!(quote("it's"), r#""it's""#);
        assert_eq!(quote("it's \"it\""), r#"'it\'s "it"'"#);
    }

    #[test]
    fn nothing_that_steers_the_repl_is_sent_bare() {
        let literal = quote("\x01\x02\x03\x04\x05\n");
        assert_eq!(literal, r"'\x01\x02\x03\x04\x05\n'");
    }

    proptest! {
        #[test]
        fn bytes_read_back_the_same(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            let literal = quote_bytes(&data);
            prop_assert_eq!(literal.len(), quoted_bytes_length(&data));
            prop_assert!(literal.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            prop_assert_eq!(parse(literal.as_bytes()).unwrap(), Value::Bytes(data));
        }

        #[test]
        fn strings_read_back_the_same(text in any::<String>()) {
            prop_assert_eq!(parse(quote(&text).as_bytes()).unwrap(), Value::Str(text));
        }
    }
}
