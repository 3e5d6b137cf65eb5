//! Ctrl-C and polite kills: to the board while one is in use, else the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mpwire::session::Interrupter;

use crate::persona::held;
use crate::{console, progress, report};

enum Target {
    Program,
    Board(Interrupter),
    Waiting(Sender<()>),
}

static TARGET: Mutex<Target> = Mutex::new(Target::Program);

/// Whether a signal has gone to a board. A program there may take no notice of it, or have ended before it
/// arrived.
static HAS_COME: AtomicBool = AtomicBool::new(false);

/// Begins to watch for signals.
pub fn watch() {
    // Without a handler the program still ends on a signal, only less tidily.
    let _ = ctrlc::set_handler(|| {
        // In raw mode no key is a signal: somebody wants the program to end.
        if console::restore() {
            end_soon();
        }
        match &*TARGET.lock().unwrap_or_else(PoisonError::into_inner) {
            Target::Program => end(),
            Target::Board(board) => {
                HAS_COME.store(true, Ordering::Relaxed);
                interrupt(board.clone());
            }
            // Nobody waits any more: the program is about to end.
            Target::Waiting(waiting) => drop(waiting.send(())),
        }
    });
}

/// Interrupts what is done with a board, from threads of their own: neither a board that talks without end
/// nor one that is not listened to shall hold up the next signal.
fn interrupt(board: Interrupter) {
    let heard = board.clone();
    std::thread::spawn(move || board.interrupt());
    std::thread::spawn(move || {
        std::thread::sleep(END_PATIENCE);
        // It waits for a pipe, a disk, or whoever reads what is printed.
        if !heard.is_heard() && is_board() {
            end();
        }
    });
}

/// Whether interrupts go to a board.
fn is_board() -> bool {
    matches!(
        &*TARGET.lock().unwrap_or_else(PoisonError::into_inner),
        Target::Board(_)
    )
}

/// Whether somebody wants no further command to begin.
pub fn has_come() -> bool {
    HAS_COME.load(Ordering::Relaxed)
}

/// How late the thread that hears of a signal may be, on a busy computer.
const LATE: Duration = Duration::from_millis(200);

/// How long a terminal, or what is done with a board, has to end in good order.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// Ends the program even if it waits for a terminal or a board that takes nothing more.
fn end_soon() {
    std::thread::spawn(|| {
        std::thread::sleep(END_PATIENCE);
        end();
    });
}

/// Ends the program and says so. What it prints to may take nothing more: that is not waited for.
fn end() -> ! {
    let (told, telling) = channel();
    std::thread::spawn(move || {
        let _ = held::release();
        progress::clear();
        report::interrupted();
        // Nobody may wait for it any more.
        let _ = told.send(());
    });
    let _ = telling.recv_timeout(LATE);
    std::process::exit(1);
}

/// Says which board interrupts go to from now on.
pub fn forward_to(board: Option<Interrupter>) {
    set(board.map_or(Target::Program, Target::Board));
}

/// From now on an interrupt is a message. So is one that has come since the command began.
pub fn wait_instead() -> Receiver<()> {
    let (sender, receiver) = channel();
    set(Target::Waiting(sender.clone()));
    if has_come() {
        // The receiver is here.
        let _ = sender.send(());
    }
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
