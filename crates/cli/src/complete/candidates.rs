//! What may stand at the cursor.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf, is_separator};

use clap::{Arg, ValueHint};
use mpwire::ports;

use super::board;
use super::position::{self, Place, Position, Value};
use crate::args::{self, NEXT};
use crate::chain::SOFT_RESET;
use crate::commands::fs::pages;
use crate::config::Config;
use crate::config::aliases::Aliases;

/// More are of no use to anybody; a folder may hold millions.
const MOST: usize = 2000;

/// A word that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word, without quotes.
    pub text: String,
    /// What it is for.
    pub about: Option<String>,
}

impl Candidate {
    fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        let about = about.into();
        Self {
            text: text.into(),
            about: (!about.is_empty()).then_some(about),
        }
    }

    /// Whether the word goes on behind what is known of it.
    pub fn is_open(&self) -> bool {
        self.text.ends_with(['/', ':', '=', MAIN_SEPARATOR])
    }

    /// Whether it can be one line of an answer, and harmless on a terminal.
    fn is_plain(&self) -> bool {
        let about = self.about.as_deref().unwrap_or_default();
        !self.text.chars().chain(about.chars()).any(char::is_control)
    }
}

/// What may stand behind the words `before` and begins with `current`, in the order to show.
pub fn of(config: &Config, before: &[String], current: &str) -> Vec<Candidate> {
    let position = position::find(config, before);
    let mut found = match &position.place {
        Place::Command => [commands(&config.aliases), soft_resets()].concat(),
        Place::Value(value) => at_value(&config.aliases, &position, value, current),
        Place::Unknown => Vec::new(),
    };
    // Options in a list of commands or files would hide what is looked for.
    let wants_options = current.starts_with('-');
    found.retain(|candidate| {
        candidate.text.starts_with(current)
            && candidate.is_plain()
            && (wants_options || !candidate.text.starts_with('-'))
    });
    found.truncate(MOST);
    found
}

/// Everything that a command may begin with. An alias of a command's name replaces it.
fn commands(aliases: &Aliases) -> Vec<Candidate> {
    let mut all: BTreeMap<String, String> = args::commands()
        .iter()
        .map(|command| {
            let about = command.get_about().map(ToString::to_string);
            (command.get_name().to_owned(), about.unwrap_or_default())
        })
        .collect();
    let helps = aliases.rows().into_iter().map(|(_, help)| help);
    for (name, help) in aliases.names().zip(helps) {
        // A help of the user's may span lines.
        let first = help.trim().lines().next().unwrap_or_default();
        all.insert(name.to_owned(), first.to_owned());
    }
    all.into_iter()
        .map(|(name, about)| Candidate::new(name, about))
        .collect()
}

/// The option that may stand before a command.
fn soft_resets() -> Vec<Candidate> {
    [
        ("auto", "Soft-reset the device at its first use"),
        ("never", "Leave the device's state as it is"),
    ]
    .map(|(choice, about)| Candidate::new(format!("{SOFT_RESET}={choice}"), about))
    .into()
}

fn at_value(
    aliases: &Aliases,
    position: &Position,
    value: &Value,
    current: &str,
) -> Vec<Candidate> {
    if value.may_be_option && current.starts_with('-') {
        return match current.split_once('=') {
            None => options(value),
            Some((option, part)) => option_value(aliases, position, value, option, part),
        };
    }
    values(aliases, position, value, &value.argument, current)
}

fn options(value: &Value) -> Vec<Candidate> {
    let mut found = Vec::new();
    for argument in shown(value) {
        let about = argument.get_help().map(ToString::to_string);
        let about = about.unwrap_or_default();
        if let Some(long) = argument.get_long() {
            found.push(Candidate::new(format!("--{long}"), about.clone()));
        }
        if let Some(short) = argument.get_short() {
            found.push(Candidate::new(format!("-{short}"), about));
        }
    }
    found
}

fn shown(value: &Value) -> impl Iterator<Item = &Arg> {
    // Of those of `fs`, the command's own.
    let page = value.operation.as_deref().and_then(pages::page);
    value.command.get_arguments().filter(move |argument| {
        let is_own = |page: &pages::Page| page.has_option(argument.get_id().as_str());
        !argument.is_hide_set() && (argument.is_positional() || page.is_none_or(is_own))
    })
}

/// `--option=part`
fn option_value(
    aliases: &Aliases,
    position: &Position,
    value: &Value,
    option: &str,
    part: &str,
) -> Vec<Candidate> {
    let long = option.trim_start_matches('-');
    let Some(argument) = shown(value).find(|argument| argument.get_long() == Some(long)) else {
        return Vec::new();
    };
    let mut found = values(aliases, position, value, argument.get_id().as_str(), part);
    for candidate in &mut found {
        candidate.text.insert_str(0, &format!("{option}="));
    }
    found
}

