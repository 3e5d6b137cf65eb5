//! Reading Python literals.

use super::Value;

/// How deeply tuples, lists and dictionaries may nest; what boards print nests twice.
const DEPTH_LIMIT: usize = 32;

/// How many values there may be in one: a few bytes make a value that takes twenty times as many, and
/// this many take no more than 30 MiB. A listing has four for each file.
const VALUES_MOST: usize = 1 << 18;

/// Bytes of a lone surrogate as it is printed, `\udcff`.
const SURROGATE: usize = 6;

/// Why a literal could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text ended inside a value.
    #[error("the value ends too early")]
    Truncated,
    /// A byte that no literal has at this place.
    #[error("unexpected {found:?} at offset {offset}")]
    Unexpected {
        /// What was found.
        found: char,
        /// Its offset in bytes.
        offset: usize,
    },
    /// A number that is no number, or larger than 64 bits.
    #[error("unreadable number at offset {offset}")]
    Number {
        /// Where it starts, in bytes.
        offset: usize,
    },
    /// Nested too deeply.
    #[error("nested more than {DEPTH_LIMIT} deep")]
    TooDeep,
    /// Made of too many values.
    #[error("made of more than {VALUES_MOST} values")]
    TooMany,
}

/// Reads one Python literal; white space around it is allowed, anything else is refused.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    let mut parser = Parser {
        text,
        offset: 0,
        values: 0,
        is_source: false,
        surrogates: Vec::new(),
    };
    let value = parser.value(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.unexpected()),
    }
}

/// Reads one Python literal out of a program's text, at `offset` in bytes, and says where it ends.
///
/// Beside what boards print, this takes comments, strings in three quotes, raw ones, and strings
/// that stand beside each other. F-strings are none: they are evaluated. Lines end in `\n`.
pub fn parse_source(text: &[u8], offset: usize) -> Result<(Value, usize), ParseError> {
    let mut parser = Parser {
        text,
        offset: offset.min(text.len()),
        values: 0,
        is_source: true,
        surrogates: Vec::new(),
    };
    let value = parser.value(0)?;
    Ok((value, parser.offset))
}

/// Where the next token of a program's text is, at or behind `offset` in bytes: behind white space,
/// comments and joined lines.
#[must_use]
pub fn skip_source_space(text: &[u8], offset: usize) -> usize {
    let mut parser = Parser {
        text,
        offset: offset.min(text.len()),
        values: 0,
        is_source: true,
        surrogates: Vec::new(),
    };
    parser.skip_space();
    parser.offset
}

