//! TCP connections, and boards that one carries the bytes of as they are: `socket://HOST:PORT`, as
//! pyserial calls it.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mpwire_proto::quote;
#[cfg(any(target_os = "android", target_os = "linux"))]
use socket2::SockRef;

use super::endpoint::Endpoint;
use super::{Link, OpenError};

/// How long one write may wait for a far end that takes nothing; as for a serial port.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the far end may take to close its side once we have closed ours. One that never does
/// keeps listening to a connection that has ended; pyserial sleeps as long.
const CLOSE_PATIENCE: Duration = Duration::from_millis(300);

/// A server that lets nobody in says why, in one line, and closes. What is longer is a board's output.
const FIRST_WORDS: usize = 200;

/// A TCP connection that one thread reads while another writes.
pub(super) struct Connection {
    stream: TcpStream,
    closed: AtomicBool,
    /// All that has been received, until it is more than [`FIRST_WORDS`].
    first_words: Mutex<Vec<u8>>,
}

impl Connection {
    pub fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let stream = endpoint.connect()?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        Ok(Self {
            stream,
            closed: AtomicBool::new(false),
            first_words: Mutex::default(),
        })
    }

    /// Bounds each [`Self::read`].
    pub fn limit_reads(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(timeout)
    }

    /// Waits for bytes and returns how many; 0 after [`Self::close`].
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = (&self.stream).read(buffer);
        if self.closed.load(Ordering::Acquire) {
            return Ok(0);
        }
        match result {
            Ok(0) => Err(self.ended()),
            Err(error) if is_end(&error) => Err(self.ended()),
            other => other,
        }
    }

    /// Has what is there acknowledged at once, where the system can; it forgets that with each read.
    ///
    /// A board writes the head of a message and then the rest of it (`extmod/modwebsocket.c`), which its
    /// network keeps until the head is acknowledged: 40 ms later, if left to the system.
    #[cfg_attr(
        not(any(target_os = "android", target_os = "linux")),
        expect(clippy::unused_self, reason = "other systems have no such setting")
    )]
    pub fn acknowledge_at_once(&self) {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        // It is only slower without.
        let _ = SockRef::from(&self.stream).set_tcp_quickack(true);
    }

    /// Remembers what the far end's own words, without those of a protocol, were.
    pub fn note(&self, bytes: &[u8]) {
        let mut words = lock(&self.first_words);
        let room = (FIRST_WORDS + 1).saturating_sub(words.len());
        words.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Sends all of `bytes`. That the connection has ended is [`Self::read`]'s to tell, which knows
    /// what the far end said last.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match (&self.stream).write_all(bytes) {
            Err(error) if is_end(&error) => Ok(()),
            Err(error) if is_timeout(&error) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!(
                    "the far end has taken nothing for {} s",
                    WRITE_TIMEOUT.as_secs()
                ),
            )),
            other => other,
        }
    }

    /// Whether this call is the first to close it.
    pub fn begin_to_close(&self) -> bool {
        !self.closed.swap(true, Ordering::AcqRel)
    }

    /// Ends our side, waits for the far end to end its own, and ends a waiting [`Self::read`].
    ///
    /// With input unread or still to come, closing at once would reset the connection, and what was
    /// sent last might never reach the board. The far end's end also tells that it is ready for
    /// another connection: ser2net refuses one until then.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // What fails here has ended already.
        let _ = self.stream.shutdown(Shutdown::Write);
        let deadline = Instant::now() + CLOSE_PATIENCE;
        let mut unread = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.limit_reads(Some(left)).is_err() {
                break;
            }
            if !matches!((&self.stream).read(&mut unread), Ok(1..)) {
                break;
            }
        }
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn ended(&self) -> io::Error {
        let words = lock(&self.first_words);
        let text = words.trim_ascii();
        let message = if text.is_empty() || words.len() > FIRST_WORDS {
            "the peer closed the connection".to_owned()
        } else {
            format!(
                "the peer closed the connection after sending {}",
                quote::first_of(text)
            )
        };
        io::Error::new(io::ErrorKind::UnexpectedEof, message)
    }
}

/// Whether the far end has closed the connection, one way or the other.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected
    )
}

/// Whether a deadline has passed; systems differ in how they call it.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// No thread leaves anything half done that the lock protects.
pub(super) fn lock<Value>(mutex: &Mutex<Value>) -> std::sync::MutexGuard<'_, Value> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Moves as many bytes as `buffer` holds from the beginning of `early` there, and returns how many.
pub(super) fn take(early: &mut VecDeque<u8>, buffer: &mut [u8]) -> usize {
    let count = early.len().min(buffer.len());
    for (place, byte) in buffer.iter_mut().zip(early.drain(..count)) {
        *place = byte;
    }
    count
}

/// A board whose bytes a TCP connection carries as they are.
pub struct TcpLink {
    name: String,
    connection: Connection,
}

impl TcpLink {
    /// Connects to `address`, such as `socket://bench:4000`.
    pub fn open(address: &str) -> Result<Self, OpenError> {
        let endpoint =
            Endpoint::parse(address)
                .and_then(check)
                .map_err(|reason| OpenError::Malformed {
                    name: address.to_owned(),
                    reason,
                })?;
        let connection = Connection::open(&endpoint).map_err(|source| OpenError::Unreachable {
            name: address.to_owned(),
            source,
        })?;
        Ok(Self {
            name: address.to_owned(),
            connection,
        })
    }
}

/// pyserial's only option asks for its own log, which there is none of.
fn check(endpoint: Endpoint) -> Result<Endpoint, String> {
    match endpoint.options.iter().find(|(name, _)| name != "logging") {
        None => Ok(endpoint),
        Some((name, _)) => Err(format!("there is no option '{name}'")),
    }
}

impl Link for TcpLink {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.connection.read(buffer)?;
        self.connection.note(&buffer[..count]);
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.connection.write(bytes)
    }

    fn close(&self) {
        if self.connection.begin_to_close() {
            self.connection.close();
        }
    }
}
