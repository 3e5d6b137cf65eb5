//! Files from the board, at the speed of the wire.
//!
//! A program on the board (`onboard/send.py`) writes files as binary frames, each with a CRC, as
//! many as are wanted in one run, and behind each file the SHA-256 of all that it read. Nothing is
//! asked of the board before: what lacks `binascii.crc32`, `hashlib.sha256` or `sys.stdout.buffer`
//! says so by an exception and prints text instead.
//!
//! The board says beside them whether it can deflate. Where it can and the first frames show that it
//! is worth it, the program is interrupted and another that deflates goes on
//! (`onboard/send_deflated.py`).
//!
//! A frame that is damaged, missing or never comes ends the run, and another begins behind the
//! last good byte. Nothing is kept in memory but one frame.

mod arrival;
pub(super) mod fuzzed;
mod inflation;
mod pace;
mod text;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::{Duration, Instant};

use mpwire_proto::answers::Collector;
use sha2::{Digest as _, Sha256};

use super::unchanged::{Candidate, unchanged};
use super::{Error, Progress};
use crate::board::digest::Digest;
use crate::board::fs::at;
use crate::board::persistence::persistently;
use crate::board::program::{Argument, Program};
use crate::board::{self, Board, onboard, outcome};
use crate::session::{self, Heard};
use arrival::{Arrival, Found};
use inflation::{Inflation, Taken};
use pace::Pace;

/// How long the board may be silent within a file. Being asked again does no harm.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long it may take to find and open a file.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);
/// How long there may be output and no frame. On the slowest line a frame takes 5 s.
const TEXT_PATIENCE: Duration = Duration::from_secs(12);
/// Bytes of a known digest that the board compares; all of it is compared here.
const KNOWN_BYTES: usize = 8;
/// How many runs in a row may bring nothing. Frames become smaller with each: the last of them are of
/// a size that hardly any line damages that often.
const FRUITLESS_MOST: u32 = 6;
/// Has the board say whether its `deflate` can write, where that is not known. What has no such module
/// raises.
const ASK: &str = "print('\\2%s\\3'%hasattr(__import__('deflate').DeflateIO,'write'))\n";
/// Characters of an answer that are looked at: digits of a length.
const ANSWER_MOST: usize = 21;
/// How a traceback begins, if it is no noise. With too little memory there is only its last line.
const TRACEBACKS: [&[u8]; 2] = [b"Traceback", b"MemoryError"];

/// The largest file, in bytes, that is read into memory.
const MEMORY_MOST: usize = 32 << 20;

/// A file of the board that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The path on the board.
    pub path: String,
    /// Bytes of it, if the board has said so before.
    pub size: Option<u64>,
    /// What is here already; a file that is just that does not travel.
    pub known: Option<Known>,
}

/// A file as it is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

impl Known {
    /// What the file `path` of this computer is.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut size = 0;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            size += count as u64;
        }
        Ok(Self {
            size,
            digest: hasher.finalize().into(),
        })
    }
}

/// How a file arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is whole, and what the board has.
    Arrived,
    /// It is what was known already. What may have been written of it before was wrong.
    Unchanged,
}

/// Where files from the board go, in the order in which they were asked for. An error ends the
/// transfer and becomes [`Error::Output`].
pub trait Receiver {
    /// The file `index` begins, or begins again with nothing, since what was written is wrong.
    fn begin(&mut self, index: usize) -> io::Result<()>;
    /// The next bytes of that file. Each frame is verified before this; the file is not.
    fn write(&mut self, data: &[u8]) -> io::Result<()>;
    /// The file `index` is done.
    fn end(&mut self, index: usize, outcome: Outcome) -> io::Result<()>;
    /// So many bytes of the file `index` are here, not all of them written yet.
    fn progress(&mut self, index: usize, done: u64) {
        let _ = (index, done);
    }
}

/// Reads the file `path` of the board into memory and verifies it against the board's own digest. One
/// of more than 32 MiB is an error: a board may send without end.
///
/// `size` is what is expected, or 0.
pub fn download(
    board: &mut Board,
    path: &str,
    size: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, Error> {
    let wanted = Wanted {
        path: path.to_owned(),
        size: (size > 0).then_some(size),
        known: None,
    };
    let mut memory = Memory {
        data: Vec::new(),
        size,
        progress,
    };
    download_all(board, &[wanted], &mut memory)?;
    Ok(memory.data)
}

struct Memory<'a> {
    data: Vec<u8>,
    size: u64,
    progress: &'a mut dyn FnMut(Progress),
}

