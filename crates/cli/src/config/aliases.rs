//! Aliases: words that stand for others, with arguments, by mpremote's rules.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::shortcuts::SHORTCUTS;

/// No command line needs as many in a row: what does is a loop.
const LIMIT: usize = 100;

/// How many words aliases may add to a command line, far more than people write: aliases that stand for
/// others twice each double it without end.
pub const WORDS_MOST: usize = 10_000;

/// What a user wrote an alias to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    /// The words that it stands for.
    pub words: Vec<String>,
    /// What it is for; may be empty, and may span lines.
    pub help: String,
}

impl Definition {
    /// Words in one string, with blanks between.
    pub fn of_text(text: &str) -> Self {
        Self {
            words: text.split_whitespace().map(str::to_owned).collect(),
            help: String::new(),
        }
    }
}

/// An argument of an alias: `x`, or `x=4` with a default.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parameter {
    name: String,
    default: Option<String>,
    /// As it was written.
    text: String,
}

impl Parameter {
    fn parse(text: &str) -> Self {
        let mut parts = text.split('=').map(str::to_owned);
        Self {
            name: parts.next().unwrap_or_default(),
            default: parts.next(),
            text: text.to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Alias {
    parameters: Vec<Parameter>,
    definition: Definition,
}

impl Alias {
    /// How it is called: its name and its arguments, each as it was written.
    fn signature(&self, name: &str) -> String {
        let texts = self.parameters.iter().map(|parameter| &*parameter.text);
        std::iter::once(name)
            .chain(texts)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Why a command line cannot be expanded.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// An argument is missing or unknown; mpremote prints this as data.
    Usage(String),
    /// An alias stands for itself.
    Loop(String),
    /// This alias stands for one that stands for another, and so on, too often in a row.
    TooLong(String),
    /// With this alias, aliases have added more than [`WORDS_MOST`] words.
    TooManyWords(String),
}

/// What there is to say of an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained<'a> {
    /// Its name and its arguments, each as it was written.
    pub signature: String,
    /// What it is for; may be empty, and may span lines.
    pub help: &'a str,
    /// The words that it stands for.
    pub words: &'a [String],
}

impl Explained<'_> {
    /// What it stands for, as somebody would type it, on one line.
    #[must_use]
    pub fn stands_for(&self) -> String {
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || "@%+=:,./_-".contains(character);
        let words = self.words.iter().map(|word| {
            if !word.is_empty() && word.chars().all(is_plain) {
                Cow::Borrowed(word.as_str())
            } else {
                shell_words::quote(word)
            }
        });
        let words: Vec<Cow<str>> = words.collect();
        words.join(" ").replace('\n', "\\n")
    }
}

/// All aliases by their names.
#[derive(Debug, Clone)]
pub struct Aliases(BTreeMap<String, Alias>);

impl Aliases {
    /// Those that are always there.
    #[must_use]
    pub fn built_in() -> Self {
        let built_in = SHORTCUTS.iter().map(|shortcut| {
            let definition = Definition {
                words: shortcut.words.iter().map(|&word| word.into()).collect(),
                help: shortcut.help.to_owned(),
            };
            let alias = Alias {
                parameters: Vec::new(),
                definition,
            };
            (shortcut.name.to_owned(), alias)
        });
        Self(built_in.collect())
    }

    /// Defines or redefines one. The first word of `signature` is its name, and the others are its
    /// arguments. Returns whether it has a name.
    pub fn define(&mut self, signature: &str, definition: Definition) -> bool {
        let mut words = signature.split_whitespace();
        let Some(name) = words.next() else {
            return false;
        };
        let alias = Alias {
            parameters: words.map(Parameter::parse).collect(),
            definition,
        };
        self.0.insert(name.to_owned(), alias);
        true
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The words that one stands for.
    #[must_use]
    pub fn words(&self, name: &str) -> Option<&[String]> {
        Some(&self.0.get(name)?.definition.words)
    }

    /// The first word that is no alias any more where a command line begins with `name`; `None` if
    /// there is none.
    #[must_use]
    pub fn first_command<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut word = name;
        for _ in 0..LIMIT {
            match self.words(word) {
                None => return Some(word),
                Some(words) => word = words.first()?,
            }
        }
        None
    }

    /// What there is to say of one.
    #[must_use]
    pub fn explained<'a>(&'a self, name: &str) -> Option<Explained<'a>> {
        let alias = self.0.get(name)?;
        Some(Explained {
            signature: alias.signature(name),
            help: alias.definition.help.trim(),
            words: &alias.definition.words,
        })
    }

