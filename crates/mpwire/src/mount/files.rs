//! Open files, by the numbers that the board knows them by.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use cap_std::fs::File;

use super::errno::errno;
use super::folder::Mode;
use crate::board::errno::Errno;

/// Open files at once: a board's own filesystem runs out of memory long before.
const MOST: usize = 120;

/// The open files.
#[derive(Debug, Default)]
pub(super) struct Files(Vec<Option<Open>>);

#[derive(Debug)]
struct Open {
    file: File,
    mode: Mode,
    /// Where the data of the last answer begin.
    start: u64,
}

/// Data of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Data {
    pub bytes: Vec<u8>,
    /// Where the file goes on behind them.
    pub behind: u32,
    /// Whether that is its end.
    pub is_end: bool,
    /// Whether line ends were changed, so that a byte here is not one of the file.
    pub is_changed: bool,
}

impl Files {
    /// Takes note of a file; returns its number and where its data begin: at its end, if they are
    /// appended.
    pub fn add(&mut self, mut file: File, mode: Mode) -> Result<(u8, u64), Errno> {
        let end = if mode.append {
            SeekFrom::End(0)
        } else {
            SeekFrom::Start(0)
        };
        let start = file.seek(end).map_err(|error| errno(&error))?;
        let free = self.0.iter().position(Option::is_none);
        let number = free.unwrap_or(self.0.len());
        if number >= MOST {
            return Err(Errno::TOO_MANY_FILES);
        }
        let open = Some(Open { file, mode, start });
        match free {
            Some(number) => self.0[number] = open,
            None => self.0.push(open),
        }
        Ok((u8::try_from(number).unwrap_or(u8::MAX), start))
    }

    /// Closes files.
    pub fn close(&mut self, numbers: &[u8]) {
        for number in numbers {
            if let Some(open) = self.0.get_mut(usize::from(*number)) {
                *open = None;
            }
        }
    }

    fn get(&mut self, number: u8) -> Result<&mut Open, Errno> {
        let open = self.0.get_mut(usize::from(number));
        open.and_then(Option::as_mut).ok_or(Errno::BAD_FILE)
    }

    /// At most `count` bytes from `place` on, of a file that is open for reading.
    pub fn read(&mut self, number: u8, place: u32, count: usize) -> Result<Data, Errno> {
        let open = self.get(number)?;
        if !open.mode.read {
            return Err(Errno::BAD_FILE);
        }
        open.start = u64::from(place);
        open.data(count).map_err(|error| errno(&error))
    }

    /// Writes all of `data` and returns where the file goes on behind them.
    pub fn write(&mut self, number: u8, place: u32, data: &[u8]) -> Result<u32, Errno> {
        let open = self.get(number)?;
        if !open.mode.write {
            return Err(Errno::BAD_FILE);
        }
        let start = if open.mode.append {
            SeekFrom::End(0)
        } else {
            SeekFrom::Start(place.into())
        };
        let start = open.file.seek(start).map_err(|error| errno(&error))?;
        // What the board cannot be told the end of is not written.
        clamped(start.saturating_add(data.len() as u64))?;
        open.file.write_all(data).map_err(|error| errno(&error))?;
        let behind = open.file.stream_position().map_err(|error| errno(&error))?;
        clamped(behind)
    }

    /// How long a file is.
    pub fn length(&mut self, number: u8) -> Result<u32, Errno> {
        let open = self.get(number)?;
        let found = open.file.metadata().map_err(|error| errno(&error))?;
        clamped(found.len())
    }

    /// The place in the file behind `count` bytes of the last answer's data.
    pub fn place(&mut self, number: u8, count: u32) -> Result<u32, Errno> {
        let open = self.get(number)?;
        // Each byte of the data is one or two of the file.
        let raw = open
            .raw(2 * count as usize + 1)
            .map_err(|error| errno(&error))?;
        let (_, used) = unified(&raw, count as usize);
        clamped(open.start + used as u64)
    }
}

