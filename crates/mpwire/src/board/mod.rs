//! A board that speaks MicroPython: running programs on it and using its filesystem.

pub(crate) mod agent;
pub mod capabilities;
mod clock;
pub mod digest;
pub mod errno;
pub mod fs;
mod mount;
pub mod onboard;
pub(crate) mod patience;
pub(crate) mod persistence;
pub mod plausible;
pub mod program;
pub(crate) mod record;
mod restart;
mod shrink;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mpwire_proto::answers::{self, answers};
use mpwire_proto::literal::{ParseError, Value, parse};
use mpwire_proto::quote;
use mpwire_proto::raw_repl;

use crate::link::{Address, Link, Reopener};
use crate::session::{
    self, Console, Heard, Interrupter, Keyboard, OnInterrupt, Progress, Rate, Session,
};
use crate::system::words;
pub(crate) use agent::{BITS_MOST, Blocks};
pub use restart::Restart;

use agent::Agent;
use capabilities::Capabilities;
use errno::Errno;
use persistence::{Way, persistently};
use program::Program;

/// How long a board may take to enter the raw REPL, and to start up after a reset.
const ENTER_PATIENCE: Duration = Duration::from_secs(10);

/// How long a program that reads may be silent: it answers each block, after writing it to flash.
const FEEDING_PATIENCE: Duration = Duration::from_secs(15);

/// Boards with this much free memory, in bytes, have receive rings of 256 bytes or flow control.
const ROOMY: u64 = 20 * 1024;

/// The most bytes of a file in one frame from a board.
const FRAME_ROOM: usize = 4096;
/// The fewest; each size between is four times the next.
const FRAME_ROOM_LEAST: usize = 256;

/// Characters of a program that a board is believed to take of which nothing is known.
const PROGRAM_LIMIT: usize = 8192;

/// The most output of one of our own programs: a board must neither fill our memory nor talk for
/// ever. A listing of 65,000 files is less.
pub(crate) const REPLY_MOST: usize = 4 << 20;

/// Removes every name of ours from the board's globals. A comprehension has a scope of its own, so
/// it leaves none itself. What a damaged program has left may be no UTF-8, and cannot be sliced.
pub(crate) const TIDY: &str = "[globals().pop(n)for n in list(globals())if n.startswith('_mw_')]";

/// A path as errors name it.
fn shown(path: &str) -> &str {
    if path.is_empty() {
        "the current directory"
    } else {
        path
    }
}

/// Why an operation on a board failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Talking to the board failed.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// The filesystem refused.
    #[error("{}: {errno}", shown(path))]
    File {
        /// The path on the board.
        path: String,
        /// Why.
        errno: Errno,
    },
    /// A program raised.
    #[error("{}", raised(traceback))]
    Exception {
        /// The board's own words.
        traceback: String,
    },
    /// The board answered what mpwire cannot read.
    #[error("the board's answer was not understood ({reason}): {reply}")]
    Reply {
        /// The start of the answer, quoted.
        reply: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What was sent did not arrive whole, however often it was sent.
    #[error("data for the board keeps arriving damaged; check the cable and the port")]
    Garbled,
    /// The board goes on as before a reset.
    #[error("the board was told to reset, and has not done so")]
    NotReset,
    /// The board is not in its bootloader.
    #[error("the board was told to enter its bootloader, and has not done so")]
    NoBootloader,
    /// The firmware lacks what the operation needs.
    #[error("this board's firmware has no {0}")]
    Lacking(&'static str),
    /// A folder of this computer cannot be mounted.
    #[error("{path}: {}", words(source))]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What a program of ours raised, in words: of a lack of memory it is of no interest where it happened.
fn raised(traceback: &str) -> String {
    let traceback = traceback.trim_end();
    match traceback.rsplit_once("MemoryError: ") {
        Some((_, what)) => format!("the board has too little memory ({what})"),
        None if traceback.ends_with("MemoryError:") => "the board has too little memory".to_owned(),
        None => format!("the board raised an exception:\n{traceback}"),
    }
}

impl Error {
    /// Whether a program waited for input that never came: something was lost on the way to it.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Session(session::Error::Repl {
                source: raw_repl::Error::Silent { .. } | raw_repl::Error::NotEnded { .. },
                ..
            })
        )
    }

    /// Whether this may come of data that was lost or changed on its way: silence, or whatever a
    /// decoder says of nonsense.
    #[must_use]
    pub fn may_be_loss(&self) -> bool {
        match self {
            Self::Exception { .. } => !self.is_out_of_memory(),
            Self::File { errno, .. } => matches!(*errno, Errno::IO | Errno::INVALID),
            Self::Garbled => true,
            _ => self.is_silence(),
        }
    }

    /// Whether the user has interrupted what was done.
    #[must_use]
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Session(session::Error::Interrupted))
    }

    /// Whether the board ran out of memory, so that a smaller attempt may succeed.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Exception { traceback } if traceback.contains("MemoryError"))
    }

    /// Whether a program raised something other than an error of the filesystem: what it uses may
    /// not be there.
    #[must_use]
    pub fn is_exception(&self) -> bool {
        matches!(self, Self::Exception { .. } | Self::Lacking(_)) && !self.is_out_of_memory()
    }

    /// Whether a program that came damaged, or an interrupt that nobody sent, may be all that is wrong.
    pub(crate) fn may_be_damage(&self) -> bool {
        matches!(self, Self::Exception { traceback } if session::is_refused(traceback.as_bytes())
            || traceback.trim_end().ends_with("KeyboardInterrupt:"))
    }

    /// The board's error number, if its filesystem refused.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::File { errno, .. } => Some(*errno),
            _ => None,
        }
    }
}

