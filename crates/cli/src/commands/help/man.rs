//! Manual pages, from the same definitions as the parser and the help.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{AliasHelp, groups, topics};
use crate::args;
use crate::chain;
use crate::commands::fs::pages::{PAGES, Page};
use crate::config::aliases::Aliases;

/// The page of the program as a whole, mpwire(1).
pub fn overview() -> String {
    let mut roff = Roff::new();
    title(&mut roff, "mpwire");
    section(&mut roff, "NAME");
    roff.text([roman(
        "mpwire - MicroPython remote control, a drop-in for mpremote",
    )]);
    section(&mut roff, "SYNOPSIS");
    let usage = topics::USAGE.trim_start_matches("Usage: mpwire");
    roff.text([bold("mpwire"), roman(usage)]);
    section(&mut roff, "DESCRIPTION");
    paragraphs(&mut roff, topics::DESCRIPTION);
    section(&mut roff, "COMMANDS");
    // The same page for every user.
    for (heading, rows) in groups(&Aliases::built_in()) {
        roff.control("SS", [heading]);
        for (name, about) in rows {
            term(&mut roff, &name, &about);
        }
    }
    section(&mut roff, "OPTIONS");
    roff.control("SS", ["mpwire"]);
    for (option, about) in topics::OPTIONS {
        term(&mut roff, option, about);
    }
    let of_fs = PAGES.iter().map(Page::command);
    let mut commands: Vec<Command> = args::commands().into_iter().chain(of_fs).collect();
    // Each of its options is one of a command of its own.
    commands.retain(|command| command.get_name() != "fs");
    commands.sort_by_key(|command| command.get_name().to_owned());
    for command in &commands {
        let options = options(command);
        if options.is_empty() {
            continue;
        }
        roff.control("SS", [command.get_name()]);
        for (option, about) in options {
            term(&mut roff, &option, &about);
        }
    }
    section(&mut roff, "EXAMPLES");
    for (example, about) in topics::EXAMPLES {
        term(&mut roff, example, about);
    }
    for (heading, rows) in [
        ("EXIT STATUS", topics::EXIT_STATUS),
        ("ENVIRONMENT", topics::ENVIRONMENT),
        ("FILES", topics::FILES),
    ] {
        section(&mut roff, heading);
        for (name, text) in rows {
            term(&mut roff, name, text);
        }
    }
    section(&mut roff, "SEE ALSO");
    let commands = args::commands();
    let commands = commands.iter().map(Command::get_name);
    let mut pages: Vec<String> = commands
        .chain(PAGES.iter().map(|page| page.name))
        .map(|name| format!("mpwire-{name}(1)"))
        .collect();
    pages.sort();
    roff.text([roman(pages.join(", "))]);
    roff.render()
}

/// A command's options that are shown, and what each is for.
fn options(command: &Command) -> Vec<(String, String)> {
    let shown = command.get_arguments().filter(|argument| {
        !argument.is_positional() && !argument.is_hide_set() && argument.get_id() != "help"
    });
    shown
        .map(|argument| {
            let short = argument.get_short().map(|short| format!("-{short}"));
            let long = argument.get_long().map(|long| format!("--{long}"));
            let names: Vec<String> = short.into_iter().chain(long).collect();
            let mut name = names.join(", ");
            let takes_values = argument.get_action().takes_values();
            for value in argument.get_value_names().unwrap_or_default() {
                if takes_values {
                    name.extend([" ", value]);
                }
            }
            let about = argument.get_help().map(ToString::to_string);
            (name, about.unwrap_or_default())
        })
        .collect()
}

/// The page of one command, mpwire-COMMAND(1).
pub fn page(command: Command) -> String {
    let name = format!("mpwire-{}", command.get_name());
    let examples = command.get_after_help().map(ToString::to_string);
    let about = command.get_about().map(ToString::to_string);
    // The chain's own settings, for the usage to be the one of `--help`.
    let bare = command.get_name().to_owned();
    let page = Man::new(chain::prepared(command, &bare));

    let mut roff = Roff::new();
    title(&mut roff, &name);
    section(&mut roff, "NAME");
    roff.text([roman(format!("{name} - {}", about.unwrap_or_default()))]);
    let mut text = roff.render().into_bytes();
    // Writing to memory does not fail.
    let _ = page.render_synopsis_section(&mut text);
    let _ = page.render_description_section(&mut text);
    let _ = page.render_options_section(&mut text);

    let mut roff = Roff::new();
    section(&mut roff, "EXAMPLES");
    roff.control("nf", []);
    // The heading of the help is the section's here.
    for line in examples.unwrap_or_default().lines().skip(1) {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
    section(&mut roff, "EXIT STATUS");
    for (code, meaning) in topics::EXIT_STATUS {
        term(&mut roff, code, meaning);
    }
    section(&mut roff, "SEE ALSO");
    roff.text([bold("mpwire"), roman("(1)")]);
    text.extend(roff.to_roff().into_bytes());
    String::from_utf8_lossy(&text).into_owned()
}

/// The page of an alias: what it is for, and what it stands for.
pub fn alias_page(alias: &AliasHelp) -> String {
    let explained = &alias.explained;
    let name = explained.signature.split(' ').next().unwrap_or_default();
    let words = explained.stands_for();
    let about = if explained.help.is_empty() {
        format!("short for {words}")
    } else {
        explained.help.to_owned()
    };
    let mut roff = Roff::new();
    title(&mut roff, &format!("mpwire-{name}"));
    section(&mut roff, "NAME");
    roff.text([roman(format!("mpwire-{name} - {about}"))]);
    section(&mut roff, "SYNOPSIS");
    roff.text([bold(format!("mpwire {}", explained.signature))]);
    section(&mut roff, "DESCRIPTION");
    roff.text([roman(format!("Stands for: mpwire {words}"))]);
    section(&mut roff, "SEE ALSO");
    let page = |command: &str| format!("mpwire-{command}(1), mpwire(1)");
    roff.text([roman(alias.see_also().map_or("mpwire(1)".to_owned(), page))]);
    roff.render()
}

fn title(roff: &mut Roff, name: &str) {
    let source = concat!("mpwire ", env!("CARGO_PKG_VERSION"));
    // No date: the same program makes the same pages.
    roff.control("TH", [name, "1", "", source, "mpwire manual"]);
}

fn section(roff: &mut Roff, heading: &str) {
    roff.control("SH", [heading]);
}

fn paragraphs(roff: &mut Roff, text: &str) {
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(paragraph)]);
    }
}

fn term(roff: &mut Roff, name: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(text)]);
}
