//! What kind of board to simulate, and how it is written: `link=uart:115200&fs=fat&heap=64k`.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::faults::{Accident, ErrorRate};

/// The kind of cable between the host and the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A serial line, 8N1: ten bits on the wire for each byte, the same speed both ways.
    Uart {
        /// Bits per second.
        baud: u32,
    },
    /// Like a full-speed USB CDC device: about 600 KB/s, and the board makes the host wait.
    Usb,
    /// As fast as the machine can, with back-pressure.
    Fast,
}

/// The filesystem on the board's flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filesystem {
    /// `LittleFS` 2, which nearly all ports use.
    Lfs2,
    /// `LittleFS` 1.
    Lfs1,
    /// FAT, with 512-byte sectors.
    Fat,
}

impl Filesystem {
    /// The name as the `fs` option spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Filesystem::Lfs2 => "lfs2",
            Filesystem::Lfs1 => "lfs1",
            Filesystem::Fat => "fat",
        }
    }
}

/// How text that a program prints ends its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// CR LF, as every board does.
    CrLf,
    /// LF, as the interpreter does.
    Lf,
}

/// How `vfs.rom_ioctl(2, n)` shows a ROM partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RomKind {
    /// Memory-mapped flash: a `memoryview`, written through `rom_ioctl`.
    Memory,
    /// A block device: an object with `ioctl`, `readblocks` and `writeblocks`.
    Object,
}

