//! One accident on the cable in a copy, or in a program's use of a mounted folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mpwire_sim::{Accident, Board, Direction, Fault, Options, Random};
use tempfile::TempDir;

use super::verdict::{Tally, Trial, Verdict};
use super::{Numbers, Rack, judge};
use crate::process::{self, Finished};
use crate::tool::Tool;

/// The classes of links, as the simulator's parameters.
pub(super) const LINKS: [(&str, &str); 3] = [
    ("uart", "link=uart:921600"),
    ("usb", "link=usb"),
    // A USB port of an stm32: no back-pressure (`board-facts`: ring of 1023 bytes).
    ("stm32", "link=usb&backpressure=no&ring=1023"),
];
/// Longer than any promise allows: what takes this long hangs.
const DEADLINE: Duration = Duration::from_secs(45);
/// How many files there are, of which trials take one.
const FILES: u64 = 16;
/// How often a trial is begun in which nothing happened, the command having ended before.
const BEGINNINGS: u64 = 20;
/// Uses a mounted folder in all ways.
pub(super) const USE_FOLDER: &str = include_str!("../onboard/use_folder.py");

/// What is done while the accident happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// A file to the board.
    Up,
    /// A file from the board.
    Down,
    /// A program on the board, which a mounted folder has, reads and writes files there.
    Mount,
}

const WORKS: [(Work, &str); 3] = [
    (Work::Up, "up"),
    (Work::Down, "down"),
    (Work::Mount, "mount"),
];

pub(super) fn run(
    rack: Rack,
    numbers: &Numbers,
    is_selected: &dyn Fn(&str) -> bool,
) -> Result<Vec<Tally>> {
    let mut rows = Vec::new();
    for (link, parameters) in LINKS {
        for (work, title) in WORKS {
            if work == Work::Mount && rack.tool == Tool::Mpytool {
                // Its mount cannot be told to end with the program.
                continue;
            }
            let name = format!("wire, {link}, {title}, {}", rack.tool.name());
            if is_selected(&name) {
                rows.push(judge(
                    rack.boards,
                    Tally::new(name),
                    numbers.clone(),
                    |_| Stand::new(rack, parameters, work),
                    Stand::trial,
                )?);
            }
        }
    }
    Ok(rows)
}

/// A board and the files that go to and from it.
struct Stand<'a> {
    rack: Rack<'a>,
    parameters: &'static str,
    work: Work,
    folder: TempDir,
    place: Place,
    /// What trials copy, and the bytes that go to and from the board when nothing happens.
    files: Vec<(Vec<u8>, [u64; 2])>,
    /// Which of the files is on the board, if one is.
    there: Option<usize>,
}

/// A board at its port.
pub(super) struct Place {
    pub board: Board,
    pub port: PathBuf,
}

impl Place {
    pub fn new(parameters: &str, port: PathBuf) -> Result<Self> {
        let board = Board::start(Options::parse(parameters)?)?;
        board.attach_pty(&port)?;
        Ok(Self { board, port })
    }
}

