//! What follows the two marks at the end of a program: the prompt, a restart of the interpreter, or
//! more output of a program that has printed a mark itself.
//!
//! A program ends with `\x04`, its traceback, `\x04` and `>` (`shared/runtime/pyexec.c`,
//! `parse_compile_execute` and `pyexec_raw_repl`). The prompt is what tells: a program may print
//! `\x04`, and after `SystemExit` the interpreter starts again in place of the prompt.

use std::time::{Duration, Instant};

use super::{
    BANNER, ENTER, Error, Event, GREETING, PROBE, PROBE_ANSWER, PROMPT, REPLY, RESET_RETRY,
    RawRepl, SETTLE, SOFT_REBOOT, State, raw_paste,
};
use crate::scan::Scanner;

/// What shows in place of the prompt that the interpreter starts again.
const RESTARTS: &[&[u8]] = &[SOFT_REBOOT, BANNER, GREETING];
const IS_REBOOT: usize = 0;
const IS_BANNER: usize = 1;

/// How long the prompt may be behind the last mark: the board sends both at once.
const PROMPT_LATE: Duration = Duration::from_millis(500);
/// What tells of a restart stands within so many bytes behind the last mark.
const MAX_BEHIND: usize = 64;
/// How a prompt shows [`PROBE`]: also that of the BBC micro:bit's firmware, which knows no VT100.
const PROBE_ANSWERS: &[&[u8]] = &[PROBE_ANSWER, b" \x08 \x08"];

/// The end of a program of which the prompt is missing.
#[derive(Debug)]
pub(super) struct Ending {
    traceback: Vec<u8>,
    /// Whether the end was told of; of a user's program only the prompt is believed.
    is_told: bool,
    /// What came in place of the prompt, and whether that tells of a restart.
    behind: Vec<u8>,
    restarts: Scanner,
}

impl Ending {
    fn new(traceback: Vec<u8>, is_told: bool) -> Self {
        Self {
            traceback,
            is_told,
            behind: Vec::new(),
            restarts: Scanner::new(RESTARTS),
        }
    }

    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }
}

/// A board that starts again, or of which it is not known where it is.
#[derive(Debug)]
pub(super) struct Restarting {
    signs: Scanner,
    /// Whether nothing has come since the last mark of a program.
    may_be_prompt: bool,
    /// Whether the board was asked for the raw REPL, and nothing else shows that it has started again.
    is_asked: bool,
}

/// A greeting that ends a user's program, or that the program has printed.
#[derive(Debug, Default)]
pub(super) enum Greeted {
    /// There was none.
    #[default]
    No,
    /// It was the last thing that came.
    Last,
    /// The board was sent [`PROBE`], and has answered so much.
    Probed(Vec<u8>),
}

impl RawRepl {
    /// Whether it is not known yet where the end of the last program has left the board.
    #[must_use]
    pub fn is_settling(&self) -> bool {
        matches!(self.state, State::Prompt(_) | State::Restarting(_))
    }

    /// Whether the interpreter has started again by itself since this was asked last, so that nothing
    /// is left of what it had in memory.
    pub fn take_restart(&mut self) -> bool {
        std::mem::take(&mut self.has_restarted)
    }

    /// Gives up following a program that resets the board: where the board is now is unknown.
    pub fn lose_track(&mut self) {
        self.has_restarted = true;
        self.frames = None;
        self.rest(State::Outside);
    }

    /// Takes the second mark behind a program's output.
    pub(super) fn end_seen(&mut self, now: Instant, traceback: Vec<u8>) {
        let is_told = !self.is_users;
        if is_told {
            let traceback = traceback.clone();
            self.events.push_back(Event::Finished { traceback });
        }
        self.deadline = None;
        self.wake = Some(now + PROMPT_LATE);
        self.state = State::Prompt(Ending::new(traceback, is_told));
    }

    pub(super) fn step_prompt(&mut self, now: Instant, ending: Ending, input: &[u8]) -> usize {
        if ending.behind.is_empty() && input.starts_with(PROMPT) {
            self.prompt_seen(ending);
            return PROMPT.len();
        }
        if ending.is_told {
            return self.step_restarting(now, Restarting::new(false), input);
        }
        self.step_behind(now, ending, input)
    }

    fn prompt_seen(&mut self, ending: Ending) {
        self.rest(State::Ready);
        self.tell(ending);
    }

    fn tell(&mut self, ending: Ending) {
        if !ending.is_told {
            let traceback = ending.traceback;
            self.events.push_back(Event::Finished { traceback });
        }
    }

    /// Takes what came in place of the prompt behind a user's program.
    fn step_behind(&mut self, now: Instant, mut ending: Ending, input: &[u8]) -> usize {
        self.wake = Some(now + PROMPT_LATE);
        let mark = input.iter().position(|&byte| byte == raw_paste::END);
        let room = MAX_BEHIND - ending.behind.len();
        let used = mark.unwrap_or(input.len()).min(room);
        if let Some(found) = ending.restarts.push(&input[..used]) {
            self.tell(ending);
            self.restart_seen(now, found.marker, true);
            return found.used;
        }
        ending.behind.extend_from_slice(&input[..used]);
        if mark == Some(used) && ending.behind.len() < MAX_BEHIND {
            // The program has printed the first mark; the second and this one may be its end.
            let printed = [&[raw_paste::END], &ending.traceback[..]].concat();
            self.events.push_back(Event::Output(printed));
            self.end_seen(now, ending.behind);
            return used + 1;
        }
        if ending.behind.len() == MAX_BEHIND {
            self.all_was_printed(now, &ending);
        } else {
            self.state = State::Prompt(ending);
        }
        used
    }