/// Everything that makes one simulated board different from another.
///
/// [`Options::default`] is a board on a `fast` link with 1 MiB of `LittleFS` 2 in a temporary file
/// and a 1 MiB heap, and all that the interpreter offers.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of a board, independently of the others"
)]
pub struct Options {
    /// Key `link`: `uart:BAUD`, `usb` or `fast`.
    pub link: LinkKind,
    /// Key `latency`, milliseconds: the time a byte is on its way besides its own duration.
    /// `None`: 1 ms for a UART, 0.25 ms for USB, none for `fast`.
    pub latency: Option<Duration>,
    /// Key `ring`, bytes: how much the board can receive before a program reads it.
    /// `None`: 260 for a UART, 512 for USB, 4096 for `fast`.
    pub ring: Option<usize>,
    /// Key `backpressure`, `yes` or `no`: whether a full ring makes the host wait, or drops.
    /// `None`: a UART drops, the others wait.
    pub back_pressure: Option<bool>,
    /// Key `flash`: the file that holds the flash. `None`: a temporary file.
    pub flash: Option<PathBuf>,
    /// Key `flash-size`, bytes (`k` and `m` are understood). Only a new file is given this size.
    pub flash_size: u64,
    /// Key `fs`: the filesystem that a blank flash is formatted with.
    pub filesystem: Filesystem,
    /// Key `erase`, milliseconds: how long one 4 KiB block takes to erase.
    pub erase_delay: Duration,
    /// Key `program`, milliseconds: how long one 256-byte page takes to write.
    pub program_delay: Duration,
    /// Key `flash-deaf`, `yes` or `no`: whether the board receives nothing while its flash is erased
    /// or written, as those whose UART interrupt is off for that time (esp8266, stm32, rp2). Without
    /// back-pressure what arrives then is lost, Ctrl-C too. Only with flash delays.
    pub flash_deaf: bool,
    /// Key `cut`: power is lost in the middle of the N-th write to the flash (or write or erasure of a
    /// ROM partition), counted from 1 after the first mount; it comes back at once. 0 counts, and waits for
    /// [`Board::cut_power_at_write`](crate::Board::cut_power_at_write).
    pub cut: Option<u64>,
    /// Key `faults`: what goes wrong on the cable, by commas, each once: a kind, `@`, `to` or `from`
    /// (the board), and the number of the byte that suffers: `drop@to:1200,pause=800@from:90`. Kinds
    /// are `drop`, `flip`, `double`, `packet`, `pause=MILLISECONDS`, `noise`, `unplug`, `reset`.
    pub accidents: Vec<Accident>,
    /// Keys `error-rate` (from 0 to 1) and `seed`: each byte of either direction may be lost, flipped,
    /// doubled, or taken with its packet.
    pub error_rate: Option<ErrorRate>,
    /// Key `hang-up`, `yes` or `no`: whether the link ends when the board resets or enters its bootloader,
    /// as over its own USB, and is there again at once. A UART's goes on.
    pub hangs_up: bool,
    /// Key `missing`: what this firmware lacks: `deflate`, `binascii.crc32`, `bytes.fromhex`.
    pub missing: Vec<String>,
    /// Key `deflate`, `writes` or `reads`: whether `deflate.DeflateIO` can write though the
    /// interpreter's cannot.
    pub deflate_writes: bool,
    /// Key `names=u`: modules go by their old names only (`ubinascii`), as before 1.19.
    pub u_names: bool,
    /// Key `raw-paste`: whether the raw REPL knows raw-paste mode (1.14 and later).
    pub raw_paste: bool,
    /// Key `line-ends`, `crlf` or `lf`: how text that a program prints ends its lines. Boards send
    /// CR LF; `lf` is what the interpreter prints. `sys.stdout.buffer` sends bytes as they are.
    pub line_ends: LineEnds,
    /// Key `heap`, bytes: the board's garbage-collected memory, on a 64-bit machine. All but about
    /// 1.5 KiB of it is free when the board is up, as on a real one; what the simulator itself needs
    /// comes on top.
    pub heap: u64,
    /// Key `fragments`, `SEED:BYTES`: only so much of the heap is free, and in pieces, as programs that
    /// have run for long leave it.
    pub fragments: Option<(u64, u64)>,
    /// Key `memory-error`, `N:TIMES`: so many calls that allocate memory (`bytearray`, `open`,
    /// `io.BytesIO`, `DeflateIO`, `sha256`, …) fail from the N-th on, counted from 1 at each start.
    pub memory_error: Option<(u64, u64)>,
    /// Key `rom`: the sizes in bytes of the ROM partitions, multiples of 4096.
    pub rom: Vec<u64>,
    /// Key `rom-file`: the file that holds all ROM partitions, one after another.
    pub rom_file: Option<PathBuf>,
    /// Key `rom-kind`: `memory` or `object`.
    pub rom_kind: RomKind,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            link: LinkKind::Fast,
            latency: None,
            ring: None,
            back_pressure: None,
            flash: None,
            flash_size: 1 << 20,
            filesystem: Filesystem::Lfs2,
            erase_delay: Duration::ZERO,
            program_delay: Duration::ZERO,
            flash_deaf: false,
            cut: None,
            accidents: Vec::new(),
            error_rate: None,
            hangs_up: false,
            missing: Vec::new(),
            deflate_writes: false,
            u_names: false,
            raw_paste: true,
            line_ends: LineEnds::Lf,
            heap: 1 << 20,
            fragments: None,
            memory_error: None,
            rom: Vec::new(),
            rom_file: None,
            rom_kind: RomKind::Memory,
        }
    }
}

/// An option that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// There is no option of this name.
    #[error("the simulated board has no option '{key}' (it knows {})", KEYS.join(", "))]
    UnknownKey {
        /// What was written.
        key: String,
    },
    /// The option exists, and this is no value for it.
    #[error(
        "'{value}' is not a value for the simulated board's option '{key}': expected {expected}"
    )]
    BadValue {
        /// The option's name.
        key: String,
        /// What was written.
        value: String,
        /// What could have been.
        expected: &'static str,
    },
}

