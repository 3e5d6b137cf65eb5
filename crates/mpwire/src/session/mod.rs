//! The one place that joins a link, the raw REPL machine and the clock.
//!
//! A thread of its own always drains the link, because boards drop output that nobody reads
//! (TinyUSB after 500 ms, for one). It feeds the channel that [`Session`] waits on, with the
//! machine's own timeouts: there is no polling.

mod console;
mod restart;

pub use restart::Departure;

pub use console::{Console, Happening, Keyboard};

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

pub use mpwire_proto::raw_repl::Error as ReplError;
use mpwire_proto::raw_repl::{self, Event, RawRepl};
use mpwire_proto::repeat::Repeat;

use crate::board::record;
use crate::link::{Address, Link, Reopener};
use crate::system::words;

/// How many reads of a link may wait for the session, each up to 4 KiB: enough for a board not to
/// be held up by a slow terminal, and a bound for one that never stops talking.
const INBOX: usize = 64;

/// The interrupt character.
pub(crate) const INTERRUPT: u8 = 0x03;
/// How long an interrupted program may take to end before the board is left as it is.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(2);
/// How long a user's program may be silent that was sent Ctrl-C: it may have something to finish.
const INTERRUPTED_PATIENCE: Duration = Duration::from_secs(5);

/// How long a program may take to answer what it was told, besides the time on the wire.
const READ_PATIENCE: Duration = Duration::from_millis(300);

/// Bytes a second that no line with long blocks is slower than.
const SLOWEST: u64 = 11_520;

/// How what is said to a program is sent: bytes at once, and the pause to the next. Where something was
/// lost again and again, the board's receive ring has overrun: the smallest holds 64 bytes, most 256, and
/// an STM32's for USB 1,024 (`ports/*/mphalport.c`).
const PACES: [(usize, Duration); 4] = [
    (usize::MAX, Duration::ZERO),
    (500, Duration::from_millis(2)),
    (240, Duration::from_millis(5)),
    (60, Duration::from_millis(5)),
];

/// How long a program whose end was not waited for may be silent when the next is to run.
const FORGOTTEN_PATIENCE: Duration = Duration::from_secs(10);

/// Why talking to a board failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The link broke.
    #[error("the connection to {name} was lost: {}", cause(source))]
    Lost {
        /// The port or address.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The board did not behave as the raw REPL does.
    #[error("{name}: {source}")]
    Repl {
        /// The port or address.
        name: String,
        /// What was missing.
        source: raw_repl::Error,
    },
    /// A program of ours prints more than it can have to say.
    #[error("{name}: the board sent more than {} MiB where an answer was expected", most >> 20)]
    Flooded {
        /// The port or address.
        name: String,
        /// How many bytes were allowed.
        most: usize,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Why a link broke, in words that tell what to do.
fn cause(source: &io::Error) -> String {
    match source.kind() {
        // Links that know more say it themselves.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe if source.get_ref().is_none() => {
            "the board was unplugged, or the other end has closed it; connect it and run the command again"
                .to_owned()
        }
        _ => words(source),
    }
}

enum Input {
    /// What the link with this number brought.
    Bytes(u32, Vec<u8>),
    Broken(u32, io::Error),
    Interrupt,
    /// What is for a [`Console`] only, and waits for one.
    Console(console::Input),
}

/// Asks a [`Session`] to stop what it does, from another thread: a signal handler's, for one.
#[derive(Clone)]
pub struct Interrupter {
    outbox: SyncSender<Input>,
    unheard: Arc<AtomicUsize>,
}

impl Interrupter {
    /// Interrupts the session's operation, or the next one. Waits while the session hears nothing and much
    /// has come from the board.
    pub fn interrupt(&self) {
        self.unheard.fetch_add(1, Ordering::Relaxed);
        // A session that has ended needs no interrupt.
        let _ = self.outbox.send(Input::Interrupt);
    }

    /// Whether the session has heard of all interrupts: if not, its thread does something else, or waits
    /// for something else than the board.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.unheard.load(Ordering::Relaxed) == 0
    }
}

/// What an interrupt does while a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInterrupt {
    /// The board's program gets Ctrl-C and may go on while it says something; silence of 5 s, or a second
    /// interrupt, gives up on it.
    Forward,
    /// The operation is given up: the board's program is ended and [`Error::Interrupted`] returned.
    Abandon,
}

