//! The agent: a program on the board that takes binary blocks and executes what they ask for
//! (`onboard/agent.py`, which describes the format).
//!
//! One conversation for everything that follows: no text encoding, one deflate window, a round trip
//! for each block and not for each file. A board that is new to the agent gets it, deflated, through
//! a loader of one line, in a namespace of its own; one without `deflate`, or with little memory,
//! as any other program.

mod asking;
mod blocks;
mod loader;

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use mpwire_deflate::Effort;
use mpwire_proto::answers::{answers, split_last};
use mpwire_proto::blocks::{Check, Listener, Question, block, crc32};
use mpwire_proto::literal::Value;
use mpwire_proto::probes::Probes;
use sha2::{Digest as _, Sha256};

use super::errno::Errno;
use super::patience::digesting;
use super::program::Program;
use super::{Board, Error, REPLY_MOST, onboard, outcome, read_literal, unreadable};
use crate::session::Heard;
use asking::until;
pub(crate) use blocks::Blocks;

/// How long it may take to run the line that loads a program.
const LINE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the board may be silent while it inflates the agent: a damaged deflate stream may have no end.
const START_SILENCE: Duration = Duration::from_secs(3);
/// How long a program of any length may be silent that was inflated.
const SHORT_PATIENCE: Duration = Duration::from_secs(10);
/// How quiet the board must be before its question is believed to be its last.
const SETTLE: Duration = Duration::from_millis(100);
/// How long a call may take besides its data: slow flash writes a directory's block or two.
const CALL_TIME: Duration = Duration::from_secs(1);
/// How often one block is sent again.
const RESENDS: u32 = 8;
/// Bytes a second of the slowest line that serial ports are opened with.
const SLOWEST: u64 = 11_520;
/// Bytes a second at which programs are taken over USB and not over a UART of 921600 baud: what a
/// short one takes is mostly round trips.
const FAST: f64 = 40_000.0;
/// A time in which no line brings an agent that is slower than 100 KB/s.
const FAST_START: Duration = Duration::from_millis(8);
/// A time that a user may notice, if it is spent for each block.
const NOTICEABLE: Duration = Duration::from_millis(2);
/// What the system may hold of a block that was written.
const QUEUE: usize = 4096;

/// Bytes written at once, so that progress is seen.
const PIECE: usize = 1024;

/// The largest block, in bytes, and the largest window, as its base-2 logarithm.
pub(crate) const ROOM_MOST: usize = 16 * 1024;
pub(crate) const BITS_MOST: u8 = 15;
/// The smallest that are of use.
const ROOM_LEAST: usize = 64;
const BITS_LEAST: u8 = 8;

/// How far a block is on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Bytes on the wire since the step before.
    pub wire: usize,
    /// Bytes of the stream so far.
    pub stream: u64,
}

/// The agent that runs on a board.
#[derive(Debug)]
pub(crate) struct Agent {
    /// What is to be sent.
    blocks: Blocks,
    /// The board's question, to be answered with the next block.
    question: Question,
    listener: Listener,
    /// Frames that arrived whole, and whether one did not.
    frames: Vec<u8>,
    damaged: bool,
    /// How the board checks a block.
    check: Check,
    /// Names of programs that the agent knows.
    known: BTreeSet<&'static str>,
}

impl Board {
    /// Whether an agent runs.
    pub(crate) fn has_agent(&self) -> bool {
        self.agent.is_some()
    }

    /// Whether an agent runs or may be loaded: the board has not refused it, and blocks would not overrun
    /// its ring again and again.
    pub(crate) fn may_load_agent(&self) -> bool {
        self.agent.is_some() || (!self.refuses_agent && self.session.burst().is_none())
    }

    /// Starts the agent on a board of which nothing is known, with `programs` and their `call`,
    /// and returns what that printed; `None` where the firmware does not have what it takes.
    ///
    /// `bits` is the largest window to use; 0 is no inflater. `meanwhile` may prepare blocks while
    /// the board receives the agent.
    pub(crate) fn load_agent(
        &mut self,
        programs: &[Program],
        call: &str,
        bits: u8,
        meanwhile: &mut dyn FnMut(&mut Blocks),
    ) -> Result<Option<Vec<u8>>, Error> {
        self.end_agent()?;
        let said = self.load(programs, call, bits, meanwhile)?;
        if said.is_none() && std::mem::take(&mut self.took_agent) {
            // It could: a board that was reset got the rest of what was on its way at its prompt.
            return Err(Error::Garbled);
        }
        self.refuses_agent = said.is_none();
        self.took_agent = said.is_some();
        Ok(said)
    }

