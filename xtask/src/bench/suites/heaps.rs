//! Boards with little memory.

use anyhow::Result;

use super::{LINE_RATE, Suite, nothing, share_of_line};
use crate::bench::held::{Figure, Held};
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::Bench;
use crate::bench::wire;
use crate::data::Kind;
use crate::tool::Tool;

pub const SUITE: Suite = Suite {
    name: "heaps",
    title: "One file to a board with little memory",
    text: "\
The heap is the interpreter's own on a 64-bit machine, where everything takes twice the room that
it takes on a board.
",
    rows: "file and heap",
    beside: &["of the 1 MiB board", LINE_RATE],
    beside_row,
    measure,
    held,
};

const LINK: Link = Link::Slow;
const KINDS: [Kind; 2] = [Kind::Random, Kind::Source];
/// In KiB; the first is what the others are compared with.
const HEAPS: [u32; 5] = [1024, 64, 32, 24, 16];

fn title(kind: Kind, heap: u32) -> String {
    format!("{}, {heap} KiB", super::files::title(kind, 50))
}

fn measure(bench: &mut Bench) -> Result<()> {
    let mut kinds = bench.selection.kinds(&KINDS);
    if bench.selection.quick() {
        kinds.retain(|kind| *kind == Kind::Source);
    }
    if !bench.selection.tool(Tool::Mpwire) || bench.selection.links(&[LINK]).is_empty() {
        return Ok(());
    }
    for kind in kinds {
        let bytes = kind.bytes(50 * 1024, &bench.programs.tools.python_source());
        let file = bench.file(&format!("heap.{}", kind.extension()), &bytes)?;
        for heap in HEAPS {
            let mut row = Row::new(SUITE.name, LINK, title(kind, heap))
                .with_line(LINK.seconds(wire::bytes_to_cross(&bytes)));
            match bench.board(LINK.name(), &[&format!("heap={heap}k")]) {
                Ok(board) => bench.measure(row, &[Tool::Mpwire], |bench, tool| {
                    bench.copy_one(&board, tool, &file)
                }),
                Err(why) => {
                    eprintln!("{}: refused: {why:#}", row.title);
                    row.refused = Some(format!("{why:#}"));
                    row.record(Tool::Mpwire, []);
                    bench.results.rows.push(row);
                }
            }
        }
    }
    Ok(())
}

/// The row's time over that of the same file to the largest board.
fn slowdown(results: &Results, row: &Row) -> Option<f64> {
    let is_same_file = |kind: &Kind| row.title.starts_with(kind.name());
    let kind = KINDS.into_iter().find(is_same_file)?;
    let largest = results.row(SUITE.name, LINK, &title(kind, HEAPS[0]))?;
    Some(row.median(Tool::Mpwire)? / largest.median(Tool::Mpwire)?)
}

fn beside_row(results: &Results, row: &Row) -> Vec<String> {
    let times = slowdown(results, row).map_or_else(nothing, |times| format!("{times:.2}×"));
    let mut cells = vec![times];
    cells.extend(share_of_line(results, row));
    cells
}

fn held(results: &Results) -> Vec<Held> {
    let figures = KINDS.iter().flat_map(|kind| {
        [64, 32, 24].map(|heap| {
            let row = results.row(SUITE.name, LINK, &title(*kind, heap))?;
            let times = slowdown(results, row)?;
            // Any time will do: the figure is there to be read.
            let text = format!("{} {times:.2}× the time of 1 MiB", row.title);
            Some(Figure::at_most(f64::MAX, times, text))
        })
    });
    vec![Held::new(
        "115200 baud, heaps of 64, 32 and 24 KiB: the file arrives",
        figures,
    )]
}
