//! The raw REPL: how a program, not a person, talks to a board.
//!
//! Source: `shared/runtime/pyexec.c`, `pyexec_raw_repl_process_char`. Ctrl-A enters it, Ctrl-B
//! leaves it, Ctrl-D executes what was sent or, with nothing sent, soft-resets the board. After
//! `OK` (or the raw-paste acknowledgement) a program's output follows, then `\x04`, then its
//! traceback if it raised, then `\x04>`.
//!
//! [`RawRepl`] is driven by its owner: pass what arrived to [`RawRepl::handle_input`], send what
//! [`RawRepl::poll_transmit`] gives, take events from [`RawRepl::poll_event`], and call
//! [`RawRepl::handle_timeout`] when [`RawRepl::poll_timeout`] has passed. After any of these, poll
//! for transmits and events until both are `None`.

mod ending;
mod entering;
mod running;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frames;
use crate::quote;
use crate::raw_paste::{self, Paste, Signal};
use crate::scan::Scanner;
use ending::{Ending, Greeted, Restarting};
use entering::{Entering, Stage};

const BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";
const SOFT_REBOOT: &[u8] = b"soft reboot\r\n";
/// The answers to a raw-paste request: supported, known but not supported, and what firmware before
/// 1.14 does, which reads the closing Ctrl-A as a request for the raw REPL.
const PASTE_ANSWERS: &[&[u8]] = &[b"R\x01", b"R\x00", BANNER];
const BANNER_ANSWER: usize = 2;
/// The banner, or the end of a program in the raw REPL, and the prompt (`pyexec_raw_repl`).
const BANNER_OR_END: &[&[u8]] = &[BANNER, b"\x04>"];
const END_OF_PROGRAM: usize = 1;
/// What a board says to a program that was typed, or that was pasted after all: its answer to raw-paste was
/// late.
const CONFIRMATIONS: &[&[u8]] = &[b"OK", b"\x04>"];
const CONFIRMED: usize = 0;
/// What a board says to Ctrl-C where it waits for more of a program: that it has the end, and what the
/// program has printed, which is nothing.
const UNENDED: &[u8] = b"\x04\x04";
/// What shows where a program has ended of which a mark was lost.
const PROMPT: &[u8] = b">";
/// How a traceback begins (`py/obj_exception.c`, `mp_obj_print_exception`).
const TRACEBACK: &[u8] = b"Traceback (most recent call last):";

const CTRL_C: u8 = 0x03;
/// A carriage return in front, so that a half-typed telnet or modem escape ends there.
const INTERRUPT: &[u8] = b"\r\x03";
const ENTER: &[u8] = b"\x01";
const LEAVE: &[u8] = b"\r\x02";
const SOFT_RESET: &[u8] = b"\x04";
/// A blank and a backspace: they leave the line of a friendly prompt as it is, now or when a program
/// that did not read them has ended.
const PROBE: &[u8] = b" \x08";
/// How the friendly REPL shows [`PROBE`] (`shared/readline/readline.c`, `readline_process_char`):
/// echo, a step back, the line erased from there. Paste mode and programs that echo do not erase.
const PROBE_ANSWER: &[u8] = b" \x08\x1b[K";
/// Ctrl-B: leaves the raw REPL as [`LEAVE`] does, and runs nothing where a line is half typed.
const LEAVE_UNTOUCHED: &[u8] = b"\x02";
/// How the friendly REPL greets after a reset (`pyexec_friendly_repl`).
const GREETING: &[u8] = b"for more information.\r\n>>> ";

/// How long Ctrl-C may take to show an effect before Ctrl-A follows. They are not sent together:
/// ports with TinyUSB clear their receive ring when the interrupt arrives (`tud_cdc_rx_wanted_cb`).
const INTERRUPT_PAUSE: Duration = Duration::from_millis(10);
/// How long a board may take to answer Ctrl-A before the interrupt is sent again.
const ENTER_RETRY: Duration = Duration::from_millis(700);
/// How long the banner may be behind the end of a program: what came before the end, the program may
/// have read.
const ENDED_RETRY: Duration = Duration::from_millis(50);
/// How quiet the line may be in a reset before the board is asked where it is: what tells may be
/// damaged. A `boot.py` may be as quiet, and finds one Ctrl-A in its input.
const RESET_RETRY: Duration = Duration::from_secs(3);
/// How quiet the line must be before a board that had to be asked more than once is believed to
/// have given all its answers.
const SETTLE: Duration = Duration::from_millis(150);
/// How long a board that is not running anything may take to answer.
const REPLY: Duration = Duration::from_secs(12);

