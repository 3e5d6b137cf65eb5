//! Consoles of Windows.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, Event, KeyEventKind};
use crossterm::{ansi_support, terminal};

use super::sequences::sequence;
use crate::utf8::Utf8;

/// How often the thread that reads looks whether it is to end: a console's events can be waited for
/// together with nothing else that Rust's libraries offer.
const INTERVAL: Duration = Duration::from_millis(100);

/// That the console was not raw; crossterm knows the rest.
pub struct Settings(());

/// Makes the console raw; `None` when standard input is none.
pub fn make_raw() -> io::Result<Option<Settings>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    terminal::enable_raw_mode()?;
    // Boards send escape sequences. Asking switches them on where the console knows them.
    let _ = ansi_support::supports_ansi();
    Ok(Some(Settings(())))
}

pub fn restore(_settings: &Settings) {
    // A console that is gone needs nothing.
    let _ = terminal::disable_raw_mode();
}

/// Standard input, read by a thread that can be stopped.
#[derive(Clone)]
pub struct Source(Arc<AtomicBool>);

impl Source {
    #[expect(clippy::unnecessary_wraps, reason = "the other platforms' can fail")]
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::default()))
    }

    /// The next bytes; empty at the end of the input, or after [`Source::stop`].
    pub fn read(&self) -> Vec<u8> {
        if io::stdin().is_terminal() {
            return self.read_keys().unwrap_or_default();
        }
        let mut buffer = [0; 4096];
        let count = io::stdin().read(&mut buffer).unwrap_or(0);
        buffer[..count].to_vec()
    }

    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The next keys, all that were pressed by now: a paste is one piece.
    fn read_keys(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while !self.0.load(Ordering::Relaxed) {
            let patience = if bytes.is_empty() {
                INTERVAL
            } else {
                Duration::ZERO
            };
            if !event::poll(patience)? {
                if bytes.is_empty() {
                    continue;
                }
                break;
            }
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
            {
                bytes.extend(sequence(key.code, key.modifiers));
            }
            if bytes.len() >= 4096 {
                break;
            }
        }
        Ok(bytes)
    }
}

/// A console takes whole characters only.
pub struct Filter(Utf8);

impl Filter {
    pub fn new() -> Self {
        Self(Utf8::default())
    }

    pub fn shown<'bytes>(&mut self, bytes: &'bytes [u8]) -> Cow<'bytes, [u8]> {
        if io::stdout().is_terminal() {
            self.0.whole(bytes).into_bytes().into()
        } else {
            bytes.into()
        }
    }
}
