//! `deflate`: one raw deflate stream (RFC 1951) for the whole file, cut into chunks by sync
//! flushes, each chunk as base64. One window for all of them is what makes it dense.
//!
//! Source of the limits: `lib/uzlib` needs `2**wbits` bytes for its window, 8 is its least and
//! zlib's least that works is 9; `extmod/moddeflate.c` adds about 1.3 KB.

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compress, Compression, FlushCompress};

use super::Encoder;
use crate::board::capabilities::Capabilities;
use crate::board::onboard;
use crate::board::program::{Argument, Program, call};

/// Memory the inflater takes beside its window, in bytes, on a 64-bit build.
const INFLATER_MEMORY: u64 = 3 * 1024;

/// How much of a file tells how dense it is, in bytes.
const SAMPLE: usize = 64 * 1024;

/// Files up to this size, in bytes, inflate whole in memory on a board with this much of it.
const SMALL: usize = 4096;
const MUCH_MEMORY: u64 = 64 * 1024;

/// A window size as its base-2 logarithm, 9 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window(u8);

impl Window {
    /// As large as deflate allows.
    pub const LARGEST: Self = Self(15);

    /// The logarithm: what `DeflateIO` calls wbits.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }
}

/// The window for a file of `size` bytes on this board: as large as the file can use and a quarter
/// of the free memory holds; `None` where not even the smallest fits.
#[must_use]
pub fn window(capabilities: &Capabilities, size: usize) -> Option<Window> {
    let room = capabilities.free_memory.checked_sub(INFLATER_MEMORY)? / 3;
    (9..=15u8)
        .rev()
        .find(|&bits| (1 << bits) <= room && (bits == 9 || size > (1 << (bits - 1))))
        .map(Window)
}

/// What the board lacks for this encoding, if anything.
pub fn lacks(capabilities: &Capabilities) -> Option<&'static str> {
    if !capabilities.deflate_io && !capabilities.decomp_io {
        Some("deflate.DeflateIO")
    } else if !capabilities.bytes_io {
        Some("io.BytesIO")
    } else if !capabilities.a2b_base64 {
        Some("binascii.a2b_base64")
    } else if window(capabilities, 0).is_none() {
        Some("the memory for the smallest window")
    } else {
        None
    }
}

/// The size of `data` as one deflate stream with this window, in bytes.
#[must_use]
pub fn deflated_size(data: &[u8], window: Window) -> usize {
    let mut stream = compressor(window);
    push(&mut stream, data, FlushCompress::Finish).len()
}

/// About the size of `data` as a deflate stream, found quickly: 10 to 20 % above the best.
#[must_use]
pub fn roughly_deflated_size(data: &[u8]) -> usize {
    let mut stream = Compress::new(Compression::fast(), false);
    push(&mut stream, data, FlushCompress::Finish).len()
}

fn compressor(window: Window) -> Compress {
    Compress::new_with_window_bits(Compression::best(), false, window.bits())
}

/// Gives `data` to the stream and takes all it has to say up to the flush.
fn push(stream: &mut Compress, data: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut output = Vec::with_capacity(data.len() / 2 + 64);
    let start = stream.total_in();
    loop {
        let used = (stream.total_in() - start) as usize;
        output.reserve(256);
        let room = output.capacity();
        // The only error deflate reports is a broken stream state, which only misuse of the
        // raw zlib interface brings about.
        stream
            .compress_vec(&data[used..], &mut output, flush)
            .expect("a compressor that is driven in order cannot fail");
        // Output that fills its buffer may have more behind it.
        if output.len() < room {
            return output;
        }
    }
}

/// The program that inflates a file of `size` bytes.
fn inflater(capabilities: &Capabilities, size: usize) -> Program {
    if !capabilities.deflate_io {
        onboard::INFLATE_UZLIB
    } else if size <= SMALL && capabilities.free_memory >= MUCH_MEMORY {
        onboard::INFLATE_SMALL
    } else {
        onboard::INFLATE
    }
}

/// Characters for each byte, never so few that an estimate from it overflows.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn density(characters: usize, bytes: usize) -> f64 {
    (characters as f64 / bytes.max(1) as f64).max(0.002)
}

/// See the module's documentation.
pub struct Deflate {
    window: Window,
    stream: Option<Compress>,
    inflater: Program,
    /// Characters on the wire for each byte of the file, once that is known.
    density: Cell<Option<f64>>,
}

impl Deflate {
    pub fn new(capabilities: &Capabilities, size: usize) -> Self {
        // A board without room for the smallest window has been told apart by `lacks`.
        let window = window(capabilities, size).unwrap_or(Window(9));
        let inflater = inflater(capabilities, size);
        Self {
            window,
            // Firmware before 1.21 cannot go on with a stream, and a small file has no need to:
            // each chunk is a stream of its own.
            stream: (inflater == onboard::INFLATE).then(|| compressor(window)),
            inflater,
            density: Cell::new(None),
        }
    }
}

impl Encoder for Deflate {
    fn programs(&self) -> Vec<Program> {
        vec![self.inflater]
    }

