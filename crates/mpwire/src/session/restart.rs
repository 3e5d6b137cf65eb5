//! A program that resets the board, followed until the board has shown that it has gone.

use std::time::{Duration, Instant};

use mpwire_proto::raw_repl::{self, Event};

use super::{Error, Input, Session};

/// How long a board may take to show that it has reset. A UART whose board starts a silent `main.py` never
/// shows it.
const GONE: Duration = Duration::from_secs(3);
/// How long the prompt may be behind the first that a board prints while it starts.
const STARTED: Duration = Duration::from_millis(1500);

/// What a board has shown that was told to reset itself.
#[derive(Debug)]
pub enum Departure {
    /// Its greeting: it has started again and is at its prompt.
    Greeted,
    /// The link ended, as one over the board's own USB does.
    HungUp(Error),
    /// Something was printed, and not by the program: the board starts.
    Printed,
    /// Nothing. The program has not ended, which it would have without a reset.
    Nothing,
    /// The program has ended, so that there was no reset; `traceback` is empty unless it raised.
    Stayed {
        /// What the board printed of the exception.
        traceback: Vec<u8>,
    },
}

impl Session {
    /// Runs a program that resets the board and prints nothing, and returns what shows that it has. The
    /// raw REPL is left then.
    pub fn execute_reset(&mut self, program: &[u8]) -> Result<Departure, Error> {
        self.begin(program, Some(2 * GONE))?;
        self.until_accepted(&mut |_| {})?;
        let mut departure = Departure::Nothing;
        let mut until = Instant::now() + GONE;
        loop {
            if let Err(error) = self.transmit() {
                return Ok(self.departed(Departure::HungUp(error)));
            }
            match self.repl.poll_event() {
                Some(Event::Output(_)) => {
                    if matches!(departure, Departure::Nothing) {
                        departure = Departure::Printed;
                        until = Instant::now() + STARTED;
                    }
                    continue;
                }
                Some(Event::Failed(raw_repl::Error::Restarted)) => return Ok(Departure::Greeted),
                Some(Event::Failed(source)) => return Err(self.failed(source)),
                Some(Event::Finished { traceback }) => {
                    return Ok(Departure::Stayed { traceback });
                }
                Some(_) => continue,
                None => {}
            }
            let now = Instant::now();
            if until <= now {
                return Ok(self.departed(departure));
            }
            let wake = self.repl.poll_timeout().map_or(until, |at| at.min(until));
            match self.receive(Some(wake))? {
                None => self.repl.handle_timeout(Instant::now().min(until)),
                Some(Input::Bytes(_, bytes)) => self.take(Instant::now(), &bytes),
                Some(Input::Broken(_, source)) => {
                    let error = self.lost(source);
                    return Ok(self.departed(Departure::HungUp(error)));
                }
                Some(Input::Interrupt) => return Err(self.abandon()),
                Some(Input::Console(input)) => self.typed.push_back(input),
            }
        }
    }

    fn departed(&mut self, departure: Departure) -> Departure {
        self.repl.lose_track();
        departure
    }
}
