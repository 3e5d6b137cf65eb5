//! WebSocket, the client's side of it: what `WebREPL` has its bytes carried in.
//!
//! Only what a terminal needs of RFC 6455: there are no extensions, and where a message ends means
//! nothing. Bytes go to the board in text messages, because those of binary ones are commands of
//! `WebREPL`'s own (`extmod/modwebrepl.c`); that they need be no UTF-8 is nothing that boards mind
//! (`extmod/modwebsocket.c`), or send themselves.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use crate::quote;

/// What a server puts behind a key before it hashes both (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The most that a server may say before the connection is open.
const HEAD_MOST: usize = 4096;

/// How much is shown of what somebody says who does not speak HTTP.
const WORDS_MOST: usize = 60;

/// The most bytes of a message to a board: one that is longer than 65,535 makes it close the connection
/// (`extmod/modwebsocket.c`).
pub const MESSAGE_MOST: usize = 4096;

/// The most bytes of a control frame (RFC 6455, section 5.5).
const CONTROL_MOST: usize = 125;

/// What a frame is (RFC 6455, section 5.2).
mod opcode {
    pub(super) const CONTINUATION: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const BINARY: u8 = 2;
    pub(super) const CLOSE: u8 = 8;
    pub(super) const PING: u8 = 9;
    pub(super) const PONG: u8 = 10;
}

/// What was found in what the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server speaks WebSocket, and has opened the connection.
    Opened,
    /// Bytes of a message.
    Data(Vec<u8>),
    /// The server wants to be sent this by [`pong`].
    Ping(Vec<u8>),
    /// The server has ended the connection in good order.
    Closed,
    /// The server does not speak WebSocket, or not as it should; nothing follows.
    Refused(Refusal),
}

/// What is wrong with a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not speak HTTP.
    #[error("it does not speak HTTP, but sent {}", quote::first_of(.0.as_bytes()))]
    NotHttp(String),
    /// It has not opened a WebSocket.
    #[error("it answered {} when asked for a WebSocket", quote::first_of(.0.as_bytes()))]
    Status(String),
    /// It has not proved that it knows what was asked.
    #[error("its answer to the WebSocket handshake is wrong (Sec-WebSocket-Accept)")]
    Key,
    /// It talks and talks.
    #[error("it sent more than {HEAD_MOST} bytes before it opened the WebSocket")]
    Long,
    /// A frame breaks RFC 6455.
    #[error("it sent {0}")]
    Frame(&'static str),
}

/// A connection to a server, as far as what comes from there goes.
#[derive(Debug)]
pub struct Client {
    state: State,
    events: VecDeque<Event>,
}

#[derive(Debug)]
enum State {
    /// The head of the server's answer is awaited: what came of it, and the key that it must name.
    Opening {
        head: Vec<u8>,
        accept: String,
    },
    /// The head of a frame is awaited: what came of it.
    Head(Vec<u8>),
    /// So many bytes of a message's frame are awaited.
    Payload(u64),
    /// A control frame is awaited: what it is, how long, and what came of it.
    Control {
        opcode: u8,
        length: usize,
        body: Vec<u8>,
    },
    Ended,
}

impl Client {
    /// A client, and the request that it is to send; `key` is 16 bytes of chance (RFC 6455, section 4.1).
    #[must_use]
    pub fn new(host: &str, port: u16, key: [u8; 16]) -> (Self, Vec<u8>) {
        let key = STANDARD.encode(key);
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        // The names are in these letters because that is how boards compare them (`webrepl.py`).
        let request = format!(
            "GET / HTTP/1.1\r\n\
             Host: {host}:{port}\r\n\
             Connection: Upgrade\r\n\
             Upgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\n\
             \r\n"
        );
        let client = Self {
            state: State::Opening {
                head: Vec::new(),
                accept: accept(&key),
            },
            events: VecDeque::new(),
        };
        (client, request.into_bytes())
    }

