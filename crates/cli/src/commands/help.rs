//! `help`: the list of commands and shortcuts.

use clap::{Command, CommandFactory as _};

use super::fs;
use crate::args;
use crate::config::aliases::Aliases;
use crate::error::Error;
use crate::report;

/// Every command that takes arguments of its own.
fn commands() -> Vec<Command> {
    vec![
        args::BenchArgs::command(),
        args::ConnectArgs::command(),
        args::DfArgs::command(),
        args::DisconnectArgs::command(),
        args::EditArgs::command(),
        args::EvalArgs::command(),
        args::ExecArgs::command(),
        args::FsArgs::command(),
        args::MipArgs::command(),
        args::MountArgs::command(),
        args::ReplArgs::command(),
        args::ResumeArgs::command(),
        args::RomfsArgs::command(),
        args::RtcArgs::command(),
        args::RunArgs::command(),
        args::SimArgs::command(),
        args::SleepArgs::command(),
        args::SoftResetArgs::command(),
        args::UmountArgs::command(),
    ]
}

/// Whether there is such a command, of its own or of `fs`.
pub fn is_command(name: &str) -> bool {
    fs::is_command(name) || commands().iter().any(|command| command.get_name() == name)
}

/// Prints the list.
pub fn help(aliases: &Aliases) -> Result<(), Error> {
    let mut text = String::from(
        "mpwire -- MicroPython remote control\n\
         Usage: mpwire COMMAND [ARGUMENT ...] [COMMAND ...]\n\
         Commands follow each other; `+` ends one that takes any number of paths.\n\
         `mpwire COMMAND --help` tells what a command takes.\n\
         `--soft-reset=never` before the commands leaves the device's state as it is.\n\nList of commands:\n",
    );
    let mut rows: Vec<(String, String)> = commands()
        .iter()
        .map(|command| {
            let about = command.get_about().map(ToString::to_string);
            (command.get_name().to_owned(), about.unwrap_or_default())
        })
        .collect();
    rows.push(("help".to_owned(), "Print help and exit".to_owned()));
    rows.push(("version".to_owned(), "Print version and exit".to_owned()));
    rows.sort();
    push_rows(&mut text, &rows);
    text.push_str("\nList of shortcuts:\n");
    push_rows(&mut text, &aliases.rows());
    report::bytes(text.as_bytes())
}

fn push_rows(text: &mut String, rows: &[(String, String)]) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, about) in rows {
        let mut name = name.as_str();
        // A help of the user's may span lines.
        for line in about.trim().lines().chain(about.is_empty().then_some("")) {
            let row = format!("  {name:width$}  {}", line.trim());
            text.push_str(row.trim_end());
            text.push('\n');
            name = "";
        }
    }
}
