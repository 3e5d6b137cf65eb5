//! `help`: what there is, one command in detail, and the same as manual pages.

mod man;
mod topics;

use std::collections::HashSet;

use clap::Command;

use crate::args::{self, HelpArgs};
use crate::chain;
use crate::commands::fs::pages::{self, Page};
use crate::config::aliases::{Aliases, Explained};
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints the list of commands, or the help of one.
pub fn help(
    connection: &mut Connection,
    aliases: &Aliases,
    arguments: &HelpArgs,
) -> Result<(), Error> {
    connection.did_action();
    let Some(name) = &arguments.command else {
        let text = if arguments.man {
            man::overview()
        } else {
            list(aliases)
        };
        return report::bytes(text.as_bytes());
    };
    // `help fs cp` is about cp.
    let operation = arguments.next.words.first().filter(|_| name == "fs");
    let name = operation.unwrap_or(name);
    match (Subject::of(aliases, name)?, arguments.man) {
        (Subject::Command(command), false) => Err(Error::Usage(detail(*command)?)),
        (Subject::Command(command), true) => report::bytes(man::page(*command).as_bytes()),
        (Subject::Alias(alias), false) => report::bytes(alias.text().as_bytes()),
        (Subject::Alias(alias), true) => report::bytes(man::alias_page(&alias).as_bytes()),
    }
}

/// Prints the help of an alias, as `ALIAS --help` asks for it.
pub fn of_alias(aliases: &Aliases, name: &str) -> Result<(), Error> {
    match Subject::of(aliases, name)? {
        Subject::Command(command) => Err(Error::Usage(detail(*command)?)),
        Subject::Alias(alias) => report::bytes(alias.text().as_bytes()),
    }
}

/// What is explained.
enum Subject<'a> {
    /// A command, of its own or of `fs`.
    Command(Box<Command>),
    /// Words that stand for others.
    Alias(AliasHelp<'a>),
}

impl<'a> Subject<'a> {
    /// What `name` is: an alias goes before a command of that name, as on the command line.
    fn of(aliases: &'a Aliases, name: &str) -> Result<Self, Error> {
        let page = pages::page(name);
        if let Some(explained) = aliases.explained(name) {
            let is_of_fs = matches!(explained.words, [fs, own] if fs == "fs" && own == name);
            return Ok(match page {
                Some(page) if is_of_fs => Self::Command(Box::new(page.command())),
                _ => Self::Alias(AliasHelp {
                    explained,
                    command: aliases.first_command(name).map(str::to_owned),
                }),
            });
        }
        let command = args::command(name).or_else(|| page.map(Page::command));
        match command {
            Some(command) => Ok(Self::Command(Box::new(command))),
            None => Err(chain::unknown(aliases, name)),
        }
    }
}

/// What is told of an alias.
struct AliasHelp<'a> {
    explained: Explained<'a>,
    /// The command that it ends in.
    command: Option<String>,
}

impl AliasHelp<'_> {
    /// What it is for, how it is called, and what it stands for.
    fn text(&self) -> String {
        let mut text = String::new();
        for line in self.explained.help.lines() {
            text.extend([line.trim_end(), "\n"]);
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let signature = &self.explained.signature;
        let words = self.explained.stands_for();
        text.extend(["Usage: mpwire ", signature, " [COMMAND ...]\n\n"]);
        text.push_str("Stands for:");
        if !words.is_empty() {
            text.extend(["\n  mpwire ", &words]);
        }
        text.push('\n');
        if let Some(command) = self.see_also() {
            text.extend(["\nSee also: mpwire help ", command, "\n"]);
        }
        text
    }

    /// The command that explains the rest.
    fn see_also(&self) -> Option<&str> {
        let command = self.command.as_deref()?;
        args::command(command).map(|_| command)
    }
}

/// A command's `--help`, which the parser gives as an error of no consequence.
pub fn detail(command: Command) -> Result<clap::Error, Error> {
    let name = command.get_name().to_owned();
    match chain::prepared(command, &name).try_get_matches_from(["--help"]) {
        Err(help) => Ok(help),
        Ok(_) => Err(Error::message(format!("{name} has no help"))),
    }
}

/// A row of a list: a name, for an alias with its arguments, and what it is for.
type Row = (String, String);

fn list(aliases: &Aliases) -> String {
    let mut text = format!("{}\n\n{}\n\n", topics::TITLE, topics::USAGE);
    text.push_str(topics::DESCRIPTION);
    text.push_str("\n\nExamples:\n");
    push_rows(&mut text, &owned(topics::EXAMPLES));
    for (title, rows) in groups(aliases) {
        text.extend(["\n", title, ":\n"]);
        push_rows(&mut text, &rows);
    }
    text.push_str("\nMore:\n");
    push_rows(&mut text, &owned(topics::MORE));
    text
}

