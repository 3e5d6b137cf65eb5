//! The files that the demo and the bench copy: the same bytes on every machine and in every run,
//! so that times can be compared from one commit to the next.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use sha2::{Digest, Sha256};

/// What a file holds. Encodings differ most in what they make of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// Nothing to compress: the wire's own speed.
    Random,
    /// Python source, what boards are mostly sent.
    Source,
    /// Sensor readings as text.
    Log,
    /// The best case of compression and the worst of Python literals.
    Zeros,
}

impl Kind {
    /// The name as the command line and the reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Source => "source",
            Self::Log => "log",
            Self::Zeros => "zeros",
        }
    }

    /// The extension such a file has in real life: a tool may look at it.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Source => "py",
            Self::Log => "log",
            Self::Random | Self::Zeros => "bin",
        }
    }

    /// Exactly `length` bytes of this kind; `real_source` are folders with Python source to use.
    pub fn bytes(self, length: usize, real_source: &[PathBuf]) -> Vec<u8> {
        let mut bytes = match self {
            Self::Random => Generator::new(1).bytes(length),
            Self::Source => real_python(real_source)
                .ok()
                .filter(|source| source.len() >= length)
                .unwrap_or_else(|| python(2, length).into_bytes()),
            Self::Log => sensor_log(3, length).into_bytes(),
            Self::Zeros => vec![0; length],
        };
        bytes.truncate(length);
        bytes
    }
}

