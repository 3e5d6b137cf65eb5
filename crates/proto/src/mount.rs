//! A mounted folder: what a program on the board asks of its host, in band, and the answers.
//!
//! The other side is `onboard/mount_link.py` of the library, which describes the format. Requests
//! stand in the output among whatever else is printed; only one with the mount's own random tag and
//! a check that is keyed by it is a request. Answers hold no byte 0x03, so that the interrupt
//! character stays what it is.

use std::time::{Duration, Instant};

use crate::blocks::escape;

/// Begins a request, and an answer.
const START: u8 = 0x1e;
/// Bytes of the tag.
pub const TAG: usize = 16;
/// Bytes of a tag and a request's number, which is what an answer's check begins with.
const KEY: usize = TAG + 2;
/// Changes every other bit of the number that an answer's header ends with.
const MIRROR: usize = 0o525_252;
/// Bytes between [`START`] and the request itself.
const HEADER: usize = KEY + 2;
/// Bytes of a check.
const CHECK: usize = 4;
/// The number of a request that asks whether the host has sent an interrupt character; all others have
/// higher ones. The answer is 1 if it has, and 0 if what the board took for one was damage.
pub const INTERRUPT_NUMBER: u16 = 0;
/// The longest request: a piece of a file that is written, or two paths.
pub const REQUEST_MOST: usize = 4096;
/// What follows the tag of the longest request, should each of its bytes be written otherwise.
const LONGEST: usize = 2 * (HEADER - TAG + REQUEST_MOST + CHECK);
/// The longest path, in bytes.
pub const PATH_MOST: usize = 1024;
/// How long the rest of a request may take to go on: one that was cut off holds back what follows it.
const PATIENCE: Duration = Duration::from_millis(400);

/// What must not be in a request, since it ends a program's output (`crate::raw_paste::END`).
const END: u8 = crate::raw_paste::END;
/// Stands in front of what it stands for: [`ESCAPED`], in that order from 1 on.
const ESCAPE: u8 = 0x1b;
const ESCAPED: [u8; 2] = [ESCAPE, END];

/// A tag of these random bytes: it has none that must be written otherwise.
#[must_use]
pub fn tag(random: [u8; TAG]) -> [u8; TAG] {
    random.map(|byte| {
        if ESCAPED.contains(&byte) {
            byte | 0x80
        } else {
            byte
        }
    })
}

/// The first `count` bytes as they were before some were written otherwise, and how many these are
/// now; `None` where they are not all there.
fn unescaped(wire: &[u8], count: usize) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::with_capacity(count);
    let mut used = 0;
    while bytes.len() < count {
        let byte = *wire.get(used)?;
        used += 1;
        if byte == ESCAPE {
            let number = usize::from(*wire.get(used)?);
            used += 1;
            // What is no number of one is damaged, as the check will tell.
            bytes.push(ESCAPED.get(number.wrapping_sub(1)).copied().unwrap_or(0));
        } else {
            bytes.push(byte);
        }
    }
    Some((bytes, used))
}

/// Computes what tells a damaged message, as the board's own program does.
pub type Check = fn(&[u8]) -> u32;

/// CRC-32, which nearly all boards have.
#[must_use]
pub fn crc32(message: &[u8]) -> u32 {
    crc32fast::hash(message)
}

/// A request that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its number: one that is asked again has the same.
    pub number: u16,
    /// What is asked; [`Asked::parse`] reads it.
    pub body: Vec<u8>,
}

impl Frame {
    /// Whether it asks for nothing but whether an interrupt character was sent.
    #[must_use]
    pub fn asks_for_interrupt(&self) -> bool {
        self.number == INTERRUPT_NUMBER
    }
}

