//! A link that broke, and comes back: the board was unplugged, or has reset its USB.

use std::sync::Arc;
use std::time::Duration;

use super::{Address, Link, OpenError, open};

/// How often is looked where no event tells of a change: on systems without inotify; for a port
/// that another program (a modem manager) has for a moment; for rights that come after the port.
const INTERVAL: Duration = Duration::from_millis(250);

/// What a link is found by again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopener {
    address: Address,
    /// The USB serial number of the board, which it keeps on another port.
    serial_number: Option<String>,
}

impl Reopener {
    /// Notes what is to be known of the link at `address`, while it is there.
    #[must_use]
    pub fn of(address: Address) -> Self {
        let serial_number = match &address {
            Address::Port(path) => serial_number_of(path),
            _ => None,
        };
        Self {
            address,
            serial_number,
        }
    }

    /// Whether what it finds is the same board: a simulated one is gone with its link.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        !matches!(self.address, Address::Simulated(_))
    }

    /// Opens the link if it is there.
    fn open(&self) -> Result<Arc<dyn Link>, OpenError> {
        match (&self.address, &self.serial_number) {
            // Some adapters all have the same number: the port it was at goes first.
            (Address::Port(path), Some(serial_number))
                if serial_number_of(path).as_ref() != Some(serial_number) =>
            {
                open(&Address::SerialNumber(serial_number.clone()))
            }
            (address, _) => open(address),
        }
    }

    /// Waits for the link in a thread of its own, and gives it to `found`.
    pub fn watch(self, found: impl FnOnce(Arc<dyn Link>) + Send + 'static) -> Watch {
        // Watched before it is tried, so that no change goes unseen.
        let (watch, mut watcher) = changes::begin(&self.address);
        std::thread::spawn(move || {
            loop {
                let patience = match self.open() {
                    Ok(link) => return found(link),
                    Err(OpenError::Missing(_) | OpenError::NoSerialNumber(_)) => None,
                    Err(_) => Some(INTERVAL),
                };
                if !watcher.wait(patience) {
                    return;
                }
            }
        });
        watch
    }
}

#[cfg(feature = "serial")]
fn serial_number_of(path: &str) -> Option<String> {
    // By whatever name, it is the same port.
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    crate::ports::list()
        .ok()?
        .into_iter()
        .find(|port| real.as_os_str() == port.path.as_str())
        .and_then(|port| port.usb?.serial_number)
}

#[cfg(not(feature = "serial"))]
fn serial_number_of(_path: &str) -> Option<String> {
    None
}

pub use changes::Watch;

/// Linux tells of each port that comes, in the folder of its path.
#[cfg(target_os = "linux")]
mod changes {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Duration;

    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    use super::{Address, INTERVAL};
    use crate::link::wake::Wake;

    /// A link that is waited for, until this is dropped.
    pub struct Watch(Option<Arc<Wake>>);

    impl Drop for Watch {
        fn drop(&mut self) {
            if let Some(wake) = &self.0 {
                wake.wake();
            }
        }
    }

    pub struct Watcher {
        wake: Option<Arc<Wake>>,
        folders: Vec<PathBuf>,
        changes: Option<OwnedFd>,
    }

    pub fn begin(address: &Address) -> (Watch, Watcher) {
        // Without one (no file descriptors are left) the wait cannot be ended, only found out.
        let wake = Wake::new().ok().map(Arc::new);
        let folders = folders(address);
        let changes = listen(&folders).ok();
        let watcher = Watcher {
            wake: wake.clone(),
            folders,
            changes,
        };
        (Watch(wake), watcher)
    }

    /// The folders in which something changes when a port comes back.
    fn folders(address: &Address) -> Vec<PathBuf> {
        let mut folders = vec![PathBuf::from("/dev")];
        if let Address::Port(path) = address {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
            // A name that udev gives is a link, and its target comes and goes as well.
            let target = std::fs::read_link(&path).ok();
            let target = target.map(|target| path.with_file_name("").join(target));
            for path in [Some(path), target].into_iter().flatten() {
                folders.extend(path.parent().map(Path::to_owned));
            }
        }
        folders
    }

    /// Listens to `folders` from now on, or to what is left of the paths to them.
    fn listen(folders: &[PathBuf]) -> io::Result<OwnedFd> {
        let changes = inotify::init(CreateFlags::CLOEXEC)?;
        // udev makes a port, then gives the user the right to it.
        let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB;
        for folder in folders {
            // `/dev/serial/by-id` is gone while no port is there.
            for folder in folder.ancestors() {
                if inotify::add_watch(&changes, folder, flags).is_ok() {
                    break;
                }
            }
        }
        Ok(changes)
    }

    impl Watcher {
        /// Waits for a change, but not longer than `patience`, and watches for the next; `false`
        /// when nobody waits any more.
        pub fn wait(&mut self, patience: Option<Duration>) -> bool {
            let Some(wake) = &self.wake else {
                std::thread::sleep(INTERVAL);
                return true;
            };
            // The system may have no watch left for us.
            let patience = patience.or(self.changes.is_none().then_some(INTERVAL));
            let goes_on = wake.wait(self.changes.as_ref(), patience).unwrap_or(false);
            self.changes = listen(&self.folders).ok();
            goes_on
        }
    }
}

/// Other systems have no event that needs no library of its own.
#[cfg(not(target_os = "linux"))]
mod changes {
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::time::Duration;

    use super::{Address, INTERVAL};

    /// A link that is waited for, until this is dropped.
    pub struct Watch(#[expect(dead_code, reason = "dropped is what it tells")] Sender<()>);

    pub struct Watcher(Receiver<()>);

    pub fn begin(_address: &Address) -> (Watch, Watcher) {
        let (sender, receiver) = channel();
        (Watch(sender), Watcher(receiver))
    }

    impl Watcher {
        /// Waits until it is time to look again; `false` when nobody waits any more.
        pub fn wait(&mut self, _patience: Option<Duration>) -> bool {
            self.0.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout)
        }
    }
}