    /// Takes what came.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !matches!(self.state, State::Ended) {
            rest = match self.state {
                State::Opening { .. } => self.opening(rest),
                State::Head(_) => self.head(rest),
                State::Payload(_) => self.payload(rest),
                State::Control { .. } => self.control(rest),
                State::Ended => return,
            };
        }
    }

    /// What was found next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What the server has said first, and has not opened the connection with.
    #[must_use]
    pub fn first_words(&self) -> &[u8] {
        match &self.state {
            State::Opening { head, .. } => &head[..head.len().min(WORDS_MOST)],
            _ => &[],
        }
    }

    /// The head of the answer ends with an empty line.
    fn opening<'rest>(&mut self, bytes: &'rest [u8]) -> &'rest [u8] {
        let State::Opening { head, accept } = &mut self.state else {
            return bytes;
        };
        for (index, &byte) in bytes.iter().enumerate() {
            head.push(byte);
            if !is_begun_like(head, b"HTTP/1.") && (byte == b'\n' || head.len() == WORDS_MOST) {
                let words = String::from_utf8_lossy(head).into_owned();
                self.refuse(Refusal::NotHttp(words));
                return &[];
            }
            if head.ends_with(b"\r\n\r\n") {
                match check(&String::from_utf8_lossy(head), accept) {
                    Ok(()) => {
                        self.state = State::Head(Vec::new());
                        self.events.push_back(Event::Opened);
                    }
                    Err(refusal) => self.refuse(refusal),
                }
                return &bytes[index + 1..];
            }
            if head.len() == HEAD_MOST {
                self.refuse(Refusal::Long);
                return &[];
            }
        }
        &[]
    }

    fn head<'rest>(&mut self, bytes: &'rest [u8]) -> &'rest [u8] {
        let State::Head(head) = &mut self.state else {
            return bytes;
        };
        for (index, &byte) in bytes.iter().enumerate() {
            head.push(byte);
            match frame(head) {
                Ok(None) => {}
                Ok(Some((opcode, length))) => {
                    self.begin(opcode, length);
                    return &bytes[index + 1..];
                }
                Err(what) => {
                    self.refuse(Refusal::Frame(what));
                    return &[];
                }
            }
        }
        &[]
    }

    /// Goes on behind a frame's head.
    fn begin(&mut self, opcode: u8, length: u64) {
        self.state = match usize::try_from(length) {
            Ok(length) if opcode >= opcode::CLOSE => State::Control {
                opcode,
                length,
                body: Vec::new(),
            },
            Ok(0) => State::Head(Vec::new()),
            _ => State::Payload(length),
        };
        self.end_of_control();
    }

    fn payload<'rest>(&mut self, bytes: &'rest [u8]) -> &'rest [u8] {
        let State::Payload(left) = &mut self.state else {
            return bytes;
        };
        let count = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let (data, rest) = bytes.split_at(count);
        self.events.push_back(Event::Data(data.to_vec()));
        *left -= count as u64;
        if *left == 0 {
            self.state = State::Head(Vec::new());
        }
        rest
    }

    fn control<'rest>(&mut self, bytes: &'rest [u8]) -> &'rest [u8] {
        let State::Control { length, body, .. } = &mut self.state else {
            return bytes;
        };
        let (data, rest) = bytes.split_at(bytes.len().min(*length - body.len()));
        body.extend(data);
        self.end_of_control();
        rest
    }

    /// Does what a control frame says once it is whole.
    fn end_of_control(&mut self) {
        let State::Control {
            opcode,
            length,
            body,
        } = &mut self.state
        else {
            return;
        };
        if body.len() < *length {
            return;
        }
        let body = std::mem::take(body);
        match *opcode {
            opcode::CLOSE => {
                self.events.push_back(Event::Closed);
                self.state = State::Ended;
                return;
            }
            opcode::PING => self.events.push_back(Event::Ping(body)),
            // A pong that nobody asked for means nothing.
            _ => {}
        }
        self.state = State::Head(Vec::new());
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.events.push_back(Event::Refused(refusal));
        self.state = State::Ended;
    }
}

