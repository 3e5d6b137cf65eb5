//! What has happened on a board so far, counted.

#[cfg(target_os = "linux")]
pub(crate) use live::{LiveCounters, add};
use std::fmt;

/// A snapshot of what has happened on a board since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes that arrived at the board, those it dropped included.
    pub bytes_to_board: u64,
    /// Bytes that the board sent, whether or not a host was there to read them.
    pub bytes_from_board: u64,
    /// Bytes that arrived while the receive ring was full or the flash made the board deaf, and were
    /// lost.
    pub overruns: u64,
    /// Soft resets: Ctrl-D at a prompt, `SystemExit`, or an interpreter that died.
    pub soft_resets: u64,
    /// Hard resets: `machine.reset()`, a power cycle or a power cut.
    pub hard_resets: u64,
    /// Ctrl-C that interrupted a program.
    pub interrupts: u64,
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes to the board, {} from it, {} dropped; {} soft resets, {} hard resets, {} interrupts",
            self.bytes_to_board,
            self.bytes_from_board,
            self.overruns,
            self.soft_resets,
            self.hard_resets,
            self.interrupts
        )
    }
}

#[cfg(target_os = "linux")]
mod live {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Counters;

    /// The live counters: the bridge counts, anyone looks.
    #[derive(Debug, Default)]
    pub(crate) struct LiveCounters {
        pub bytes_to_board: AtomicU64,
        pub bytes_from_board: AtomicU64,
        pub overruns: AtomicU64,
        pub soft_resets: AtomicU64,
        pub hard_resets: AtomicU64,
        pub interrupts: AtomicU64,
    }

    /// Adds to one live counter. Nothing is ordered by a counter, so `Relaxed` is enough.
    pub(crate) fn add(counter: &AtomicU64, amount: usize) {
        counter.fetch_add(amount as u64, Ordering::Relaxed);
    }

    impl LiveCounters {
        pub fn snapshot(&self) -> Counters {
            let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            Counters {
                bytes_to_board: of(&self.bytes_to_board),
                bytes_from_board: of(&self.bytes_from_board),
                overruns: of(&self.overruns),
                soft_resets: of(&self.soft_resets),
                hard_resets: of(&self.hard_resets),
                interrupts: of(&self.interrupts),
            }
        }
    }
}
