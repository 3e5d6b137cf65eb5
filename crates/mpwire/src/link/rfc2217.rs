//! Serial ports of another computer, behind a server that speaks RFC 2217:
//! `rfc2217://HOST:PORT`, as pyserial calls it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use mpwire_proto::quote;
use mpwire_proto::rfc2217::{Awaited, Client, Event};
use mpwire_proto::telnet;

use super::endpoint::Endpoint;
use super::tcp::{Connection, WRITE_TIMEOUT, is_timeout, lock, take};
use super::{BAUD_RATE, Link, OpenError};

/// How long a server may take to answer, first whether it has a port and then to its settings;
/// pyserial's default, too.
const PATIENCE: Duration = Duration::from_secs(3);

/// Data is sent in pieces of this many bytes, so that a server's wish to be sent no more is heeded
/// before long.
const PIECE: usize = 1024;

/// How much of what a port sends before it is open is kept.
const EARLY_LIMIT: usize = 4096;

/// A serial port of another computer.
pub struct Rfc2217Link {
    name: String,
    connection: Connection,
    state: Mutex<State>,
    /// Told of each change of [`Client::is_suspended`], and of the end.
    changed: Condvar,
    /// Held by the thread that sends, so that nothing gets into the middle of anything else.
    sending: Mutex<()>,
}

struct State {
    client: Client,
    /// What came in before it was read: while the port was opened.
    early: VecDeque<u8>,
    ended: bool,
}

/// What an address says beyond the place.
struct Options {
    ignore_control_answers: bool,
    patience: Duration,
}

impl Rfc2217Link {
    /// Connects to `address`, such as `rfc2217://bench:2217`, and sets its port up.
    pub fn open(address: &str) -> Result<Self, OpenError> {
        let malformed = |reason| OpenError::Malformed {
            name: address.to_owned(),
            reason,
        };
        let endpoint = Endpoint::parse(address).map_err(malformed)?;
        let options = Options::of(&endpoint).map_err(malformed)?;
        let unreachable = |source| OpenError::Unreachable {
            name: address.to_owned(),
            source,
        };
        let link = Self {
            name: address.to_owned(),
            connection: Connection::open(&endpoint).map_err(unreachable)?,
            state: Mutex::new(State {
                client: Client::new(BAUD_RATE, options.ignore_control_answers),
                early: VecDeque::new(),
                ended: false,
            }),
            changed: Condvar::new(),
            sending: Mutex::new(()),
        };
        link.set_up(options.patience)?;
        link.connection.limit_reads(None).map_err(unreachable)?;
        Ok(link)
    }

