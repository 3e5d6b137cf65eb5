//! The program `mpwire`: a drop-in for mpremote.
//!
//! `config` is what the user has set, `chain` turns the command line into commands, `args` says what
//! each takes, `commands` does them one file each, `report` is all that prints; `complete` answers
//! shells. What they do to boards is the library's.
//!
//! All of it is a library of one function, so that the fuzz targets reach its readers.

mod args;
mod chain;
mod commands;
mod complete;
mod config;
mod connection;
mod console;
mod error;
mod examples;
mod interrupt;
mod local;
mod password;
mod report;
mod unfinished;
mod utf8;

use std::process::ExitCode;

/// Does what the command line of this process says.
#[must_use]
pub fn main() -> ExitCode {
    interrupt::watch();
    let arguments = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    match chain::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::failure(&error),
    }
}

/// The readers of what others have written, each by itself, for the fuzz targets; no part of what
/// anybody else may use.
#[doc(hidden)]
pub mod fuzzed {
    pub use crate::commands::fs::cp::components;
    pub use crate::complete::{line, position};
    pub use crate::config::{Config, aliases, config_py, config_toml};
    pub use crate::console::escaped;
    pub use crate::utf8::Utf8;
}
