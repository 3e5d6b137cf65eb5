//! Usage errors as mpremote's parsers print them: Python's argparse of 3.9 to 3.12, with the options of
//! mpremote 1.29 alone. Options that only mpwire has are accepted all the same.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The columns where neither `COLUMNS` nor anything else says how many there are.
const COLUMNS: usize = 80;

/// What mpremote's parser of a command takes.
struct Syntax {
    command: &'static str,
    /// Each with what excludes each other, in the parser's order.
    options: &'static [&'static [Flag]],
    /// Names of the positional arguments, each once: what argparse calls them in errors.
    positionals: &'static [Positional],
}

struct Flag {
    long: &'static str,
    short: Option<char>,
    /// What stands for its value.
    value: Option<&'static str>,
}

struct Positional {
    name: &'static str,
    takes: Takes,
    /// What argparse says of a value that is none.
    kind: &'static str,
}

#[derive(PartialEq)]
enum Takes {
    One,
    Perhaps,
    Several,
}

const fn flag(long: &'static str, short: Option<char>) -> Flag {
    Flag {
        long,
        short,
        value: None,
    }
}

const fn valued(long: &'static str, short: Option<char>, value: &'static str) -> Flag {
    Flag {
        long,
        short,
        value: Some(value),
    }
}

const fn positional(name: &'static str, takes: Takes) -> Positional {
    Positional {
        name,
        takes,
        kind: "str",
    }
}

const FOLLOW: &[&[Flag]] = &[&[flag("--follow", Some('f')), flag("--no-follow", None)]];

const SYNTAXES: &[Syntax] = &[
    Syntax {
        command: "connect",
        options: &[],
        positionals: &[positional("device", Takes::One)],
    },
    Syntax {
        command: "disconnect",
        options: &[],
        positionals: &[],
    },
    Syntax {
        command: "edit",
        options: &[],
        positionals: &[positional("files", Takes::Several)],
    },
    Syntax {
        command: "eval",
        options: &[],
        positionals: &[positional("expr", Takes::One)],
    },
    Syntax {
        command: "exec",
        options: FOLLOW,
        positionals: &[positional("expr", Takes::One)],
    },
    Syntax {
        command: "fs",
        options: &[
            &[flag("--recursive", Some('r')), flag("--no-recursive", None)],
            &[flag("--force", Some('f')), flag("--no-force", None)],
            &[flag("--verbose", Some('v')), flag("--no-verbose", None)],
            &[flag("--size", Some('s')), flag("--human", Some('h'))],
        ],
        positionals: &[
            positional("command", Takes::One),
            positional("path", Takes::Several),
        ],
    },
    Syntax {
        command: "help",
        options: &[],
        positionals: &[],
    },
    Syntax {
        command: "mip",
        options: &[
            &[flag("--mpy", Some('m')), flag("--no-mpy", None)],
            &[valued("--target", None, "TARGET")],
            &[valued("--index", None, "INDEX")],
        ],
        positionals: &[
            positional("command", Takes::One),
            positional("packages", Takes::Several),
        ],
    },
    Syntax {
        command: "mount",
        options: &[&[
            flag("--unsafe-links", Some('l')),
            flag("--no-unsafe-links", None),
        ]],
        positionals: &[positional("path", Takes::One)],
    },
    Syntax {
        command: "repl",
        options: &[
            &[
                flag("--escape-non-printable", Some('e')),
                flag("--no-escape-non-printable", None),
            ],
            &[valued("--capture", None, "CAPTURE")],
            &[valued("--inject-code", None, "INJECT_CODE")],
            &[valued("--inject-file", None, "INJECT_FILE")],
        ],
        positionals: &[],
    },
    Syntax {
        command: "resume",
        options: &[],
        positionals: &[],
    },
    Syntax {
        command: "romfs",
        options: &[
            &[flag("--mpy", Some('m')), flag("--no-mpy", None)],
            &[valued("--partition", Some('p'), "PARTITION")],
            &[valued("--output", Some('o'), "OUTPUT")],
        ],
        positionals: &[
            positional("command", Takes::One),
            positional("path", Takes::Perhaps),
        ],
    },
    Syntax {
        command: "rtc",
        options: &[&[flag("--set", Some('s')), flag("--no-set", None)]],
        positionals: &[],
    },
    Syntax {
        command: "run",
        options: FOLLOW,
        positionals: &[positional("path", Takes::One)],
    },
    Syntax {
        command: "sleep",
        options: &[],
        positionals: &[Positional {
            name: "ms",
            takes: Takes::One,
            kind: "float",
        }],
    },
    Syntax {
        command: "soft-reset",
        options: &[],
        positionals: &[],
    },
    Syntax {
        command: "umount",
        options: &[],
        positionals: &[],
    },
    Syntax {
        command: "version",
        options: &[],
        positionals: &[],
    },
];

