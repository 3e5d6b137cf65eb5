//! The command line: several commands in a row, with aliases, as mpremote reads them.
//!
//! A command's parser takes what it needs, and what it leaves is the next command; `+` ends a
//! command that would take everything.

use std::collections::VecDeque;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Parser};

use crate::args;
use crate::commands;
use crate::complete;
use crate::config::aliases::{Aliases, Failure, WORDS_MOST};
use crate::config::{Config, SoftReset};
use crate::connection::Connection;
use crate::error::Error;
use crate::interrupt;
use crate::persona;
use crate::report;

/// The option that stands before commands: whether the first use of the board resets it.
pub const SOFT_RESET: &str = "--soft-reset";

/// The option of all commands, and before them, that leaves only results and errors.
pub const QUIET: [&str; 2] = ["-q", "--quiet"];

/// Commands behind which nothing is done, as in mpremote.
const ENDS: &[&str] = &["help", "version"];

/// Does the commands of a command line, one after the other.
pub fn run(arguments: Vec<String>) -> Result<(), Error> {
    if let Some((complete::COMMAND, question)) = arguments
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        // What is wrong there is told when the line is entered.
        let config = Config::load(&is_command).unwrap_or_default();
        return complete::run(&config, question);
    }
    let config = configuration(&arguments)?;
    let mut rest: VecDeque<String> = arguments.iter().cloned().collect();
    let mut room = WORDS_MOST;
    let mut connection = Connection::new(&config);
    loop {
        if let Some(alias) = alias_to_explain(&config.aliases, &rest) {
            return commands::help::of_alias(&config.aliases, alias);
        }
        let Some(item) = next_item(&config.aliases, &mut rest, &mut room)? else {
            break;
        };
        go_on()?;
        let (command, words) = match item {
            Item::Command(command, words) => (command, words),
            Item::SoftReset(choice) => {
                connection.set_soft_reset(choice);
                continue;
            }
            Item::Quiet => {
                report::be_quiet();
                continue;
            }
        };
        let left = if is_for_doctor(&command, &words, &rest) {
            connect_for_doctor(&mut connection, &config, words)?
        } else {
            match dispatch(Some(&mut connection), &config, &command, words) {
                // Nothing was done yet: what is wrong with the line is wrong with any board.
                Err(error) if error.is_of_opening() => {
                    return Err(fault_of(&config, arguments).unwrap_or(error));
                }
                other => other?,
            }
        };
        if ENDS.contains(&command.as_str()) {
            return Ok(());
        }
        for word in left.into_iter().rev() {
            rest.push_front(word);
        }
    }
    if connection.ends_in_repl() {
        go_on()?;
        return commands::repl::at_the_end(&mut connection);
    }
    Ok(())
}

/// What is wrong with a command line, as far as that can be told without a board.
fn fault_of(config: &Config, arguments: Vec<String>) -> Option<Error> {
    let mut rest: VecDeque<String> = arguments.into();
    let mut room = WORDS_MOST;
    loop {
        if alias_to_explain(&config.aliases, &rest).is_some() {
            return None;
        }
        let (command, words) = match next_item(&config.aliases, &mut rest, &mut room) {
            Ok(None) => return None,
            Ok(Some(Item::Command(command, words))) => (command, words),
            Ok(Some(_)) => continue,
            Err(error) => return Some(error),
        };
        if ENDS.contains(&command.as_str()) {
            return None;
        }
        match dispatch(None, config, &command, words) {
            Ok(left) => {
                for word in left.into_iter().rev() {
                    rest.push_front(word);
                }
            }
            // Help that stands behind is no fault.
            Err(Error::Usage(usage)) if !usage.use_stderr() => return None,
            Err(error) => return Some(error),
        }
    }
}

