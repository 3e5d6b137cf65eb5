//! One file to the board: every link, kind, size, encoding and tool.

use anyhow::{Result, ensure};
use clap::ValueEnum as _;

use super::{LINE_RATE, Suite, faster, share, share_of_line};
use crate::bench::held::{Figure, Held};
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::{self, Bench};
use crate::bench::wire;
use crate::board::Board;
use crate::data::Kind;
use crate::tool::Tool;

pub const SUITE: Suite = Suite {
    name: "files",
    title: "One file to the board",
    text: "\
`mpwire` is what it does by itself; `repr`, `hex`, `base64`, `deflate` and `stream` are `mpwire`
with that `--encoding`. The last column is the time that the bytes alone need on the wire, in
percent of mpwire's time: for random all of them, for the others what zlib's best deflate leaves of
them (level 9, window of 32 KiB).
",
    rows: "file",
    beside: &[LINE_RATE],
    beside_row: share_of_line,
    measure,
    held,
};

const LINKS: [Link; 3] = [Link::Slow, Link::Fast, Link::Usb];
const EVALUATE: &str = "eval 1+1";
/// A command of a hundredth of a second needs more runs for a median than one of ten seconds.
const LEAST_RUNS_OF_EVALUATE: usize = 5;

/// The name of a file's row.
pub fn title(kind: Kind, size: u32) -> String {
    format!("{} {size} KB", kind.name())
}

fn measure(bench: &mut Bench) -> Result<()> {
    let files = bench.selection.files();
    for link in bench.selection.links(&LINKS) {
        let evaluates = link == Link::Usb && bench.selection.evaluates();
        if files.is_empty() && !evaluates {
            continue;
        }
        let tools = bench.selection.tools_and_encodings();
        let board = bench.warm_board(link, &[], &tools)?;
        for (kind, size) in &files {
            copy(bench, &board, link, *kind, *size, &tools)?;
        }
        if evaluates {
            evaluate(bench, &board, link);
        }
    }
    Ok(())
}

fn copy(
    bench: &mut Bench,
    board: &Board,
    link: Link,
    kind: Kind,
    size: u32,
    tools: &[Tool],
) -> Result<()> {
    let source = bench.programs.tools.python_source();
    let bytes = kind.bytes(size as usize * 1024, &source);
    let name = format!("{}-{size}.{}", kind.name(), kind.extension());
    let file = bench.file(&name, &bytes)?;
    let row = Row::new(SUITE.name, link, title(kind, size))
        .with_line(link.seconds(wire::bytes_to_cross(&bytes)));
    bench.measure(row, tools, |bench, tool| bench.copy_one(board, tool, &file));
    Ok(())
}

fn evaluate(bench: &mut Bench, board: &Board, link: Link) {
    // An encoding is about files: without one, all of mpwire is one tool.
    let tools = bench.selection.tools();
    let runs = bench.selection.runs().max(LEAST_RUNS_OF_EVALUATE);
    let row = Row::new(SUITE.name, link, EVALUATE.to_owned());
    bench.take_turns(vec![row], &tools, runs, |bench, tool| {
        let finished = turns::run(&mut tool.evaluate(bench.programs, board.port()))?;
        let is_two = finished.stdout.lines().any(|line| line.trim() == "2");
        ensure!(is_two, "1+1 is {}", finished.last_words());
        Ok(vec![finished.seconds])
    });
}

