//! The command line: several commands in a row, with shortcuts, as mpremote reads them.
//!
//! A command's parser takes what it needs, and what it leaves is the next command; `+` ends a
//! command that would take everything.

use std::collections::VecDeque;

use clap::{Command, Parser};

use crate::args::{self, FsArgs};
use crate::commands;
use crate::complete;
use crate::connection::Connection;
use crate::error::Error;

/// A shortcut: the words that stand for it, and what it is for.
pub struct Shortcut {
    /// What is typed.
    pub name: &'static str,
    /// What it stands for.
    pub words: &'static [&'static str],
    /// One line of help.
    pub help: &'static str,
}

const fn shortcut(
    name: &'static str,
    words: &'static [&'static str],
    help: &'static str,
) -> Shortcut {
    Shortcut { name, words, help }
}

/// The shortcuts of mpremote 1.29.
pub const SHORTCUTS: &[Shortcut] = &[
    shortcut("--help", &["help"], ""),
    shortcut("--version", &["version"], ""),
    shortcut(
        "a0",
        &["connect", "/dev/ttyACM0"],
        "connect to serial port \"/dev/ttyACM0\"",
    ),
    shortcut(
        "a1",
        &["connect", "/dev/ttyACM1"],
        "connect to serial port \"/dev/ttyACM1\"",
    ),
    shortcut(
        "a2",
        &["connect", "/dev/ttyACM2"],
        "connect to serial port \"/dev/ttyACM2\"",
    ),
    shortcut(
        "a3",
        &["connect", "/dev/ttyACM3"],
        "connect to serial port \"/dev/ttyACM3\"",
    ),
    shortcut(
        "bootloader",
        &[
            "exec",
            "--no-follow",
            "import machine, time\ntime.sleep_ms(100)\nmachine.bootloader()",
        ],
        "make the device enter its bootloader",
    ),
    shortcut(
        "c0",
        &["connect", "COM0"],
        "connect to serial port \"COM0\"",
    ),
    shortcut(
        "c1",
        &["connect", "COM1"],
        "connect to serial port \"COM1\"",
    ),
    shortcut(
        "c2",
        &["connect", "COM2"],
        "connect to serial port \"COM2\"",
    ),
    shortcut(
        "c3",
        &["connect", "COM3"],
        "connect to serial port \"COM3\"",
    ),
    shortcut("cat", &["fs", "cat"], "print files of the device"),
    shortcut("cp", &["fs", "cp"], "copy files to, from or on the device"),
    shortcut("devs", &["connect", "list"], "list available serial ports"),
    shortcut("ls", &["fs", "ls"], "list a directory of the device"),
    shortcut("mkdir", &["fs", "mkdir"], "make directories on the device"),
    shortcut(
        "reset",
        &[
            "exec",
            "--no-follow",
            "import machine, time\ntime.sleep_ms(100)\nmachine.reset()",
        ],
        "hard reset the device",
    ),
    shortcut("rm", &["fs", "rm"], "remove files of the device"),
    shortcut(
        "rmdir",
        &["fs", "rmdir"],
        "remove empty directories of the device",
    ),
    shortcut(
        "sha256sum",
        &["fs", "sha256sum"],
        "print SHA-256 of files of the device",
    ),
    shortcut(
        "touch",
        &["fs", "touch"],
        "make files on the device unless they are there",
    ),
    shortcut(
        "tree",
        &["fs", "tree"],
        "print a tree of the device's files",
    ),
    shortcut(
        "u0",
        &["connect", "/dev/ttyUSB0"],
        "connect to serial port \"/dev/ttyUSB0\"",
    ),
    shortcut(
        "u1",
        &["connect", "/dev/ttyUSB1"],
        "connect to serial port \"/dev/ttyUSB1\"",
    ),
    shortcut(
        "u2",
        &["connect", "/dev/ttyUSB2"],
        "connect to serial port \"/dev/ttyUSB2\"",
    ),
    shortcut(
        "u3",
        &["connect", "/dev/ttyUSB3"],
        "connect to serial port \"/dev/ttyUSB3\"",
    ),
];

/// Commands behind which nothing is done, as in mpremote.
const ENDS: &[&str] = &["help", "version"];

/// Does the commands of a command line, one after the other.
pub fn run(arguments: Vec<String>) -> Result<(), Error> {
    if let Some((complete::COMMAND, question)) = arguments
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return complete::run(question);
    }
    let mut rest: VecDeque<String> = arguments.into();
    let mut connection = Connection::new();
    while !rest.is_empty() {
        if rest[0] == "+" {
            rest.pop_front();
            continue;
        }
        let Some((command, words)) = next_command(&mut rest) else {
            break;
        };
        let left = dispatch(&mut connection, &command, words)?;
        if ENDS.contains(&command.as_str()) {
            return Ok(());
        }
        for word in left.into_iter().rev() {
            rest.push_front(word);
        }
    }
    if connection.ends_in_repl() {
        return commands::repl::at_the_end();
    }
    Ok(())
}