    /// Talks with the server until the port is open.
    fn set_up(&self, patience: Duration) -> Result<(), OpenError> {
        let failed = |source| OpenError::Unreachable {
            name: self.name.clone(),
            source,
        };
        let mut awaited = None;
        let mut deadline = Instant::now();
        let mut buffer = [0; 1024];
        loop {
            self.answer().map_err(failed)?;
            let now_awaited = lock(&self.state).client.awaited();
            if now_awaited.is_none() {
                return Ok(());
            }
            // Each answer is given its time.
            if now_awaited != awaited {
                awaited = now_awaited;
                deadline = Instant::now() + patience;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.silent());
            }
            self.connection.limit_reads(Some(left)).map_err(failed)?;
            match self.connection.read(&mut buffer) {
                Ok(count) => self.arrived_early(&buffer[..count])?,
                Err(error) if is_timeout(&error) => return Err(self.silent()),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn arrived_early(&self, bytes: &[u8]) -> Result<(), OpenError> {
        let mut state = lock(&self.state);
        state.client.handle_input(bytes);
        while let Some(event) = state.client.poll_event() {
            match event {
                Event::Opened => {}
                Event::Data(data) => {
                    self.connection.note(&data);
                    state.early.extend(data);
                    let excess = state.early.len().saturating_sub(EARLY_LIMIT);
                    state.early.drain(..excess);
                }
                Event::Refused(refusal) => {
                    return Err(OpenError::NoRemotePort {
                        name: self.name.clone(),
                        reason: refusal.to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    /// What a server that does not go on has done so far.
    fn silent(&self) -> OpenError {
        let state = lock(&self.state);
        let seen: Vec<u8> = state.early.iter().copied().take(100).collect();
        let reason = match state.client.awaited() {
            Some(Awaited::Setting(setting)) => format!("it did not confirm the port's {setting}"),
            Some(Awaited::FlowControl) => {
                "it did not say that flow control is off; ?ign_set_control does without".to_owned()
            }
            _ if state.client.has_heard_telnet() => {
                "it speaks telnet but did not offer a serial port".to_owned()
            }
            _ if seen.is_empty() => "it did not answer".to_owned(),
            _ => format!(
                "it does not speak telnet, but sent {}",
                quote::first_of(&seen)
            ),
        };
        OpenError::NoRemotePort {
            name: self.name.clone(),
            reason,
        }
    }

    /// Sends what the protocol has to say. When the other thread is sending, it does that instead:
    /// the reading one must never wait for a server that waits for it.
    fn answer(&self) -> io::Result<()> {
        loop {
            let sending = match self.sending.try_lock() {
                Ok(sending) => sending,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            self.send_answers()?;
            drop(sending);
            // The other thread may have come too late for this one, and too early to send itself.
            if !lock(&self.state).client.has_transmit() {
                return Ok(());
            }
        }
    }

    /// To be called by the thread that holds `sending`.
    fn send_answers(&self) -> io::Result<()> {
        loop {
            let Some(bytes) = lock(&self.state).client.poll_transmit() else {
                return Ok(());
            };
            self.connection.write(&bytes)?;
        }
    }

    /// Waits while the server wants no data; `false` when the connection has ended.
    fn wait_until_wanted(&self) -> io::Result<bool> {
        let (state, waited) = self
            .changed
            .wait_timeout_while(lock(&self.state), WRITE_TIMEOUT, |state| {
                state.client.is_suspended() && !state.ended
            })
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!(
                    "the server has wanted no data for {} s",
                    WRITE_TIMEOUT.as_secs()
                ),
            ));
        }
        Ok(!state.ended)
    }

    fn end(&self) {
        lock(&self.state).ended = true;
        self.changed.notify_all();
    }

    /// Puts the data in the first `count` bytes of `buffer` at its beginning and returns its length.
    fn decode(&self, buffer: &mut [u8], count: usize) -> usize {
        let mut state = lock(&self.state);
        state.client.handle_input(&buffer[..count]);
        let mut length = 0;
        while let Some(event) = state.client.poll_event() {
            // The port is open; nothing else happens to it.
            if let Event::Data(data) = event {
                // Data is never longer than what carries it.
                buffer[length..length + data.len()].copy_from_slice(&data);
                length += data.len();
            }
        }
        self.changed.notify_all();
        length
    }
}

impl Options {
    /// Reads pyserial's options, of which two are for its log and for the state of a modem.
    fn of(endpoint: &Endpoint) -> Result<Self, String> {
        let mut options = Self {
            ignore_control_answers: false,
            patience: PATIENCE,
        };
        for (name, value) in &endpoint.options {
            match name.as_str() {
                "logging" | "poll_modem" => {}
                "ign_set_control" => options.ignore_control_answers = true,
                "timeout" => {
                    let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
                    options.patience = seconds
                        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                        .filter(|patience| *patience <= Duration::from_secs(3600))
                        .ok_or_else(|| format!("timeout '{value}' is not a number of seconds"))?;
                }
                _ => return Err(format!("there is no option '{name}'")),
            }
        }
        Ok(options)
    }
}

impl Link for Rfc2217Link {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let early = take(&mut lock(&self.state).early, buffer);
        if early > 0 {
            return Ok(early);
        }
        loop {
            let count = self.connection.read(buffer).inspect_err(|error| {
                // A write that waits for the server to want data need not any more.
                if error.kind() != io::ErrorKind::Interrupted {
                    self.end();
                }
            })?;
            if count == 0 {
                return Ok(0);
            }
            let length = self.decode(buffer, count);
            self.answer()?;
            if length > 0 {
                self.connection.note(&buffer[..length]);
                return Ok(length);
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            // Why it has ended is the reading thread's to tell.
            if !self.wait_until_wanted()? {
                return Ok(());
            }
            let sending = lock(&self.sending);
            self.send_answers()?;
            self.connection.write(&telnet::escape(piece))?;
            drop(sending);
            self.answer()?;
        }
        Ok(())
    }

    fn close(&self) {
        if !self.connection.begin_to_close() {
            return;
        }
        self.end();
        lock(&self.state).client.lower_lines();
        // A server that is gone has nothing to lower.
        let _ = self.answer();
        self.connection.close();
    }
}
