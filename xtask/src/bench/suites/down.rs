//! One file from the board.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::{LINE_RATE, Suite, faster, share, share_of_line};
use crate::bench::held::Held;
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::{self, Bench};
use crate::bench::wire;
use crate::board::Board;
use crate::data::Kind;
use crate::tool::Tool;

pub const SUITE: Suite = Suite {
    name: "down",
    title: "One file from the board",
    text: "\
`cp :FILE FILE`; the file that came is compared with the one on the board.
",
    rows: "file",
    beside: &[LINE_RATE],
    beside_row: share_of_line,
    measure,
    held,
};

const LINKS: [Link; 2] = [Link::Slow, Link::Usb];

fn title(kind: Kind) -> String {
    super::files::title(kind, 50)
}

fn measure(bench: &mut Bench) -> Result<()> {
    let mut kinds = bench.selection.kinds(&[Kind::Random, Kind::Source]);
    if bench.selection.quick() {
        kinds.truncate(1);
    }
    if kinds.is_empty() {
        return Ok(());
    }
    let tools = bench.selection.tools();
    for link in bench.selection.links(&LINKS) {
        let board = bench.warm_board(link, &[], &tools)?;
        for kind in &kinds {
            fetch(bench, &board, link, *kind, &tools)?;
        }
    }
    Ok(())
}

fn fetch(bench: &mut Bench, board: &Board, link: Link, kind: Kind, tools: &[Tool]) -> Result<()> {
    let name = format!("down.{}", kind.extension());
    let bytes = kind.bytes(50 * 1024, &bench.programs.tools.python_source());
    let file = bench.file(&name, &bytes)?;
    bench
        .copy_one(board, Tool::Mpwire, &file)
        .context("cannot put the file on the board")?;
    let fetched = bench.path("fetched");
    let row = Row::new(SUITE.name, link, title(kind))
        .with_line(link.seconds(wire::bytes_to_cross(&bytes)));
    bench.measure(row, tools, |bench, tool| {
        // Nobody must find that nothing is left to do.
        if fetched.exists() {
            fs::remove_file(&fetched).context("cannot remove the last file")?;
        }
        let mut command = tool.copy_from(bench.programs, board.port(), &name, &fetched);
        let finished = turns::run(&mut command)?;
        let got = fs::read(&fetched).context("the file did not come")?;
        ensure!(got == bytes, "the file that came is wrong");
        Ok(finished.seconds)
    });
    Ok(())
}

fn held(results: &Results) -> Vec<Held> {
    let what = "random 50 KB from the board";
    let titles = [title(Kind::Random)];
    let against =
        |link, factor| faster(results, &SUITE, link, Tool::Mpytool, factor, what, &titles);
    vec![
        share(results, &SUITE, Link::Slow, 0.93, what, &titles),
        against(Link::Slow, 2.7),
        against(Link::Usb, 1.5),
    ]
}