impl Open {
    fn raw(&mut self, count: usize) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut raw = Vec::with_capacity(count.min(1 << 16));
        (&mut self.file).take(count as u64).read_to_end(&mut raw)?;
        Ok(raw)
    }

    fn data(&mut self, count: usize) -> io::Result<Data> {
        // One more tells whether this is the end, and what follows a carriage return.
        let mut raw = self.raw(count + 1)?;
        let is_end = raw.len() <= count;
        if self.mode.text && raw.contains(&b'\r') {
            if !is_end && raw.last() == Some(&b'\n') && raw[count - 1] != b'\r' {
                raw.pop();
            }
            let cut = !is_end && raw.last() == Some(&b'\r');
            raw.truncate(raw.len() - usize::from(cut));
            let (bytes, used) = unified(&raw, usize::MAX);
            return Ok(Data {
                bytes,
                behind: clamped_place(self.start + used as u64),
                is_end,
                is_changed: true,
            });
        }
        raw.truncate(count);
        Ok(Data {
            behind: clamped_place(self.start + raw.len() as u64),
            bytes: raw,
            is_end,
            is_changed: false,
        })
    }
}

/// Line ends of any kind as `\n`, as Python reads text and so mpremote gives it; stops after `most`
/// bytes, and says how many were used.
fn unified(raw: &[u8], most: usize) -> (Vec<u8>, usize) {
    let mut bytes = Vec::with_capacity(raw.len().min(most));
    let mut used = 0;
    while bytes.len() < most
        && let Some(&byte) = raw.get(used)
    {
        used += 1;
        if byte == b'\r' {
            used += usize::from(raw.get(used) == Some(&b'\n'));
            bytes.push(b'\n');
        } else {
            bytes.push(byte);
        }
    }
    (bytes, used)
}

/// Places travel in 32 bits.
fn clamped(place: u64) -> Result<u32, Errno> {
    u32::try_from(place).map_err(|_| Errno(27))
}

fn clamped_place(place: u64) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(contents: &[u8], mode: &str) -> (tempfile::NamedTempFile, Files) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), contents).unwrap();
        let mut files = Files::default();
        let open = File::from_std(file.reopen().unwrap());
        files.add(open, Mode::parse(mode).unwrap()).unwrap();
        (file, files)
    }

    #[test]
    fn lines_of_text_end_alike_however_they_are_cut() {
        let contents = b"one\r\ntwo\rthree\n\r\n\rend";
        for count in 1..25 {
            let (_file, mut files) = opened(contents, "r");
            let (mut text, mut place) = (Vec::new(), 0);
            loop {
                let data = files.read(0, place, count + 1).unwrap();
                for reach in 0..=data.bytes.len() {
                    let raw = files.place(0, reach as u32).unwrap() as usize;
                    let whole = unified(&contents[..raw], usize::MAX).0;
                    assert_eq!(whole, [&text[..], &data.bytes[..reach]].concat());
                }
                text.extend(data.bytes);
                place = data.behind;
                if data.is_end {
                    break;
                }
            }
            assert_eq!(text, b"one\ntwo\nthree\n\n\nend");
        }
    }

    #[test]
    fn binary_files_are_read_as_they_are() {
        let (_file, mut files) = opened(b"a\r\nb", "rb");
        let data = files.read(0, 1, 2).unwrap();
        assert_eq!(
            (&data.bytes[..], data.behind, data.is_end),
            (&b"\r\n"[..], 3, false)
        );
        assert!(files.read(0, 3, 9).unwrap().is_end);
        assert_eq!(files.read(7, 0, 1), Err(Errno::BAD_FILE));
        files.close(&[0, 9]);
        assert_eq!(files.read(0, 0, 1), Err(Errno::BAD_FILE));
    }

    #[test]
    fn what_ends_behind_the_last_place_is_not_written() {
        let (file, mut files) = opened(b"", "wb");
        assert_eq!(files.write(0, u32::MAX, b"z"), Err(Errno(27)));
        assert_eq!(files.length(0), Ok(0));
        // All of it is a hole, which takes no room.
        file.as_file().set_len(u32::MAX.into()).unwrap();
        let open = File::from_std(file.reopen().unwrap());
        files.add(open, Mode::parse("ab").unwrap()).unwrap();
        assert_eq!(files.write(1, 0, b"z"), Err(Errno(27)));
        assert_eq!(files.length(1), Ok(u32::MAX));
    }

    #[test]
    fn there_is_a_most_of_open_files() {
        let (file, mut files) = opened(b"", "rb");
        let mut open = || {
            files.add(
                File::from_std(file.reopen().unwrap()),
                Mode::parse("rb").unwrap(),
            )
        };
        assert!((1..MOST).all(|_| open().is_ok()));
        assert_eq!(open(), Err(Errno::TOO_MANY_FILES));
    }
}
