//! mpwire's own `config.toml`.
//!
//! ```toml
//! [defaults]
//! board = "id:334D335C3138"     # instead of auto
//! soft-reset = "never"          # or "auto"
//! webrepl-password-file = "password"    # beside this file
//! cp = ["--force"]              # options of a command
//!
//! [aliases]
//! blink = "run blink.py"
//! "double x=4" = { command = ["eval", "x * 2"], help = "twice as much" }
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SoftReset;
use super::aliases::Definition;

/// What a `config.toml` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ConfigToml {
    /// Signatures of aliases and what they stand for.
    pub aliases: Vec<(String, Definition)>,
    /// The board to use where none is named.
    pub board: Option<String>,
    /// Whether the first use of a board resets it.
    pub soft_reset: Option<SoftReset>,
    /// Where the password of boards in the network is.
    pub webrepl_password_file: Option<String>,
    /// Whether mpremote's `config.py` is left alone.
    pub ignores_config_py: bool,
    /// Options of commands, by the commands' names.
    pub options: BTreeMap<String, Vec<String>>,
    /// Keys that mean nothing, each with its line, from 1.
    pub unknown: Vec<(usize, String)>,
}

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads the text of a `config.toml`; `is_command` says which commands may have options.
pub fn read(text: &str, is_command: &dyn Fn(&str) -> bool) -> Result<ConfigToml, Problem> {
    let mut reader = Reader {
        text,
        is_command,
        found: ConfigToml::default(),
    };
    let document = DeTable::parse(text).map_err(|error| {
        // One line: the parser's own text has the source below it.
        let message = error.message().replace('\n', ", ");
        reader.problem(&error.span().unwrap_or_default(), message)
    })?;
    for (key, value) in document.get_ref() {
        match key.get_ref().as_ref() {
            "aliases" => reader.aliases(table(&reader, value)?)?,
            "defaults" => reader.defaults(table(&reader, value)?)?,
            _ => reader.note_unknown(key.get_ref(), &key.span()),
        }
    }
    reader.found.unknown.sort();
    Ok(reader.found)
}

type Node<'a> = Spanned<DeValue<'a>>;

struct Reader<'a> {
    text: &'a str,
    is_command: &'a dyn Fn(&str) -> bool,
    found: ConfigToml,
}

impl Reader<'_> {
    fn aliases(&mut self, table: &DeTable) -> Result<(), Problem> {
        for (key, value) in table {
            let signature = key.get_ref();
            if signature.trim().is_empty() {
                return Err(self.problem(&key.span(), "an alias needs a name".to_owned()));
            }
            let definition = self.definition(value)?;
            self.found.aliases.push((signature.to_string(), definition));
        }
        Ok(())
    }

    fn definition(&mut self, value: &Node) -> Result<Definition, Problem> {
        let DeValue::Table(fields) = value.get_ref() else {
            let what = "an alias is a string, a list of strings, or { command = …, help = … }";
            return self.words(value, what);
        };
        let mut definition = None;
        let mut help = String::new();
        for (key, field) in fields {
            match key.get_ref().as_ref() {
                "command" => {
                    definition =
                        Some(self.words(field, "a command is a string or a list of strings")?);
                }
                "help" => help = self.string(field, "a help is a string")?,
                _ => self.note_unknown(key.get_ref(), &key.span()),
            }
        }
        let definition = definition
            .ok_or_else(|| self.problem(&value.span(), "`command` is missing".to_owned()))?;
        Ok(Definition { help, ..definition })
    }

    fn defaults(&mut self, table: &DeTable) -> Result<(), Problem> {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "board" => self.found.board = Some(self.string(value, "a board is a string")?),
                "soft-reset" => {
                    let text = value.get_ref().as_str().unwrap_or_default();
                    let choice = text.parse();
                    self.found.soft_reset =
                        Some(choice.map_err(|message| self.problem(&value.span(), message))?);
                }
                "webrepl-password-file" => {
                    let path = self.string(value, "a path is a string")?;
                    self.found.webrepl_password_file = Some(path);
                }
                "ignore-config-py" => match value.get_ref() {
                    DeValue::Boolean(choice) => self.found.ignores_config_py = *choice,
                    _ => return Err(self.problem(&value.span(), "true or false".to_owned())),
                },
                command if (self.is_command)(command) => {
                    let words = self.options(value)?;
                    self.found.options.insert(command.to_owned(), words);
                }
                other => self.note_unknown(other, &key.span()),
            }
        }
        Ok(())
    }

    fn options(&self, value: &Node) -> Result<Vec<String>, Problem> {
        let words = self
            .words(value, "options are a string or a list of strings")?
            .words;
        match words.first() {
            Some(word) if !word.starts_with('-') => {
                let message = format!("'{word}' is not an option: options begin with a minus");
                Err(self.problem(&value.span(), message))
            }
            _ => Ok(words),
        }
    }

    fn words(&self, value: &Node, what: &str) -> Result<Definition, Problem> {
        match value.get_ref() {
            DeValue::String(text) => Ok(Definition::of_text(text)),
            DeValue::Array(items) => {
                let words = items.iter().map(|item| self.string(item, what));
                Ok(Definition {
                    words: words.collect::<Result<_, _>>()?,
                    help: String::new(),
                })
            }
            _ => Err(self.problem(&value.span(), what.to_owned())),
        }
    }

    fn string(&self, value: &Node, what: &str) -> Result<String, Problem> {
        let text = value.get_ref().as_str().map(str::to_owned);
        text.ok_or_else(|| self.problem(&value.span(), what.to_owned()))
    }

    fn note_unknown(&mut self, key: &str, place: &Range<usize>) {
        let line = self.problem(place, String::new()).line;
        self.found.unknown.push((line, key.to_owned()));
    }

    fn problem(&self, place: &Range<usize>, message: String) -> Problem {
        let before = &self.text.as_bytes()[..place.start.min(self.text.len())];
        let lines: Vec<&[u8]> = before.split(|&byte| byte == b'\n').collect();
        let last = lines.last().copied().unwrap_or_default();
        Problem {
            line: lines.len(),
            column: 1 + String::from_utf8_lossy(last).chars().count(),
            message,
        }
    }
}

