//! A board that answers: its firmware, its link, its filesystems, its ROM partitions.
//!
//! Each step stands for itself, so that one that fails hides no other, and all of them together have a
//! deadline. Nothing on the board is changed but by a file that is written, read and removed, and by
//! healing what interrupted copies have left, where that is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use mpwire_proto::literal::Value;

use super::presence::{self, Presence};
use super::{Finding, Identity, RomContents, Unexamined, Writing};
use crate::bench;
use crate::board::errno::Errno;
use crate::board::fs::Filesystem;
use crate::board::plausible;
use crate::board::program::{Argument, call};
use crate::board::{Board, Error, onboard, read, read_list, unreadable};
use crate::path::{join, parent};
use crate::romfs::partition::{self, Partition};
use crate::session::{self, Progress};
use crate::transfer::leftovers;
use crate::transfer::{self, choice};

/// How long all of it may take, and any one step.
const PATIENCE: Duration = Duration::from_secs(25);
const STEP: Duration = Duration::from_secs(8);
/// How long a board may take to enter its raw REPL from its prompt.
const ENTER: Duration = Duration::from_secs(2);
/// How long a program may take to end that is interrupted, which is done again and again.
const INTERRUPT: Duration = Duration::from_secs(4);
/// How long the files of one filesystem are read; what the board's clock says.
const READING: Duration = Duration::from_secs(5);

/// Bytes that are sent to a board that does not read, and what it answers when it is about to.
const FLOOD: u16 = 2048;
const ACK: u8 = 0x06;
/// The first printable character that is sent, and how many there are (`onboard/ring.py`).
const FIRST: u16 = 33;
const CHARACTERS: u16 = 89;

/// How filesystems that nothing can be written to are called.
const ROM_SYSTEM: &str = "VfsRom";
/// Where the first ROM partition is mounted (`extmod/vfs.c`), and a folder of this computer.
const ROM: &str = "/rom";
const REMOTE: &str = "/remote";
/// What is written to see whether it can be: with a name that an interrupted copy could have left, so
/// that it goes as those do if this is interrupted. The digits are those of its SHA-256.
const TEST_NAME: &str = ".8b9bef.mpwire";
const TEST_DATA: &[u8] = b"mpwire doctor";

/// What is to be done beside looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Interrupt a program that runs. Not done to what is no board as far as can be seen.
    pub interrupt: bool,
    /// Finish or remove what interrupted copies have left.
    pub fix: bool,
}

/// Examines what is at the other end of a board's link, telling `progress` what is looked at.
///
/// All that is wrong is a finding; only the user's interrupt is an error.
pub fn examine(
    board: &mut Board,
    options: Options,
    progress: &mut dyn FnMut(&'static str),
) -> Result<Vec<Finding>, session::Error> {
    let mut examination = Examination {
        board,
        options,
        progress,
        deadline: Instant::now() + PATIENCE,
        findings: Vec::new(),
        losses: 0,
    };
    match examination.run() {
        Ok(()) => {}
        Err(Stop::Interrupted) => return Err(session::Error::Interrupted),
        Err(Stop::Lost(reason)) => examination.findings.push(Finding::Lost { reason }),
    }
    let times = examination.losses + examination.board.repetitions();
    if times > 0 {
        examination.findings.push(Finding::Losses { times });
    }
    Ok(examination.findings)
}

/// What one step does, and where it puts what it finds.
type Work<'a> = dyn FnMut(&mut Board, &mut Vec<Finding>) -> Result<(), Error> + 'a;

/// Why an examination goes no further.
enum Stop {
    Interrupted,
    Lost(String),
}

struct Examination<'a> {
    board: &'a mut Board,
    options: Options,
    progress: &'a mut dyn FnMut(&'static str),
    deadline: Instant,
    findings: Vec<Finding>,
    /// How often a step has failed that went well when it was done again.
    losses: usize,
}