/// Every command and alias with what it is for, in groups; none is left out.
fn groups(aliases: &Aliases) -> Vec<(&'static str, Vec<Row>)> {
    let mut rows = rows(aliases);
    let mut groups: Vec<(&str, Vec<Row>)> = topics::GROUPS
        .iter()
        .map(|(title, names)| {
            let of_group = names.iter().filter_map(|name| {
                let index = rows.iter().position(|row| name_of(row) == *name)?;
                Some(rows.remove(index))
            });
            (*title, of_group.collect())
        })
        .collect();
    let (numbered, others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|(_, about)| is_port(about));
    groups.push(("Aliases", others));
    groups.push(("Shortcuts of ports", in_short(&numbered)));
    groups.retain(|(_, rows)| !rows.is_empty());
    groups
}

/// One row for all ports of a kind: a0, a1, … differ by their last digit only.
fn in_short(ports: &[Row]) -> Vec<Row> {
    ports
        .chunk_by(|(one, _), (other, _)| one.chars().next() == other.chars().next())
        .map(|kind| {
            let names: Vec<&str> = kind.iter().map(|(name, _)| name.as_str()).collect();
            let ports: Vec<&str> = kind
                .iter()
                .filter_map(|(_, about)| about.strip_prefix(PORT))
                .collect();
            let about = match ports[..] {
                [first, .., last] => format!("{PORT}{first} … {last}"),
                _ => format!("{PORT}{}", ports.concat()),
            };
            (names.join(" "), about)
        })
        .collect()
}

/// How the help of a shortcut for a port begins.
const PORT: &str = "Connect to serial port ";

fn is_port(about: &str) -> bool {
    about.starts_with(PORT)
}

/// The name without the arguments of an alias.
fn name_of((signature, _): &Row) -> &str {
    signature.split(' ').next().unwrap_or_default()
}

/// Commands and aliases, sorted. An alias of a command's name replaces it.
fn rows(aliases: &Aliases) -> Vec<Row> {
    let replaced: HashSet<&str> = aliases.names().collect();
    let commands = args::commands();
    let commands = commands.iter().map(|command| {
        let about = command.get_about().map(ToString::to_string);
        (command.get_name().to_owned(), about.unwrap_or_default())
    });
    let mut rows: Vec<Row> = commands
        .filter(|row| !replaced.contains(name_of(row)))
        .chain(aliases.rows())
        .filter(|row| !topics::TOLD_ELSEWHERE.contains(&name_of(row)))
        .collect();
    rows.sort();
    rows
}

fn owned(rows: &[(&str, &str)]) -> Vec<Row> {
    rows.iter()
        .map(|(name, about)| ((*name).to_owned(), (*about).to_owned()))
        .collect()
}

fn push_rows(text: &mut String, rows: &[Row]) {
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::config::aliases::Definition;

    #[test]
    fn every_command_and_shortcut_is_listed_once() {
        let aliases = Aliases::built_in();
        let groups = groups(&aliases);
        assert!(groups.iter().all(|(title, _)| *title != "Aliases"));
        let listed: Vec<String> = groups
            .into_iter()
            .flat_map(|(_, rows)| rows.into_iter().map(|(name, _)| name))
            .flat_map(|names| names.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let all = rows(&aliases);
        assert_eq!(listed.len(), all.len());
        for (name, about) in all {
            assert!(listed.contains(&name), "{name} is not listed");
            assert!(!about.is_empty(), "nothing is said of {name}");
        }
    }

    #[test]
    fn aliases_are_listed_apart_and_replace_what_has_their_name() {
        let mut aliases = Aliases::built_in();
        for (signature, help) in [("run file", "mine"), ("a0", "my board"), ("mul x y=2", "")] {
            let definition = Definition {
                help: help.to_owned(),
                ..Definition::of_text("eval 1")
            };
            assert!(aliases.define(signature, definition));
        }
        let text = list(&aliases);
        let lines = |word: &str| -> Vec<&str> {
            let begins = |line: &&str| line.split_whitespace().next() == Some(word);
            text.lines().filter(begins).map(str::trim).collect()
        };
        assert_eq!(lines("run").len(), 1, "{text}");
        assert!(lines("run")[0].starts_with("run file ") && lines("run")[0].ends_with("  mine"));
        assert!(
            text.contains("\nAliases:\n  a0         my board\n  mul x y=2  short for `eval 1`\n"),
            "{text}"
        );
        assert!(text.contains("\n  a1 a2 a3 "), "{text}");
    }

    #[test]
    fn every_command_explains_itself_with_an_example() {
        let of_fs = pages::PAGES.iter().map(Page::command);
        for command in args::commands().into_iter().chain(of_fs) {
            let name = command.get_name().to_owned();
            let help = detail(command).unwrap().to_string();
            assert!(help.contains("\nExample"), "{name} has no example: {help}");
            assert!(help.contains("  mpwire "), "{name}: {help}");
        }
    }

    #[test]
    fn manual_pages_escape_what_roff_would_read() {
        let page = man::page(args::FsArgs::command());
        assert!(page.contains(".TH mpwire-fs 1"), "{page}");
        assert!(page.contains(".SH EXAMPLES"), "{page}");
        assert!(page.contains("\\-\\-recursive"), "{page}");
        let overview = man::overview();
        for section in [
            "COMMANDS",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "EXAMPLES",
        ] {
            let plain = overview.replace('"', "");
            assert!(plain.contains(&format!(".SH {section}")), "{section}");
        }
    }
}