/// How long a board may be silent where it says the next thing at once: whether it knows raw-paste, that it
/// has the end of a program, pasted (`mp_reader_stdin_readbyte`) or typed, and what follows the first mark at the end of a
/// program's run.
const AT_ONCE: Duration = Duration::from_secs(3);

/// How long after a user's program its end is sent at least and at most, so that no packet of USB, and no
/// piece on a slower way, holds both: half the time that the board's answers take. Where both were lost, a
/// board that cannot compile what it has got answers as if it had the end, and waits for it; and a user's
/// program may be silent for ever.
const END_PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// What is sent once to a board that is silent while it runs a program of ours. One that waits for the end
/// of that after all, as [`END_PAUSES`] tells, has it then; one whose word of the end was lost says that
/// this has ended; and one that runs it takes this for the next program, a comment.
const ASK_AGAIN: &[u8] = b"#\x04";

/// A program longer than this needs a board with more memory than those with the smallest rings.
const SMALL_PROGRAM: usize = 2048;

/// Bytes kept of an unexpected conversation, to show in the error.
const SEEN_LIMIT: usize = 400;
/// A traceback longer than this is cut: no program needs it, and a board must not fill our memory.
const TRACEBACK_LIMIT: usize = 256 * 1024;

/// How programs are typed where there is no raw-paste, and so no flow control: as much as a receive
/// ring holds, then a pause in which a slow board reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// For boards whose rings hold 256 bytes, as most do.
    Brisk,
    /// For rings of 64 bytes, of which 63 are of use (the BBC micro:bit's), and for boards of which
    /// nothing is known. Programs that no such board could hold go at [`Pace::Brisk`].
    Careful,
    /// For boards that have lost something.
    Slow,
}

impl Pace {
    /// Bytes at once, and the pause behind them.
    fn block(self) -> (usize, Duration) {
        match self {
            Self::Brisk => (250, Duration::from_millis(10)),
            Self::Careful => (60, Duration::from_millis(10)),
            Self::Slow => (30, Duration::from_millis(20)),
        }
    }
}

/// What the machine has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The raw REPL is entered (and the board was reset, if that was asked for).
    Entered,
    /// The board has the whole program and runs it.
    Accepted,
    /// Output of the program.
    Output(Vec<u8>),
    /// A frame in its output, where frames are expected ([`RawRepl::expect_frames`]).
    Frame {
        /// What it holds.
        data: Vec<u8>,
        /// Whether it arrived as it was sent.
        intact: bool,
    },
    /// The program has ended; `traceback` is empty unless it raised.
    Finished {
        /// What the board printed of the exception.
        traceback: Vec<u8>,
    },
    /// The operation failed; the state of the board is unknown until [`RawRepl::enter`].
    Failed(Error),
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The board did not enter the raw REPL.
    #[error("the board did not enter the raw REPL{}", explain(seen))]
    NotEntered {
        /// The last bytes it sent instead.
        seen: Vec<u8>,
    },
    /// A program on the board goes on after a flood of Ctrl-C.
    #[error(
        "a program on the board catches Ctrl-C: it goes on after two interrupts and {} s of Ctrl-C each {} ms; it printed {}",
        entering::MAX_FLOOD.as_secs(),
        entering::FLOOD_INTERVAL.as_secs_f64() * 1000.0,
        quote::last_of(seen)
    )]
    CatchesInterrupts {
        /// The last bytes it sent.
        seen: Vec<u8>,
    },
    /// `boot.py` goes on after the soft reset, and after Ctrl-C.
    #[error(
        "boot.py did not end after a soft reset, and Ctrl-C did not end it; it printed {}",
        quote::last_of(seen)
    )]
    BootLoops {
        /// The last bytes it sent.
        seen: Vec<u8>,
    },
    /// The board did not come back after a soft reset.
    #[error("the board did not come back after a soft reset{}", explain(seen))]
    NotReset {
        /// The last bytes it sent instead.
        seen: Vec<u8>,
    },
    /// The board did not take the program.
    #[error(
        "the board stopped answering while a program was sent to it{}",
        explain(seen)
    )]
    NotAccepted {
        /// The last bytes it sent instead.
        seen: Vec<u8>,
    },
    /// The board greeted as after a reset while a program ran.
    #[error("the board was reset while a program ran")]
    Restarted,
    /// The program seemed to end, but its last words did not all come.
    #[error(
        "the program's end cannot be told: the line has damaged what the board sent, or the program has printed the byte 0x04, which ends a program's output{}",
        explain(seen)
    )]
    NotEnded {
        /// The last bytes it sent.
        seen: Vec<u8>,
    },
    /// The program was silent for longer than allowed.
    #[error("the board was silent for {} s while a program ran", quiet.as_secs())]
    Silent {
        /// How long was allowed.
        quiet: Duration,
    },
}

