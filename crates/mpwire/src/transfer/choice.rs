//! Which encoding: what the board can take, and which of these is predicted to be fastest.

use mpwire_proto::literal::quoted_bytes_length;

use super::encoding::{Encoding, deflated_size, window};
use super::{Error, Options, stream};
use crate::board::capabilities::Capabilities;
use crate::session::Rate;

/// Below this size deflate is not considered: its program costs more than it saves.
const DEFLATE_LEAST: usize = 256;
/// Data that shrinks less than this is not worth the inflater's memory and time.
const DEFLATE_RATIO: f64 = 0.80;

/// Assumed until programs have been timed: a UART at 115200 baud.
const BYTES_PER_SECOND: f64 = 11_520.0;
/// Assumed time of one program beside its bytes, in seconds: three or four round trips.
const SECONDS_PER_PROGRAM: f64 = 0.006;

/// What one encoding is predicted to cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The encoding.
    pub encoding: Encoding,
    /// Characters of program text.
    pub characters: usize,
    /// Programs.
    pub programs: usize,
    /// Predicted time, in seconds.
    pub seconds: f64,
}

/// The encoding for `data`: the one asked for, or the fastest of [`predictions`].
pub fn choose(
    data: &[u8],
    capabilities: &Capabilities,
    rate: Rate,
    options: &Options,
) -> Result<Encoding, Error> {
    if let Some(encoding) = options.encoding {
        return match encoding.lacks(capabilities) {
            None => Ok(encoding),
            Some(needs) => Err(Error::EncodingUnavailable { encoding, needs }),
        };
    }
    Ok(predictions(data, capabilities, rate, options)
        .first()
        .map_or(Encoding::Repr, |prediction| prediction.encoding))
}

/// What each encoding that this board takes would cost, the fastest first.
#[must_use]
pub fn predictions(
    data: &[u8],
    capabilities: &Capabilities,
    rate: Rate,
    options: &Options,
) -> Vec<Prediction> {
    let seconds_per_character = seconds_per_character(rate);
    let mut predictions: Vec<Prediction> = Encoding::ALL
        .into_iter()
        .filter(|encoding| encoding.lacks(capabilities).is_none())
        .filter(|encoding| encoding.fits_memory(capabilities))
        .filter(|encoding| *encoding != Encoding::Stream || stream::is_wanted(options))
        .filter_map(|encoding| {
            let payload = payload(encoding, data, capabilities)?;
            let programs = match encoding.encoder(capabilities, data.len()) {
                Some(encoder) => encoder.programs(),
                None => stream::programs(capabilities),
            };
            let definitions: usize = programs.iter().map(|program| program.shrunk().len()).sum();
            let programs = match options.chunk_size {
                Some(size) => data.len().div_ceil(size.get()),
                None => payload.div_ceil(capabilities.program_limit()),
            }
            .max(1);
            let characters = payload + definitions + programs * 40;
            #[expect(clippy::cast_precision_loss, reason = "a prediction")]
            let seconds =
                characters as f64 * seconds_per_character + programs as f64 * SECONDS_PER_PROGRAM;
            Some(Prediction {
                encoding,
                characters,
                programs,
                seconds,
            })
        })
        .collect();
    predictions.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    predictions
}

/// Characters that the data itself takes; `None` when the encoding is not worth trying.
fn payload(encoding: Encoding, data: &[u8], capabilities: &Capabilities) -> Option<usize> {
    match encoding {
        Encoding::Stream => Some(stream::payload(data, capabilities)),
        Encoding::Deflate => {
            if data.len() <= DEFLATE_LEAST {
                return None;
            }
            let deflated = deflated_size(data, window(capabilities, data.len())?);
            #[expect(clippy::cast_precision_loss, reason = "a ratio")]
            let ratio = deflated as f64 / data.len() as f64;
            (ratio < DEFLATE_RATIO).then_some(deflated.div_ceil(3) * 4)
        }
        Encoding::Base64 => Some(data.len().div_ceil(3) * 4),
        Encoding::Hex => Some(data.len() * 2),
        Encoding::Repr => Some(quoted_bytes_length(data)),
    }
}

/// Seconds for each character of a program, round trips aside.
pub(super) fn seconds_per_character(rate: Rate) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a prediction")]
    let bytes = rate.bytes as f64;
    let seconds = rate.time.as_secs_f64() - f64::from(rate.programs) * SECONDS_PER_PROGRAM / 2.0;
    if bytes < 200.0 || seconds <= 0.0 {
        1.0 / BYTES_PER_SECOND
    } else {
        seconds / bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Capabilities {
        Capabilities {
            free_memory: 200_000,
            bytes_fromhex: true,
            a2b_base64: true,
            unhexlify: true,
            bytes_io: true,
            deflate_io: true,
            ..Capabilities::default()
        }
    }

    fn chosen(data: &[u8], capabilities: &Capabilities) -> Encoding {
        choose(data, capabilities, Rate::default(), &Options::default()).unwrap()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1u32;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect()
    }

    fn text(length: usize) -> Vec<u8> {
        b"def area(width, height):\n    return width * height\n"
            .iter()
            .copied()
            .cycle()
            .take(length)
            .collect()
    }

    #[test]
    fn text_is_deflated_and_noise_is_not() {
        assert_eq!(chosen(&text(5000), &full()), Encoding::Deflate);
        assert_eq!(chosen(&noise(5000), &full()), Encoding::Base64);
    }

    #[test]
    fn what_the_board_tells_of_its_memory_decides_whether_its_programs_fit() {
        let little = Capabilities {
            free_memory: 8_000,
            stdin_buffer: true,
            crc32: true,
            sha256: true,
            ..full()
        };
        assert_eq!(chosen(&text(5000), &little), Encoding::Repr);
        assert_eq!(chosen(&noise(5000), &little), Encoding::Base64);
        let enough = Capabilities {
            free_memory: 20_000,
            ..little
        };
        assert_eq!(chosen(&noise(5000), &enough), Encoding::Stream);
    }

    #[test]
    fn without_deflate_text_travels_as_itself_which_is_shorter_than_base64() {
        let capabilities = Capabilities {
            deflate_io: false,
            ..full()
        };
        assert_eq!(chosen(&text(5000), &capabilities), Encoding::Repr);
        assert_eq!(chosen(&noise(5000), &capabilities), Encoding::Base64);
    }

    #[test]
    fn a_missing_module_takes_only_its_own_encodings_away() {
        let no_binascii = Capabilities {
            a2b_base64: false,
            unhexlify: false,
            ..full()
        };
        assert_eq!(chosen(&noise(5000), &no_binascii), Encoding::Hex);
        let nothing = Capabilities {
            free_memory: 200_000,
            ..Capabilities::default()
        };
        assert_eq!(chosen(&noise(5000), &nothing), Encoding::Repr);
    }

    #[test]
    fn small_files_are_not_deflated() {
        assert_ne!(chosen(&text(256), &full()), Encoding::Deflate);
    }

    #[test]
    fn an_encoding_that_is_asked_for_is_taken_or_refused_by_what_it_needs() {
        let options = Options {
            encoding: Some(Encoding::Deflate),
            ..Options::default()
        };
        let choose = |capabilities: &Capabilities| {
            choose(&noise(10), capabilities, Rate::default(), &options)
        };
        assert_eq!(choose(&full()).unwrap(), Encoding::Deflate);
        let error = choose(&Capabilities {
            bytes_io: false,
            ..full()
        })
        .unwrap_err();
        assert!(error.to_string().contains("io.BytesIO"), "{error}");
    }
}
