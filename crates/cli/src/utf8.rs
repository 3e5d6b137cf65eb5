//! Whole characters of a stream that is cut anywhere.

/// The beginning of a character whose end has not come.
#[derive(Debug, Default)]
pub struct Utf8(Vec<u8>);

impl Utf8 {
    /// The characters that are whole by now; U+FFFD for what is none.
    pub fn whole(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match str::from_utf8(&self.0) {
                Ok(rest) => {
                    text.push_str(rest);
                    self.0.clear();
                    return text;
                }
                Err(error) => {
                    let good: Vec<u8> = self.0.drain(..error.valid_up_to()).collect();
                    text.push_str(&String::from_utf8_lossy(&good));
                    let Some(bad) = error.error_len() else {
                        return text;
                    };
                    self.0.drain(..bad);
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Utf8;

    #[test]
    fn characters_are_whole_wherever_the_stream_is_cut() {
        let text = "aé漢🐍\u{7f}";
        for size in 1..=text.len() {
            let mut utf8 = Utf8::default();
            let pieces: Vec<String> = text
                .as_bytes()
                .chunks(size)
                .map(|piece| utf8.whole(piece))
                .collect();
            assert_eq!(pieces.concat(), text);
        }
    }

    #[test]
    fn what_is_no_character_is_replaced_and_holds_nothing_up() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.whole(b"a\xffb\xc3"), "a\u{fffd}b");
        assert_eq!(utf8.whole(b"c\xf0\x9f\x90"), "\u{fffd}c");
        assert_eq!(utf8.whole(b"\x8d"), "🐍");
    }
}