/// The alias that comes next, if help is asked for right behind it: what it stands for may take that for
/// a value, or do its work before.
fn alias_to_explain<'a>(aliases: &Aliases, rest: &'a VecDeque<String>) -> Option<&'a str> {
    let mut words = rest.iter().skip_while(|word| *word == "+");
    let alias = words.next().filter(|word| !word.starts_with('-'))?;
    aliases.explained(alias)?;
    let is_asked = match words.next()?.as_str() {
        "--help" => true,
        // `-h` of `fs` is `--human`, as in mpremote.
        "-h" => aliases.first_command(alias) != Some("fs"),
        _ => false,
    };
    is_asked.then_some(alias)
}

/// Refuses to begin a command after an interrupt: the one before may have ended well in spite of it.
fn go_on() -> Result<(), Error> {
    if interrupt::has_come() {
        return Err(Error::Interrupted);
    }
    Ok(())
}

/// Whether this command connects for the doctor, who comes next.
fn is_for_doctor(command: &str, words: &[String], rest: &VecDeque<String>) -> bool {
    let mut next = words.iter().skip(1).chain(rest);
    let next = next.find(|word| !matches!(word.as_str(), "+" | "resume"));
    command == "connect" && next.is_some_and(|next| next == "doctor")
}

/// Connects; that a board cannot be reached is what the doctor was called for.
fn connect_for_doctor(
    connection: &mut Connection,
    config: &Config,
    words: Vec<String>,
) -> Result<Vec<String>, Error> {
    let (device, next) = words
        .split_first()
        .map_or(("", &words[..]), |(device, next)| (device, next));
    let (device, next) = (device.to_owned(), next.to_owned());
    match dispatch(Some(connection), config, "connect", words) {
        Err(Error::Open(source)) => {
            connection.leave_to_doctor(device, source);
            Ok(next)
        }
        other => other,
    }
}

/// What the user has set. A file that is wrong is no reason not to help, nor for a shell's start to
/// fail.
fn configuration(arguments: &[String]) -> Result<Config, Error> {
    let asks = |word: &String| matches!(word.as_str(), "--help" | "--version");
    let is_help = arguments.iter().any(asks)
        || matches!(
            arguments.first().map(String::as_str),
            Some("completion" | "help" | "version")
        );
    let config = match Config::load(&is_command) {
        Err(error) if is_help => {
            report::note(&error.to_string());
            Config::default()
        }
        other => other?,
    };
    for note in &config.notes {
        report::note(note);
    }
    Ok(config)
}

/// Whether there is such a command, of its own or of `fs`.
fn is_command(name: &str) -> bool {
    commands::fs::is_command(name) || args::command(name).is_some()
}

/// What a command line has next.
pub enum Item {
    /// A command, and the words up to its `+`: more than are its own, for some commands.
    Command(String, Vec<String>),
    /// Whether the first use of the board resets it, from now on.
    SoftReset(SoftReset),
    /// Only results and errors are printed, from now on.
    Quiet,
}

/// Takes what comes next off the front, aliases replaced; `room` is that of [`Aliases::expand`].
pub fn next_item(
    aliases: &Aliases,
    rest: &mut VecDeque<String>,
    room: &mut usize,
) -> Result<Option<Item>, Error> {
    while rest.front().is_some_and(|word| word == "+") {
        rest.pop_front();
    }
    expand(aliases, rest, room)?;
    if let Some(choice) = soft_reset_option(rest)? {
        return Ok(Some(Item::SoftReset(choice)));
    }
    let Some(command) = rest.pop_front() else {
        return Ok(None);
    };
    if QUIET.contains(&command.as_str()) {
        return Ok(Some(Item::Quiet));
    }
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
    Ok(Some(Item::Command(command, words)))
}

