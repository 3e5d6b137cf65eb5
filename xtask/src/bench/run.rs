//! Running the measurements, and checking what each of them left on the board.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::cells::{Cell, Filters, Link, Programs, Tool, Workload};
use crate::board::Board;
use crate::data;
use crate::process::{self, Finished};

/// For one command. The slowest known takes 22 s (mpremote, 50 KB of zeros at 115200 baud).
const PATIENCE: Duration = Duration::from_secs(90);
/// A command of a tenth of a second needs more runs for a median than one of ten seconds.
const LEAST_RUNS_OF_EVALUATE: usize = 5;

/// Everything that was measured.
#[derive(Default)]
pub struct Results {
    /// The seconds of each run that went well.
    pub seconds: BTreeMap<Cell, Vec<f64>>,
    /// What went wrong, as sentences.
    pub failures: Vec<String>,
}

impl Results {
    /// The median of a cell's runs.
    pub fn median(&self, link: Link, workload: Workload, tool: Tool) -> Option<f64> {
        let mut seconds = self
            .seconds
            .get(&Cell {
                link,
                workload,
                tool,
            })?
            .clone();
        seconds.sort_by(f64::total_cmp);
        let middle = seconds.len() / 2;
        match seconds.len() {
            0 => None,
            length if length % 2 == 1 => Some(seconds[middle]),
            _ => Some(f64::midpoint(seconds[middle - 1], seconds[middle])),
        }
    }

    /// How many times faster `tool` was than `other`.
    pub fn ratio(&self, link: Link, workload: Workload, tool: Tool, other: Tool) -> Option<f64> {
        Some(self.median(link, workload, other)? / self.median(link, workload, tool)?)
    }

    /// The links that were measured, in their order.
    pub fn links(&self) -> Vec<Link> {
        unique(self.seconds.keys().map(|cell| cell.link))
    }

    /// What was measured on `link`, in its order.
    pub fn workloads(&self, link: Link) -> Vec<Workload> {
        unique(
            self.seconds
                .keys()
                .filter(|cell| cell.link == link)
                .map(|cell| cell.workload),
        )
    }

    /// The tools that were measured, in their order.
    pub fn tools(&self) -> Vec<Tool> {
        let mut tools: Vec<Tool> = self.seconds.keys().map(|cell| cell.tool).collect();
        tools.sort();
        unique(tools.into_iter())
    }

    fn record(&mut self, cell: Cell, seconds: f64) {
        self.seconds.entry(cell).or_default().push(seconds);
    }

    fn fail(&mut self, cell: Cell, reason: &str) {
        let sentence = format!(
            "{}, {}, {}: {reason}",
            cell.link.name(),
            cell.workload.title(),
            cell.tool.name()
        );
        eprintln!("FAILED: {sentence}");
        self.failures.push(sentence);
    }
}

/// Of a sorted sequence.
fn unique<T: PartialEq>(sorted: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = sorted.collect();
    values.dedup();
    values
}

/// Measures everything that `filters` leave, `runs` times.
pub fn measure(
    programs: Programs,
    folder: &Path,
    filters: &Filters,
    runs: usize,
) -> Result<Results> {
    let mut results = Results::default();
    for link in filters.links() {
        let workloads = filters.workloads(link);
        if workloads.is_empty() {
            continue;
        }
        let board = Board::start(programs.mpwire, programs.tools, folder, link.name())?;
        let mut bench = Bench {
            programs,
            folder,
            link,
            port: board.port(),
            tools: filters.tools(),
            results: &mut results,
        };
        bench.warm_up();
        for run in 0..runs.max(LEAST_RUNS_OF_EVALUATE) {
            for (index, workload) in workloads.iter().enumerate() {
                // Who comes first changes, so that no tool always follows the same one.
                bench.tools = filters.tools();
                let first = (run + index) % bench.tools.len();
                bench.tools.rotate_left(first);
                match *workload {
                    Workload::Evaluate => bench.evaluate(),
                    Workload::Copy(kind, size) if run < runs => {
                        bench.copy(run, kind, size)?;
                    }
                    Workload::Copy(..) => {}
                }
            }
        }
    }
    Ok(results)
}

/// The measurements on one link: one board, all tools in turn.
struct Bench<'a> {
    programs: Programs<'a>,
    folder: &'a Path,
    link: Link,
    port: &'a Path,
    tools: Vec<Tool>,
    results: &'a mut Results,
}