/// Is told for how long a link that broke is waited for, and `None` when that has ended.
pub type OnWait = Box<dyn FnMut(Option<Duration>) + Send>;

/// A board at the other end of a session.
#[expect(clippy::struct_excessive_bools, reason = "each is found out by itself")]
pub struct Board {
    session: Session,
    capabilities: Option<Capabilities>,
    /// Names that on-board programs have left in the board's globals, until [`Board::tidy`].
    installed: BTreeSet<&'static str>,
    /// The agent that runs there, if one does.
    agent: Option<Agent>,
    /// What it said of a block before an error ended it.
    said_before_error: Vec<u8>,
    /// Whether it took one the last time.
    took_agent: bool,
    /// Whether the firmware could not take one.
    refuses_agent: bool,
    /// What the board raised in place of taking a stream that its capabilities promised.
    stream_refusal: Option<String>,
    /// Bytes of a file in each frame that it writes; 0 where the firmware cannot write frames.
    frame_room: usize,
    /// Whether it deflates what is in them; `None` where that is not known.
    deflates: Option<bool>,
    /// The folder of this computer that is mounted there, if one is.
    mounted: Option<crate::mount::Options>,
    /// Whether it was reset in this session, so that it has no folder of an earlier one.
    is_fresh: bool,
    /// How its link is found again.
    way: Way,
    /// Whether what it does is begun again where the link fails it.
    is_persistent: bool,
    /// How often an operation that is begun again has come further than before.
    advances: u64,
    /// The most bytes of a block for a board that has never had a longer one whole; `None` without limit.
    block_limit: Option<usize>,
    /// Told when a link that broke is waited for, and for how long at most, and when that has ended.
    on_wait: Option<OnWait>,
    /// How often in a row a program was silent for longer than it may be.
    silences: u32,
    /// Whether a program that ignores Ctrl-C may be sent many.
    may_flood: bool,
    /// Whether it was reset, so that nothing is left there.
    was_reset: bool,
    /// How much longer than others the programs of what is done now may be silent.
    longer: Duration,
}

