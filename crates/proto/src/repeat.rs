//! A packet that comes again in place of the one behind it, which is lost: what USB does where two ends
//! disagree about which one was acknowledged.
//!
//! All marks of the raw REPL are alike: those of the program before, heard again, would be the end of this
//! one. [`Repeat`] stands between the link and what reads the marks. Where an answer is due, and shortly
//! behind it, it takes out a packet's worth of bytes that are what came just before: these hold answers to
//! what was asked earlier, so that a board that has not got that again cannot mean them. A packet that was
//! sent before it was full ends where the board waited: it holds the marks of one answer only, and what
//! reads them makes less of those.
//!
//! Pass what arrived through [`Repeat::push`], and call [`Repeat::handle_timeout`] when
//! [`Repeat::poll_timeout`] has passed; that changes with every other call.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes of a packet (full-speed USB, bulk).
pub const PACKET: usize = 64;
/// How long what may be a packet that came again is kept back: the rest of one takes 6 ms at 115200 baud.
const DOUBT: Duration = Duration::from_millis(10);
/// A credit of raw-paste. It means the same whenever it comes, programs are paced by it, and all before it
/// may be credits: nothing is kept back from it on.
pub const CREDIT: u8 = 0x01;

/// Takes out packets that came again. See the module's documentation.
#[derive(Debug, Default)]
pub struct Repeat {
    /// The last packet's worth of what came.
    last: VecDeque<u8>,
    /// How many bytes from here on a packet may begin with that has come before.
    beginnings: usize,
    /// What is kept back: it is the same as came a packet earlier.
    kept: Vec<u8>,
    /// Until when.
    doubt: Option<Instant>,
}

impl Repeat {
    /// The board was asked something: its answer is nothing that it has said before.
    pub fn expect_answer(&mut self) {
        self.beginnings = PACKET;
    }

    /// Takes what arrived, and returns what of it, and of what was kept back, is new.
    pub fn push(&mut self, now: Instant, input: &[u8]) -> Vec<u8> {
        let mut new = Vec::with_capacity(self.kept.len() + input.len());
        for (index, &byte) in input.iter().enumerate() {
            if self.beginnings == 0 && self.kept.is_empty() {
                let rest = &input[index..];
                new.extend(rest);
                self.note(rest);
                break;
            }
            let is_same = self.last.len() == PACKET
                && self.last[0] == byte
                && (byte != CREDIT || !self.kept.is_empty());
            self.note(&[byte]);
            self.beginnings = self.beginnings.saturating_sub(1);
            if is_same {
                self.kept.push(byte);
                self.doubt = self.doubt.or(Some(now + DOUBT));
                if self.kept.len() == PACKET {
                    drop(self.give_back());
                    self.beginnings = 0;
                }
            } else {
                new.append(&mut self.give_back());
                new.push(byte);
            }
        }
        new
    }

    /// When [`Repeat::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.doubt
    }

    /// Tells what time it is, and returns what was kept back if it is new after all.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<u8> {
        if self.doubt.is_none_or(|doubt| now < doubt) {
            return Vec::new();
        }
        self.give_back()
    }

    /// What is kept back, if nothing comes behind it any more.
    pub fn give_back(&mut self) -> Vec<u8> {
        self.doubt = None;
        std::mem::take(&mut self.kept)
    }

    fn note(&mut self, input: &[u8]) {
        self.last
            .extend(&input[input.len().saturating_sub(PACKET)..]);
        let excess = self.last.len().saturating_sub(PACKET);
        self.last.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A conversation up to where an answer is due.
    const BEFORE: &[u8] =
        b"raw REPL; CTRL-B to exit\r\n>R\x01\x80\x00\x01\x04a reply that is longer than most\r\n\x04\x04>R\x01\x80\x00\x01";

    fn asked() -> Repeat {
        let mut repeat = Repeat::default();
        assert_eq!(repeat.push(Instant::now(), BEFORE), BEFORE);
        repeat.expect_answer();
        repeat
    }

    fn last(bytes: &[u8]) -> &[u8] {
        &bytes[bytes.len() - PACKET..]
    }

    #[test]
    fn a_packet_that_comes_again_is_taken_out_however_much_of_the_answer_came_before() {
        let answer = b"\x04some output";
        for begun in 0..answer.len() {
            for size in [1, 7, 200] {
                let mut repeat = asked();
                let heard = [BEFORE, &answer[..begun]].concat();
                let input = [&answer[..begun], last(&heard), b"behind it"].concat();
                let mut new = Vec::new();
                for piece in input.chunks(size) {
                    new.extend(repeat.push(Instant::now(), piece));
                }
                assert_eq!(new, [&answer[..begun], b"behind it"].concat());
                assert_eq!(repeat.poll_timeout(), None);
            }
        }
    }

    #[test]
    fn an_answer_that_begins_as_a_packet_before_is_heard_a_moment_later() {
        let mut repeat = asked();
        let begin = &last(BEFORE)[..9];
        let now = Instant::now();
        assert_eq!(repeat.push(now, begin), b"");
        let until = repeat.poll_timeout().unwrap();
        assert_eq!(repeat.handle_timeout(now), b"");
        assert_eq!(repeat.handle_timeout(until), begin);
        assert_eq!(repeat.push(until, b"more"), b"more");
    }

    #[test]
    fn credits_are_heard_at_once() {
        let mut repeat = Repeat::default();
        let now = Instant::now();
        repeat.push(now, &[CREDIT; PACKET]);
        repeat.expect_answer();
        assert_eq!(repeat.push(now, &[CREDIT]), [CREDIT]);
        assert_eq!(repeat.poll_timeout(), None);
    }

    #[test]
    fn what_differs_in_the_end_is_heard_whole() {
        let mut repeat = asked();
        let now = Instant::now();
        let mut packet = last(BEFORE).to_vec();
        packet[PACKET - 1] ^= 1;
        assert_eq!(repeat.push(now, &packet), packet);
    }

    #[test]
    fn a_program_prints_the_same_as_often_as_it_likes() {
        let mut repeat = asked();
        let now = Instant::now();
        let output = [b"\x04", &[b'.'; 1000][..], b"\x04\x04>"].concat();
        let mut new = repeat.push(now, &output);
        new.extend(repeat.push(now, BEFORE));
        new.extend(repeat.push(now, BEFORE));
        assert_eq!(new, [&output, BEFORE, BEFORE].concat());
    }
}
