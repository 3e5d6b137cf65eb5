//! Tells a person that a board which is gone is waited for: in the line of progress, or in one of its own.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::{progress, report};

/// How often the line shows how long it has been.
const TICK: Duration = Duration::from_secs(1);

/// What counts the seconds, and ends when its sender is dropped.
static TICKER: Mutex<Option<(Sender<()>, JoinHandle<()>)>> = Mutex::new(None);

/// Tells that the board is waited for, for so long at most; `None` tells that this has ended.
pub fn tell(longest: Option<Duration>) {
    let mut ticker = TICKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((end, ticks)) = ticker.take() {
        drop(end);
        // A thread that has panicked shows nothing any more, either.
        let _ = ticks.join();
        // What was shown before told the rate of a board that was gone.
        progress::clear();
    }
    match longest {
        Some(longest) if progress::is_on() => *ticker = Some(count(longest)),
        Some(longest) if !report::is_quiet() => report::status(&format!(
            "the board is gone; waiting up to {} s for it to come back",
            longest.as_secs()
        )),
        None | Some(_) => {}
    }
}

fn count(longest: Duration) -> (Sender<()>, JoinHandle<()>) {
    let (end, ended) = channel::<()>();
    let start = Instant::now();
    let ticks = thread::spawn(move || {
        loop {
            progress::replace(&format!(
                "the board is gone; waiting for it, {} of {} s",
                start.elapsed().as_secs(),
                longest.as_secs()
            ));
            if ended.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    });
    (end, ticks)
}