/// Takes `--soft-reset=CHOICE` or `--soft-reset CHOICE` from the front.
fn soft_reset_option(rest: &mut VecDeque<String>) -> Result<Option<SoftReset>, Error> {
    let Some(value) = rest.front().and_then(|word| word.strip_prefix(SOFT_RESET)) else {
        return Ok(None);
    };
    let choice = match value.strip_prefix('=') {
        Some(choice) => choice.to_owned(),
        None if value.is_empty() => {
            rest.pop_front();
            rest.front().cloned().unwrap_or_default()
        }
        // Another word, which is no command.
        None => return Ok(None),
    };
    rest.pop_front();
    choice.parse().map(Some).map_err(|_| {
        let what = format!("{SOFT_RESET} is 'auto' or 'never', not '{choice}'\n");
        clap::Error::raw(ErrorKind::InvalidValue, what).into()
    })
}

/// Replaces aliases at the front by what they stand for.
fn expand(aliases: &Aliases, rest: &mut VecDeque<String>, room: &mut usize) -> Result<(), Error> {
    aliases.expand(rest, room).map_err(alias_failure)
}

/// Why an alias cannot be replaced by what it stands for.
pub fn alias_failure(failure: Failure) -> Error {
    match failure {
        Failure::Usage(text) => Error::AsData(text),
        Failure::Loop(names) => Error::message(format!("the alias stands for itself: {names}")),
        Failure::TooLong(name) => Error::message(format!(
            "the alias '{name}' stands for too many others, one behind the other; define it by the \
             command that they end in"
        )),
        Failure::TooManyWords(name) => Error::message(format!(
            "aliases add more than {WORDS_MOST} words to this command line, with '{name}' the last of \
             them; look for aliases that stand for others more than once"
        )),
    }
}

/// Does one command and returns the words it left; without a connection only looks for what is wrong with
/// its words.
fn dispatch(
    connection: Option<&mut Connection>,
    config: &Config,
    command: &str,
    words: Vec<String>,
) -> Result<Vec<String>, Error> {
    macro_rules! command {
        ($arguments:ty, $action:expr) => {{
            let arguments: $arguments = parse(config, command, words)?;
            let next = arguments.next.words.clone();
            if let Some(connection) = connection {
                $action(connection, &arguments)?;
            }
            Ok(next)
        }};
    }
    if persona::is_mpremote() && begins_a_command(command, &words) {
        dispatch(connection, config, command, Vec::new())?;
        return Ok(words);
    }
    // What no list shows is no command, so that none is forgotten there; users need not wait for it.
    if cfg!(debug_assertions) && args::command(command).is_none() {
        return Err(unknown(&config.aliases, command));
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
        "reset" => command!(args::ResetArgs, commands::reset::reset),
        "bootloader" => command!(args::BootloaderArgs, commands::reset::bootloader),
        "mount" => command!(args::MountArgs, commands::mount::mount),
        "umount" => command!(args::UmountArgs, commands::mount::umount),
        "sleep" => command!(args::SleepArgs, commands::sleep::sleep),
        "repl" => command!(args::ReplArgs, commands::repl::repl),
        "eval" => command!(args::EvalArgs, commands::exec::eval),
        "exec" => command!(args::ExecArgs, commands::exec::exec),
        "run" => command!(args::RunArgs, commands::exec::run),
        "df" => command!(args::DfArgs, commands::df::df),
        "rtc" => command!(args::RtcArgs, commands::rtc::rtc),
        "bench" => command!(args::BenchArgs, commands::bench::bench),
        "doctor" => command!(args::DoctorArgs, commands::doctor::doctor),
        "romfs" => {
            let arguments: args::RomfsArgs = parse(config, command, words)?;
            match connection {
                Some(connection) => commands::romfs::romfs(connection, &arguments)?,
                None => commands::romfs::check(&arguments)?,
            }
            Ok(arguments.next.words)
        }
        "sim" => command!(args::SimArgs, commands::sim::sim),
        "completion" => command!(args::CompletionArgs, commands::completion::completion),
        "help" => command!(args::HelpArgs, |connection: &mut Connection, arguments| {
            commands::help::help(connection, &config.aliases, arguments)
        }),
        "version" => command!(args::VersionArgs, commands::version::version),
        "fs" => {
            let arguments = parse(config, command, words.clone());
            let arguments = arguments.map_err(|error| of_fs_command(error, &words))?;
            match connection {
                Some(connection) => commands::fs::fs(connection, &arguments)?,
                None => commands::fs::check(&arguments)?,
            }
            Ok(Vec::new())
        }
        "mip" => {
            let arguments = parse(config, command, words)?;
            match connection {
                Some(connection) => commands::mip::mip(connection, &arguments)?,
                None => commands::mip::check(&arguments)?,
            }
            Ok(Vec::new())
        }
        "edit" => {
            let arguments = parse(config, command, words)?;
            if let Some(connection) = connection {
                commands::edit::edit(connection, &arguments)?;
            }
            Ok(Vec::new())
        }
        _ => Err(unknown(&config.aliases, command)),
    }
}