impl Examination<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let Some(was_busy) = self.approach()? else {
            return Ok(());
        };
        self.step("the firmware", &mut |board, found| identity(board, found))?;
        self.step("the firmware's modules", &mut |board, found| {
            found.push(Finding::Capabilities(board.capabilities()?));
            Ok(())
        })?;
        self.step("the clock", &mut |board, found| {
            found.push(Finding::Clock(board.clock()?));
            Ok(())
        })?;
        self.step("boot.py and main.py", &mut |board, found| {
            found.push(at_start(board, was_busy)?);
            Ok(())
        })?;
        self.step("the round trip", &mut |board, found| {
            found.push(Finding::RoundTrip(bench::round_trip(board)?));
            Ok(())
        })?;
        self.step("the receive ring", &mut |board, found| {
            found.push(receiving(board)?);
            Ok(())
        })?;
        let has_raw_paste = self.board.has_raw_paste();
        self.findings.push(Finding::RawPaste(has_raw_paste));
        self.step("the encodings", &mut |board, found| {
            found.push(encodings(board)?);
            Ok(())
        })?;
        self.filesystems()?;
        self.roms()?;
        self.step("what was left behind", &mut |board, _| board.tidy())
    }

    /// Finds out what is there and enters its raw REPL; `None` when it is no board, or may not be
    /// interrupted, else whether it had to be.
    fn approach(&mut self) -> Result<Option<bool>, Stop> {
        (self.progress)("the other end");
        let presence = presence::find(self.board).map_err(|error| stop(&error))?;
        let is_idle = matches!(presence, Presence::Prompt { .. } | Presence::InUse);
        if is_idle {
            self.findings.push(Finding::Presence(presence));
            if !self.board.is_entered() {
                let entered = self.board.enter_from_prompt(ENTER);
                entered.map_err(|error| stop(&error))?;
            }
            return Ok(Some(false));
        }
        if !(self.options.interrupt && presence.may_be_busy()) {
            self.findings.push(Finding::Presence(presence));
            return Ok(None);
        }
        match self.board.interrupt(INTERRUPT) {
            Ok(()) => {
                let said = match presence {
                    Presence::Talking { said } => said,
                    _ => String::new(),
                };
                let presence = Presence::Interrupted { said };
                self.findings.push(Finding::Presence(presence));
                Ok(Some(true))
            }
            Err(Error::Session(session::Error::Interrupted)) => Err(Stop::Interrupted),
            Err(error) => {
                self.findings.push(Finding::Presence(presence));
                Err(Stop::Lost(error.to_string()))
            }
        }
    }

    fn filesystems(&mut self) -> Result<(), Stop> {
        let mut mounted: Vec<(Filesystem, bool)> = Vec::new();
        self.step("the filesystems", &mut |board, found| {
            mounted = filesystems(board, found)?;
            Ok(())
        })?;
        // What has no size is not among them.
        let known = [REMOTE, ROM].map(str::to_owned).into_iter();
        let places: Vec<String> = mounted
            .iter()
            .map(|(system, _)| system.place.clone())
            .chain(known)
            .collect();
        for (filesystem, read_only) in &mounted {
            let place = filesystem.place.as_str();
            // A ROM is looked at by its partition: a torn image may lead its filesystem astray.
            if place == REMOTE || filesystem.name.contains(ROM_SYSTEM) {
                continue;
            }
            self.step("the files", &mut |board, found| {
                health(board, place, &places, found)
            })?;
            if !read_only {
                self.step("writing", &mut |board, found| {
                    found.push(write_test(board, place)?);
                    Ok(())
                })?;
            }
        }
        if self.options.fix {
            self.heal()?;
        }
        Ok(())
    }

    /// Finishes or removes what interrupted copies have left.
    fn heal(&mut self) -> Result<(), Stop> {
        let left = |finding: &Finding| match finding {
            Finding::Leftover { path, .. } => Some(parent(path).to_owned()),
            _ => None,
        };
        let mut folders: Vec<String> = self.findings.iter().filter_map(left).collect();
        folders.sort();
        folders.dedup();
        if folders.is_empty() {
            return Ok(());
        }
        let mut healed = None;
        self.step("what copies have left", &mut |board, _| {
            match leftovers::heal(board, &folders, &|_| false) {
                Ok(done) => healed = Some(done),
                Err(transfer::Error::Board(error)) => return Err(error),
                Err(error) => return Err(unreadable(b"", &error.to_string())),
            }
            Ok(())
        })?;
        if let Some(healed) = healed {
            self.findings
                .retain(|finding| !matches!(finding, Finding::Leftover { .. }));
            let findings = healed.into_iter().map(|healed| Finding::Leftover {
                path: match &healed {
                    leftovers::Healed::Finished(path) | leftovers::Healed::Removed(path) => {
                        path.clone()
                    }
                },
                healed: Some(healed),
            });
            self.findings.extend(findings);
        }
        Ok(())
    }

    fn roms(&mut self) -> Result<(), Stop> {
        let mut partitions = Vec::new();
        self.step("the ROM partitions", &mut |board, _| {
            partitions = partition::query(board)?.map_or_else(Vec::new, |found| found.all);
            Ok(())
        })?;
        for (number, partition) in (0..).zip(partitions) {
            self.step("the ROM partitions", &mut |board, found| {
                let (size, contents) = match &partition {
                    Some(partition) => (partition.size, rom(board, number, partition)?),
                    None => (0, RomContents::Missing),
                };
                found.push(Finding::Rom {
                    number,
                    size,
                    contents,
                });
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Does one step, and again if it fails of what may be a lost byte. What it has found in the end
    /// is kept, however it ends.
    fn step(&mut self, what: &'static str, work: &mut Work) -> Result<(), Stop> {
        (self.progress)(what);
        let mut reason = Unexamined::Late;
        for attempt in 0..2 {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let mut found = Vec::new();
            let result = within(self.board, left.min(STEP), |board| work(board, &mut found));
            let failure = match result {
                Ok(Some(())) => {
                    self.findings.append(&mut found);
                    self.losses += attempt;
                    return Ok(());
                }
                Ok(None) => Unexamined::Late,
                Err(error @ Error::Session(_)) => return Err(stop(&error)),
                Err(error) => why(&error),
            };
            let is_last = attempt > 0 || !matches!(failure, Unexamined::Failed(_));
            reason = failure;
            if is_last {
                self.findings.append(&mut found);
                break;
            }
        }
        self.findings.push(Finding::NotExamined { what, reason });
        Ok(())
    }
}

fn stop(error: &Error) -> Stop {
    match error {
        Error::Session(session::Error::Interrupted) => Stop::Interrupted,
        other => Stop::Lost(other.to_string()),
    }
}

fn why(error: &Error) -> Unexamined {
    match error {
        Error::Lacking(what) => Unexamined::Lacking((*what).to_owned()),
        error if error.is_out_of_memory() => Unexamined::NoMemory,
        Error::Exception { traceback } => {
            let last = traceback.trim_end().lines().next_back();
            let last = last.unwrap_or_default().to_owned();
            if last.starts_with("ImportError") || last.starts_with("AttributeError") {
                Unexamined::Lacking(last)
            } else {
                Unexamined::Failed(last)
            }
        }
        other => Unexamined::Failed(other.to_string()),
    }
}

/// Works on the board for `patience`; `None` when that was over, and the work was interrupted.
fn within<Found>(
    board: &mut Board,
    patience: Duration,
    work: impl FnOnce(&mut Board) -> Result<Found, Error>,
) -> Result<Option<Found>, Error> {
    let is_late = Arc::new(AtomicBool::new(false));
    let (done, wait) = channel::<()>();
    let watchdog = {
        let (interrupter, is_late) = (board.interrupter(), Arc::clone(&is_late));
        thread::spawn(move || {
            if wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                is_late.store(true, Ordering::SeqCst);
                interrupter.interrupt();
            }
        })
    };
    let result = work(board);
    drop(done);
    // It does nothing that could fail.
    let _ = watchdog.join();
    if !is_late.load(Ordering::SeqCst) {
        return result.map(Some);
    }
    if matches!(result, Err(Error::Session(session::Error::Interrupted))) {
        // What it did may have taken the interrupt for its own.
        return board.interrupt(INTERRUPT).map(|()| None);
    }
    // The interrupt came too late for the work, and is for nothing else.
    match board.run_and_keep(&[], &[], "pass", &mut |_| {}) {
        Err(Error::Session(session::Error::Interrupted)) | Ok(_) => {}
        Err(error) => return Err(error),
    }
    result.map(Some)
}

/// Who the board says it is, and its memory.
fn identity(board: &mut Board, found: &mut Vec<Finding>) -> Result<(), Error> {
    let reply = board.run(&[onboard::IDENTITY], "_mw_identity()")?;
    let value = read(&reply)?;
    let wrong = || unreadable(&reply, "the firmware's names were expected");
    let items = value.as_items().ok_or_else(wrong)?;
    let [names @ .., used] = items else {
        return Err(wrong());
    };
    let names: Vec<String> = names
        .iter()
        .map(|name| name.as_str().map(str::to_owned))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let used = plausible::free_memory(used).ok_or_else(wrong)?;
    let [implementation, version, platform, machine, build] =
        <[String; 5]>::try_from(names).map_err(|_| wrong())?;
    found.push(Finding::Identity(Identity {
        implementation,
        version,
        platform,
        machine,
        build,
    }));
    let free = board.capabilities()?.free_memory;
    found.push(Finding::Memory { free, used });
    Ok(())
}

fn at_start(board: &mut Board, was_busy: bool) -> Result<Finding, Error> {
    let mut size = |path| {
        let status = board.status(path)?;
        Ok::<_, Error>(status.map(|status| status.size))
    };
    Ok(Finding::AtStart {
        boot: size("boot.py")?,
        main: size("main.py")?,
        was_busy,
    })
}

/// What becomes of bytes that arrive while the board looks away.
fn receiving(board: &mut Board) -> Result<Finding, Error> {
    if !board.capabilities()?.stdin_buffer {
        return Err(Error::Lacking("sys.stdin.buffer"));
    }
    let flood: Vec<u8> = (0..FLOOD)
        .map(|index| (FIRST + index % CHARACTERS) as u8)
        .collect();
    let text = call(onboard::RING.defines, &[Argument::Int(i64::from(FLOOD))]);
    let mut reply = Vec::new();
    let mut is_sent = false;
    board.run_feeding(&[onboard::RING], &[], &text, &mut |step| {
        let Progress::Output(said) = step else {
            return None;
        };
        let is_ready = said.contains(&ACK) && !is_sent;
        reply.extend(said.iter().filter(|byte| **byte != ACK));
        is_sent |= is_ready;
        is_ready.then(|| flood.clone())
    })?;
    board.tidy()?;
    let value = read(&reply)?;
    match value.as_items() {
        Some([found, right]) => {
            let found = plausible::at_most(found, u64::from(FLOOD)).unwrap_or(0);
            Ok(Finding::Receiving {
                sent: u64::from(FLOOD),
                found,
                right: plausible::at_most(right, found).unwrap_or(0),
            })
        }
        _ => Err(unreadable(&reply, "a count was expected")),
    }
}

/// How a source file of some kilobytes would be sent: one of this very program, as any is.
fn encodings(board: &mut Board) -> Result<Finding, Error> {
    let capabilities = board.capabilities()?;
    let sample = include_bytes!("examination.rs");
    let sample = &sample[..sample.len().min(8192)];
    let options = transfer::Options::default();
    Ok(Finding::Encodings(choice::predictions(
        sample,
        &capabilities,
        board.rate(),
        &options,
    )))
}

/// What is mounted, and whether it is read-only.
fn filesystems(
    board: &mut Board,
    found: &mut Vec<Finding>,
) -> Result<Vec<(Filesystem, bool)>, Error> {
    let all = board.filesystems()?;
    let labels = mounts(board)?;
    let mut mounted = Vec::with_capacity(all.len());
    for mut filesystem in all.clone() {
        let known = labels.iter().find(|known| known.place == filesystem.place);
        let read_only = filesystem.name.contains(ROM_SYSTEM)
            || known.is_some_and(|known| known.is_read_only)
            || filesystem.place == REMOTE;
        let counted = match filesystem.free() {
            None if !read_only => board.count_free(&filesystem, &all)?,
            _ => None,
        };
        if let Some(known) = known {
            filesystem.name.clone_from(&known.kind);
        }
        found.push(Finding::Filesystem {
            filesystem: filesystem.clone(),
            counted,
            label: known.map_or_else(String::new, |known| known.label.clone()),
            read_only,
        });
        mounted.push((filesystem, read_only));
    }
    Ok(mounted)
}

struct Mount {
    kind: String,
    place: String,
    label: String,
    is_read_only: bool,
}

fn mounts(board: &mut Board) -> Result<Vec<Mount>, Error> {
    let reply = board.run(&[onboard::MOUNTS], "_mw_mounts()")?;
    let mounts = read_list(&reply)?;
    let mount = |value: &Value| {
        let [kind, place, label, read_only] = value.as_items()? else {
            return None;
        };
        Some(Mount {
            kind: kind.as_str()?.to_owned(),
            place: place.as_str()?.to_owned(),
            label: label.as_str()?.to_owned(),
            is_read_only: *read_only == Value::Bool(true),
        })
    };
    mounts
        .iter()
        .map(|value| mount(value).ok_or_else(|| unreadable(&reply, "a filesystem was expected")))
        .collect()
}

/// Reads everything of the filesystem at `place`, but not what is mounted below it at `places`.
fn health(
    board: &mut Board,
    place: &str,
    places: &[String],
    found: &mut Vec<Finding>,
) -> Result<(), Error> {
    if !board.capabilities()?.os_ilistdir {
        return Err(Error::Lacking("os.ilistdir"));
    }
    let reading = i64::try_from(READING.as_millis()).unwrap_or(i64::MAX);
    let text = call(
        onboard::HEALTH.defines,
        &[
            Argument::Text(place),
            Argument::Texts(places),
            Argument::Int(reading),
        ],
    );
    let reply = board.run(&[onboard::HEALTH], &text)?;
    for value in read_list(&reply)? {
        let finding = health_finding(&value, place)
            .ok_or_else(|| unreadable(&reply, "what was read was expected"))?;
        // Others may end their names so.
        let is_foreign = matches!(
            &finding,
            Finding::Leftover { path, .. } if !leftovers::is_leftover(path)
        );
        if !is_foreign {
            found.push(finding);
        }
    }
    Ok(())
}

/// What a line of `onboard/health.py` says.
fn health_finding(value: &Value, place: &str) -> Option<Finding> {
    match value.as_items()? {
        [Value::Str(kind), path, Value::Str(_)] if kind == "leftover" => Some(Finding::Leftover {
            path: path.as_str()?.to_owned(),
            healed: None,
        }),
        [Value::Str(kind), path, Value::Str(reason)] => Some(Finding::Unreadable {
            path: path.as_shown()?.to_owned(),
            is_directory: kind == "directory",
            reason: reason.clone(),
        }),
        [files, directories, bytes, Value::Bool(is_all)] => Some(Finding::Files {
            place: place.to_owned(),
            files: plausible::file_size(files)?,
            directories: plausible::file_size(directories)?,
            bytes: plausible::file_size(bytes)?,
            is_all: *is_all,
        }),
        _ => None,
    }
}

/// Whether a file that is written is read as it was.
fn write_test(board: &mut Board, place: &str) -> Result<Finding, Error> {
    let path = join(place, TEST_NAME);
    let text = call(
        onboard::WRITE_TEST.defines,
        &[Argument::Text(&path), Argument::Bytes(TEST_DATA)],
    );
    let result = match board.run(&[onboard::WRITE_TEST], &text) {
        Ok(reply) if read(&reply)? == Value::Bool(true) => Writing::Right,
        Ok(_) => Writing::Wrong,
        Err(Error::File { errno, .. }) => {
            // There may be an empty file now, and it may not be removable either.
            let _ = board.remove(&path);
            Writing::Refused {
                is_read_only: errno == Errno::READ_ONLY,
                reason: errno.to_string(),
            }
        }
        Err(error) => return Err(error),
    };
    Ok(Finding::Writing {
        place: place.to_owned(),
        result,
    })
}

fn rom(board: &mut Board, number: u32, partition: &Partition) -> Result<RomContents, Error> {
    let text = call(
        onboard::ROM_CHECK.defines,
        &[Argument::Int(i64::from(number))],
    );
    let reply = board.run(&[onboard::ROM_CHECK], &text)?;
    match read(&reply)?.as_str() {
        Some("image") => Ok(RomContents::Image(partition.image_size().unwrap_or(0))),
        Some("empty") => Ok(RomContents::Empty),
        Some("torn") => Ok(RomContents::Torn),
        Some("other") => Ok(RomContents::Other),
        _ => Err(unreadable(&reply, "the state of a partition was expected")),
    }
}
