//! Ctrl-C and polite kills: to the board while one is in use, else the end.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mpwire::session::Interrupter;

use crate::console;

enum Target {
    Program,
    Board(Interrupter),
    Waiting(Sender<()>),
}

static TARGET: Mutex<Target> = Mutex::new(Target::Program);

/// Begins to watch for signals.
pub fn watch() {
    // Without a handler the program still ends on a signal, only less tidily.
    let _ = ctrlc::set_handler(|| {
        // In raw mode no key is a signal: somebody wants the program to end.
        if console::restore() {
            end_soon();
        }
        match &*TARGET.lock().unwrap_or_else(PoisonError::into_inner) {
            Target::Program => std::process::exit(1),
            Target::Board(board) => board.interrupt(),
            // Nobody waits any more: the program is about to end.
            Target::Waiting(waiting) => drop(waiting.send(())),
        }
    });
}

/// How late the thread that hears of a signal may be, on a busy computer.
const LATE: Duration = Duration::from_millis(200);

/// How long a terminal has to end in good order.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// Ends the program even if it waits for a terminal or a board that takes nothing more.
fn end_soon() {
    std::thread::spawn(|| {
        std::thread::sleep(END_PATIENCE);
        std::process::exit(1);
    });
}

/// Says which board interrupts go to from now on.
pub fn forward_to(board: Option<Interrupter>) {
    set(board.map_or(Target::Program, Target::Board));
}

/// From now on an interrupt is a message.
pub fn wait_instead() -> Receiver<()> {
    let (sender, receiver) = channel();
    set(Target::Waiting(sender));
    receiver
}

/// Leaves Ctrl-C to a program that has the terminal, for as long as `work` takes.
pub fn leave_alone_during<Result>(board: Interrupter, work: impl FnOnce() -> Result) -> Result {
    let ignored = wait_instead();
    let result = work();
    // A signal that came before the end of the work is heard of a moment after it.
    while ignored.recv_timeout(LATE).is_ok() {}
    forward_to(Some(board));
    result
}

fn set(target: Target) {
    *TARGET.lock().unwrap_or_else(PoisonError::into_inner) = target;
}