impl Receiver for Memory<'_> {
    fn begin(&mut self, _: usize) -> io::Result<()> {
        self.data.clear();
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        if self.data.len() + data.len() > MEMORY_MOST {
            let message = format!("the file is larger than {} MiB", MEMORY_MOST >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        self.data.extend_from_slice(data);
        Ok(())
    }

    fn end(&mut self, _: usize, _: Outcome) -> io::Result<()> {
        Ok(())
    }

    fn progress(&mut self, _: usize, done: u64) {
        (self.progress)(Progress {
            done,
            total: self.size.max(done),
        });
    }
}

/// Reads files of the board, in one run of a program where its memory holds their paths, and
/// verifies each against the board's own digest.
pub fn download_all(
    board: &mut Board,
    files: &[Wanted],
    receiver: &mut dyn Receiver,
) -> Result<(), Error> {
    let mut arrival = Arrival::new(files, receiver);
    let mut furthest = arrival.reached();
    persistently(board, &mut |board| {
        let result = download_rest(board, files, &mut arrival);
        // A file that arrives again, after its digest was wrong, is no advance.
        if arrival.reached() > furthest {
            furthest = arrival.reached();
            board.note_advance();
        }
        result
    })
}

/// Reads those of the files that are left.
fn download_rest(board: &mut Board, files: &[Wanted], arrival: &mut Arrival) -> Result<(), Error> {
    let mut failures = 0;
    let mut was_refused = false;
    let mut way = Way::Plain;
    while let Some(file) = arrival.current() {
        let Some(room) = board.frame_room() else {
            return as_text(board, &files[arrival.index()..], arrival);
        };
        let before = arrival.place();
        let asks = asks(board, way, arrival);
        let result = match run(board, room, way, arrival) {
            // It may have been damaged on its way.
            Err(Stop::Raised(error)) if error.may_be_damage() && !was_refused => {
                was_refused = true;
                Err(Stop::Damaged)
            }
            other => other,
        };
        match result {
            Ok(()) => {}
            Err(Stop::Slow { cost }) => way = Way::Deflated { cost },
            Err(Stop::Nonsense) => {
                board.enter(false)?;
                board.note_deflates(false);
                way = Way::Plain;
            }
            // Perhaps by the question, which was not answered.
            Err(Stop::Raised(error))
                if asks && board.deflates().is_none() && error.is_exception() =>
            {
                board.note_deflates(false);
            }
            // Whatever was raised, it may not be without.
            Err(Stop::Lacking | Stop::Raised(_)) if way != Way::Plain => {
                board.note_deflates(false);
                way = Way::Plain;
            }
            Err(Stop::Lacking) => board.refuse_frames(),
            Err(Stop::Damaged) => {
                board.enter(false)?;
                if arrival.place() > before {
                    failures = 0;
                    was_refused = false;
                } else {
                    failures += 1;
                    board.prefer_frames(room / 4);
                }
                if failures >= FRUITLESS_MOST {
                    return Err(corrupt(file));
                }
            }
            // What failed is the board's, and it waits for the next program.
            Err(Stop::Raised(error)) if error.is_out_of_memory() => board.shrink_frames(room),
            Err(Stop::Raised(error)) if error.is_exception() => board.refuse_frames(),
            Err(Stop::Raised(error)) => {
                return Err(at(error, &files[arrival.index()].path).into());
            }
            Err(Stop::Failed(error)) => {
                if matches!(error, Error::Output(_) | Error::CorruptDownload { .. }) {
                    // The reason is what counts, should the board not stop.
                    let _ = board.enter(false);
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

fn corrupt(file: &Wanted) -> Error {
    Error::CorruptDownload {
        path: file.path.clone(),
    }
}

/// How files travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As they are.
    Plain,
    /// Deflated where that is faster.
    Deflated {
        /// Microseconds that a byte takes on the wire.
        cost: u32,
    },
}

/// Why a run ended early.
enum Stop {
    /// It was interrupted, since deflated the rest would be here earlier.
    Slow {
        /// Microseconds that a byte takes on the wire.
        cost: u32,
    },
    /// The board has not what the program takes to begin.
    Lacking,
    /// The board does not deflate as it should, and may still be sending.
    Nonsense,
    /// Something was lost or changed on its way, and the board may still be sending.
    Damaged,
    /// The board's program raised.
    Raised(board::Error),
    /// There is no going on.
    Failed(Error),
}

impl From<board::Error> for Stop {
    fn from(error: board::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Runs the program once, for as many of the files that are left as the board's memory holds.
fn run(board: &mut Board, room: usize, way: Way, arrival: &mut Arrival) -> Result<(), Stop> {
    let limit = (board.program_limit() / 2).min(room.max(512));
    let (program, mut call, count) = program(arrival, room, limit, way);
    let asks = asks(board, way, arrival);
    if asks {
        call.insert_str(0, ASK);
    }
    let end = arrival.index() + count;
    arrival.start();
    let begin = Instant::now();
    let started = match way {
        Way::Plain => board.start(program, &call).map(|()| true),
        Way::Deflated { .. } => board.start_deflating(program, &call),
    };
    match started {
        Ok(true) => {}
        Ok(false) => return Err(Stop::Lacking),
        Err(board::Error::Session(session::Error::Repl { .. })) => return Err(Stop::Damaged),
        Err(error) => return Err(error.into()),
    }
    let mut frames = match way {
        Way::Plain => Frames::Plain {
            pace: Pace::new(begin.elapsed()),
            cost: None,
        },
        Way::Deflated { .. } => Frames::Deflated(Inflation::new(room)),
    };
    let mut said = Collector::default();
    let mut patience = arrival.patience();
    let mut heard_frame = Instant::now();
    loop {
        match board.hear(program, patience)? {
            Some(Heard::Frame { data, intact }) => {
                heard_frame = Instant::now();
                if !intact || arrival.index() == end {
                    return Err(Stop::Damaged);
                }
                frames.take(board, arrival, data)?;
                patience = arrival.patience();
            }
            // A thread or timer on the board prints as well, or a frame is no frame any more.
            Some(Heard::Output(text)) => {
                if heard_frame.elapsed() > patience.max(TEXT_PATIENCE) {
                    return Err(Stop::Damaged);
                }
                for byte in text {
                    let answer = said.push(byte, ANSWER_MOST);
                    match answer.and_then(|answer| Said::parse(&answer)) {
                        Some(Said::Size(size)) => arrival.announce(size),
                        Some(Said::Deflates(deflates)) if asks => board.note_deflates(deflates),
                        Some(Said::Deflates(_)) | None => {}
                    }
                }
            }
            // Whatever is wrong then, everything is here.
            Some(Heard::Finished { .. }) if arrival.index() == end => return Ok(()),
            None if arrival.index() == end => {
                board.enter(false)?;
                return Ok(());
            }
            Some(Heard::Finished { traceback }) => return Err(frames.stop(&traceback)),
            None => return Err(Stop::Damaged),
        }
    }
}

/// Whether the board is asked about its `deflate` beside.
fn asks(board: &Board, way: Way, arrival: &Arrival) -> bool {
    let is_unknown = way == Way::Plain && board.deflates().is_none();
    is_unknown && !board.has_mounted() && pace::may_pay(arrival.expected())
}

/// What the frames of a run are taken for.
enum Frames {
    Plain {
        pace: Pace,
        /// What [`Stop::Slow`] will tell, once the program has been interrupted.
        cost: Option<u32>,
    },
    Deflated(Inflation),
}

impl Frames {
    /// Takes what an intact frame holds.
    fn take(
        &mut self,
        board: &mut Board,
        arrival: &mut Arrival,
        data: Vec<u8>,
    ) -> Result<(), Stop> {
        match self {
            Self::Plain { pace, cost } => {
                // The last byte is a number.
                let block = data[..data.len().saturating_sub(1)].to_vec();
                if arrival.take(data)? == Found::Nonsense {
                    return Err(Stop::Damaged);
                }
                // The answers to a mounted folder's questions must not be cut off.
                let deflates = board.deflates() == Some(true);
                if deflates && cost.is_none() && !board.has_mounted() {
                    *cost = pace.should_deflate(&block, arrival.expected().unwrap_or(0));
                    if cost.is_some() {
                        board.interrupt_started()?;
                    }
                }
            }
            Self::Deflated(inflation) => match inflation.take(arrival, data)? {
                Taken::Sense if inflation.has_inflated() => board.note_deflates(true),
                Taken::Sense => {}
                Taken::Lost => return Err(Stop::Damaged),
                Taken::Nonsense => return Err(Stop::Nonsense),
            },
        }
        Ok(())
    }

    /// Why the program has ended before its files have.
    fn stop(&self, traceback: &[u8]) -> Stop {
        if !TRACEBACKS.iter().any(|start| traceback.starts_with(start)) {
            return Stop::Damaged;
        }
        match (self, outcome(Vec::new(), traceback)) {
            (
                Self::Plain {
                    cost: Some(cost), ..
                },
                _,
            ) if is_interrupt(traceback) => Stop::Slow { cost: *cost },
            (_, Err(error)) => Stop::Raised(error),
            (_, Ok(_)) => Stop::Damaged,
        }
    }
}

fn is_interrupt(traceback: &[u8]) -> bool {
    traceback.trim_ascii_end().ends_with(b"KeyboardInterrupt:")
}

/// What a program says beside its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Bytes of the file that comes next.
    Size(u64),
    /// Whether `deflate` can write.
    Deflates(bool),
}

impl Said {
    fn parse(answer: &[u8]) -> Option<Self> {
        match std::str::from_utf8(answer).ok()? {
            "True" => Some(Self::Deflates(true)),
            "False" => Some(Self::Deflates(false)),
            digits => digits.parse().ok().map(Self::Size),
        }
    }
}

/// The program and its call, and how many of the files that are left it is for.
fn program(arrival: &Arrival, room: usize, limit: usize, way: Way) -> (Program, String, usize) {
    let (files, offset) = arrival.left();
    // Of a file that has arrived in part it is known that it is another.
    let places = files.iter().enumerate().map(|(index, file)| match index {
        0 if offset > 0 => (file, offset.div_ceil(room as u64), None),
        _ => (file, 0, file.known),
    });
    let compares = way != Way::Plain || places.clone().any(|(_, _, known)| known.is_some());
    let mut entries = Vec::new();
    let mut length = 0;
    for (file, skip, known) in places {
        let path = Argument::Path(&file.path).literal();
        let entry = match known {
            _ if !compares => format!("({path},{skip})"),
            None => format!("({path},{skip},-1,b'')"),
            Some(known) => {
                let digest = Argument::Bytes(&known.digest[..KNOWN_BYTES]).literal();
                format!("({path},{skip},{},{digest})", known.size)
            }
        };
        length += entry.len();
        if length > limit && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    let (program, cost) = match way {
        Way::Deflated { cost } => (onboard::SEND_DEFLATED, format!(",{cost}")),
        Way::Plain if compares => (onboard::SEND_CHANGED, String::new()),
        Way::Plain => (onboard::SEND, String::new()),
    };
    let name = program.defines;
    let call = format!("{name}([{}],{room}{cost})", entries.join(","));
    (program, call, entries.len())
}

/// The same for a board that cannot write frames.
fn as_text(board: &mut Board, files: &[Wanted], arrival: &mut Arrival) -> Result<(), Error> {
    let capabilities = board.capabilities()?;
    let mut same = vec![false; files.len()];
    if capabilities.sha256 {
        let (indices, candidates): (Vec<usize>, Vec<Candidate>) = files
            .iter()
            .enumerate()
            .filter_map(|(index, file)| {
                let known = file.known?;
                let candidate = Candidate {
                    path: file.path.clone(),
                    size: known.size,
                    digest: Digest::Sha256(known.digest),
                };
                Some((index, candidate))
            })
            .unzip();
        for (index, is_same) in indices.into_iter().zip(unchanged(board, &candidates)?) {
            same[index] = is_same;
        }
    }
    for (file, is_same) in files.iter().zip(same) {
        if is_same {
            arrival.skip()?;
        } else {
            // Of what has arrived in part the rest is not asked for: it is the whole that is
            // verified.
            arrival.begin_anew()?;
            let data = text::download(board, &file.path, &mut |done| arrival.tell(done))?;
            arrival.put(&data)?;
        }
    }
    Ok(())
}
