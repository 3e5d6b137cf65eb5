//! The result as Markdown.

use std::fmt::Write as _;

use super::conditions::Conditions;
use super::held::Held;
use super::link::Link;
use super::results::{Results, Row};
use super::suites::{self, Suite};
use crate::markdown;
use crate::tool::Tool;

/// One line a row, one column a tool, and what the suite puts beside them.
pub fn of_link(results: &Results, suite: &Suite, link: Link) -> String {
    let tools = results.tools(suite.name);
    let mut header = vec![suite.rows];
    header.extend(tools.iter().map(|tool| tool.name()));
    header.extend(suite.beside);
    let rows: Vec<Vec<String>> = results
        .rows_of(suite.name, link)
        .map(|row| {
            let mut cells = vec![row.title.clone()];
            cells.extend(tools.iter().map(|tool| figure(row, *tool)));
            cells.extend((suite.beside_row)(results, row));
            cells
        })
        .collect();
    markdown::table(&header, &rows)
}

/// Seconds, and how many times faster than each peer in parentheses: `4.51 (3.4×, 1.4×)`.
fn figure(row: &Row, tool: Tool) -> String {
    if row.seconds(tool).is_none() {
        return "–".to_owned();
    }
    if row.refused.is_some() {
        return "refused".to_owned();
    }
    let Some(seconds) = row.median(tool) else {
        return "none".to_owned();
    };
    let peers: &[Tool] = match tool {
        Tool::Mpremote => &[],
        Tool::Mpytool => &[Tool::Mpremote],
        _ => &[Tool::Mpremote, Tool::Mpytool],
    };
    let ratios: Vec<String> = peers
        .iter()
        .filter_map(|peer| row.ratio(tool, *peer))
        .map(times_faster)
        .collect();
    let figure = format!("{seconds:.2}");
    if ratios.is_empty() {
        figure
    } else {
        format!("{figure} ({})", ratios.join(", "))
    }
}

/// A heading and a table for each link, and why boards were refused.
pub fn of_suite(results: &Results, suite: &Suite) -> String {
    let mut text = String::new();
    for link in results.links(suite.name) {
        let table = of_link(results, suite, link);
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, "\n### {}\n\n{table}", link.title());
    }
    let refused = results.rows.iter().filter(|row| row.suite == suite.name);
    let mut reasons: Vec<&str> = refused.filter_map(|row| row.refused.as_deref()).collect();
    reasons.dedup();
    for reason in reasons {
        let _ = write!(text, "\nRefused: {reason}\n");
    }
    text
}

/// Two figures that matter: `0.98×`, `3.4×`, `212×`.
fn times_faster(ratio: f64) -> String {
    let decimals = match ratio {
        ratio if ratio < 0.995 => 2,
        ratio if ratio < 9.95 => 1,
        _ => 0,
    };
    format!("{ratio:.decimals$}×")
}

/// What `docs/bench.md` says before the figures.
const INTRODUCTION: &str = "\
# Bench

Seconds for one whole command, from process start to exit. In parentheses: how many times faster
than mpremote, then than mpytool.

The board is simulated: a real MicroPython with LittleFS 2 and, where nothing else is said, no
flash delays and a heap of 1 MiB, behind a line that is paced like the real one. All tools take
turns on the same board, row by row, so ratios mean more than seconds. The board is empty before
each command; after it the genuine mpremote hashed everything on the board, and every file here was
right, with none missing and none left over.

![Seconds to copy files of 50 KB, by link, kind of file and tool](bench.svg)

![Seconds to copy trees, by link and tool](bench-trees.svg)
";

/// `docs/bench.md`.
pub fn document(conditions: &Conditions, results: &Results, held: &[Held]) -> String {
    let mut measured = String::new();
    for suite in suites::ALL {
        if !results.links(suite.name).is_empty() {
            let tables = of_suite(results, suite);
            let _ = write!(measured, "\n## {}\n\n{}{tables}", suite.title, suite.text);
        }
    }
    let held = markdown::list(held);
    let notes = markdown::list(&conditions.notes);
    format!(
        "{INTRODUCTION}{measured}\n\
         ## How it was measured\n\n\
         - `{}` on {}\n- {}\n- {}\n{notes}\
         - each figure is the median of {} runs, of one if it takes more than 6 seconds\n\
         - mpremote: `mpremote connect PORT resume cp FILE :NAME`\n\
         - mpytool: `mpytool -p PORT cp FILE :NAME`\n\
         - mpwire: `mpwire connect PORT resume cp FILE :NAME`\n\
         - random: seeded bytes; source: mpremote's own Python source, then mpytool's; log: \
         generated sensor readings; zeros. 1 KB is 1024 bytes.\n\n\
         ## Held\n\n\
         What the project asks of itself, and what this run measured.\n\n{held}",
        conditions.command,
        conditions.date,
        conditions.machine,
        conditions.versions.join(", "),
        conditions.runs,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::tests::{results, row};

    const FILES: &Suite = &suites::files::SUITE;
    const SOURCE: &str = "source 50 KB";

    #[test]
    fn a_row_says_how_much_faster_than_each_peer_and_how_near_the_line() {
        let cells = [
            (Tool::Mpremote, 8.0),
            (Tool::Mpytool, 2.0),
            (Tool::Mpwire, 1.0),
        ];
        let results = results([row("files", Link::Slow, SOURCE, &cells).with_line(0.8)]);
        let table = of_link(&results, FILES, Link::Slow);
        let end =
            "| source 50 KB |     8.00 | 2.00 (4.0×) | 1.00 (8.0×, 2.0×) |               80 % |\n";
        assert!(table.ends_with(end), "{table}");
    }

    #[test]
    fn being_slower_is_never_rounded_away() {
        assert_eq!(
            [0.04, 0.98, 3.44, 211.8].map(times_faster),
            ["0.04×", "0.98×", "3.4×", "212×"]
        );
    }

    #[test]
    fn failing_being_refused_and_not_being_asked_look_different() {
        let mut failed = row("files", Link::Usb, SOURCE, &[(Tool::Mpremote, 8.0)]);
        failed.record(Tool::Mpwire, []);
        assert_eq!(figure(&failed, Tool::Mpwire), "none");
        assert_eq!(figure(&failed, Tool::Mpytool), "–");
        failed.refused = Some("too small".to_owned());
        assert_eq!(figure(&failed, Tool::Mpwire), "refused");
        assert!(of_suite(&results([failed]), FILES).ends_with("\nRefused: too small\n"));
    }

    #[test]
    fn the_document_tells_how_to_repeat_it() {
        let conditions = Conditions {
            date: "2026-08-01".to_owned(),
            command: "cargo xtask bench --runs 3".to_owned(),
            machine: "a machine".to_owned(),
            versions: vec!["mpwire 0.1.0".to_owned()],
            runs: 3,
            notes: vec!["not measured: `stream`".to_owned()],
        };
        let results = results([row("down", Link::Usb, SOURCE, &[(Tool::Mpwire, 1.0)])]);
        let text = document(&conditions, &results, &[Held::new("speed", [])]);
        assert!(text.contains("`cargo xtask bench --runs 3` on 2026-08-01"));
        assert!(text.contains("\n- not measured: `stream`\n"));
        assert!(text.contains("## One file from the board\n"));
        assert!(text.contains("### USB\n"));
        assert!(
            !text.contains("115200"),
            "what was not measured has no heading"
        );
        assert!(text.contains("\n- none: speed – "));
    }
}