/// The names of all options, as [`Options::set`] takes them.
pub const KEYS: &[&str] = &[
    "link",
    "latency",
    "ring",
    "backpressure",
    "flash",
    "flash-size",
    "fs",
    "erase",
    "program",
    "flash-delays",
    "flash-deaf",
    "cut",
    "faults",
    "error-rate",
    "seed",
    "hang-up",
    "missing",
    "deflate",
    "names",
    "raw-paste",
    "firmware",
    "line-ends",
    "heap",
    "fragments",
    "memory-error",
    "rom",
    "rom-file",
    "rom-kind",
];

/// The flash is a whole number of these, and nothing smaller can be erased.
pub(crate) const ERASE_BLOCK: u64 = 4096;

impl Options {
    /// Reads `key=value` pairs joined by `&`, as they stand in an address after `sim:?`.
    pub fn parse(parameters: &str) -> Result<Options, OptionsError> {
        let mut options = Options::default();
        for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.set(key, value)?;
        }
        Ok(options)
    }

    /// Sets one option by the name and value that a user writes.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), OptionsError> {
        let bad = |expected| OptionsError::BadValue {
            key: key.to_owned(),
            value: value.to_owned(),
            expected,
        };
        match key {
            "link" => self.link = link(value).ok_or_else(|| bad("uart:BAUD, usb or fast"))?,
            "latency" => self.latency = Some(milliseconds(value).ok_or_else(|| bad(MILLISECONDS))?),
            "ring" => {
                // The ring lives in a pipe, and Linux gives a pipe 64 KiB.
                let bytes = size(value).filter(|bytes| (1..=32 << 10).contains(bytes));
                let bytes = bytes.ok_or_else(|| bad("a number of bytes from 1 to 32k"))?;
                self.ring = Some(bytes as usize);
            }
            "backpressure" => self.back_pressure = Some(yes(value).ok_or_else(|| bad(YES_OR_NO))?),
            "flash" => self.flash = Some(path(value).ok_or_else(|| bad("a path"))?),
            "flash-size" => {
                let bytes = size(value).filter(|b| *b >= 16 * ERASE_BLOCK && b % ERASE_BLOCK == 0);
                self.flash_size =
                    bytes.ok_or_else(|| bad("a multiple of 4k, at least 64k (such as 1m)"))?;
            }
            "fs" => {
                self.filesystem = match value {
                    "lfs2" => Filesystem::Lfs2,
                    "lfs1" => Filesystem::Lfs1,
                    "fat" => Filesystem::Fat,
                    _ => return Err(bad("lfs2, lfs1 or fat")),
                }
            }
            "erase" => self.erase_delay = milliseconds(value).ok_or_else(|| bad(MILLISECONDS))?,
            "program" => {
                self.program_delay = milliseconds(value).ok_or_else(|| bad(MILLISECONDS))?;
            }
            "flash-delays" => match value {
                // Typical times of a serial NOR flash's data sheet.
                "nor" => {
                    self.erase_delay = Duration::from_millis(45);
                    self.program_delay = Duration::from_micros(700);
                }
                "no" | "none" => {
                    self.erase_delay = Duration::ZERO;
                    self.program_delay = Duration::ZERO;
                }
                _ => return Err(bad("nor or none")),
            },
            "flash-deaf" => self.flash_deaf = yes(value).ok_or_else(|| bad(YES_OR_NO))?,
            "cut" => {
                self.cut = Some(
                    value
                        .parse()
                        .map_err(|_| bad("the number of a flash write"))?,
                );
            }
            "faults" => {
                let accidents: Result<Vec<Accident>, ()> =
                    value.split(',').map(str::parse).collect();
                self.accidents.extend(accidents.map_err(|()| {
                    bad("KIND@to:BYTE or KIND@from:BYTE, by commas (drop@to:1200)")
                })?);
            }
            "error-rate" => {
                let rate = value.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
                self.errors().rate = rate.ok_or_else(|| bad("a number from 0 to 1"))?;
            }
            "seed" => self.errors().seed = value.parse().map_err(|_| bad("a whole number"))?,
            "hang-up" => self.hangs_up = yes(value).ok_or_else(|| bad(YES_OR_NO))?,
            "missing" => self.missing.extend(
                missing(value)
                    .ok_or_else(|| bad("modules, module.attribute or bytes.fromhex, by commas"))?,
            ),
            "deflate" => match value {
                "writes" => self.deflate_writes = true,
                "reads" => self.deflate_writes = false,
                _ => return Err(bad("reads or writes")),
            },
            "names" => match value {
                "u" => self.u_names = true,
                "new" => self.u_names = false,
                _ => return Err(bad("u or new")),
            },
            "raw-paste" => self.raw_paste = yes(value).ok_or_else(|| bad(YES_OR_NO))?,
            "firmware" => match value {
                "1.12" => {
                    self.u_names = true;
                    self.raw_paste = false;
                    self.missing.push("bytes.fromhex".to_owned());
                }
                "1.29" => {
                    self.u_names = false;
                    self.raw_paste = true;
                }
                _ => return Err(bad("1.12 or 1.29")),
            },
            "line-ends" => match value {
                "crlf" => self.line_ends = LineEnds::CrLf,
                "lf" => self.line_ends = LineEnds::Lf,
                _ => return Err(bad("crlf or lf")),
            },
            "heap" => {
                let bytes = size(value).filter(|bytes| *bytes >= 8 << 10);
                self.heap = bytes.ok_or_else(|| bad("a size of at least 8k"))?;
            }
            "fragments" => {
                let pair = pair(value).filter(|(_, bytes)| *bytes > 0);
                self.fragments = Some(pair.ok_or_else(|| bad("SEED:BYTES (such as 7:12k)"))?);
            }
            "memory-error" => {
                let pair = pair(value).filter(|(number, times)| *number > 0 && *times > 0);
                self.memory_error = Some(pair.ok_or_else(|| bad("N:TIMES, both from 1"))?);
            }
            "rom" => self.rom = rom(value).ok_or_else(|| bad("multiples of 4k, by commas"))?,
            "rom-file" => self.rom_file = Some(path(value).ok_or_else(|| bad("a path"))?),
            "rom-kind" => {
                self.rom_kind = match value {
                    "memory" => RomKind::Memory,
                    "object" => RomKind::Object,
                    _ => return Err(bad("memory or object")),
                }
            }
            _ => {
                return Err(OptionsError::UnknownKey {
                    key: key.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn errors(&mut self) -> &mut ErrorRate {
        self.error_rate.get_or_insert_default()
    }

    /// Bytes per second each way; `None` is as fast as the machine can.
    #[must_use]
    pub fn bytes_per_second(&self) -> Option<u64> {
        match self.link {
            LinkKind::Uart { baud } => Some(u64::from(baud) / 10),
            LinkKind::Usb => Some(600_000),
            LinkKind::Fast => None,
        }
    }

    /// How long a byte is on its way besides its own duration.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.latency.unwrap_or(match self.link {
            LinkKind::Uart { .. } => Duration::from_millis(1),
            LinkKind::Usb => Duration::from_micros(250),
            LinkKind::Fast => Duration::ZERO,
        })
    }

    /// How many bytes the board holds that no program has read yet.
    #[must_use]
    pub fn ring(&self) -> usize {
        self.ring.unwrap_or(match self.link {
            LinkKind::Uart { .. } => 260,
            LinkKind::Usb => 512,
            LinkKind::Fast => 4096,
        })
    }

    /// Whether a full ring makes the host wait, instead of losing bytes.
    #[must_use]
    pub fn back_pressure(&self) -> bool {
        self.back_pressure
            .unwrap_or(!matches!(self.link, LinkKind::Uart { .. }))
    }
}

