//! mpremote's `config.py`, read as data: nothing of it is executed.
//!
//! mpremote executes the file and takes the dictionary `commands` that it leaves. Nearly always that
//! is one literal. Its entries that are literals are taken, and for everything else the lines are
//! remembered, so that the user can be told what is missing.

use mpwire_proto::literal::{ParseError, Value, parse_source, skip_source_space};

use super::aliases::Definition;

/// What a `config.py` holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ConfigPy {
    /// Signatures of aliases and what they stand for, in the order of the file.
    pub commands: Vec<(String, Definition)>,
    /// Lines, from 1, on which begins what was not read.
    pub ignored: Vec<usize>,
}

/// Reads the text of a `config.py`, whatever is in it.
#[must_use]
pub fn read(text: &str) -> ConfigPy {
    // Python reads every line's end as one character.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = Reader {
        text: text.as_bytes(),
        offset: 0,
        commands: Vec::new(),
        ignored: Vec::new(),
    };
    while reader.next_statement() {}
    ConfigPy {
        commands: reader.commands,
        ignored: lines(reader.text, reader.ignored),
    }
}

/// The lines of offsets in bytes, in order.
fn lines(text: &[u8], mut offsets: Vec<usize>) -> Vec<usize> {
    offsets.sort_unstable();
    let mut counted = 0;
    let mut line = 1;
    let of_offset = |offset: usize| {
        let between = text[counted..offset].split(|&byte| byte == b'\n');
        line += between.count() - 1;
        counted = offset;
        line
    };
    offsets.into_iter().map(of_offset).collect()
}

struct Reader<'a> {
    text: &'a [u8],
    offset: usize,
    commands: Vec<(String, Definition)>,
    /// Where begins what is not read, in bytes.
    ignored: Vec<usize>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }

    fn skip_space(&mut self) {
        self.offset = skip_source_space(self.text, self.offset);
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.offset += 1;
        }
    }

    /// Reads a statement or skips it; says whether there was one.
    fn next_statement(&mut self) -> bool {
        self.skip_space();
        let start = self.offset;
        if start >= self.text.len() {
            return false;
        }
        // The lines below `if` or `def`, whose own line is told of.
        let is_indented = start > 0 && self.text[start - 1] != b'\n';
        if is_indented || self.is_idle_literal() {
            self.skip_line();
        } else if self.is_assignment() {
            let kept = std::mem::take(&mut self.commands);
            if !(self.dictionary() && self.is_at_end_of_line()) {
                // An expression: what it comes to is not known.
                self.commands = kept;
                self.ignored.push(start);
            }
            self.skip_line();
        } else {
            self.ignored.push(start);
            self.skip_line();
        }
        true
    }

    /// Whether a literal stands here by itself: a text that says what the file is for.
    fn is_idle_literal(&mut self) -> bool {
        let start = self.offset;
        let is_idle = parse_source(self.text, start).is_ok_and(|(_, end)| {
            self.offset = end;
            self.is_at_end_of_line()
        });
        self.offset = start;
        is_idle
    }

    /// Goes to the value of `commands = {`, if that is here.
    fn is_assignment(&mut self) -> bool {
        let start = self.offset;
        if self.text[start..].starts_with(b"commands") {
            self.offset += b"commands".len();
            self.skip_blanks();
            if self.peek() == Some(b'=') {
                self.offset += 1;
                self.skip_blanks();
                if self.peek() == Some(b'{') {
                    return true;
                }
            }
        }
        self.offset = start;
        false
    }

    fn is_at_end_of_line(&mut self) -> bool {
        self.skip_blanks();
        matches!(self.peek(), None | Some(b'\n' | b'#' | b';'))
    }

    /// Reads a dictionary's entries and says whether it ends.
    fn dictionary(&mut self) -> bool {
        self.offset += 1;
        loop {
            self.skip_space();
            match self.peek() {
                None => return false,
                Some(b'}') => {
                    self.offset += 1;
                    return true;
                }
                Some(b',') => self.offset += 1,
                Some(_) => {
                    let start = self.offset;
                    if let Some(entry) = self.entry() {
                        self.commands.push(entry);
                    } else {
                        self.ignored.push(start);
                        self.offset = start;
                        self.skip_until(|byte| matches!(byte, b',' | b'}'));
                    }
                }
            }
        }
    }

    /// Reads a key and its value, up to the comma.
    fn entry(&mut self) -> Option<(String, Definition)> {
        let key = self.literal().ok()?;
        if self.peek() != Some(b':') {
            return None;
        }
        self.offset += 1;
        let value = self.literal().ok()?;
        if !matches!(self.peek(), Some(b',' | b'}')) {
            return None;
        }
        let signature = key.as_str().filter(|key| !key.trim().is_empty())?;
        Some((signature.to_owned(), definition(&value)?))
    }

    fn literal(&mut self) -> Result<Value, ParseError> {
        let (value, end) = parse_source(self.text, self.offset)?;
        self.offset = end;
        self.skip_space();
        Ok(value)
    }

    /// Skips the rest of a statement's line, which goes on inside of brackets and long strings.
    fn skip_line(&mut self) {
        self.skip_until(|byte| byte == b'\n');
    }

    /// Skips to a byte that ends something, outside of strings, comments and brackets.
    fn skip_until(&mut self, ends: impl Fn(u8) -> bool) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            if depth == 0 && ends(byte) {
                return;
            }
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b'\'' | b'"' => {
                    self.skip_string(byte);
                    continue;
                }
                b'#' => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.offset += 1;
                    }
                    continue;
                }
                b'\\' => self.offset += 1,
                _ => {}
            }
            self.offset += 1;
        }
    }

    /// Skips a string of any kind; one that is not closed ends with its line, or with the file.
    fn skip_string(&mut self, quote: u8) {
        let long = [quote; 3];
        let is_long = self.text[self.offset..].starts_with(&long);
        let end = if is_long { &long[..] } else { &long[..1] };
        self.offset += end.len();
        while let Some(byte) = self.peek() {
            if self.text[self.offset..].starts_with(end) {
                self.offset += end.len();
                return;
            }
            if byte == b'\n' && !is_long {
                return;
            }
            self.offset += if byte == b'\\' { 2 } else { 1 };
        }
    }
}

