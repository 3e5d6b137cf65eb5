//! What is at the other end, found out without disturbing it.
//!
//! First it is listened to. Then it gets a blank and a backspace, which cancel each other at a prompt,
//! and a Ctrl-B, which has an idle MicroPython print who it is (`shared/runtime/pyexec.c`,
//! `friendly_repl_reset`) and which leaves a raw REPL that somebody has left entered. Nothing else is
//! sent: no Ctrl-C that would end a program, no Ctrl-D that would reset something.

use std::time::{Duration, Instant};

use super::Level;
use crate::board::{self, Board};
use crate::session::{Console, Happening};

/// How long nothing must come before something is sent.
const QUIET: Duration = Duration::from_millis(300);
/// How long a board that starts up, as some do when their port is opened, may talk before that.
const START_UP: Duration = Duration::from_secs(2);
/// How long an answer may take to begin, as over a slow network, and to end.
const ANSWER_BEGINS: Duration = Duration::from_millis(400);
const ANSWER_ENDS: Duration = Duration::from_millis(700);
/// Bytes that are kept: of the beginning, which tells of a start, and of the end.
const KEPT: usize = 2048;

/// A blank and a backspace.
const PROBE: &[u8] = b" \x08";
/// How a prompt shows them (`shared/readline/readline.c`, `readline_process_char`).
const PROBE_ANSWER: &[u8] = b"\x08\x1b[K";
/// The same without VT100 (`MICROPY_HAL_HAS_VT100`), as on the BBC micro:bit. Consoles of other systems,
/// and MicroPython's paste mode, show them so as well.
const PLAIN_ANSWER: &[u8] = b"\x08 \x08";
const LEAVE_RAW: &[u8] = b"\x02";

/// What is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// A MicroPython that is at its prompt, and what it calls itself.
    Prompt {
        /// Such as `MicroPython v1.29.0 on 2026-08-01; Raspberry Pi Pico with RP2040`.
        banner: String,
        /// Whether another program had left it in its raw REPL.
        was_raw: bool,
    },
    /// A board that this program talks to already.
    InUse,
    /// A program that ran on a MicroPython, and was interrupted since that was asked for.
    Interrupted {
        /// What it had said, as text.
        said: String,
    },
    /// A bootloader, or the start of a board that does not get farther.
    Bootloader {
        /// What is the matter.
        trouble: Trouble,
        /// What it said, as text.
        said: String,
    },
    /// Something that talks and does not answer: a program, on a board or not.
    Talking {
        /// What it said, as text.
        said: String,
    },
    /// A prompt that does not say whose it is: of a shell, or of a MicroPython at which something has
    /// been typed.
    UnknownPrompt {
        /// What it said, as text.
        said: String,
    },
    /// Something that answers as no MicroPython does.
    Other {
        /// What it said, as text.
        said: String,
    },
    /// Bytes that are no text: another rate, or another protocol.
    Garbage {
        /// The last of them, escaped.
        said: String,
    },
    /// Nothing.
    Silence,
}

/// What a bootloader says is the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It waits for firmware.
    Waits,
    /// There is no firmware that could be started.
    NoFirmware,
    /// The power supply broke down.
    Power,
    /// The firmware crashed.
    Crash,
    /// The board has started and not come to a prompt.
    Start,
}

/// What bootloaders print (esp-idf and the ROMs of Espressif's chips), the most telling first.
const SIGNS: &[(&str, Trouble)] = &[
    ("Brownout detector was triggered", Trouble::Power),
    ("waiting for download", Trouble::Waits),
    ("invalid header: 0x", Trouble::NoFirmware),
    ("flash read err", Trouble::NoFirmware),
    ("No bootable app partitions", Trouble::NoFirmware),
    ("Guru Meditation Error", Trouble::Crash),
    ("abort() was called", Trouble::Crash),
    ("rst:0x", Trouble::Start),
    ("ets Jun", Trouble::Start),
    ("ets Jul", Trouble::Start),
    ("ESP-ROM:", Trouble::Start),
];

/// What each of MicroPython's relatives calls itself in its first line.
const NAMES: &[&str] = &["MicroPython ", "Adafruit CircuitPython ", "Pycopy "];

