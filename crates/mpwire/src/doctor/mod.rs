//! What is wrong between this computer and a board, or with the board.
//!
//! | module | looks at |
//! |---|---|
//! | [`ports`] | serial ports: what is plugged in, who may open it, who has it open |
//! | [`presence`] | what is at the other end, without disturbing it |
//! | [`examination`] | a board that answers: firmware, link, filesystems, ROM partitions |
//!
//! All of it ends in [`Finding`]s, which hold what was found and no words.

mod access;
pub mod examination;
pub mod ports;
pub mod presence;

use std::time::Duration;

use crate::bench::RoundTrip;
use crate::board::capabilities::Capabilities;
use crate::board::fs::Filesystem;
use crate::transfer::choice::Prediction;
use crate::transfer::leftovers::Healed;

use crate::devices::Known;
use ports::{Access, Holder, PortState};
use presence::Presence;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Fine,
    /// To be known of; everything works.
    Warning,
    /// Something does not work.
    Problem,
}

/// One thing that was found out.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// This computer has no serial port of a USB device.
    NoPort,
    /// The ports could not be listed.
    Unlisted {
        /// What the system said.
        reason: String,
    },
    /// A serial port that nobody asked for by name.
    Port(PortState),
    /// The port that is to be used, and whether it can be.
    ChosenPort(PortState),
    /// The port or address that is to be used could not be opened.
    NotOpened {
        /// What the user calls it.
        name: String,
        /// Why.
        reason: String,
        /// What can be done.
        hint: Option<String>,
    },
    /// A USB device that should be a serial port is none: its driver is missing, or another program
    /// has taken it.
    NoDriver(Known),
    /// A board waits for firmware.
    WaitsForFirmware(Known),
    /// A program runs that opens ports by itself.
    Grabber(Holder),
    /// Several boards are there, and none was named.
    SeveralBoards {
        /// Their ports.
        ports: Vec<String>,
    },
    /// What is at the other end.
    Presence(Presence),
    /// The connection broke, or the board stopped answering.
    Lost {
        /// What happened.
        reason: String,
    },
    /// Bytes were lost or changed on their way to the board or from it.
    Losses {
        /// How often something had to be done again for that.
        times: usize,
    },
    /// Something could not be looked at.
    NotExamined {
        /// What, such as `the clock`.
        what: &'static str,
        /// Why.
        reason: Unexamined,
    },
    /// What the firmware is.
    Identity(Identity),
    /// The heap.
    Memory {
        /// Bytes that are free, after a garbage collection.
        free: u64,
        /// Bytes in use.
        used: u64,
    },
    /// The clock: year, month, day, weekday, hour, minute, second.
    Clock(Vec<i64>),
    /// Which programs run when the board starts.
    AtStart {
        /// Bytes of `boot.py`, if there is one.
        boot: Option<u64>,
        /// Bytes of `main.py`.
        main: Option<u64>,
        /// Whether a program was running that had to be interrupted.
        was_busy: bool,
    },
    /// How long an exchange takes.
    RoundTrip(RoundTrip),
    /// What becomes of bytes that arrive while the board does not read.
    Receiving {
        /// Bytes that were sent.
        sent: u64,
        /// Bytes that were there in the end.
        found: u64,
        /// Bytes up to the first that was lost.
        right: u64,
    },
    /// Whether programs are sent by raw-paste, which has flow control.
    RawPaste(bool),
    /// What the firmware has that transfers use.
    Capabilities(Capabilities),
    /// How files would be sent, the fastest way first.
    Encodings(Vec<Prediction>),
    /// A filesystem, and how full it is.
    Filesystem {
        /// Size, free space and place.
        filesystem: Filesystem,
        /// The free space in bytes by a count of its directories, where what the firmware says cannot be.
        counted: Option<u64>,
        /// Its label; empty where it has none.
        label: String,
        /// Whether it is read-only by its kind or by the way it is mounted.
        read_only: bool,
    },
    /// Whether a file can be written and is read as it was written.
    Writing {
        /// Where the filesystem is mounted.
        place: String,
        /// How it went.
        result: Writing,
    },
    /// A file or directory that cannot be read.
    Unreadable {
        /// Its path on the board.
        path: String,
        /// Whether it is a directory.
        is_directory: bool,
        /// What the board raised.
        reason: String,
    },
    /// How much of a filesystem was read.
    Files {
        /// Where it is mounted.
        place: String,
        /// Files that were found.
        files: u64,
        /// Directories.
        directories: u64,
        /// Bytes that were read.
        bytes: u64,
        /// Whether that is all there is.
        is_all: bool,
    },
    /// What an interrupted copy has left.
    Leftover {
        /// Its path on the board.
        path: String,
        /// What became of it, if that was wanted.
        healed: Option<Healed>,
    },
    /// A ROM partition.
    Rom {
        /// Its number.
        number: u32,
        /// Its size in bytes.
        size: u64,
        /// What is in it.
        contents: RomContents,
    },
}