/// Bytes for the board's terminal, as messages; masked by `mask`, 4 bytes of chance (RFC 6455, section
/// 5.3).
#[must_use]
pub fn text(bytes: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let messages = bytes.chunks(MESSAGE_MOST);
    messages
        .flat_map(|bytes| encode(opcode::TEXT, bytes, mask))
        .collect()
}

/// The answer to a [`Event::Ping`].
#[must_use]
pub fn pong(body: &[u8], mask: [u8; 4]) -> Vec<u8> {
    encode(opcode::PONG, body, mask)
}

/// The end of what the client sends.
#[must_use]
pub fn close(mask: [u8; 4]) -> Vec<u8> {
    encode(opcode::CLOSE, &[], mask)
}

/// A whole frame. Its length is below 65,536, which all callers see to.
fn encode(opcode: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    const LAST: u8 = 0x80;
    const MASKED: u8 = 0x80;
    /// A length from here on follows in two bytes, behind this.
    const LONGER: u8 = 0x7e;
    let mut frame = vec![LAST | opcode];
    match u8::try_from(payload.len()) {
        Ok(length) if length < LONGER => frame.push(MASKED | length),
        _ => {
            frame.push(MASKED | LONGER);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// What the head of a frame says, once it is whole: what it is, and the length of its payload.
fn frame(head: &[u8]) -> Result<Option<(u8, u64)>, &'static str> {
    let &[first, second, ref length @ ..] = head else {
        return Ok(None);
    };
    let opcode = first & 0x0f;
    if first & 0x70 != 0 {
        return Err("a frame of an extension that nobody asked for");
    }
    if second & 0x80 != 0 {
        return Err("a masked frame, which only clients do");
    }
    let length = match second {
        126 => <[u8; 2]>::try_from(length)
            .map(|bytes| u16::from_be_bytes(bytes).into())
            .ok(),
        127 => <[u8; 8]>::try_from(length).map(u64::from_be_bytes).ok(),
        short => Some(short.into()),
    };
    match (opcode, length) {
        (opcode::CLOSE | opcode::PING | opcode::PONG, _) if usize::from(second) > CONTROL_MOST => {
            Err("a control frame that is too long")
        }
        (opcode::CLOSE | opcode::PING | opcode::PONG, _) if first & 0x80 == 0 => {
            Err("a part of a control frame")
        }
        (
            opcode::CONTINUATION
            | opcode::TEXT
            | opcode::BINARY
            | opcode::CLOSE
            | opcode::PING
            | opcode::PONG,
            length,
        ) => Ok(length.map(|length| (opcode, length))),
        _ => Err("a frame of an unknown kind"),
    }
}

/// Whether `text` begins with `beginning`, as far as there is of it.
fn is_begun_like(text: &[u8], beginning: &[u8]) -> bool {
    let length = text.len().min(beginning.len());
    text[..length] == beginning[..length]
}

/// Whether the head of the server's answer opens the connection.
fn check(head: &str, accept: &str) -> Result<(), Refusal> {
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("101") {
        let words: String = status.chars().take(WORDS_MOST).collect();
        return Err(Refusal::Status(words));
    }
    let named = lines.filter_map(|line| line.split_once(':'));
    let mut keys = named.filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Accept"));
    match keys.next() {
        Some((_, key)) if key.trim() == accept => Ok(()),
        _ => Err(Refusal::Key),
    }
}

/// What a server that was sent `key` must answer.
fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}{GUID}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPENED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    fn client() -> Client {
        // The key of RFC 6455's example.
        Client::new("board", 8266, *b"the sample nonce").0
    }

    fn events(client: &mut Client, pieces: &[&[u8]]) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        for piece in pieces {
            client.handle_input(piece);
            while let Some(event) = client.poll_event() {
                match (events.last_mut(), event) {
                    (Some(Event::Data(data)), Event::Data(more)) => data.extend(more),
                    (_, event) => events.push(event),
                }
            }
        }
        events
    }

    fn opened(frames: &[u8]) -> Vec<Event> {
        let mut found = events(&mut client(), &[OPENED, frames]);
        assert_eq!(found.remove(0), Event::Opened);
        found
    }

    fn refused(bytes: &[u8]) -> String {
        let found = events(&mut client(), &[bytes]);
        match &found[..] {
            [.., Event::Refused(refusal)] => refusal.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn asks_as_boards_want_to_be_asked() {
        let (_, request) = Client::new("10.0.0.7", 8266, *b"the sample nonce");
        let request = String::from_utf8(request).unwrap();
        for line in [
            "Host: 10.0.0.7:8266",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ] {
            assert!(request.contains(&format!("\r\n{line}\r\n")), "{request}");
        }
        let (_, request) = Client::new("::1", 8266, [0; 16]);
        assert!(
            String::from_utf8(request)
                .unwrap()
                .contains("Host: [::1]:8266\r\n")
        );
    }

    #[test]
    fn reads_what_a_board_prints() {
        let frames = b"\x81\x0aPassword: \x81\x00\x82\x02WB\x01\x01a\x80\x02\x03\xff";
        assert_eq!(
            opened(frames),
            [Event::Data(b"Password: WBa\x03\xff".to_vec())]
        );
        let long = [b"\x81\x7e\x01\x00".as_slice(), &[7; 256]].concat();
        assert_eq!(opened(&long), [Event::Data(vec![7; 256])]);
    }

    #[test]
    fn heeds_pings_and_the_end() {
        assert_eq!(
            opened(b"\x89\x02hi\x8a\x01x\x89\x00\x88\x02\x03\xe8\x81\x01z"),
            [
                Event::Ping(b"hi".to_vec()),
                Event::Ping(Vec::new()),
                Event::Closed
            ]
        );
    }

    #[test]
    fn refuses_what_is_no_websocket() {
        assert_eq!(
            refused(b"SSH-2.0-x\r\n"),
            r#"it does not speak HTTP, but sent "SSH-2.0-x\r\n""#
        );
        assert_eq!(
            refused(b"HTTP/1.0 200 OK\r\n\r\n<base"),
            r#"it answered "HTTP/1.0 200 OK" when asked for a WebSocket"#
        );
        let other = String::from_utf8(OPENED.to_vec())
            .unwrap()
            .replace("s3p", "S3p");
        assert_eq!(
            refused(other.as_bytes()),
            "its answer to the WebSocket handshake is wrong (Sec-WebSocket-Accept)"
        );
        let endless = [b"HTTP/1.1 101 x\r\n".as_slice(), &[b'x'; 9000]].concat();
        assert!(refused(&endless).starts_with("it sent more than 4096 bytes"));
    }

    #[test]
    fn refuses_frames_that_break_the_rules() {
        for (frame, told) in [
            (b"\xc1\x00".as_slice(), "an extension"),
            (b"\x81\x81", "masked"),
            (b"\x83\x00", "unknown kind"),
            (b"\x89\x7e\x00\x7e", "too long"),
            (b"\x09\x00", "a part of a control frame"),
        ] {
            let said = refused(&[OPENED, frame].concat());
            assert!(said.contains(told), "{said}");
        }
    }

    #[test]
    fn frames_are_masked_and_not_longer_than_boards_can_take() {
        assert_eq!(
            text(b"ab", [1, 2, 3, 4]),
            b"\x81\x82\x01\x02\x03\x04\x60\x60"
        );
        assert_eq!(close([0; 4]), b"\x88\x80\0\0\0\0");
        assert_eq!(pong(b"x", [0; 4]), b"\x8a\x81\0\0\0\0x");
        let sent = text(&[b'x'; MESSAGE_MOST + 1], [0; 4]);
        assert_eq!(sent[..8], *b"\x81\xfe\x10\x00\0\0\0\0");
        assert_eq!(sent[8 + MESSAGE_MOST..], *b"\x81\x81\0\0\0\0x");
    }

    proptest! {
        #[test]
        fn the_pieces_that_it_comes_in_do_not_matter(
            frames in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(0..400usize, 0..8),
        ) {
            let input = [OPENED, &frames].concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
            cuts.extend([0, input.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
            prop_assert_eq!(events(&mut client(), &pieces), events(&mut client(), &[&input]));
        }
    }
}