impl Bench<'_> {
    /// Each program once, not timed: the first start reads it from the disk and compiles Python.
    fn warm_up(&self) {
        for tool in &self.tools {
            // Whether it works is told by the measurements that follow.
            let _ = self.finish(&mut tool.evaluate(&self.programs, self.port));
        }
    }

    fn evaluate(&mut self) {
        // An encoding is about files: without one, all of mpwire is one tool.
        let tools: Vec<Tool> = self
            .tools
            .iter()
            .copied()
            .filter(|tool| !tool.is_forced())
            .collect();
        for tool in tools {
            let cell = Cell {
                link: self.link,
                workload: Workload::Evaluate,
                tool,
            };
            match self.finish(&mut tool.evaluate(&self.programs, self.port)) {
                Ok(finished) if finished.stdout.lines().any(|line| line.trim() == "2") => {
                    self.results.record(cell, finished.seconds);
                }
                Ok(finished) => self.results.fail(cell, finished.last_words()),
                Err(error) => self.results.fail(cell, &error.to_string()),
            }
        }
    }

    /// One file by every tool, one after the other, then the check of all of them.
    fn copy(&mut self, run: usize, kind: data::Kind, size: u32) -> Result<()> {
        let bytes = kind.bytes(
            size as usize * 1024,
            self.programs.tools.mpremote_source().as_deref(),
        );
        let file = self
            .folder
            .join(format!("{}-{size}.{}", kind.name(), kind.extension()));
        fs::write(&file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;

        let workload = Workload::Copy(kind, size);
        eprint!(
            "{} {}, run {}:",
            self.link.name(),
            workload.title(),
            run + 1
        );
        let mut copied = Vec::new();
        for tool in self.tools.clone() {
            let cell = Cell {
                link: self.link,
                workload,
                tool,
            };
            // A name of its own: no tool must find an earlier one's file and skip the copy.
            let name = format!("{}-{run}.{}", tool.name(), kind.extension());
            match self.finish(&mut tool.copy(&self.programs, self.port, &file, &name)) {
                Ok(finished) if finished.success => {
                    eprint!(" {} {:.2}", tool.name(), finished.seconds);
                    copied.push((cell, name, finished.seconds));
                }
                Ok(finished) => {
                    eprintln!();
                    self.results.fail(cell, finished.last_words());
                }
                Err(error) => {
                    eprintln!();
                    self.results.fail(cell, &error.to_string());
                }
            }
        }
        eprintln!();
        self.check(&data::sha256(&bytes), copied);
        Ok(())
    }

    /// Has the genuine mpremote hash what is on the board: whoever is faster must also be right.
    fn check(&mut self, expected: &str, copied: Vec<(Cell, String, f64)>) {
        if copied.is_empty() {
            return;
        }
        let paths: Vec<String> = copied
            .iter()
            .map(|(_, name, _)| format!(":{name}"))
            .collect();
        let said = self
            .finish(self.mpremote("sha256sum").args(&paths))
            .map(|finished| finished.stdout + "\n" + &finished.stderr);
        let hashes: Vec<String> = match &said {
            Ok(text) => hashes(text),
            Err(error) => {
                eprintln!("mpremote sha256sum: {error}");
                Vec::new()
            }
        };
        let complete = hashes.len() == copied.len();
        for (index, (cell, _, seconds)) in copied.into_iter().enumerate() {
            if complete && hashes[index] == expected {
                self.results.record(cell, seconds);
            } else if complete {
                self.results.fail(cell, "the file on the board is wrong");
            } else {
                self.results
                    .fail(cell, "the file on the board could not be checked");
            }
        }
        // A file that is missing has been reported above.
        let _ = self.finish(self.mpremote("rm").args(&paths));
    }

    fn mpremote(&self, command: &str) -> Command {
        let mut program = Command::new(self.programs.tools.program("mpremote"));
        program
            .arg("connect")
            .arg(self.port)
            .args(["resume", command]);
        program
    }

    fn finish(&self, command: &mut Command) -> Result<Finished> {
        self.programs.tools.export(command);
        process::run(command, PATIENCE)
    }
}

/// The SHA-256 sums in what `sha256sum` printed, in their order.
fn hashes(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Where a bench keeps its files.
pub fn folder() -> PathBuf {
    crate::project::target("bench")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Results as if each cell had been measured once.
    pub fn results(cells: &[(Link, Workload, Tool, f64)]) -> Results {
        let mut results = Results::default();
        for &(link, workload, tool, seconds) in cells {
            results.record(
                Cell {
                    link,
                    workload,
                    tool,
                },
                seconds,
            );
        }
        results
    }

    const EVAL: Cell = Cell {
        link: Link::Usb,
        workload: Workload::Evaluate,
        tool: Tool::Auto,
    };

    fn median(seconds: &[f64]) -> Option<f64> {
        let mut results = Results::default();
        for value in seconds {
            results.record(EVAL, *value);
        }
        results.median(EVAL.link, EVAL.workload, EVAL.tool)
    }

    #[test]
    fn one_slow_run_does_not_move_the_figure() {
        assert_eq!(median(&[0.3, 9.0, 0.1]), Some(0.3));
        assert_eq!(median(&[0.25, 0.75]), Some(0.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn hashes_are_found_among_mpremotes_verbose_lines() {
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(hashes(&format!("sha256sum :a.bin\n{hash}\r\n")), [hash]);
    }
}