    /// Each one's signature and help, in the order of their names; without a help, what it is short for.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String)> {
        let explained = self.names().filter_map(|name| self.explained(name));
        explained
            .map(|alias| {
                let help = match (alias.help, alias.words) {
                    ("", []) => "stands for nothing".to_owned(),
                    ("", _) => format!("short for `{}`", alias.stands_for()),
                    (help, _) => help.to_owned(),
                };
                (alias.signature, help)
            })
            .collect()
    }

    /// Replaces aliases at the front of a command line by what they stand for. Their arguments
    /// become assignments that the board executes first.
    ///
    /// `room` is how many words may still be added to this command line, from [`WORDS_MOST`] on.
    pub fn expand(&self, rest: &mut VecDeque<String>, room: &mut usize) -> Result<(), Failure> {
        let mut assignments = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut last = None;
        while let Some((name, alias)) = rest.front().and_then(|word| self.0.get_key_value(word)) {
            names.push(name);
            if names.len() > LIMIT {
                return Err(circle(&names)
                    .map_or_else(|| Failure::TooLong(names[0].to_owned()), Failure::Loop));
            }
            // Those that stand for nothing give nothing back: they may be what many others end in.
            let more = alias.definition.words.len().saturating_sub(1);
            *room = room
                .checked_sub(more)
                .ok_or_else(|| Failure::TooManyWords(name.clone()))?;
            rest.pop_front();
            for parameter in &alias.parameters {
                if rest.front().is_some_and(|word| word == "+") {
                    break;
                }
                let value = value(parameter, rest).ok_or_else(|| {
                    usage(name, alias, &format!("missing argument {}", parameter.name))
                })?;
                assignments.push(format!("{}={value}", parameter.name));
            }
            for word in alias.definition.words.iter().rev() {
                rest.push_front(word.clone());
            }
            last = Some((name, alias));
        }
        if let Some((name, alias)) = last {
            check_next(name, alias, rest)?;
        }
        if !assignments.is_empty() {
            rest.push_front(assignments.join(";"));
            rest.push_front("exec".to_owned());
        }
        Ok(())
    }
}

/// Takes the value of an argument: given as it is, by its name, or its default.
fn value(parameter: &Parameter, rest: &mut VecDeque<String>) -> Option<String> {
    let given = rest.front().and_then(|word| match word.split_once('=') {
        None => Some(word.clone()),
        Some((name, value)) => (name == parameter.name).then(|| value.to_owned()),
    });
    match given {
        Some(value) => {
            rest.pop_front();
            Some(value)
        }
        None => parameter.default.clone(),
    }
}

/// Refuses an argument that an alias does not have, where its last one could stand.
fn check_next(name: &str, alias: &Alias, rest: &VecDeque<String>) -> Result<(), Failure> {
    let next = rest.get(alias.definition.words.len());
    match next.and_then(|word| word.split_once('=')) {
        Some((given, _)) if !alias.parameters.is_empty() => Err(usage(
            name,
            alias,
            &format!("given unexpected argument {given}"),
        )),
        _ => Ok(()),
    }
}

fn usage(name: &str, alias: &Alias, what: &str) -> Failure {
    Failure::Usage(format!(
        "Command {name} {what}; signature is:\n    {}",
        alias.signature(name)
    ))
}