/// Takes the next command off the front, with the words up to its `+`: more than are its own, for some
/// commands.
pub fn next_command(rest: &mut VecDeque<String>) -> Option<(String, Vec<String>)> {
    expand(rest);
    let command = rest.pop_front()?;
    let end = rest
        .iter()
        .position(|word| word == "+")
        .unwrap_or(rest.len());
    let words: Vec<String> = rest.drain(..end).collect();
    let words = match command.as_str() {
        "eval" | "exec" => with_values_apart(words),
        "fs" => with_current_directory(words),
        _ => words,
    };
    Some((command, words))
}

/// Replaces shortcuts at the front by what they stand for.
fn expand(rest: &mut VecDeque<String>) {
    while let Some(found) = rest
        .front()
        .and_then(|word| SHORTCUTS.iter().find(|shortcut| shortcut.name == *word))
    {
        rest.pop_front();
        for word in found.words.iter().rev() {
            rest.push_front((*word).to_owned());
        }
    }
}

/// Does one command and returns the words it left.
fn dispatch(
    connection: &mut Connection,
    command: &str,
    words: Vec<String>,
) -> Result<Vec<String>, Error> {
    macro_rules! command {
        ($arguments:ty, $action:expr) => {{
            let arguments: $arguments = parse(command, words)?;
            let next = arguments.next.words.clone();
            $action(connection, &arguments)?;
            Ok(next)
        }};
    }
    // What no list shows is no command, so that none is forgotten there; users need not wait for it.
    if cfg!(debug_assertions) && args::command(command).is_none() {
        return Err(unknown(command));
    }
    match command {
        "connect" => command!(args::ConnectArgs, commands::connect::connect),
        "disconnect" => command!(args::DisconnectArgs, |connection: &mut Connection, _| {
            connection.disconnect();
            Ok::<(), Error>(())
        }),
        "resume" => command!(args::ResumeArgs, |connection: &mut Connection, _| {
            connection.resume();
            Ok::<(), Error>(())
        }),
        "soft-reset" => command!(args::SoftResetArgs, commands::soft_reset::soft_reset),
        "sleep" => command!(args::SleepArgs, commands::sleep::sleep),
        "eval" => command!(args::EvalArgs, commands::exec::eval),
        "exec" => command!(args::ExecArgs, commands::exec::exec),
        "run" => command!(args::RunArgs, commands::exec::run),
        "df" => command!(args::DfArgs, commands::df::df),
        "bench" => command!(args::BenchArgs, commands::bench::bench),
        "romfs" => command!(args::RomfsArgs, commands::romfs::romfs),
        "sim" => command!(args::SimArgs, commands::sim::sim),
        "completion" => command!(args::CompletionArgs, commands::completion::completion),
        "help" => command!(args::HelpArgs, commands::help::help),
        "version" => command!(args::VersionArgs, commands::version::version),
        "fs" => {
            let arguments: FsArgs = parse("fs", words)?;
            commands::fs::fs(connection, &arguments)?;
            Ok(Vec::new())
        }
        _ => Err(unknown(command)),
    }
}

/// The command of this name, or the one that a shortcut of this name begins with.
pub fn command_behind(name: &str) -> Result<Command, Error> {
    let mut words = VecDeque::from([name.to_owned()]);
    expand(&mut words);
    let first = words.pop_front().unwrap_or_default();
    args::command(&first).ok_or_else(|| unknown(name))
}

fn unknown(command: &str) -> Error {
    let commands = args::commands();
    let names = commands.iter().map(Command::get_name);
    let shortcuts = SHORTCUTS.iter().map(|shortcut| shortcut.name);
    Error::Unknown {
        what: format!("'{command}' is not a command"),
        nearest: nearest(command, names.chain(shortcuts)).map(str::to_owned),
    }
}

/// The name that `word` was meant to be, if one is near.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        // Of a short word too little is left to tell by when two letters are wrong.
        .filter(|(distance, name)| *distance * 3 <= name.len().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `ls` and `tree` without a path mean the current directory.
fn with_current_directory(mut words: Vec<String>) -> Vec<String> {
    let mut plain = words.iter().filter(|word| !word.starts_with('-'));
    let lists = matches!(plain.next().map(String::as_str), Some("ls" | "tree"));
    if lists && plain.next().is_none() {
        words.push(String::new());
    }
    words
}

/// Puts `--` before a first value that begins with a minus but is no option: as in mpremote's
/// argparse, a negative number or what holds a blank. A mistyped option stays an error.
fn with_values_apart(mut words: Vec<String>) -> Vec<String> {
    let is_value = |word: &str| {
        !word.starts_with('-')
            || word == "-"
            || word.contains(' ')
            || (word.len() > 1 && word[1..].parse::<f64>().is_ok())
    };
    let first = words.iter().position(|word| word == "--" || is_value(word));
    if let Some(first) = first
        && words[first] != "--"
        && words[first].starts_with('-')
    {
        words.insert(first, "--".to_owned());
    }
    words
}

fn parse<Arguments: Parser>(command: &str, words: Vec<String>) -> Result<Arguments, Error> {
    let mut parser = prepared(Arguments::command(), command);
    let matches = parser.try_get_matches_from_mut(words)?;
    Ok(Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut parser))?)
}

