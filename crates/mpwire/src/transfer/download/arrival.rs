//! What frames mean: files in a row, each of blocks, an empty block and a digest.

use std::io;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{OPEN_PATIENCE, Outcome, PATIENCE, Receiver, Wanted, corrupt};
use crate::board::patience::digesting;
use crate::transfer::{ATTEMPTS, Error};

/// Bytes of a SHA-256.
const DIGEST_BYTES: usize = 32;

/// Whether a frame was what was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It was.
    Sense,
    /// Something is missing, or what arrived is not what the board read.
    Nonsense,
}

/// Files on their way.
pub(super) struct Arrival<'a> {
    files: &'a [Wanted],
    receiver: &'a mut dyn Receiver,
    /// The file that is due.
    index: usize,
    /// Bytes of it that are here.
    offset: u64,
    /// Whether the receiver knows of it.
    has_begun: bool,
    /// The last byte that the next frame is to have.
    number: u8,
    /// Whether its digest is due.
    is_read: bool,
    hasher: Sha256,
    /// How often it was wrong as a whole.
    wrong: u32,
    /// Bytes of the file that is due, as the board has said.
    announced: Option<u64>,
}

impl<'a> Arrival<'a> {
    pub(super) fn new(files: &'a [Wanted], receiver: &'a mut dyn Receiver) -> Self {
        Self {
            files,
            receiver,
            index: 0,
            offset: 0,
            has_begun: false,
            number: 0,
            is_read: false,
            hasher: Sha256::new(),
            wrong: 0,
            announced: None,
        }
    }