const MILLISECONDS: &str = "milliseconds (such as 1 or 0.25)";
const YES_OR_NO: &str = "yes or no";

fn link(value: &str) -> Option<LinkKind> {
    match value {
        "usb" => Some(LinkKind::Usb),
        "fast" => Some(LinkKind::Fast),
        _ => {
            let baud: u32 = value.strip_prefix("uart:")?.parse().ok()?;
            (baud >= 300).then_some(LinkKind::Uart { baud })
        }
    }
}

/// Two numbers with a colon between them.
fn pair(value: &str) -> Option<(u64, u64)> {
    let (first, second) = value.split_once(':')?;
    Some((first.parse().ok()?, size(second)?))
}

fn milliseconds(value: &str) -> Option<Duration> {
    let milliseconds: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}

fn size(value: &str) -> Option<u64> {
    let value = value.to_ascii_lowercase();
    let (digits, unit) = match value.as_bytes().last()? {
        b'k' => (&value[..value.len() - 1], 1 << 10),
        b'm' => (&value[..value.len() - 1], 1 << 20),
        _ => (value.as_str(), 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn yes(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn path(value: &str) -> Option<PathBuf> {
    (!value.is_empty()).then(|| PathBuf::from(value))
}

fn missing(value: &str) -> Option<Vec<String>> {
    let names = value.split(',').filter(|name| !name.is_empty());
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    names
        .map(|name| {
            let parts: Vec<&str> = name.split('.').collect();
            let known = match parts.as_slice() {
                ["bytes", attribute] => *attribute == "fromhex",
                ["sys", "stdin", "buffer"] => true,
                [module] => plain(module),
                [module, attribute] => plain(module) && plain(attribute),
                _ => false,
            };
            known.then(|| name.to_owned())
        })
        .collect()
}

fn rom(value: &str) -> Option<Vec<u64>> {
    value
        .split(',')
        .map(|part| size(part).filter(|bytes| *bytes > 0 && bytes % ERASE_BLOCK == 0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_describes_a_board() {
        let options = Options::parse("link=uart:115200&fs=fat&heap=64k&missing=deflate,io.BytesIO")
            .expect("it is the example of the documentation");
        assert_eq!(options.bytes_per_second(), Some(11_520));
        assert_eq!(options.latency(), Duration::from_millis(1));
        assert_eq!((options.ring(), options.back_pressure()), (260, false));
        assert_eq!(options.filesystem, Filesystem::Fat);
        assert_eq!(options.heap, 65_536);
        assert_eq!(options.missing, ["deflate", "io.BytesIO"]);
    }

    #[test]
    fn nothing_written_is_the_default_board() {
        assert_eq!(Options::parse(""), Ok(Options::default()));
    }

    #[test]
    fn what_a_link_implies_can_be_overridden() {
        let options = Options::parse("link=usb&latency=0.5&ring=128&backpressure=no").unwrap();
        assert_eq!(options.latency(), Duration::from_micros(500));
        assert_eq!((options.ring(), options.back_pressure()), (128, false));
    }

    #[test]
    fn old_firmware_is_a_shortcut() {
        let options = Options::parse("firmware=1.12").unwrap();
        assert!(options.u_names && !options.raw_paste);
    }

    #[test]
    fn an_unknown_option_is_named() {
        let error = Options::parse("speed=9600").unwrap_err();
        assert!(error.to_string().contains("no option 'speed'"), "{error}");
    }

    #[test]
    fn a_bad_value_says_what_was_expected() {
        let error = Options::parse("link=serial").unwrap_err();
        assert_eq!(
            error.to_string(),
            "'serial' is not a value for the simulated board's option 'link': expected uart:BAUD, usb or fast"
        );
        for bad in [
            "flash-size=1000",
            "heap=1k",
            "ring=0",
            "rom=100",
            "missing=a.b.c",
            "cut=x",
            "link=uart:0",
            "latency=-1",
            "backpressure=maybe",
            "flash-deaf=1",
            "deflate=yes",
        ] {
            assert!(Options::parse(bad).is_err(), "{bad}");
        }
    }
}
