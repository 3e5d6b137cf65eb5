//! An image into a ROM partition.
//!
//! The image travels as any file does ([`crate::transfer`]). Its first piece travels last, and the
//! board writes that piece only once the digest of all is right, the page with the header after
//! all else: a partition without the header is not mounted (`mp_vfs_mount_romfs_protected`,
//! `extmod/vfs.c`), so that whatever interrupts a deployment leaves no image rather than half of
//! one. Only a power cut in the fraction of a millisecond in which flash programs that very page
//! is beyond any order of writes.

use std::borrow::Cow;
use std::time::Instant;

use super::image::{self, Image};
use super::partition::{self, Partition};
use crate::board::capabilities::Capabilities;
use crate::board::digest::Digest;
use crate::board::fs::at;
use crate::board::patience::digesting;
use crate::board::persistence::{Doubt, Doubtful, persistently};
use crate::board::program::{Argument, Program, call};
use crate::board::{self, Board, onboard};
use crate::transfer::attempts::{Failure, Shipment, until_right};
use crate::transfer::send::Receiver;
use crate::transfer::{self, Options, Progress, Sent};

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

impl Doubtful for Error {
    fn doubt(&self) -> Doubt {
        match self {
            Self::Board(error) => error.doubt(),
            Self::Transfer(error) => error.doubt(),
            _ => Doubt::None,
        }
    }
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
    let start = Instant::now();
    let mut write = |board: &mut Board| {
        let capabilities = board.capabilities()?;
        let shipment = ImageShipment {
            image,
            partition,
            capabilities,
        };
        let (result, count) = until_right(board, &shipment, options, progress);
        if result.is_err() && board.is_entered() {
            // The error that came first is the one to tell.
            let _ = board.tidy();
        }
        Ok(Sent {
            encoding: result.map_err(|failure| shipment.explain(failure))?,
            bytes: size,
            went_on_at: 0,
            wire_bytes: count.wire_bytes,
            chunks: count.chunks,
            time: start.elapsed(),
        })
    };
    board.patiently(digesting(size), |board| persistently(board, &mut write))
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

/// An image on its way to its partition.
struct ImageShipment<'a> {
    image: &'a [u8],
    partition: &'a Partition,
    capabilities: Capabilities,
}

impl Shipment for ImageShipment<'_> {
    fn prepare(&self, halvings: u32) -> (Receiver, Cow<'_, [u8]>) {
        let whole = piece(self.partition, &self.capabilities);
        let piece = whole
            .checked_shr(halvings)
            .unwrap_or(0)
            .max(SMALLEST_PIECE)
            .min(whole);
        let data = rotated(self.image, piece);
        let flash = if self.partition.is_block_device {
            onboard::ROM_DEVICE
        } else {
            onboard::ROM_MEMORY
        };
        let receiver = Receiver {
            programs: vec![
                digest_program(&self.capabilities),
                flash,
                onboard::ROM_WRITE,
            ],
            start: call(
                onboard::ROM_WRITE.defines,
                &[
                    Argument::Int(self.partition.number.into()),
                    Argument::Int((data.len() as u64).cast_signed()),
                    Argument::Int(piece.cast_signed()),
                    Argument::Int(self.partition.block_size.cast_signed()),
                ],
            ),
            expected: Digest::of(&data, &self.capabilities).bytes(),
        };
        (receiver, Cow::Owned(data))
    }
}

impl ImageShipment<'_> {
    fn explain(&self, failure: Failure) -> Error {
        let number = self.partition.number;
        match failure {
            Failure::Board(error) => at(error, &format!("ROMFS{number}")).into(),
            Failure::Encoding(error) => error.into(),
            Failure::NoMemory => Error::NoMemory { number },
            Failure::ChunkTooLarge { size } => {
                let path = format!("ROMFS{number}");
                transfer::Error::ChunkTooLarge { path, size }.into()
            }
            Failure::Corrupt => Error::Corrupt { number },
        }
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
