//! `help`: the list of commands and shortcuts.

use clap::CommandFactory as _;

use crate::args;
use crate::chain::SHORTCUTS;
use crate::error::Error;
use crate::report;

/// Prints the list.
pub fn help() -> Result<(), Error> {
    let commands = [
        args::BenchArgs::command(),
        args::ConnectArgs::command(),
        args::DfArgs::command(),
        args::DisconnectArgs::command(),
        args::EditArgs::command(),
        args::EvalArgs::command(),
        args::ExecArgs::command(),
        args::FsArgs::command(),
        args::ResumeArgs::command(),
        args::RomfsArgs::command(),
        args::RtcArgs::command(),
        args::RunArgs::command(),
        args::SimArgs::command(),
        args::SleepArgs::command(),
        args::SoftResetArgs::command(),
    ];
    let mut text = String::from(
        "mpwire -- MicroPython remote control\n\
         Usage: mpwire COMMAND [ARGUMENT ...] [COMMAND ...]\n\
         Commands follow each other; `+` ends one that takes any number of paths.\n\
         `mpwire COMMAND --help` tells what a command takes.\n\nList of commands:\n",
    );
    let mut rows: Vec<(String, String)> = commands
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
    let rows: Vec<(String, String)> = SHORTCUTS
        .iter()
        .map(|shortcut| (shortcut.name.to_owned(), shortcut.help.to_owned()))
        .collect();
    push_rows(&mut text, &rows);
    report::bytes(text.as_bytes())
}

fn push_rows(text: &mut String, rows: &[(String, String)]) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, about) in rows {
        let row = format!("  {name:width$}  {about}");
        text.push_str(row.trim_end());
        text.push('\n');
    }
}
