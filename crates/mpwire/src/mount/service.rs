//! Answers what the board's program asks of its mounted folder.

use std::time::Instant;

use mpwire_proto::mount::{self, Asked, Check, Frame, Listener, Request, TAG};

use super::Receiver;
use super::files::Files;
use super::folder::{Folder, Mode};
use super::listings::Listings;
use super::pieces::Pieces;
use crate::board::errno::Errno;
use crate::session::{self, Served};

/// Files up to this size come whole with the answer to `open`.
const SMALL: usize = 8192;
/// Of a larger one, so much comes with it: it may be read from elsewhere, or no further.
const FIRST: usize = 2048;
/// Bytes of an entry of a listing besides its name.
const ENTRY: usize = 19;
/// The file's number where it is closed already, since all of it is in the answer.
const COMPLETE: u8 = 255;
/// Flags of data.
const IS_END: u8 = 1;
const IS_CHANGED: u8 = 2;

/// The host's side of one mounted folder.
#[derive(Debug)]
pub struct Service {
    tag: [u8; TAG],
    check: Check,
    room: usize,
    listener: Listener,
    folder: Folder,
    files: Files,
    listings: Listings,
    pieces: Pieces,
    /// The last request and its answer: the board asks again when an answer does not arrive whole,
    /// and must not have it done twice.
    last: Option<(Frame, Vec<u8>)>,
    /// Whether that was not asked before.
    is_new: bool,
    /// How often it was sent again.
    repetitions: u32,
    /// How many more requests may be those that an interrupt character meets which the board was sent.
    interrupted: u32,
}

/// What an answer is made of. What is asked for has been done: only how much of it fits is left to
/// be found.
enum Answer<'a> {
    Bytes(Vec<u8>),
    Status(&'a str),
    Entries {
        listing: u8,
        names: Vec<String>,
        start: usize,
        path: &'a str,
    },
    Data {
        file: u8,
        place: u32,
        count: usize,
        may_close: bool,
    },
}

impl Service {
    /// A service for requests with this tag of a board that takes such answers.
    #[must_use]
    pub fn new(tag: [u8; TAG], folder: Folder, receiver: Receiver) -> Self {
        Self {
            tag,
            check: receiver.check,
            room: receiver.room,
            listener: Listener::new(tag, receiver.check),
            folder,
            files: Files::default(),
            listings: Listings::default(),
            pieces: Pieces::new(receiver.bits, receiver.effort),
            last: None,
            is_new: false,
            repetitions: 0,
            interrupted: 0,
        }
    }

    fn served(&mut self) -> Served {
        let mut answer = Vec::new();
        self.is_new = false;
        // Only the last one is waited for: the others were given up.
        while let Some(frame) = self.listener.poll_request() {
            answer = self.answer(frame);
        }
        if self.is_new {
            self.repetitions = 0;
        } else if !answer.is_empty() {
            // However often it was asked by now, the answer has been lost once more.
            self.repetitions += 1;
        }
        Served {
            output: self.listener.take_output(),
            // Once is chance.
            is_lost: !answer.is_empty() && self.repetitions > 1,
            answer,
        }
    }

    fn answer(&mut self, frame: Frame) -> Vec<u8> {
        if let Some((last, wire)) = &self.last
            && *last == frame
        {
            return wire.clone();
        }
        if frame.asks_for_interrupt() {
            return self.tell_of_interrupt();
        }
        let Some(asked) = Asked::parse(&frame.body) else {
            return Vec::new();
        };
        self.interrupted = self.interrupted.saturating_sub(1);
        self.pieces.continue_stream(asked.stream);
        self.files.close(asked.closed);
        let answer = match asked.request {
            None => Err(Errno::INVALID),
            Some(request) => self.perform(&request),
        };
        let answer = answer.unwrap_or_else(failed);
        let wire = self.fitting(frame.number, &answer, asked.most.into());
        self.last = Some((frame, wire.clone()));
        self.is_new = true;
        wire
    }

