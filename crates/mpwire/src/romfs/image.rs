//! The image format, without any I/O.
//!
//! An image is one record, and records hold records. A record is its kind, the length of its
//! payload, and the payload; numbers are big-endian groups of seven bits, all but the last with
//! the high bit set, so that `0x80` in front changes nothing. Source: the comment at the top of
//! `extmod/vfs_rom.c`.

use std::borrow::Cow;
use std::cell::Cell;

/// How an image begins: record kind 0x14a6b1, which reads "RM1" but for two high bits.
pub const HEADER: [u8; 3] = [0xd2, 0xcd, 0x31];

const KIND_UNUSED: u64 = 0;
const KIND_DATA_VERBATIM: u64 = 2;
const KIND_DATA_POINTER: u64 = 3;
const KIND_DIRECTORY: u64 = 4;
const KIND_FILE: u64 = 5;

/// How deep directories may lie in each other: deeper than any board's paths are long.
pub const DEPTH_LIMIT: usize = 64;

/// How many files and directories an image may hold: three bytes are a directory, which takes twenty
/// times as many here.
pub const ENTRIES_MOST: usize = 1 << 18;

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, without slashes.
    pub name: Cow<'a, str>,
    /// What has this name.
    pub node: Node<'a>,
}

/// A file or a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<'a> {
    /// A file's contents.
    File(Cow<'a, [u8]>),
    /// A directory's entries.
    Directory(Vec<Entry<'a>>),
}

/// Why bytes are no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They do not begin as an image does.
    #[error("Invalid ROMFS image: it does not begin with d2 cd 31")]
    Foreign,
    /// The image is longer than the bytes given.
    #[error("Invalid ROMFS image: it is truncated ({})", truncation(*.needed, *.available))]
    Truncated {
        /// The length in its header; `None` where the header itself is incomplete.
        needed: Option<u64>,
        /// The bytes given.
        available: usize,
    },
    /// Something that is no erased flash follows the image.
    #[error("Invalid ROMFS image: foreign data follow its {size} bytes")]
    TrailingData {
        /// The length of the image itself.
        size: usize,
    },
    /// A record contradicts the format.
    #[error("Invalid ROMFS image: {reason} at offset {offset}")]
    Corrupt {
        /// What is wrong.
        reason: &'static str,
        /// Where, in bytes from the start of the image.
        offset: usize,
    },
}

fn truncation(needed: Option<u64>, available: usize) -> String {
    match needed {
        Some(needed) => format!("{available} of {needed} bytes"),
        None => format!("{available} bytes"),
    }
}

/// Writes an image of `entries`, in the order given.
#[must_use]
pub fn write(entries: &[Entry]) -> Vec<u8> {
    let payload = records(entries);
    let mut length = number(payload.len() as u64);
    // The whole image must be of even length: there is no padding record of a single byte.
    if (HEADER.len() + length.len() + payload.len()) % 2 == 1 {
        length.insert(0, 0x80);
    }
    [&HEADER[..], &length, &payload].concat()
}

fn records(entries: &[Entry]) -> Vec<u8> {
    let mut output = Vec::new();
    for entry in entries {
        let (kind, contents) = match &entry.node {
            Node::File(data) => (KIND_FILE, record(KIND_DATA_VERBATIM, data)),
            Node::Directory(entries) => (KIND_DIRECTORY, records(entries)),
        };
        let name = entry.name.as_bytes();
        let payload = [&number(name.len() as u64), name, &contents].concat();
        output.extend(record(kind, &payload));
    }
    output
}

fn record(kind: u64, payload: &[u8]) -> Vec<u8> {
    [&number(kind), &number(payload.len() as u64), payload].concat()
}

fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    value >>= 7;
    while value != 0 {
        bytes.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    bytes.reverse();
    bytes
}

/// An image that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<'a> {
    /// The whole image: what a partition must hold to mount it.
    pub bytes: &'a [u8],
    /// What is at its top.
    pub entries: Vec<Entry<'a>>,
}

