//! Links on which an answer takes its time.

use anyhow::Result;

use super::{LINE_RATE, Suite, share, share_of_line};
use crate::bench::held::Held;
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::Bench;
use crate::bench::wire;
use crate::data::Kind;

pub const SUITE: Suite = Suite {
    name: "latency",
    title: "One file over a link with latency",
    text: "\
16 ms from a byte to its answer are what USB-serial chips add when nobody tunes them, 50 ms what a
network between host and board adds.
",
    rows: "file and round trip",
    beside: &[LINE_RATE],
    beside_row: share_of_line,
    measure,
    held,
};

const LINK: Link = Link::Slow;
const KIND: Kind = Kind::Random;
/// Milliseconds each way.
const LATENCIES: [u32; 2] = [8, 25];

fn title(latency: u32) -> String {
    format!("{}, {} ms", super::files::title(KIND, 50), 2 * latency)
}

fn measure(bench: &mut Bench) -> Result<()> {
    if bench.selection.kinds(&[KIND]).is_empty() || bench.selection.links(&[LINK]).is_empty() {
        return Ok(());
    }
    let tools = bench.selection.tools();
    let latencies = if bench.selection.quick() {
        &LATENCIES[..1]
    } else {
        &LATENCIES
    };
    let bytes = KIND.bytes(50 * 1024, &[]);
    let file = bench.file("latency.bin", &bytes)?;
    for latency in latencies {
        let board = bench.warm_board(LINK, &[&format!("latency={latency}")], &tools)?;
        let row = Row::new(SUITE.name, LINK, title(*latency))
            .with_line(LINK.seconds(wire::bytes_to_cross(&bytes)));
        bench.measure(row, &tools, |bench, tool| {
            bench.copy_one(&board, tool, &file)
        });
    }
    Ok(())
}

fn held(results: &Results) -> Vec<Held> {
    let titles = LATENCIES.map(title);
    let what = "round trips of 16 and 50 ms";
    vec![share(results, &SUITE, LINK, 0.85, what, &titles)]
}
