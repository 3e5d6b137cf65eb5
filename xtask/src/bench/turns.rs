//! The tools take turns on the same board, row by row.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::link::Link;
use super::results::{Results, Row};
use super::selection::Selection;
use crate::board::{Board, Hashes};
use crate::data;
use crate::process::{self, Finished};
use crate::tool::{Programs, Tool};

/// For one command. The slowest known takes 37 s (mpremote, 50 files at 115200 baud).
const PATIENCE: Duration = Duration::from_mins(3);
/// A command that takes longer than so many seconds is measured once: what disturbs a machine for
/// some tenths does not show in it, and nobody has to wait for it again.
const LONG: f64 = 6.0;

/// What the suites measure with.
pub struct Bench<'a> {
    pub programs: Programs<'a>,
    pub selection: &'a Selection,
    pub folder: &'a Path,
    pub results: Results,
}

impl<'a> Bench<'a> {
    /// A new board with nothing on it.
    pub fn board(&self, link: &str, settings: &[&str]) -> Result<Board<'a>> {
        Board::start(self.programs, self.folder, link, settings)
    }

    /// Like [`Self::board`], and each of `tools` has run once: the first start reads it from the
    /// disk and compiles Python.
    pub fn warm_board(&self, link: Link, settings: &[&str], tools: &[Tool]) -> Result<Board<'a>> {
        let board = self
            .board(link.name(), settings)
            .context("cannot start the simulated board")?;
        for tool in tools {
            // Whether it works is told by the measurements that follow.
            let _ = run(&mut tool.evaluate(self.programs, board.port()));
        }
        Ok(board)
    }

    /// Where the tools find and leave files: apart from the board's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join("files").join(name)
    }

    /// A file for the tools to copy.
    pub fn file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.path(name);
        fs::create_dir_all(self.path("")).context("cannot make a folder for the files")?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Has each of `tools` make `attempt`, `runs` times or once if it takes long, and records the
    /// seconds that it returns, one figure for each of `rows`.
    ///
    /// An attempt that returns an error is a failure of the tool, which is then not asked again.
    pub fn take_turns(
        &mut self,
        rows: Vec<Row>,
        tools: &[Tool],
        runs: usize,
        attempt: impl Fn(&Self, Tool) -> Result<Vec<f64>>,
    ) {
        if tools.is_empty() {
            return;
        }
        let first = self.results.rows.len();
        self.results.rows.extend(rows);
        // Every tool that was asked has its cell, even if it never answers.
        for row in &mut self.results.rows[first..] {
            for tool in tools {
                row.record(*tool, []);
            }
        }
        let mut tools = tools.to_vec();
        for run in 0..runs {
            if tools.is_empty() {
                return;
            }
            let name = self.name_of(first);
            eprint!("{name}, run {}:", run + 1);
            // Who comes first changes, so that no tool always follows the same one.
            let by = (run + first) % tools.len();
            tools.rotate_left(by);
            tools.retain(|tool| match attempt(self, *tool) {
                Ok(figures) => {
                    let shown: Vec<String> = figures.iter().map(|s| format!("{s:.2}")).collect();
                    eprint!(" {} {}", tool.name(), shown.join(" and "));
                    let longest = figures.iter().copied().fold(0.0, f64::max);
                    for (row, seconds) in self.results.rows[first..].iter_mut().zip(figures) {
                        row.record(*tool, [seconds]);
                    }
                    longest < LONG
                }
                Err(error) => {
                    eprintln!();
                    let name = self.name_of(first);
                    self.results
                        .fail(format!("{name}, {}: {error:#}", tool.name()));
                    for row in &mut self.results.rows[first..] {
                        row.cells.retain(|(other, _)| other != tool);
                        row.record(*tool, []);
                    }
                    false
                }
            });
            eprintln!();
        }
    }

    /// As `take_turns`, for a row with one figure.
    pub fn measure(
        &mut self,
        row: Row,
        tools: &[Tool],
        attempt: impl Fn(&Self, Tool) -> Result<f64>,
    ) {
        let runs = self.selection.runs();
        self.take_turns(vec![row], tools, runs, |bench, tool| {
            Ok(vec![attempt(bench, tool)?])
        });
    }

    fn name_of(&self, row: usize) -> String {
        let row = &self.results.rows[row];
        format!("{} {}, {}", row.suite, row.link.name(), row.title)
    }

    /// The seconds that `tool` takes to copy `file` to an empty board, on which it must then be.
    pub fn copy_one(&self, board: &Board, tool: Tool, file: &Path) -> Result<f64> {
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.context("a file without a name")?;
        let bytes = fs::read(file).context("cannot read the file again")?;
        board.clear()?;
        let finished = run(&mut tool.copy_to(self.programs, board.port(), file, name))?;
        let expected = Hashes::from([(format!("/{name}"), data::sha256(&bytes))]);
        check(board, &expected)?;
        Ok(finished.seconds)
    }
}

/// Runs a command, which must go well.
pub fn run(command: &mut Command) -> Result<Finished> {
    let finished = process::run(command, PATIENCE)?;
    ensure!(finished.success, "{}", finished.last_words());
    Ok(finished)
}

/// Whoever is faster must also be right: exactly these files must be on the board.
pub fn check(board: &Board, expected: &Hashes) -> Result<()> {
    let found = board.hashes()?;
    let wrong = expected
        .iter()
        .find(|(path, hash)| found.get(*path) != Some(hash));
    if let Some((path, _)) = wrong {
        let how = if found.contains_key(path) {
            "wrong"
        } else {
            "missing"
        };
        anyhow::bail!("{path} on the board is {how}");
    }
    let more = found.keys().find(|path| !expected.contains_key(*path));
    ensure!(
        more.is_none(),
        "{} was left on the board",
        more.map_or("", |path| path)
    );
    Ok(())
}