    /// The file that is due; `None` when all are done.
    pub(super) fn current(&self) -> Option<&'a Wanted> {
        self.files.get(self.index)
    }

    /// The index of the file that is due.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The files that are left, and how many bytes of the first are here.
    pub(super) fn left(&self) -> (&'a [Wanted], u64) {
        (&self.files[self.index..], self.offset)
    }

    /// The file that is due has so many bytes.
    pub(super) fn announce(&mut self, size: u64) {
        self.announced = Some(size);
    }

    /// Bytes that are still to come, if the sizes of all files are known.
    pub(super) fn expected(&self) -> Option<u64> {
        let (files, offset) = self.left();
        let known = |file: &Wanted| file.size.or(file.known.map(|known| known.size));
        let (first, others) = files.split_first()?;
        let current = self.announced.or(known(first))?;
        others
            .iter()
            .try_fold(current.saturating_sub(offset), |sum, file| {
                Some(sum.saturating_add(known(file)?))
            })
    }

    /// Whether the file that is due would be longer with so many more bytes than the board has said.
    pub(super) fn is_too_much(&self, more: usize) -> bool {
        let size = self.announced.or(self.current().and_then(|file| file.size));
        size.is_some_and(|size| self.offset + more as u64 > size)
    }

    /// How long the board may take for the next frame.
    pub(super) fn patience(&self) -> Duration {
        let is_first = self.number == u8::MAX && !self.is_read;
        match self.current() {
            // It was open before.
            Some(_) if is_first && self.offset > 0 => PATIENCE + digesting(self.offset),
            Some(file) if is_first => {
                OPEN_PATIENCE
                    + file
                        .known
                        .map_or(Duration::ZERO, |known| digesting(known.size))
            }
            _ => PATIENCE,
        }
    }

    /// How far the whole is: what is larger is further.
    pub(super) fn place(&self) -> (usize, u32, u64) {
        (self.index, self.wrong, self.offset)
    }

    /// The file that is due, and how many bytes of it are here.
    pub(super) fn reached(&self) -> (usize, u64) {
        (self.index, self.offset)
    }

    /// Another run begins, behind what is here.
    pub(super) fn start(&mut self) {
        self.number = u8::MAX;
        self.is_read = false;
    }

    /// Takes what an intact frame holds.
    pub(super) fn take(&mut self, mut data: Vec<u8>) -> Result<Found, Error> {
        if data.pop() != Some(self.number) {
            return Ok(Found::Nonsense);
        }
        self.accept(&data)
    }

    /// Takes a block, the empty one, or a digest.
    pub(super) fn accept(&mut self, data: &[u8]) -> Result<Found, Error> {
        if self.index >= self.files.len() {
            return Ok(Found::Nonsense);
        }
        if self.is_read {
            return self.compare(data);
        }
        if data.is_empty() {
            // The digest has the same number.
            self.is_read = true;
        } else {
            self.number = self.number.wrapping_sub(1);
            self.write(data)?;
        }
        Ok(Found::Sense)
    }

    fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        self.begin().map_err(Error::Output)?;
        self.hasher.update(data);
        self.offset += data.len() as u64;
        self.receiver.write(data).map_err(Error::Output)?;
        self.tell(self.offset);
        Ok(())
    }

    /// So much of the file that is due is here.
    pub(super) fn tell(&mut self, done: u64) {
        self.receiver.progress(self.index, done);
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.has_begun {
            self.receiver.begin(self.index)?;
            self.has_begun = true;
        }
        Ok(())
    }

    fn compare(&mut self, digest: &[u8]) -> Result<Found, Error> {
        if digest.len() != DIGEST_BYTES {
            return Ok(Found::Nonsense);
        }
        let file = &self.files[self.index];
        let is_known = file.known.is_some_and(|known| known.digest == digest);
        if self.offset == 0 && is_known {
            self.skip()?;
        } else if self.hasher.clone().finalize().as_slice() == digest {
            self.begin().map_err(Error::Output)?;
            self.end(Outcome::Arrived)?;
        } else {
            self.wrong += 1;
            if self.wrong >= ATTEMPTS {
                return Err(corrupt(file));
            }
            self.forget();
            return Ok(Found::Nonsense);
        }
        Ok(Found::Sense)
    }

    /// The file that is due is what was known.
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        self.end(Outcome::Unchanged)
    }

    /// The file that is due begins, with nothing.
    pub(super) fn begin_anew(&mut self) -> Result<(), Error> {
        self.forget();
        self.begin().map_err(Error::Output)
    }

    /// The file that is due is `data`, which is verified.
    pub(super) fn put(&mut self, data: &[u8]) -> Result<(), Error> {
        self.write(data)?;
        self.end(Outcome::Arrived)
    }

    fn end(&mut self, outcome: Outcome) -> Result<(), Error> {
        self.receiver
            .end(self.index, outcome)
            .map_err(Error::Output)?;
        self.forget();
        self.index += 1;
        self.wrong = 0;
        self.announced = None;
        self.start();
        Ok(())
    }

    /// Of the file that is due nothing is here.
    fn forget(&mut self) {
        self.offset = 0;
        self.has_begun = false;
        self.hasher = Sha256::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::download::Known;

    /// What a receiver is told, as text.
    #[derive(Default)]
    struct Log(Vec<String>);

    impl Receiver for Log {
        fn begin(&mut self, index: usize) -> io::Result<()> {
            self.0.push(format!("begin {index}"));
            Ok(())
        }

        fn write(&mut self, data: &[u8]) -> io::Result<()> {
            self.0.push(String::from_utf8_lossy(data).into_owned());
            Ok(())
        }

        fn end(&mut self, index: usize, outcome: Outcome) -> io::Result<()> {
            self.0.push(format!("end {index} {outcome:?}"));
            Ok(())
        }
    }

    fn wanted(known: Option<&str>) -> Wanted {
        Wanted {
            path: "file".to_owned(),
            size: None,
            known: known.map(|text| Known {
                size: text.len() as u64,
                digest: digest(text),
            }),
        }
    }

    fn digest(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }

    fn frame(data: &[u8], number: u8) -> Vec<u8> {
        [data, &[number]].concat()
    }

    /// Gives `frames` to an arrival of `files`; returns what was found and what the receiver heard.
    fn arrive(files: &[Wanted], frames: &[Vec<u8>]) -> (Vec<Found>, Vec<String>) {
        let mut log = Log::default();
        let mut arrival = Arrival::new(files, &mut log);
        arrival.start();
        let found = frames
            .iter()
            .map(|frame| arrival.take(frame.clone()).expect("no error"))
            .collect();
        (found, log.0)
    }

    use Found::{Nonsense, Sense};

    #[test]
    fn files_arrive_in_a_row() {
        let files = [wanted(None), wanted(None)];
        let (found, log) = arrive(
            &files,
            &[
                frame(b"one", 255),
                frame(b"two", 254),
                frame(b"", 253),
                frame(&digest("onetwo"), 253),
                frame(b"", 255),
                frame(&digest(""), 255),
            ],
        );
        assert_eq!(found, [Sense; 6]);
        assert_eq!(
            log,
            [
                "begin 0",
                "one",
                "two",
                "end 0 Arrived",
                "begin 1",
                "end 1 Arrived"
            ]
        );
    }

    #[test]
    fn a_known_file_is_not_written() {
        let (found, log) = arrive(
            &[wanted(Some("old"))],
            &[frame(b"", 255), frame(&digest("old"), 255)],
        );
        assert_eq!(found, [Sense; 2]);
        assert_eq!(log, ["end 0 Unchanged"]);
    }

    #[test]
    fn a_file_that_is_empty_now_is_not_the_known_one() {
        let (found, log) = arrive(
            &[wanted(Some("old"))],
            &[frame(b"", 255), frame(&digest(""), 255)],
        );
        assert_eq!(found, [Sense; 2]);
        assert_eq!(log, ["begin 0", "end 0 Arrived"]);
    }

    #[test]
    fn a_missing_frame_is_noticed_at_the_next() {
        let (found, log) = arrive(&[wanted(None)], &[frame(b"one", 255), frame(b"x", 253)]);
        assert_eq!(found, [Sense, Nonsense]);
        assert_eq!(log, ["begin 0", "one"]);
    }

    #[test]
    fn a_frame_without_anything_or_behind_the_last_file_is_nonsense() {
        let (found, _) = arrive(&[wanted(None)], &[vec![]]);
        assert_eq!(found, [Nonsense]);
        let (found, _) = arrive(&[], &[frame(b"", 255)]);
        assert_eq!(found, [Nonsense]);
    }

    #[test]
    fn a_file_goes_on_behind_its_last_good_byte() {
        let mut log = Log::default();
        let files = [wanted(None)];
        let mut arrival = Arrival::new(&files, &mut log);
        arrival.start();
        arrival.take(frame(b"one", 255)).unwrap();
        assert_eq!(arrival.left().1, 3);
        arrival.start();
        for piece in [
            frame(b"two", 255),
            frame(b"", 254),
            frame(&digest("onetwo"), 254),
        ] {
            assert_eq!(arrival.take(piece).unwrap(), Sense);
        }
        assert!(arrival.current().is_none());
        assert_eq!(log.0, ["begin 0", "one", "two", "end 0 Arrived"]);
    }

    #[test]
    fn a_wrong_file_begins_again_and_is_an_error_in_the_end() {
        let mut log = Log::default();
        let files = [wanted(None)];
        let mut arrival = Arrival::new(&files, &mut log);
        for _ in 1..ATTEMPTS {
            arrival.start();
            arrival.take(frame(b"x", 255)).unwrap();
            arrival.take(frame(b"", 254)).unwrap();
            assert_eq!(arrival.take(frame(&digest("y"), 254)).unwrap(), Nonsense);
            assert_eq!(arrival.left().1, 0);
        }
        arrival.start();
        arrival.take(frame(b"", 255)).unwrap();
        assert!(matches!(
            arrival.take(frame(&digest("y"), 255)),
            Err(Error::CorruptDownload { .. })
        ));
        assert_eq!(log.0, ["begin 0", "x", "begin 0", "x"]);
    }
}