fn held(results: &Results) -> Vec<Held> {
    let fifty = |kinds: &[Kind]| -> Vec<String> { kinds.iter().map(|k| title(*k, 50)).collect() };
    let one: Vec<String> = Kind::value_variants()
        .iter()
        .map(|k| title(*k, 1))
        .collect();
    let text = fifty(&[Kind::Source, Kind::Log]);
    let random = fifty(&[Kind::Random]);
    let zeros = fifty(&[Kind::Zeros]);
    let deflated = fifty(&[Kind::Source, Kind::Log, Kind::Zeros]);

    let mut held = vec![
        share(results, &SUITE, Link::Slow, 0.95, "random 50 KB", &random),
        near_the_line(results),
        share(
            results,
            &SUITE,
            Link::Slow,
            0.93,
            "source, log and zeros 50 KB",
            &deflated,
        ),
    ];
    for (peer, factor, what, titles) in [
        (Tool::Mpytool, 1.3, "random 50 KB", &random),
        (Tool::Mpytool, 1.4, "source and log 50 KB", &text),
        (Tool::Mpytool, 2.0, "every 1 KB", &one),
        (Tool::Mpytool, 2.5, "zeros 50 KB", &zeros),
        (Tool::Mpremote, 3.3, "random 50 KB", &random),
        (Tool::Mpremote, 5.5, "source and log 50 KB", &text),
        (Tool::Mpremote, 3.0, "every 1 KB", &one),
        (Tool::Mpremote, 150.0, "zeros 50 KB", &zeros),
    ] {
        held.push(faster(
            results,
            &SUITE,
            Link::Slow,
            peer,
            factor,
            what,
            titles,
        ));
    }
    let usb = fifty(&[Kind::Random, Kind::Source, Kind::Zeros]);
    let what = "random, source and zeros 50 KB";
    held.push(faster(
        results,
        &SUITE,
        Link::Usb,
        Tool::Mpytool,
        2.0,
        what,
        &usb,
    ));
    held.push(best_encoding(results));
    let evaluate = [EVALUATE.to_owned()];
    held.push(faster(
        results,
        &SUITE,
        Link::Usb,
        Tool::Mpremote,
        3.0,
        EVALUATE,
        &evaluate,
    ));
    held
}

fn near_the_line(results: &Results) -> Held {
    const MOST: f64 = 0.070;
    let figure = || {
        let row = results.row(SUITE.name, Link::Slow, &title(Kind::Random, 1))?;
        let more = row.median(Tool::Mpwire)? - row.line?;
        Some(Figure::at_most(
            MOST,
            more,
            format!("{:.0} ms", 1000.0 * more),
        ))
    };
    let asked = "115200 baud, random 1 KB: at most 70 ms more than its bytes need";
    Held::new(asked, [figure()])
}

fn best_encoding(results: &Results) -> Held {
    const MOST: f64 = 1.05;
    let figures = Kind::value_variants().iter().flat_map(|kind| {
        [1, 10, 50].map(|size| {
            let row = results.row(SUITE.name, Link::Slow, &title(*kind, size))?;
            let by_itself = row.median(Tool::Mpwire)?;
            let encodings = row.cells.iter().map(|(tool, _)| *tool);
            let (tool, best) = encodings
                .filter(|tool| matches!(tool, Tool::Encoding(_)))
                .filter_map(|tool| Some((tool, row.median(tool)?)))
                .min_by(|a, b| a.1.total_cmp(&b.1))?;
            let ratio = by_itself / best;
            let text = format!("{} {ratio:.2}× of {}", row.title, tool.name());
            Some(Figure::at_most(MOST, ratio, text))
        })
    });
    let asked = "115200 baud, every file: at most 1.05× the time of the best encoding";
    Held::new(asked, figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::held::Verdict;
    use crate::bench::results::tests::{results, row};

    #[test]
    fn each_promise_is_held_against_its_own_rows() {
        let slow = |title, cells: &[(Tool, f64)]| row(SUITE.name, Link::Slow, title, cells);
        let hex = Tool::Encoding("hex");
        let random = [
            (Tool::Mpremote, 15.4),
            (Tool::Mpytool, 6.2),
            (hex, 9.0),
            (Tool::Mpwire, 4.6),
        ];
        let results = results([
            slow("random 50 KB", &random).with_line(4.44),
            slow("random 1 KB", &[(Tool::Mpwire, 0.17)]).with_line(0.09),
        ]);
        let held = held(&results);
        let verdict = |number: usize| (held[number].to_string(), held[number].verdict);
        let (text, is) = verdict(0);
        assert_eq!(is, Verdict::Yes, "{text}");
        assert!(text.ends_with("random 50 KB 96.5 %"), "{text}");
        assert_eq!(verdict(1).1, Verdict::No);
        assert!(verdict(1).0.ends_with("80 ms"), "{}", verdict(1).0);
        // Against mpytool on random, then on source and log, which nobody measured.
        assert_eq!((verdict(3).1, verdict(4).1), (Verdict::Yes, Verdict::None));
        assert!(verdict(3).0.ends_with("1.35×"), "{}", verdict(3).0);
    }
}