impl Presence {
    /// How bad it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Prompt { .. } | Self::InUse => Level::Fine,
            Self::Interrupted { .. } => Level::Warning,
            _ => Level::Problem,
        }
    }

    /// A short name that stays the same from version to version, for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompt",
            Self::InUse => "in-use",
            Self::Interrupted { .. } => "interrupted",
            Self::Bootloader { .. } => "bootloader",
            Self::Talking { .. } => "talking",
            Self::UnknownPrompt { .. } => "unknown-prompt",
            Self::Other { .. } => "other",
            Self::Garbage { .. } => "garbage",
            Self::Silence => "silence",
        }
    }

    /// Whether it may be a program on a board, which an interrupt would end.
    #[must_use]
    pub fn may_be_busy(&self) -> bool {
        matches!(self, Self::Talking { .. } | Self::Silence)
    }
}

/// What was heard of something unknown.
#[derive(Debug, Default)]
struct Heard {
    /// Before anything was sent.
    unasked: Vec<u8>,
    /// After the blank and the backspace.
    probed: Vec<u8>,
    /// After Ctrl-B.
    asked: Vec<u8>,
}

/// Finds out what is at the other end of a board's link, in some seconds.
pub fn find(board: &mut Board) -> Result<Presence, board::Error> {
    if board.is_entered() {
        return Ok(Presence::InUse);
    }
    let mut console = board.console()?;
    let heard = Heard {
        unasked: listen(&mut console, QUIET, START_UP, &[])?,
        probed: ask(&mut console, PROBE, &[PROBE_ANSWER, PLAIN_ANSWER])?,
        asked: ask(&mut console, LEAVE_RAW, &[b">>> "])?,
    };
    Ok(classify(&heard))
}

fn ask(console: &mut Console, question: &[u8], ends: &[&[u8]]) -> Result<Vec<u8>, board::Error> {
    console.send(question)?;
    listen(console, ANSWER_BEGINS, ANSWER_ENDS, ends)
}

/// What comes until it is `quiet`, it ends with one of `ends`, or `most` is over.
fn listen(
    console: &mut Console,
    quiet: Duration,
    most: Duration,
    ends: &[&[u8]],
) -> Result<Vec<u8>, board::Error> {
    let end = Instant::now() + most;
    let mut heard = Vec::new();
    loop {
        let until = end.min(Instant::now() + quiet);
        if let Happening::Output(bytes) = console.next(Some(until))? {
            heard.extend(bytes);
            if heard.len() > 2 * KEPT {
                heard.drain(KEPT..heard.len() - KEPT);
            }
            if ends.iter().any(|end| heard.ends_with(end)) {
                return Ok(heard);
            }
            // What never stops talking leaves no silence.
            if Instant::now() < end {
                continue;
            }
        }
        return Ok(heard);
    }
}

/// What that is.
fn classify(heard: &Heard) -> Presence {
    let Heard {
        unasked,
        probed,
        asked,
    } = heard;
    let has_probed = contains(probed, PROBE_ANSWER);
    if let Some(banner) = banner(asked) {
        return Presence::Prompt {
            banner,
            was_raw: !has_probed && !contains(probed, PLAIN_ANSWER),
        };
    }
    let all = [&unasked[..], probed, asked].concat();
    if all.is_empty() {
        return Presence::Silence;
    }
    let text = String::from_utf8_lossy(&all);
    if let Some((_, trouble)) = SIGNS.iter().find(|(sign, _)| text.contains(sign)) {
        return Presence::Bootloader {
            trouble: *trouble,
            said: end_of(&text),
        };
    }
    if is_garbage(&all) {
        let tail = &all[all.len().saturating_sub(40)..];
        return Presence::Garbage {
            said: tail.escape_ascii().to_string(),
        };
    }
    let said = end_of(&text);
    let has_asked_for_login = text.contains("login:") || text.contains("assword:");
    // A shell or a device that echoes answers at once to what it was sent, and says nothing unasked.
    let is_echo = contains(probed, PROBE) || contains(asked, LEAVE_RAW) || contains(asked, b"^B");
    if has_probed {
        return Presence::UnknownPrompt { said };
    }
    if is_echo || has_asked_for_login {
        return Presence::Other { said };
    }
    Presence::Talking { said }
}

/// The line in which a MicroPython says what it is, if a prompt came with it. A thread or a timer of the
/// board's may have printed something in between.
fn banner(asked: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(asked);
    text.contains(">>> ").then_some(())?;
    let line = text
        .lines()
        .find(|line| NAMES.iter().any(|name| line.starts_with(name)))?;
    Some(line.to_owned())
}