/// Whether an option behind a command is none of its own to mpremote, for which `reset` and `bootloader` are
/// shortcuts that end in a value (mpremote 1.29, `main.py`, `_BUILTIN_COMMAND_EXPANSIONS`): it is taken for
/// the next command.
fn begins_a_command(command: &str, words: &[String]) -> bool {
    matches!(command, "reset" | "bootloader")
        && words
            .first()
            .is_some_and(|word| word.starts_with('-') && !matches!(word.as_str(), "-h" | "--help"))
}

/// There is no such command; what is near is suggested.
pub fn unknown(aliases: &Aliases, command: &str) -> Error {
    let commands = args::commands();
    let names = commands.iter().map(Command::get_name);
    Error::Unknown {
        what: format!("'{command}' is not a command"),
        instead: commands::elsewhere::instead(command),
        nearest: nearest(command, names.chain(aliases.names())).map(str::to_owned),
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

fn parse<Arguments: Parser>(
    config: &Config,
    command: &str,
    words: Vec<String>,
) -> Result<Arguments, Error> {
    let options = default_options(config, command, &words);
    let mut accepted = words;
    let mut arguments = parse_words(command, accepted.clone())
        .map_err(|error| usage::<Arguments>(command, &accepted, error))?;
    for option in groups(&options) {
        let words = [option, &accepted].concat();
        match parse_words::<Arguments>(command, words.clone()) {
            Ok(parsed) => (arguments, accepted) = (parsed, words),
            // What is typed comes first.
            Err(error) if error.kind() == ErrorKind::ArgumentConflict => {}
            Err(error) => {
                let option = option.join(" ");
                report::note(&format!(
                    "the default option '{option}' of config.toml is refused:"
                ));
                return Err(error.into());
            }
        }
    }
    if is_quiet::<Arguments>(command, accepted) {
        report::be_quiet();
    }
    Ok(arguments)
}

/// Whether the words of a command, which have been parsed, hold `--quiet`.
fn is_quiet<Arguments: Parser>(command: &str, words: Vec<String>) -> bool {
    let matches = prepared(Arguments::command(), command).try_get_matches_from(words);
    matches.is_ok_and(|matches| matches.get_flag(QUIET_ID))
}

/// The parser's name of `--quiet`.
const QUIET_ID: &str = "quiet";

fn quiet() -> Arg {
    Arg::new(QUIET_ID)
        .short('q')
        .long("quiet")
        .action(ArgAction::SetTrue)
        .help("Print only results and errors")
}

/// Help and usage of `fs` as those of the command that is meant.
fn of_fs_command(error: Error, words: &[String]) -> Error {
    let mut error = match error {
        Error::Usage(error) => error,
        other => return other,
    };
    let page = words
        .iter()
        .find_map(|word| commands::fs::pages::page(word));
    let Some(page) = page else {
        return Error::Usage(error);
    };
    if error.kind() == ErrorKind::DisplayHelp {
        return commands::help::detail(page.command()).map_or_else(|error| error, Error::Usage);
    }
    let usage = format!("Usage: {}", page.usage());
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage.into()));
    if words.iter().any(|word| word == "-h") {
        let tip = format!(
            "-h is --human here, as in mpremote; `mpwire {} --help` prints help",
            page.name
        );
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tips);
    }
    Error::Usage(error)
}

