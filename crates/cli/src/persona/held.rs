//! The order of what mpremote prints where no terminal reads it.
//!
//! mpremote prints lines of its own with Python's `print`, and what programs on the board print past
//! that, straight to the file descriptor. Python holds the first back until 8192 bytes are there or
//! the program ends (`TextIOWrapper.write`, `Modules/_io/textio.c`), so that in a pipe "Local directory …
//! is mounted" stands behind the output of the program that ran in it. `PYTHONUNBUFFERED` turns that off.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

/// The bytes of text that Python holds back.
const CHUNK: usize = 8192;

static HELD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Whether lines are held back.
pub fn applies() -> bool {
    let is_buffered = std::env::var_os("PYTHONUNBUFFERED").is_none_or(|value| value.is_empty());
    super::is_mpremote() && is_buffered && !io::stdout().is_terminal()
}

/// Holds a line back; what is too much goes out.
pub fn line(line: &str) -> io::Result<()> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    // `print` writes the line's end by itself.
    for text in [line, "\n"] {
        if held.len() + text.len() > CHUNK {
            write(&mut held)?;
        }
        held.extend(text.as_bytes());
        if held.len() >= CHUNK {
            write(&mut held)?;
        }
    }
    Ok(())
}

/// Prints what is held back: at the end, and before an error.
pub fn release() -> io::Result<()> {
    write(&mut HELD.lock().unwrap_or_else(PoisonError::into_inner))
}

fn write(held: &mut Vec<u8>) -> io::Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    let text = std::mem::take(held);
    let mut stdout = io::stdout().lock();
    stdout.write_all(&text)?;
    stdout.flush()
}
