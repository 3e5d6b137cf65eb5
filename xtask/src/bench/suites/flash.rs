//! Boards whose flash takes its time.

use anyhow::{Context, Result, ensure};

use super::{Suite, nothing};
use crate::bench::held::{Figure, Held};
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::{self, Bench};
use crate::bench::wire;
use crate::data::Kind;
use crate::tool::Tool;

pub const SUITE: Suite = Suite {
    name: "flash",
    title: "One file to a board with slow flash",
    text: "\
The flash takes 45 ms to erase a block of 4 KiB and 0.7 ms to program a page of 256 bytes, as a
data sheet of serial NOR flash has it. `line` is what the bytes need on the wire as above; `flash`
is how long the same board takes, by its own clock, to write the same bytes to a file when they are
in its memory already. A board that is deaf while its flash is busy loses what arrives then, as an
ESP32 does whose interrupts wait; mpwire has nothing on the wire at such times, so what it would
gain on boards that go on receiving is what their ring holds, and it leaves that.
",
    rows: "file",
    beside: &["line", "flash", "line + flash"],
    beside_row,
    measure,
    held,
};

const LINKS: [Link; 2] = [Link::Slow, Link::Usb];
const KINDS: [Kind; 2] = [Kind::Random, Kind::Source];
const DELAYS: [&str; 2] = ["erase=45", "program=0.7"];
const DEAF: [&str; 3] = ["erase=45", "program=0.7", "flash-deaf=yes"];
const TIME_FLASH: &str = include_str!("../../onboard/time_flash.py");
/// Where in the flash the blocks lie differs from one to the next.
const RUNS_OF_FLASH: usize = 3;

fn title(kind: Kind) -> String {
    super::files::title(kind, 50)
}

fn deaf_title(kind: Kind) -> String {
    format!("{}, deaf", title(kind))
}

fn measure(bench: &mut Bench) -> Result<()> {
    let mut kinds = bench.selection.kinds(&KINDS);
    if bench.selection.quick() {
        kinds.retain(|kind| *kind == Kind::Source);
    }
    let links = bench.selection.links(&LINKS);
    if kinds.is_empty() || links.is_empty() {
        return Ok(());
    }
    let source = bench.programs.tools.python_source();
    let mut files = Vec::new();
    for kind in kinds {
        let bytes = kind.bytes(50 * 1024, &source);
        let seconds = flash_seconds(bench, &bytes).context("cannot time the flash")?;
        files.push((kind, bytes, seconds));
    }
    let tools = bench.selection.tools();
    for link in links {
        let board = bench.warm_board(link, &DELAYS, &tools)?;
        for (kind, bytes, flash) in &files {
            let file = bench.file(&format!("flash.{}", kind.extension()), bytes)?;
            let mut row = Row::new(SUITE.name, link, title(*kind))
                .with_line(link.seconds(wire::bytes_to_cross(bytes)));
            row.flash = Some(*flash);
            bench.measure(row, &tools, |bench, tool| {
                bench.copy_one(&board, tool, &file)
            });
        }
        if link == Link::Slow && tools.contains(&Tool::Mpwire) {
            measure_deaf(bench, &files)?;
        }
    }
    Ok(())
}

/// As the rows before it, on a board that loses what arrives while its flash is busy.
fn measure_deaf(bench: &mut Bench, files: &[(Kind, Vec<u8>, f64)]) -> Result<()> {
    let tools = [Tool::Mpwire];
    let board = bench.warm_board(Link::Slow, &DEAF, &tools)?;
    for (kind, bytes, flash) in files {
        let file = bench.file(&format!("flash.{}", kind.extension()), bytes)?;
        let mut row = Row::new(SUITE.name, Link::Slow, deaf_title(*kind))
            .with_line(Link::Slow.seconds(wire::bytes_to_cross(bytes)));
        row.flash = Some(*flash);
        bench.measure(row, &tools, |bench, tool| {
            bench.copy_one(&board, tool, &file)
        });
    }
    Ok(())
}

/// How long the board takes to write `bytes` to a file, by its own clock.
fn flash_seconds(bench: &Bench, bytes: &[u8]) -> Result<f64> {
    let board = bench.board("fast", &DELAYS)?;
    let file = bench.file("sent.bin", bytes)?;
    bench.copy_one(&board, Tool::Mpwire, &file)?;
    let mut seconds = Vec::new();
    for _ in 0..RUNS_OF_FLASH {
        let mut command = Tool::Mpwire.connected(bench.programs, board.port());
        let finished = turns::run(command.args(["exec", TIME_FLASH]))?;
        let said = finished.stdout.trim();
        let milliseconds: u32 = said.parse().with_context(|| format!("it said {said:?}"))?;
        ensure!(milliseconds > 0, "the flash takes no time");
        seconds.push(f64::from(milliseconds) / 1000.0);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[RUNS_OF_FLASH / 2])
}

fn beside_row(_: &Results, row: &Row) -> Vec<String> {
    let sum = row.line.zip(row.flash).map(|(line, flash)| line + flash);
    [row.line, row.flash, sum]
        .map(|seconds| seconds.map_or_else(nothing, |seconds| format!("{seconds:.2}")))
        .into()
}

fn held(results: &Results) -> Vec<Held> {
    let figure = |link, title: &str, most: fn(f64, f64) -> f64| {
        let row = results.row(SUITE.name, link, title)?;
        let (seconds, most) = (row.median(Tool::Mpwire)?, most(row.line?, row.flash?));
        let text = format!("{} {seconds:.2} s of {most:.2} s", row.title);
        Some(Figure::at_most(most, seconds, text))
    };
    let slow = KINDS.map(title).into_iter().chain(KINDS.map(deaf_title));
    vec![
        Held::new(
            "115200 baud, slow flash: at most 1.02 × (line + flash) + 100 ms",
            slow.map(|title| {
                figure(Link::Slow, &title, |line, flash| {
                    1.02 * (line + flash) + 0.100
                })
            }),
        ),
        Held::new(
            "USB, slow flash: at most 1.1 × flash + 150 ms",
            KINDS.map(|kind| figure(Link::Usb, &title(kind), |_, flash| 1.1 * flash + 0.150)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::tests::{results, row};

    #[test]
    fn slow_flash_is_given_the_time_that_was_measured() {
        let row = |title, seconds| {
            let row = row(SUITE.name, Link::Slow, title, &[(Tool::Mpwire, seconds)]);
            let mut row = row.with_line(4.0);
            row.flash = Some(1.0);
            row
        };
        let results = results([row("random 50 KB", 5.1), row("source 50 KB", 5.3)]);
        assert_eq!(
            beside_row(&results, &results.rows[0]),
            ["4.00", "1.00", "5.00"]
        );
        assert_eq!(
            held(&results)[0].to_string(),
            "no: 115200 baud, slow flash: at most 1.02 × (line + flash) + 100 ms – \
             source 50 KB 5.30 s of 5.20 s; 2 of 4 rows not measured"
        );
    }
}