/// What the argument `id` takes.
fn values(
    aliases: &Aliases,
    position: &Position,
    value: &Value,
    id: &str,
    current: &str,
) -> Vec<Candidate> {
    match (value.command.get_name(), id) {
        ("connect", "device") => devices(current),
        ("help", "command") | (_, NEXT) => commands(aliases),
        ("fs", "command") => pages::PAGES
            .iter()
            .map(|page| Candidate::new(page.name, page.about))
            .collect(),
        ("mip", "command") => vec![Candidate::new("install", "")],
        ("mip", "packages") => packages(current),
        ("romfs", "command") => ["query", "build", "deploy"]
            .map(|name| Candidate::new(name, ""))
            .into(),
        ("fs", "paths") if value.operation.as_deref() == Some("cp") => {
            if current.starts_with(':') {
                board_paths(position, value, current)
            } else {
                let mut found = local_paths(current, false);
                if current.is_empty() {
                    found.push(Candidate::new(":", "the device"));
                }
                found
            }
        }
        ("fs", "paths") | ("edit", "files") | ("mip", "target") => {
            board_paths(position, value, current)
        }
        _ => by_definition(value, id, current),
    }
}

/// What the parser's definition of an argument tells of its values.
fn by_definition(value: &Value, id: &str, current: &str) -> Vec<Candidate> {
    let Some(argument) = shown(value).find(|argument| argument.get_id() == id) else {
        return Vec::new();
    };
    match argument.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath => local_paths(current, false),
        ValueHint::DirPath => local_paths(current, true),
        _ => argument
            .get_possible_values()
            .iter()
            .map(|value| {
                let about = value.get_help().map(ToString::to_string);
                Candidate::new(value.get_name(), about.unwrap_or_default())
            })
            .collect(),
    }
}

/// What `mip install` takes, but for the names of an index.
fn packages(current: &str) -> Vec<Candidate> {
    let mut found = local_paths(current, false);
    for source in ["github:", "gitlab:", "codeberg:"] {
        found.push(Candidate::new(source, ""));
    }
    found
}

/// What `connect` takes.
fn devices(current: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    for port in ports::list().unwrap_or_default() {
        let usb = port.usb.as_ref();
        let product = usb.and_then(|usb| usb.product_name.clone());
        let product = product.unwrap_or_default();
        if let Some(number) = usb.and_then(|usb| usb.serial_number.as_ref()) {
            found.push(Candidate::new(format!("id:{number}"), product.clone()));
        }
        found.push(Candidate::new(
            format!("port:{}", port.path),
            product.clone(),
        ));
        found.push(Candidate::new(port.path, product));
    }
    found.push(Candidate::new("auto", "the first board that is found"));
    found.push(Candidate::new("list", "list the serial ports"));
    found.push(Candidate::new("socket://", "a server that passes bytes on"));
    found.push(Candidate::new(
        "rfc2217://",
        "a serial port of another computer",
    ));
    found.push(Candidate::new("ws://", "a board with WebREPL"));
    found.push(Candidate::new("sim:", "a simulated board"));
    // `port:` and ids first hide what is there: only once they are begun.
    let is_begun = |text: &str| current.contains(':') || !text.starts_with("port:");
    found.retain(|candidate| is_begun(&candidate.text));
    if current.contains(is_separator) {
        let listed: Vec<String> = found.iter().map(|port| port.text.clone()).collect();
        let files = local_paths(current, false).into_iter();
        found.extend(files.filter(|file| !listed.contains(&file.text)));
    }
    found
}

/// Files and folders of this computer.
fn local_paths(current: &str, folders_only: bool) -> Vec<Candidate> {
    let (folder, begun) = match current.rfind(is_separator) {
        Some(end) => current.split_at(end + 1),
        None => ("", current),
    };
    let Ok(entries) = fs::read_dir(expanded(folder)) else {
        return Vec::new();
    };
    let mut found: Vec<Candidate> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .filter(|(name, _)| name.starts_with(begun))
        .filter(|(name, _)| !name.starts_with('.') || begun.starts_with('.'))
        .filter_map(|(name, path)| local_path(folder, &name, &path, folders_only))
        .take(MOST)
        .collect();
    found.sort_by(|one, other| one.text.cmp(&other.text));
    found
}

fn local_path(folder: &str, name: &str, path: &Path, folders_only: bool) -> Option<Candidate> {
    // Links are followed, as the commands do.
    let is_folder = path.is_dir();
    let end = if is_folder { "/" } else { "" };
    (is_folder || !folders_only).then(|| Candidate::new(format!("{folder}{name}{end}"), ""))
}

/// A folder as it was typed: the shell has not put the home folder in place of `~` yet.
fn expanded(folder: &str) -> PathBuf {
    let home = || std::env::home_dir().filter(|home| home != OsStr::new(""));
    match folder.strip_prefix('~').zip(home()) {
        Some((rest, home)) if rest.starts_with(is_separator) => home.join(&rest[1..]),
        _ if folder.is_empty() => PathBuf::from("."),
        _ => PathBuf::from(folder),
    }
}

/// Files and directories of the board; with a colon in front where one was typed.
fn board_paths(position: &Position, value: &Value, current: &str) -> Vec<Candidate> {
    let (colon, path) = match current.strip_prefix(':') {
        Some(path) => (":", path),
        None => ("", current),
    };
    let folder = &path[..path.rfind('/').map_or(0, |slash| slash + 1)];
    let directories_only =
        value.operation.as_deref() == Some("rmdir") || value.argument == "target";
    board::entries(position.device.as_deref(), folder)
        .into_iter()
        .filter(|entry| entry.is_directory || !directories_only)
        // Nobody could tell such a name from a path.
        .filter(|entry| !entry.name.contains('/') && !entry.name.is_empty())
        .map(|entry| {
            let end = if entry.is_directory { "/" } else { "" };
            Candidate::new(format!("{colon}{folder}{}{end}", entry.name), "")
        })
        .collect()
}