impl<'a> Image<'a> {
    /// Reads the image that `bytes` begin with, every record of it.
    ///
    /// What follows it may only be erased flash (all `ff` or all `00`), as in a partition's copy.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        if !bytes.starts_with(&HEADER) {
            return Err(Error::Foreign);
        }
        let truncated = |needed| Error::Truncated {
            needed,
            available: bytes.len(),
        };
        let mut at = HEADER.len();
        let length = match read_number(bytes, &mut at, bytes.len()) {
            Err(_) if bytes[HEADER.len()..].iter().all(|byte| byte & 0x80 != 0) => {
                return Err(truncated(None));
            }
            length => length?,
        };
        let needed = length.saturating_add(at as u64);
        let size = usize::try_from(needed).unwrap_or(usize::MAX);
        let (image, rest) = bytes
            .split_at_checked(size)
            .ok_or_else(|| truncated(Some(needed)))?;
        if !is_erased(rest) {
            return Err(Error::TrailingData { size });
        }
        let reader = Reader {
            bytes: image,
            payload: at,
            count: Cell::new(0),
        };
        Ok(Self {
            bytes: image,
            entries: reader.entries(at, size, 0)?,
        })
    }
}

fn is_erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0xff) || bytes.iter().all(|&byte| byte == 0)
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// Where the image's own payload begins: offsets of data pointers count from here.
    payload: usize,
    /// Files and directories so far.
    count: Cell<usize>,
}

/// A record inside of an image.
struct Record {
    kind: u64,
    start: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn entries(&self, start: usize, end: usize, depth: usize) -> Result<Vec<Entry<'a>>, Error> {
        if depth > DEPTH_LIMIT {
            return Err(corrupt("a directory that lies too deep", start));
        }
        let mut entries = Vec::new();
        let mut at = start;
        while at < end {
            let record = self.record(at, end)?;
            self.count.update(|count| {
                count + usize::from(matches!(record.kind, KIND_DIRECTORY | KIND_FILE))
            });
            if self.count.get() > ENTRIES_MOST {
                return Err(corrupt("more files than any board has", at));
            }
            match record.kind {
                KIND_DIRECTORY => {
                    let (name, contents) = self.name(&record)?;
                    let node = Node::Directory(self.entries(contents, record.end, depth + 1)?);
                    entries.push(Entry { name, node });
                }
                KIND_FILE => {
                    let (name, contents) = self.name(&record)?;
                    let node = Node::File(self.data(contents, record.end)?.into());
                    entries.push(Entry { name, node });
                }
                // Unknown kinds are for the future, and are to be skipped.
                _ => {}
            }
            at = record.end;
        }
        Ok(entries)
    }

    fn record(&self, start: usize, limit: usize) -> Result<Record, Error> {
        let mut at = start;
        let kind = read_number(self.bytes, &mut at, limit)?;
        let length = read_number(self.bytes, &mut at, limit)?;
        if kind == KIND_UNUSED {
            return Err(corrupt("an unused record", start));
        }
        let end = end_of(at, length, limit)
            .ok_or_else(|| corrupt("a record that ends outside of what holds it", start))?;
        Ok(Record {
            kind,
            start: at,
            end,
        })
    }

    /// The name of a file or directory, and where its own records begin.
    fn name(&self, record: &Record) -> Result<(Cow<'a, str>, usize), Error> {
        let mut at = record.start;
        let length = read_number(self.bytes, &mut at, record.end)?;
        let end = end_of(at, length, record.end)
            .ok_or_else(|| corrupt("a name that is longer than its record", record.start))?;
        let name = std::str::from_utf8(&self.bytes[at..end])
            .map_err(|_| corrupt("a name that is not UTF-8", at))?;
        Ok((name.into(), end))
    }

    /// The contents of a file: the first data record counts (`extract_data`, `extmod/vfs_rom.c`).
    fn data(&self, start: usize, end: usize) -> Result<&'a [u8], Error> {
        let mut at = start;
        while at < end {
            let record = self.record(at, end)?;
            match record.kind {
                KIND_DATA_VERBATIM => return Ok(&self.bytes[record.start..record.end]),
                KIND_DATA_POINTER => return self.pointed(&record),
                _ => at = record.end,
            }
        }
        Err(corrupt("a file without data", start))
    }

    fn pointed(&self, record: &Record) -> Result<&'a [u8], Error> {
        let mut at = record.start;
        let size = read_number(self.bytes, &mut at, record.end)?;
        let offset = read_number(self.bytes, &mut at, record.end)?;
        let limit = self.bytes.len();
        end_of(self.payload, offset, limit)
            .and_then(|start| Some(&self.bytes[start..end_of(start, size, limit)?]))
            .ok_or_else(|| corrupt("a pointer to the outside", record.start))
    }
}