/// Says what is wrong with the words of a command as mpremote does; nothing for what is help, and for
/// commands and errors that mpremote does not have. `parse` is the command's parser.
pub fn explain(
    command: &str,
    words: &[String],
    error: &clap::Error,
    parse: &dyn Fn(Vec<String>) -> Result<(), clap::Error>,
) -> Option<String> {
    if !error.use_stderr() {
        return None;
    }
    let syntax = SYNTAXES.iter().find(|syntax| syntax.command == command)?;
    let what = syntax.complaint(words, error, parse)?;
    let usage = syntax.usage(columns());
    Some(format!("{usage}\n{command}: error: {what}"))
}

fn columns() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| *columns > 0)
        .unwrap_or(COLUMNS)
}

impl Syntax {
    fn complaint(
        &self,
        words: &[String],
        error: &clap::Error,
        parse: &dyn Fn(Vec<String>) -> Result<(), clap::Error>,
    ) -> Option<String> {
        match error.kind() {
            ErrorKind::MissingRequiredArgument => self.missing(error),
            ErrorKind::UnknownArgument => self.unknown(words, error, parse),
            ErrorKind::ArgumentConflict => self.conflict(words),
            ErrorKind::InvalidValue if context(error, ContextKind::InvalidValue) == Some("") => {
                let name = self.shown(context(error, ContextKind::InvalidArg)?)?;
                Some(format!("argument {name}: expected one argument"))
            }
            ErrorKind::ValueValidation => {
                let value = context(error, ContextKind::InvalidValue)?;
                let argument = context(error, ContextKind::InvalidArg)?;
                let (name, kind) = match (self.shown(argument), self.positionals) {
                    (Some(name), _) => (name, "int"),
                    (None, [only]) => (only.name.to_owned(), only.kind),
                    (None, _) => return None,
                };
                Some(format!("argument {name}: invalid {kind} value: '{value}'"))
            }
            _ => None,
        }
    }

