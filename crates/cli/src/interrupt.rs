//! Ctrl-C and polite kills: to the board while one is in use, else the end.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use mpwire::session::Interrupter;

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
        match &*TARGET.lock().unwrap_or_else(PoisonError::into_inner) {
            Target::Program => std::process::exit(1),
            Target::Board(board) => board.interrupt(),
            // Nobody waits any more: the program is about to end.
            Target::Waiting(waiting) => drop(waiting.send(())),
        }
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
    forward_to(Some(board));
    drop(ignored);
    result
}

fn set(target: Target) {
    *TARGET.lock().unwrap_or_else(PoisonError::into_inner) = target;
}
