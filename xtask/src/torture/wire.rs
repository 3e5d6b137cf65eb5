//! One accident on the cable in a copy.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mpwire_sim::{Accident, Board, Direction, Fault, Options};
use tempfile::TempDir;

use super::verdict::{Tally, Trial, Verdict};
use super::{Rack, judge};
use crate::process;

/// The classes of links, as the simulator's parameters.
const LINKS: [(&str, &str); 3] = [
    ("uart", "link=uart:921600"),
    ("usb", "link=usb"),
    // A USB port of an stm32: no back-pressure (`board-facts`: ring of 1023 bytes).
    ("stm32", "link=usb&backpressure=no&ring=1023"),
];
const DIRECTIONS: [&str; 2] = ["up", "down"];
/// Longer than any promise allows: what takes this long hangs.
const DEADLINE: Duration = Duration::from_mins(1);
/// The largest file.
const SIZE_MOST: u64 = 24 * 1024;

pub(super) fn run(
    rack: Rack,
    numbers: Range<u64>,
    is_selected: &dyn Fn(&str) -> bool,
) -> Result<Vec<Tally>> {
    let mut rows = Vec::new();
    for (link, parameters) in LINKS {
        for direction in DIRECTIONS {
            let name = format!("wire, {link}, {direction}, {}", rack.tool.name());
            if is_selected(&name) {
                rows.push(judge(
                    Tally::new(name),
                    numbers.clone(),
                    |_| Stand::new(rack, parameters),
                    |stand, number| stand.trial(direction == "up", number),
                )?);
            }
        }
    }
    Ok(rows)
}

/// A board and the files that go to and from it.
struct Stand<'a> {
    rack: Rack<'a>,
    board: Board,
    folder: TempDir,
    port: PathBuf,
}

impl<'a> Stand<'a> {
    fn new(rack: Rack<'a>, parameters: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let port = folder.path().join("board");
        let board = Board::start(Options::parse(parameters)?)?;
        board.attach_pty(&port)?;
        Ok(Self {
            rack,
            board,
            folder,
            port,
        })
    }

    fn trial(&mut self, is_up: bool, number: u64) -> Result<Trial> {
        let mut random = Random::new(self.rack.seed, number);
        let (old, new) = (random.file(), random.file());
        self.board.expect_accidents(Vec::new());
        self.place(&old)?;
        // How many bytes go each way when nothing happens tells where something can happen.
        let before = self.board.counters();
        ensure!(self.copy(is_up, &new, &old)?.success, "a clean copy failed");
        let after = self.board.counters();
        self.place(&old)?;
        let bytes = [
            after.bytes_to_board - before.bytes_to_board,
            after.bytes_from_board - before.bytes_from_board,
        ];
        let accident = random.accident(bytes);
        self.board.expect_accidents(vec![accident]);
        let finished = self.copy(is_up, &new, &old);
        self.board.expect_accidents(Vec::new());
        let (found, expected, before) = if is_up {
            (self.fetch()?, &new, Some(&old))
        } else {
            (fs::read(self.local("down")).ok(), &old, None)
        };
        let is_right = found.as_ref() == Some(expected);
        let is_old = found.as_ref() == before;
        let (verdict, said, seconds) = match finished {
            Ok(finished) if finished.success => {
                let verdict = if is_right {
                    Verdict::Right
                } else {
                    Verdict::Lie
                };
                (verdict, String::new(), finished.seconds)
            }
            Ok(finished) => {
                let is_whole = is_right || is_old;
                let verdict = if is_whole {
                    Verdict::Told
                } else {
                    Verdict::Torn
                };
                (verdict, finished.last_words().to_owned(), finished.seconds)
            }
            Err(error) => (Verdict::Told, error.to_string(), DEADLINE.as_secs_f64()),
        };
        Ok(Trial {
            verdict,
            what: format!("{accident:?} {said}"),
            seconds,
        })
    }

    /// Puts `data` on the board, where nothing goes wrong.
    fn place(&self, data: &[u8]) -> Result<()> {
        let path = self.local("old");
        fs::write(&path, data)?;
        let mut command =
            crate::tool::Tool::Mpwire.copy_to(self.rack.programs, &self.port, &path, "file");
        let finished = process::run(&mut command, DEADLINE)?;
        ensure!(finished.success, "no clean copy: {}", finished.last_words());
        Ok(())
    }

    /// The copy that suffers.
    fn copy(&self, is_up: bool, new: &[u8], _old: &[u8]) -> Result<process::Finished> {
        let Rack { programs, tool, .. } = self.rack;
        let mut command = if is_up {
            let path = self.local("new");
            fs::write(&path, new)?;
            tool.copy_to(programs, &self.port, &path, "file")
        } else {
            let path = self.local("down");
            if path.exists() {
                fs::remove_file(&path)?;
            }
            tool.copy_from(programs, &self.port, "file", &path)
        };
        process::run(&mut command, DEADLINE)
    }

    /// What is on the board.
    fn fetch(&self) -> Result<Option<Vec<u8>>> {
        let path = self.local("fetched");
        let mut command =
            crate::tool::Tool::Mpwire.copy_from(self.rack.programs, &self.port, "file", &path);
        let finished = process::run(&mut command, DEADLINE)?;
        if finished.success {
            return Ok(Some(fs::read(&path)?));
        }
        ensure!(
            finished.stderr.contains("No such file"),
            "the board does not answer after it: {}",
            finished.last_words()
        );
        Ok(None)
    }

    fn local(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Chance, for one trial.
struct Random(u64);

impl Random {
    fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Noise or lines of text, mostly short.
    fn file(&mut self) -> Vec<u8> {
        let most = 1 << (4 + self.below(11));
        let size = self.below(most.min(SIZE_MOST)) as usize;
        if self.below(2) == 0 {
            return (0..size).map(|_| self.next() as u8).collect();
        }
        let mut text = Vec::with_capacity(size + 40);
        while text.len() < size {
            let (name, value) = (self.below(300), self.below(1 << 20));
            text.extend(format!("sensor_{name} = read({value})\n").bytes());
        }
        text.truncate(size);
        text
    }

    /// Something at one of so many bytes to and from the board.
    fn accident(&mut self, bytes: [u64; 2]) -> Accident {
        let place = self.below(bytes[0] + bytes[1]);
        let (direction, at) = match place.checked_sub(bytes[0]) {
            None => (Direction::ToBoard, place),
            Some(at) => (Direction::FromBoard, at),
        };
        let fault = match self.below(8) {
            0 | 1 => Fault::Drop,
            2 | 3 => Fault::Flip,
            4 => Fault::Double,
            5 => Fault::Packet,
            6 => Fault::Noise,
            _ => Fault::Pause(Duration::from_millis(self.below(3000))),
        };
        // Only a program on the board prints.
        let direction = match fault {
            Fault::Noise => Direction::FromBoard,
            _ => direction,
        };
        Accident {
            fault,
            direction,
            at,
        }
    }
}