/// Whether these bytes are no text. A line at another rate, and noise, bring bytes of every kind.
fn is_garbage(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let odd = |character: &char| {
        *character == char::REPLACEMENT_CHARACTER
            || (character.is_control() && !"\r\n\t\x08\x1b\x04\x02".contains(*character))
    };
    let count = text.chars().filter(odd).count();
    count * 5 >= text.chars().count()
}

/// The last of a text, which is what a person would see.
fn end_of(text: &str) -> String {
    let text = text.trim();
    let start = text.char_indices().rev().nth(59).map_or(0, |(at, _)| at);
    text[start..].trim_start().to_owned()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(unasked: &[u8], probed: &[u8], asked: &[u8]) -> &'static str {
        classify(&Heard {
            unasked: unasked.to_vec(),
            probed: probed.to_vec(),
            asked: asked.to_vec(),
        })
        .name()
    }

    const BANNER: &[u8] =
        b"\r\nMicroPython v1.29.0 on 2026-08-01; Board with chip\r\nType \"help()\"\r\n>>> ";

    #[test]
    fn a_prompt_says_what_it_is() {
        assert_eq!(name(b"", b" \x08\x1b[K", BANNER), "prompt");
        assert_eq!(name(b"boot\r\n>>> ", b" \x08\x1b[K", BANNER), "prompt");
        let heard = Heard {
            asked: BANNER.to_vec(),
            ..Heard::default()
        };
        assert_eq!(
            classify(&heard),
            Presence::Prompt {
                banner: "MicroPython v1.29.0 on 2026-08-01; Board with chip".to_owned(),
                was_raw: true,
            }
        );
    }

    #[test]
    fn a_prompt_whose_line_editor_knows_no_vt100_was_not_raw() {
        let heard = Heard {
            probed: b" \x08 \x08".to_vec(),
            asked: BANNER.to_vec(),
            ..Heard::default()
        };
        let presence = classify(&heard);
        assert!(matches!(presence, Presence::Prompt { was_raw: false, .. }));
        // A console that erases in the same way says nothing of itself.
        assert_eq!(name(b"", b" \x08 \x08", b"^B"), "other");
    }

    #[test]
    fn what_is_no_prompt_is_none() {
        assert_eq!(name(b"", b"", b""), "silence");
        assert_eq!(name(b"t=21\r\n", b"t=21\r\n", b"t=22\r\n"), "talking");
        assert_eq!(name(b"", b" \x08", b"\x02"), "other");
        assert_eq!(name(b"", b" \x08", b"^B"), "other");
        assert_eq!(name(b"\r\nraspi login: ", b"", b""), "other");
        // A shell's line editor answers as a prompt does, and has no name.
        assert_eq!(name(b"", b" \x08\x1b[K", b"\x07"), "unknown-prompt");
        // A program that prints a name is no prompt.
        assert_eq!(name(b"", b"", b"MicroPython is nice\r\n"), "talking");
    }

    #[test]
    fn bytes_of_another_rate_are_garbage() {
        let garbage: Vec<u8> = (0..200u32).map(|index| (index * 37 % 256) as u8).collect();
        assert_eq!(name(&garbage, b"", b""), "garbage");
        assert_eq!(name(b"\x80\xf8\x80", b"\0\0", b""), "garbage");
        let text = "Grüße aus Köln\r\n".as_bytes();
        assert_eq!(name(text, b"", b""), "talking");
    }

    #[test]
    fn bootloaders_say_what_is_the_matter() {
        let trouble = |unasked: &[u8]| {
            let heard = Heard {
                unasked: unasked.to_vec(),
                ..Heard::default()
            };
            match classify(&heard) {
                Presence::Bootloader { trouble, .. } => Some(trouble),
                _ => None,
            }
        };
        let start = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x";
        let waits = format!("{start}3 (DOWNLOAD_BOOT)\r\nwaiting for download\r\n");
        assert_eq!(trouble(waits.as_bytes()), Some(Trouble::Waits));
        let none = format!("{start}13\r\ninvalid header: 0xffffffff\r\n");
        assert_eq!(trouble(none.as_bytes()), Some(Trouble::NoFirmware));
        let power = format!("{start}13\r\nBrownout detector was triggered\r\n");
        assert_eq!(trouble(power.as_bytes()), Some(Trouble::Power));
        assert_eq!(trouble(start.as_bytes()), Some(Trouble::Start));
        assert_eq!(trouble(b"hello\r\n"), None);
    }

    #[test]
    fn what_was_said_is_cut_between_characters() {
        let text = "ä".repeat(300);
        assert_eq!(end_of(&text).chars().count(), 60);
    }
}