/// Finds requests in what a board sends, however that is cut into pieces.
///
/// Pass what arrived to [`Listener::push`], take requests from [`Listener::poll_request`] and what
/// else was printed from [`Listener::take_output`]; call [`Listener::handle_timeout`] when
/// [`Listener::poll_timeout`] has passed.
#[derive(Debug)]
pub struct Listener {
    tag: [u8; TAG],
    check: Check,
    /// From what may be the beginning of a request on.
    held: Vec<u8>,
    /// How many of the next bytes are a damaged request's, which nobody wants to see. How many there
    /// are does not depend on how many have come.
    void: usize,
    /// Printed, and not part of a request.
    output: Vec<u8>,
    requests: std::collections::VecDeque<Frame>,
    deadline: Option<Instant>,
}

impl Listener {
    /// A listener for requests with this tag.
    #[must_use]
    pub fn new(tag: [u8; TAG], check: Check) -> Self {
        Self {
            tag,
            check,
            held: Vec::new(),
            void: 0,
            output: Vec::new(),
            requests: std::collections::VecDeque::new(),
            deadline: None,
        }
    }

    /// Takes what the board sent.
    pub fn push(&mut self, now: Instant, input: &[u8]) {
        self.held.extend_from_slice(input);
        self.scan();
        self.deadline = self.is_in_request().then(|| now + PATIENCE);
    }

    /// The next request.
    pub fn poll_request(&mut self) -> Option<Frame> {
        self.requests.pop_front()
    }

    /// What was printed besides requests since the last call.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Whether a request has begun that is not there yet.
    #[must_use]
    pub fn is_in_request(&self) -> bool {
        !self.held.is_empty() || self.void > 0
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Gives up a request whose rest does not come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            while self.is_in_request() {
                self.give_up();
                self.scan();
            }
            self.deadline = None;
        }
    }

    /// Takes from what is held all that can be told by now.
    fn scan(&mut self) {
        loop {
            let start = self.held.iter().position(|&byte| byte == START);
            self.pass(start.unwrap_or(self.held.len()));
            let Some(rest) = self.held.get(1..) else {
                return;
            };
            let same = rest.len().min(TAG);
            if rest[..same] != self.tag[..same] {
                self.pass(1);
                continue;
            }
            if same == TAG {
                // Whatever was damaged, this is the next.
                self.void = 0;
            }
            let Some((header, _)) = unescaped(rest, HEADER) else {
                return;
            };
            let length = usize::from(u16::from_le_bytes([header[KEY], header[KEY + 1]]));
            if length > REQUEST_MOST {
                self.drop_damaged(LONGEST);
                continue;
            }
            let Some((frame, used)) = unescaped(rest, HEADER + length + CHECK) else {
                return;
            };
            let (message, check) = frame.split_at(HEADER + length);
            if (self.check)(message).to_le_bytes() == check {
                let number = u16::from_le_bytes([message[TAG], message[TAG + 1]]);
                let body = message[HEADER..].to_vec();
                self.requests.push_back(Frame { number, body });
                self.held.drain(..=used);
            } else {
                self.drop_damaged(used - TAG);
            }
        }
    }

    /// Lets go of the first `count` bytes that are held: they are printed, unless they are void.
    fn pass(&mut self, count: usize) {
        let void = self.void.min(count);
        self.void -= void;
        self.held.drain(..void);
        self.output.extend(self.held.drain(..count - void));
    }

    /// Drops the beginning of a request that is damaged, and with it the `rest` that is on the wire,
    /// up to the next request: the board asks again, maybe within what seemed to be part of this one.
    fn drop_damaged(&mut self, rest: usize) {
        self.held.drain(..=TAG);
        self.void = rest;
    }

    /// Drops what has come of a request that was cut off. A false start is printed.
    fn give_up(&mut self) {
        if self.void > 0 {
            let void = self.void.min(self.held.len());
            self.held.drain(..void);
            self.void = 0;
        } else if self.held.len() > TAG {
            self.drop_damaged(self.held.len() - 1 - TAG);
        } else {
            self.output.append(&mut self.held);
        }
    }
}