/// What a session tells while a program is sent and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// So many bytes of the conversation were handed to the link.
    Sent(usize),
    /// Output of the program.
    Output(&'a [u8]),
}

/// What a program that is talked with says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Output.
    Output(Vec<u8>),
    /// A frame in its output, and whether it arrived as it was sent.
    Frame {
        /// What it holds.
        data: Vec<u8>,
        /// Whether its CRC is right.
        intact: bool,
    },
    /// It has ended; `traceback` is empty unless it raised.
    Finished {
        /// What the board printed of the exception.
        traceback: Vec<u8>,
    },
}

/// How fast the board took programs so far, from the request to its confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Bytes of programs.
    pub bytes: u64,
    /// Time they took, in sum.
    pub time: Duration,
    /// How many programs.
    pub programs: u32,
}

impl Rate {
    /// Bytes of programs a second, flow control included; 0 before the first.
    #[must_use]
    pub fn bytes_per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let bytes = self.bytes as f64;
        bytes / self.time.as_secs_f64().max(1e-6)
    }
}

/// Answers what a board asks in band, and passes on all else that it says.
pub trait Service: Send {
    /// Takes what the board said.
    fn handle_input(&mut self, now: Instant, input: &[u8]) -> Served;

    /// When [`Service::handle_timeout`] wants to be called; changes with every other call.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Tells what time it is.
    fn handle_timeout(&mut self, now: Instant) -> Served;

    /// Whether a question has begun whose answer is not there yet.
    fn is_answering(&self) -> bool;

    /// Tells that the board was sent an interrupt character.
    fn note_interrupt(&mut self);
}

/// What a [`Service`] makes of what a board said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Served {
    /// What is passed on.
    pub output: Vec<u8>,
    /// What is sent to the board.
    pub answer: Vec<u8>,
    /// The board has asked for that again and again: it does not arrive.
    pub is_lost: bool,
}

/// A conversation with one board.
pub struct Session {
    link: Arc<dyn Link>,
    inbox: Receiver<Input>,
    outbox: SyncSender<Input>,
    /// Takes out packets that came again, before anything else hears of them.
    repeat: Repeat,
    /// Why the link broke, behind what that has kept back.
    broken: Option<io::Error>,
    /// Whether the board asked the service for something with what was received last.
    has_asked: bool,
    repl: RawRepl,
    rate: Rate,
    /// When the current program was begun, and its length.
    sending: Option<(Instant, usize)>,
    /// How many bytes were said to a program since it said something.
    unheard: usize,
    /// How many interrupts are on their way here.
    unheard_interrupts: Arc<AtomicUsize>,
    /// How often the user has interrupted the current operation.
    interrupts: u32,
    /// The number of the link that is in use; what others have left in the inbox is void.
    generation: u32,
    /// What was typed and not read yet. Keyboards limit how much that is.
    typed: VecDeque<console::Input>,
    service: Option<Box<dyn Service>>,
    /// How often something went well only when it was sent again.
    repetitions: usize,
    /// Which of [`PACES`] is kept.
    pace: usize,
    /// When a piece was sent at one that pauses.
    last_piece: Option<Instant>,
}

impl Session {
    /// Starts to listen on `link`.
    #[must_use]
    pub fn start(link: Arc<dyn Link>) -> Self {
        let (outbox, inbox) = sync_channel(INBOX);
        // The quickest that has no longer bursts.
        let fits = |&(most, _): &(usize, Duration)| link.burst().is_none_or(|burst| most <= burst);
        let pace = PACES.iter().position(fits).unwrap_or(PACES.len() - 1);
        let session = Self {
            repeat: Repeat::default(),
            broken: None,
            has_asked: false,
            repl: repl_over(&*link),
            link,
            inbox,
            outbox,
            rate: Rate::default(),
            sending: None,
            unheard: 0,
            unheard_interrupts: Arc::default(),
            interrupts: 0,
            generation: 0,
            typed: VecDeque::new(),
            service: None,
            repetitions: 0,
            pace,
            last_piece: None,
        };
        session.listen();
        session
    }

    /// Goes on with `link` in place of one that broke. Nothing is known of the board behind it.
    pub fn reconnect(&mut self, link: Arc<dyn Link>) {
        self.link.close();
        self.link = link;
        self.repeat = Repeat::default();
        self.broken = None;
        let may_flood = self.repl.may_flood();
        self.repl = repl_over(&*self.link);
        self.repl.allow_flood(may_flood);
        self.sending = None;
        self.generation += 1;
        self.listen();
    }