struct Parser<'a> {
    text: &'a [u8],
    offset: usize,
    /// How many values were begun.
    values: usize,
    /// Whether this is what a person wrote, not what a board printed.
    is_source: bool,
    /// Where lone surrogates are in the bytes of the string that is read, as they are printed.
    surrogates: Vec<usize>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }

    fn next(&mut self) -> Result<u8, ParseError> {
        let byte = self.peek().ok_or(ParseError::Truncated)?;
        self.offset += 1;
        Ok(byte)
    }

    fn skip_space(&mut self) {
        loop {
            while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.offset += 1;
            }
            if self.is_source && self.peek() == Some(b'#') {
                while self.peek().is_some_and(|byte| byte != b'\n') {
                    self.offset += 1;
                }
            } else if !(self.is_source && self.take(b"\\\n")) {
                return;
            }
        }
    }

    fn unexpected(&self) -> ParseError {
        self.peek()
            .map_or(ParseError::Truncated, |byte| ParseError::Unexpected {
                found: char::from(byte),
                offset: self.offset,
            })
    }

    fn take(&mut self, word: &[u8]) -> bool {
        let found = self.text[self.offset..].starts_with(word);
        if found {
            self.offset += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, ParseError> {
        if depth > DEPTH_LIMIT {
            return Err(ParseError::TooDeep);
        }
        self.values += 1;
        if self.values > VALUES_MOST {
            return Err(ParseError::TooMany);
        }
        self.skip_space();
        if self.is_source && self.is_at_string() {
            return self.source_strings();
        }
        match self.peek().ok_or(ParseError::Truncated)? {
            b'(' => self.parenthesis(depth),
            b'[' => Ok(Value::List(self.items(b']', depth)?.0)),
            b'{' => self.dictionary(depth),
            b'\'' | b'"' => self.text(),
            b'b' => {
                if self.take(b"bytearray(") {
                    let inner = self.value(depth + 1)?;
                    self.skip_space();
                    return match (inner, self.take(b")")) {
                        (value @ Value::Bytes(_), true) => Ok(value),
                        _ => Err(self.unexpected()),
                    };
                }
                self.offset += 1;
                Ok(Value::Bytes(self.string(false)?))
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ if self.take(b"None") => Ok(Value::None),
            _ if self.take(b"True") => Ok(Value::Bool(true)),
            _ if self.take(b"False") => Ok(Value::Bool(false)),
            _ if self.take(b"nan") => Ok(Value::Float(f64::NAN)),
            _ if self.take(b"inf") => Ok(Value::Float(f64::INFINITY)),
            _ => Err(self.unexpected()),
        }
    }

    fn parenthesis(&mut self, depth: usize) -> Result<Value, ParseError> {
        let (mut items, comma) = self.items(b')', depth)?;
        match (items.len(), comma) {
            (1, false) => Ok(items.remove(0)),
            _ => Ok(Value::Tuple(items)),
        }
    }

    /// Reads from the opening bracket to `close`; also says whether a comma followed the last item.
    fn items(&mut self, close: u8, depth: usize) -> Result<(Vec<Value>, bool), ParseError> {
        self.offset += 1;
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            self.skip_space();
            if self.peek() == Some(close) {
                self.offset += 1;
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(self.unexpected());
            }
            items.push(self.value(depth + 1)?);
            self.skip_space();
            comma = self.take(b",");
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.offset += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.take(b"}") {
                return Ok(Value::Dict(items));
            }
            let key = self.value(depth + 1)?;
            self.skip_space();
            if !self.take(b":") {
                return Err(self.unexpected());
            }
            items.push((key, self.value(depth + 1)?));
            self.skip_space();
            if !self.take(b",") && self.peek() != Some(b'}') {
                return Err(self.unexpected());
            }
        }
    }

    /// Reads a string that a board printed.
    fn text(&mut self) -> Result<Value, ParseError> {
        let bytes = self.string(true)?;
        let surrogates = std::mem::take(&mut self.surrogates);
        if surrogates.is_empty() {
            return Ok(Value::Str(text_of(bytes)));
        }
        let mut shown = String::new();
        let mut begin = 0;
        for place in surrogates {
            let end = place + SURROGATE;
            // Other backslashes are doubled, so that each is told from a surrogate's.
            shown += &String::from_utf8_lossy(&bytes[begin..place]).replace('\\', r"\\");
            shown += &String::from_utf8_lossy(&bytes[place..end]);
            begin = end;
        }
        shown += &String::from_utf8_lossy(&bytes[begin..]).replace('\\', r"\\");
        Ok(Value::Surrogates(shown))
    }

    fn string(&mut self, unicode: bool) -> Result<Vec<u8>, ParseError> {
        let quote = self.next()?;
        if quote != b'\'' && quote != b'"' {
            self.offset -= 1;
            return Err(self.unexpected());
        }
        let mut bytes = Vec::new();
        loop {
            match self.next()? {
                byte if byte == quote => return Ok(bytes),
                b'\\' => self.escape(unicode, &mut bytes)?,
                byte => bytes.push(byte),
            }
        }
    }

    /// Whether a string begins here, with or without a prefix.
    fn is_at_string(&self) -> bool {
        let prefix = self.prefix();
        let quote = self.text.get(self.offset + prefix.len());
        matches!(quote, Some(b'\'' | b'"'))
            && matches!(
                &*prefix.to_ascii_lowercase(),
                b"" | b"r" | b"u" | b"b" | b"rb" | b"br"
            )
    }

    /// The letters here, which may be a string's prefix.
    fn prefix(&self) -> &[u8] {
        let rest = &self.text[self.offset..];
        let end = rest.iter().position(|byte| !byte.is_ascii_alphabetic());
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Reads a string, and those that follow it with nothing between.
    fn source_strings(&mut self) -> Result<Value, ParseError> {
        let is_bytes = self.prefix().to_ascii_lowercase().contains(&b'b');
        let mut bytes = Vec::new();
        let mut end = self.offset;
        while self.is_at_string() {
            let prefix = self.prefix().to_ascii_lowercase();
            if prefix.contains(&b'b') != is_bytes {
                return Err(self.unexpected());
            }
            self.offset += prefix.len();
            self.source_string(!is_bytes, prefix.contains(&b'r'), &mut bytes)?;
            end = self.offset;
            self.skip_space();
        }
        self.offset = end;
        if is_bytes {
            return Ok(Value::Bytes(bytes));
        }
        Ok(Value::Str(text_of(bytes)))
    }

    fn source_string(
        &mut self,
        unicode: bool,
        is_raw: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ParseError> {
        let quote = self.next()?;
        let end = [quote; 3];
        let is_long = self.text[self.offset..].starts_with(&end[..2]);
        if is_long {
            self.offset += 2;
        }
        let end = if is_long { &end[..] } else { &end[..1] };
        loop {
            if self.take(end) {
                return Ok(());
            }
            match self.next()? {
                b'\\' if is_raw => bytes.extend([b'\\', self.next()?]),
                b'\\' => self.escape(unicode, bytes)?,
                b'\n' if !is_long => {
                    self.offset -= 1;
                    return Err(self.unexpected());
                }
                byte => bytes.push(byte),
            }
        }
    }

    fn escape(&mut self, unicode: bool, bytes: &mut Vec<u8>) -> Result<(), ParseError> {
        let start = self.offset;
        let code = match self.next()? {
            b'n' => 0x0a,
            b'r' => 0x0d,
            b't' => 0x09,
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'v' => 0x0b,
            byte @ (b'\\' | b'\'' | b'"') => u32::from(byte),
            b'x' => self.digits(16, 2, 2)?,
            b'u' if unicode => self.digits(16, 4, 4)?,
            b'U' if unicode => self.digits(16, 8, 8)?,
            b'0'..=b'7' => {
                self.offset -= 1;
                self.digits(8, 1, 3)?
            }
            b'\n' if self.is_source => return Ok(()),
            // A character by its Unicode name: that takes a table of them.
            b'N' if self.is_source && unicode => return Err(ParseError::Number { offset: start }),
            // As in Python, a backslash before any other character stands for itself.
            byte => {
                bytes.extend_from_slice(&[b'\\', byte]);
                return Ok(());
            }
        };
        if unicode && !self.is_source && (0xd800..0xe000).contains(&code) {
            self.surrogates.push(bytes.len());
            bytes.extend(format!("\\u{code:04x}").bytes());
        } else if unicode {
            let character = char::from_u32(code).ok_or(ParseError::Number { offset: start })?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            bytes.push(u8::try_from(code).map_err(|_| ParseError::Number { offset: start })?);
        }
        Ok(())
    }

    fn digits(&mut self, radix: u32, least: usize, most: usize) -> Result<u32, ParseError> {
        let start = self.offset;
        let mut value: u32 = 0;
        let mut count = 0;
        while count < most {
            let Some(digit) = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(radix))
            else {
                break;
            };
            value = value
                .checked_mul(radix)
                .and_then(|value| value.checked_add(digit))
                .ok_or(ParseError::Number { offset: start })?;
            self.offset += 1;
            count += 1;
        }
        if count < least {
            return Err(self.unexpected());
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, ParseError> {
        let start = self.offset;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            self.offset += 1;
        }
        let text = std::str::from_utf8(&self.text[start..self.offset])
            .map_err(|_| ParseError::Number { offset: start })?;
        if let Ok(value) = text.parse::<i64>() {
            return Ok(Value::Int(value));
        }
        text.parse::<f64>()
            .ok()
            .filter(|_| text.contains(['.', 'e', 'E', 'n']))
            .map(Value::Float)
            .ok_or(ParseError::Number { offset: start })
    }
}

/// A string's bytes are the board's or the file's own, and may be anything.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_ilistdir_prints() {
        let value = parse(b"[('a b.py', 32768, 0, 12),('d', 16384, 0),]").unwrap();
        let rows = value.as_items().unwrap();
        assert_eq!(rows[0].as_items().unwrap()[0].as_str(), Some("a b.py"));
        assert_eq!(rows[1].as_items().unwrap().len(), 3);
    }

    #[test]
    fn one_item_in_parentheses_is_a_tuple_only_with_a_comma() {
        assert_eq!(parse(b"(1,)").unwrap(), Value::Tuple(vec![Value::Int(1)]));
        assert_eq!(parse(b"(1)").unwrap(), Value::Int(1));
        assert_eq!(parse(b"()").unwrap(), Value::Tuple(vec![]));
    }

    #[test]
    fn reads_escapes_of_strings_and_bytes() {
        assert_eq!(
            parse(b"'\\u20ac\\x41\\0\\'\\n'").unwrap(),
            Value::Str("€A\0'\n".into())
        );
        assert_eq!(
            parse(b"b'\\xff\\101\\07'").unwrap(),
            Value::Bytes(vec![0xff, b'A', 7])
        );
        assert_eq!(
            parse(b"bytearray(b'ab')").unwrap(),
            Value::Bytes(b"ab".to_vec())
        );
    }

    #[test]
    fn lone_surrogates_are_shown_and_are_no_text() {
        let value = parse(r"('a\udcff\\udcff\ud83d\n', 'b\\udcff')".as_bytes()).unwrap();
        let [broken, whole] = value.as_items().unwrap() else {
            panic!("{value:?}");
        };
        assert_eq!(broken.as_str(), None);
        assert_eq!(broken.as_shown(), Some("a\\udcff\\\\udcff\\ud83d\n"));
        assert_eq!(whole, &Value::Str(r"b\udcff".into()));
        // A person who writes one gets no alias that is another.
        assert!(source(r"'a\udcff'").is_err());
    }

    #[test]
    fn reads_numbers_and_dictionaries() {
        assert_eq!(
            parse(b"{'a': -1, 'b': 1.5e3}").unwrap(),
            Value::Dict(vec![
                (Value::Str("a".into()), Value::Int(-1)),
                (Value::Str("b".into()), Value::Float(1500.0)),
            ])
        );
    }

    #[test]
    fn refuses_what_is_not_a_literal() {
        for text in [
            &b""[..],
            b"(",
            b"[1 2]",
            b"'a",
            b"{1:}",
            b"foo",
            b"1 2",
            b"b1",
            b"--1",
            b"'\\x4'",
            b"99999999999999999999",
        ] {
            assert!(parse(text).is_err(), "{:?}", String::from_utf8_lossy(text));
        }
        assert_eq!(parse(&[b'('; 5000]), Err(ParseError::TooDeep));
    }

    fn source(text: &str) -> Result<Value, ParseError> {
        parse_source(text.as_bytes(), 0).map(|(value, _)| value)
    }

    #[test]
    fn reads_strings_as_people_write_them() {
        for (text, expected) in [
            (r#""""a "b"\n""" "#, "a \"b\"\n"),
            ("'''two\nlines'''", "two\nlines"),
            ("''", ""),
            ("''''''", ""),
            (r"r'\d\'' ", r"\d\'"),
            ("u'\u{e9}'", "\u{e9}"),
            ("'a' \"b\" # c\n 'd'", "abd"),
            ("'a\\\nb'", "ab"),
            ("('a'\n 'b')", "ab"),
        ] {
            assert_eq!(source(text), Ok(Value::Str(expected.into())), "{text}");
        }
        assert_eq!(
            source(r"Rb'\x' b'\x41'"),
            Ok(Value::Bytes(br"\xA".to_vec()))
        );
    }

    #[test]
    fn refuses_strings_that_are_evaluated_or_never_end() {
        for text in [
            "f'a'",
            "'a\nb'",
            "'''a",
            "'a' b'b'",
            r"'\N{DASH}'",
            "rr'a'",
            "'\\",
        ] {
            assert!(source(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tells_where_a_literal_ends_in_a_source() {
        let text = b"x = {'a': [1, # one\n 2,],} # end\ny";
        let (value, end) = parse_source(text, 3).unwrap();
        assert_eq!(
            value,
            Value::Dict(vec![(
                Value::Str("a".into()),
                Value::List(vec![Value::Int(1), Value::Int(2)])
            )])
        );
        assert_eq!(&text[end..], b" # end\ny");
        assert_eq!(&text[skip_source_space(text, end)..], b"y");
        assert_eq!(skip_source_space(text, 999), text.len());
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let list = |count: usize| format!("[{}]", "0,".repeat(count));
        assert!(parse(list(VALUES_MOST - 1).as_bytes()).is_ok());
        let refused = parse(list(VALUES_MOST).as_bytes());
        assert_eq!(refused, Err(ParseError::TooMany));
    }

    proptest! {
        #[test]
        fn no_source_makes_it_panic(text in "[\\[\\](){}'\"brufN#\\\\x0-9,:\n é-]{0,60}", offset in 0_usize..70) {
            let _ = parse_source(text.as_bytes(), offset);
            let _ = skip_source_space(text.as_bytes(), offset);
        }

        #[test]
        fn no_input_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&text);
        }

        #[test]
        fn nearly_literal_input_does_not_make_it_panic(text in r"[\[\](){}'b\\x0-9u,: .e-]{0,60}") {
            let _ = parse(text.as_bytes());
        }
    }
}