    fn prepare(&self) -> Option<(String, &'static str)> {
        let arguments = [
            Argument::Int(self.window.bits().into()),
            Argument::Expression("_mw_put"),
        ];
        let line = format!("_mw_inflate={}", call(self.inflater.defines, &arguments));
        Some((line, "_mw_inflate"))
    }

    fn chunk_length(&self, rest: &[u8], limit: usize) -> usize {
        // The expected length first, then what it really takes: data that suddenly does not
        // shrink must not make a chunk that the board cannot hold.
        let density = self.density.get().unwrap_or_else(|| {
            let sample = &rest[..rest.len().min(SAMPLE)];
            density(deflated_size(sample, self.window) * 4 / 3, sample.len())
        });
        self.density.set(Some(density));
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "an estimate"
        )]
        let guess = (limit as f64 / density) as usize;
        let mut length = guess.clamp(1, rest.len().max(1));
        while length > limit / 2 && length > 1 {
            let text = deflated_size(&rest[..length], self.window) * 4 / 3;
            if text <= limit {
                break;
            }
            length = (length * limit / text * 7 / 8).max(1);
        }
        length.max(1)
    }

    fn encode(&mut self, chunk: &[u8], last: bool) -> String {
        let flush = if last {
            FlushCompress::Finish
        } else {
            FlushCompress::Sync
        };
        let deflated = match &mut self.stream {
            Some(stream) => push(stream, chunk, flush),
            None => push(&mut compressor(self.window), chunk, FlushCompress::Finish),
        };
        let text = STANDARD.encode(deflated);
        self.density.set(Some(density(text.len(), chunk.len())));
        text
    }

    fn call(&self, text: &str, size: usize) -> String {
        format!("_mw_inflate('{text}',{size})")
    }

    fn take(&self) -> Option<&'static str> {
        Some("_mw_inflate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};
    use proptest::prelude::*;

    fn capabilities(free_memory: u64) -> Capabilities {
        Capabilities {
            free_memory,
            a2b_base64: true,
            bytes_io: true,
            deflate_io: true,
            ..Capabilities::default()
        }
    }

    #[test]
    fn the_window_fits_the_file_and_the_memory() {
        let bits = |free, size| window(&capabilities(free), size).map(Window::bits);
        assert_eq!(bits(1 << 20, 1 << 20), Some(15));
        assert_eq!(bits(1 << 20, 1000), Some(10));
        assert_eq!(bits(1 << 20, 0), Some(9));
        assert_eq!(bits(16 << 10, 1 << 20), Some(12));
        assert_eq!(bits(4096, 1 << 20), None);
        assert_eq!(
            lacks(&capabilities(4096)),
            Some("the memory for the smallest window")
        );
    }

    #[test]
    fn each_chunk_of_a_small_file_is_a_stream_of_its_own() {
        let data = b"the same words, the same words, the same words ".repeat(20);
        let mut encoder = Deflate::new(&capabilities(MUCH_MEMORY), data.len());
        for piece in data.chunks(400) {
            let stream = STANDARD.decode(encoder.encode(piece, false)).unwrap();
            let mut inflater = Decompress::new_with_window_bits(false, encoder.window.bits());
            let mut output = Vec::with_capacity(piece.len() + 1);
            inflater
                .decompress_vec(&stream, &mut output, FlushDecompress::Finish)
                .unwrap();
            assert_eq!(output, piece);
        }
    }

    proptest! {
        #[test]
        fn the_chunks_are_one_stream_that_inflates_to_the_data(
            seed in proptest::collection::vec(0u8..6, 1..3000),
            chunk in 1usize..900,
            free in 8_000u64..MUCH_MEMORY,
        ) {
            let data: Vec<u8> = seed.iter().flat_map(|&byte| [byte, b'x', byte]).collect();
            let mut encoder = Deflate::new(&capabilities(free), data.len());
            let mut stream = Vec::new();
            let count = data.chunks(chunk).count();
            for (index, piece) in data.chunks(chunk).enumerate() {
                let text = encoder.encode(piece, index + 1 == count);
                stream.extend(STANDARD.decode(text).unwrap());
            }
            let mut inflater = Decompress::new_with_window_bits(false, encoder.window.bits());
            let mut output = Vec::with_capacity(data.len() + 1);
            inflater.decompress_vec(&stream, &mut output, FlushDecompress::Finish).unwrap();
            prop_assert_eq!(output, data);
        }

        #[test]
        fn a_chunk_of_noise_keeps_to_the_limit(
            noise in proptest::collection::vec(any::<u8>(), 1..5000),
            limit in 100usize..3000,
        ) {
            let mut encoder = Deflate::new(&capabilities(100_000), noise.len());
            let length = encoder.chunk_length(&noise, limit);
            prop_assert!(length >= 1 && length <= noise.len());
            let text = encoder.encode(&noise[..length], false);
            prop_assert!(text.len() <= limit + 100, "{} > {limit}", text.len());
        }
    }
}