fn table<'a, 'b>(reader: &Reader, value: &'a Node<'b>) -> Result<&'a DeTable<'b>, Problem> {
    let found = value.get_ref().as_table();
    found.ok_or_else(|| reader.problem(&value.span(), "this is a table".to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<ConfigToml, Problem> {
        read(text, &|name| name == "cp" || name == "run")
    }

    #[test]
    fn reads_everything() {
        let found = parse(
            r#"
[defaults]
board = "id:1"
soft-reset = "never"
webrepl-password-file = "password"
ignore-config-py = true
cp = ["--force"]
run = "--no-follow"
[aliases]
a = "run  blink.py"
"b x=4" = { command = ["eval", "x * 2"], help = "twice" }
"#,
        )
        .unwrap();
        assert_eq!(found.board.as_deref(), Some("id:1"));
        assert_eq!(found.soft_reset, Some(SoftReset::Never));
        assert_eq!(found.webrepl_password_file.as_deref(), Some("password"));
        assert!(found.ignores_config_py);
        assert_eq!(found.options["cp"], ["--force"]);
        assert_eq!(found.options["run"], ["--no-follow"]);
        assert_eq!(found.aliases[0].1.words, ["run", "blink.py"]);
        assert_eq!(found.aliases[1].0, "b x=4");
        assert_eq!(found.aliases[1].1.words, ["eval", "x * 2"]);
        assert_eq!(found.aliases[1].1.help, "twice");
        assert!(found.unknown.is_empty());
    }

    #[test]
    fn unknown_keys_are_told_with_their_lines() {
        let found = parse(
            "colour = 1\n[defaults]\nbord = \"x\"\n[aliases.a]\ncommand = \"ls\"\nhlep = \"\"\n",
        )
        .unwrap();
        let unknown: Vec<(usize, &str)> = found
            .unknown
            .iter()
            .map(|(line, key)| (*line, key.as_str()))
            .collect();
        assert_eq!(unknown, [(1, "colour"), (3, "bord"), (6, "hlep")]);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_column() {
        for (text, line, column, message) in [
            ("a = ", 1, 5, ""),
            ("\n[defaults\n", 2, 10, ""),
            ("[aliases]\na = 5", 2, 5, "an alias is"),
            ("[aliases]\na = ['é', 5]", 2, 11, "an alias is"),
            (
                "[aliases]\na = { help = 'x' }",
                2,
                5,
                "`command` is missing",
            ),
            ("[aliases]\n' ' = 'x'", 2, 1, "name"),
            ("aliases = 3", 1, 11, "table"),
            ("[defaults]\nsoft-reset = 'no'", 2, 14, "'auto' or 'never'"),
            ("[defaults]\nboard = 1", 2, 9, "a board is a string"),
            ("[defaults]\ncp = 'a'", 2, 6, "'a' is not an option"),
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(
                (problem.line, problem.column),
                (line, column),
                "{text}: {problem:?}"
            );
            assert!(problem.message.contains(message), "{text}: {problem:?}");
            assert!(!problem.message.contains('\n'));
        }
    }

    #[test]
    fn what_nests_without_end_is_refused() {
        for open in ["[", "{a=", "a."] {
            let text = format!("[defaults]\nboard = {}", open.repeat(100_000));
            assert!(parse(&text).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\[(aliases|defaults)\\]|(a|cp|board|soft-reset) = |command|[{}\\[\\]'\".,=é \n]){0,40}") {
            // An error is fine; its place is in the text.
            if let Err(problem) = parse(&text) {
                prop_assert!(problem.line <= text.matches('\n').count() + 1);
            }
        }
    }
}
