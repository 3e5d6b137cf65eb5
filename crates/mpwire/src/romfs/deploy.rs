//! An image into a ROM partition.
//!
//! The image travels as any file does ([`crate::transfer`]). Its first piece travels last, and the
//! board writes that piece only once the digest of all is right, the page with the header after
//! all else: a partition without the header is not mounted (`mp_vfs_mount_romfs_protected`,
//! `extmod/vfs.c`), so that whatever interrupts a deployment leaves no image rather than half of
//! one. Only a power cut in the fraction of a millisecond in which flash programs that very page
//! is beyond any order of writes.

use std::time::Instant;

use super::image::{self, Image};
use super::partition::{self, Partition};
use crate::board::capabilities::Capabilities;
use crate::board::digest::Digest;
use crate::board::fs::at;
use crate::board::program::{Argument, Program, call};
use crate::board::{self, Board, onboard};
use crate::transfer::choice::choose;
use crate::transfer::send::{Count, Plan, Receiver, send};
use crate::transfer::{self, Encoding, Options, Progress, Sent};

/// How often a deployment whose verification fails is begun again.
const ATTEMPTS: u32 = 3;
/// The smallest chunk worth trying, in characters.
const LEAST_PROGRAM: usize = 64;
/// Bytes written at once where memory and erase blocks allow: what mpremote writes at once.
const LARGEST_PIECE: u64 = 4096;
/// The smallest piece: a page of the flash chips that ports use, and a multiple of what any of
/// them can write.
const SMALLEST_PIECE: u64 = 256;

/// Why a deployment failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image is none, or damaged; the partition was not touched.
    #[error(transparent)]
    Image(#[from] image::Error),
    /// The firmware has no `vfs.rom_ioctl`.
    #[error("ROMFS is not enabled on this device")]
    NotEnabled,
    /// There is no such partition.
    #[error("ROMFS{number} partition not found on device")]
    NoPartition {
        /// Its number.
        number: u32,
    },
    /// The image does not fit; the partition was not touched.
    #[error(
        "ROMFS image is too big for the target partition ({size} bytes are needed, it has {room})"
    )]
    TooBig {
        /// Bytes of the image.
        size: u64,
        /// Bytes of the partition.
        room: u64,
    },
    /// The board failed, refused or was interrupted.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// The image cannot be sent in the way asked for.
    #[error(transparent)]
    Transfer(#[from] transfer::Error),
    /// The partition did not hold what was sent, each time it was written.
    #[error(
        "ROMFS{number}: what the board stored differs from what was sent; the partition is empty now"
    )]
    Corrupt {
        /// The partition's number.
        number: u32,
    },
    /// The board has too little memory for even the smallest chunk.
    #[error("ROMFS{number}: the board has too little memory to receive the image")]
    NoMemory {
        /// The partition's number.
        number: u32,
    },
}

/// Finds the partition that an image is to be written to.
pub fn find(board: &mut Board, number: u32) -> Result<Partition, Error> {
    let partitions = partition::query(board)?.ok_or(Error::NotEnabled)?;
    // Ports with one partition answer for any number (`ports/esp32/esp32_partition.c`), so that
    // the count has the last word.
    let partition = partitions.get(number).cloned();
    partition.ok_or(Error::NoPartition { number })
}

/// Writes `image` to `partition` and verifies it there.
///
/// `/rom` is unmounted and stays so until the board's next reset.
pub fn deploy(
    board: &mut Board,
    image: &[u8],
    partition: &Partition,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sent, Error> {
    let image = Image::read(image)?.bytes;
    let size = image.len() as u64;
    if size > partition.size {
        return Err(Error::TooBig {
            size,
            room: partition.size,
        });
    }
    let capabilities = board.capabilities()?;
    let mut deployment = Deployment {
        board,
        image,
        partition,
        options,
        capabilities,
        count: Count::default(),
        feed: true,
    };
    let start = Instant::now();
    let result = deployment.until_right(progress);
    let count = deployment.count;
    if result.is_err() && board.is_entered() {
        // The error that came first is the one to tell.
        let _ = board.tidy();
    }
    Ok(Sent {
        encoding: result?,
        bytes: size,
        wire_bytes: count.wire_bytes,
        chunks: count.chunks,
        time: start.elapsed(),
    })
}

/// The bytes of the first piece, which is written last, and of each piece that is written.
fn piece(partition: &Partition, capabilities: &Capabilities) -> u64 {
    let memory = capabilities.free_memory / 16;
    let mut piece = LARGEST_PIECE;
    while piece > SMALLEST_PIECE && piece > memory {
        piece /= 2;
    }
    if partition.is_block_device {
        // A write to a block device may not cross the end of a block.
        piece = piece.min(partition.block_size);
    }
    piece
}

/// The image in the order in which it is sent: the first piece last.
fn rotated(image: &[u8], piece: u64) -> Vec<u8> {
    let middle = usize::try_from(piece).map_or(image.len(), |piece| piece.min(image.len()));
    [&image[middle..], &image[..middle]].concat()
}

struct Deployment<'a> {
    board: &'a mut Board,
    image: &'a [u8],
    partition: &'a Partition,
    options: &'a Options,
    capabilities: Capabilities,
    count: Count,
    /// Whether chunks may be input to a program that reads.
    feed: bool,
}

