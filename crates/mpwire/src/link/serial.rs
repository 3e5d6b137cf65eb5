//! Serial ports: USB adapters, boards with USB of their own, and pseudo-terminals.

use std::io;
use std::time::Duration;

use serial2::SerialPort;

use super::{BAUD_RATE, Link};

/// How long one write may wait for a board that takes nothing: longer than the longest flash erase
/// reported (12 s), since the caller's own deadlines are what a user notices.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a port is opened whose settings change meanwhile.
const OPENINGS: u32 = 4;
/// The pause before a port is opened again that went while it was opened (`EIO`).
#[cfg(unix)]
const GONE_PAUSE: Duration = Duration::from_millis(50);

/// An open serial port.
pub struct SerialLink {
    name: String,
    port: SerialPort,
    #[cfg(unix)]
    wake: super::wake::Wake,
    #[cfg(not(unix))]
    closed: std::sync::atomic::AtomicBool,
}

impl SerialLink {
    /// Opens the port for this program alone.
    pub fn open(path: &str) -> io::Result<Self> {
        let mut port = open_settled(path)?;
        lock(&port)?;
        port.set_write_timeout(WRITE_TIMEOUT)?;
        #[cfg(not(unix))]
        port.set_read_timeout(Duration::from_millis(50))?;
        // Boards with USB of their own send only while DTR is on; the order matters for CP210x
        // adapters on Windows, whose lines start out low and would reset an ESP the other way
        // round. A pseudo-terminal has no such lines and answers ENOTTY.
        let _ = port.set_dtr(true);
        let _ = port.set_rts(true);
        Ok(Self {
            name: path.to_owned(),
            port,
            #[cfg(unix)]
            wake: super::wake::Wake::new()?,
            #[cfg(not(unix))]
            closed: false.into(),
        })
    }
}

/// Opens the port with the settings that were asked for. Programs that look at every port (a modem
/// manager) may change them just then, of which the system tells no number; and the cable may be pulled
/// out and put back.
fn open_settled(path: &str) -> io::Result<SerialPort> {
    for _ in 1..OPENINGS {
        match SerialPort::open(path, BAUD_RATE) {
            Err(error)
                if error.kind() == io::ErrorKind::Other && error.raw_os_error().is_none() => {}
            #[cfg(unix)]
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                std::thread::sleep(GONE_PAUSE);
            }
            other => return other,
        }
    }
    SerialPort::open(path, BAUD_RATE)
}

/// Takes the same lock as pyserial, so that genuine mpremote and mpwire respect each other.
#[cfg(unix)]
fn lock(port: &SerialPort) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};

    flock(port, FlockOperation::NonBlockingLockExclusive)?;
    Ok(())
}

/// Windows opens serial ports exclusively by itself.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the other platforms' can fail")]
fn lock(_port: &SerialPort) -> io::Result<()> {
    Ok(())
}

impl Link for SerialLink {
    fn name(&self) -> &str {
        &self.name
    }

    #[cfg(unix)]
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.wake.wait_readable(&self.port)? {
            return Ok(0);
        }
        match self.port.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        }
    }

    #[cfg(not(unix))]
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::sync::atomic::Ordering;

        loop {
            match self.port.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                other => return other,
            }
            if self.closed.load(Ordering::Relaxed) {
                return Ok(0);
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.port.write_all(bytes)
    }

    fn close(&self) {
        // A port that is gone can neither be flushed nor lowered, and is closed all the same.
        let _ = self.port.flush();
        // RTS first: the other order would reset an ESP (mpremote, `SerialTransport.close`).
        let _ = self.port.set_rts(false);
        let _ = self.port.set_dtr(false);
        #[cfg(unix)]
        {
            use rustix::fs::{FlockOperation, flock};

            // The reading thread may hold the port a moment longer than the user waits.
            let _ = flock(&self.port, FlockOperation::NonBlockingUnlock);
            self.wake.wake();
        }
        #[cfg(not(unix))]
        self.closed
            .store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