impl<'a> Stand<'a> {
    fn new(rack: Rack<'a>, parameters: &'static str, work: Work) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let place = Place::new(parameters, folder.path().join("board"))?;
        let mut random = Random::new(rack.seed);
        let files = (0..FILES)
            .map(|_| (file(&mut random, work), [0; 2]))
            .collect();
        let mut stand = Self {
            rack,
            parameters,
            work,
            folder,
            place,
            files,
            there: None,
        };
        // How many bytes go each way when nothing happens tells where something can happen.
        for index in 0..stand.files.len() {
            stand.prepare(index)?;
            let before = stand.place.board.counters();
            let finished = stand.command(index)?;
            ensure!(
                finished.success && stand.is_right(index)?,
                "it fails where nothing happens: {}",
                finished.last_words()
            );
            let after = stand.place.board.counters();
            stand.files[index].1 = [
                after.bytes_to_board - before.bytes_to_board,
                after.bytes_from_board - before.bytes_from_board,
            ];
        }
        Ok(stand)
    }

    fn trial(&mut self, number: u64) -> Result<Trial> {
        let mut trial = None;
        for beginning in 0..BEGINNINGS {
            let seed = [self.rack.seed, number, beginning]
                .iter()
                .fold(0, |seed, &part| Random::new(seed ^ part).number());
            let (happened, attempt) = self.attempt(&mut Random::new(seed))?;
            let is_over = happened || attempt.verdict != Verdict::Right;
            trial = Some(attempt);
            if is_over {
                break;
            }
        }
        trial.context("nothing was tried")
    }

    /// One command and one accident; whether that happened.
    fn attempt(&mut self, random: &mut Random) -> Result<(bool, Trial)> {
        let mut index = random.below(FILES) as usize;
        if self.work == Work::Up && self.there == Some(index) {
            // What is there is not sent.
            index = (index + 1) % self.files.len();
        }
        self.prepare(index)?;
        let accident = accident(random, self.files[index].1, self.work);
        self.place.board.expect_accidents(vec![accident]);
        let finished = self.command(index);
        let happened = self.place.board.expect_accidents(Vec::new()) == 0;
        let before = self.there.take();
        let said = match &finished {
            Ok(finished) if finished.success => String::new(),
            Ok(finished) => finished.last_words().to_owned(),
            Err(error) => error.to_string(),
        };
        let verdict = match (self.found(index, before), &finished) {
            (Err(_), _) => {
                // A new board takes no port that the old one still has.
                remove(&self.place.port)?;
                self.place = Place::new(self.parameters, self.place.port.clone())?;
                Verdict::Stuck
            }
            (Ok(_), Ok(finished)) if finished.panicked() => Verdict::Amiss,
            (Ok(Found::New), Ok(Finished { success: true, .. })) => Verdict::Right,
            (Ok(_), Ok(Finished { success: true, .. })) => Verdict::Lie,
            (Ok(Found::New | Found::Old), _) => Verdict::Told,
            (Ok(Found::Other), _) => Verdict::Torn,
        };
        let trial = Trial {
            verdict,
            what: format!("{accident:?} of {:?}: {said}", self.files[index].1),
            seconds: finished.map_or(DEADLINE.as_secs_f64(), |finished| finished.seconds),
        };
        Ok((happened, trial))
    }

    /// Makes what the command needs.
    fn prepare(&mut self, index: usize) -> Result<()> {
        let data = &self.files[index].0;
        match self.work {
            Work::Up => fs::write(self.local("new"), data)?,
            Work::Down => {
                if self.there != Some(index) {
                    self.place(index)?;
                }
                remove(&self.local("down"))?;
            }
            Work::Mount => {
                let folder = self.local("folder");
                fs::create_dir_all(&folder)?;
                fs::write(folder.join("given.bin"), data)?;
                fs::write(folder.join("u.py"), USE_FOLDER)?;
                remove(&folder.join("made.bin"))?;
            }
        }
        Ok(())
    }

    /// The command that suffers.
    fn command(&self, index: usize) -> Result<Finished> {
        let Rack { programs, tool, .. } = self.rack;
        let port = &self.place.port;
        let mut command = match self.work {
            Work::Up => tool.copy_to(programs, port, &self.local("new"), "file"),
            Work::Down => tool.copy_from(programs, port, "file", &self.local("down")),
            Work::Mount => {
                // What was imported is imported again on a board that was reset.
                let mut command = tool.connected_afresh(programs, port);
                command.arg("mount").arg(self.local("folder"));
                // Nothing tells an accident in a program's own text from what was meant: it is as
                // short as can be.
                command.args(["exec", "import u"]);
                command
            }
        };
        process::run(&mut command, DEADLINE)
            .with_context(|| format!("{:?} of file {index}", self.work))
    }

    /// Whether the file that was sent is where it should be.
    fn is_right(&mut self, index: usize) -> Result<bool> {
        Ok(self.found(index, None)? == Found::New)
    }

    /// What there is now where file `index` should be, and was `before`; fails where the board does
    /// not answer any more.
    fn found(&mut self, index: usize, before: Option<usize>) -> Result<Found> {
        let data = &self.files[index].0;
        let found = match self.work {
            Work::Up => self.fetch()?,
            Work::Down => {
                self.there = before.or(Some(index));
                return Ok(match fs::read(self.local("down")) {
                    Ok(found) if found == *data => Found::New,
                    Ok(_) => Found::Other,
                    Err(_) => Found::Old,
                });
            }
            Work::Mount => {
                self.answers()?;
                let given = fs::read(self.local("folder/given.bin")).ok();
                let made = fs::read(self.local("folder/made.bin")).ok();
                return Ok(match made {
                    _ if given.as_ref() != Some(data) => Found::Other,
                    Some(made) if made == turned(data) => Found::New,
                    // Nobody promised that a program writes its file at once.
                    _ => Found::Old,
                });
            }
        };
        let old = before.map(|before| &self.files[before].0);
        Ok(if found.as_ref() == Some(data) {
            self.there = Some(index);
            Found::New
        } else if found.as_ref() == old {
            self.there = before;
            Found::Old
        } else {
            Found::Other
        })
    }

    /// Puts a file on the board, where nothing goes wrong.
    fn place(&mut self, index: usize) -> Result<()> {
        let path = self.local("old");
        fs::write(&path, &self.files[index].0)?;
        let port = &self.place.port;
        let mut command = Tool::Mpwire.copy_to(self.rack.programs, port, &path, "file");
        let finished = process::run(&mut command, DEADLINE)?;
        ensure!(finished.success, "no clean copy: {}", finished.last_words());
        self.there = Some(index);
        Ok(())
    }

    /// What is on the board.
    fn fetch(&self) -> Result<Option<Vec<u8>>> {
        let path = self.local("fetched");
        let port = &self.place.port;
        let mut command = Tool::Mpwire.copy_from(self.rack.programs, port, "file", &path);
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

    /// Fails where the next command does.
    fn answers(&self) -> Result<()> {
        let mut command = Tool::Mpwire.evaluate(self.rack.programs, &self.place.port);
        let finished = process::run(&mut command, DEADLINE)?;
        ensure!(finished.stdout.trim() == "2", "{}", finished.last_words());
        Ok(())
    }

    fn local(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// What there is in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    New,
    Old,
    Other,
}

/// What `use_folder.py` makes of `data`: its halves the other way round.
pub(super) fn turned(data: &[u8]) -> Vec<u8> {
    let (first, second) = data.split_at(data.len() / 2);
    [second, first].concat()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Noise or lines of text, mostly short where it is all that is copied.
fn file(random: &mut Random, work: Work) -> Vec<u8> {
    let size = match work {
        Work::Up | Work::Down => {
            let most = 1 << (4 + random.below(11));
            random.below(most)
        }
        Work::Mount => 4096 + random.below(8192),
    };
    let size = size as usize;
    if random.below(2) == 0 {
        return (0..size).map(|_| random.number() as u8).collect();
    }
    let mut text = Vec::with_capacity(size + 40);
    while text.len() < size {
        let (name, value) = (random.below(300), random.below(1 << 20));
        text.extend(format!("sensor_{name} = read({value})\n").bytes());
    }
    text.truncate(size);
    text
}

/// Something at one of so many bytes to and from the board.
fn accident(random: &mut Random, bytes: [u64; 2], work: Work) -> Accident {
    let place = random.below(bytes[0] + bytes[1]);
    let (direction, at) = match place.checked_sub(bytes[0]) {
        None => (Direction::ToBoard, place),
        Some(at) => (Direction::FromBoard, at),
    };
    let fault = match random.below(16) {
        0..4 => Fault::Drop,
        4..8 => Fault::Flip,
        8 | 9 => Fault::Double,
        10 | 11 => Fault::Packet,
        12 => Fault::Noise,
        // A program cannot go on where its board was reset, or its folder gone.
        14 if work != Work::Mount => Fault::Unplug,
        15 if work != Work::Mount => Fault::Reset,
        _ => Fault::Pause(Duration::from_millis(random.below(3000))),
    };
    // Only a program on the board prints.
    let (direction, at) = match fault {
        Fault::Noise => (Direction::FromBoard, random.below(bytes[1])),
        _ => (direction, at),
    };
    Accident {
        fault,
        direction,
        at,
    }
}
