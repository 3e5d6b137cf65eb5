//! Hours of copies, mounted folders and resets on a cable that damages one byte in 100,000.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mpwire_sim::Random;
use tempfile::TempDir;

use super::Rack;
use super::stand::{DEADLINE, or_failed};
use super::verdict::{Tally, Trial, Verdict};
use super::wire::{LINKS, Place, USE_FOLDER, turned};
use crate::process::{self, Finished};
use crate::tool::Tool;

/// How likely it is that a byte is lost, flipped, doubled or taken with its packet.
const ERROR_RATE: &str = "error-rate=0.00001";
/// What a program prints of the board's memory.
const FREE_MEMORY: &str = "import gc; gc.collect(); print(gc.mem_free())";
/// How much less memory a board may have at the end than after the first operations, which intern
/// names for good: a few blocks of its heap.
const BOARD_GROWTH: i64 = 2048;
/// How many operations there are between two looks at the memory.
const LOOK_EVERY: u64 = 25;
/// How much more memory of this computer a board and what is said to it may take at the end: what
/// grows with each operation is more.
const HOST_GROWTH: u64 = 16 << 20;

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Up,
    Down,
    Tree,
    Mount,
    SoftReset,
    HardReset,
}

const OPERATIONS: [Operation; 12] = [
    Operation::Up,
    Operation::Up,
    Operation::Up,
    Operation::Down,
    Operation::Down,
    Operation::Down,
    Operation::Tree,
    Operation::Mount,
    Operation::Mount,
    Operation::Mount,
    Operation::SoftReset,
    Operation::HardReset,
];

/// A board of each link, at work for `time`.
pub(super) fn run(
    rack: Rack,
    time: Duration,
    is_selected: &dyn Fn(&str) -> bool,
) -> Result<Vec<Tally>> {
    let end = Instant::now() + time;
    let memory = host_memory();
    let rows = thread::scope(|scope| {
        let mut threads = Vec::new();
        for (link, parameters) in LINKS {
            let name = format!("soak, {link}, {}", rack.tool.name());
            if is_selected(&name) {
                threads.push(scope.spawn(move || {
                    soak(rack, name.clone(), parameters, end)
                        // The others go on for hours.
                        .inspect_err(|error| eprintln!("{name}: {error:#}"))
                }));
            }
        }
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a worker does not panic"))
            .collect::<Result<Vec<Tally>>>()
    })?;
    if let (Some(before), Some(after)) = (memory, host_memory()) {
        eprintln!("soak: {} KiB here, then {} KiB", before >> 10, after >> 10);
        ensure!(
            after < before + HOST_GROWTH,
            "the simulated boards have taken more and more memory"
        );
    }
    Ok(rows)
}

fn soak(rack: Rack, name: String, parameters: &str, end: Instant) -> Result<Tally> {
    let mut tally = Tally::harmless(name);
    let mut stand = Stand::new(rack, parameters)?;
    let mut random = Random::new(rack.seed);
    let mut first = None;
    let mut last = 0;
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        let operation = OPERATIONS[random.below(OPERATIONS.len() as u64) as usize];
        let trial = stand.trial(operation, &mut random)?;
        if tally.is_of_note(&trial) {
            eprintln!("{} {number}: {trial}", tally.name);
        }
        tally.add(&trial);
        if number % LOOK_EVERY == 0 {
            last = stand.free_memory()?;
            let first = *first.get_or_insert(last);
            ensure!(
                last > first - BOARD_GROWTH,
                "{}: the board had {first} bytes of memory free, and has {last}",
                tally.name
            );
        }
    }
    if let Some(first) = first {
        eprintln!(
            "{}: the board had {first} bytes of memory free, and has {last}",
            tally.name
        );
    }
    Ok(tally)
}

/// A board, and what should be on it.
struct Stand<'a> {
    rack: Rack<'a>,
    folder: TempDir,
    place: Place,
    /// What the file on the board holds, if it is there.
    there: Option<Vec<u8>>,
}

impl<'a> Stand<'a> {
    fn new(rack: Rack<'a>, parameters: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let parameters = format!("{parameters}&{ERROR_RATE}&seed={}", rack.seed);
        let place = Place::new(&parameters, folder.path().join("board"))?;
        Ok(Self {
            rack,
            folder,
            place,
            there: None,
        })
    }

    fn trial(&mut self, operation: Operation, random: &mut Random) -> Result<Trial> {
        let data = file(random);
        let (verdict, finished) = match operation {
            Operation::Up => self.up(&data)?,
            Operation::Down => self.down(),
            Operation::Tree => self.tree(random)?,
            Operation::Mount => self.mount(&data)?,
            Operation::SoftReset => self.soft_reset(),
            Operation::HardReset => {
                self.place.board.power_cycle();
                self.soft_reset()
            }
        };
        let verdict = if finished.panicked() {
            Verdict::Amiss
        } else if finished.seconds < DEADLINE.as_secs_f64() {
            verdict
        } else {
            Verdict::Stuck
        };
        Ok(Trial {
            verdict,
            what: format!("{operation:?}: {}", finished.last_words()),
            seconds: finished.seconds,
        })
    }

