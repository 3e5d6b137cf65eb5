//! What a person types or pastes, at the speed at which the board reads it.
//!
//! A board's receive ring holds as few as 63 bytes (the BBC micro:bit's), most often 255, and has no
//! flow control on a UART. The REPL answers each line of a paste with more than it was sent (a
//! prompt, an indentation) and reads nothing while it runs a line, so that a paste at the line's
//! rate overflows the ring. But it echoes what it has read (shared/readline/readline.c,
//! `readline_process_char`; shared/runtime/pyexec.c for paste mode): only [`WINDOW`] bytes are ever
//! sent ahead of their echo. What reads without an echo is given a window at a time, too.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many bytes may be sent whose echo has not come.
pub const WINDOW: usize = 60;

/// Less room than this is not worth a write of its own, unless it takes all that waits.
const LEAST: usize = WINDOW / 2;

/// So many bytes in one piece are an echo and not by chance in other output.
const CERTAIN: usize = 8;

/// How long an echo is waited for where there was one before: a line may run for a while.
const ECHO_PATIENCE: Duration = Duration::from_secs(1);

/// How long a window rests with what does not echo: the raw REPL, or a program that reads.
const PAUSE: Duration = Duration::from_millis(10);

/// After so many windows in a row without an echo, none is expected. They fit a ring of 255 bytes
/// together.
const SILENT_WINDOWS: u32 = 4;

/// Where an escape sequence is: keys such as the arrows send one, and the REPL echoes none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Inside,
}

/// Paces what is typed by its echo: what is typed and what the board sends go in, bytes to send
/// come out.
#[derive(Debug)]
pub struct Typing {
    /// What has not been sent.
    waiting: VecDeque<u8>,
    /// What was sent and has an echo that has not been seen for certain.
    unechoed: VecDeque<u8>,
    /// How many of these the latest output may be the echo of.
    matched: usize,
    /// How many bytes that have no echo were sent since the last pause or echo.
    mute: usize,
    /// When the board last echoed something, or was sent something with nothing under way.
    since: Instant,
    /// How many windows in a row were not echoed in time.
    silent_windows: u32,
    escape: Escape,
    /// Whether the last byte sent was a carriage return.
    after_return: bool,
}

