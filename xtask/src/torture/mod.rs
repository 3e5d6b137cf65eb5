//! `cargo xtask torture`: everything that can go wrong does, very often, and what is left is judged.
//!
//! Each trial is one whole command of a tool on a simulated board, with one accident; the file on the
//! board, or here, is then right, or what it was before, or the tool lied. Everything has a seed, so
//! that each trial can be repeated: `--seed N --first K --count 1`.
//!
//! - `wire`: bytes of the cable are lost, flipped, doubled or delayed, the cable is pulled out, the
//!   board is reset;
//! - `soak`: all of it for hours, at a low rate;
//! - `power`: the power goes at a write to the flash;
//! - `kill`: the tool is killed at a piece of what goes over the cable;
//! - `memory`: the board has little memory, in pieces, or none at a moment;
//! - `stand` and `work`: the board, what is done there, and what is right afterwards;
//! - `progress`: how far it is; `conversation`: what went over the cable;
//! - `verdict`: what became of a trial, and their sums.

mod conversation;
mod kill;
mod memory;
mod power;
mod progress;
mod soak;
mod stand;
mod verdict;
mod wire;
mod work;

use std::iter::StepBy;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::markdown;
use crate::tool::{Programs, Tool};
use crate::{project, setup};
use progress::Progress;
use verdict::{Tally, Trial};

/// `cargo xtask torture`
#[derive(clap::Args)]
pub struct Arguments {
    /// Only these suites (default: all)
    #[arg(long, value_enum)]
    suite: Vec<Suite>,
    /// How long the soak suite works
    #[arg(long, default_value_t = 120)]
    minutes: u64,
    /// Trials of each row (default: 10,000 of wire, 1,000 of memory, and all that there are of others)
    #[arg(long)]
    count: Option<u64>,
    /// The number of the first trial
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Of those, only every one of so many
    #[arg(long, value_name = "N", default_value = "1")]
    every: NonZeroUsize,
    /// What chance begins with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these rows: a link, a direction, a filesystem
    #[arg(long)]
    only: Vec<String>,
    /// Who copies
    #[arg(long, value_parser = Tool::parse, default_values = ["mpwire"], value_delimiter = ',')]
    tool: Vec<Tool>,
    /// Torture this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    mpwire: Option<PathBuf>,
    /// Boards of the wire suite for each processor: most of a trial is waiting
    #[arg(long, default_value_t = 12)]
    boards: usize,
}

impl Arguments {
    /// The trials of a row that could go on for ever.
    fn numbers(&self, usual: u64) -> Numbers {
        let end = self.first + self.count.unwrap_or(usual);
        (self.first..end).step_by(self.every.get())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    Wire,
    Power,
    /// Only when it is asked for, since it takes `--minutes`
    Soak,
    Kill,
    Memory,
}

/// What trials are made of.
#[derive(Clone, Copy)]
struct Rack<'a> {
    programs: Programs<'a>,
    tool: Tool,
    seed: u64,
    /// The first trial of a row, and how many.
    first: u64,
    count: Option<u64>,
    /// Of these, every one of so many.
    every: NonZeroUsize,
    /// For each processor, where most of a trial is waiting.
    boards: usize,
}

/// The numbers of a row's trials.
type Numbers = StepBy<Range<u64>>;

impl Rack<'_> {
    /// Those of a row's trials that are wanted.
    fn part(&self, whole: Range<u64>) -> Numbers {
        let start = whole.start + self.first;
        let end = self.count.map_or(whole.end, |count| start + count);
        (start..end.min(whole.end)).step_by(self.every.get())
    }
}

/// Runs the trials and prints what became of them; fails where a promise is broken.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tools = setup::run()?;
    let mpwire = project::mpwire(arguments.mpwire.as_deref())?;
    let programs = Programs {
        mpwire: &mpwire,
        tools: &tools,
    };
    let wanted = |suite| arguments.suite.is_empty() || arguments.suite.contains(&suite);
    let is_selected = |name: &str| {
        let words: Vec<&str> = name.split([' ', ',']).collect();
        arguments
            .only
            .iter()
            .all(|only| words.contains(&only.as_str()))
    };
    let mut rows = Vec::new();
    for &tool in &arguments.tool {
        let rack = Rack {
            programs,
            tool,
            seed: arguments.seed,
            first: arguments.first,
            count: arguments.count,
            every: arguments.every,
            boards: arguments.boards,
        };
        if wanted(Suite::Wire) {
            rows.extend(wire::run(rack, &arguments.numbers(10_000), &is_selected)?);
        }
        if wanted(Suite::Power) {
            rows.extend(power::run(rack, &is_selected)?);
        }
        if arguments.suite.contains(&Suite::Soak) {
            let time = Duration::from_secs(60 * arguments.minutes);
            rows.extend(soak::run(rack, time, &is_selected)?);
        }
        if wanted(Suite::Kill) {
            rows.extend(kill::run(rack, &is_selected)?);
        }
        if wanted(Suite::Memory) {
            rows.extend(memory::run(rack, &arguments.numbers(1_000), &is_selected)?);
        }
    }
    print!("{}", table(&rows));
    let broken = rows.iter().any(Tally::is_broken);
    Ok(if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn table(rows: &[Tally]) -> String {
    let lines: Vec<Vec<String>> = rows.iter().map(Tally::cells).collect();
    markdown::table(&Tally::HEAD, &lines)
}

/// Judges the trials of these numbers on so many boards at once for each processor; what is odd is told
/// at once.
fn judge<Board>(
    boards: usize,
    mut tally: Tally,
    numbers: Numbers,
    new_board: impl Fn(usize) -> Result<Board> + Sync,
    trial: impl Fn(&mut Board, u64) -> Result<Trial> + Sync,
) -> Result<Tally> {
    let progress = Progress::new(numbers.clone().count() as u64);
    let left = Mutex::new(numbers);
    let next = || left.lock().expect("counting does not panic").next();
    let shared = Mutex::new((&mut tally, progress));
    let workers = boards * thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let (next, shared, new_board, trial) = (&next, &shared, &new_board, &trial);
                scope.spawn(move || -> Result<()> {
                    let mut board = new_board(worker)?;
                    while let Some(number) = next() {
                        let trial = trial(&mut board, number)?;
                        let mut shared = shared.lock().expect("no trial panics while it counts");
                        let (tally, progress) = &mut *shared;
                        if tally.is_of_note(&trial) {
                            eprintln!("{} {number}: {trial}", tally.name);
                        }
                        tally.add(&trial);
                        progress.tell(tally);
                    }
                    Ok(())
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a worker does not panic"))
    })?;
    Ok(tally)
}
