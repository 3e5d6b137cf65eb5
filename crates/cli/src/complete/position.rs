//! What the word at the cursor is to the chain of commands before it.

use std::collections::VecDeque;
use std::ffi::OsStr;

use clap::{ArgMatches, Command};

use crate::args;
use crate::chain::{self, Item};
use crate::config::Config;
use crate::config::aliases::WORDS_MOST;

/// Stands for the word at the cursor while the words before it are parsed.
const CURSOR: &str = "\u{1}cursor";

/// Where the cursor is.
#[derive(Debug)]
pub struct Position {
    /// What the last `connect` before the cursor named, or the board that is set.
    pub device: Option<String>,
    /// What the word at the cursor is.
    pub place: Place,
}

/// What a word is.
#[derive(Debug)]
pub enum Place {
    /// The beginning of a command.
    Command,
    /// A value that a command takes.
    Value(Box<Value>),
    /// Nothing that could be completed: what is before it is wrong already.
    Unknown,
}

/// A value that a command takes.
#[derive(Debug)]
pub struct Value {
    /// The command, as the parser has it.
    pub command: Command,
    /// Its name of the argument; `args::NEXT` where the next command may begin.
    pub argument: String,
    /// For `fs`, which of its commands.
    pub operation: Option<String>,
    /// Whether an option may stand here as well.
    pub may_be_option: bool,
}

/// Follows the chain up to the cursor.
#[must_use]
pub fn find(config: &Config, before: &[String]) -> Position {
    let mut rest: VecDeque<String> = before.iter().cloned().collect();
    rest.push_back(CURSOR.to_owned());
    let default = config.board.as_ref().map(|board| board.address.clone());
    let mut connected = None;
    let mut room = WORDS_MOST;
    loop {
        let place = match chain::next_item(&config.aliases, &mut rest, &mut room) {
            Ok(Some(Item::SoftReset(_) | Item::Quiet)) => continue,
            Ok(Some(Item::Command(name, _))) if name == CURSOR => Place::Command,
            Ok(Some(Item::Command(name, words))) => match step(&name, &words, &mut connected) {
                Step::Cursor(place) => place,
                Step::Next(left) => {
                    for word in left.into_iter().rev() {
                        rest.push_front(word);
                    }
                    continue;
                }
            },
            Ok(None) | Err(_) => Place::Unknown,
        };
        let device = connected.or(default);
        return Position { device, place };
    }
}

enum Step {
    /// The cursor is in this command.
    Cursor(Place),
    /// It is not; these words are left.
    Next(Vec<String>),
}

fn step(name: &str, words: &[String], device: &mut Option<String>) -> Step {
    let Some(command) = args::command(name) else {
        return Step::Cursor(Place::Unknown);
    };
    let Some(matches) = matches(&command, words) else {
        return Step::Cursor(Place::Unknown);
    };
    match name {
        "connect" => *device = value(&matches, "device").filter(|device| device != "list"),
        "disconnect" => *device = None,
        _ => {}
    }
    let left = values(&matches, args::NEXT);
    let is_here = |word: &String| word == CURSOR;
    // Right behind a command without values, an option of it may stand as well.
    let takes_values = command
        .get_positionals()
        .any(|value| value.get_id() != args::NEXT);
    let is_right_behind = left.first().is_some_and(is_here) && !takes_values;
    if !is_right_behind && (left.iter().any(is_here) || !words.iter().any(is_here)) {
        return Step::Next(left);
    }
    let found = command.get_arguments().find(|argument| {
        values(&matches, argument.get_id().as_str())
            .iter()
            .any(is_here)
    });
    let place = match found {
        None => Place::Unknown,
        Some(argument) => Place::Value(Box::new(Value {
            argument: argument.get_id().to_string(),
            operation: value(&matches, "command").filter(|word| name == "fs" && word != CURSOR),
            may_be_option: argument.is_positional() && !words.iter().any(|word| word == "--"),
            command: command.clone(),
        })),
    };
    Step::Cursor(place)
}

/// What the parser makes of words that are still being typed.
fn matches(command: &Command, words: &[String]) -> Option<ArgMatches> {
    // The word at the cursor is no number yet, and what is required may come behind it.
    let lenient = command.clone().ignore_errors(true).mut_args(|argument| {
        let argument = argument.required(false);
        if argument.get_action().takes_values() {
            argument.value_parser(clap::value_parser!(String))
        } else {
            argument
        }
    });
    chain::prepared(lenient, command.get_name())
        .try_get_matches_from(words)
        .ok()
}