    /// Goes on with a program that has printed both marks itself.
    pub(super) fn all_was_printed(&mut self, now: Instant, ending: &Ending) {
        let mark = &[raw_paste::END][..];
        let printed = [mark, &ending.traceback, mark, &ending.behind].concat();
        self.events.push_back(Event::Output(printed));
        self.state = State::Output;
        self.restart_quiet(now);
    }

    /// The prompt has not come.
    pub(super) fn prompt_missed(&mut self, now: Instant, ending: Ending) {
        // One byte in its place is most likely the prompt, damaged.
        if !ending.is_told && ending.behind.len() > 1 {
            return self.all_was_printed(now, &ending);
        }
        self.tell(ending);
        self.await_restart(now, Restarting::new(true), SETTLE);
    }

    fn await_restart(&mut self, now: Instant, restarting: Restarting, quiet: Duration) {
        self.deadline = self.deadline.or(Some(now + REPLY));
        self.wake = Some(now + quiet);
        self.state = State::Restarting(restarting);
    }

    pub(super) fn step_restarting(
        &mut self,
        now: Instant,
        mut restarting: Restarting,
        input: &[u8],
    ) -> usize {
        if restarting.may_be_prompt && input.starts_with(PROMPT) {
            self.rest(State::Ready);
            return PROMPT.len();
        }
        restarting.may_be_prompt = false;
        match restarting.signs.push(input) {
            None => {
                self.await_restart(now, restarting, RESET_RETRY);
                input.len()
            }
            Some(found) => {
                self.restart_seen(now, found.marker, !restarting.is_asked);
                found.used
            }
        }
    }

    fn restart_seen(&mut self, now: Instant, sign: usize, is_unasked: bool) {
        self.has_restarted |= is_unasked || sign != IS_BANNER;
        match sign {
            IS_REBOOT => self.await_restart(now, Restarting::new(false), RESET_RETRY),
            IS_BANNER => self.rest(State::Ready),
            _ => self.rest(State::Outside),
        }
    }

    /// Asks a board that is quiet where it is: the raw REPL shows its banner again.
    pub(super) fn ask_where(&mut self, now: Instant, restarting: Restarting) {
        self.transmit.push_back(ENTER.to_vec());
        let restarting = Restarting {
            is_asked: true,
            may_be_prompt: false,
            ..restarting
        };
        self.await_restart(now, restarting, RESET_RETRY);
    }

    /// Takes what a user's program prints, or a board that has started again.
    pub(super) fn print_or_restart(&mut self, now: Instant, text: &[u8]) {
        let Some(text) = self.without_probe_answer(text) else {
            return;
        };
        if self.last_greeting(&text) == Some(text.len()) {
            self.greeted = Greeted::Last;
            self.wake = Some(now + SETTLE);
        }
        self.print(text);
    }

    /// Keeps back what may be the answer to [`PROBE`]; `None` if all of it is, or the board has answered.
    fn without_probe_answer(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let Greeted::Probed(mut answer) = std::mem::take(&mut self.greeted) else {
            return Some(text.to_vec());
        };
        for (index, &byte) in text.iter().enumerate() {
            answer.push(byte);
            if PROBE_ANSWERS.contains(&&answer[..]) {
                self.has_restarted = true;
                self.rest(State::Outside);
                self.events.push_back(Event::Failed(Error::Restarted));
                return None;
            }
            if !PROBE_ANSWERS.iter().any(|known| known.starts_with(&answer)) {
                answer.extend_from_slice(&text[index + 1..]);
                return Some(answer);
            }
        }
        self.greeted = Greeted::Probed(answer);
        None
    }

    /// Prints what was kept back, since the program has ended by itself.
    pub(super) fn release_probe_answer(&mut self) {
        if let Greeted::Probed(answer) = std::mem::take(&mut self.greeted) {
            self.print(answer);
        }
    }

    /// Where the last greeting in `text` ends, also one that began before.
    fn last_greeting(&mut self, text: &[u8]) -> Option<usize> {
        let mut last = None;
        let mut used = 0;
        while let Some(found) = self.greeting.push(&text[used..]) {
            used += found.used;
            last = Some(used);
        }
        last
    }

    /// Asks a board behind a greeting whether that was its own: a prompt erases what it is sent.
    pub(super) fn probe_greeting(&mut self) {
        self.greeted = Greeted::Probed(Vec::new());
        self.transmit.push_back(PROBE.to_vec());
    }
}

impl Restarting {
    fn new(may_be_prompt: bool) -> Self {
        Self {
            signs: Scanner::new(RESTARTS),
            may_be_prompt,
            is_asked: false,
        }
    }
}