impl Deployment<'_> {
    fn until_right(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<Encoding, Error> {
        for _ in 0..ATTEMPTS {
            let (right, encoding) = self.with_less_and_less_memory(progress)?;
            if right {
                return Ok(encoding);
            }
            // Something was lost: take the way with the closest flow control from now on.
            self.feed = false;
        }
        Err(Error::Corrupt {
            number: self.partition.number,
        })
    }

    /// Begins again with half of everything when the board's memory does not suffice, and with a
    /// lighter encoding when no chunk is small enough.
    fn with_less_and_less_memory(
        &mut self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(bool, Encoding), Error> {
        let mut piece = piece(self.partition, &self.capabilities);
        let encoding = choose(
            &rotated(self.image, piece),
            &self.capabilities,
            self.board.rate(),
            self.options,
        )?;
        let mut plan = Plan {
            encoding,
            chunk_size: self.options.chunk_size,
            program_limit: self.capabilities.program_limit(),
            feed: self.feed,
            tidy: true,
        };
        loop {
            let error = match self.attempt(&plan, piece, progress) {
                Ok(right) => return Ok((right, plan.encoding)),
                Err(error) if error.is_out_of_memory() => error,
                Err(error) if error.is_silence() && self.feed => return Ok((false, plan.encoding)),
                Err(error) => {
                    return Err(at(error, &format!("ROMFS{}", self.partition.number)).into());
                }
            };
            if plan.chunk_size.is_some() {
                return Err(error.into());
            }
            piece = (piece / 2).max(SMALLEST_PIECE).min(piece);
            plan.program_limit /= 2;
            if plan.program_limit < LEAST_PROGRAM {
                plan.encoding = self.lighter(plan.encoding)?;
                plan.program_limit = self.capabilities.program_limit() / 2;
            }
        }
    }

    fn lighter(&self, encoding: Encoding) -> Result<Encoding, Error> {
        let lighter = match self.options.encoding {
            Some(_) => None,
            None => encoding.lighter(&self.capabilities),
        };
        lighter.ok_or(Error::NoMemory {
            number: self.partition.number,
        })
    }

    fn attempt(
        &mut self,
        plan: &Plan,
        piece: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<bool, board::Error> {
        let data = rotated(self.image, piece);
        let flash = if self.partition.is_block_device {
            onboard::ROM_DEVICE
        } else {
            onboard::ROM_MEMORY
        };
        let digest = digest_program(&self.capabilities);
        let receiver = Receiver {
            programs: vec![digest, flash, onboard::ROM_WRITE],
            start: call(
                onboard::ROM_WRITE.defines,
                &[
                    Argument::Int(self.partition.number.into()),
                    Argument::Int((data.len() as u64).cast_signed()),
                    Argument::Int(piece.cast_signed()),
                    Argument::Int(self.partition.block_size.cast_signed()),
                ],
            ),
            expected: Digest::of(&data, &self.capabilities).literal(),
        };
        let (right, count) = send(self.board, &receiver, plan, &data, progress)?;
        self.count.wire_bytes += count.wire_bytes;
        self.count.chunks += count.chunks;
        Ok(right)
    }
}

/// The counterpart of [`Digest::of`] for memory: [`Capabilities::digest_program`] opens files.
fn digest_program(capabilities: &Capabilities) -> Program {
    match (capabilities.sha256, capabilities.crc32) {
        (true, _) => onboard::ROM_DIGEST_SHA256,
        (false, true) => onboard::ROM_DIGEST_CRC32,
        (false, false) => onboard::ROM_DIGEST_ADLER32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(is_block_device: bool, block_size: u64, free_memory: u64) -> u64 {
        let partition = Partition {
            number: 0,
            is_block_device,
            size: 1 << 20,
            block_size,
            start: Vec::new(),
        };
        let capabilities = Capabilities {
            free_memory,
            ..Capabilities::default()
        };
        piece(&partition, &capabilities)
    }

    #[test]
    fn a_piece_fits_the_memory_and_the_blocks_of_a_device() {
        assert_eq!(of(false, 128 << 10, 1 << 20), 4096);
        assert_eq!(of(false, 16, 1 << 20), 4096);
        assert_eq!(of(true, 4096, 1 << 20), 4096);
        assert_eq!(of(true, 512, 1 << 20), 512);
        assert_eq!(of(false, 4096, 32 << 10), 2048);
        assert_eq!(of(false, 4096, 1000), 256);
    }

    #[test]
    fn the_first_piece_is_sent_last() {
        assert_eq!(rotated(b"headbody", 4), b"bodyhead");
        assert_eq!(rotated(b"head", 4), b"head");
        assert_eq!(rotated(b"he", 4), b"he");
    }
}