/// A command's parser as the chain uses it.
pub fn prepared(parser: Command, name: &str) -> Command {
    parser
        .no_binary_name(true)
        .infer_long_args(true)
        .bin_name(format!("mpwire {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(words: &[&str]) -> Vec<String> {
        let mut rest: VecDeque<String> = words.iter().map(|word| (*word).to_owned()).collect();
        expand(&mut rest);
        rest.into()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn shortcuts_stand_for_commands() {
        assert_eq!(expanded(&["a1", "ls"]), ["connect", "/dev/ttyACM1", "ls"]);
        assert_eq!(expanded(&["ls", "repl"]), ["fs", "ls", "repl"]);
        assert_eq!(expanded(&["eval", "ls"]), ["eval", "ls"]);
    }

    #[test]
    fn what_is_mistyped_is_recognised() {
        let names = ["connect", "ls", "cat", "sha256sum"];
        let meant = |word: &str| nearest(word, names.into_iter());
        assert_eq!(meant("conect"), Some("connect"));
        assert_eq!(meant("sl"), Some("ls"));
        assert_eq!(meant("sha256"), Some("sha256sum"));
        assert_eq!(meant("xy"), None);
        assert_eq!(meant("main.py"), None);
    }

    #[test]
    fn ls_and_tree_without_a_path_mean_the_current_directory() {
        assert_eq!(with_current_directory(words(&["ls"])), ["ls", ""]);
        assert_eq!(
            with_current_directory(words(&["-v", "tree", "-h"])),
            ["-v", "tree", "-h", ""]
        );
        assert_eq!(with_current_directory(words(&["ls", "a"])), ["ls", "a"]);
        assert_eq!(with_current_directory(words(&["cat"])), ["cat"]);
    }

    #[test]
    fn what_a_command_does_not_take_is_the_next_command() {
        let arguments: args::EvalArgs = parse("eval", words(&["1", "exec", "-f", "x"])).unwrap();
        assert_eq!(arguments.expression, "1");
        assert_eq!(arguments.next.words, ["exec", "-f", "x"]);
        let arguments: args::ExecArgs = parse("exec", words(&["--no-f", "x", "-y"])).unwrap();
        assert!(arguments.no_follow);
        assert_eq!(arguments.next.words, ["-y"]);
    }

    #[test]
    fn expressions_may_begin_with_a_minus_but_mistyped_options_are_none() {
        let parsed =
            |list: &[&str]| parse::<args::EvalArgs>("eval", with_values_apart(words(list)));
        for text in ["-1", "-1.5", "-1 + 2", "-x if y else z"] {
            let arguments = parsed(&[text, "exec", "-f", "x"]).unwrap();
            assert_eq!(arguments.expression, text);
            assert_eq!(arguments.next.words, ["exec", "-f", "x"]);
        }
        assert_eq!(parsed(&["--", "-x"]).unwrap().expression, "-x");
        assert_eq!(parsed(&["--nope", "1"]).unwrap_err_code(), 2);
        let exec = |list: &[&str]| parse::<args::ExecArgs>("exec", with_values_apart(words(list)));
        assert_eq!(exec(&["--no-f", "-1"]).unwrap().program, "-1");
        assert_eq!(exec(&["--nope", "1"]).unwrap_err_code(), 2);
    }

    #[test]
    fn options_of_fs_are_bundled_shortened_and_negated() {
        let parse = |list: &[&str]| parse::<FsArgs>("fs", words(list));
        let arguments = parse(&["cp", "-rf", "a", ":"]).unwrap();
        assert!(arguments.recursive && arguments.force);
        assert_eq!(arguments.paths, ["a", ":"]);
        assert!(parse(&["--rec", "cp", "a", ":"]).unwrap().recursive);
        assert!(parse(&["cp", "a", ":", "-r"]).unwrap().recursive);
        assert!(parse(&["ls", "--no-verbose", "x"]).unwrap().no_verbose);
        assert_eq!(parse(&["rm", "--", "-x"]).unwrap().paths, ["-x"]);
        assert!(parse(&["tree", "-h", "x"]).unwrap().human);
        assert_eq!(parse(&["tree", "-h", "-s", "x"]).unwrap_err_code(), 2);
        assert_eq!(parse(&["cat"]).unwrap_err_code(), 2);
    }

    trait ErrorCode {
        fn unwrap_err_code(self) -> i32;
    }

    impl<T> ErrorCode for Result<T, Error> {
        fn unwrap_err_code(self) -> i32 {
            match self {
                Err(Error::Usage(error)) => error.exit_code(),
                _ => panic!("a usage error was expected"),
            }
        }
    }
}