fn values(matches: &ArgMatches, argument: &str) -> Vec<String> {
    match matches.try_get_raw(argument) {
        Ok(Some(values)) => values.map(text).collect(),
        _ => Vec::new(),
    }
}

fn value(matches: &ArgMatches, argument: &str) -> Option<String> {
    values(matches, argument).into_iter().next()
}

fn text(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DefaultBoard;
    use crate::config::aliases::Definition;

    /// The place in short: `command argument operation`.
    fn place(config: &Config, line: &str) -> String {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match find(config, &words).place {
            Place::Command => "a command".to_owned(),
            Place::Unknown => "unknown".to_owned(),
            Place::Value(value) => {
                let operation = value.operation.map(|name| format!(" {name}"));
                format!(
                    "{} {}{}",
                    value.command.get_name(),
                    value.argument,
                    operation.unwrap_or_default()
                )
            }
        }
    }

    #[test]
    fn the_cursor_is_where_the_parser_would_put_it() {
        for (line, expected) in [
            ("", "a command"),
            ("+", "a command"),
            ("connect", "connect device"),
            ("connect auto", "a command"),
            ("a0", "a command"),
            ("resume", "resume words"),
            ("eval", "eval expression"),
            ("eval -1", "a command"),
            ("exec --no-follow", "exec program"),
            ("exec x run", "run path"),
            ("sleep", "sleep seconds"),
            ("sleep 0.5", "a command"),
            ("fs", "fs command"),
            ("ls", "fs paths ls"),
            ("a1 cp -r a b", "fs paths cp"),
            ("cp --encoding", "fs encoding cp"),
            ("cp --encoding hex", "fs paths cp"),
            ("cp a : +", "a command"),
            ("cp a : + a1 ls : + cat", "fs paths cat"),
            ("romfs", "romfs command"),
            ("romfs -o", "romfs output"),
            ("romfs build", "romfs path"),
            ("romfs build a", "a command"),
            ("sim --port", "sim port"),
            ("repl", "repl words"),
            ("repl --capture", "repl capture"),
            ("rtc --set", "rtc words"),
            ("rtc sleep 1", "a command"),
            ("edit a", "edit files"),
            ("--soft-reset=never", "a command"),
            ("--soft-reset never ls", "fs paths ls"),
            ("--soft-reset=nonsense", "unknown"),
            ("nonsense", "unknown"),
            ("cp --nonsense", "unknown"),
        ] {
            assert_eq!(place(&Config::default(), line), expected, "{line:?}");
        }
    }

    #[test]
    fn the_board_is_the_one_connected_to_last() {
        let mut config = Config::default();
        let device = |config: &Config, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            find(config, &words).device
        };
        assert_eq!(device(&config, &["ls"]), None);
        assert_eq!(
            device(&config, &["connect", "x y", "ls"]).as_deref(),
            Some("x y")
        );
        assert_eq!(
            device(&config, &["a0", "u1", "ls"]).as_deref(),
            Some("/dev/ttyUSB1")
        );
        assert_eq!(device(&config, &["a0", "disconnect", "ls"]), None);
        assert_eq!(device(&config, &["connect", "list", "ls"]), None);
        config.board = Some(DefaultBoard {
            address: "mine".to_owned(),
            origin: String::new(),
        });
        assert_eq!(device(&config, &["ls"]).as_deref(), Some("mine"));
        assert_eq!(
            device(&config, &["connect", "x", "ls"]).as_deref(),
            Some("x")
        );
        let again = ["a0", "disconnect", "ls"];
        assert_eq!(device(&config, &again).as_deref(), Some("mine"));
    }

    #[test]
    fn aliases_are_followed_to_what_they_stand_for() {
        let mut config = Config::default();
        for (signature, text) in [
            ("show", "cp -r"),
            ("mul x y=2", "eval x*y"),
            ("loop", "loop"),
        ] {
            assert!(config.aliases.define(signature, Definition::of_text(text)));
        }
        let place = |line| self::place(&config, line);
        assert_eq!(place("show"), "fs paths cp");
        assert_eq!(place("mul 1 2"), "a command");
        assert_eq!(place("mul 1 2 run"), "run path");
        // The value of an alias is nobody's to guess.
        assert_eq!(place("mul"), "unknown");
        assert_eq!(place("loop"), "unknown");
    }
}
