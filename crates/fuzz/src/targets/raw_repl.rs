//! `raw_repl`: the whole conversation with a board.

use std::time::{Duration, Instant};

use mpwire_proto::raw_repl::{Event, RawRepl};

use crate::cutting::{same_however_turns_are_cut, turns};

/// Longest traceback that is kept.
const TRACEBACK_MOST: usize = 256 * 1024;

/// The input is turns: what the host does (see [`act`]), and what the board says then.
pub fn run(input: &[u8]) {
    let turns = turns(input);
    same_however_turns_are_cut(&turns, |turns| {
        let mut host = Host::new();
        for (act, pieces) in turns {
            host.act(*act);
            for piece in pieces {
                host.repl.handle_input(host.now, piece);
                host.collect();
            }
            host.note_state();
        }
        host.story
    });
}

/// A host on a clock that moves only when it waits.
struct Host {
    repl: RawRepl,
    begin: Instant,
    now: Instant,
    story: Story,
}

/// What can be seen of the machine.
#[derive(Debug, PartialEq)]
struct Story {
    sent: Vec<u8>,
    events: Vec<Event>,
    /// After each turn: whether it is entered, whether it is busy, and until when it waits.
    states: Vec<(bool, bool, Option<Duration>)>,
}

impl Host {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            repl: RawRepl::new(),
            begin: now,
            now,
            story: Story {
                sent: Vec::new(),
                events: Vec::new(),
                states: Vec::new(),
            },
        }
    }

    /// Does one of the things that the library does.
    fn act(&mut self, act: u8) {
        let is_free = self.repl.is_entered() && !self.repl.is_busy();
        let quiet = Some(Duration::from_secs(3));
        let patience = Duration::from_secs(5);
        match act % 16 {
            0 if act & 16 == 0 => self.repl.note_question(self.now),
            0 => self.repl.note_life(self.now),
            1 => self.repl.enter(self.now, false, patience),
            2 => self.repl.enter(self.now, true, patience),
            3 => self.repl.enter_idle(self.now, patience),
            4 if is_free => self.repl.execute(self.now, b"print(1)".to_vec(), quiet),
            5 if is_free => self.repl.execute(self.now, vec![b'x'; 300], None),
            6 if is_free => {
                self.repl.execute(self.now, Vec::new(), quiet);
                self.repl.expect_frames();
            }
            7 => self.repl.expect_frames(),
            8 => self.repl.interrupt(),
            9 => self.repl.leave(),
            10 => self.repl.feed(b"input".to_vec()),
            11 => self.repl.limit_silence(self.now, patience),
            12 => self.repl.speed_up(),
            13 => drop(self.repl.slow_down()),
            14 | 15 => self.wait(),
            _ => {}
        }
        self.collect();
    }

    /// Waits for as long as the machine does.
    fn wait(&mut self) {
        let Some(until) = self.repl.poll_timeout() else {
            return;
        };
        self.now = self.now.max(until);
        self.repl.handle_timeout(self.now);
        // Whoever waits in a loop gets on.
        assert!(self.repl.poll_timeout().is_none_or(|next| next > self.now));
    }

    fn collect(&mut self) {
        while let Some(bytes) = self.repl.poll_transmit() {
            assert!(!bytes.is_empty());
            self.story.sent.extend(bytes);
        }
        while let Some(event) = self.repl.poll_event() {
            match (self.story.events.last_mut(), event) {
                (Some(Event::Output(all)), Event::Output(more)) => all.extend(more),
                (_, event) => {
                    if let Event::Finished { traceback } = &event {
                        assert!(traceback.len() <= TRACEBACK_MOST);
                    }
                    if let Event::Failed(error) = &event {
                        assert!(!error.to_string().contains(char::is_control));
                        assert!(!self.repl.is_entered());
                    }
                    self.story.events.push(event);
                }
            }
        }
    }

    fn note_state(&mut self) {
        let until = self.repl.poll_timeout().map(|until| until - self.begin);
        let state = (self.repl.is_entered(), self.repl.is_busy(), until);
        self.story.states.push(state);
    }
}