fn explain(seen: &[u8]) -> String {
    if seen.is_empty() {
        "; it sent nothing".to_owned()
    } else {
        format!("; it sent {}", quote::last_of(seen))
    }
}

/// The host's side of the raw REPL. See the module's documentation.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is found out by itself")]
pub struct RawRepl {
    state: State,
    raw_paste: bool,
    pace: Pace,
    /// The most that may reach the board together, where that is not what the line makes of it.
    burst: Option<usize>,
    transmit: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    /// When the running operation has failed.
    deadline: Option<Instant>,
    /// When something is to be done, before the deadline.
    wake: Option<Instant>,
    /// Allowed silence of the running program.
    quiet: Option<Duration>,
    /// Whether that is the user's: it prints what it likes, for as long as it likes, and finds nothing in
    /// its input but what the user has put there.
    is_users: bool,
    /// When raw-paste was asked for.
    asked_at: Option<Instant>,
    /// How long the end of a user's program waits.
    end_pause: Duration,
    /// What the board has answered to a request for raw-paste that was sent together with the one
    /// for the raw REPL, which spares a round trip and the time of the banner.
    ahead: Option<Vec<u8>>,
    /// Finds frames in the output of the running program, if it prints any.
    frames: Option<frames::Scanner>,
    /// Finds the end of such a program that nobody tells: a reset.
    greeting: Scanner,
    seen: VecDeque<u8>,
    /// What came while the board's word that it has the end of a program was due: output of the program,
    /// if that word was lost.
    strays: Vec<u8>,
    /// Finds a traceback in the output of the running program; `None` when there was one.
    traceback: Option<Scanner>,
    /// Whether the operation that failed last brought no program to its end on the board.
    unrun: bool,
    /// Whether the board was sent [`ASK_AGAIN`].
    asked_again: bool,
    /// Whether what a user's program printed last looks as a board greets that has started again.
    greeted: Greeted,
    /// Whether a program that ignores Ctrl-C may be sent a flood of it.
    may_flood: bool,
    /// Whether the board was sent one since [`RawRepl::enter`].
    flooded: bool,
    /// Whether its `boot.py` was interrupted since then.
    interrupted_boot: bool,
    /// Whether the interpreter has started again by itself.
    has_restarted: bool,
}

#[derive(Debug)]
enum State {
    /// In the friendly REPL, or unknown.
    Outside,
    Entering(Entering),
    Ready,
    /// Raw-paste was asked for.
    Requesting {
        program: Vec<u8>,
        answer: Scanner,
    },
    Pasting(Paste),
    /// The end of the program was sent (or its abort confirmed); the board's `\x04` is due.
    Ending,
    /// It did not come, and the board got Ctrl-C, to which it says whether it has the end.
    Unsure {
        /// The board has said so much: as many as there are of [`UNENDED`].
        said: usize,
        /// The last bytes it sent before.
        seen: Vec<u8>,
    },
    Typing {
        program: Vec<u8>,
        sent: usize,
    },
    Confirming {
        answer: Scanner,
    },
    /// It answered as to something else.
    Refused,
    Output,
    Traceback(Vec<u8>),
    /// A program seems to have ended, and the prompt is due.
    Prompt(Ending),
    /// The interpreter starts again, or the prompt was lost.
    Restarting(Restarting),
}