/// What a value of the dictionary says: words, or a dictionary of them and a help.
fn definition(value: &Value) -> Option<Definition> {
    match value {
        Value::Str(text) => Some(Definition::of_text(text)),
        Value::List(items) | Value::Tuple(items) => {
            let words = items.iter().map(|item| item.as_str().map(str::to_owned));
            Some(Definition {
                words: words.collect::<Option<_>>()?,
                help: String::new(),
            })
        }
        Value::Dict(items) => {
            // As in Python, the last of equal keys holds.
            let find = |name| {
                let mut found = items.iter().rev();
                found.find(|(key, _)| key.as_str() == Some(name))
            };
            let (_, command) = find("command").filter(|(_, it)| !matches!(it, Value::Dict(_)))?;
            let help = match find("help") {
                Some((_, help)) => help.as_str()?.to_owned(),
                None => String::new(),
            };
            Some(Definition {
                help,
                ..definition(command)?
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn summary(text: &str) -> (Vec<String>, Vec<usize>) {
        let found = read(text);
        let show = |(key, definition): &(String, Definition)| {
            let help = &definition.help;
            format!(
                "{key}: {}{}{help}",
                definition.words.join("|"),
                if help.is_empty() { "" } else { " # " }
            )
        };
        (found.commands.iter().map(show).collect(), found.ignored)
    }

    #[test]
    fn reads_what_the_manual_shows() {
        let text = r#"commands = {
    "c33": "connect id:334D335C3138", # Connect to a specific device by ID.
    "double x=4": "eval x*2",  # x is an argument, with default 4
    "wl_scan": ["exec", """
import network
print("}, commands = {")
""",], # Print out nearby WiFi networks.
    'test': ("mount", ".", "exec", "import " 'test'),
    "demo": {"command": ["run", r"path\to\demo.py"], "help": """
        a demonstration
        """},
}
"#;
        let (commands, ignored) = summary(text);
        assert_eq!(
            commands,
            [
                "c33: connect|id:334D335C3138",
                "double x=4: eval|x*2",
                "wl_scan: exec|\nimport network\nprint(\"}, commands = {\")\n",
                "test: mount|.|exec|import test",
                "demo: run|path\\to\\demo.py # \n        a demonstration\n        ",
            ]
        );
        assert!(ignored.is_empty(), "{ignored:?}");
    }

    #[test]
    fn tells_what_it_does_not_read_and_reads_the_rest() {
        let text = r#"
"""What this file
is for."""
import os

def port(n):
    commands = {"no": "no"}
    return f"/dev/{n}"

PORT = """
commands = {"no": "no"}
"""
commands = {
    "a": "ls",
    "b": "connect " + PORT,
    "c": ["connect", port(1)], "d": "df",
    PORT: "x",
    **{"e": "ls"},
    "f": f"{PORT}",
    "g": {"help": "no command"},
    "h": ["sleep", 1],
    "": "nameless",
    "i": "tree",
}
commands["j"] = "ls"
"#;
        let (commands, ignored) = summary(text);
        assert_eq!(commands, ["a: ls", "d: df", "i: tree"]);
        assert_eq!(ignored, [4, 6, 10, 15, 16, 17, 18, 19, 20, 21, 22, 25]);
    }

    #[test]
    fn the_last_assignment_holds_and_an_expression_is_none() {
        let (commands, ignored) = summary("commands = {'a': 'ls'}\ncommands={'b':'df'} # all\n");
        assert_eq!((commands, ignored), (vec!["b: df".to_owned()], vec![]));
        let (commands, ignored) = summary("commands = {'a': 'ls'}\ncommands = {} | os.x\n");
        assert_eq!((commands, ignored), (vec!["a: ls".to_owned()], vec![2]));
        let (commands, ignored) =
            summary("commands = dict(a='ls')\ncommandsx = {}\ncommands == {}");
        assert_eq!((commands.len(), ignored), (0, vec![1, 2, 3]));
    }

    #[test]
    fn a_broken_file_is_told_of() {
        for text in [
            "commands = {'a': 'ls'",
            "commands = {'a': 'ls",
            "commands = {'a': '''ls\n",
            "commands = {'a' 'b'",
            "commands = {",
            "commands = {'a': [[[[",
            "'\n",
            "commands = }",
        ] {
            let found = read(text);
            assert!(!found.ignored.is_empty(), "{text}");
            assert!(found.commands.is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn no_python_makes_it_panic(text in "(commands = \\{|[{}()\\[\\]'\"brf#\\\\,:;=a \n]){0,40}") {
            let found = read(&text);
            let lines = text.matches('\n').count() + 1;
            prop_assert!(found.ignored.iter().all(|line| (1..=lines).contains(line)));
        }
    }

    #[test]
    fn windows_and_byte_order_marks_are_no_trouble() {
        let (commands, ignored) =
            summary("\u{feff}# mine\r\ncommands = {\r\n'a': '''x\r\ny''',\r\n}\r\n");
        assert_eq!((commands, ignored), (vec!["a: x|y".to_owned()], vec![]));
    }
}