/// Why something could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexamined {
    /// The firmware has not what that takes.
    Lacking(String),
    /// The board has too little memory for it.
    NoMemory,
    /// It took too long.
    Late,
    /// The board raised something, or answered what cannot be read.
    Failed(String),
}

/// What a board says it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `micropython`, `circuitpython`.
    pub implementation: String,
    /// Such as `1.29.0`.
    pub version: String,
    /// Such as `rp2`.
    pub platform: String,
    /// Such as `Raspberry Pi Pico with RP2040`; empty where the firmware does not say.
    pub machine: String,
    /// Version and date of the build; empty where the firmware does not say.
    pub build: String,
}

/// What came of writing a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// It was read as it was written.
    Right,
    /// It was read otherwise.
    Wrong,
    /// It was refused: an error of the filesystem, in words.
    Refused {
        /// Whether the filesystem is read-only.
        is_read_only: bool,
        /// Why.
        reason: String,
    },
}

/// What is in a ROM partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RomContents {
    /// A whole image, of so many bytes.
    Image(u64),
    /// Nothing.
    Empty,
    /// Part of an image: writing it was interrupted.
    Torn,
    /// Something else.
    Other,
    /// The board counts it, and does not give it.
    Missing,
}

/// A filesystem with less than this share of its size free is nearly full.
const NEARLY_FULL: f64 = 0.05;
/// With less free than this, in bytes, nothing can be copied: each file takes a block, and its
/// directory perhaps another.
const FULL: u64 = 8192;
/// With less free memory than this, in bytes, hardly any program runs.
const LITTLE_MEMORY: u64 = 8192;
/// An exchange that takes longer than this is felt in each command.
const SLOW: Duration = Duration::from_millis(200);

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::NoPort
            | Self::Unlisted { .. }
            | Self::NotOpened { .. }
            | Self::NoDriver(_)
            | Self::WaitsForFirmware(_)
            | Self::Lost { .. }
            | Self::Unreadable { .. } => Level::Problem,
            Self::Grabber(_) | Self::SeveralBoards { .. } | Self::Losses { .. } => Level::Warning,
            Self::Port(state) => port_level(state, Level::Warning),
            Self::ChosenPort(state) => port_level(state, Level::Problem),
            Self::Presence(presence) => presence.level(),
            Self::NotExamined { reason, .. } => match reason {
                Unexamined::Lacking(_) => Level::Fine,
                Unexamined::NoMemory | Unexamined::Late => Level::Warning,
                Unexamined::Failed(_) => Level::Problem,
            },
            Self::Memory { free, .. } => warn_if(*free < LITTLE_MEMORY),
            Self::AtStart {
                boot,
                main,
                was_busy,
            } => warn_if(*was_busy && boot.or(*main).is_some()),
            Self::RoundTrip(found) => warn_if(found.median > SLOW),
            Self::Filesystem {
                filesystem,
                counted,
                read_only,
                ..
            } => fullness(filesystem, *counted, *read_only),
            Self::Writing { result, .. } => match result {
                Writing::Right => Level::Fine,
                Writing::Refused {
                    is_read_only: true, ..
                } => Level::Warning,
                Writing::Wrong | Writing::Refused { .. } => Level::Problem,
            },
            Self::Leftover { healed, .. } if healed.is_none() => Level::Problem,
            Self::Rom { contents, .. } => match contents {
                RomContents::Image(_) | RomContents::Empty => Level::Fine,
                RomContents::Other => Level::Warning,
                RomContents::Torn | RomContents::Missing => Level::Problem,
            },
            Self::Identity(_)
            | Self::Clock(_)
            | Self::Receiving { .. }
            | Self::RawPaste(_)
            | Self::Capabilities(_)
            | Self::Encodings(_)
            | Self::Files { .. }
            | Self::Leftover { .. } => Level::Fine,
        }
    }

    /// A short name that stays the same from version to version, for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoPort => "no-port",
            Self::Unlisted { .. } => "unlisted",
            Self::Port(_) => "port",
            Self::ChosenPort(_) => "chosen-port",
            Self::NotOpened { .. } => "not-opened",
            Self::NoDriver(_) => "no-driver",
            Self::WaitsForFirmware(_) => "waits-for-firmware",
            Self::Grabber(_) => "grabber",
            Self::SeveralBoards { .. } => "several-boards",
            Self::Presence(_) => "presence",
            Self::Lost { .. } => "lost",
            Self::Losses { .. } => "losses",
            Self::NotExamined { .. } => "not-examined",
            Self::Identity(_) => "identity",
            Self::Memory { .. } => "memory",
            Self::Clock(_) => "clock",
            Self::AtStart { .. } => "at-start",
            Self::RoundTrip(_) => "round-trip",
            Self::Receiving { .. } => "receiving",
            Self::RawPaste(_) => "raw-paste",
            Self::Capabilities(_) => "capabilities",
            Self::Encodings(_) => "encodings",
            Self::Filesystem { .. } => "filesystem",
            Self::Writing { .. } => "writing",
            Self::Unreadable { .. } => "unreadable",
            Self::Files { .. } => "files",
            Self::Leftover { .. } => "leftover",
            Self::Rom { .. } => "rom",
        }
    }

    /// Where it belongs.
    #[must_use]
    pub fn section(&self) -> Section {
        match self {
            Self::NoPort
            | Self::Unlisted { .. }
            | Self::Port(_)
            | Self::ChosenPort(_)
            | Self::NotOpened { .. }
            | Self::NoDriver(_)
            | Self::WaitsForFirmware(_)
            | Self::Grabber(_)
            | Self::SeveralBoards { .. } => Section::Ports,
            Self::Presence(_)
            | Self::Lost { .. }
            | Self::Losses { .. }
            | Self::RoundTrip(_)
            | Self::Receiving { .. }
            | Self::RawPaste(_)
            | Self::Encodings(_) => Section::Link,
            Self::NotExamined { .. }
            | Self::Identity(_)
            | Self::Memory { .. }
            | Self::Clock(_)
            | Self::AtStart { .. }
            | Self::Capabilities(_) => Section::Board,
            Self::Filesystem { .. }
            | Self::Writing { .. }
            | Self::Unreadable { .. }
            | Self::Files { .. }
            | Self::Leftover { .. }
            | Self::Rom { .. } => Section::Files,
        }
    }
}

