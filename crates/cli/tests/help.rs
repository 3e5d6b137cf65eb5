//! Help, manual pages, and what is said of mistyped commands.

mod support;

use std::path::Path;

use support::{Outcome, Running, mpwire, run};

fn said(arguments: &[&str]) -> Outcome {
    run(&mpwire(), Path::new("."), arguments)
}

fn text(arguments: &[&str]) -> String {
    let outcome = said(arguments);
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome.text()
}

/// The commands, as the manual refers to their pages.
fn commands() -> Vec<String> {
    let page = text(&["help", "--man"]);
    let references = page.split(['\n', ' ', ',']);
    let commands: Vec<String> = references
        .filter_map(|word| {
            word.replace("\\-", "-")
                .strip_suffix("(1)")
                .map(str::to_owned)
        })
        .filter_map(|page| page.strip_prefix("mpwire-").map(str::to_owned))
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    commands
}

#[test]
fn every_command_explains_itself() {
    for command in commands() {
        let help = text(&[&command, "--help"]);
        assert!(help.contains(&format!("Usage: mpwire {command}")), "{help}");
        assert!(help.contains("--help"), "{help}");
        assert!(help.contains("\nExample"), "{help}");
        assert_eq!(text(&["help", &command]), help, "{command}");
    }
}

#[test]
fn help_lists_every_command_and_whatever_stands_for_one() {
    let help = text(&["help"]);
    assert_eq!(text(&["--help"]), help);
    let listed = |name: &str| {
        help.lines()
            .filter(|line| line.starts_with("  "))
            .any(|line| line.split_whitespace().any(|word| word == name))
    };
    for command in commands() {
        assert!(listed(&command), "{command} is missing in {help}");
    }
    for shortcut in ["cp", "ls", "devs", "reset", "a0", "u3", "sha256sum"] {
        assert!(listed(shortcut), "{shortcut} is missing in {help}");
    }
    assert!(help.contains("Examples:\n  mpwire "), "{help}");
    assert!(help.contains("colon"), "{help}");
}

/// Runs mpwire with this `config.toml`.
fn configured(config: &str, arguments: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, config).expect("writable");
    let variables = [("MPWIRE_CONFIG", path.to_str().expect("text"))];
    Running::start_with(&variables, &mpwire(), folder.path(), arguments).finish()
}

#[test]
fn each_file_command_explains_itself_and_not_the_others() {
    let long = text(&["cp", "--help"]);
    for option in ["--recursive", "--force", "--encoding", "--chunk-size"] {
        assert!(long.contains(option), "{option}: {long}");
    }
    assert!(!long.contains("--size"), "{long}");
    for (command, own, foreign) in [
        ("ls", "list a directory", "--recursive"),
        ("mkdir", "make directories", "--encoding"),
        ("tree", "-h, --human", "--force"),
        ("rm", "--recursive", "--encoding"),
        ("sha256sum", "sha1sum", "--recursive"),
    ] {
        let help = text(&[command, "--help"]);
        assert!(
            help.contains(&format!("Usage: mpwire {command} ")),
            "{help}"
        );
        assert!(help.to_lowercase().contains(own), "{own}: {help}");
        assert!(!help.contains(foreign), "{foreign}: {help}");
        assert!(!help.contains("(for "), "{help}");
        assert!(help.lines().count() < 40, "{help}");
        // However it is asked for.
        assert_eq!(text(&["help", command]), help);
        assert_eq!(text(&["help", "fs", command]), help);
        assert_eq!(text(&["fs", command, "--help"]), help);
        assert_eq!(text(&["fs", "--help", command]), help);
        assert_eq!(text(&[command, "-v", "x", "--help"]), help);
    }
    assert!(text(&["help", "sha1sum"]).contains("sha256sum"));
}

#[test]
fn a_shortcut_is_explained_by_what_it_is_for_and_what_it_stands_for() {
    for (shortcut, about, words) in [
        (
            "devs",
            "List available serial ports\n",
            "mpwire connect list\n",
        ),
        (
            "a0",
            "Connect to serial port \"/dev/ttyACM0\"\n",
            "mpwire connect /dev/ttyACM0\n",
        ),
    ] {
        let help = text(&["help", shortcut]);
        assert!(help.starts_with(about), "{help}");
        assert!(
            help.contains(&format!("\nUsage: mpwire {shortcut} ")),
            "{help}"
        );
        assert!(help.contains(words), "{help}");
        assert_eq!(text(&[shortcut, "--help"]), help);
        assert_eq!(text(&[shortcut, "-h"]), help);
    }
    // Commands of their own here; nothing is reset for their help.
    for (command, about) in [
        ("reset", "Reset the device, as its reset button does\n"),
        ("bootloader", "Have the device enter its bootloader\n"),
    ] {
        let help = text(&["help", command]);
        assert!(help.starts_with(about), "{help}");
        assert_eq!(text(&[command, "--help"]), help);
        assert!(text(&[command, "-h"]).starts_with(about));
    }
    let help = text(&["help", "devs"]);
    assert_eq!(
        help,
        "List available serial ports\n\nUsage: mpwire devs [COMMAND ...]\n\nStands for:\n  \
         mpwire connect list\n\nSee also: mpwire help connect\n"
    );
    let page = text(&["help", "--man", "devs"]).replace('\\', "");
    assert!(page.contains("mpwire connect list"), "{page}");
}

