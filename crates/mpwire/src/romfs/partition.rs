//! The ROM partitions of a board: `vfs.rom_ioctl`, whose operations `extmod/vfs.h` lists.

use mpwire_proto::literal::Value;

use super::image::HEADER;
use crate::board::plausible::at_most;
use crate::board::{self, Board, onboard, read_list, unreadable};

/// A partition larger than this is on no flash that boards have.
const MAX_SIZE: u64 = 1 << 32;

/// A ROM partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number on the board.
    pub number: u32,
    /// Whether it is a block device (esp32, rp2) and not memory that `rom_ioctl` writes.
    pub is_block_device: bool,
    /// Its size in bytes.
    pub size: u64,
    /// The fewest bytes that can be erased.
    pub block_size: u64,
    /// Its first bytes, at most 12.
    pub start: Vec<u8>,
}

impl Partition {
    fn from_value(number: u32, value: &Value) -> Option<Self> {
        let [is_block_device, size, block_size, Value::Bytes(start)] = value.as_items()? else {
            return None;
        };
        let size = at_most(size, MAX_SIZE)?;
        Some(Self {
            number,
            is_block_device: *is_block_device == Value::Bool(true),
            size,
            block_size: at_most(block_size, size).filter(|&size| size > 0)?,
            start: start.clone(),
        })
    }

    /// The length in the header of the image it holds, without the header; `None` without image.
    #[must_use]
    pub fn image_size(&self) -> Option<u64> {
        let length = self.start.strip_prefix(&HEADER)?;
        let mut size = 0;
        for byte in length {
            size = size << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(size)
    }
}

/// What a board says about its ROM partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// Each by its number; `None` for one that is counted and cannot be had.
    pub all: Vec<Option<Partition>>,
}

impl Partitions {
    /// Reads what `onboard/rom_query.py` printed; `None` when the firmware knows no ROMFS.
    pub fn parse(reply: &[u8]) -> Result<Option<Self>, board::Error> {
        let values = read_list(reply)?;
        let Some((Value::Bool(true), values)) = values.split_first() else {
            return Ok(None);
        };
        let partition = |(number, value): (u32, &Value)| match value {
            Value::None => Ok(None),
            value => Partition::from_value(number, value)
                .map(Some)
                .ok_or_else(|| unreadable(reply, "a partition was expected")),
        };
        let all = (0..).zip(values).map(partition).collect::<Result<_, _>>()?;
        Ok(Some(Self { all }))
    }

    /// The partition of this number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Partition> {
        self.all.get(usize::try_from(number).ok()?)?.as_ref()
    }
}

/// Asks a board for its partitions, in one round trip; `None` when its firmware knows no ROMFS.
pub fn query(board: &mut Board) -> Result<Option<Partitions>, board::Error> {
    Partitions::parse(&board.run_persistently(&[onboard::ROM_QUERY], "_mw_rom_query()")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::read_literal as read;

    #[test]
    fn the_size_of_an_image_is_read_as_mpremote_reads_it() {
        let size = |start: &[u8]| {
            let partition = Partition {
                number: 0,
                is_block_device: false,
                size: 4096,
                block_size: 4096,
                start: start.to_owned(),
            };
            partition.image_size()
        };
        assert_eq!(
            size(b"\xd2\xcd\x31\x80\x12\x05\x06\x01a\x02\x02h"),
            Some(18)
        );
        assert_eq!(size(b"\xd2\xcd\x31\x82\x00"), Some(256));
        assert_eq!(size(&[0xff; 12]), None);
        assert_eq!(size(b""), None);
        // Bytes that never end the number must not end this program.
        let endless = [&HEADER[..], &[0xff; 9]].concat();
        assert_eq!(size(&endless), Some(u64::MAX >> 1));
    }

    #[test]
    fn a_partition_without_blocks_is_not_understood() {
        let value = read(b"(False, 4096, 0, b'')").unwrap();
        assert_eq!(Partition::from_value(0, &value), None);
        let value = read(b"(True, 4096, 512, b'ab')").unwrap();
        assert!(Partition::from_value(0, &value).unwrap().is_block_device);
    }
}