    /// Tells whether an interrupt character is not damage.
    fn tell_of_interrupt(&mut self) -> Vec<u8> {
        // Asked again it is the same: that ends with the next requests.
        let was_sent = self.interrupted > 0;
        self.is_new = true;
        let number = mount::INTERRUPT_NUMBER;
        mount::answer(&self.tag, number, 0, &[u8::from(was_sent)], self.check)
    }

    /// Does what is asked for.
    fn perform<'a>(&mut self, request: &Request<'a>) -> Result<Answer<'a>, Errno> {
        let done = || Answer::Bytes(vec![0]);
        let number = |number: u32| Answer::Bytes([&[0; 3], &number.to_le_bytes()[..]].concat());
        match *request {
            Request::Close => Ok(done()),
            Request::Stat(path) => Ok(Answer::Status(path)),
            Request::List {
                listing,
                start,
                path,
            } => self.list(listing, start.into(), path),
            Request::Open {
                keep,
                place,
                mode,
                path,
            } => self.open(keep, place, mode, path),
            Request::Read { file, place, count } => {
                // A file that is not open is told now.
                self.files.read(file, place, 0)?;
                Ok(Answer::Data {
                    file,
                    place,
                    count: count.into(),
                    may_close: false,
                })
            }
            Request::Write { file, place, data } => self.files.write(file, place, data).map(number),
            Request::Length { file } => self.files.length(file).map(number),
            Request::Place { file, count } => {
                // No answer holds more.
                let count = count.min(u32::from(u16::MAX));
                self.files.place(file, count).map(number)
            }
            Request::Remove(path) => self.folder.remove(path).map(|()| done()),
            Request::Rename(old, new) => self.folder.rename(old, new).map(|()| done()),
            Request::MakeFolder(path) => self.folder.make_folder(path).map(|()| done()),
            Request::RemoveFolder(path) => self.folder.remove_folder(path).map(|()| done()),
            Request::Space(path) => {
                let mut bytes = vec![0];
                bytes.extend(
                    self.folder
                        .space(path)?
                        .iter()
                        .flat_map(|number| number.to_le_bytes()),
                );
                Ok(Answer::Bytes(bytes))
            }
        }
    }

    fn open<'a>(
        &mut self,
        keep: bool,
        place: u32,
        mode: &str,
        path: &str,
    ) -> Result<Answer<'a>, Errno> {
        let mode = Mode::parse(mode).ok_or(Errno::INVALID)?;
        let (file, start) = self.files.add(self.folder.file(path, mode)?, mode)?;
        let length = self.files.length(file).unwrap_or(u32::MAX) as usize;
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        Ok(Answer::Data {
            file,
            place: if mode.append { start } else { place },
            count: match mode.read && !mode.append {
                false => 0,
                true if length <= SMALL => SMALL,
                true => FIRST,
            },
            may_close: !keep && place == 0 && !mode.write,
        })
    }

    fn list<'a>(&mut self, listing: u8, start: usize, path: &'a str) -> Result<Answer<'a>, Errno> {
        let known = self.listings.names(listing).map(<[_]>::to_vec);
        let (listing, names) = if let Some(names) = known {
            (listing, names)
        } else {
            // The first of those that are left travels in 16 bits.
            let names = self.folder.names(path, u16::MAX.into())?;
            (self.listings.begin(names.clone()), names)
        };
        Ok(Answer::Entries {
            listing,
            names,
            start,
            path,
        })
    }

    /// As much of an answer as the board can take, as it travels.
    fn fitting(&mut self, number: u16, answer: &Answer, most: usize) -> Vec<u8> {
        let mut limit = self.pieces.expected(self.room).min(most);
        loop {
            let data = self
                .write(answer, limit.max(1))
                .unwrap_or_else(failed_bytes);
            let mut piece = self.pieces.piece(&data);
            let wire = mount::answer(&self.tag, number, piece.size, &piece.payload, self.check);
            let length = mount::room(&wire);
            // What cannot be cut is short enough for any board.
            if length <= self.room || limit <= 1 {
                self.pieces.commit(&mut piece, data.len());
                if let Answer::Data { file, .. } = *answer
                    && data.get(1) == Some(&COMPLETE)
                {
                    self.files.close(&[file]);
                }
                return wire;
            }
            limit = (data.len().min(limit) * self.room / length * 15 / 16).min(limit - 1);
        }
    }

    /// At most `limit` bytes of an answer, more only where it cannot be cut.
    fn write(&mut self, answer: &Answer, limit: usize) -> Result<Vec<u8>, Errno> {
        match answer {
            Answer::Bytes(bytes) => Ok(bytes.clone()),
            Answer::Status(path) => Ok(self.status(path, limit)),
            Answer::Entries {
                listing,
                names,
                start,
                path,
            } => {
                let names = names.get(*start..).unwrap_or_default();
                let (entries, count) = self.entries(path, names, limit.saturating_sub(3));
                let more = u8::from(count < names.len());
                Ok([&[0, *listing, more], &entries[..]].concat())
            }
            Answer::Data {
                file,
                place,
                count,
                may_close,
            } => self.data(
                *file,
                *place,
                (*count).min(limit.saturating_sub(7)),
                *may_close,
            ),
        }
    }

    /// What is at a path, and all of its folder if that fits.
    fn status(&self, path: &str, limit: usize) -> Vec<u8> {
        let found = self.folder.status(path);
        let mut data = vec![found.as_ref().map_or_else(|errno| code(*errno), |_| 0)];
        let is_worthwhile = !matches!(found, Err(errno) if errno != Errno::NOT_FOUND);
        found.unwrap_or_default().write(&mut data);
        if is_worthwhile
            && let Some((folder, name)) = path.rsplit_once('/')
            && !matches!(name, "" | "." | "..")
            && let Ok(names) = self.folder.names(folder, limit / ENTRY)
            // What does not fit is not looked at.
            && names.iter().map(|name| name.len() + 1 + ENTRY).sum::<usize>() + ENTRY + 3 <= limit
        {
            data.extend(self.entries(folder, &names, usize::MAX).0);
        }
        data
    }

    /// The first entries of a folder, as many as fit but one at least, and how many these are: their
    /// names, behind their length, then the rest of each.
    fn entries(&self, folder: &str, names: &[String], limit: usize) -> (Vec<u8>, usize) {
        let mut text = b"/".to_vec();
        let mut rest = Vec::new();
        let mut count = 0;
        for name in names {
            if count > 0 && 2 + text.len() + rest.len() + name.len() + 1 + ENTRY > limit {
                break;
            }
            text.extend(name.bytes());
            text.push(b'/');
            let (kind, status) = self.folder.entry(folder, name);
            rest.push(kind);
            status.write(&mut rest);
            count += 1;
        }
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        ([&length.to_le_bytes(), &text[..], &rest].concat(), count)
    }

    fn data(
        &mut self,
        file: u8,
        place: u32,
        count: usize,
        may_close: bool,
    ) -> Result<Vec<u8>, Errno> {
        if count == 0 {
            return Ok([&[0, file, 0], &place.to_le_bytes()[..]].concat());
        }
        let data = self.files.read(file, place, count)?;
        let is_complete = may_close && data.is_end && !data.is_changed;
        let flags = u8::from(data.is_end) * IS_END + u8::from(data.is_changed) * IS_CHANGED;
        let head = [0, if is_complete { COMPLETE } else { file }, flags];
        Ok([&head, &data.behind.to_le_bytes()[..], &data.bytes].concat())
    }
}

fn failed<'a>(errno: Errno) -> Answer<'a> {
    Answer::Bytes(failed_bytes(errno))
}

fn failed_bytes(errno: Errno) -> Vec<u8> {
    vec![code(errno)]
}

/// The number in a byte; 0 would be none.
fn code(errno: Errno) -> u8 {
    u8::try_from(errno.0)
        .ok()
        .filter(|code| *code > 0)
        .unwrap_or(5)
}

impl session::Service for Service {
    fn handle_input(&mut self, now: Instant, input: &[u8]) -> Served {
        self.listener.push(now, input);
        self.served()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.listener.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant) -> Served {
        self.listener.handle_timeout(now);
        self.served()
    }

    fn is_answering(&self) -> bool {
        self.listener.is_in_request()
    }

    fn note_interrupt(&mut self) {
        // The answer that is under way, and the one to the request that may be.
        self.interrupted = 2;
    }
}