#[test]
fn an_alias_is_explained_by_its_help_and_what_it_stands_for() {
    let config = "[aliases]\n'double x=4' = { command = 'eval x*2', help = 'twice as much' }\n\
                  keep = '--soft-reset=never'\n'ls' = 'fs tree'\n";
    for asked in [
        &["help", "double"][..],
        &["double", "--help"],
        &["double", "-h"],
    ] {
        let outcome = configured(config, asked);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert_eq!(
            outcome.text(),
            "twice as much\n\nUsage: mpwire double x=4 [COMMAND ...]\n\nStands for:\n  \
             mpwire eval 'x*2'\n\nSee also: mpwire help eval\n"
        );
    }
    assert_eq!(
        configured(config, &["help", "keep"]).text(),
        "Usage: mpwire keep [COMMAND ...]\n\nStands for:\n  mpwire --soft-reset=never\n"
    );
    let help = configured(config, &["ls", "--help"]).text();
    assert!(help.contains("\n  mpwire fs tree\n"), "{help}");
    let list = configured(config, &["help"]).text();
    assert!(
        list.contains("  short for `--soft-reset=never`\n"),
        "{list}"
    );
}

#[test]
fn what_h_means_is_said_where_it_fails() {
    assert!(text(&["eval", "-h"]).contains("Usage: mpwire eval"));
    for (typed, said) in [
        (
            &["cp", "-h"][..],
            "hint: -h is --human here, as in mpremote; `mpwire cp --help` prints help\n",
        ),
        (&["mkdir", "-h"], "Usage: mpwire mkdir [OPTIONS] PATH...\n"),
    ] {
        let outcome = self::said(typed);
        assert_eq!(outcome.code, Some(2), "{outcome}");
        assert!(outcome.stderr.contains(said), "{outcome}");
    }
    let outcome = self::said(&["-h"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("hint: `mpwire help` lists the commands"),
        "{outcome}"
    );
}

#[test]
fn nothing_is_done_behind_help_and_version() {
    assert_eq!(text(&["help", "+", "nonsense"]), text(&["help"]));
    let version = text(&["version", "+", "nonsense"]);
    assert_eq!(version, concat!("mpwire ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(text(&["--version"]), version);
}

#[test]
fn a_mistyped_command_is_refused_with_what_was_meant() {
    for (typed, meant) in [
        (&["conect", "list"][..], "`connect`"),
        (&["sl", ":"], "`ls`"),
        (&["fs", "rmdri", "a"], "`rmdir`"),
        (&["help", "rn"], "`run`"),
        (&["-h"], "`mpwire help` lists"),
    ] {
        let outcome = said(typed);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert_eq!(outcome.text(), "");
        assert!(outcome.stderr.contains("is not a command"), "{outcome}");
        assert!(outcome.stderr.contains("hint: "), "{outcome}");
        assert!(outcome.stderr.contains(meant), "{outcome}");
    }
}

#[test]
fn wrong_options_are_usage_errors() {
    for typed in [
        &["connect"][..],
        &["cp", "--encoding", "morse", "a", ":"],
        &["completion", "csh"],
        &["run", "--nope", "a"],
    ] {
        let outcome = said(typed);
        assert_eq!(outcome.code, Some(2), "{typed:?}: {outcome}");
        assert!(outcome.stderr.contains("--help"), "{outcome}");
    }
}

#[test]
fn the_readme_names_every_command() {
    let readme = include_str!("../../../README.md");
    let names = |word: &str| {
        let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '-';
        readme.match_indices(word).any(|(at, _)| {
            !readme[at + word.len()..].starts_with(is_of_name)
                && !readme[..at].ends_with(is_of_name)
        })
    };
    let shortcuts = ["devs", "reset", "bootloader"].map(str::to_owned);
    for command in commands().into_iter().chain(shortcuts) {
        assert!(names(&command), "README.md does not name {command}");
    }
    assert!(readme.contains("cargo install --locked "));
}

#[test]
fn each_manual_page_is_complete() {
    let overview = text(&["help", "--man"]).replace('"', "");
    for section in [
        "COMMANDS",
        "EXAMPLES",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
    ] {
        assert!(
            overview.contains(&format!("\n.SH {section}\n")),
            "{section}"
        );
    }
    // The options of every command, behind its name.
    let plain = overview.replace('\\', "");
    for (command, option) in [
        ("mpwire", "--quiet"),
        ("cp", "--all-or-nothing"),
        ("tree", "--human"),
        ("mount", "--read-only"),
        ("sim", "--heap"),
    ] {
        let (_, of_command) = plain
            .split_once(&format!("\n.SS {command}\n"))
            .unwrap_or_else(|| panic!("no options of {command}: {plain}"));
        let (of_command, _) = of_command.split_once("\n.S").expect("more follows");
        assert!(
            of_command.contains(option),
            "{command} {option}: {of_command}"
        );
    }
    assert!(commands().contains(&"cp".to_owned()), "{:?}", commands());
    for command in commands() {
        let page = text(&["help", "--man", &command]).replace('"', "");
        assert!(page.contains(&format!(".TH mpwire-{command} 1")), "{page}");
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "EXIT STATUS"] {
            assert!(
                page.contains(&format!(".SH {section}\n")),
                "{section}: {page}"
            );
        }
    }
}