/// The SHA-256 of `bytes` in hexadecimal, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Every `.py` file of `folders`, folder by folder in the order of their names, as one.
fn real_python(folders: &[PathBuf]) -> Result<Vec<u8>> {
    let mut source = Vec::new();
    for folder in folders {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .with_context(|| format!("cannot list {}", folder.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .collect();
        paths.sort();
        for path in paths {
            let bytes = fs::read(&path);
            source.extend(bytes.with_context(|| format!("cannot read {}", path.display()))?);
        }
    }
    Ok(source)
}

/// A small project as a board would hold it: path and contents, parents before children.
///
/// About 85 KB: some seconds at 115200 baud, long enough to watch and short enough to wait for.
pub fn project_tree() -> Vec<(&'static str, Vec<u8>)> {
    let source = |seed, length| python(seed, length).into_bytes();
    vec![
        ("boot.py", source(11, 700)),
        ("main.py", source(12, 3_500)),
        ("config.py", source(13, 1_200)),
        ("lib/drivers/bme280.py", source(21, 7_000)),
        ("lib/drivers/display.py", source(22, 11_000)),
        ("lib/drivers/radio.py", source(23, 9_000)),
        ("lib/net/http.py", source(31, 8_000)),
        ("lib/net/mqtt.py", source(32, 12_000)),
        ("lib/schedule.py", source(41, 5_000)),
        ("ui/pages.py", source(51, 10_000)),
        ("ui/logo.bin", Generator::new(61).bytes(4_096)),
        ("logs/yesterday.log", sensor_log(71, 14_000).into_bytes()),
    ]
}

/// Writes `files`, path and contents, under `folder`.
pub fn write_tree(folder: &Path, files: &[(impl AsRef<Path>, Vec<u8>)]) -> Result<()> {
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
        }
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Marsaglia's xorshift64*: a few lines, no dependency, and the same everywhere.
pub struct Generator(u64);

impl Generator {
    /// Equal seeds are equal numbers.
    pub fn new(seed: u64) -> Self {
        // The state must not be zero, and neighbouring seeds should not start alike.
        let mut generator = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        generator.next();
        generator
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number from 0 up to and without `end`.
    pub fn below(&mut self, end: usize) -> usize {
        // The high bits are the good ones; `end` is small, so the bias does not matter.
        (self.next() >> 33) as usize % end
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}

const VERBS: [&str; 12] = [
    "read", "write", "update", "reset", "send", "poll", "parse", "draw", "store", "measure",
    "open", "check",
];
const NOUNS: [&str; 16] = [
    "sensor", "frame", "buffer", "register", "channel", "packet", "state", "timer", "page",
    "clock", "queue", "client", "reading", "header", "screen", "limit",
];
const REMARKS: [&str; 8] = [
    "the datasheet wants a pause here",
    "keep the bus free for the others",
    "nothing to do until the next tick",
    "allocated once, the heap is small",
    "values are in hundredths",
    "the first byte is the address",
    "see the table in the manual",
    "called from an interrupt, be quick",
];

/// Valid Python of about `length` bytes (never less) that compresses about as real source does.
fn python(seed: u64, length: usize) -> String {
    let mut random = Generator::new(seed);
    let mut text = format!("# Made by a generator, seed {seed}.\nimport time\nimport struct\n");
    while text.len() < length {
        let class = capitalized(random.pick(&NOUNS)) + &capitalized(random.pick(&NOUNS));
        let address = random.below(256);
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            text,
            "\n\nclass {class}:\n    ADDRESS = 0x{address:02x}\n\n    \
             def __init__(self, bus, {0}=None):\n        self.bus = bus\n        \
             self.{0} = {0}\n        self.buffer = bytearray({1})\n",
            random.pick(&NOUNS),
            1 << (3 + random.below(6)),
        );
        table(&mut text, &mut random);
        for _ in 0..2 + random.below(4) {
            if text.len() >= length {
                break;
            }
            method(&mut text, &mut random);
        }
    }
    text
}

/// Constants as drivers carry them; they are what keeps real source from shrinking further.
fn table(text: &mut String, random: &mut Generator) {
    let _ = write!(
        text,
        "\n    {}_TABLE = (",
        random.pick(&NOUNS).to_ascii_uppercase()
    );
    for index in 0..8 * (1 + random.below(8)) {
        let start = if index % 8 == 0 { "\n        " } else { " " };
        let _ = write!(text, "{start}0x{:02x},", random.below(256));
    }
    text.push_str("\n    )\n");
}

fn method(text: &mut String, random: &mut Generator) {
    let (verb, noun) = (random.pick(&VERBS), random.pick(&NOUNS));
    let _ = writeln!(
        text,
        "\n    def {verb}_{noun}(self, {noun}, timeout={}):",
        random.below(5000)
    );
    if random.below(2) == 0 {
        let (first, second) = (random.pick(&VERBS), random.pick(&VERBS));
        let _ = writeln!(
            text,
            "        # {}: {first} the {}, then {second} the {}.",
            capitalized(random.pick(&REMARKS)),
            random.pick(&NOUNS),
            random.pick(&NOUNS),
        );
    }
    for _ in 0..2 + random.below(5) {
        let other = random.pick(&NOUNS);
        let number = random.below(1024);
        let _ = match random.below(5) {
            0 => writeln!(text, "        self.{other} = {noun} * {number} // 100"),
            1 => writeln!(
                text,
                "        if {noun} > 0x{number:03x}:\n            \
                 raise ValueError(\"{other} {verb} failed: %d\" % {noun})"
            ),
            2 => writeln!(
                text,
                "        for index in range({}):\n            \
                 self.buffer[index] = ({noun} >> index) & 0xff",
                1 + number % 16
            ),
            3 => writeln!(
                text,
                "        {other} = struct.unpack_from(\"<{}\", self.buffer, {})",
                random.pick(&["H", "hh", "I", "BBH", "f"]),
                number % 8
            ),
            _ => writeln!(text, "        time.sleep_ms({})", number % 100),
        };
    }
    let _ = writeln!(text, "        return self.buffer[{}]", random.below(8));
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// Sensor readings of about `length` bytes (never less): regular time, slowly wandering values.
fn sensor_log(seed: u64, length: usize) -> String {
    const SENSORS: [(&str, &str, i32, i32); 4] = [
        ("greenhouse/temperature", "C", 2137, 9),
        ("greenhouse/humidity", "%", 5420, 25),
        ("barn/pressure", "hPa", 101_325, 12),
        ("solar/power", "W", 34_800, 310),
    ];
    let mut random = Generator::new(seed);
    let mut values = SENSORS.map(|(_, _, start, _)| start);
    let mut text = String::with_capacity(length + 80);
    let mut milliseconds = 6 * 3_600_000_u64;
    while text.len() < length {
        for (value, (sensor, unit, _, step)) in values.iter_mut().zip(SENSORS) {
            let span = usize::try_from(2 * step + 1).unwrap_or(1);
            *value += i32::try_from(random.below(span)).unwrap_or(0) - step;
            milliseconds += 200 + random.below(100) as u64;
            let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
            let _ = writeln!(
                text,
                "2026-08-01T{:02}:{:02}:{:02}.{fraction:03}Z {sensor} {}.{:02} {unit} rssi=-{}",
                seconds / 3600 % 24,
                seconds / 60 % 60,
                seconds % 60,
                *value / 100,
                (*value % 100).abs(),
                55 + random.below(30),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published figures compare commits: whoever changes the data must do so knowingly, here.
    #[test]
    fn the_generated_files_are_the_ones_that_were_measured_before() {
        let start = |kind: Kind| sha256(&kind.bytes(51_200, &[]))[..16].to_owned();
        assert_eq!(start(Kind::Random), "ef75202ea80f6a41");
        assert_eq!(start(Kind::Source), "c5697d61892a1f83");
        assert_eq!(start(Kind::Log), "ef4a2f8d4ed9f23b");
        assert_eq!(start(Kind::Zeros), "16fa66a7dc98d93f");
    }

    #[test]
    fn a_file_has_exactly_the_size_asked_for() {
        for kind in Kind::value_variants() {
            for length in [1, 1024, 10_240] {
                assert_eq!(kind.bytes(length, &[]).len(), length);
            }
        }
    }

    #[test]
    fn a_shorter_file_is_the_beginning_of_a_longer_one() {
        for kind in Kind::value_variants() {
            assert!(kind.bytes(10_240, &[]).starts_with(&kind.bytes(1024, &[])));
        }
    }

    #[test]
    fn the_demo_tree_has_folders_and_a_size_worth_watching() {
        let tree = project_tree();
        let total: usize = tree.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!((60_000..100_000).contains(&total), "{total}");
        assert!(tree.iter().any(|(path, _)| path.matches('/').count() == 2));
    }
}
