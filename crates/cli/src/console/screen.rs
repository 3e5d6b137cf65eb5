//! What the board sends, shown and captured.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::platform::Filter;
use crate::error::Error;
use crate::report;

/// Standard output, and the file that keeps a copy.
pub struct Screen {
    escapes: bool,
    capture: Option<(PathBuf, File)>,
    filter: Filter,
    /// The last bytes shown: a prompt, perhaps.
    tail: Vec<u8>,
}

impl Screen {
    /// A screen that shows bytes as they are, or `escapes` those that could not be printed, and
    /// copies what it shows to the file `capture`.
    pub fn new(escapes: bool, capture: Option<&Path>) -> Result<Self, Error> {
        let capture = capture
            .map(|path| {
                File::create(path)
                    .map(|file| (path.to_owned(), file))
                    .map_err(|error| Error::local("repl", &path.to_string_lossy(), &error))
            })
            .transpose()?;
        Ok(Self {
            escapes,
            capture,
            filter: Filter::new(),
            tail: Vec::new(),
        })
    }

    /// Shows what the board sent.
    pub fn show(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.escapes {
            self.write(&escaped(bytes))
        } else {
            self.write(bytes)
        }
    }

    /// Shows words of our own among the board's.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        report::bytes(&self.filter.shown(bytes))?;
        if let Some((path, file)) = &mut self.capture {
            file.write_all(bytes)
                .map_err(|error| Error::local("repl", &path.to_string_lossy(), &error))?;
        }
        self.tail
            .extend_from_slice(&bytes[bytes.len().saturating_sub(4)..]);
        self.tail.drain(..self.tail.len().saturating_sub(4));
        Ok(())
    }

    /// Whether the friendly REPL's prompt is the last that was shown.
    pub fn is_at_prompt(&self) -> bool {
        self.tail == b">>> "
    }

    /// A line about the connection, which is no part of the dialogue.
    pub fn tell(&mut self, text: &str) {
        self.begin_line();
        let mut line = text.to_owned();
        if io::stdin().is_terminal() {
            // The terminal is raw.
            line.push('\r');
        }
        report::note(&line);
    }

    /// Begins a line on the terminal, if the dialogue has left one unfinished.
    pub fn begin_line(&mut self) {
        let unfinished = self.tail.last().is_some_and(|&byte| byte != b'\n');
        if unfinished && io::stdout().is_terminal() && io::stderr().is_terminal() {
            report::status("\r");
            self.tail.clear();
        }
    }
}

/// Bytes that terminals print or move by, and `[xx]` for each other (mpremote, `repl.py`).
#[must_use]
pub fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            8 | b'\t' | b'\n' | b'\r' | 27 | b' '..=b'~' => text.push(byte),
            _ => text.extend(format!("[{byte:02x}]").bytes()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_could_not_be_printed_is_told_in_hexadecimal_digits() {
        assert_eq!(escaped(b"a\r\n\x1b[m\x08\t~"), b"a\r\n\x1b[m\x08\t~");
        assert_eq!(escaped("\0é\x7f".as_bytes()), b"[00][c3][a9][7f]");
    }
}
