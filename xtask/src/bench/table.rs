//! The result as Markdown.

use super::cells::{Link, Tool, Workload};
use super::conditions::Conditions;
use super::run::Results;
use crate::markdown;

/// One row a file, one column a tool.
pub fn of_link(results: &Results, link: Link) -> String {
    let tools = results.tools();
    let mut header = vec!["file"];
    header.extend(tools.iter().map(|tool| tool.name()));
    let rows: Vec<Vec<String>> = results
        .workloads(link)
        .into_iter()
        .map(|workload| {
            let mut row = vec![workload.title()];
            row.extend(
                tools
                    .iter()
                    .map(|tool| figure(results, link, workload, *tool)),
            );
            row
        })
        .collect();
    markdown::table(&header, &rows)
}

/// Seconds, and how many times faster than each peer in parentheses: `4.51 (3.4×, 1.4×)`.
fn figure(results: &Results, link: Link, workload: Workload, tool: Tool) -> String {
    let Some(seconds) = results.median(link, workload, tool) else {
        return "–".to_owned();
    };
    let peers: &[Tool] = match tool {
        Tool::Mpremote => &[],
        Tool::Mpytool => &[Tool::Mpremote],
        _ => &[Tool::Mpremote, Tool::Mpytool],
    };
    let ratios: Vec<String> = peers
        .iter()
        .filter_map(|peer| results.ratio(link, workload, tool, *peer))
        .map(times_faster)
        .collect();
    let figure = format!("{seconds:.2}");
    if ratios.is_empty() {
        figure
    } else {
        format!("{figure} ({})", ratios.join(", "))
    }
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

Seconds for one whole command, from process start to exit, that copies one file to the board. In
parentheses: how many times faster than mpremote, then than mpytool. `repr`, `hex`, `base64`,
`deflate` and `auto` are `mpwire` with that `--encoding`; `auto` is what it does by itself.

The board is simulated: a real MicroPython with LittleFS 2 and no flash delays, behind a line that
is paced like the real one. All tools take turns on the same board, file by file, so ratios mean
more than seconds. After each copy the genuine mpremote hashed the file on the board; every file
here was right.

![Seconds to copy files of 50 KB, by link, kind of file and tool](bench.svg)
";

/// `docs/bench.md`.
pub fn document(conditions: &Conditions, results: &Results) -> String {
    let tables: String = results
        .links()
        .into_iter()
        .flat_map(|link| {
            ["\n## ", link.title(), "\n\n", &of_link(results, link)].map(str::to_owned)
        })
        .collect();
    format!(
        "{INTRODUCTION}{tables}\n\
         ## How it was measured\n\n\
         - `{}` on {}\n- {}\n- {}\n\
         - mpremote: `mpremote connect PORT resume cp FILE :NAME`\n\
         - mpytool: `mpytool -p PORT cp FILE :NAME`\n\
         - mpwire: `mpwire connect PORT resume cp --encoding ENCODING FILE :NAME`\n\
         - random: seeded bytes; source: mpremote's own Python source; log: generated sensor \
         readings; zeros. 1 KB is 1024 bytes.\n",
        conditions.command,
        conditions.date,
        conditions.machine,
        conditions.versions.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::run::tests::results;
    use crate::data::Kind;

    const SOURCE: Workload = Workload::Copy(Kind::Source, 50);

    #[test]
    fn a_row_says_how_much_faster_than_each_peer() {
        let results = results(&[
            (Link::Slow, SOURCE, Tool::Mpremote, 8.0),
            (Link::Slow, SOURCE, Tool::Mpytool, 2.0),
            (Link::Slow, SOURCE, Tool::Auto, 1.0),
        ]);
        let table = of_link(&results, Link::Slow);
        assert!(
            table.ends_with("| source 50 KB |     8.00 | 2.00 (4.0×) | 1.00 (8.0×, 2.0×) |\n"),
            "{table}"
        );
    }

    #[test]
    fn being_slower_is_never_rounded_away() {
        assert_eq!(
            [0.04, 0.98, 3.44, 211.8].map(times_faster),
            ["0.04×", "0.98×", "3.4×", "212×"]
        );
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let results = results(&[
            (Link::Usb, SOURCE, Tool::Mpremote, 8.0),
            (Link::Usb, SOURCE, Tool::Auto, 1.0),
            (Link::Usb, Workload::Evaluate, Tool::Mpremote, 0.14),
        ]);
        let table = of_link(&results, Link::Usb);
        assert!(
            table
                .lines()
                .any(|line| line.starts_with("| eval") && line.ends_with("– |"))
        );
    }

    #[test]
    fn the_document_tells_how_to_repeat_it() {
        let conditions = Conditions {
            date: "2026-08-01".to_owned(),
            command: "cargo xtask bench --runs 3".to_owned(),
            machine: "a machine".to_owned(),
            versions: vec!["mpwire 0.1.0".to_owned()],
        };
        let text = document(
            &conditions,
            &results(&[(Link::Usb, SOURCE, Tool::Auto, 1.0)]),
        );
        assert!(text.contains("`cargo xtask bench --runs 3` on 2026-08-01"));
        assert!(text.contains("## USB\n"));
        assert!(
            !text.contains("## 115200"),
            "a link that was not measured has no heading"
        );
    }
}
