//! Which of the numbers that a board tells can be true. What cannot is not used: no copy is refused, and
//! nothing is allocated or written in place, because of it.

use mpwire_proto::literal::Value;

/// A heap larger than this is none of a microcontroller's: external RAM ends at 64 MiB today.
const MAX_MEMORY: u64 = 1 << 32;
/// A file larger than this is on no filesystem that boards have: FAT ends at 4 GiB, and a mounted folder
/// may be on a large disk.
const MAX_FILE: u64 = 1 << 44;
/// A directory's metadata pair (`lib/littlefs/SPEC.md`), in blocks.
const DIRECTORY_BLOCKS: u32 = 2;

/// The bytes of free memory that a board tells; `None` of what no board has.
pub(crate) fn free_memory(value: &Value) -> Option<u64> {
    at_most(value, MAX_MEMORY)
}

/// The size of a file; `None` where the filesystem does not say, or says what cannot be.
pub(crate) fn file_size(value: &Value) -> Option<u64> {
    at_most(value, MAX_FILE)
}

/// A count or size that cannot be more than `most`.
pub(crate) fn at_most(value: &Value, most: u64) -> Option<u64> {
    value.as_size().filter(|&size| size <= most)
}

/// The size of a filesystem and what is free of it, as the first numbers of `os.statvfs` tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes in a block.
    block: u64,
    /// Blocks of the filesystem.
    blocks: u64,
    /// Free blocks, as the firmware says.
    reported: i64,
}

impl Space {
    /// Reads `(f_bsize, f_frsize, f_blocks, f_bfree)`; `None` where the filesystem has no size, or none
    /// that can be.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let [block, _, blocks, free] = value.as_items()? else {
            return None;
        };
        let (block, blocks) = (block.as_size()?, blocks.as_size()?);
        block.checked_mul(blocks).filter(|&size| size > 0)?;
        Some(Self {
            block,
            blocks,
            reported: free.as_int()?,
        })
    }

    /// The filesystem's size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.block * self.blocks
    }

    /// The free space in bytes; `None` where the firmware's figure cannot be true.
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        let free = u64::try_from(self.reported).ok()?;
        (free <= self.blocks).then_some(free * self.block)
    }

    /// The free and all blocks, as the firmware says.
    #[must_use]
    pub fn reported(&self) -> (i64, u64) {
        (self.reported, self.blocks)
    }

    /// The free space in bytes of a `LittleFS` 2 with so many directories below its root.
    ///
    /// `statvfs` subtracts from all blocks what `lfs2_fs_traverse` visits (`extmod/vfs_lfsx.c`), in 32
    /// bits. That visits the metadata pair of a directory twice: in the list of all pairs and, to include
    /// orphans, where its parent names it (`lib/littlefs/lfs2.c`, `lfs2_fs_rawtraverse`).
    #[must_use]
    pub(crate) fn free_with_directories(&self, directories: u64) -> Option<u64> {
        let blocks = u32::try_from(self.blocks).ok()?;
        let twice = u32::try_from(directories)
            .ok()?
            .checked_mul(DIRECTORY_BLOCKS)?;
        // Ports with small integers of 31 bits tell the wrapped difference as a negative number.
        let reported = i32::try_from(self.reported)
            .map(i32::cast_unsigned)
            .or_else(|_| u32::try_from(self.reported))
            .ok()?;
        let free = reported.wrapping_add(twice);
        (free <= blocks).then_some(u64::from(free) * self.block)
    }
}

#[cfg(test)]
mod tests {
    use mpwire_proto::literal::parse;

    use super::*;

    fn space(text: &str) -> Option<Space> {
        Space::from_value(&parse(text.as_bytes()).expect("a literal"))
    }

    #[test]
    fn no_more_is_free_than_there_is() {
        let free = |text| space(text).expect("a size").free();
        assert_eq!(free("(4096, 4096, 256, 0)"), Some(0));
        assert_eq!(free("(4096, 4096, 256, 256)"), Some(1 << 20));
        assert_eq!(free("(4096, 4096, 256, 257)"), None);
        assert_eq!(free("(4096, 4096, 256, 4294967199)"), None);
        assert_eq!(free("(4096, 4096, 256, -97)"), None);
    }

    #[test]
    fn what_has_no_size_that_can_be_tells_nothing() {
        for text in [
            // A root with nothing mounted (`extmod/vfs.c`, `mp_vfs_statvfs`).
            "(0, 0, 0, 0)",
            "(-4096, 0, 256, 0)",
            "(4096, 4096, 9000000000000000, 0)",
            "(4096, 4096, 256)",
            "('a', 'b', 'c', 'd')",
            "None",
        ] {
            assert_eq!(space(text), None, "{text}");
        }
    }

    #[test]
    fn directories_that_were_counted_twice_are_given_back() {
        let free = |text, directories| {
            let space = space(text).expect("a size");
            space.free_with_directories(directories)
        };
        // As measured: 74 directories, and 104 blocks that can be written.
        assert_eq!(free("(4096, 4096, 256, 4294967250)", 74), Some(102 * 4096));
        assert_eq!(free("(4096, 4096, 256, -46)", 74), Some(102 * 4096));
        assert_eq!(free("(4096, 4096, 256, 14)", 60), Some(134 * 4096));
        assert_eq!(free("(4096, 4096, 256, -500)", 74), None);
        assert_eq!(free("(4096, 4096, 256, 14)", 1 << 40), None);
    }

    #[test]
    fn memory_and_sizes_that_no_board_has_are_not_believed() {
        let read = |text: &str| parse(text.as_bytes()).expect("a literal");
        assert_eq!(free_memory(&read("20000")), Some(20_000));
        assert_eq!(free_memory(&read("-1")), None);
        assert_eq!(free_memory(&read("9000000000000000000")), None);
        assert_eq!(file_size(&read("0")), Some(0));
        assert_eq!(file_size(&read("9000000000000000000")), None);
    }
}