    fn load(
        &mut self,
        programs: &[Program],
        call: &str,
        bits: u8,
        meanwhile: &mut dyn FnMut(&mut Blocks),
    ) -> Result<Option<Vec<u8>>, Error> {
        if !self.load_program(|| loader::text(programs, call, ROOM_MOST, bits))? {
            return Ok(None);
        }
        let mut blocks = Blocks::new(ROOM_MOST, bits, self.effort());
        meanwhile(&mut blocks);
        let known = programs.iter().map(|program| program.defines).collect();
        match self.begin(blocks, known, crc32, false) {
            Ok(said) => Ok(Some(said)),
            Err(Error::Exception { .. } | Error::File { .. } | Error::Lacking(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has the board inflate a program and run it in a namespace of its own; `text` is what it reads.
    /// `false` where the firmware, or this computer, cannot.
    fn load_program(
        &mut self,
        text: impl FnOnce() -> Option<Vec<u8>> + Send,
    ) -> Result<bool, Error> {
        let (opened, text) = thread::scope(|scope| {
            // It is deflated while the line that reads it is on its way.
            let text = scope.spawn(text);
            let opened = self.session.open(loader::first().as_bytes(), &mut |_| {});
            (opened, text.join())
        });
        opened?;
        if !self.hear_ready()? {
            return Ok(false);
        }
        match text.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
            Some(text) => self.session.say(&text)?,
            None => return Err(self.session.give_up(Duration::ZERO).into()),
        };
        Ok(true)
    }

    /// Waits until the loader reads; `false` where the firmware has not what it takes.
    fn hear_ready(&mut self) -> Result<bool, Error> {
        let mut said = Vec::new();
        while !said.contains(&loader::READY) {
            match self.session.hear(LINE_PATIENCE)? {
                Some(Heard::Output(bytes)) => self.keep(&mut said, &bytes)?,
                Some(Heard::Frame { .. }) => {}
                Some(Heard::Finished { .. }) => return Ok(false),
                None => return Err(self.session.give_up(LINE_PATIENCE).into()),
            }
        }
        Ok(true)
    }

    /// Starts `call` with `programs`, which answers within `patience` and then waits for
    /// [`Board::finish_line`]; returns what it said, or `None` where the firmware lacks what it takes.
    pub(crate) fn open_line(
        &mut self,
        programs: &[Program],
        call: &str,
        patience: Duration,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.end_agent()?;
        if !self.load_program(|| Some(loader::line(programs, call)))? {
            return Ok(None);
        }
        let mut said = Vec::new();
        while answers(&said).next().is_none() {
            match self.session.hear(patience)? {
                Some(Heard::Output(bytes)) => self.keep(&mut said, &bytes)?,
                Some(Heard::Frame { .. }) => {}
                Some(Heard::Finished { traceback }) => {
                    // What is too much for the program of a small file is too much for the agent.
                    self.refuses_agent |= outcome(Vec::new(), &traceback)
                        .is_err_and(|error| error.is_out_of_memory());
                    self.recover()?;
                    return Ok(None);
                }
                None => return Err(self.session.give_up(patience).into()),
            }
        }
        Ok(Some(said))
    }

    /// Runs `call` with `programs` of any length, deflated and in a namespace of their own, and returns
    /// what that printed; `None` where the firmware lacks what it takes to load them.
    pub(crate) fn run_deflated(
        &mut self,
        programs: &[Program],
        call: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.end_agent()?;
        let Some(sent) = self.load_long("", programs, call, "")? else {
            return Ok(None);
        };
        match self.hear_out(sent, SHORT_PATIENCE) {
            // The inflater's word for what it cannot inflate (`moddeflate.c`), however often.
            Err(Error::File { errno, .. }) if errno == Errno::INVALID => Err(Error::Garbled),
            other => other.map(Some),
        }
    }

    /// Starts `call` with `program`, which writes frames and deflates, for [`Board::hear`] to tell
    /// of; `false` where the firmware lacks what it takes.
    pub(crate) fn start_deflating(&mut self, program: Program, call: &str) -> Result<bool, Error> {
        self.end_agent()?;
        // The program that this one takes the place of was interrupted, and its name is there still.
        let before = if self.installed.remove(program.defines) {
            format!("del {}\n", program.defines)
        } else {
            String::new()
        };
        let sent = self.load_long(&before, &[program], call, "d.DeflateIO.write;")?;
        Ok(sent.is_some())
    }

    /// Has the board run a line, then inflate programs of any length, if it has what is `needed` of
    /// `d`, its module `deflate`. Returns how many bytes these are.
    fn load_long(
        &mut self,
        before: &str,
        programs: &[Program],
        call: &str,
        needed: &str,
    ) -> Result<Option<usize>, Error> {
        let (line, data) = loader::long(programs, call, needed);
        let line = before.to_owned() + &line;
        self.session.open(line.as_bytes(), &mut |_| {})?;
        if !self.hear_ready()? {
            return Ok(None);
        }
        self.session.say(&data)?;
        Ok(Some(data.len()))
    }

    /// Answers a program that waits for input, and returns what it says until its end; it writes a file of
    /// `size` bytes.
    pub(crate) fn finish_line(&mut self, line: &[u8], size: usize) -> Result<Vec<u8>, Error> {
        self.session.say(line)?;
        let longest = self.block_silence(size, digesting(size as u64));
        self.hear_out(line.len(), longest)
    }

    /// Keeps what a program says.
    fn keep(&mut self, said: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
        said.extend_from_slice(bytes);
        self.limit(said.len())
    }

    /// Gives up a program that has said more than it can have to say.
    fn limit(&mut self, said: usize) -> Result<(), Error> {
        if said <= REPLY_MOST {
            return Ok(());
        }
        self.agent = None;
        Err(self.session.flooded(REPLY_MOST).into())
    }

    /// What a program that was sent all its input, of so many bytes, says to its end, silent for no longer
    /// than `longest`. If it fails, it may not have read all, and the REPL has.
    fn hear_out(&mut self, sent: usize, longest: Duration) -> Result<Vec<u8>, Error> {
        let mut said = Vec::new();
        let mut probes = Probes::default();
        let mut heard = Instant::now();
        let mut pause = on_the_wire(sent) + probes.pause();
        loop {
            match self.session.hear(pause)? {
                Some(Heard::Output(bytes)) => {
                    heard = Instant::now();
                    probes.note_life();
                    pause = probes.pause();
                    self.keep(&mut said, &bytes)?;
                }
                Some(Heard::Frame { .. }) => {}
                Some(Heard::Finished { traceback }) => {
                    if probes.lines() > 0 || !traceback.is_empty() {
                        self.recover()?;
                    }
                    return outcome(said, &traceback);
                }
                None if heard.elapsed() >= longest => return Err(self.end_silence(longest)),
                // It may have lost bytes, and wait for them: with these it finds what is damaged.
                None => {
                    if let Some(probe) = probes.next() {
                        self.session.say(&probe)?;
                    }
                    pause = until(heard, longest).min(probes.pause());
                }
            }
        }
    }

    /// Starts the agent as any other program, on a board whose capabilities are known. With `tidy`,
    /// its end removes all programs of ours.
    pub(crate) fn install_agent(
        &mut self,
        programs: &[Program],
        room: usize,
        bits: u8,
        tidy: bool,
    ) -> Result<(), Error> {
        self.end_agent()?;
        let after = if tidy { super::TIDY } else { "" };
        let text = self.with_definitions(
            programs,
            &["_mw_pull"],
            // What it leaves in the globals holds its memory, which may be all that there was.
            &format!(
                "try:\n _mw_agent({},{bits})\nfinally:\n globals().pop('_mw_pull',0)\n{after}",
                room.min(ROOM_MOST)
            ),
        )?;
        self.session.open(text.as_bytes(), &mut |_| {})?;
        let known = self.installed.clone();
        let check = if programs.contains(&onboard::CHECK_SHA256) {
            sha256
        } else {
            crc32
        };
        let blocks = Blocks::new(room.min(ROOM_MOST), bits, self.effort());
        self.begin(blocks, known, check, true).map(drop)
    }

    /// How hard to compress: on a fast line the time that takes would be longer than what it saves.
    pub(super) fn effort(&self) -> Effort {
        if self.session.rate().bytes_per_second() > FAST {
            Effort::Quick
        } else {
            Effort::Dense
        }
    }

    /// Hears what the agent says first; the loader says before that that it has it, unless it
    /// `has_started`.
    fn begin(
        &mut self,
        mut blocks: Blocks,
        known: BTreeSet<&'static str>,
        check: Check,
        mut has_started: bool,
    ) -> Result<Vec<u8>, Error> {
        let mut listener = Listener::default();
        let mut said = Vec::new();
        let start = Instant::now();
        let mut heard = start;
        let mut probes = Probes::default();
        let mut pause = on_the_wire(QUEUE) + probes.pause();
        let question = loop {
            match self.session.hear(pause)? {
                Some(Heard::Output(bytes)) => {
                    heard = Instant::now();
                    probes.note_life();
                    pause = probes.pause();
                    has_started |= bytes.contains(&loader::STARTED);
                    if let Some(question) = listener.push(&bytes, &mut said) {
                        break question;
                    }
                    self.limit(said.len())?;
                }
                Some(Heard::Frame { .. }) => {}
                Some(Heard::Finished { traceback }) => {
                    // It did not read what it was sent, for want of memory: the REPL has, and may be in
                    // any state.
                    self.recover()?;
                    outcome(said, &traceback)?;
                    return Err(Error::Lacking("a stream of input"));
                }
                // The agent's program may have lost bytes on its way, and waits for them: with probes it
                // may find that it is damaged. An agent that runs takes them for no answer.
                None => {
                    let longest = if has_started {
                        self.patience()
                    } else {
                        self.with_backoff(START_SILENCE)
                    };
                    if heard.elapsed() >= longest {
                        return Err(self.end_silence(longest));
                    }
                    if let Some(probe) = probes.next() {
                        self.session.say(&probe)?;
                    }
                    pause = until(heard, longest).min(probes.pause());
                }
            }
        };
        let due = probes.lines().saturating_sub(listener.asked() - 1);
        said.retain(|&byte| byte != loader::STARTED);
        if start.elapsed() < FAST_START {
            blocks.hurry();
        }
        let expected = "the size of blocks was expected";
        let (before, last) = split_last(&said).ok_or_else(|| unreadable(&said, expected))?;
        let (room, bits) = sizes(&read_literal(last)?).ok_or_else(|| unreadable(last, expected))?;
        let before = before.len();
        said.truncate(before);
        blocks.resize(room, bits);
        if let Some(limit) = self.block_limit {
            blocks.limit(limit);
        }
        self.agent = Some(Agent {
            blocks,
            question,
            listener,
            frames: Vec::new(),
            damaged: false,
            check,
            known,
        });
        if due > 0 {
            let last = self.settle(question, Some(due), SETTLE, probes, &mut Vec::new())?;
            if let (Some(agent), Some(last)) = (&mut self.agent, last) {
                agent.question = last;
            }
        }
        Ok(said)
    }

    /// What is to be sent to the agent, if one runs.
    pub(crate) fn blocks(&mut self) -> Option<&mut Blocks> {
        self.agent.as_mut().map(|agent| &mut agent.blocks)
    }

    /// Notes that the board will work for so long, silently, on what was asked of the agent last.
    pub(crate) fn expect_work(&mut self, work: Duration) {
        if let Some(agent) = &mut self.agent {
            agent.blocks.expect_work(work);
        }
    }

    /// Has the agent run `call`, and before it those of `programs` that it does not know.
    pub(crate) fn ask_agent(&mut self, programs: &[Program], call: &str) {
        let Some(agent) = &mut self.agent else {
            return;
        };
        for program in programs {
            if agent.known.insert(program.defines) {
                agent.blocks.program(&program.shrunk());
            }
        }
        agent.blocks.program(call);
        agent.blocks.expect_work(CALL_TIME);
    }

    /// As [`Board::ask_agent`], before all that waits to be sent to an agent that was sent nothing
    /// yet.
    pub(crate) fn ask_agent_first(&mut self, programs: &[Program], call: &str) {
        match &mut self.agent {
            Some(agent) if !agent.blocks.is_empty() => {
                agent.blocks.program_first(call);
                for program in programs {
                    if agent.known.insert(program.defines) {
                        agent.blocks.program_first(&program.shrunk());
                    }
                }
            }
            _ => self.ask_agent(programs, call),
        }
    }

    /// Sends the next block, of what is to be sent, if that fills one or `all` of it is wanted, and
    /// returns what the board said until it asked for another; `None` when nothing was sent.
    pub(crate) fn send_block(
        &mut self,
        all: bool,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(agent) = &mut self.agent else {
            return Err(Error::Lacking("an agent"));
        };
        let Some((mut payload, mut size)) = agent.blocks.next(all) else {
            return Ok(None);
        };
        let (odd, check) = (agent.question.odd, agent.check);
        let before = agent.blocks.done() - size as u64;
        let mut wire = block(agent.question.number, &payload, size, check);
        let mut said = Vec::new();
        let mut resends = 0;
        let mut is_whole = true;
        loop {
            let mut sent = 0;
            for piece in wire.chunks(PIECE) {
                self.session.say(piece)?;
                sent += piece.len();
                progress(Step {
                    wire: piece.len(),
                    stream: before + (size * sent / wire.len()) as u64,
                });
            }
            // What comes next is encoded while this is on its way.
            let start = Instant::now();
            if let Some(agent) = &mut self.agent {
                agent.blocks.prepare(all);
            }
            let prepared = Instant::now();
            let question = match self.next_question(odd, wire.len(), size, &mut said) {
                Ok(Some(question)) => question,
                Ok(None) => return Ok(Some(said)),
                Err(error) => {
                    self.said_before_error = said;
                    return Err(error);
                }
            };
            if question.odd != odd {
                if let Some(agent) = &mut self.agent {
                    agent.question = question;
                    if resends == 0 && is_whole {
                        agent.blocks.lengthen();
                    }
                    let encoding = prepared - start;
                    if encoding > NOTICEABLE && prepared.elapsed() < encoding / 8 {
                        // The line is faster than the encoder.
                        agent.blocks.hurry();
                    }
                }
                return Ok(Some(said));
            }
            resends += 1;
            if resends > RESENDS {
                self.agent = None;
                // The board waits for another: that must end, whatever comes of it.
                let _ = self.session.give_up(self.patience());
                return Err(Error::Garbled);
            }
            if resends == 1 {
                if let Some(agent) = &mut self.agent {
                    agent.blocks.shorten();
                }
            } else {
                // Not by chance: the board does not read as fast as this is sent, or the line loses bytes
                // so often that hardly a block of this length arrives.
                self.session.slow_down();
                if let Some(shorter) = self.blocks().and_then(Blocks::halve) {
                    (payload, size) = shorter;
                    is_whole = false;
                    resends = 0;
                }
            }
            wire = block(question.number, &payload, size, check);
        }
    }

    /// What the agent said of its last block before an error ended it: it had done so much of it.
    pub(crate) fn take_said_before_error(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said_before_error)
    }

    /// Has the agent do all that it was asked for, and returns what it said.
    pub(crate) fn flush_agent(&mut self, progress: &mut dyn FnMut(Step)) -> Result<Vec<u8>, Error> {
        let mut said = Vec::new();
        while self.has_agent() {
            match self.send_block(true, progress)? {
                Some(more) => super::keep(&mut said, &more),
                None => break,
            }
        }
        Ok(said)
    }

    /// What was in the frames that the agent has sent; `None` if one of them was damaged on its way.
    pub(crate) fn take_frames(&mut self) -> Option<Vec<u8>> {
        let agent = self.agent.as_mut()?;
        let frames = std::mem::take(&mut agent.frames);
        (!std::mem::take(&mut agent.damaged)).then_some(frames)
    }

    /// Ends the agent, if one runs, after what it was asked for.
    pub(crate) fn end_agent(&mut self) -> Result<(), Error> {
        if let Some(agent) = &mut self.agent {
            if agent.blocks.done() == 0 {
                // What was prepared and turned out to be unwanted.
                agent.blocks.forget();
            }
            agent.blocks.end();
            self.flush_agent(&mut |_| {})?;
        }
        Ok(())
    }
}

/// What `onboard/check_sha256.py` computes.
pub(crate) fn sha256(number: u8, payload: &[u8]) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update([number]);
    hasher.update(payload);
    let digest: [u8; 32] = hasher.finalize().into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// How long so many bytes take on the slowest line.
fn on_the_wire(length: usize) -> Duration {
    Duration::from_millis(length as u64 * 1000 / SLOWEST)
}

/// The largest block and the window that the board has allocated; `None` of what no board has, but damage
/// on the way may have made.
fn sizes(value: &Value) -> Option<(usize, u8)> {
    let [room, bits] = value.as_items()? else {
        return None;
    };
    let room = usize::try_from(room.as_int()?).ok()?;
    let bits = u8::try_from(bits.as_int()?).ok()?;
    let is_possible = (ROOM_LEAST..=ROOM_MOST).contains(&room)
        && (bits == 0 || (BITS_LEAST..=BITS_MOST).contains(&bits));
    is_possible.then_some((room, bits))
}

#[cfg(test)]
mod tests {
    use mpwire_proto::literal::parse;

    use super::*;

    #[test]
    fn sizes_that_no_board_has_are_refused() {
        let read = |text: &str| sizes(&parse(text.as_bytes()).expect("a literal"));
        assert_eq!(read("(16384, 0)"), Some((16384, 0)));
        assert_eq!(read("(800, 9)"), Some((800, 9)));
        for damaged in [
            "(16384, 4)",
            "(16384, 16)",
            "(96384, 0)",
            "(1, 0)",
            "(-1, 0)",
            "(1, 2, 3)",
        ] {
            assert_eq!(read(damaged), None, "{damaged}");
        }
    }
}
