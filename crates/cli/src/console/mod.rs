//! The terminal of a REPL: raw, so that every key is the board's, and restored on every way out.

mod keys;
#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;
mod screen;
#[cfg(windows)]
mod sequences;

pub use keys::Keys;
pub use platform::Source;
pub use screen::{Screen, escaped};

use std::io;
use std::sync::{Mutex, Once, PoisonError};

/// The settings to restore while a terminal is raw. One for the program, since whatever ends it (a
/// signal, a panic in any thread) must find them.
static SETTINGS: Mutex<Option<platform::Settings>> = Mutex::new(None);

/// Standard input as a raw terminal, until this is dropped.
pub struct RawMode(());

impl RawMode {
    /// Makes standard input raw; `None` when it is no terminal.
    pub fn enter() -> io::Result<Option<Self>> {
        match platform::make_raw()? {
            None => Ok(None),
            Some(settings) => Ok(Some(Self::keep(settings))),
        }
    }

    fn keep(settings: platform::Settings) -> Self {
        restore_on_panic();
        *SETTINGS.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
        Self(())
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal, and says whether it was raw. May be called at any time, by any thread.
pub fn restore() -> bool {
    let settings = SETTINGS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(settings) = &settings {
        platform::restore(settings);
    }
    settings.is_some()
}

/// A panic is printed on a terminal on which it can be read.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    });
}

#[cfg(all(test, unix))]
mod tests {
    use std::fmt::Debug;
    use std::os::fd::{AsFd, OwnedFd};

    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::tcgetattr;

    use super::*;

    /// Both ends of a new terminal.
    fn terminal() -> (OwnedFd, OwnedFd) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        (master, slave)
    }

    fn settings(terminal: &OwnedFd) -> impl Debug + PartialEq {
        format!("{:?}", tcgetattr(terminal).unwrap())
    }

    #[test]
    fn a_panic_in_any_thread_restores_the_terminal_first() {
        let (_master, terminal) = terminal();
        let before = settings(&terminal);
        let raw = platform::make_raw_of(terminal.as_fd()).unwrap().unwrap();
        let guard = RawMode::keep(raw);
        assert_ne!(settings(&terminal), before);
        let panicked = std::thread::spawn(|| panic!("on purpose")).join();
        assert!(panicked.is_err());
        // The guard is still there: it was the panic that restored.
        assert_eq!(settings(&terminal), before);
        drop(guard);
        assert_eq!(settings(&terminal), before);
    }
}
