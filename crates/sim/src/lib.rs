//! A MicroPython board without hardware: the real interpreter (MicroPython's unix port) behind a
//! simulated cable, with simulated flash, resets and Ctrl-C.
//!
//! ```no_run
//! use mpwire_sim::{Board, Options};
//!
//! let board = Board::start(Options::parse("link=uart:115200&heap=64k")?)?;
//! board.attach_pty("/tmp/board".as_ref())?; // for any program: mpremote connect /tmp/board
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The map of the crate:
//!
//! - [`options`](Options): what kind of board, and how that is written.
//! - `find`: where the interpreter is installed.
//! - `board`: [`Board`], what its owner can do with it. `elsewhere`: the same where it cannot run.
//! - `bridge`: the thread between the cable and the interpreter.
//!   - `link_model`: when a byte is at the other end (pure).
//!   - `faults`: what goes wrong on the cable (pure).
//!   - `console`: what the output tells about the board's state (pure).
//!   - `interpreter`: the process; `storage`: its files; `pty`: the end that other programs open.
//!   - `flash_watch`: when the flash is busy.
//! - `counters`: [`Counters`], what happened.
//! - `onboard/*.py`: what runs on the board itself, from `boot.py` on.
//!
//! # What differs from a real board
//!
//! - Text output ends its lines with `\n`, not `\r\n`, unless the option `line-ends=crlf` asks for
//!   the latter: the unix port relies on a terminal for that. Even then a `\r\n` that a program prints
//!   stays as it is, where a board would send `\r\r\n`.
//! - The interpreter is a 64-bit program: objects take twice the memory that they take on a
//!   microcontroller.
//! - `os.system`, `os.getenv`, sockets and files opened by number reach the computer. It is no
//!   sandbox.
//! - A USB board stays plugged in during a hard reset.

#[cfg(target_os = "linux")]
mod board;
#[cfg(target_os = "linux")]
mod bridge;
#[cfg(target_os = "linux")]
mod console;
mod counters;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod faults;
mod find;
#[cfg(target_os = "linux")]
mod flash_watch;
#[cfg(target_os = "linux")]
mod interpreter;
#[cfg(target_os = "linux")]
mod link_model;
mod options;
#[cfg(target_os = "linux")]
mod pty;
#[cfg(target_os = "linux")]
mod storage;

#[cfg(target_os = "linux")]
pub use board::{Board, Cable, StartError};
pub use counters::Counters;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Board, Cable, StartError};
pub use faults::{Accident, Direction, ErrorRate, Fault, Random};
pub use find::{InterpreterError, VARIABLE as INTERPRETER_VARIABLE, find_interpreter};
pub use options::{Filesystem, KEYS, LineEnds, LinkKind, Options, OptionsError, RomKind};