/// Options that the user has set for a command, and where it is `fs`, for the one of its own.
fn default_options(config: &Config, command: &str, words: &[String]) -> Vec<String> {
    let own = words.iter().find(|word| !word.starts_with('-'));
    let names = [
        Some(command),
        own.filter(|_| command == "fs").map(String::as_str),
    ];
    let options = names
        .into_iter()
        .flatten()
        .filter_map(|name| config.options.get(name));
    options.flatten().cloned().collect()
}

/// Cuts words into options, each with the values that follow it.
fn groups(options: &[String]) -> impl Iterator<Item = &[String]> {
    options.chunk_by(|_, next| !next.starts_with('-'))
}

/// What is wrong with a command's words, as the program says it under the name it was called by.
fn usage<Arguments: Parser>(command: &str, words: &[String], error: clap::Error) -> Error {
    if !persona::is_mpremote() {
        return error.into();
    }
    let parse = |words| parse_words::<Arguments>(command, words).map(drop);
    match persona::argparse::explain(command, words, &error, &parse) {
        Some(text) => Error::Argparse(text),
        None => error.into(),
    }
}

fn parse_words<Arguments: Parser>(
    command: &str,
    words: Vec<String>,
) -> Result<Arguments, clap::Error> {
    let mut parser = prepared(Arguments::command(), command);
    let matches = parser.try_get_matches_from_mut(words)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut parser))
}

/// A command's parser as the chain uses it.
pub fn prepared(parser: Command, name: &str) -> Command {
    parser
        .arg(quiet())
        .no_binary_name(true)
        .infer_long_args(true)
        .bin_name(format!("{} {name}", persona::name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::FsArgs;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn parse<Arguments: Parser>(command: &str, words: Vec<String>) -> Result<Arguments, Error> {
        Ok(parse_words(command, words)?)
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

    fn with_options(options: &[&str], line: &[&str]) -> Result<FsArgs, Error> {
        let mut config = Config::default();
        config.options.insert("cp".to_owned(), words(options));
        super::parse(&config, "fs", words(line))
    }

    #[test]
    fn options_that_are_set_hold_unless_others_are_typed() {
        let options = ["--force", "--encoding", "hex", "-v"];
        let set = with_options(&options, &["cp", "a", ":"]).unwrap();
        assert!(set.force && set.verbose);
        assert_eq!(set.paths, ["a", ":"]);
        let line = ["cp", "--no-force", "--encoding", "auto", "a", ":"];
        let typed = with_options(&options, &line).unwrap();
        assert!(!typed.force && typed.no_force && typed.verbose);
        assert_eq!(typed.transfer.encoding.0, None);
        assert!(!with_options(&options, &["ls", "a"]).unwrap().force);
        assert_eq!(
            with_options(&["--nope"], &["cp", "a", ":"]).unwrap_err_code(),
            2
        );
    }

    #[test]
    fn the_option_for_soft_resets_stands_before_commands() {
        let taken = |line: &[&str]| {
            let mut rest: VecDeque<String> = words(line).into();
            let choice = soft_reset_option(&mut rest);
            (choice, Vec::from(rest).join(" "))
        };
        for line in [
            ["--soft-reset=never", "ls", "a"],
            ["--soft-reset", "never", "ls"],
        ] {
            let (choice, rest) = taken(&line);
            assert_eq!(choice.unwrap(), Some(SoftReset::Never));
            assert!(rest.starts_with("ls"));
        }
        assert_eq!(taken(&["soft-reset"]).0.unwrap(), None);
        assert_eq!(taken(&["--soft-resets"]).0.unwrap(), None);
        assert!(taken(&["--soft-reset"]).0.is_err());
        assert!(taken(&["--soft-reset=no"]).0.is_err());
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