    /// Waits for a link that broke, for `patience`, and goes on with it; `false` if it does not come
    /// back.
    pub fn reopen(&mut self, reopener: Reopener, patience: Duration) -> Result<bool, Error> {
        let deadline = Instant::now() + patience;
        self.link.close();
        let found = self.outbox.clone();
        let _watch = reopener.watch(move |link| {
            // A session that has ended needs no link.
            let _ = found.send(Input::Console(console::Input::Found(link)));
        });
        loop {
            match self
                .inbox
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(Input::Console(console::Input::Found(link))) => {
                    self.reconnect(link);
                    return Ok(true);
                }
                Ok(Input::Interrupt) => {
                    self.unheard_interrupts.fetch_sub(1, Ordering::Relaxed);
                    return Err(Error::Interrupted);
                }
                // Of the link that broke.
                Ok(Input::Bytes(..) | Input::Broken(..) | Input::Console(_)) => {}
                Err(_) => return Ok(false),
            }
        }
    }

    fn listen(&self) {
        let link = Arc::clone(&self.link);
        let sender = self.outbox.clone();
        let generation = self.generation;
        thread::spawn(move || drain(&*link, generation, &sender));
    }

    /// Has `service` answer from now on, whatever runs on the board; `None` ends that.
    pub fn set_service(&mut self, service: Option<Box<dyn Service>>) {
        self.service = service;
    }

    /// Whether a service is about to answer the board: nothing but an interrupt may be sent now.
    #[must_use]
    pub fn is_answering(&self) -> bool {
        self.service
            .as_ref()
            .is_some_and(|service| service.is_answering())
    }

    /// What the user would call the link.
    #[must_use]
    pub fn name(&self) -> &str {
        self.link.name()
    }

    /// What opens the link again.
    #[must_use]
    pub fn address(&self) -> Address {
        self.link.address()
    }

    /// How many bytes the link may bring the board together, where no wire paces them.
    #[must_use]
    pub fn burst(&self) -> Option<usize> {
        self.link.burst()
    }

    /// Says whether [`Session::enter`] may send a program that ignores two interrupts a steady flow of
    /// Ctrl-C. Nothing may that is not known to be a board.
    pub fn allow_flood(&mut self, is_allowed: bool) {
        self.repl.allow_flood(is_allowed);
    }

    /// Whether the last [`Session::enter`] has sent a flood of Ctrl-C.
    #[must_use]
    pub fn has_flooded(&self) -> bool {
        self.repl.has_flooded()
    }

    /// Whether the last [`Session::enter`] has interrupted a `boot.py` that did not end.
    #[must_use]
    pub fn has_interrupted_boot(&self) -> bool {
        self.repl.has_interrupted_boot()
    }

    /// Whether the board was told to begin anew, and has not shown yet that it has.
    #[must_use]
    pub fn is_resetting(&self) -> bool {
        self.repl.is_resetting()
    }

    /// Whether the link goes on when the board's interpreter begins anew.
    #[must_use]
    pub fn survives_soft_reset(&self) -> bool {
        self.link.survives_soft_reset()
    }

    /// A handle with which other threads interrupt this session.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        Interrupter {
            outbox: self.outbox.clone(),
            unheard: Arc::clone(&self.unheard_interrupts),
        }
    }

    /// How often something went well only when it was sent again: the link damages what it carries.
    #[must_use]
    pub fn repetitions(&self) -> usize {
        self.repetitions
    }

    /// Notes that something went well only when it was done again.
    pub(crate) fn note_repetition(&mut self) {
        self.repetitions += 1;
    }

    /// How fast programs were taken so far.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Whether the board is in the raw REPL, as far as is known.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        self.repl.is_entered()
    }

    /// Whether programs go by raw-paste, unless the board has shown that it knows none.
    #[must_use]
    pub fn has_raw_paste(&self) -> bool {
        self.repl.has_raw_paste()
    }

    /// Enters the raw REPL, with a soft reset if `soft_reset`, each phase within `patience`.
    pub fn enter(&mut self, soft_reset: bool, patience: Duration) -> Result<(), Error> {
        self.interrupts = 0;
        // What was not heard of a program before is none of the answer.
        while self.repl.poll_event().is_some() {}
        self.repl.enter(Instant::now(), soft_reset, patience);
        self.until_end(OnInterrupt::Abandon, None, &mut |_| {})?;
        Ok(())
    }

    /// Enters the raw REPL if the board shows within `patience` that it is at an idle prompt; what
    /// runs on it is not interrupted, and an interrupt of this session sends it nothing.
    pub fn enter_idle(&mut self, patience: Duration) -> Result<(), Error> {
        self.repl.enter_idle(Instant::now(), patience);
        self.until_entered()
    }

    /// As [`Session::enter_idle`], of a board that has just shown its prompt.
    pub fn enter_from_prompt(&mut self, patience: Duration) -> Result<(), Error> {
        self.repl.enter_from_prompt(Instant::now(), patience);
        self.until_entered()
    }

    /// Goes on until the raw REPL is entered. An interrupt sends the board nothing.
    fn until_entered(&mut self) -> Result<(), Error> {
        loop {
            self.transmit()?;
            match self.repl.poll_event() {
                Some(Event::Entered) => return Ok(()),
                Some(Event::Failed(source)) => {
                    // It may have a last word.
                    self.transmit()?;
                    return Err(self.failed(source));
                }
                Some(_) => continue,
                None => {}
            }
            match self.receive(self.repl.poll_timeout())? {
                Some(Input::Bytes(_, bytes)) => self.take(Instant::now(), &bytes),
                Some(Input::Broken(_, source)) => return Err(self.lost(source)),
                Some(Input::Interrupt) => return Err(Error::Interrupted),
                Some(Input::Console(input)) => self.typed.push_back(input),
                None => {}
            }
            // A board that never stops talking leaves no silence in which to notice the deadline.
            self.repl.handle_timeout(Instant::now());
        }
    }

    /// Sends a program, runs it and returns its traceback, empty when it ended well.
    ///
    /// `quiet` is how long it may run without output, and `most` how many bytes it may print; `None`
    /// is without end.
    pub fn execute(
        &mut self,
        program: &[u8],
        quiet: Option<Duration>,
        most: Option<usize>,
        on_interrupt: OnInterrupt,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        let mut refusal = None;
        loop {
            let mut printed = false;
            let traceback = self.resending(&mut |session| {
                session.begin(program, quiet)?;
                session.until_end(on_interrupt, most, &mut |step| {
                    printed |= matches!(step, Progress::Output(_));
                    progress(step);
                })
            })?;
            if self.repl.is_unsettled() {
                self.enter(false, INTERRUPT_PATIENCE)?;
            }
            // Nor has it run what does not compile, which may have been damaged on the way. Where there
            // is no flow control, a byte may be lost each time.
            let is_known = refusal.as_ref() == Some(&traceback);
            if printed || !is_refused(&traceback) || (is_known && !self.repl.slow_down()) {
                self.repetitions += usize::from(refusal.is_some() && !is_known);
                return Ok(traceback);
            }
            refusal = Some(traceback);
        }
    }

    /// Notes that the board has memory enough for the usual receive ring.
    pub fn speed_up(&mut self) {
        self.repl.speed_up();
    }

    /// Sends with more care from now on, since something was lost.
    pub fn slow_down(&mut self) {
        self.repl.slow_down();
        self.keep_a_slower_pace();
    }

    fn keep_a_slower_pace(&mut self) {
        self.pace = (self.pace + 1).min(PACES.len() - 1);
    }

    /// As [`Session::execute`], for a program that reads: what `feed` returns is sent to it.
    ///
    /// A program that is silent for longer than `quiet`, or prints more than `most` bytes, is
    /// interrupted, so that the board can be used again.
    pub fn execute_feeding(
        &mut self,
        program: &[u8],
        quiet: Duration,
        most: usize,
        feed: &mut dyn FnMut(Progress) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        self.open(program, &mut |step| {
            feed(step);
        })?;
        let mut printed = 0;
        loop {
            match self.hear(quiet)? {
                None => return Err(self.give_up(quiet)),
                Some(Heard::Finished { traceback }) => return Ok(traceback),
                Some(Heard::Frame { .. }) => {}
                Some(Heard::Output(bytes)) => {
                    printed += bytes.len();
                    if printed > most {
                        return Err(self.flooded(most));
                    }
                    if let Some(input) = feed(Progress::Output(&bytes)) {
                        let sent = self.say(&input)?;
                        feed(Progress::Sent(sent));
                    }
                }
            }
        }
    }

    /// Sends a program that is talked with, by [`Session::say`] and [`Session::hear`], until
    /// [`Heard::Finished`], and returns when the board runs it. It may print
    /// [frames](mpwire_proto::frames).
    pub fn open(
        &mut self,
        program: &[u8],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        self.resending(&mut |session| {
            session.begin(program, None)?;
            session.repl.expect_frames();
            session.until_accepted(progress)
        })
    }

    /// Sends input to the program that is talked with, and returns how many bytes that were: none once it
    /// has begun to tell of its end.
    pub fn say(&mut self, input: &[u8]) -> Result<usize, Error> {
        if self.repl.is_ending() {
            return Ok(0);
        }
        let (most, pause) = PACES[self.pace];
        let mut sent = 0;
        for piece in input.chunks(most) {
            self.wait_since_the_last_piece(pause);
            self.repl.feed(piece.to_vec());
            sent += self.transmit()?;
        }
        self.unheard += sent;
        Ok(sent)
    }

    /// Gives the board time to read what it was sent last.
    fn wait_since_the_last_piece(&mut self, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        if let Some(last) = self.last_piece {
            thread::sleep(pause.saturating_sub(last.elapsed()));
        }
        self.last_piece = Some(Instant::now());
    }

    /// What the program that is talked with says next; `None` when that is nothing for `patience`.
    pub fn hear(&mut self, patience: Duration) -> Result<Option<Heard>, Error> {
        let mut until = Instant::now() + patience;
        loop {
            self.transmit()?;
            match self.repl.poll_event() {
                Some(Event::Output(bytes)) => return Ok(Some(Heard::Output(bytes))),
                Some(Event::Frame { data, intact }) => {
                    return Ok(Some(Heard::Frame { data, intact }));
                }
                Some(Event::Finished { traceback }) => {
                    return Ok(Some(Heard::Finished { traceback }));
                }
                Some(Event::Failed(source)) => return Err(self.failed(source)),
                Some(Event::Accepted | Event::Entered) => continue,
                None => {}
            }
            // Behind a program's last output there is a limit of its own.
            let limit = self.repl.poll_timeout().map_or(until, |at| at.min(until));
            match self.receive(Some(limit))? {
                None if limit < until => self.repl.handle_timeout(limit),
                None => return Ok(None),
                Some(Input::Bytes(_, bytes)) => {
                    let now = Instant::now();
                    self.unheard = 0;
                    self.take(now, &bytes);
                    // A large frame takes its time on a slow line.
                    until = now + patience;
                }
                Some(Input::Broken(_, source)) => return Err(self.lost(source)),
                Some(Input::Interrupt) => return Err(self.abandon()),
                Some(Input::Console(input)) => self.typed.push_back(input),
            }
        }
    }

    /// Interrupts the program that is talked with. What it has said is still heard, then its end.
    pub fn interrupt_frames(&mut self) -> Result<(), Error> {
        self.repl.interrupt_frames();
        self.transmit()?;
        Ok(())
    }

    /// Interrupts the program that is talked with, so that the board can be used again, and
    /// returns the error that tells of its silence for `quiet`.
    pub fn give_up(&mut self, quiet: Duration) -> Error {
        let silent = self.failed(raw_repl::Error::Silent { quiet });
        match self.enter(false, INTERRUPT_PATIENCE) {
            Ok(()) => silent,
            Err(error) => error,
        }
    }

    /// Interrupts a program that prints more than `most` bytes, and returns the error that tells so.
    pub(crate) fn flooded(&mut self, most: usize) -> Error {
        // What does not stop talking is left as it is.
        let _ = self.enter(false, INTERRUPT_PATIENCE);
        Error::Flooded {
            name: self.name().to_owned(),
            most,
        }
    }

    /// Sends a program and returns as soon as the board runs it.
    pub fn execute_and_forget(&mut self, program: &[u8]) -> Result<(), Error> {
        self.begin(program, None)?;
        self.until_accepted(&mut |_| {})
    }

    /// Leaves the raw REPL, if it was entered, and lets go of the link.
    pub fn close(&mut self) {
        if self.repl.is_entered() {
            self.repl.leave();
            // The board may be gone; closing is all there is to do.
            let _ = self.transmit();
        }
        self.link.close();
    }

    fn begin(&mut self, program: &[u8], quiet: Option<Duration>) -> Result<(), Error> {
        self.interrupts = 0;
        self.unheard = 0;
        // A program that was forgotten must end before the board takes another, and the prompt be there.
        self.await_prompt()?;
        if !self.repl.is_entered() {
            self.enter(false, FORGOTTEN_PATIENCE)?;
        }
        // Its end is not the end of what begins now.
        while self.repl.poll_event().is_some() {}
        record::program(program);
        let now = Instant::now();
        self.sending = Some((now, program.len()));
        self.repl.execute(now, program.to_vec(), quiet);
        Ok(())
    }

    /// Waits until the board has its prompt behind the last program, whose end may not have been waited
    /// for. A program that ends with `SystemExit` has the interpreter start again.
    pub fn await_prompt(&mut self) -> Result<(), Error> {
        if self.repl.is_busy() {
            self.repl.limit_silence(Instant::now(), FORGOTTEN_PATIENCE);
        }
        while self.repl.is_busy() {
            if self.repl.is_settling() {
                self.settle()?;
                continue;
            }
            match self.next_event(OnInterrupt::Abandon, &mut |_| {})? {
                // It has restarted, which the caller asks for.
                Event::Failed(raw_repl::Error::Restarted) => {}
                Event::Failed(source) => return Err(self.failed(source)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits until it is known where the end of a program has left the board, which no event tells.
    fn settle(&mut self) -> Result<(), Error> {
        while self.repl.is_settling() {
            self.transmit()?;
            if let Some(Event::Failed(source)) = self.repl.poll_event() {
                return Err(self.failed(source));
            }
            match self.receive(self.repl.poll_timeout())? {
                None => self.repl.handle_timeout(Instant::now()),
                Some(Input::Bytes(_, bytes)) => self.take(Instant::now(), &bytes),
                Some(Input::Broken(_, source)) => return Err(self.lost(source)),
                Some(Input::Interrupt) => return Err(Error::Interrupted),
                Some(Input::Console(input)) => self.typed.push_back(input),
            }
        }
        Ok(())
    }

    /// Whether the interpreter has started again by itself since this was asked last: what it had in
    /// memory is gone.
    pub fn take_restart(&mut self) -> bool {
        self.repl.take_restart()
    }

    /// Does what sends a program, and once again if the board has not got that to its end.
    fn resending<T>(
        &mut self,
        send: &mut dyn FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match send(self) {
            Err(Error::Repl { .. }) if self.repl.is_unrun() => {
                self.repetitions += 1;
                self.enter(false, INTERRUPT_PATIENCE)?;
                send(self)
            }
            other => other,
        }
    }

    /// Goes on until the board runs the program that is sent.
    fn until_accepted(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        while self.sending.is_some() {
            if let Event::Failed(source) = self.next_event(OnInterrupt::Abandon, progress)? {
                return Err(self.failed(source));
            }
        }
        Ok(())
    }

    /// Goes on to the end of the operation and returns the traceback, if it has one.
    fn until_end(
        &mut self,
        on_interrupt: OnInterrupt,
        most: Option<usize>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u8>, Error> {
        let mut printed = 0;
        loop {
            match self.next_event(on_interrupt, progress)? {
                Event::Accepted | Event::Frame { .. } => {}
                Event::Output(bytes) => {
                    printed += bytes.len();
                    if let Some(most) = most.filter(|&most| printed > most) {
                        return Err(self.flooded(most));
                    }
                    progress(Progress::Output(&bytes));
                }
                Event::Failed(source) => return Err(self.failed(source)),
                Event::Entered => return Ok(Vec::new()),
                Event::Finished { traceback } => return Ok(traceback),
            }
        }
    }

    fn next_event(
        &mut self,
        on_interrupt: OnInterrupt,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Event, Error> {
        loop {
            let sent = self.transmit()?;
            if sent > 0 {
                progress(Progress::Sent(sent));
            }
            if let Some(event) = self.repl.poll_event() {
                if event == Event::Accepted {
                    self.note_rate();
                }
                return Ok(event);
            }
            match self.receive(self.repl.poll_timeout())? {
                None => self.repl.handle_timeout(Instant::now()),
                Some(Input::Bytes(_, bytes)) => {
                    let now = Instant::now();
                    self.take(now, &bytes);
                    // A flood leaves no silence in which the deadline could be noticed.
                    if self.repl.poll_timeout().is_some_and(|until| until <= now) {
                        self.repl.handle_timeout(now);
                    }
                }
                Some(Input::Broken(_, source)) => return Err(self.lost(source)),
                Some(Input::Interrupt) => {
                    self.interrupts += 1;
                    // A program that has not begun cannot tell of it: it would seem to have ended well.
                    let has_begun = self.sending.is_none();
                    if on_interrupt == OnInterrupt::Abandon || self.interrupts > 1 || !has_begun {
                        return Err(self.abandon());
                    }
                    self.repl.interrupt();
                    // Whoever asked for the end will not wait for ever for a program that takes no
                    // notice, or for one whose end was lost.
                    self.repl
                        .limit_silence(Instant::now(), INTERRUPTED_PATIENCE);
                }
                Some(Input::Console(input)) => self.typed.push_back(input),
            }
        }
    }

    fn note_rate(&mut self) {
        if let Some((start, length)) = self.sending.take() {
            self.rate.bytes += length as u64;
            self.rate.time += start.elapsed();
            self.rate.programs += 1;
        }
    }

    /// Waits until the program has read what was said to it, as far as its next word tells: a board sees
    /// Ctrl-C when it arrives, and what the program has not read by then, the REPL takes for typed.
    fn let_it_read(&mut self) {
        let time = Duration::from_millis(self.unheard as u64 * 1000 / SLOWEST) + READ_PATIENCE;
        let deadline = Instant::now() + time.min(INTERRUPT_PATIENCE);
        while self.unheard > 0 {
            match self.receive(Some(deadline)) {
                Ok(Some(Input::Bytes(_, bytes))) => {
                    self.unheard = 0;
                    self.take(Instant::now(), &bytes);
                }
                Ok(Some(Input::Console(input))) => self.typed.push_back(input),
                // Once more, or too late.
                _ => return,
            }
        }
    }

    /// Ends the board's program, so that what follows finds a prompt.
    fn abandon(&mut self) -> Error {
        self.sending = None;
        self.let_it_read();
        let deadline = Instant::now() + INTERRUPT_PATIENCE;
        self.repl.interrupt();
        while self.repl.is_busy() && Instant::now() < deadline {
            if self.transmit().is_err() {
                break;
            }
            while self.repl.poll_event().is_some() {}
            match self.receive(Some(deadline)) {
                Ok(Some(Input::Bytes(_, bytes))) => self.take(Instant::now(), &bytes),
                Ok(Some(Input::Interrupt)) => self.repl.interrupt(),
                Ok(Some(Input::Console(input))) => self.typed.push_back(input),
                _ => break,
            }
        }
        while self.repl.poll_event().is_some() {}
        Error::Interrupted
    }

    fn transmit(&mut self) -> Result<usize, Error> {
        let mut sent = 0;
        while let Some(bytes) = self.repl.poll_transmit() {
            if let Some(service) = &mut self.service
                && bytes.contains(&INTERRUPT)
            {
                service.note_interrupt();
            }
            self.link
                .write(&bytes)
                .map_err(|source| self.lost(source))?;
            sent += bytes.len();
        }
        if sent > 0 && self.repl.is_answer_due() {
            self.repeat.expect_answer();
        }
        Ok(sent)
    }

    /// The next input; `None` when `until` has come first. What a service takes leaves no bytes,
    /// but is a sign of life.
    fn receive(&mut self, until: Option<Instant>) -> Result<Option<Input>, Error> {
        self.has_asked = false;
        loop {
            if let Some(source) = self.broken.take() {
                return Ok(Some(Input::Broken(self.generation, source)));
            }
            let wake = self
                .service
                .as_ref()
                .and_then(|service| service.poll_timeout());
            let doubt = self.repeat.poll_timeout();
            let waits = [until, wake, doubt];
            let heard = match self.next_input(waits.into_iter().flatten().min())? {
                Some(Input::Bytes(of, _) | Input::Broken(of, _)) if of != self.generation => {
                    continue;
                }
                Some(Input::Bytes(_, bytes)) => self.repeat.push(Instant::now(), &bytes),
                Some(Input::Broken(_, source)) => {
                    self.broken = Some(source);
                    self.repeat.give_back()
                }
                None if doubt.is_some_and(|doubt| doubt <= Instant::now()) => {
                    self.repeat.handle_timeout(Instant::now())
                }
                None if wake.is_some_and(|wake| wake <= Instant::now()) => {
                    let passed = self.serve(|service, now| service.handle_timeout(now))?;
                    return Ok(Some(Input::Bytes(self.generation, passed)));
                }
                other => return Ok(other),
            };
            if heard.is_empty() {
                continue;
            }
            let passed = match self.service {
                Some(_) => self.serve(|service, now| service.handle_input(now, &heard))?,
                None => heard,
            };
            return Ok(Some(Input::Bytes(self.generation, passed)));
        }
    }

    /// Takes what the board said; no bytes are what it said to a service.
    fn take(&mut self, now: Instant, bytes: &[u8]) {
        if bytes.is_empty() {
            self.repl.note_life(now);
        } else {
            self.repl.handle_input(now, bytes);
        }
        if std::mem::take(&mut self.has_asked) {
            self.repl.note_question(now);
        }
    }

    /// Has the service do something and sends its answer.
    fn serve(
        &mut self,
        work: impl FnOnce(&mut dyn Service, Instant) -> Served,
    ) -> Result<Vec<u8>, Error> {
        let Some(service) = &mut self.service else {
            return Ok(Vec::new());
        };
        let served = work(&mut **service, Instant::now());
        self.has_asked |= !served.answer.is_empty();
        if served.is_lost {
            self.keep_a_slower_pace();
        }
        let (most, pause) = PACES[self.pace];
        for piece in served.answer.chunks(most) {
            self.wait_since_the_last_piece(pause);
            let sent = self.link.write(piece);
            sent.map_err(|source| self.lost(source))?;
        }
        Ok(served.output)
    }

    fn next_input(&self, until: Option<Instant>) -> Result<Option<Input>, Error> {
        let input = match until {
            None => self
                .inbox
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => self
                .inbox
                .recv_timeout(until.saturating_duration_since(Instant::now())),
        };
        if matches!(input, Ok(Input::Interrupt)) {
            self.unheard_interrupts.fetch_sub(1, Ordering::Relaxed);
        }
        match input {
            Ok(input) => Ok(Some(input)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(self.lost(io::ErrorKind::UnexpectedEof.into()))
            }
        }
    }

    fn lost(&self, source: io::Error) -> Error {
        Error::Lost {
            name: self.name().to_owned(),
            source,
        }
    }

    fn failed(&self, source: raw_repl::Error) -> Error {
        Error::Repl {
            name: self.name().to_owned(),
            source,
        }
    }
}

/// For a board of which nothing is known but its link.
fn repl_over(link: &dyn Link) -> RawRepl {
    let mut repl = RawRepl::new();
    repl.limit_bursts(link.burst());
    repl
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close();
    }
}

/// Whether the compiler refused the program as a whole. An error in what the program compiled itself
/// has a second line, of the place where it did so.
pub(crate) fn is_refused(traceback: &[u8]) -> bool {
    let text = String::from_utf8_lossy(traceback);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    match lines[..] {
        [_, place, error] => {
            !place.contains(", in ")
                && (error.starts_with("SyntaxError") || error.starts_with("IndentationError"))
        }
        _ => false,
    }
}

/// Moves everything from the link to the session until either ends.
fn drain(link: &dyn Link, generation: u32, session: &SyncSender<Input>) {
    let mut buffer = [0; 4096];
    loop {
        let input = match link.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => Input::Bytes(generation, buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Input::Broken(generation, error),
        };
        let broken = matches!(input, Input::Broken(..));
        if session.send(input).is_err() || broken {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_refused;

    #[test]
    fn only_a_program_that_never_ran_is_sent_again() {
        let refused = |text: &str| is_refused(text.replace('\n', "\r\n").as_bytes());
        let head = "Traceback (most recent call last):\n  File \"<stdin>\", line 4";
        assert!(refused(&format!("{head}\nSyntaxError: invalid syntax\n")));
        assert!(refused(&format!(
            "{head}\nIndentationError: unexpected indent\n"
        )));
        assert!(!refused(&format!(
            "{head}, in <module>\nSyntaxError: mine\n"
        )));
        assert!(!refused(&format!(
            "{head}, in <module>\n  File \"m.py\", line 1\nSyntaxError: \n"
        )));
        assert!(!refused(&format!("{head}\nValueError: \n")));
        assert!(!refused(""));
    }
}
