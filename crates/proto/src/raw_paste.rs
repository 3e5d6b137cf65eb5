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
}

#[derive(Debug, Clone, Copy)]
enum Header {
    Empty,
    Low(u8),
    Complete,
}

impl Paste {
    /// A sender of `program`, for a board that has just answered `R\x01`.
    #[must_use]
    pub fn new(program: Vec<u8>) -> Self {
        Self {
            program,
            sent: 0,
            header: Header::Empty,
            window: 0,
            credit: 0,
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
                CREDIT => self.credit += self.window,
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
        let mut paste = Paste::new(program.to_vec());
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
    fn a_window_size_that_looks_like_flow_control_is_a_window_size() {
        let mut paste = Paste::new(vec![b'x'; 2000]);
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