fn corrupt(reason: &'static str, offset: usize) -> Error {
    Error::Corrupt { reason, offset }
}

/// `start + length`, unless that is beyond `limit`.
fn end_of(start: usize, length: u64, limit: usize) -> Option<usize> {
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (end <= limit).then_some(end)
}

fn read_number(bytes: &[u8], at: &mut usize, limit: usize) -> Result<u64, Error> {
    let start = *at;
    let mut value = 0u64;
    while *at < limit {
        let byte = bytes[*at];
        *at += 1;
        if value > u64::MAX >> 7 {
            return Err(corrupt("a number that is too large", start));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(corrupt("a number that does not end", start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file<'a>(name: &'a str, data: &'a [u8]) -> Entry<'a> {
        Entry {
            name: name.into(),
            node: Node::File(data.into()),
        }
    }

    fn directory<'a>(name: &'a str, entries: Vec<Entry<'a>>) -> Entry<'a> {
        Entry {
            name: name.into(),
            node: Node::Directory(entries),
        }
    }

    /// An image around records that no builder writes.
    fn around(records: &[u8]) -> Vec<u8> {
        [&HEADER[..], &number(records.len() as u64), records].concat()
    }

    #[test]
    fn an_image_is_what_mpremote_writes() {
        let tree = [file("a", b"hi!"), directory("d", vec![file("b", b"")])];
        // mpremote 1.29: mkfile("a", b"hi!"), opendir("d"), mkfile("b", b""), closedir(), finalise()
        let expected =
            b"\xd2\xcd\x31\x80\x13\x05\x07\x01a\x02\x03hi!\x04\x08\x01d\x05\x04\x01b\x02\x00";
        assert_eq!(write(&tree), expected);
        assert_eq!(write(&[]), b"\xd2\xcd\x31\0");
    }

    #[test]
    fn numbers_are_written_as_the_format_has_them() {
        assert_eq!(number(0), [0]);
        assert_eq!(number(0x7f), [0x7f]);
        assert_eq!(number(0x80), [0x81, 0]);
        assert_eq!(number(0x14_a6b1), HEADER);
    }

    #[test]
    fn padding_unknown_records_and_pointers_are_read() {
        // A data record at offset 2 of the payload, padding, an unknown kind, and a file of its
        // last two bytes.
        let records = b"\x02\x03xyz\x01\x02..\x09\x00\x05\x07\x01p\x03\x03\x02\x80\x03";
        let bytes = around(records);
        let image = Image::read(&bytes).unwrap();
        assert_eq!(image.entries, [file("p", b"yz")]);
    }

    #[test]
    fn erased_flash_may_follow_and_nothing_else() {
        let image = write(&[file("a", b"1")]);
        for (padding, fine) in [(&b"\xff\xff"[..], true), (b"\0", true), (b"\xff\0", false)] {
            let bytes = [&image, padding].concat();
            match Image::read(&bytes) {
                Ok(read) => assert!(fine && read.bytes == image),
                Err(error) => {
                    assert!(!fine && error == Error::TrailingData { size: image.len() });
                }
            }
        }
    }

    #[test]
    fn what_is_cut_or_foreign_is_told_apart() {
        let image = write(&[file("name", &[7; 300])]);
        assert_eq!(Image::read(b""), Err(Error::Foreign));
        assert_eq!(Image::read(b"PK\x03\x04"), Err(Error::Foreign));
        for length in 3..image.len() {
            let error = Image::read(&image[..length]).unwrap_err();
            assert!(
                matches!(error, Error::Truncated { .. }),
                "{length}: {error}"
            );
        }
        assert_eq!(
            Image::read(&image[..100]).unwrap_err().to_string(),
            "Invalid ROMFS image: it is truncated (100 of 316 bytes)"
        );
    }

    #[test]
    fn records_that_contradict_the_format_are_refused() {
        let cases: &[(&[u8], &str)] = &[
            (b"\x00\x00", "an unused record"),
            (b"\x05\x7f", "outside of what holds it"),
            (b"\x05\x02\x05a", "longer than its record"),
            (b"\x05\x02\x01a", "without data"),
            (b"\x05\x02\x01\xff", "not UTF-8"),
            (b"\x05\x06\x01a\x03\x02\x01\x7f", "pointer to the outside"),
            (b"\x05\x81", "does not end"),
            (
                b"\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                "too large",
            ),
        ];
        for (records, reason) in cases {
            let bytes = around(records);
            let error = Image::read(&bytes).unwrap_err().to_string();
            assert!(error.contains(reason), "{records:x?}: {error}");
        }
    }

    #[test]
    fn a_hostile_number_of_entries_is_refused() {
        // A directory without a name or anything in it.
        let most = around(&b"\x04\x01\x00".repeat(ENTRIES_MOST));
        assert_eq!(Image::read(&most).unwrap().entries.len(), ENTRIES_MOST);
        let more = around(&b"\x04\x01\x00".repeat(ENTRIES_MOST + 1));
        let error = Image::read(&more).unwrap_err().to_string();
        assert!(error.contains("more files than any board has"), "{error}");
    }

    #[test]
    fn a_hostile_depth_is_refused() {
        let mut tree = vec![];
        for _ in 0..=DEPTH_LIMIT {
            tree = vec![directory("d", tree)];
        }
        let image = write(&tree);
        let error = Image::read(&image).unwrap_err();
        assert!(error.to_string().contains("too deep"), "{error}");
        let Node::Directory(inner) = &tree[0].node else {
            panic!("a directory");
        };
        assert!(Image::read(&write(inner)).is_ok());
    }

    fn tree() -> impl Strategy<Value = Vec<Entry<'static>>> {
        let file = ("[a-zé.]{0,140}", prop::collection::vec(any::<u8>(), 0..400)).prop_map(
            |(name, data)| Entry {
                name: name.into(),
                node: Node::File(data.into()),
            },
        );
        let entry = file.prop_recursive(4, 30, 5, |entry| {
            ("[a-z]{0,9}", prop::collection::vec(entry, 0..5)).prop_map(|(name, entries)| Entry {
                name: name.into(),
                node: Node::Directory(entries),
            })
        });
        prop::collection::vec(entry, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tree in tree()) {
            let image = write(&tree);
            prop_assert_eq!(image.len() % 2, 0);
            let read = Image::read(&image).unwrap();
            prop_assert_eq!(read.bytes, &image[..]);
            prop_assert_eq!(read.entries, tree);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Image::read(&bytes);
            let _ = Image::read(&around(&bytes));
        }

        #[test]
        fn a_damaged_image_is_read_or_refused(
            tree in tree(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut image = write(&tree);
            for (index, byte) in damage {
                let index = index.index(image.len());
                image[index] = byte;
            }
            let _ = Image::read(&image);
        }
    }
}
