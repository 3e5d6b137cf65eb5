//! Ctrl-C and polite kills: to the board while one is in use, else the end.

#[cfg(target_os = "linux")]
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use mpwire::session::Interrupter;

enum Target {
    Program,
    Board(Interrupter),
    /// For a simulated board, which Linux alone has.
    #[cfg(target_os = "linux")]
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
            #[cfg(target_os = "linux")]
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
#[cfg(target_os = "linux")]
pub fn wait_instead() -> Receiver<()> {
    let (sender, receiver) = channel();
    set(Target::Waiting(sender));
    receiver
}

fn set(target: Target) {
    *TARGET.lock().unwrap_or_else(PoisonError::into_inner) = target;
}
