//! Getting to the raw REPL: from whatever the board does, with a soft reset or without.

use std::time::{Duration, Instant};

use super::{
    BANNER, BANNER_OR_END, CTRL_C, END_OF_PROGRAM, ENDED_RETRY, ENTER, ENTER_RETRY, Event,
    INTERRUPT, INTERRUPT_PAUSE, RESET_RETRY, RawRepl, SETTLE, SOFT_REBOOT, SOFT_RESET, State,
    raw_paste,
};
use crate::scan::Scanner;

/// How many interrupts a program may ignore before it is sent a flood of them.
const POLITE_ATTEMPTS: u32 = 2;
/// How long a flood lasts at most, in sum. A program that catches every exception is ended by a Ctrl-C
/// that arrives outside of its `try`, in the few microseconds of its handler or of its loop's jump.
pub(super) const MAX_FLOOD: Duration = Duration::from_secs(3);
/// How far apart the Ctrl-C of a flood are: six byte times at 115200 baud.
pub(super) const FLOOD_INTERVAL: Duration = Duration::from_micros(500);
/// What shows that a flood has ended the program: the friendly prompt, or the end of a program in the raw
/// REPL.
const PROMPTS: &[&[u8]] = &[b">>> ", b"\x04>"];

#[derive(Debug)]
pub(super) struct Entering {
    pub(super) soft_reset: bool,
    pub(super) patience: Duration,
    pub(super) attempts: u32,
    pub(super) stage: Stage,
    /// How long a flood of Ctrl-C may still last.
    pub(super) flood: Duration,
    /// Finds a prompt behind the last interrupt; `None` when there was one: it was heeded.
    prompt: Option<Scanner>,
}

impl Entering {
    pub(super) fn new(soft_reset: bool, patience: Duration, stage: Stage) -> Self {
        Self {
            soft_reset,
            patience,
            attempts: 0,
            stage,
            flood: Duration::ZERO,
            prompt: None,
        }
    }

    /// Whether a program goes on after polite interrupts.
    fn is_ignored(&self) -> bool {
        self.attempts >= POLITE_ATTEMPTS && self.prompt.is_some()
    }
}

#[derive(Debug)]
pub(super) enum Stage {
    Interrupted,
    /// Ctrl-C after Ctrl-C, from then until a prompt comes or the time is over.
    Flooding {
        since: Instant,
        prompt: Scanner,
    },
    /// The answers to those that came after the prompt, until then at the latest.
    Draining {
        until: Instant,
    },
    Banner(Scanner),
    /// The board has to show that it is at an idle prompt.
    Probed(Scanner),
    /// It has, and was asked for the raw REPL once.
    Asked(Scanner),
    /// Waiting for the answers to attempts that crossed; `ended` once no raw-paste can be open.
    Settling {
        ended: bool,
    },
    Rebooting(Scanner),
    /// Nothing tells that it was reset: the answer to another request for the raw REPL will.
    Doubted(Scanner),
    Booting(Scanner),
}

impl RawRepl {
    pub(super) fn send_interrupt(&mut self, now: Instant, entering: &mut Entering) {
        entering.attempts += 1;
        entering.prompt = Some(Scanner::new(PROMPTS));
        entering.stage = Stage::Interrupted;
        self.transmit.push_back(INTERRUPT.to_vec());
        self.wake = Some(now + INTERRUPT_PAUSE);
    }

    pub(super) fn entering_woken(&mut self, now: Instant, mut entering: Entering) {
        let is_flood_due = entering.is_ignored() && !entering.flood.is_zero();
        let flood = entering.flood;
        match &mut entering.stage {
            Stage::Interrupted | Stage::Draining { .. } => self.ask_for_banner(now, &mut entering),
            Stage::Banner(_) if is_flood_due => {
                self.flooded = true;
                entering.stage = Stage::Flooding {
                    since: now,
                    prompt: Scanner::new(PROMPTS),
                };
                self.flood(now);
            }
            Stage::Banner(_) => self.send_interrupt(now, &mut entering),
            Stage::Flooding { since, .. } if now < *since + flood => self.flood(now),
            Stage::Flooding { .. } => {
                entering.flood = Duration::ZERO;
                self.drain(now, &mut entering);
            }
            // A program that took the second interrupt as the first, as one that writes flash may,
            // leaves the rest of the second attempt to the raw-paste that the first has asked for.
            Stage::Settling { ended } if !*ended && self.raw_paste && !entering.soft_reset => {
                *ended = true;
                self.transmit.push_back(INTERRUPT.to_vec());
                self.wake = Some(now + SETTLE);
            }
            Stage::Settling { .. } => return self.banner_seen(now, entering),
            Stage::Rebooting(_) | Stage::Doubted(_) => {
                self.transmit.push_back(ENTER.to_vec());
                entering.stage = Stage::Doubted(Scanner::new(&[BANNER, SOFT_REBOOT]));
                self.wake = Some(now + RESET_RETRY);
            }
            Stage::Booting(_) => {
                // More than one banner may come: the line has to be quiet behind them.
                entering.soft_reset = false;
                self.transmit.push_back(ENTER.to_vec());
                self.wake = Some(now + RESET_RETRY);
            }
            Stage::Probed(_) | Stage::Asked(_) => {}
        }
        self.state = State::Entering(entering);
    }

    fn flood(&mut self, now: Instant) {
        self.transmit.push_back(vec![CTRL_C]);
        self.wake = Some(now + FLOOD_INTERVAL);
    }