/// The last names, from where they begin to repeat themselves; `None` where they do not.
fn circle(names: &[&str]) -> Option<String> {
    let (last, before) = names.split_last()?;
    let start = before.iter().rposition(|name| name == last)?;
    Some(names[start..].join(" -> "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(definitions: &[(&str, &str)]) -> Aliases {
        let mut aliases = Aliases::built_in();
        for (signature, text) in definitions {
            assert!(aliases.define(signature, Definition::of_text(text)));
        }
        aliases
    }

    fn expanded(aliases: &Aliases, line: &str) -> Result<String, Failure> {
        let mut rest: VecDeque<String> = line.split(' ').map(str::to_owned).collect();
        aliases.expand(&mut rest, &mut { WORDS_MOST })?;
        Ok(Vec::from(rest).join(" "))
    }

    #[test]
    fn shortcuts_stand_for_commands() {
        let aliases = aliases(&[]);
        for (line, expected) in [
            ("a1 ls", "connect /dev/ttyACM1 ls"),
            ("ls repl", "fs ls repl"),
            ("eval ls", "eval ls"),
        ] {
            assert_eq!(expanded(&aliases, line), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn users_may_redefine_shortcuts_and_commands_and_build_on_each_other() {
        let aliases = aliases(&[("ls", "tree -s"), ("run", "ls lib"), ("nothing", "")]);
        for (line, expected) in [
            ("ls", "fs tree -s"),
            ("run x", "fs tree -s lib x"),
            ("nothing run", "fs tree -s lib"),
            ("nothing", ""),
        ] {
            assert_eq!(expanded(&aliases, line), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn arguments_are_assigned_first() {
        let aliases = aliases(&[
            ("mul x y=2", "eval x*y"),
            ("twice", "mul 2"),
            ("path p=1=2", "eval p"),
        ]);
        for (line, expected) in [
            ("mul 3 5", "exec x=3;y=5 eval x*y"),
            ("mul 3", "exec x=3;y=2 eval x*y"),
            ("mul x=3 y=a=b ls", "exec x=3;y=a=b eval x*y ls"),
            ("mul y=3", "missing argument x"),
            ("mul 3 + ls", "exec x=3 eval x*y + ls"),
            ("mul + ls", "eval x*y + ls"),
            ("mul", "missing argument x"),
            ("mul 3 4 z=5", "given unexpected argument z"),
            ("mul 3 4 5", "exec x=3;y=4 eval x*y 5"),
            ("twice 5", "exec x=2;y=5 eval x*y"),
            ("path", "exec p=1 eval p"),
        ] {
            match expanded(&aliases, line) {
                Err(Failure::Usage(text)) => assert!(text.contains(expected), "{line}: {text}"),
                other => assert_eq!(other, Ok(expected.to_owned()), "{line}"),
            }
        }
        let failure = expanded(&aliases, "mul");
        let text = "Command mul missing argument x; signature is:\n    mul x y=2";
        assert_eq!(failure, Err(Failure::Usage(text.to_owned())));
    }

    #[test]
    fn loops_are_found() {
        let aliases = aliases(&[("a", "b x"), ("b", "c"), ("c", "b"), ("self", "self self")]);
        let circle = |line| match expanded(&aliases, line) {
            Err(Failure::Loop(names)) => names,
            other => panic!("{other:?}"),
        };
        assert!(["b -> c -> b", "c -> b -> c"].contains(&circle("a").as_str()));
        assert_eq!(circle("self"), "self -> self");
    }

    #[test]
    fn the_command_behind_an_alias_is_found_without_its_arguments() {
        let aliases = aliases(&[("mul x y", "eval x*y"), ("again", "mul 1"), ("nothing", "")]);
        assert_eq!(aliases.first_command("again"), Some("eval"));
        assert_eq!(aliases.first_command("run"), Some("run"));
        assert_eq!(aliases.first_command("nothing"), None);
        let looped = self::aliases(&[("a", "b"), ("b", "a")]);
        assert_eq!(looped.first_command("a"), None);
    }

    #[test]
    fn an_alias_is_explained_by_its_help_and_by_what_it_stands_for() {
        let mut aliases = aliases(&[("mul x y=2", "eval x*y"), ("nothing", "")]);
        let definition = Definition {
            help: " twice\nas much ".to_owned(),
            words: vec!["exec".to_owned(), "print(1)\nprint(2)".to_owned()],
        };
        assert!(aliases.define("double", definition));
        let explained = aliases.explained("mul").unwrap();
        assert_eq!(explained.signature, "mul x y=2");
        assert_eq!(
            (explained.help, explained.stands_for().as_str()),
            ("", "eval 'x*y'")
        );
        let explained = aliases.explained("double").unwrap();
        assert_eq!(explained.help, "twice\nas much");
        assert_eq!(explained.stands_for(), "exec 'print(1)\\nprint(2)'");
        assert_eq!(aliases.explained("run"), None);
        let rows = aliases.rows();
        let row = |name: &str| rows.iter().find(|(found, _)| found == name).unwrap();
        assert_eq!(row("mul x y=2").1, "short for `eval 'x*y'`");
        assert_eq!(row("nothing").1, "stands for nothing");
    }

    #[test]
    fn an_alias_needs_a_name() {
        assert!(!Aliases::built_in().define(" ", Definition::default()));
    }
}
