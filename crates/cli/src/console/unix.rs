//! Terminals of Unix.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use mpwire::link::Wake;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// What a terminal was like.
pub struct Settings {
    terminal: OwnedFd,
    settings: Termios,
}

/// Makes standard input raw; `None` when it is no terminal.
pub fn make_raw() -> io::Result<Option<Settings>> {
    make_raw_of(io::stdin().as_fd())
}

pub fn make_raw_of(terminal: BorrowedFd<'_>) -> io::Result<Option<Settings>> {
    if !isatty(terminal) {
        return Ok(None);
    }
    let settings = tcgetattr(terminal)?;
    let mut raw = settings.clone();
    raw.make_raw();
    tcsetattr(terminal, OptionalActions::Now, &raw)?;
    Ok(Some(Settings {
        terminal: terminal.try_clone_to_owned()?,
        settings,
    }))
}

pub fn restore(settings: &Settings) {
    // At once: a terminal that nobody reads would keep us waiting. One that is gone needs nothing.
    let _ = tcsetattr(&settings.terminal, OptionalActions::Now, &settings.settings);
}

/// Standard input, read by a thread that can be stopped.
#[derive(Clone)]
pub struct Source(Arc<Wake>);

impl Source {
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Wake::new()?)))
    }

    /// The next bytes; empty at the end of the input, or after [`Source::stop`].
    pub fn read(&self) -> Vec<u8> {
        let mut buffer = [0; 4096];
        loop {
            if !self.0.wait_readable(&io::stdin()).unwrap_or(false) {
                return Vec::new();
            }
            // Not through `io::stdin()`, whose buffer would keep what a later command may want.
            match rustix::io::read(io::stdin(), &mut buffer) {
                Ok(count) => return buffer[..count].to_vec(),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                // A terminal that is gone.
                Err(_) => return Vec::new(),
            }
        }
    }

    pub fn stop(&self) {
        self.0.wake();
    }
}

/// What is shown goes to the terminal as it is.
pub struct Filter;

impl Filter {
    pub fn new() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "consoles of Windows need one")]
    pub fn shown<'bytes>(&mut self, bytes: &'bytes [u8]) -> std::borrow::Cow<'bytes, [u8]> {
        bytes.into()
    }
}