impl Board {
    /// A board of which nothing is known yet.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            capabilities: None,
            installed: BTreeSet::new(),
            agent: None,
            said_before_error: Vec::new(),
            took_agent: false,
            refuses_agent: false,
            stream_refusal: None,
            frame_room: FRAME_ROOM,
            deflates: None,
            mounted: None,
            is_fresh: false,
            way: Way::default(),
            is_persistent: false,
            advances: 0,
            block_limit: None,
            on_wait: None,
            silences: 0,
            may_flood: false,
            was_reset: false,
            longer: Duration::ZERO,
        }
    }

    /// Has `on_wait` told when a link that broke is waited for.
    pub fn on_wait(&mut self, on_wait: OnWait) {
        self.on_wait = Some(on_wait);
    }

    /// Notes that what is begun again has come further than before: the board has more of it.
    pub(crate) fn note_advance(&mut self) {
        self.advances += 1;
    }

    /// Says whether [`Board::reach`] may send a program that ignores two interrupts a steady flow of
    /// Ctrl-C, for up to 3 s. Nothing may that is not known to be a board.
    pub fn allow_flood(&mut self, is_allowed: bool) {
        self.may_flood = is_allowed;
    }

    /// Whether the last [`Board::reach`] has sent such a flow.
    #[must_use]
    pub fn was_flooded(&self) -> bool {
        self.session.has_flooded()
    }

    /// Whether the last [`Board::reach`] has interrupted a `boot.py` that did not end.
    #[must_use]
    pub fn was_boot_interrupted(&self) -> bool {
        self.session.has_interrupted_boot()
    }

    /// What the user would call the link to it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.session.name()
    }

    /// What opens the board's link again.
    #[must_use]
    pub fn address(&self) -> Address {
        self.session.address()
    }

    /// Whether the link goes on when the board's interpreter begins anew.
    #[must_use]
    pub fn survives_soft_reset(&self) -> bool {
        self.session.survives_soft_reset()
    }

    /// How often something went well only when it was done again: the link damages what it carries.
    #[must_use]
    pub fn repetitions(&self) -> usize {
        self.session.repetitions()
    }

    /// A handle with which other threads interrupt what this board does.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.session.interrupter()
    }

    /// A handle through which another thread types to this board's consoles.
    #[must_use]
    pub fn keyboard(&self) -> Keyboard {
        self.session.keyboard()
    }

    /// The friendly REPL, for a person. The raw REPL is left, at once or when the program that runs
    /// there ends.
    pub fn console(&mut self) -> Result<Console<'_>, Error> {
        self.end_agent()?;
        if !self.session.is_busy() {
            self.tidy()?;
        }
        // The person may reset the board.
        self.installed.clear();
        Ok(self.session.console()?)
    }

    /// Goes on with `link` in place of one that broke. Nothing is known of the board behind it.
    pub fn reconnect(&mut self, link: Arc<dyn Link>) {
        self.session.reconnect(link);
        self.forget();
    }

    /// Waits for a link that broke, for `patience`, and goes on with it; `false` if it does not come
    /// back. Nothing is known of the board behind it.
    pub fn reopen(&mut self, reopener: Reopener, patience: Duration) -> Result<bool, Error> {
        let is_back = self.session.reopen(reopener, patience)?;
        self.forget();
        Ok(is_back)
    }

    /// Enters the raw REPL again, of a board that may have been reset by somebody else.
    pub fn recover(&mut self) -> Result<(), Error> {
        self.installed.clear();
        self.enter(false)
    }

    fn forget(&mut self) {
        self.capabilities = None;
        self.installed.clear();
        self.agent = None;
        self.refuses_agent = false;
        self.stream_refusal = None;
        self.frame_room = FRAME_ROOM;
        self.deflates = None;
    }

    /// How fast the board took programs so far.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.session.rate()
    }

    /// Whether the board is in the raw REPL, as far as is known.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        self.session.is_entered()
    }

    /// Whether it takes programs by raw-paste, which has flow control, as far as it has shown.
    #[must_use]
    pub fn has_raw_paste(&self) -> bool {
        self.session.has_raw_paste()
    }

    /// Enters the raw REPL; with `soft_reset`, of a freshly started board.
    pub fn enter(&mut self, soft_reset: bool) -> Result<(), Error> {
        if soft_reset {
            self.installed.clear();
        }
        self.way.find(self.session.address());
        // Entering interrupts whatever runs.
        self.agent = None;
        self.session.enter(soft_reset, ENTER_PATIENCE)?;
        if self.takes_restart() || soft_reset {
            self.installed.clear();
            self.began_anew()?;
        }
        Ok(())
    }

    /// Puts back what a soft reset has taken away.
    fn began_anew(&mut self) -> Result<(), Error> {
        self.is_fresh = true;
        self.remount()?;
        Ok(())
    }

    /// Interrupts what runs and enters the raw REPL within `patience`.
    pub fn interrupt(&mut self, patience: Duration) -> Result<(), Error> {
        self.agent = None;
        Ok(self.session.enter(false, patience)?)
    }

    /// Enters the raw REPL if the board shows within `patience` that it is at an idle prompt. A
    /// program that runs there is not interrupted: it finds at most a blank and a backspace in its
    /// input.
    pub fn enter_idle(&mut self, patience: Duration) -> Result<(), Error> {
        Ok(self.session.enter_idle(patience)?)
    }

    /// Enters the raw REPL of a board that has just shown its prompt, within `patience`.
    pub fn enter_from_prompt(&mut self, patience: Duration) -> Result<(), Error> {
        Ok(self.session.enter_from_prompt(patience)?)
    }

    /// Runs a user's program for as long as it takes, giving its output to `output` as it comes,
    /// and returns its traceback, empty when it ended well. An interrupt goes to the program.
    pub fn execute(
        &mut self,
        program: &[u8],
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<Vec<u8>, Error> {
        self.await_prompt()?;
        let traceback =
            self.session
                .execute(program, None, None, OnInterrupt::Forward, &mut |progress| {
                    if let Progress::Output(bytes) = progress {
                        output(bytes);
                    }
                })?;
        Ok(traceback)
    }

    /// Starts a user's program and does not wait for its end.
    pub fn execute_and_forget(&mut self, program: &[u8]) -> Result<(), Error> {
        self.await_prompt()?;
        Ok(self.session.execute_and_forget(program)?)
    }

    /// What the board raised, in its own words, in place of taking a stream that its capabilities
    /// promised; `None` where it did not.
    #[must_use]
    pub fn stream_refusal(&self) -> Option<&str> {
        self.stream_refusal.as_deref()
    }

    /// Notes that a stream has failed with `error`.
    pub(crate) fn note_stream_refusal(&mut self, error: &Error) {
        if let Error::Exception { traceback } = error {
            let last = traceback.trim_end().lines().next_back();
            self.stream_refusal = Some(last.unwrap_or_default().to_owned());
        }
    }

    /// What the firmware can do, if that had to be asked.
    #[must_use]
    pub fn known_capabilities(&self) -> Option<Capabilities> {
        self.capabilities
    }

    /// What the firmware can do; asked once.
    pub fn capabilities(&mut self) -> Result<Capabilities, Error> {
        if let Some(capabilities) = self.capabilities {
            return Ok(capabilities);
        }
        let capabilities = persistently(self, &mut Self::probe)?;
        self.capabilities = Some(capabilities);
        if capabilities.free_memory >= ROOMY {
            self.session.speed_up();
        }
        Ok(capabilities)
    }

    fn probe(&mut self) -> Result<Capabilities, Error> {
        let probe = "_mw_probe()";
        let reply = match self.run(&[onboard::PROBE], probe) {
            // What a program before left behind can be in the compiler's way on a small heap.
            Err(error) if error.is_out_of_memory() => {
                self.evaluate("import gc\ngc.collect()\ndel gc", &mut |_| {})?;
                self.run(&[onboard::PROBE], probe)?
            }
            other => other?,
        };
        let found = Capabilities::parse(answer(&reply)?);
        let found = found.ok_or_else(|| unreadable(&reply, "capabilities"))?;
        let in_bursts = self.session.burst().is_some();
        Ok(Capabilities { in_bursts, ..found })
    }

    /// Runs `call` with `programs`, leaving nothing on the board, and returns what it printed.
    ///
    /// `call` may span lines. An [`Error::File`] carries an empty path for the caller to fill in.
    pub fn run(&mut self, programs: &[Program], call: &str) -> Result<Vec<u8>, Error> {
        self.run_with(programs, call, &mut |_| {})
    }

    /// As [`Board::run`], and gives the conversation's progress to `progress`.
    pub fn run_with(
        &mut self,
        programs: &[Program],
        call: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        self.run_at_length(programs, call, REPLY_MOST, progress)
    }

    /// As [`Board::run_with`], for a program that may print `most` bytes; [`REPLY_MOST`] of them are
    /// returned.
    pub(crate) fn run_at_length(
        &mut self,
        programs: &[Program],
        call: &str,
        most: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        let names: Vec<&str> = programs.iter().map(|program| program.defines).collect();
        let definitions = self.definitions(programs)?;
        let text = format!("{definitions}{call}\ndel {}", names.join(","));
        // An exception leaves the names, for `tidy` to remove.
        self.installed.extend(&names);
        let reply = self.evaluate_at_length(&text, most, progress)?;
        for name in names {
            self.installed.remove(name);
        }
        Ok(reply)
    }

    /// Runs `call` with `programs`, which stay on the board until [`Board::tidy`], and `defines`,
    /// names that `call` itself leaves there.
    pub fn run_and_keep(
        &mut self,
        programs: &[Program],
        defines: &[&'static str],
        call: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        let text = self.with_definitions(programs, defines, call)?;
        self.evaluate(&text, progress)
    }

    fn with_definitions(
        &mut self,
        programs: &[Program],
        defines: &[&'static str],
        call: &str,
    ) -> Result<String, Error> {
        // A restart takes away what is installed.
        self.await_prompt()?;
        let missing: Vec<Program> = programs
            .iter()
            .filter(|program| !self.installed.contains(program.defines))
            .copied()
            .collect();
        let text = self.definitions(&missing)? + call;
        self.installed
            .extend(missing.iter().map(|program| program.defines));
        self.installed.extend(defines);
        Ok(text)
    }

    /// As [`Board::run_and_keep`], for a call that reads: what `feed` returns is sent to it.
    pub fn run_feeding(
        &mut self,
        programs: &[Program],
        defines: &[&'static str],
        call: &str,
        feed: &mut dyn FnMut(Progress) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        self.await_prompt()?;
        let text = self.with_definitions(programs, defines, call)?;
        let mut reply = Vec::new();
        let traceback = self.session.execute_feeding(
            text.as_bytes(),
            FEEDING_PATIENCE,
            REPLY_MOST,
            &mut |step| {
                if let Progress::Output(bytes) = step {
                    keep(&mut reply, bytes);
                }
                feed(step)
            },
        )?;
        outcome(reply, &traceback)
    }

    /// Starts `call` with `program`, which writes frames, for [`Board::hear`] to tell of.
    pub(crate) fn start(&mut self, program: Program, call: &str) -> Result<(), Error> {
        self.await_prompt()?;
        let definition = self.definitions(&[program])?;
        self.keep_names(&[program.defines]);
        let text = format!("{definition}{call}\ndel {}", program.defines);
        self.session.open(text.as_bytes(), &mut |_| {})?;
        Ok(())
    }

    /// What `program`, which was started, says next; `None` when that is nothing for `patience`.
    pub(crate) fn hear(
        &mut self,
        program: Program,
        patience: Duration,
    ) -> Result<Option<Heard>, Error> {
        let heard = self.session.hear(patience)?;
        if let Some(Heard::Finished { traceback }) = &heard
            && traceback.is_empty()
        {
            self.installed.remove(program.defines);
        }
        Ok(heard)
    }

    /// Interrupts the program that was started. [`Board::hear`] tells of what it has written, then of
    /// its end.
    pub(crate) fn interrupt_started(&mut self) -> Result<(), Error> {
        Ok(self.session.interrupt_frames()?)
    }

    /// Whether the board deflates what it sends; `None` where that is not known.
    pub(crate) fn deflates(&self) -> Option<bool> {
        self.deflates
    }

    /// Notes whether it does.
    pub(crate) fn note_deflates(&mut self, deflates: bool) {
        self.deflates = Some(deflates);
    }

    /// Whether it has a folder of this computer mounted.
    pub(crate) fn has_mounted(&self) -> bool {
        self.mounted.is_some()
    }

    /// Characters of a program that the board is believed to take at once.
    pub(crate) fn program_limit(&self) -> usize {
        self.capabilities
            .map_or(PROGRAM_LIMIT, |found| found.program_limit())
    }

    /// Bytes of a file in each frame that the board writes; `None` where it cannot write frames.
    pub(crate) fn frame_room(&self) -> Option<usize> {
        let mut room = self.frame_room;
        if let Some(found) = &self.capabilities {
            if !found.crc32 || !found.sha256 {
                return None;
            }
            // A block is in memory twice, and what is free is in pieces.
            while room > FRAME_ROOM_LEAST && room as u64 > found.free_memory / 8 {
                room /= 4;
            }
        }
        (room > 0).then_some(room)
    }

    /// Notes that frames of `room` bytes were too large for the board's memory.
    pub(crate) fn shrink_frames(&mut self, room: usize) {
        self.frame_room = if room > FRAME_ROOM_LEAST { room / 4 } else { 0 };
    }

    /// Notes that frames of `room` bytes, or the smallest, are better from now on.
    pub(crate) fn prefer_frames(&mut self, room: usize) {
        self.frame_room = room.max(FRAME_ROOM_LEAST);
    }

    /// Notes that the firmware cannot write frames.
    pub(crate) fn refuse_frames(&mut self) {
        self.frame_room = 0;
    }

    /// Sends with more care from now on, since something was lost.
    pub fn slow_down(&mut self) {
        self.session.slow_down();
    }

    /// Removes from the board's globals what [`Board::run_and_keep`] left there.
    pub fn tidy(&mut self) -> Result<(), Error> {
        if self.installed.is_empty() {
            return Ok(());
        }
        self.note_tidied();
        match self.evaluate(TIDY, &mut |_| {}) {
            // It raises nothing: it came damaged.
            Err(Error::Exception { .. } | Error::File { .. }) => self.evaluate(TIDY, &mut |_| {}),
            other => other,
        }
        .map(drop)
    }

    /// Notes names that a program is about to leave in the board's globals.
    pub(crate) fn keep_names(&mut self, names: &[&'static str]) {
        self.installed.extend(names);
    }

    /// Notes that [`TIDY`] has run.
    pub(crate) fn note_tidied(&mut self) {
        self.installed.clear();
    }

    /// The text of `programs`, or nothing where memory is so small that each had to be sent by
    /// itself, which is done here.
    fn definitions(&mut self, programs: &[Program]) -> Result<String, Error> {
        let texts: Vec<String> = programs.iter().map(Program::shrunk).collect();
        let whole: usize = texts.iter().map(String::len).sum();
        // What compiles to functions takes more memory for its length than a literal does.
        let limit = self
            .capabilities
            .map_or(usize::MAX, |found| found.program_limit() / 2);
        if whole <= limit.max(200) {
            return Ok(texts.concat());
        }
        for text in &texts {
            self.evaluate(text, &mut |_| {})?;
        }
        Ok(String::new())
    }

    fn evaluate(
        &mut self,
        text: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        self.evaluate_at_length(text, REPLY_MOST, progress)
    }

    fn evaluate_at_length(
        &mut self,
        text: &str,
        most: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        self.await_prompt()?;
        let patience = self.patience();
        let mut reply = Vec::new();
        let traceback = self.session.execute(
            text.as_bytes(),
            Some(patience),
            Some(most),
            OnInterrupt::Abandon,
            &mut |step| {
                if let Progress::Output(bytes) = step {
                    keep(&mut reply, bytes);
                }
                progress(step);
            },
        )?;
        outcome(reply, &traceback)
    }

    /// Leaves the raw REPL and lets go of the link.
    pub fn close(&mut self) {
        // Nobody will answer for it any more. A board that is gone has lost it with all else.
        let _ = self.umount();
        if self.is_entered() {
            let _ = self.end_agent();
            // A board that does not answer any more is left as it is.
            let _ = self.tidy();
        }
        self.session.close();
    }
}

/// Keeps output, up to a limit: a board must not fill our memory.
pub(crate) fn keep(reply: &mut Vec<u8>, bytes: &[u8]) {
    let room = REPLY_MOST.saturating_sub(reply.len());
    reply.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// What a program printed, or what it raised.
pub(crate) fn outcome(reply: Vec<u8>, traceback: &[u8]) -> Result<Vec<u8>, Error> {
    if traceback.is_empty() {
        return Ok(reply);
    }
    let traceback = String::from_utf8_lossy(traceback).into_owned();
    Err(match Errno::from_traceback(&traceback) {
        Some(errno) => Error::File {
            path: String::new(),
            errno,
        },
        None => Error::Exception { traceback },
    })
}

/// The last answer in what a program printed, as the literal's text.
pub(crate) fn answer(reply: &[u8]) -> Result<&[u8], Error> {
    answers(reply)
        .next_back()
        .ok_or_else(|| unreadable(reply, "it holds no answer"))
}

/// Whether the last answer in what a program printed is `True`.
pub(crate) fn is_true(reply: &[u8]) -> bool {
    answers(reply).next_back() == Some(b"True")
}

/// Reads the last answer in what a program printed.
pub(crate) fn read(reply: &[u8]) -> Result<Value, Error> {
    read_literal(answer(reply)?)
}

/// Reads all answers in what a program printed.
pub(crate) fn read_list(reply: &[u8]) -> Result<Vec<Value>, Error> {
    if !answers::are_whole(reply) {
        return Err(unreadable(reply, "an answer was cut"));
    }
    // As one literal, whose values are counted: what is foreign must not fill the memory.
    let mut list = Vec::with_capacity(reply.len() + 2);
    list.push(b'[');
    for answer in answers(reply) {
        list.extend_from_slice(answer);
        list.push(b',');
    }
    list.push(b']');
    match read_literal(&list)? {
        Value::List(items) => Ok(items),
        _ => Err(unreadable(reply, "a list was expected")),
    }
}

/// Reads an answer.
pub(crate) fn read_literal(text: &[u8]) -> Result<Value, Error> {
    parse(text).map_err(|error| unparsable(text, &error))
}

fn unparsable(reply: &[u8], error: &ParseError) -> Error {
    unreadable(reply, &error.to_string())
}

pub(crate) fn unreadable(reply: &[u8], reason: &str) -> Error {
    Error::Reply {
        reply: quote::first_of(reply),
        reason: reason.to_owned(),
    }
}
