//! What is typed, on its way to the board's session.

use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use mpwire::session::Keyboard;

use super::platform::Source;

/// How many pieces of at most 4 KiB may have been read and not yet been sent: enough for Ctrl-C and
/// the keys that quit to be seen behind any paste, and a bound for a file as input.
const AHEAD: usize = 256;

/// The thread that reads standard input, until this is dropped.
pub struct Keys {
    ahead: Receiver<()>,
    source: Source,
}

impl Keys {
    /// Begins to read.
    pub fn start(keyboard: Keyboard) -> io::Result<Self> {
        let (reading, ahead) = sync_channel(AHEAD);
        let source = Source::new()?;
        let keys = Self {
            ahead,
            source: source.clone(),
        };
        thread::spawn(move || {
            // Waits here while too much is ahead.
            while reading.send(()).is_ok() {
                let bytes = source.read();
                if bytes.is_empty() {
                    return keyboard.ended();
                }
                if !keyboard.typed(bytes) {
                    return;
                }
            }
        });
        Ok(keys)
    }

    /// Notes that a piece has been dealt with.
    pub fn taken(&self) {
        // The reader is at its end when there is none.
        let _ = self.ahead.try_recv();
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.source.stop();
    }
}