impl Default for RawRepl {
    fn default() -> Self {
        Self::new()
    }
}

impl RawRepl {
    /// A machine for a board of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Outside,
            raw_paste: true,
            pace: Pace::Careful,
            burst: None,
            transmit: VecDeque::new(),
            events: VecDeque::new(),
            deadline: None,
            wake: None,
            quiet: None,
            is_users: false,
            asked_at: None,
            end_pause: END_PAUSES[0],
            ahead: None,
            frames: None,
            greeting: Scanner::new(&[GREETING]),
            seen: VecDeque::new(),
            strays: Vec::new(),
            traceback: None,
            unrun: false,
            asked_again: false,
            greeted: Greeted::No,
            may_flood: false,
            flooded: false,
            interrupted_boot: false,
            has_restarted: false,
        }
    }

    /// Whether the board is in the raw REPL, as far as is known.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        !matches!(self.state, State::Outside | State::Entering(_))
    }

    /// Whether a program was sent whose end has not been seen.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !matches!(self.state, State::Outside | State::Ready)
    }

    /// Whether the board cannot have run the program of the operation that failed last, because it has not
    /// got it to its end.
    #[must_use]
    pub fn is_unrun(&self) -> bool {
        self.unrun
    }

    /// Whether the board may have something to say after the end of the program: [`RawRepl::enter`] hears
    /// it out.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.asked_again
    }

    /// Whether the board has been asked for raw-paste, or told that it has a whole program so, and has not
    /// answered: it will not say what it said last, for that ends with other answers, between which it
    /// waits. What it says to typed programs may be the same each time.
    #[must_use]
    pub fn is_answer_due(&self) -> bool {
        matches!(self.state, State::Requesting { .. } | State::Ending)
    }

    /// Whether the program has ended and its last words are on their way.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(self.state, State::Traceback(_) | State::Prompt(_))
    }

    /// Whether programs go by raw-paste, unless the board has shown that it knows none.
    #[must_use]
    pub fn has_raw_paste(&self) -> bool {
        self.raw_paste
    }

    /// Notes how much may reach the board together, over a link without a wire that would pace it.
    pub fn limit_bursts(&mut self, most: Option<usize>) {
        self.burst = most;
    }

    /// Whether the board was told to begin anew, and has not entered the raw REPL since.
    #[must_use]
    pub fn is_resetting(&self) -> bool {
        matches!(
            &self.state,
            State::Entering(Entering {
                stage: Stage::Rebooting(_) | Stage::Doubted(_) | Stage::Booting(_),
                ..
            })
        )
    }

    /// Says whether a program that ignores two interrupts may be sent a steady flow of Ctrl-C for up to 3 s
    /// by [`RawRepl::enter`]. Only what is known to be a board may.
    pub fn allow_flood(&mut self, is_allowed: bool) {
        self.may_flood = is_allowed;
    }

    /// Whether that is allowed.
    #[must_use]
    pub fn may_flood(&self) -> bool {
        self.may_flood
    }

    /// Whether the last [`RawRepl::enter`] has sent a flood of Ctrl-C.
    #[must_use]
    pub fn has_flooded(&self) -> bool {
        self.flooded
    }

    /// Whether the last [`RawRepl::enter`] has interrupted a `boot.py` that did not end.
    #[must_use]
    pub fn has_interrupted_boot(&self) -> bool {
        self.interrupted_boot
    }

    /// Notes that the board has memory enough for the usual receive ring.
    pub fn speed_up(&mut self) {
        if self.pace == Pace::Careful {
            self.pace = Pace::Brisk;
        }
    }

    /// Types more slowly from now on and says whether that makes a difference.
    pub fn slow_down(&mut self) -> bool {
        let slower = !self.raw_paste && self.pace != Pace::Slow;
        if slower {
            self.pace = Pace::Slow;
        }
        slower
    }

    /// Interrupts what runs and enters the raw REPL, with a soft reset if `soft_reset`.
    ///
    /// Ends with [`Event::Entered`] or [`Event::Failed`], each phase (entering; resetting; starting
    /// up again) within `patience`.
    pub fn enter(&mut self, now: Instant, soft_reset: bool, patience: Duration) {
        self.seen.clear();
        self.asked_again = false;
        // The interrupt ends a raw-paste that waits.
        self.ahead = None;
        self.deadline = Some(now + patience);
        self.flooded = false;
        self.interrupted_boot = false;
        let mut entering = Entering::new(soft_reset, patience, Stage::Interrupted);
        entering.flood = self.max_flood(patience);
        self.send_interrupt(now, &mut entering);
        self.state = State::Entering(entering);
    }

    /// Enters the raw REPL if the board is at an idle friendly prompt, without interrupting
    /// anything: what runs goes on, and finds at most a blank and a backspace in its input.
    ///
    /// Ends with [`Event::Entered`], or [`Event::Failed`] within `patience`.
    pub fn enter_idle(&mut self, now: Instant, patience: Duration) {
        self.seen.clear();
        self.ahead = None;
        self.deadline = Some(now + patience);
        self.wake = None;
        self.transmit.push_back(PROBE.to_vec());
        let stage = Stage::Probed(Scanner::new(&[PROBE_ANSWER]));
        self.state = State::Entering(Entering::new(false, patience, stage));
    }

    /// Enters the raw REPL of a board that has shown in another way that it is at an idle friendly
    /// prompt: line editors without VT100 (`MICROPY_HAL_HAS_VT100`) answer [`RawRepl::enter_idle`] as
    /// paste mode does.
    ///
    /// Ends as that does.
    pub fn enter_from_prompt(&mut self, now: Instant, patience: Duration) {
        self.seen.clear();
        self.ahead = None;
        self.deadline = Some(now + patience);
        self.wake = None;
        self.transmit.push_back(ENTER.to_vec());
        let stage = Stage::Asked(Scanner::new(&[BANNER]));
        self.state = State::Entering(Entering::new(false, patience, stage));
    }

    /// Sends `program` and runs it; needs the raw REPL to be entered and no program to be running.
    ///
    /// Gives [`Event::Accepted`], any number of [`Event::Output`], then [`Event::Finished`], or
    /// [`Event::Failed`] when the board stops answering or the running program is silent for longer
    /// than `quiet`.
    pub fn execute(&mut self, now: Instant, program: Vec<u8>, quiet: Option<Duration>) {
        self.seen.clear();
        self.strays.clear();
        self.traceback = Some(Scanner::new(&[TRACEBACK]));
        self.quiet = quiet;
        self.is_users = quiet.is_none();
        self.frames = None;
        self.greeting = Scanner::new(&[GREETING]);
        self.greeted = Greeted::No;
        self.deadline = Some(now + AT_ONCE);
        self.wake = None;
        if self.raw_paste {
            let answered = self.ahead.take();
            if answered.is_none() {
                self.transmit.push_back(raw_paste::REQUEST.to_vec());
                self.asked_at = Some(now);
            }
            self.state = State::Requesting {
                program,
                answer: Scanner::new(PASTE_ANSWERS),
            };
            if let Some(answered) = answered {
                self.handle_input(now, &answered);
            }
        } else {
            self.type_program(now, program);
        }
    }

    /// The program that is about to run prints [`frames`], which hold any byte.
    pub fn expect_frames(&mut self) {
        self.is_users = false;
        self.frames = Some(frames::Scanner::default());
        self.greeting = Scanner::new(&[GREETING]);
    }

    /// From now on the running program may be silent for `quiet` only.
    pub fn limit_silence(&mut self, now: Instant, quiet: Duration) {
        if self.is_settling() {
            return;
        }
        self.quiet = Some(quiet);
        self.restart_quiet(now);
    }

    /// Sends input to the running program.
    pub fn feed(&mut self, input: Vec<u8>) {
        self.transmit.push_back(input);
    }

    /// Sends Ctrl-C to the running program, or gives up sending it. Ends with [`Event::Finished`]
    /// like any program (its traceback is a `KeyboardInterrupt`, unless the program catches that).
    pub fn interrupt(&mut self) {
        match &mut self.state {
            // The board has not entered raw-paste mode yet: let it run nothing.
            State::Requesting { program, .. } => {
                program.clear();
                return;
            }
            // Ctrl-C makes the board answer as to an end (`mp_reader_stdin_readbyte`); an end of
            // our own behind it would soft-reset the board.
            State::Pasting(_) => {
                self.wake = None;
                self.state = State::Ending;
            }
            // Ctrl-C clears the line (`pyexec_raw_repl_process_char`) and nothing is answered.
            State::Typing { .. } => {
                self.rest(State::Ready);
                self.events.push_back(Event::Finished {
                    traceback: b"KeyboardInterrupt: ".to_vec(),
                });
            }
            _ => {}
        }
        // The rest of a frame that is cut off never comes.
        self.frames = None;
        self.transmit.push_back(vec![0x03]);
    }

    /// Sends Ctrl-C to the running program, whose [`frames`] go on to be told of: of what it has
    /// written nothing is lost but a frame that is cut off.
    pub fn interrupt_frames(&mut self) {
        if let Some(frames) = &mut self.frames {
            frames.expect_interrupt();
        }
        self.transmit.push_back(vec![0x03]);
    }

    /// Leaves the raw REPL for the friendly one. The board's answer is not waited for.
    pub fn leave(&mut self) {
        if self.ahead.take().is_some() {
            self.transmit.push_back(vec![0x03]);
        }
        self.transmit.push_back(LEAVE.to_vec());
        self.rest(State::Outside);
    }

    /// The next bytes to send; call until `None` after every other call.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.pop_front()
    }

    /// What happened; call until `None` after every other call.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called; changes with every other call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.deadline, self.wake) {
            (Some(deadline), Some(wake)) => Some(deadline.min(wake)),
            (deadline, wake) => deadline.or(wake),
        }
    }

    /// Tells the machine what time it is.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.wake = None;
            if let Some(entering) = self.take_booting() {
                return self.interrupt_boot(now, entering);
            }
            return match &self.state {
                State::Ending => self.ask_for_end(now),
                State::Traceback(said) => match self.guess_end(said) {
                    Some(traceback) => self.finish_unmarked(traceback),
                    None => self.fail(),
                },
                _ => self.fail(),
            };
        }
        if self.wake.is_some_and(|wake| now >= wake) {
            self.wake = None;
            self.woken(now);
        }
    }

    /// Notes that the board has said something that is nobody's output.
    pub fn note_life(&mut self, now: Instant) {
        match self.state {
            State::Output => self.restart_quiet(now),
            State::Traceback(_) => self.restart_ending(now),
            _ => {}
        }
    }

    /// Notes that the running program has asked for something, of which something else than its output
    /// tells: it runs.
    pub fn note_question(&mut self, now: Instant) {
        match self.state {
            // It has the end of the program, then, and its word of it was lost.
            State::Ending => self.accepted(now),
            // Among frames, what ends them is more than a byte that damage may make.
            State::Traceback(_) if self.frames.is_none() => self.go_on(now),
            State::Prompt(_) => self.go_on(now),
            _ => self.note_life(now),
        }
    }

    /// Takes bytes from the board.
    pub fn handle_input(&mut self, now: Instant, mut input: &[u8]) {
        while !input.is_empty() {
            let (used, rest) = input.split_at(self.step(now, input).min(input.len()));
            // What it fails of is the last that is told of.
            self.remember(used);
            if matches!(self.state, State::Refused) {
                self.fail();
            }
            input = rest;
        }
    }

    fn remember(&mut self, input: &[u8]) {
        let tail = &input[input.len().saturating_sub(SEEN_LIMIT)..];
        self.seen.extend(tail);
        let excess = self.seen.len().saturating_sub(SEEN_LIMIT);
        self.seen.drain(..excess);
    }

    /// A soft reset of which the board has shown that it has begun, and not that `boot.py` has ended.
    fn take_booting(&mut self) -> Option<Entering> {
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Entering(
                entering @ Entering {
                    stage: Stage::Booting(_),
                    ..
                },
            ) if !self.interrupted_boot => Some(entering),
            state => {
                self.state = state;
                None
            }
        }
    }

    /// Either the end of the program was lost or the board's word that it came, after which the program
    /// runs: Ctrl-C tells which.
    fn ask_for_end(&mut self, now: Instant) {
        self.transmit.push_back(vec![0x03]);
        self.deadline = Some(now + AT_ONCE);
        let seen = self.seen.drain(..).collect();
        self.state = State::Unsure { said: 0, seen };
    }

    fn fail(&mut self) {
        self.unrun = match self.state {
            State::Requesting { .. } | State::Pasting(_) | State::Typing { .. } => true,
            State::Unsure { said, .. } => said == UNENDED.len(),
            _ => false,
        };
        let seen: Vec<u8> = self.seen.drain(..).collect();
        if let State::Entering(Entering {
            stage: Stage::Asked(_),
            ..
        }) = &self.state
        {
            // The board may enter it yet.
            self.transmit.push_back(LEAVE_UNTOUCHED.to_vec());
        }
        let error = match &self.state {
            State::Entering(_) if self.is_resetting() => Error::NotReset { seen },
            State::Entering(_) if self.interrupted_boot => Error::BootLoops { seen },
            State::Entering(_) if self.flooded && !seen.is_empty() => {
                Error::CatchesInterrupts { seen }
            }
            State::Entering(_) => Error::NotEntered { seen },
            State::Traceback(_) => Error::NotEnded { seen },
            State::Unsure { seen, .. } => Error::NotAccepted { seen: seen.clone() },
            State::Output => Error::Silent {
                quiet: self.quiet.unwrap_or_default(),
            },
            State::Restarting(_) => Error::NotReset { seen },
            _ => Error::NotAccepted { seen },
        };
        self.rest(State::Outside);
        self.events.push_back(Event::Failed(error));
    }

    fn woken(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Entering(entering) => self.entering_woken(now, entering),
            State::Typing { program, sent } => self.type_block(now, program, sent),
            // No other answer came behind the banner.
            State::Requesting { program, .. } => {
                self.raw_paste = false;
                self.type_program(now, program);
            }
            State::Pasting(paste) if paste.is_sent() => self.send_end(now),
            State::Prompt(ending) => self.prompt_missed(now, ending),
            State::Restarting(restarting) => self.ask_where(now, restarting),
            State::Output if matches!(self.greeted, Greeted::Last) => {
                self.state = State::Output;
                self.probe_greeting();
            }
            State::Output => {
                self.state = State::Output;
                self.asked_again = true;
                self.transmit.push_back(ASK_AGAIN.to_vec());
            }
            state => self.state = state,
        }
    }

    /// Waits for nothing any more.
    fn rest(&mut self, state: State) {
        self.state = state;
        self.deadline = None;
        self.wake = None;
    }

    /// Uses some of `input`, which is not empty, and says how much.
    fn step(&mut self, now: Instant, input: &[u8]) -> usize {
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Ready if self.ahead.is_some() => {
                self.state = State::Ready;
                self.note_answer(now);
                if let Some(ahead) = &mut self.ahead {
                    let room = SEEN_LIMIT.saturating_sub(ahead.len());
                    ahead.extend_from_slice(&input[..input.len().min(room)]);
                }
                input.len()
            }
            // What a board says unasked, the prompt after a program among it.
            state @ (State::Outside | State::Ready | State::Typing { .. } | State::Refused) => {
                self.state = state;
                input.len()
            }
            State::Entering(entering) => self.step_entering(now, entering, input),
            State::Requesting {
                program,
                mut answer,
            } => match answer.push(input) {
                None => {
                    self.state = State::Requesting { program, answer };
                    input.len()
                }
                Some(found) => {
                    self.deadline = Some(now + REPLY);
                    self.wake = None;
                    if found.marker == 0 {
                        self.note_answer(now);
                        self.state = State::Pasting(Paste::new(program, self.burst));
                    } else if found.marker == BANNER_ANSWER {
                        // Or the answer to an earlier request for the raw REPL, with this one's behind.
                        self.wake = Some(now + SETTLE);
                        self.state = State::Requesting {
                            program,
                            answer: Scanner::new(PASTE_ANSWERS),
                        };
                    } else {
                        self.raw_paste = false;
                        self.type_program(now, program);
                    }
                    found.used
                }
            },
            State::Pasting(paste) => self.step_pasting(now, paste, input[0]),
            State::Ending => {
                if input[0] == raw_paste::END {
                    self.accepted(now);
                } else {
                    if input[0] != raw_paste::CREDIT && self.strays.len() < SEEN_LIMIT {
                        self.strays.push(input[0]);
                    }
                    self.state = State::Ending;
                }
                1
            }
            State::Unsure { said, seen } => {
                let is_next = input[0] == UNENDED[said];
                let said = said + usize::from(is_next);
                self.state = State::Unsure { said, seen };
                if !is_next || said == UNENDED.len() {
                    self.fail();
                }
                1
            }
            State::Confirming { mut answer } => match answer.push(input) {
                None => {
                    self.state = State::Confirming { answer };
                    input.len()
                }
                Some(found) if found.marker == CONFIRMED => {
                    self.accepted(now);
                    found.used
                }
                Some(found) => {
                    self.state = State::Refused;
                    found.used
                }
            },
            State::Output => self.step_output(now, input),
            State::Prompt(ending) => self.step_prompt(now, ending, input),
            State::Restarting(restarting) => self.step_restarting(now, restarting, input),
            State::Traceback(mut traceback) => {
                self.restart_ending(now);
                let end = input.iter().position(|&byte| byte == raw_paste::END);
                let text = &input[..end.unwrap_or(input.len())];
                let room = TRACEBACK_LIMIT.saturating_sub(traceback.len());
                traceback.extend_from_slice(&text[..text.len().min(room)]);
                if end.is_some() {
                    self.end_seen(now, traceback);
                } else {
                    self.state = State::Traceback(traceback);
                }
                end.map_or(input.len(), |end| end + 1)
            }
        }
    }

    fn step_pasting(&mut self, now: Instant, mut paste: Paste, byte: u8) -> usize {
        let signal = paste.handle_byte(byte);
        self.deadline = Some(now + REPLY);
        while let Some(bytes) = paste.poll_transmit() {
            self.transmit.push_back(bytes.to_vec());
        }
        match signal {
            Signal::Abort => {
                // The board discards input up to this, then prints why (`mp_reader_stdin_close`).
                self.transmit.push_back(vec![raw_paste::END]);
                self.accepted(now);
            }
            Signal::Continue | Signal::Stray(_) if paste.is_sent() => {
                if self.is_users {
                    self.wake = self.wake.or(Some(now + self.end_pause));
                    self.state = State::Pasting(paste);
                } else {
                    self.send_end(now);
                }
            }
            Signal::Continue | Signal::Stray(_) => self.state = State::Pasting(paste),
        }
        1
    }

    /// Notes how long the board took to answer to a request for raw-paste.
    fn note_answer(&mut self, now: Instant) {
        if let Some(asked_at) = self.asked_at.take() {
            let [least, most] = END_PAUSES;
            self.end_pause = (now.saturating_duration_since(asked_at) / 2).clamp(least, most);
        }
    }

    fn send_end(&mut self, now: Instant) {
        self.transmit.push_back(vec![raw_paste::END]);
        self.deadline = Some(now + AT_ONCE);
        self.state = State::Ending;
    }

    fn type_program(&mut self, now: Instant, program: Vec<u8>) {
        self.type_block(now, program, 0);
    }

    fn type_block(&mut self, now: Instant, program: Vec<u8>, sent: usize) {
        self.deadline = Some(now + REPLY);
        let pace = match self.pace {
            Pace::Careful if program.len() > SMALL_PROGRAM => Pace::Brisk,
            pace => pace,
        };
        let (length, pause) = pace.block();
        let length = self.burst.map_or(length, |burst| length.min(burst));
        let end = program.len().min(sent + length);
        let mut block = program[sent..end].to_vec();
        if end == program.len() {
            block.push(raw_paste::END);
            self.wake = None;
            self.deadline = Some(now + AT_ONCE);
            self.state = State::Confirming {
                answer: Scanner::new(CONFIRMATIONS),
            };
        } else {
            self.wake = Some(now + pause);
            self.state = State::Typing { program, sent: end };
        }
        self.transmit.push_back(block);
    }
}

#[cfg(test)]
mod tests;
