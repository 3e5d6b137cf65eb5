//! Telnet as a byte stream: commands told from data, and 0xff doubled in data (RFC 854, RFC 855).
//!
//! What the options mean is [`crate::rfc2217`]'s business. Data is taken as it is, which is right
//! once both sides have agreed on binary transmission (RFC 856).

use std::borrow::Cow;

/// Interpret as command.
const IAC: u8 = 255;
/// Subnegotiation begins.
const SB: u8 = 250;
/// Subnegotiation ends.
const SE: u8 = 240;

/// The most of a subnegotiation that is kept: several times the longest that carries a setting. The
/// rest is skipped, so that one without end takes no memory.
const BODY_LIMIT: usize = 64;

/// What one side says about an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Verb {
    /// It uses the option, or offers to.
    Will = 251,
    /// It does not, or will not any more.
    Wont = 252,
    /// It asks the other side to use it.
    Do = 253,
    /// It asks the other side not to.
    Dont = 254,
}

/// A piece of what has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Data, with its 0xff single again.
    Data(Vec<u8>),
    /// A word about an option.
    Negotiation {
        /// What is said.
        verb: Verb,
        /// Of which option.
        option: u8,
    },
    /// The option and its parameters: what stood between `IAC SB` and `IAC SE`, 0xff single again,
    /// cut off after 64 bytes.
    Subnegotiation(Vec<u8>),
    /// A command of one byte, such as "no operation" or "are you there".
    Command(u8),
}

/// Tells commands from data, in bounded memory.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Data,
    /// After IAC.
    Command,
    /// After IAC and a verb.
    Option(Verb),
    /// In a subnegotiation.
    Body(Vec<u8>),
    /// After an IAC in one.
    BodyCommand(Vec<u8>),
}

impl Decoder {
    /// Takes some of `input` and says how much, with the piece that it completes, if any. Takes at
    /// least one byte of an input that is not empty.
    pub fn push(&mut self, input: &[u8]) -> (usize, Option<Piece>) {
        let Some(&byte) = input.first() else {
            return (0, None);
        };
        match std::mem::take(&mut self.state) {
            State::Data => self.data(input),
            State::Command => (1, self.command(byte)),
            State::Option(verb) => (1, Some(Piece::Negotiation { verb, option: byte })),
            State::Body(body) => (self.body(body, input), None),
            State::BodyCommand(body) => self.body_command(body, byte),
        }
    }

    fn data(&mut self, input: &[u8]) -> (usize, Option<Piece>) {
        let run = run(input);
        if run.is_empty() {
            self.state = State::Command;
            return (1, None);
        }
        (run.len(), Some(Piece::Data(run.to_vec())))
    }

    fn command(&mut self, byte: u8) -> Option<Piece> {
        match byte {
            IAC => return Some(Piece::Data(vec![IAC])),
            SB => self.state = State::Body(Vec::new()),
            251 => self.state = State::Option(Verb::Will),
            252 => self.state = State::Option(Verb::Wont),
            253 => self.state = State::Option(Verb::Do),
            254 => self.state = State::Option(Verb::Dont),
            other => return Some(Piece::Command(other)),
        }
        None
    }

    fn body(&mut self, mut body: Vec<u8>, input: &[u8]) -> usize {
        let run = run(input);
        if run.is_empty() {
            self.state = State::BodyCommand(body);
            return 1;
        }
        keep(&mut body, run);
        self.state = State::Body(body);
        run.len()
    }

    fn body_command(&mut self, mut body: Vec<u8>, byte: u8) -> (usize, Option<Piece>) {
        match byte {
            SE => (1, Some(Piece::Subnegotiation(body))),
            IAC => {
                keep(&mut body, &[IAC]);
                self.state = State::Body(body);
                (1, None)
            }
            // Its end was lost, and this is a command of its own.
            _ => (1, self.command(byte)),
        }
    }
}

/// What stands before the next IAC.
fn run(input: &[u8]) -> &[u8] {
    let end = input.iter().position(|&byte| byte == IAC);
    &input[..end.unwrap_or(input.len())]
}

fn keep(body: &mut Vec<u8>, bytes: &[u8]) {
    let room = BODY_LIMIT - body.len();
    body.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Data as it travels: each 0xff doubled.
#[must_use]
pub fn escape(data: &[u8]) -> Cow<'_, [u8]> {
    if !data.contains(&IAC) {
        return Cow::Borrowed(data);
    }
    let mut escaped = Vec::with_capacity(data.len() + data.len() / 64 + 1);
    for &byte in data {
        escaped.push(byte);
        if byte == IAC {
            escaped.push(IAC);
        }
    }
    Cow::Owned(escaped)
}

/// The three bytes that say `verb` of `option`.
#[must_use]
pub fn negotiation(verb: Verb, option: u8) -> [u8; 3] {
    [IAC, verb as u8, option]
}

/// A whole subnegotiation of `option`.
#[must_use]
pub fn subnegotiation(option: u8, parameters: &[u8]) -> Vec<u8> {
    let escaped = escape(parameters);
    [&[IAC, SB, option], &*escaped, &[IAC, SE]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(input: &[u8]) -> Vec<Piece> {
        let mut decoder = Decoder::default();
        let mut rest = input;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (used, piece) = decoder.push(rest);
            assert!(used > 0);
            rest = &rest[used..];
            found.extend(piece);
        }
        found
    }

    #[test]
    fn any_byte_can_be_data() {
        let data: Vec<u8> = (0..=255).chain([255, 255, 0]).collect();
        let mut arrived = Vec::new();
        for piece in pieces(&escape(&data)) {
            match piece {
                Piece::Data(bytes) => arrived.extend(bytes),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(arrived, data);
    }

    #[test]
    fn what_holds_no_0xff_is_sent_as_it_is() {
        assert!(matches!(escape(b"import os\r"), Cow::Borrowed(_)));
    }

    #[test]
    fn commands_stand_between_data() {
        assert_eq!(
            pieces(b"a\xff\xfb\x03b\xff\xf1\xff\xfa\x2c\x65\x00\xff\xff\xff\xf0c"),
            [
                Piece::Data(b"a".to_vec()),
                Piece::Negotiation {
                    verb: Verb::Will,
                    option: 3
                },
                Piece::Data(b"b".to_vec()),
                Piece::Command(0xf1),
                Piece::Subnegotiation(b"\x2c\x65\x00\xff".to_vec()),
                Piece::Data(b"c".to_vec()),
            ]
        );
    }

    #[test]
    fn a_subnegotiation_without_end_takes_no_memory() {
        let mut decoder = Decoder::default();
        decoder.push(b"\xff");
        decoder.push(b"\xfa");
        for _ in 0..1000 {
            assert_eq!(decoder.push(&[7; 4096]), (4096, None));
        }
        decoder.push(b"\xff");
        assert_eq!(
            decoder.push(b"\xf0"),
            (1, Some(Piece::Subnegotiation(vec![7; BODY_LIMIT])))
        );
    }

    #[test]
    fn a_subnegotiation_whose_end_was_lost_ends_with_the_next_command() {
        assert_eq!(
            pieces(b"\xff\xfa\x2c\x65\xff\xfd\x00data"),
            [
                Piece::Negotiation {
                    verb: Verb::Do,
                    option: 0
                },
                Piece::Data(b"data".to_vec()),
            ]
        );
    }
}
