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
#[cfg(all(test, target_os = "linux"))]
mod every_error;
mod examples;
mod interrupt;
mod local;
mod password;
mod persona;
mod progress;
mod report;
mod unfinished;
mod utf8;
mod waiting;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::error::Error;

/// Does what the command line of this process says.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    persona::called(arguments.next().as_deref());
    interrupt::watch();
    let result = arguments
        .map(text)
        .collect::<Result<_, _>>()
        .and_then(chain::run);
    match result {
        Ok(()) => report::success(),
        Err(error) => report::failure(&error),
    }
}

/// An argument that goes to a board as it is, or not at all: programs and names are text there.
#[expect(
    clippy::unnecessary_debug_formatting,
    reason = "what is not UTF-8 is to be seen"
)]
fn text(argument: OsString) -> Result<String, Error> {
    argument.into_string().map_err(|argument| {
        let what = format!(
            "the argument {argument:?} is not UTF-8; programs and names for a board have to be\n"
        );
        clap::Error::raw(ErrorKind::InvalidUtf8, what).into()
    })
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
