//! Help, manual pages, and what is said of mistyped commands.

mod support;

use std::path::Path;

use support::{Outcome, mpwire, run};

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

#[test]
fn a_shortcut_is_explained_by_its_command() {
    assert_eq!(text(&["help", "cp"]), text(&["fs", "--help"]));
    assert_eq!(text(&["cp", "--help"]), text(&["fs", "--help"]));
    assert_eq!(text(&["help", "a0"]), text(&["connect", "--help"]));
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
