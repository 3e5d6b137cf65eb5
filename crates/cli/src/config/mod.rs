//! What the user has set: mpwire's `config.toml`, mpremote's `config.py`, and the environment.
//!
//! The command line comes first, then the environment, then `config.toml`. Aliases of
//! `config.toml` replace those of `config.py`, and both replace commands and built-in shortcuts.

pub mod aliases;
pub mod config_py;
pub mod config_toml;
pub mod places;
mod shortcuts;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use aliases::Aliases;
use mpwire::system::words;

/// The largest file that is read, far larger than any that people write; read, it takes up to 220 times
/// as much memory.
const SIZE_LIMIT: u64 = 128 << 10;

/// Whether the first use of a board resets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoftReset {
    /// Unless `resume` comes before: mpremote 1.29's rule.
    #[default]
    Auto,
    /// Only where `soft-reset` says so, as if each line began with `resume`: that of its successor.
    Never,
}

impl std::str::FromStr for SoftReset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "never" => Ok(Self::Never),
            _ => Err("soft-reset is 'auto' or 'never'".to_owned()),
        }
    }
}

/// The board to use where the command line names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultBoard {
    /// What `connect` would be told.
    pub address: String,
    /// Who says so.
    pub origin: String,
}

/// All that is set.
pub struct Config {
    /// The words that stand for others.
    pub aliases: Aliases,
    /// The board, unless it is `auto`.
    pub board: Option<DefaultBoard>,
    /// Whether the first use of a board resets it.
    pub soft_reset: SoftReset,
    /// Where the password of boards in the network is.
    pub webrepl_password_file: Option<PathBuf>,
    /// Options of commands, by the commands' names.
    pub options: BTreeMap<String, Vec<String>>,
    /// What the user should know, one line each.
    pub notes: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            aliases: Aliases::built_in(),
            board: None,
            soft_reset: SoftReset::default(),
            webrepl_password_file: None,
            options: BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}

impl Config {
    /// Reads it all; `is_command` says which commands may have options.
    pub fn load(is_command: &dyn Fn(&str) -> bool) -> Result<Self, Error> {
        let mut config = Self::default();
        let (found, path) = read_config_toml(is_command)?;
        for (line, key) in &found.unknown {
            let note = format!("{path} line {line}: unknown key '{key}' is ignored");
            config.notes.push(note);
        }
        if !found.ignores_config_py {
            config.add_config_py();
        }
        for (signature, definition) in found.aliases {
            config.aliases.define(&signature, definition);
        }
        config.options = found.options;
        // A path that is not whole is one from the file that names it.
        config.webrepl_password_file = found
            .webrepl_password_file
            .map(|file| Path::new(&path).with_file_name("").join(file));
        config.board = variable("MPWIRE_BOARD")
            .map(|address| DefaultBoard {
                address,
                origin: "MPWIRE_BOARD".to_owned(),
            })
            .or(found.board.map(|address| DefaultBoard {
                address,
                origin: path,
            }));
        config.soft_reset = match variable("MPWIRE_SOFT_RESET") {
            Some(text) => text
                .parse()
                .map_err(|_| Error::message("MPWIRE_SOFT_RESET is 'auto' or 'never'"))?,
            None => found.soft_reset.unwrap_or_default(),
        };
        Ok(config)
    }

    /// Takes the aliases of mpremote's `config.py`, if there is one.
    fn add_config_py(&mut self) {
        let Some(path) = places::config_py() else {
            return;
        };
        let found = match read_file(&path) {
            Ok(text) => config_py::read(&text.unwrap_or_default()),
            // It is another program's file.
            Err(error) => return self.notes.push(error.to_string()),
        };
        for (signature, definition) in found.commands {
            self.aliases.define(&signature, definition);
        }
        let path = path.display();
        self.notes.extend(match found.ignored.as_slice() {
            [] => None,
            [line] => Some(format!(
                "{path} line {line}: is not a literal and is ignored"
            )),
            [line, more @ ..] => Some(format!(
                "{path} line {line}, and {} more: is not a literal and is ignored",
                more.len()
            )),
        });
    }
}

/// mpwire's own file, or an empty one, and its path.
fn read_config_toml(
    is_command: &dyn Fn(&str) -> bool,
) -> Result<(config_toml::ConfigToml, String), Error> {
    let Some((path, is_named)) = places::config_toml() else {
        return Ok(Default::default());
    };
    let text = read_file(&path)?;
    let path = path.display().to_string();
    if text.is_none() && is_named {
        return Err(Error::message(format!(
            "{path}: there is no such file, though MPWIRE_CONFIG names it"
        )));
    }
    let found = config_toml::read(&text.unwrap_or_default(), is_command).map_err(|problem| {
        let config_toml::Problem {
            line,
            column,
            message,
        } = problem;
        Error::message(format!("{path} line {line}, column {column}: {message}"))
    })?;
    Ok((found, path))
}

/// A file's text, if there is such a file.
fn read_file(path: &Path) -> Result<Option<String>, Error> {
    let failed = |error: io::Error| {
        Error::message(format!(
            "{} cannot be read: {}",
            path.display(),
            words(&error)
        ))
    };
    // Asked before it is opened: opening a pipe that nobody writes to waits for ever.
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // `MPWIRE_CONFIG=/dev/null` is how people say that there is to be no configuration.
    if !found.is_file() && path != Path::new("/dev/null") {
        return Err(Error::message(format!(
            "{}: is not a regular file and is not read; put a text file there, or nothing",
            path.display()
        )));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(Error::message(format!(
            "{}: is too large to be a configuration",
            path.display()
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Error::message(format!(
            "{}: is not UTF-8 text",
            path.display()
        ))),
    }
}

/// An environment variable that says something.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}