/// What findings are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// This computer's ports.
    Ports,
    /// The way to the board, and what is at its end.
    Link,
    /// The board and its firmware.
    Board,
    /// Filesystems and ROM partitions.
    Files,
}

impl Section {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ports => "ports",
            Self::Link => "link",
            Self::Board => "board",
            Self::Files => "files",
        }
    }
}

fn warn_if(condition: bool) -> Level {
    if condition {
        Level::Warning
    } else {
        Level::Fine
    }
}

/// A port that cannot be opened is a problem, but a computer may have others, of no USB device, that
/// nobody wants. What another program has open is `shared`.
fn port_level(state: &PortState, shared: Level) -> Level {
    let is_wanted = shared == Level::Problem || state.port.usb.is_some();
    match &state.access {
        Access::Denied(_) | Access::Missing | Access::NoPort if is_wanted => Level::Problem,
        _ if !state.holders.is_empty() && is_wanted => shared,
        _ => Level::Fine,
    }
}

fn fullness(filesystem: &Filesystem, counted: Option<u64>, read_only: bool) -> Level {
    if read_only {
        return Level::Fine;
    }
    let (Some(free), Some(size)) = (filesystem.free().or(counted), filesystem.size()) else {
        return Level::Warning;
    };
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = free as f64 / size as f64;
    match free {
        free if free < FULL => Level::Problem,
        // A figure that cannot be true misleads programs on the board as well.
        _ => warn_if(share < NEARLY_FULL || filesystem.free().is_none()),
    }
}

#[cfg(test)]
mod tests {
    use mpwire_proto::literal::Value;

    use super::*;
    use crate::board::plausible::Space;

    fn level(size: i64, free: i64, read_only: bool) -> Level {
        let numbers = [1, 1, size, free].map(Value::Int).to_vec();
        Finding::Filesystem {
            filesystem: Filesystem {
                name: "<VfsLfs2>".to_owned(),
                space: Space::from_value(&Value::Tuple(numbers)),
                place: "/".to_owned(),
            },
            counted: None,
            label: String::new(),
            read_only,
        }
        .level()
    }

    #[test]
    fn a_filesystem_is_judged_by_what_is_free() {
        assert_eq!(level(1 << 20, 1 << 19, false), Level::Fine);
        assert_eq!(level(1 << 20, 40_000, false), Level::Warning);
        assert_eq!(level(1 << 20, 4096, false), Level::Problem);
        assert_eq!(level(64 << 10, 60 << 10, false), Level::Fine);
        // A ROM is always full.
        assert_eq!(level(1 << 20, 0, true), Level::Fine);
        assert_eq!(level(1 << 20, (1 << 20) + 1, false), Level::Warning);
    }

    #[test]
    fn what_is_left_is_a_problem_until_it_is_healed() {
        let leftover = |healed| Finding::Leftover {
            path: "/a.py.0a0b0c.mpwire".to_owned(),
            healed,
        };
        assert_eq!(leftover(None).level(), Level::Problem);
        let finished = Healed::Finished("/a.py".to_owned());
        assert_eq!(leftover(Some(finished)).level(), Level::Fine);
    }

    #[test]
    fn what_the_firmware_lacks_is_nothing_wrong() {
        let level = |reason| {
            Finding::NotExamined {
                what: "the clock",
                reason,
            }
            .level()
        };
        assert_eq!(level(Unexamined::Lacking("x".to_owned())), Level::Fine);
        assert_eq!(level(Unexamined::Late), Level::Warning);
        assert_eq!(level(Unexamined::Failed("x".to_owned())), Level::Problem);
    }
}
