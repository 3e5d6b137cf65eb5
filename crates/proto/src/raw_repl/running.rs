//! A program that runs: what it prints, its silence, and the signs of its end.

use std::time::Instant;

use super::{AT_ONCE, Error, Event, PROMPT, RawRepl, SEEN_LIMIT, State, TRACEBACK, raw_paste};
use crate::frames::Piece;

impl RawRepl {
    pub(super) fn accepted(&mut self, now: Instant) {
        self.restart_quiet(now);
        self.state = State::Output;
        self.events.push_back(Event::Accepted);
    }

    pub(super) fn step_output(&mut self, now: Instant, input: &[u8]) -> usize {
        self.restart_quiet(now);
        if let Some(scanner) = &mut self.frames {
            let (used, piece) = scanner.push(input);
            self.state = State::Output;
            match piece {
                None => {}
                Some(Piece::Text(text)) => self.step_text_to_greeting(text),
                Some(Piece::Frame { data, intact }) => {
                    self.events.push_back(Event::Frame { data, intact });
                }
                Some(Piece::End) => {
                    self.restart_ending(now);
                    self.state = State::Traceback(Vec::new());
                }
                Some(Piece::Cut { traceback }) => {
                    self.rest(State::Ready);
                    self.events.push_back(Event::Finished { traceback });
                }
            }
            return used;
        }
        let end = input.iter().position(|&byte| byte == raw_paste::END);
        let text = &input[..end.unwrap_or(input.len())];
        self.state = State::Output;
        if self.is_users {
            self.print_or_restart(now, text);
        } else {
            self.step_text_to_greeting(text.to_vec());
        }
        if end.is_some() && matches!(self.state, State::Output) {
            self.release_probe_answer();
            self.restart_ending(now);
            self.state = State::Traceback(Vec::new());
        }
        end.map_or(input.len(), |end| end + 1)
    }

    /// Takes what a user's program prints.
    pub(super) fn print(&mut self, text: Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.traceback
            .take_if(|scanner| scanner.push(&text).is_some());
        self.events.push_back(Event::Output(text));
    }

    /// Takes text up to a greeting: that there is no program any more.
    fn step_text_to_greeting(&mut self, mut text: Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let greeted = self.greeting.push(&text);
        if let Some(found) = greeted {
            text.truncate(found.used);
        }
        self.events.push_back(Event::Output(text));
        if greeted.is_some() {
            self.has_restarted = true;
            self.rest(State::Outside);
            self.events.push_back(Event::Failed(Error::Restarted));
        }
    }

    pub(super) fn restart_quiet(&mut self, now: Instant) {
        self.deadline = self.quiet.map(|quiet| now + quiet);
        let may_be_asked =
            self.raw_paste && self.quiet.is_some() && !self.is_users && !self.asked_again;
        self.wake = may_be_asked.then(|| now + AT_ONCE);
    }

    /// However long the program was allowed to take: where one of the two marks at its end is damaged,
    /// the board says no more.
    pub(super) fn restart_ending(&mut self, now: Instant) {
        self.wake = None;
        self.deadline = Some(now + self.quiet.map_or(AT_ONCE, |quiet| quiet.min(AT_ONCE)));
    }

    /// Goes on with a program that seemed to have ended and is alive: a byte of what it said was damaged so
    /// that it looked like the mark.
    pub(super) fn go_on(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Output) {
            State::Traceback(said) => self.print(said),
            // The end of a program of ours was told of.
            State::Prompt(ending) if ending.is_told() => return self.state = State::Prompt(ending),
            State::Prompt(ending) => self.all_was_printed(now, &ending),
            _ => {}
        }
        self.restart_quiet(now);
    }

    /// The traceback of a user's program of whose three marks one was lost (that the board has the program,
    /// the end of the output, the end of the traceback), where what came tells: with the prompt last, it has
    /// ended, and what it has printed may be a traceback only where the word stands in it.
    pub(super) fn guess_end(&self, said: &[u8]) -> Option<Vec<u8>> {
        let traceback = said.strip_suffix(PROMPT)?;
        let is_sure = if traceback.is_empty() {
            self.traceback.is_some() && self.strays.len() < SEEN_LIMIT
        } else {
            traceback.starts_with(TRACEBACK)
        };
        (self.is_users && is_sure).then(|| traceback.to_vec())
    }

    pub(super) fn finish_unmarked(&mut self, traceback: Vec<u8>) {
        self.rest(State::Ready);
        if traceback.is_empty() && !self.strays.is_empty() {
            self.events
                .push_back(Event::Output(std::mem::take(&mut self.strays)));
        }
        self.events.push_back(Event::Finished { traceback });
    }
}
