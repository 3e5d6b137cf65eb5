//! The board's files on the computer: its flash, its ROM partitions and its boot program.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::flash_watch::FlashWatch;
use crate::options::{ERASE_BLOCK, Filesystem, LineEnds, Options, RomKind};

/// The boot program and its parts: see `onboard/boot.py`.
const ONBOARD: &[(&str, &str)] = &[
    ("boot.py", include_str!("onboard/boot.py")),
    ("blank.py", include_str!("onboard/blank.py")),
    ("flash.py", include_str!("onboard/flash.py")),
    ("flash_fat.py", include_str!("onboard/flash_fat.py")),
    ("flash_slow.py", include_str!("onboard/flash_slow.py")),
    ("mount.py", include_str!("onboard/mount.py")),
    ("machine_parts.py", include_str!("onboard/machine_parts.py")),
    ("stdout_parts.py", include_str!("onboard/stdout_parts.py")),
    ("rom.py", include_str!("onboard/rom.py")),
    ("deflate_parts.py", include_str!("onboard/deflate_parts.py")),
    ("missing.py", include_str!("onboard/missing.py")),
    ("uzlib_parts.py", include_str!("onboard/uzlib_parts.py")),
    ("scarce_memory.py", include_str!("onboard/scarce_memory.py")),
];

/// Each number in the file of flash writes, as `onboard/flash_slow.py` reads it.
const DIGITS: u64 = 12;

/// The files of one board. Temporary ones are removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Storage {
    folder: TempDir,
    flash: PathBuf,
    rom: PathBuf,
}

impl Storage {
    /// Makes what is not there yet: a blank flash is all ones, as the chip comes.
    pub fn open(options: &Options) -> io::Result<Storage> {
        let folder = tempfile::Builder::new().prefix("mpwire-sim-").tempdir()?;
        for (name, text) in ONBOARD {
            std::fs::write(folder.path().join(name), text)?;
        }
        let flash = place(options.flash.as_deref(), folder.path(), "flash.bin")?;
        blank(&flash, options.flash_size)?;
        let rom = place(options.rom_file.as_deref(), folder.path(), "rom.bin")?;
        if !options.rom.is_empty() {
            blank(&rom, options.rom.iter().sum())?;
        }
        let storage = Storage { folder, flash, rom };
        std::fs::write(storage.writes(), format!("{:12}{:12}", 0, 0))?;
        Ok(storage)
    }

    /// Where the interpreter finds its boot program.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file in which `onboard/flash_slow.py` counts.
    fn writes(&self) -> PathBuf {
        self.folder.path().join("writes")
    }

    /// The named pipe through which `onboard/flash_slow.py` tells when the flash is busy.
    fn busy(&self) -> PathBuf {
        self.folder.path().join("busy")
    }

    /// Begins to watch when the flash is busy; once, and before an interpreter is started.
    pub fn watch_flash(&self) -> io::Result<FlashWatch> {
        FlashWatch::create(&self.busy())
    }

    /// How many writes to the flash there were.
    pub fn flash_writes(&self) -> io::Result<u64> {
        let mut text = String::new();
        File::open(self.writes())?
            .take(DIGITS)
            .read_to_string(&mut text)?;
        text.trim().parse().map_err(io::Error::other)
    }

    /// Power is to be lost in the `count`-th write from now on; 0: not at all.
    pub fn cut_power_at_write(&self, count: u64) -> io::Result<()> {
        let number = match count {
            0 => 0,
            count => self.flash_writes()? + count,
        };
        let mut file = OpenOptions::new().write(true).open(self.writes())?;
        file.seek(SeekFrom::Start(DIGITS))?;
        file.write_all(format!("{number:12}").as_bytes())
    }

    /// What the boot program has to know: environment variables.
    pub fn variables(&self, options: &Options) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let seconds = |delay: std::time::Duration| delay.as_secs_f64();
        let slow = !options.erase_delay.is_zero()
            || !options.program_delay.is_zero()
            || options.cut.is_some();
        let flash_part = match options.filesystem {
            _ if slow => "flash_slow.py",
            Filesystem::Fat => "flash_fat.py",
            Filesystem::Lfs1 | Filesystem::Lfs2 => "flash.py",
        };
        let mut parts = vec![flash_part, "mount.py"];
        if !options.rom.is_empty() {
            parts.push("rom.py");
        }
        parts.push("machine_parts.py");
        if options.line_ends == LineEnds::CrLf {
            parts.push("stdout_parts.py");
        }
        if options.deflate_writes {
            parts.push("deflate_parts.py");
        }
        if !options.missing.is_empty() || options.u_names {
            parts.push("missing.py");
        }
        if options.fragments.is_some() || options.memory_error.is_some() {
            parts.push("scarce_memory.py");
        }
        let pair = |pair: Option<(u64, u64)>| format!("{:?}", pair.unwrap_or_default());
        // Ports with little memory take LittleFS's small default buffers; rp2 and its like a page.
        let page_buffers = options.heap >= 128 << 10;
        vec![
            ("MPWIRE_PARTS", parts.join(" ")),
            ("MPWIRE_FLASH", text(&self.flash)),
            ("MPWIRE_FS", options.filesystem.name().to_owned()),
            (
                "MPWIRE_LFS",
                if page_buffers {
                    "{'readsize': 256, 'progsize': 256}"
                } else {
                    "{}"
                }
                .to_owned(),
            ),
            ("MPWIRE_WRITES", text(&self.writes())),
            (
                "MPWIRE_SLOW",
                format!(
                    "({}, {})",
                    seconds(options.erase_delay),
                    seconds(options.program_delay)
                ),
            ),
            (
                "MPWIRE_BUSY",
                if options.flash_deaf {
                    text(&self.busy())
                } else {
                    String::new()
                },
            ),
            ("MPWIRE_HEAP", options.heap.to_string()),
            ("MPWIRE_FRAGMENTS", pair(options.fragments)),
            ("MPWIRE_MEMORY_ERROR", pair(options.memory_error)),
            ("MPWIRE_MISSING", options.missing.join(",")),
            (
                "MPWIRE_NAMES",
                if options.u_names { "u" } else { "" }.to_owned(),
            ),
            (
                "MPWIRE_ROM",
                options
                    .rom
                    .iter()
                    .fold(String::from("("), |list, size| format!("{list}{size},"))
                    + ")",
            ),
            ("MPWIRE_ROM_FILE", text(&self.rom)),
            (
                "MPWIRE_ROM_KIND",
                match options.rom_kind {
                    RomKind::Memory => "memory",
                    RomKind::Object => "object",
                }
                .to_owned(),
            ),
        ]
    }
}

/// A file's absolute path: the interpreter runs in another folder.
fn place(chosen: Option<&Path>, folder: &Path, name: &str) -> io::Result<PathBuf> {
    match chosen {
        Some(path) => std::path::absolute(path),
        None => Ok(folder.join(name)),
    }
}

/// Makes a file of `size` bytes of 0xff, or makes an existing one as long as that; never shorter.
fn blank(path: &Path, size: u64) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .append(true)
        .open(path)?;
    let mut length = file.metadata()?.len();
    // Only an empty file is a new one; another keeps the size it was formatted with.
    if length == 0 || length % ERASE_BLOCK != 0 {
        let block = [0xff; ERASE_BLOCK as usize];
        while length < size {
            let part = (size - length).min(ERASE_BLOCK) as usize;
            file.write_all(&block[..part])?;
            length += part as u64;
        }
    }
    Ok(())
}