impl Typing {
    /// Nothing is typed yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            waiting: VecDeque::new(),
            unechoed: VecDeque::new(),
            matched: 0,
            mute: 0,
            since: now,
            silent_windows: 0,
            escape: Escape::None,
            after_return: false,
        }
    }

    /// Takes what was typed.
    pub fn push(&mut self, typed: &[u8]) {
        self.waiting.extend(typed);
    }

    /// Whether all that was typed is sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether all that was sent has been echoed, as far as it is to be.
    #[must_use]
    pub fn is_echoed(&self) -> bool {
        self.unechoed.is_empty()
    }

    /// Forgets what waits and what is under way.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.forget();
    }

    /// Takes what the board sent.
    pub fn handle_output(&mut self, now: Instant, output: &[u8]) {
        for &byte in output {
            let Some(&wanted) = self.unechoed.get(self.matched) else {
                return;
            };
            let echo = if wanted == b'\r' { b'\n' } else { wanted };
            if byte == echo {
                self.matched += 1;
                if byte == b'\n' || self.matched == CERTAIN || self.matched == self.unechoed.len() {
                    self.unechoed.drain(..self.matched);
                    self.matched = 0;
                    self.mute = 0;
                    self.silent_windows = 0;
                    self.since = now;
                }
            } else if byte.is_ascii_graphic() {
                // A prompt or a program's output: the echo is still to come.
                self.matched = usize::from(self.unechoed[0] == byte);
            }
        }
    }

    /// When [`Self::poll_transmit`] has more to send, if no echo comes before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let echoes = !self.unechoed.is_empty() && self.silent_windows < SILENT_WINDOWS;
        let patience = if echoes { ECHO_PATIENCE } else { PAUSE };
        (!self.waiting.is_empty()).then(|| self.since + patience)
    }

    /// The next bytes to send; call until `None` after every other call, and at the timeout.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.poll_timeout().is_some_and(|until| until <= now) {
            if !self.unechoed.is_empty() {
                self.silent_windows = (self.silent_windows + 1).min(SILENT_WINDOWS);
            }
            self.forget();
        }
        let room = WINDOW.saturating_sub(self.unechoed.len() + self.mute);
        let count = room.min(self.waiting.len());
        if count == 0 || (count < LEAST && count < self.waiting.len()) {
            return None;
        }
        if self.unechoed.is_empty() && self.mute == 0 {
            self.since = now;
        }
        let bytes: Vec<u8> = self.waiting.drain(..count).collect();
        for &byte in &bytes {
            self.note_sent(byte);
        }
        Some(bytes)
    }

    fn forget(&mut self) {
        self.unechoed.clear();
        self.matched = 0;
        self.mute = 0;
    }

    /// Notes what echo `byte` is to have, if any.
    fn note_sent(&mut self, byte: u8) {
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        let has_echo = self.escape == Escape::None && matches!(byte, b'\r' | b' '..=b'~')
            // The second half of one line end has none (`process_nl`).
            || self.escape == Escape::None && byte == b'\n' && !after_return;
        if has_echo {
            return self.unechoed.push_back(byte);
        }
        // Control characters steer the REPL, and outside paste mode it ignores what is not ASCII.
        self.mute += 1;
        match (self.escape, byte) {
            (_, 0x1b) => self.escape = Escape::Begun,
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Inside,
            (Escape::Inside, b'0'..=b'9' | b';') => {}
            (Escape::Begun | Escape::Inside, _) => self.escape = Escape::None,
            // Ctrl-A at a prompt begins the raw REPL, which has no echo; should it only have moved
            // the cursor, the next echo tells.
            (Escape::None, 0x01) => self.silent_windows = SILENT_WINDOWS,
            // Ctrl-C: what was not read is given up.
            (Escape::None, 0x03) => self.forget(),
            (Escape::None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A board that reads and echoes a byte at a time, as the REPL does, and how it is typed to.
    struct Desk {
        typing: Typing,
        now: Instant,
        /// Sent, and not read yet.
        ring: VecDeque<u8>,
        fullest: usize,
        read: Vec<u8>,
    }

    impl Desk {
        fn new() -> Self {
            let now = Instant::now();
            Self {
                typing: Typing::new(now),
                now,
                ring: VecDeque::new(),
                fullest: 0,
                read: Vec::new(),
            }
        }

        fn send(&mut self) {
            while let Some(bytes) = self.typing.poll_transmit(self.now) {
                self.ring.extend(bytes);
            }
            self.fullest = self.fullest.max(self.ring.len());
        }

        /// The board reads `count` bytes and answers each by `echo`.
        fn read(&mut self, count: usize, echo: impl Fn(u8) -> Vec<u8>) {
            for _ in 0..count {
                let Some(byte) = self.ring.pop_front() else {
                    return;
                };
                self.read.push(byte);
                self.typing.handle_output(self.now, &echo(byte));
                self.send();
            }
        }

        fn wait(&mut self, time: Duration) {
            self.now += time;
            self.send();
        }
    }

    fn repl(byte: u8) -> Vec<u8> {
        match byte {
            b'\r' => b"\r\nnoise: x = 12345678\r\n>>>     ".to_vec(),
            b' '..=b'~' => vec![byte],
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_paste_never_overfills_the_ring_and_arrives_whole() {
        let lines: Vec<String> = (0..300)
            .map(|line| format!("x = {line} + {line}\r"))
            .collect();
        let text = lines.concat();
        let mut desk = Desk::new();
        desk.typing.push(text.as_bytes());
        desk.send();
        while !desk.ring.is_empty() {
            desk.read(1, repl);
        }
        assert_eq!(desk.read, text.as_bytes());
        assert!(desk.typing.is_sent() && desk.typing.is_echoed());
        assert!(desk.fullest <= WINDOW, "{}", desk.fullest);
    }

    #[test]
    fn a_key_is_sent_at_once() {
        let mut desk = Desk::new();
        for key in ["h", "\x03", "\x1b[A", "é"] {
            desk.typing.push(key.as_bytes());
            let sent = desk.typing.poll_transmit(desk.now);
            assert_eq!(sent.as_deref(), Some(key.as_bytes()));
            assert!(desk.typing.is_sent());
        }
    }

    #[test]
    fn a_line_that_runs_for_some_seconds_does_not_lose_what_follows() {
        let mut desk = Desk::new();
        desk.typing.push(&b"pass\r".repeat(100));
        desk.send();
        for _ in 0..30 {
            desk.wait(Duration::from_millis(100));
        }
        assert!(desk.fullest <= 255, "{}", desk.fullest);
        while !desk.ring.is_empty() {
            desk.read(1, repl);
        }
        assert_eq!(desk.read.len(), 500);
    }

    #[test]
    fn what_does_not_echo_gets_it_all_the_same() {
        let mut desk = Desk::new();
        desk.typing.push(b"\x01");
        desk.typing.push(&[b'a'; 1000]);
        let begin = desk.now;
        desk.send();
        while !desk.typing.is_sent() {
            desk.ring.clear();
            desk.now = desk.typing.poll_timeout().expect("more waits");
            desk.send();
        }
        assert!(desk.now - begin < Duration::from_millis(300));
    }

    #[test]
    fn held_arrow_keys_are_not_waited_for() {
        let mut desk = Desk::new();
        for _ in 0..1000 {
            desk.wait(PAUSE);
            desk.typing.push(b"\x1b[1;5C");
            desk.send();
            assert!(desk.typing.is_sent());
        }
    }

    #[test]
    fn what_looks_like_the_beginning_of_the_echo_is_not_taken_for_it() {
        let mut desk = Desk::new();
        desk.typing.push(b"abcdefghij");
        desk.send();
        desk.typing.handle_output(desk.now, b"ab cd abcx aabcdef");
        assert!(!desk.typing.is_echoed());
        desk.typing.handle_output(desk.now, b"ghij");
        assert!(desk.typing.is_echoed());
    }

    #[test]
    fn both_halves_of_a_line_end_have_one_echo() {
        let mut desk = Desk::new();
        desk.typing.push(b"a\r\nb\r\n");
        desk.send();
        desk.typing.handle_output(desk.now, b"a\r\n>>> b\r\n>>> ");
        assert!(desk.typing.is_echoed());
    }
}