    /// Lets the board answer each Ctrl-C of a flood before it is asked for the raw REPL.
    fn drain(&mut self, now: Instant, entering: &mut Entering) {
        self.wake = Some(now + SETTLE);
        entering.stage = Stage::Draining {
            until: now + ENTER_RETRY,
        };
    }

    /// Interrupts a `boot.py` that has not ended in time: the raw REPL follows, since that was asked for
    /// before the soft reset.
    pub(super) fn interrupt_boot(&mut self, now: Instant, mut entering: Entering) {
        self.interrupted_boot = true;
        self.deadline = Some(now + entering.patience);
        entering.soft_reset = false;
        entering.flood = self.max_flood(entering.patience);
        // The board may have been asked meanwhile, and answers more than once.
        entering.attempts = 1;
        self.send_interrupt(now, &mut entering);
        self.state = State::Entering(entering);
    }

    pub(super) fn max_flood(&self, patience: Duration) -> Duration {
        if self.may_flood && patience > 2 * MAX_FLOOD {
            MAX_FLOOD
        } else {
            Duration::ZERO
        }
    }

    fn ask_for_banner(&mut self, now: Instant, entering: &mut Entering) {
        let mut request = ENTER.to_vec();
        if entering.attempts == 1 && !entering.soft_reset && self.raw_paste {
            request.extend_from_slice(raw_paste::REQUEST);
        }
        self.transmit.push_back(request);
        entering.stage = Stage::Banner(Scanner::new(BANNER_OR_END));
        self.wake = Some(now + ENTER_RETRY * entering.attempts.saturating_sub(1).max(1));
    }

    fn banner_seen(&mut self, now: Instant, mut entering: Entering) {
        if entering.soft_reset {
            self.transmit.push_back(SOFT_RESET.to_vec());
            let is_again = matches!(entering.stage, Stage::Doubted(_));
            entering.stage = Stage::Rebooting(Scanner::new(&[SOFT_REBOOT]));
            if !is_again {
                self.deadline = Some(now + entering.patience);
            }
            self.wake = Some(now + RESET_RETRY);
            self.state = State::Entering(entering);
        } else {
            self.entered();
        }
    }

    fn reboot_seen(&mut self, now: Instant, entering: &mut Entering) {
        entering.stage = Stage::Booting(Scanner::new(&[BANNER]));
        self.deadline = Some(now + entering.patience);
        self.wake = Some(now + RESET_RETRY);
    }

    pub(super) fn step_entering(
        &mut self,
        now: Instant,
        mut entering: Entering,
        input: &[u8],
    ) -> usize {
        let mut used = input.len();
        entering
            .prompt
            .take_if(|prompt| prompt.push(input).is_some());
        match &mut entering.stage {
            Stage::Interrupted => self.ask_for_banner(now, &mut entering),
            Stage::Settling { .. } => self.wake = Some(now + SETTLE),
            Stage::Flooding { since, prompt } => {
                if prompt.push(input).is_some() {
                    entering.flood -= entering.flood.min(now.saturating_duration_since(*since));
                    self.drain(now, &mut entering);
                }
            }
            Stage::Draining { until } => {
                let until = *until;
                self.wake = Some(until.min(now + SETTLE));
            }
            Stage::Banner(scanner) => {
                if let Some(found) = scanner.push(input) {
                    used = found.used;
                    if found.marker == END_OF_PROGRAM {
                        self.wake = self.wake.min(Some(now + ENDED_RETRY));
                    } else if entering.attempts == 1 {
                        if !entering.soft_reset && self.raw_paste {
                            self.ahead = Some(Vec::new());
                            self.asked_at = Some(now);
                        }
                        self.banner_seen(now, entering);
                        return found.used;
                    } else {
                        entering.stage = Stage::Settling { ended: false };
                        self.wake = Some(now + SETTLE);
                    }
                }
            }
            Stage::Rebooting(scanner) => {
                self.wake = Some(now + RESET_RETRY);
                if let Some(found) = scanner.push(input) {
                    used = found.used;
                    self.reboot_seen(now, &mut entering);
                }
            }
            Stage::Doubted(scanner) => {
                if let Some(found) = scanner.push(input) {
                    used = found.used;
                    if found.marker == 0 {
                        self.banner_seen(now, entering);
                        return used;
                    }
                    self.reboot_seen(now, &mut entering);
                }
            }
            Stage::Probed(scanner) => {
                if let Some(found) = scanner.push(input) {
                    used = found.used;
                    self.transmit.push_back(ENTER.to_vec());
                    entering.stage = Stage::Asked(Scanner::new(&[BANNER]));
                }
            }
            Stage::Asked(scanner) => {
                if let Some(found) = scanner.push(input) {
                    self.entered();
                    return found.used;
                }
            }
            Stage::Booting(scanner) => {
                self.wake = Some(now + RESET_RETRY);
                if let Some(found) = scanner.push(input) {
                    used = found.used;
                    if entering.soft_reset {
                        if self.raw_paste {
                            self.transmit.push_back(raw_paste::REQUEST.to_vec());
                            self.ahead = Some(Vec::new());
                            self.asked_at = Some(now);
                        }
                        self.entered();
                        return used;
                    }
                    entering.stage = Stage::Settling { ended: true };
                    self.wake = Some(now + SETTLE);
                }
            }
        }
        self.state = State::Entering(entering);
        used
    }

    fn entered(&mut self) {
        self.rest(State::Ready);
        self.events.push_back(Event::Entered);
    }
}
