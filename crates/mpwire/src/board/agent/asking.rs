//! Waiting for the agent's questions: how long it may be silent, what it is sent then, and which of its
//! questions is the last.

use std::time::{Duration, Instant};

use mpwire_proto::blocks::Question;
use mpwire_proto::probes::Probes;

use super::{QUEUE, SETTLE, on_the_wire};
use crate::board::patience::writing;
use crate::board::{Board, Error, REPLY_MOST, outcome};
use crate::session::Heard;

/// How long the agent may be silent after a block, besides the time for what it does with it. When a probe
/// has not helped, more is missing than a probe holds, and only an interrupt ends that.
const BLOCK_SILENCE: Duration = Duration::from_secs(4);
/// How often a limit is doubled for a board that has been silent for longer than that.
const MAX_DOUBLINGS: u32 = 2;

/// What the agent says.
enum Sign {
    /// Output, or a frame.
    Output,
    /// So many questions, and which was the last.
    Asked(Question, u32),
    /// It has ended, with a traceback or without.
    Ended(Vec<u8>),
}

impl Board {
    /// How long the agent may be silent after a block that stands for so many bytes and does such work.
    pub(super) fn block_silence(&self, size: usize, work: Duration) -> Duration {
        let work = writing(size as u64).saturating_add(work);
        self.with_backoff(BLOCK_SILENCE.saturating_add(work))
    }

    /// `limit`, longer for a board that was silent for longer before, but no longer than any program may
    /// be.
    pub(super) fn with_backoff(&self, limit: Duration) -> Duration {
        let doubled = limit.saturating_mul(1 << self.silences.min(MAX_DOUBLINGS));
        doubled.min(self.patience())
    }

    /// Interrupts a program that was silent for `quiet`, and returns the error that tells so.
    pub(super) fn end_silence(&mut self, quiet: Duration) -> Error {
        if self.agent.take().is_some() {
            // More of a block was lost than probes replace: a ring has overrun. Two steps, for the first
            // is for rings larger than most.
            self.session.slow_down();
            self.session.slow_down();
        }
        self.silences += 1;
        self.session.give_up(quiet).into()
    }

    /// Waits for the board's next question after a block of `length` bytes on the wire and that parity,
    /// which stands for `size` bytes; the last one, when it asks for the same block again. `None` when the
    /// agent has ended.
    pub(super) fn next_question(
        &mut self,
        odd: bool,
        length: usize,
        size: usize,
        said: &mut Vec<u8>,
    ) -> Result<Option<Question>, Error> {
        let work = self.blocks().map_or(Duration::ZERO, |blocks| blocks.work());
        let longest = self.block_silence(size, work);
        let mut probes = Probes::default();
        let mut heard = Instant::now();
        let mut pause = on_the_wire(length) + probes.pause();
        loop {
            match self.hear_agent(pause, said)? {
                Some(Sign::Ended(traceback)) => {
                    if probes.lines() > 0 {
                        // They are at the prompt now.
                        self.enter(false)?;
                    }
                    outcome(Vec::new(), &traceback)?;
                    return Ok(None);
                }
                Some(Sign::Asked(question, count)) if question.odd != odd => {
                    self.silences = 0;
                    let due = probes.lines().saturating_sub(count - 1);
                    return self.settle(question, Some(due), SETTLE, probes, said);
                }
                Some(Sign::Asked(question, _)) => {
                    let quiet = SETTLE + on_the_wire(length.min(QUEUE));
                    return self.settle(question, None, quiet, probes, said);
                }
                Some(Sign::Output) => {
                    // One block may hold many files, each of which takes its time.
                    heard = Instant::now();
                    probes.note_life();
                    pause = probes.pause();
                }
                None if heard.elapsed() >= longest => return Err(self.end_silence(longest)),
                None => {
                    if let Some(probe) = probes.next() {
                        self.session.say(&probe)?;
                    }
                    pause = until(heard, longest).min(probes.pause());
                }
            }
        }
    }

    /// Hears what the board asks behind the question `latest`: once more for each of the `due` lines of
    /// `probes` that it has not answered, `None` if nobody knows how often. Returns its last question.
    pub(super) fn settle(
        &mut self,
        latest: Question,
        due: Option<u32>,
        quiet: Duration,
        mut probes: Probes,
        said: &mut Vec<u8>,
    ) -> Result<Option<Question>, Error> {
        let mut latest = Some(latest);
        let mut due = due;
        let mut has_swept = false;
        let mut pause = quiet;
        let start = Instant::now();
        let longest = self.with_backoff(BLOCK_SILENCE);
        loop {
            if due == Some(0) {
                return Ok(latest);
            }
            match self.hear_agent(pause, said)? {
                Some(Sign::Ended(traceback)) => {
                    self.enter(false)?;
                    outcome(Vec::new(), &traceback)?;
                    return Ok(None);
                }
                Some(Sign::Asked(question, count)) => {
                    latest = Some(question);
                    due = due.map(|due| due.saturating_sub(count));
                    pause = if has_swept { SETTLE } else { quiet };
                }
                Some(Sign::Output) => {}
                None if latest.is_some() && has_swept => return Ok(latest),
                None if !has_swept => {
                    // What is left of a block that had a byte too many may have no end of line, nor what
                    // is left of probes, and the next block would be taken for the rest of it: this ends
                    // it, and is a question more.
                    if let Some(sweep) = probes.sweep() {
                        self.session.say(&sweep)?;
                    }
                    has_swept = true;
                    latest = None;
                    due = None;
                    pause = probes.pause();
                }
                None if start.elapsed() >= longest => return Err(self.end_silence(longest)),
                None => {
                    if let Some(probe) = probes.next() {
                        self.session.say(&probe)?;
                    }
                    pause = until(start, longest).min(probes.pause());
                }
            }
        }
    }

    /// What the agent says next; `None` when that is nothing for `pause`. Frames are kept, and its output
    /// is added to `said`.
    fn hear_agent(&mut self, pause: Duration, said: &mut Vec<u8>) -> Result<Option<Sign>, Error> {
        let heard = match self.session.hear(pause) {
            Ok(heard) => heard,
            Err(error) => {
                self.agent = None;
                return Err(error.into());
            }
        };
        let Some(agent) = &mut self.agent else {
            return Ok(None);
        };
        Ok(Some(match heard {
            None => return Ok(None),
            Some(Heard::Frame { data, intact }) => {
                agent.damaged |= !intact || agent.frames.len() + data.len() > REPLY_MOST;
                // Of what is damaged nothing is of use.
                if !agent.damaged {
                    agent.frames.extend(data);
                }
                Sign::Output
            }
            Some(Heard::Finished { traceback }) => {
                self.agent = None;
                Sign::Ended(traceback)
            }
            Some(Heard::Output(bytes)) => {
                let before = agent.listener.asked();
                if let Some(question) = agent.listener.push(&bytes, said) {
                    Sign::Asked(question, agent.listener.asked() - before)
                } else {
                    self.limit(said.len())?;
                    Sign::Output
                }
            }
        }))
    }
}

/// How long it is until `limit` has passed since `start`.
pub(super) fn until(start: Instant, limit: Duration) -> Duration {
    limit
        .saturating_sub(start.elapsed())
        .max(Duration::from_millis(1))
}