    fn up(&mut self, data: &[u8]) -> Result<(Verdict, Finished)> {
        let path = self.local("new");
        fs::write(&path, data)?;
        let Rack { programs, tool, .. } = self.rack;
        let finished = run_command(&mut tool.copy_to(programs, &self.place.port, &path, "file"));
        let found = self.fetch()?;
        let is_new = found.as_deref() == Some(data);
        let is_old = found == self.there;
        self.there = found;
        Ok((verdict(finished.success, is_new, is_old), finished))
    }

    fn down(&self) -> (Verdict, Finished) {
        let Some(expected) = self.there.clone() else {
            return self.soft_reset();
        };
        let path = self.local("down");
        let Rack { programs, tool, .. } = self.rack;
        let _ = fs::remove_file(&path);
        let finished = run_command(&mut tool.copy_from(programs, &self.place.port, "file", &path));
        let found = fs::read(&path).ok();
        let is_new = found.as_ref() == Some(&expected);
        (verdict(finished.success, is_new, found.is_none()), finished)
    }

    /// A tree there, and another way round back.
    fn tree(&mut self, random: &mut Random) -> Result<(Verdict, Finished)> {
        let tree = self.local("tree");
        for index in 0..4 {
            let path = tree.join(format!("folder{}", index % 2));
            fs::create_dir_all(&path)?;
            fs::write(path.join(format!("file{index}")), file(random))?;
        }
        let Rack { programs, tool, .. } = self.rack;
        let port = &self.place.port;
        let finished = run_command(&mut tool.copy_tree_to(programs, port, &tree));
        if !finished.success {
            return Ok((Verdict::Told, finished));
        }
        let mut back = Tool::Mpwire.connected(programs, port);
        let target = self.local("back");
        let _ = fs::remove_dir_all(&target);
        fs::create_dir_all(&target)?;
        back.args(["cp", "-r", ":tree"]).arg(&target);
        let returned = run_command(&mut back);
        let is_right = !returned.success || is_same(&tree, &target.join("tree"))?;
        Ok((verdict(true, is_right, false), finished))
    }

    fn mount(&mut self, data: &[u8]) -> Result<(Verdict, Finished)> {
        let folder = self.local("folder");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("given.bin"), data)?;
        fs::write(folder.join("u.py"), USE_FOLDER)?;
        let _ = fs::remove_file(folder.join("made.bin"));
        let mut command = self
            .rack
            .tool
            .connected(self.rack.programs, &self.place.port);
        command.arg("mount").arg(&folder);
        command.args(["exec", "exec(open('u.py').read(), {})"]);
        let finished = run_command(&mut command);
        let made = fs::read(folder.join("made.bin")).ok();
        let is_new = made.as_deref() == Some(&turned(data));
        Ok((verdict(finished.success, is_new, true), finished))
    }

    fn soft_reset(&self) -> (Verdict, Finished) {
        let Rack { programs, tool, .. } = self.rack;
        let mut command = tool.connected(programs, &self.place.port);
        command.args(["soft-reset", "eval", "6*7"]);
        let finished = run_command(&mut command);
        // What a program prints has no checksum, and what is evaluated neither.
        let verdict = if finished.success {
            Verdict::Right
        } else {
            Verdict::Told
        };
        (verdict, finished)
    }

    /// What is on the board. What is said of it may be damaged as well, but not twice alike.
    fn fetch(&self) -> Result<Option<Vec<u8>>> {
        let path = self.local("fetched");
        let port = &self.place.port;
        let mut command = Tool::Mpwire.copy_from(self.rack.programs, port, "file", &path);
        let finished = run_command(&mut command);
        if finished.success {
            return Ok(Some(fs::read(&path)?));
        }
        ensure!(
            finished.stderr.contains("No such file"),
            "the board does not answer any more: {}",
            finished.last_words()
        );
        Ok(None)
    }

    fn free_memory(&self) -> Result<i64> {
        let mut said = Vec::new();
        // One of three may be damaged.
        for _ in 0..3 {
            let mut command = Tool::Mpwire.connected(self.rack.programs, &self.place.port);
            command.args(["soft-reset", "exec", FREE_MEMORY]);
            let finished = run_command(&mut command);
            said.extend(finished.stdout.trim().parse::<i64>());
        }
        said.sort_unstable();
        let middle = said.get(said.len() / 2).copied();
        middle.context("the board does not tell of its memory")
    }

    fn local(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// What hangs is ended, and has failed.
fn run_command(command: &mut Command) -> Finished {
    or_failed(process::run(command, DEADLINE))
}

fn verdict(success: bool, is_new: bool, is_old: bool) -> Verdict {
    match (success, is_new, is_old) {
        (true, true, _) => Verdict::Right,
        (true, false, _) => Verdict::Lie,
        (false, true, _) | (false, _, true) => Verdict::Told,
        (false, false, false) => Verdict::Torn,
    }
}

/// Noise, up to 16 KiB.
fn file(random: &mut Random) -> Vec<u8> {
    let size = random.below(16 << 10);
    (0..size).map(|_| random.number() as u8).collect()
}

fn is_same(left: &Path, right: &Path) -> Result<bool> {
    for entry in fs::read_dir(left)? {
        let entry = entry?;
        let other = right.join(entry.file_name());
        let same = if entry.file_type()?.is_dir() {
            is_same(&entry.path(), &other)?
        } else {
            fs::read(entry.path())? == fs::read(&other).unwrap_or_default()
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Bytes of memory that this process has, where the system tells.
fn host_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}