/// Writes the answer to the request `number`: a `payload`, which is a piece of the mount's deflate
/// stream that stands for `size` bytes, or is as it is where `size` is 0.
#[must_use]
pub fn answer(tag: &[u8; TAG], number: u16, size: u16, payload: &[u8], check: Check) -> Vec<u8> {
    let mut message = tag.to_vec();
    message.extend(number.to_le_bytes());
    message.extend(size.to_le_bytes());
    message.extend(payload);
    let check = check(&message);
    message.extend(check.to_le_bytes());
    let length = message.len() - KEY;
    let body = escape(&message[KEY..]);
    let mut wire = vec![START];
    for number in [body.len(), length, body.len() ^ MIRROR] {
        wire.extend([12, 6, 0].map(|shift| b' ' + (number >> shift & 63) as u8));
    }
    wire.extend(body);
    wire
}

/// How many bytes of the board's room an answer takes: all but its header.
#[must_use]
pub fn room(answer: &[u8]) -> usize {
    room_of(answer.len())
}

/// As [`room`], of an answer with so many bytes.
#[must_use]
pub fn room_of(length: usize) -> usize {
    length.saturating_sub(10)
}

/// What stands in front of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The deflate stream that the board expects pieces of, by its number; 0: it cannot inflate.
    pub stream: u8,
    /// The most bytes of an answer, inflated.
    pub most: u16,
    /// Open files that are to be closed first.
    pub closed: &'a [u8],
    /// What is asked; `None` where it makes no sense.
    pub request: Option<Request<'a>>,
}

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Nothing but to close files.
    Close,
    /// What is at a path, and what else in its folder.
    Stat(&'a str),
    /// Entries of a folder, from the one of this index on.
    List {
        /// A listing that was begun, by the number it got; 0 begins one.
        listing: u8,
        /// The first entry.
        start: u16,
        /// The folder.
        path: &'a str,
    },
    /// Open a file.
    Open {
        /// Whether it is to stay open even if all of it is in the answer.
        keep: bool,
        /// Where its data begin in the answer.
        place: u32,
        /// As Python's `open` takes it.
        mode: &'a str,
        /// The file.
        path: &'a str,
    },
    /// Read an open file.
    Read {
        /// Which.
        file: u8,
        /// From where.
        place: u32,
        /// How many bytes are of use.
        count: u16,
    },
    /// Write to an open file.
    Write {
        /// Which.
        file: u8,
        /// Where.
        place: u32,
        /// What.
        data: &'a [u8],
    },
    /// How long an open file is.
    Length {
        /// Which.
        file: u8,
    },
    /// Which place in a file of text the last answer's data reach after so many bytes of them.
    Place {
        /// Which.
        file: u8,
        /// Bytes of the answer's data.
        count: u32,
    },
    /// Remove a file.
    Remove(&'a str),
    /// Rename what is at the first path.
    Rename(&'a str, &'a str),
    /// Make a folder.
    MakeFolder(&'a str),
    /// Remove an empty folder.
    RemoveFolder(&'a str),
    /// Size and free space of the filesystem.
    Space(&'a str),
}

impl<'a> Asked<'a> {
    /// Reads a request; `None` where not even what stands in front of it is whole.
    #[must_use]
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let (&[stream, low, high, count], rest) = body.split_first_chunk()?;
        let closed = rest.get(..count.into())?;
        Some(Self {
            stream,
            most: u16::from_le_bytes([low, high]),
            closed,
            request: Request::parse(&rest[closed.len()..]),
        })
    }
}

impl<'a> Request<'a> {
    fn parse(body: &'a [u8]) -> Option<Self> {
        let (&operation, rest) = body.split_first()?;
        Some(match operation {
            0 => Self::Close,
            1 => Self::Stat(path(rest)?),
            2 => {
                let (&[listing, low, high], rest) = rest.split_first_chunk()?;
                Self::List {
                    listing,
                    start: u16::from_le_bytes([low, high]),
                    path: path(rest)?,
                }
            }
            3 => {
                let (keep, place, rest) = place(rest)?;
                let (mode, rest) = pair(rest)?;
                Self::Open {
                    keep: keep != 0,
                    place,
                    mode: std::str::from_utf8(mode).ok()?,
                    path: path(rest)?,
                }
            }
            4 => {
                let (file, place, rest) = place(rest)?;
                let count = u16::from_le_bytes(rest.try_into().ok()?);
                Self::Read { file, place, count }
            }
            5 => {
                let (file, place, data) = place(rest)?;
                Self::Write { file, place, data }
            }
            6 => Self::Length {
                file: *rest.first()?,
            },
            8 => Self::Remove(path(rest)?),
            9 => {
                let (old, new) = pair(rest)?;
                Self::Rename(path(old)?, path(new)?)
            }
            10 => Self::MakeFolder(path(rest)?),
            11 => Self::RemoveFolder(path(rest)?),
            12 => Self::Space(path(rest)?),
            13 => {
                let (file, count, _) = place(rest)?;
                Self::Place { file, count }
            }
            _ => return None,
        })
    }
}

/// An open file, a place in it, and the rest.
fn place(bytes: &[u8]) -> Option<(u8, u32, &[u8])> {
    let (&[file, a, b, c, d], rest) = bytes.split_first_chunk()?;
    Some((file, u32::from_le_bytes([a, b, c, d]), rest))
}

/// What stands before and behind the first NUL.
fn pair(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn path(bytes: &[u8]) -> Option<&str> {
    if bytes.len() > PATH_MOST || bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINE: [u8; TAG] = *b"0123456789abcdef";

    fn request(number: u16, body: &[u8]) -> Vec<u8> {
        let mut message = MINE.to_vec();
        message.extend(number.to_le_bytes());
        message.extend((body.len() as u16).to_le_bytes());
        message.extend(body);
        message.extend(crc32(&message).to_le_bytes());
        let mut wire = vec![START];
        for byte in message {
            match ESCAPED.iter().position(|&escaped| escaped == byte) {
                Some(place) => wire.extend([ESCAPE, place as u8 + 1]),
                None => wire.push(byte),
            }
        }
        wire
    }

    /// What a listener makes of input in pieces of a size.
    fn heard(input: &[u8], size: usize) -> (Vec<u8>, Vec<Frame>) {
        let now = Instant::now();
        let mut listener = Listener::new(MINE, crc32);
        for piece in input.chunks(size) {
            listener.push(now, piece);
        }
        listener.handle_timeout(now + PATIENCE);
        assert!(!listener.is_in_request());
        let requests = std::iter::from_fn(|| listener.poll_request()).collect();
        (listener.take_output(), requests)
    }

    /// What the board does with an answer.
    fn read(wire: &[u8], number: u16) -> Option<(u16, Vec<u8>)> {
        let digits = |place: usize| {
            let digits = &wire[place..place + 3];
            digits
                .iter()
                .fold(0, |number, &digit| number << 6 | usize::from(digit - 32))
        };
        let (total, length) = (digits(1), digits(4));
        assert_eq!(digits(7), total ^ MIRROR);
        let mut body = wire[10..].to_vec();
        assert_eq!(body.len(), total);
        let steps = body.split_off(length);
        let mut place = 0;
        for step in steps {
            place += usize::from(step) - 4;
            if step < 255 {
                body[place - 1] = 3;
            }
        }
        let check = body.split_off(length - 4);
        let key = [&MINE[..], &number.to_le_bytes(), &body].concat();
        (crc32(&key).to_le_bytes()[..] == check)
            .then(|| (u16::from_le_bytes([body[0], body[1]]), body[2..].to_vec()))
    }

    proptest! {
        #[test]
        fn requests_are_found_among_output_however_it_is_cut(
            texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 3),
            body in proptest::collection::vec(any::<u8>(), 0..300),
            size in 1usize..60,
        ) {
            let input = [&texts[0][..], &request(1, &body), &texts[1], &request(2, b"x"), &texts[2]].concat();
            let (output, requests) = heard(&input, size);
            prop_assert_eq!(output, texts.concat());
            prop_assert_eq!(requests, [Frame { number: 1, body }, Frame { number: 2, body: b"x".to_vec() }]);
        }

        #[test]
        fn any_answer_arrives_without_an_interrupt_character(
            payload in proptest::collection::vec(0u8..6, 1..900),
            number in any::<u16>(),
            size in any::<u16>(),
        ) {
            let wire = answer(&MINE, number, size, &payload, crc32);
            prop_assert!(!wire.contains(&3));
            prop_assert!(room(&wire) > payload.len());
            prop_assert_eq!(read(&wire, number), Some((size, payload)));
            prop_assert_eq!(read(&wire, number.wrapping_add(1)), None);
        }

        #[test]
        fn no_request_can_do_harm_to_its_reader(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(asked) = Asked::parse(&body) {
                prop_assert!(asked.closed.len() < body.len());
            }
        }

        #[test]
        fn a_damaged_request_is_none_and_the_next_is_found(
            place in 0usize..40,
            change in 1u8..=255,
            size in 1usize..60,
        ) {
            let mut first = request(7, b"\x01\0\0\0\x01/abcdefghijkl");
            let place = place % first.len();
            first[place] ^= change;
            let (_, requests) = heard(&[&first[..], &request(7, b"again"), b"\r\n"].concat(), size);
            prop_assert_eq!(requests, [Frame { number: 7, body: b"again".to_vec() }]);
        }
    }

    #[test]
    fn what_follows_a_damaged_request_is_printed_however_it_is_cut() {
        let mut damaged = request(7, b"abcdef");
        damaged[22] ^= 1;
        let input = [&damaged[..], b"printed", &request(7, b"again"), b"end"].concat();
        for size in 1..=input.len() {
            let (output, requests) = heard(&input, size);
            assert_eq!(output, b"printedend", "{size}");
            assert_eq!(requests.len(), 1);
        }
        // Where its length is damaged, what follows may be any part of it.
        damaged[20] = 0xff;
        let input = [&damaged[..], b"printed", &request(7, b"again"), b"end"].concat();
        for size in 1..=input.len() {
            let (output, requests) = heard(&input, size);
            assert_eq!(output, b"end", "{size}");
            assert_eq!(requests.len(), 1);
        }
    }

    #[test]
    fn without_the_tag_it_is_output() {
        let mut stranger = request(1, b"\x01\0\0\0\x08/file");
        stranger[3] ^= 1;
        assert_eq!(heard(&stranger, 7), (stranger, Vec::new()));
    }

    #[test]
    fn what_looks_like_a_beginning_is_passed_on_in_the_end() {
        assert_eq!(heard(b"a\x1e", 9), (b"a\x1e".to_vec(), Vec::new()));
        assert_eq!(heard(b"\x1e0123", 9), (b"\x1e0123".to_vec(), Vec::new()));
    }

    #[test]
    fn requests_are_read() {
        let parse = |body: &'static [u8]| Asked::parse(body).and_then(|asked| asked.request);
        assert_eq!(
            Asked::parse(b"\x05\x00\x10\x02\x07\x08\x01/a"),
            Some(Asked {
                stream: 5,
                most: 4096,
                closed: &[7, 8],
                request: Some(Request::Stat("/a")),
            })
        );
        assert_eq!(
            parse(b"\0\0\0\0\x03\x01\x02\0\0\0rb\0/x"),
            Some(Request::Open {
                keep: true,
                place: 2,
                mode: "rb",
                path: "/x"
            })
        );
        assert_eq!(
            parse(b"\0\0\0\0\x09/a\0/b"),
            Some(Request::Rename("/a", "/b"))
        );
        for nonsense in [
            &b"\0\0\0\0"[..],
            b"\0\0\0\0\x63",
            b"\0\0\0\0\x01/a\0b",
            b"\0\0\0\0\x01\xff",
            b"\0\0\0\0\x04\x01",
        ] {
            assert_eq!(parse(nonsense), None);
        }
        assert_eq!(Asked::parse(b"\0\0\0\x09"), None);
    }
}