    /// argparse counts what the next command would be among what is required.
    fn missing(&self, error: &clap::Error) -> Option<String> {
        let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
            return None;
        };
        let required = self.positionals.iter();
        let required: Vec<&str> = required
            .filter(|positional| positional.takes != Takes::Perhaps)
            .map(|positional| positional.name)
            .collect();
        let there = required.len().checked_sub(missing.len())?;
        let names = [&required[there..], &["next_command"]].concat();
        Some(format!(
            "the following arguments are required: {}",
            names.join(", ")
        ))
    }

    /// argparse tells of what is missing first, and of all that it does not know at once.
    fn unknown(
        &self,
        words: &[String],
        error: &clap::Error,
        parse: &dyn Fn(Vec<String>) -> Result<(), clap::Error>,
    ) -> Option<String> {
        let mut rest = words.to_vec();
        let mut unknown = Vec::new();
        let mut next = Some(context(error, ContextKind::InvalidArg)?.to_owned());
        while let Some(word) = next.take() {
            if let Some(meant) = self.meant(&word) {
                return Some(format!("ambiguous option: {word} could match {meant}"));
            }
            let is_word = |other: &String| *other == word || other.starts_with(&format!("{word}="));
            unknown.push(rest.remove(rest.iter().position(is_word)?));
            match parse(rest.clone()) {
                Err(error) if error.kind() == ErrorKind::UnknownArgument => {
                    next = Some(context(&error, ContextKind::InvalidArg)?.to_owned());
                }
                Err(error) => return self.complaint(&rest, &error, parse),
                Ok(()) => {}
            }
        }
        Some(format!("unrecognized arguments: {}", unknown.join(" ")))
    }

    /// The options that begin with `word`, where that are several.
    fn meant(&self, word: &str) -> Option<String> {
        let names = self.flags().map(|flag| flag.long);
        let names: Vec<&str> = names.filter(|long| long.starts_with(word)).collect();
        (word.starts_with("--") && names.len() > 1).then(|| names.join(", "))
    }

    /// The first two options that exclude each other, in the order they were typed.
    fn conflict(&self, words: &[String]) -> Option<String> {
        let typed: Vec<&Flag> = words.iter().flat_map(|word| self.named(word)).collect();
        for (index, flag) in typed.iter().enumerate() {
            let group = self.options.iter();
            let mut group = group.filter(|group| group.iter().any(|other| other.is(flag)));
            let group = group.next()?;
            let earlier = typed[..index]
                .iter()
                .find(|other| !other.is(flag) && group.iter().any(|member| member.is(other)));
            if let Some(earlier) = earlier {
                return Some(format!(
                    "argument {}: not allowed with argument {}",
                    flag.shown(),
                    earlier.shown()
                ));
            }
        }
        None
    }

    /// The options that a word holds: one by a long name or its beginning, or several by letters.
    fn named(&self, word: &str) -> Vec<&Flag> {
        if let Some(letters) = word.strip_prefix('-')
            && !letters.starts_with('-')
        {
            let flag = |letter| self.flags().find(|flag| flag.short == Some(letter));
            return letters.chars().filter_map(flag).collect();
        }
        let name = word.split('=').next().unwrap_or_default();
        let exact = self.flags().find(|flag| flag.long == name);
        let begun = || {
            let is_option = name.len() > 2 && name.starts_with("--");
            self.flags()
                .find(|flag| is_option && flag.long.starts_with(name))
        };
        exact.or_else(begun).into_iter().collect()
    }

    /// How errors name the option that clap shows as `--name <VALUE>`.
    fn shown(&self, argument: &str) -> Option<String> {
        let name = argument.split([' ', '=']).next()?;
        let mut flags = self.flags();
        flags.find(|flag| flag.long == name).map(Flag::shown)
    }

    fn flags(&self) -> impl Iterator<Item = &Flag> {
        self.options.iter().copied().flatten()
    }

    /// The usage lines, for a terminal so many columns wide: options and positional arguments on lines of
    /// their own where one line is not enough.
    fn usage(&self, columns: usize) -> String {
        let help = if self.command == "fs" {
            "[--help]"
        } else {
            "[-h]"
        };
        let groups = self.options.iter().map(|group| {
            let names: Vec<String> = group
                .iter()
                .map(|flag| [&[flag.long][..], flag.value.as_slice()].concat().join(" "))
                .collect();
            format!("[{}]", names.join(" | "))
        });
        let options: Vec<String> = [help.to_owned()].into_iter().chain(groups).collect();
        let positionals = self.positionals.iter().map(|positional| {
            let name = positional.name;
            match positional.takes {
                Takes::One => name.to_owned(),
                Takes::Perhaps => format!("[{name}]"),
                Takes::Several => format!("{name} [{name} ...]"),
            }
        });
        let positionals: Vec<String> = positionals.chain(["...".to_owned()]).collect();
        let start = format!("usage: {}", self.command);
        let all = [std::slice::from_ref(&start), &options[..], &positionals[..]].concat();
        let width = columns.saturating_sub(2).max(11);
        if all.join(" ").len() <= width {
            return all.join(" ");
        }
        let indent = " ".repeat(start.len() + 1);
        // What is several words takes them to the next line one by one.
        let apart = |parts: Vec<String>| -> Vec<String> {
            parts
                .iter()
                .flat_map(|part| split(part))
                .map(str::to_owned)
                .collect()
        };
        let mut lines = wrapped(&start, &apart(options), &indent, width);
        lines.extend(wrapped("", &apart(positionals), &indent, width));
        lines.join("\n")
    }
}

/// A part is what stands in brackets, or a word.
fn split(part: &str) -> Vec<&str> {
    if part.starts_with('[') {
        return vec![part];
    }
    match part.split_once(' ') {
        Some((word, rest)) => vec![word, rest],
        None => vec![part],
    }
}

/// Fills lines that begin with `indent`, the first with `start` if there is one.
fn wrapped(start: &str, parts: &[String], indent: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = start.to_owned();
    for part in parts {
        let begun = if line.is_empty() {
            indent.len() + part.len()
        } else {
            line.len() + 1 + part.len()
        };
        if !line.is_empty() && begun > width {
            lines.push(std::mem::take(&mut line));
        }
        line = if line.is_empty() {
            format!("{indent}{part}")
        } else {
            format!("{line} {part}")
        };
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

impl Flag {
    fn is(&self, other: &Self) -> bool {
        self.long == other.long
    }

    fn shown(&self) -> String {
        match self.short {
            Some(short) => format!("{}/-{short}", self.long),
            None => self.long.to_owned(),
        }
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}
