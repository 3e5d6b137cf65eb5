//! A simulated board, as its owner sees it.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, eventfd};
use thiserror::Error;

use crate::bridge::{Command, Plan, Watcher, run};
use crate::counters::{Counters, LiveCounters};
use crate::faults::{Accident, Direction};
use crate::find::{InterpreterError, find_interpreter};
use crate::options::Options;
use crate::pty::Pty;
use crate::storage::Storage;

/// The host's end of a cable in the same process.
pub type Cable = UnixStream;

/// An error of this computer's system without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A board that did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// There is no interpreter.
    #[error(transparent)]
    NoInterpreter(#[from] InterpreterError),
    /// The interpreter ended, or waited for ever, before the board was up.
    #[error("{} did not come up as a board: {output}", program.display())]
    Interpreter {
        /// The interpreter.
        program: PathBuf,
        /// What it printed.
        output: String,
    },
    /// The computer refused something.
    #[error("cannot {what}: {}", words(source))]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// A running board. It is switched off, and its temporary files are removed, when it is dropped.
#[derive(Debug)]
pub struct Board {
    counters: Arc<LiveCounters>,
    storage: Arc<Storage>,
    // A mutex only so that a board can be shared between threads.
    commands: Mutex<Sender<Command>>,
    wake: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    /// Switches a board on and waits until it runs its `boot.py`.
    ///
    /// No host is connected yet: what the board prints until [`Board::connect`] or
    /// [`Board::attach_pty`] is lost, as on a real one.
    pub fn start(options: Options) -> Result<Board, StartError> {
        let program = find_interpreter()?;
        let failed = |what: &str| {
            let what = what.to_owned();
            |source| StartError::Io { what, source }
        };
        let storage = Storage::open(&options).map_err(failed("make the board's flash"))?;
        let storage = Arc::new(storage);
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| failed("make an event")(error.into()))?;
        let wake = Arc::new(wake);
        let counters = Arc::new(LiveCounters::default());
        let (commands, receiver) = channel();
        let (ready, is_ready) = sync_channel(1);
        let plan = Plan {
            options,
            storage: Arc::clone(&storage),
            program,
            mark: random_mark(),
            counters: Arc::clone(&counters),
            commands: receiver,
            wake: Arc::clone(&wake),
            ready,
        };
        let thread = std::thread::Builder::new()
            .name("mpwire-sim".to_owned())
            .spawn(move || run(plan))
            .map_err(failed("start a thread"))?;
        let board = Board {
            counters,
            storage,
            commands: Mutex::new(commands),
            wake,
            thread: Some(thread),
        };
        // Dropped on an error, the board ends its thread.
        match is_ready.recv() {
            Ok(started) => started.map(|()| board),
            Err(gone) => Err(failed("run the board's thread")(io::Error::other(gone))),
        }
    }

    /// Plugs the cable into this process: the host's end of it. A host that was connected before,
    /// here or on a pty, is unplugged.
    pub fn connect(&self) -> io::Result<Cable> {
        let (host, board) = UnixStream::pair()?;
        board.set_nonblocking(true)?;
        self.command(Command::Connect(board));
        Ok(host)
    }

    /// Plugs the cable into a pty and leaves it at `path` (a symbolic link), for any program, and
    /// for several in turn. The link is removed with the board. What is there already is an error,
    /// but for a link that a killed board has left.
    pub fn attach_pty(&self, path: &Path) -> io::Result<()> {
        let pty = Pty::create(path)?;
        self.command(Command::Attach(pty));
        Ok(())
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters.snapshot()
    }

    /// Takes the power away and gives it back: a hard reset. The flash keeps what was written.
    pub fn power_cycle(&self) {
        let (done, is_done) = sync_channel(1);
        self.command(Command::PowerCycle(done));
        // An error means that the board is off, which is as good.
        let _ = is_done.recv();
    }

    /// Accidents of the cable that are to happen from now on, bytes counted from here, instead of
    /// those that were expected. Returns how many of those have not happened.
    pub fn expect_accidents(&self, accidents: Vec<Accident>) -> usize {
        let (done, is_done) = sync_channel(1);
        self.command(Command::Expect(accidents, done));
        // An error means that the board is off, which has no accidents.
        is_done.recv().unwrap_or(0)
    }

    /// Shows to `watcher`, in place of another, each piece of what goes over the cable from now on, as
    /// the one end gives it and before the other has it. The piece ends after as many bytes as
    /// `watcher` returns; the cable stands still meanwhile.
    pub fn watch_cable(&self, watcher: impl FnMut(Direction, &[u8]) -> usize + Send + 'static) {
        let (done, is_done) = sync_channel(1);
        self.command(Command::Watch(Watcher(Box::new(watcher)), done));
        // An error means that the board is off, and nothing goes over its cable.
        let _ = is_done.recv();
    }

    /// How many writes to the flash and the ROM partitions there were. Counted only on a board with the option `cut` or
    /// with flash delays.
    pub fn flash_writes(&self) -> io::Result<u64> {
        self.storage.flash_writes()
    }

    /// Power is to be lost in the middle of the `count`-th write to the flash from now on (0: not
    /// at all), once. Only on a board with the option `cut` or with flash delays.
    pub fn cut_power_at_write(&self, count: u64) -> io::Result<()> {
        self.storage.cut_power_at_write(count)
    }

    /// Switches the board off.
    #[must_use]
    pub fn stop(mut self) -> Counters {
        self.switch_off();
        self.counters()
    }

    fn command(&self, command: Command) {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        // An error means that the thread has ended: the board is off, and nothing is to be done.
        let _ = commands.send(command);
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }

    fn switch_off(&mut self) {
        self.command(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.switch_off();
    }
}

/// 16 hexadecimal digits that no program on the board can guess.
fn random_mark() -> String {
    format!("{:016x}", RandomState::new().hash_one("mark"))
}
