//! A command line that is still being typed, cut into words as POSIX shells do.

/// What encloses the end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Nothing.
    None,
    /// `'`
    Single,
    /// `"`
    Double,
}

/// The words of a line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The words before the one at the cursor, without quotes.
    pub before: Vec<String>,
    /// The word at the cursor, without quotes; empty behind a blank.
    pub current: String,
    /// Bytes of `current` that stand before the last word break. The shell leaves them as they are,
    /// and replaces what follows.
    pub kept: usize,
    /// The quote that is still open.
    pub quote: Quote,
}

/// Reads `line`. A word break is a character of `breaks` outside of quotes (bash:
/// `COMP_WORDBREAKS`), or a quote.
#[must_use]
pub fn read(line: &str, breaks: &str) -> Line {
    let mut reader = Reader {
        words: Vec::new(),
        word: None,
        kept: 0,
        quote: Quote::None,
    };
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        reader.take(character, &mut characters, breaks);
    }
    Line {
        before: reader.words,
        current: reader.word.unwrap_or_default(),
        kept: reader.kept,
        quote: reader.quote,
    }
}

struct Reader {
    words: Vec<String>,
    /// The word being read, if one has begun: it may be empty, as `''` is.
    word: Option<String>,
    kept: usize,
    quote: Quote,
}

impl Reader {
    fn take(&mut self, character: char, rest: &mut std::str::Chars, breaks: &str) {
        match (self.quote, character) {
            (Quote::None, ' ' | '\t' | '\n') => {
                self.words.extend(self.word.take());
                self.kept = 0;
            }
            (Quote::None, '\'') => self.turn(Quote::Single),
            (Quote::None, '"') => self.turn(Quote::Double),
            (Quote::Single, '\'') | (Quote::Double, '"') => self.turn(Quote::None),
            (Quote::None, '\\') => self.push(rest.next()),
            (Quote::Double, '\\') => match rest.clone().next() {
                Some('"' | '\\' | '$' | '`') => self.push(rest.next()),
                _ => self.push(Some('\\')),
            },
            _ => {
                self.push(Some(character));
                if self.quote == Quote::None && breaks.contains(character) {
                    self.note_break();
                }
            }
        }
    }

    fn push(&mut self, character: Option<char>) {
        self.word.get_or_insert_default().extend(character);
    }

    fn turn(&mut self, quote: Quote) {
        self.quote = quote;
        self.push(None);
        self.note_break();
    }

    fn note_break(&mut self) {
        self.kept = self.word.as_ref().map_or(0, String::len);
    }
}

/// `text` as it has to stand in a POSIX shell's line where `quote` is open.
#[must_use]
pub fn quoted(text: &str, quote: Quote) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        match quote {
            Quote::Single if character == '\'' => quoted.push_str("'\\'"),
            Quote::Double if "\"\\$`".contains(character) => quoted.push('\\'),
            Quote::None if " \t'\"\\$`!&;|<>()[]{}*?#".contains(character) => quoted.push('\\'),
            _ => {}
        }
        quoted.push(character);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What bash 5 has.
    const BREAKS: &str = " \t\n\"'><=;|&(:";

    fn line(text: &str) -> (Vec<String>, String, usize, Quote) {
        let line = read(text, BREAKS);
        (line.before, line.current, line.kept, line.quote)
    }

    #[test]
    fn words_are_cut_at_blanks_and_lose_their_quotes() {
        let (before, current, ..) = line(r#"mpwire cp  my\ file "a b"'c' li"#);
        assert_eq!(before, ["mpwire", "cp", "my file", "a bc"]);
        assert_eq!(current, "li");
        assert_eq!(line("mpwire ls ").1, "");
        assert_eq!(line("mpwire ls '' x").0, ["mpwire", "ls", ""]);
        assert_eq!(line(r#"a "b\c\"d" x"#).0, ["a", r#"b\c"d"#]);
        assert_eq!(line("").0, [""; 0]);
    }

    #[test]
    fn a_break_keeps_what_is_before_it() {
        assert_eq!(
            line("x :lib/ma"),
            (vec!["x".into()], ":lib/ma".into(), 1, Quote::None)
        );
        assert_eq!(line("x --encoding=b").2, 11);
        assert_eq!(line(r"x a\:b").2, 0);
        // In quotes nothing is a break but the quote itself.
        assert_eq!(
            line("x ':my f"),
            (vec!["x".into()], ":my f".into(), 0, Quote::Single)
        );
        assert_eq!(line("x \"my dir\"/f").2, 6);
        assert_eq!(line("x a:b ").2, 0);
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for text in [
            "my file",
            "it's",
            "a\"b",
            "$HOME `x` \\ !",
            "*?[x]{}#",
            "plain.py",
        ] {
            for (quote, mark) in [
                (Quote::None, ""),
                (Quote::Single, "'"),
                (Quote::Double, "\""),
            ] {
                let typed = format!("x {mark}{}", quoted(text, quote));
                assert_eq!(read(&typed, BREAKS).current, text, "{typed}");
            }
        }
    }
}
