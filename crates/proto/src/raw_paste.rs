//! Raw-paste flow control: how much of a program may be sent before the board asks for more.
//!
//! Source: `shared/runtime/pyexec.c`, `mp_reader_new_stdin` and `mp_reader_stdin_readbyte`. The
//! board announces a window size (little-endian u16), which implies one free window, and one
//! `\x01`, which is a second; each time its compiler has read a window it sends another `\x01`.
//! `\x04` from the board ends the program early (it could not be compiled or did not fit).

/// What the request for raw-paste mode looks like: Ctrl-E, `A`, Ctrl-A.
pub const REQUEST: &[u8] = b"\x05A\x01";

/// One more window may be sent.
pub const CREDIT: u8 = 0x01;

/// Ctrl-D: end of the program, in both directions.
pub const END: u8 = 0x04;

/// What a byte from the board meant while a program was being pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// More may be sent, or the header is not complete yet.
    Continue,
    /// The board has ended the program; it waits for [`END`] as an acknowledgement.
    Abort,
    /// A byte that is not flow control: a thread or timer on the board printed it.
    Stray(u8),
}

/// The sender's side of raw-paste.
#[derive(Debug, Clone)]
pub struct Paste {
    program: Vec<u8>,
    sent: usize,
    header: Header,
    window: usize,
    credit: usize,
    /// The most that may be under way; `None` is as much as the board says.
    most: Option<usize>,
    /// Whether the board has given the window that it gives behind the header.
    is_opened: bool,
}

#[derive(Debug, Clone, Copy)]
enum Header {
    Empty,
    Low(u8),
    Complete,
}

impl Paste {
    /// A sender of `program`, for a board that has just answered `R\x01`.
    ///
    /// Not more than `most` bytes are under way, where that is not less than one window: boards give as
    /// much in two as their receive ring should hold, which is one byte more than an ESP8266's does.
    #[must_use]
    pub fn new(program: Vec<u8>, most: Option<usize>) -> Self {
        Self {
            program,
            sent: 0,
            header: Header::Empty,
            window: 0,
            credit: 0,
            most,
            is_opened: false,
        }
    }

    /// Takes one byte from the board.
    pub fn handle_byte(&mut self, byte: u8) -> Signal {
        match self.header {
            Header::Empty => self.header = Header::Low(byte),
            Header::Low(low) => {
                self.header = Header::Complete;
                self.window = usize::from(u16::from_le_bytes([low, byte]));
                self.credit = self.window;
            }
            Header::Complete => match byte {
                CREDIT if self.is_opened => self.credit += self.window,
                CREDIT => {
                    self.is_opened = true;
                    let both = 2 * self.window;
                    let under_way = self.most.map_or(both, |most| most.clamp(self.window, both));
                    // What is withheld now is never given: each later window is one that was read.
                    self.credit += under_way - self.window;
                }
                END => return Signal::Abort,
                other => return Signal::Stray(other),
            },
        }
        Signal::Continue
    }

    /// The next bytes to send, as many as the credit allows. Call after each [`Self::handle_byte`].
    pub fn poll_transmit(&mut self) -> Option<&[u8]> {
        let count = self.credit.min(self.program.len() - self.sent);
        if count == 0 {
            return None;
        }
        let start = self.sent;
        self.sent += count;
        self.credit -= count;
        Some(&self.program[start..self.sent])
    }

    /// Whether the whole program has been handed out by [`Self::poll_transmit`].
    #[must_use]
    pub fn is_sent(&self) -> bool {
        matches!(self.header, Header::Complete) && self.sent == self.program.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(program: &[u8]) -> Paste {
        let mut paste = Paste::new(program.to_vec(), None);
        for byte in [0x04, 0x00, 0x01] {
            assert_eq!(paste.handle_byte(byte), Signal::Continue);
        }
        paste
    }

    #[test]
    fn two_windows_may_be_sent_at_the_start_and_one_more_for_each_credit() {
        let mut paste = opened(b"0123456789abcdef");
        assert_eq!(paste.poll_transmit(), Some(&b"01234567"[..]));
        assert_eq!(paste.poll_transmit(), None);
        paste.handle_byte(0x01);
        assert_eq!(paste.poll_transmit(), Some(&b"89ab"[..]));
        assert!(!paste.is_sent());
        paste.handle_byte(0x01);
        paste.handle_byte(0x01);
        assert_eq!(paste.poll_transmit(), Some(&b"cdef"[..]));
        assert!(paste.is_sent());
    }

    #[test]
    fn no_more_is_under_way_than_may_be() {
        for (most, under_way) in [(300, 256), (256, 256), (240, 240), (100, 128)] {
            let mut paste = Paste::new(vec![b'x'; 1000], Some(most));
            for byte in [128, 0, CREDIT] {
                paste.handle_byte(byte);
            }
            let mut sent = paste.poll_transmit().map_or(0, <[u8]>::len);
            assert_eq!(sent, under_way);
            for window in 1..6 {
                paste.handle_byte(CREDIT);
                sent += paste.poll_transmit().map_or(0, <[u8]>::len);
                assert_eq!(sent, under_way + window * 128);
            }
        }
    }

    #[test]
    fn a_window_size_that_looks_like_flow_control_is_a_window_size() {
        let mut paste = Paste::new(vec![b'x'; 2000], None);
        assert_eq!(paste.handle_byte(0x01), Signal::Continue);
        assert_eq!(paste.handle_byte(0x04), Signal::Continue);
        assert_eq!(paste.poll_transmit().map(<[u8]>::len), Some(0x401));
    }

    #[test]
    fn the_board_can_end_a_program_early() {
        let mut paste = opened(b"0123456789");
        assert_eq!(paste.handle_byte(0x04), Signal::Abort);
    }

    #[test]
    fn prints_of_threads_are_told_from_credits() {
        let mut paste = opened(b"0123456789");
        assert_eq!(paste.handle_byte(b'!'), Signal::Stray(b'!'));
    }
}
