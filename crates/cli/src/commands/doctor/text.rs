//! The report for people: a mark in words before each finding, what to do behind it.

use std::fmt::Write as _;

use mpwire::doctor::{Finding, Level};

use super::advice::{self, Asked};
use super::words;
use crate::report::visible;

const WIDTH: usize = 80;
/// Where what was found stands.
const TEXT: usize = 11;

/// The report.
pub fn of(findings: &[Finding], asked: &Asked) -> String {
    let mut text = String::new();
    let mut section = None;
    for finding in findings {
        if section != Some(finding.section()) {
            section = Some(finding.section());
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(text, "{}", finding.section().name());
        }
        let _ = write!(text, "  {:9}", mark(finding.level()));
        wrap(&visible(&words::text(finding)), &mut text);
        for (index, line) in advice::of(finding, asked).iter().enumerate() {
            // A line may be a command to be copied, and stays whole.
            let arrow = if index == 0 { "->" } else { "  " };
            let _ = writeln!(text, "{:TEXT$}{arrow} {}", "", visible(line));
        }
    }
    let _ = writeln!(text, "{}", summary(findings));
    text
}

/// How bad it is, in a word.
pub fn mark(level: Level) -> &'static str {
    match level {
        Level::Fine => "ok",
        Level::Warning => "warning",
        Level::Problem => "problem",
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |level| {
        findings
            .iter()
            .filter(|found| found.level() == level)
            .count()
    };
    let plural = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    match (count(Level::Problem), count(Level::Warning)) {
        (0, 0) => "nothing is wrong".to_owned(),
        (0, warnings) => plural(warnings, "warning"),
        (problems, 0) => plural(problems, "problem"),
        (problems, warnings) => format!(
            "{}, {}",
            plural(problems, "problem"),
            plural(warnings, "warning")
        ),
    }
}

/// Writes words into lines that begin where the text stands.
fn wrap(words: &str, text: &mut String) {
    let mut column = TEXT;
    for (index, word) in words.split(' ').enumerate() {
        let length = word.chars().count();
        if index > 0 && column + 1 + length > WIDTH {
            let _ = write!(text, "\n{:TEXT$}", "");
            column = TEXT;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        Asked {
            mpwire: "mpwire".to_owned(),
            interrupt: false,
            fix: false,
        }
    }

    fn lost(reason: &str) -> Finding {
        Finding::Lost {
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn each_finding_has_a_mark_and_what_to_do() {
        assert_eq!(
            of(&[Finding::RawPaste(true), lost("gone")], &asked()),
            "link\n  ok       programs go by raw-paste: the board says how much it can take\n  \
             problem  gone\n           -> check cable and power, press reset, and try again\n\
             1 problem\n"
        );
        assert_eq!(
            of(&[Finding::RawPaste(true)], &asked()).lines().last(),
            Some("nothing is wrong")
        );
    }

    #[test]
    fn what_devices_say_cannot_move_the_cursor() {
        let text = of(&[lost("a\x1b[2Jb\u{202e}c\rd")], &asked());
        assert!(text.contains(r"a\u{1b}[2Jb\u{202e}c\rd"), "{text}");
    }

    #[test]
    fn lines_are_no_longer_than_a_terminal() {
        let text = of(&[lost(&"word ".repeat(60))], &asked());
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.matches("word").count(), 60);
    }
}
