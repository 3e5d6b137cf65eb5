//! What can be done about each finding.

use mpwire::devices::Kind;
use mpwire::doctor::ports::{Access, Denial, Holder, PortState};
use mpwire::doctor::presence::{Presence, Trouble};
use mpwire::doctor::{Finding, Level, RomContents, Unexamined, Writing};

use super::words::{CLOCK_YEAR, processes};

/// What the doctor was asked: advice repeats nothing of it.
pub struct Asked {
    /// The beginning of a command line for the board that was looked at: `mpwire connect PORT`.
    pub mpwire: String,
    /// Whether programs were to be interrupted.
    pub interrupt: bool,
    /// Whether what interrupted copies have left was to be finished or removed.
    pub fix: bool,
}

/// What can be done about it, line by line; a line may be a command.
pub fn of(finding: &Finding, asked: &Asked) -> Vec<String> {
    let lines = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
    let mpwire = &asked.mpwire;
    match finding {
        Finding::NoPort => lines(&[
            "plug the board in, with a cable that has data lines (many only charge)",
            NO_DRIVER,
        ]),
        Finding::NotOpened { hint, .. } => hint.iter().cloned().collect(),
        Finding::NoDriver(_) => lines(&[NO_DRIVER]),
        Finding::WaitsForFirmware(_) => {
            lines(&["install MicroPython on it: https://micropython.org/download"])
        }
        Finding::Port(state) | Finding::ChosenPort(state) if finding.level() != Level::Fine => {
            about_port(state)
        }
        Finding::Port(state) if state.known.is_some_and(|known| known.kind == Kind::Adapter) => {
            let path = &state.port.path;
            vec![format!(
                "if that is your board: mpwire connect {path} doctor"
            )]
        }
        Finding::Grabber(holder) => grabber(holder),
        Finding::SeveralBoards { ports } => {
            let first = ports.first().map_or("PORT", String::as_str);
            vec![format!("name one: mpwire connect {first} doctor")]
        }
        Finding::Presence(presence) => about_presence(presence, asked),
        Finding::Losses { .. } => {
            lines(&["another cable or port; nothing wrong is copied, but time is lost"])
        }
        Finding::Lost { .. } => lines(&["check cable and power, press reset, and try again"]),
        Finding::NotExamined {
            reason: Unexamined::NoMemory,
            ..
        } => vec![format!(
            "soft-reset first, so that nothing is in memory: {mpwire} soft-reset doctor"
        )],
        Finding::Clock(fields) if fields.first().is_some_and(|year| *year < CLOCK_YEAR) => {
            vec![format!("to set it: {mpwire} rtc --set")]
        }
        Finding::AtStart { boot, main, .. } if finding.level() != Level::Fine => {
            let file = match (boot, main) {
                (Some(_), Some(_)) => "the one that loops, boot.py or main.py",
                (Some(_), None) => "boot.py",
                _ => "main.py",
            };
            vec![format!(
                "it starts again with the board; to keep it from that, rename {file}"
            )]
        }
        Finding::RoundTrip(_) if finding.level() != Level::Fine => {
            lines(&["a network or an adapter's latency timer: mpwire sends fewer, larger blocks"])
        }
        Finding::Memory { .. } if finding.level() != Level::Fine => {
            vec![format!("to free what programs hold: {mpwire} soft-reset")]
        }
        Finding::Filesystem { filesystem, .. }
            if finding.level() == Level::Warning && filesystem.free().is_none() =>
        {
            lines(&[
                "nothing is damaged: this firmware's os.statvfs counts directories twice; with fewer",
                "directories its figure is right again",
            ])
        }
        Finding::Filesystem { .. } if finding.level() != Level::Fine => {
            vec![format!(
                "remove what is not needed: {mpwire} tree -s shows sizes, rm removes"
            )]
        }
        Finding::Writing { result, .. } => about_writing(result, mpwire),
        Finding::Unreadable { .. } => vec![
            format!(
                "copy what can be read with {mpwire} cp -r : backup/, then format the filesystem"
            ),
            "(https://docs.micropython.org/en/latest/reference/filesystem.html)".to_owned(),
        ],
        Finding::Leftover { healed: None, .. } if asked.fix => {
            lines(&["it could not be finished or removed; copy the file again"])
        }
        Finding::Leftover { healed: None, .. } => vec![format!(
            "to finish or remove it: {mpwire} doctor --fix, or copy the file again"
        )],
        Finding::Rom { contents, .. } => match contents {
            RomContents::Torn => vec![format!("deploy it again: {mpwire} romfs deploy")],
            RomContents::Other => vec![format!(
                "deploying an image replaces it: {mpwire} romfs deploy"
            )],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[cfg(target_os = "linux")]
const NO_DRIVER: &str = "if it is plugged in, `sudo dmesg | tail` tells whether the kernel has seen it, and who took it";
#[cfg(not(target_os = "linux"))]
const NO_DRIVER: &str = "CH340, CP210x and FTDI adapters may need their maker's driver; boards with USB of their own none";

fn about_port(state: &PortState) -> Vec<String> {
    let path = &state.port.path;
    match &state.access {
        Access::Denied(denial) => about_denial(path, denial),
        Access::Missing => vec![
            "is the board plugged in, with a cable that has data lines? `mpwire connect list` shows the ports"
                .to_owned(),
        ],
        Access::NoPort => vec!["`mpwire connect list` shows the ports".to_owned()],
        _ if !state.holders.is_empty() => vec![format!(
            "close {}: two programs take each other's bytes",
            processes(&state.holders)
        )],
        _ => Vec::new(),
    }
}

fn about_denial(path: &str, denial: &Denial) -> Vec<String> {
    let user = denial.user.as_deref().unwrap_or("$USER");
    match denial.group.as_deref() {
        Some(group) if denial.is_open_to_group && denial.is_new_member => vec![format!(
            "you are in the group {group} since this login began: log out and in again"
        )],
        // Nobody should be in root's.
        Some(group) if denial.is_open_to_group && group != "root" => vec![
            format!("sudo usermod -aG {group} {user}"),
            "then log out and in again".to_owned(),
        ],
        _ => vec![
            format!("sudo chmod a+rw {path}    (until it is plugged in again)"),
            "for good, a udev rule: KERNEL==\"ttyACM*|ttyUSB*\", GROUP=\"dialout\", MODE=\"0660\""
                .to_owned(),
        ],
    }
}

fn grabber(holder: &Holder) -> Vec<String> {
    let advice = match holder.name.as_str() {
        "ModemManager" => {
            "if ports are busy for seconds after plugging in: sudo systemctl mask --now ModemManager"
        }
        _ => "if a CH340 or CP210x has no port: sudo apt remove brltty, and plug it in again",
    };
    vec![advice.to_owned()]
}

fn about_presence(presence: &Presence, asked: &Asked) -> Vec<String> {
    const FIRMWARE: &str = "install MicroPython on it: https://micropython.org/download";
    let mpwire = &asked.mpwire;
    let lines: &[&str] = match presence {
        Presence::Prompt { .. } | Presence::InUse | Presence::Interrupted { .. } => &[],
        Presence::Bootloader { trouble, .. } => match trouble {
            Trouble::Waits => &[
                "press reset without the boot button; if there is no firmware yet,",
                FIRMWARE,
            ],
            Trouble::NoFirmware => &[FIRMWARE],
            Trouble::Power => &["another cable, another port, or a powered hub"],
            Trouble::Crash => &[
                "press reset; if it crashes again, erase the flash and",
                FIRMWARE,
            ],
            Trouble::Start => &["press reset, wait some seconds, and try again"],
        },
        Presence::Talking { .. } if asked.interrupt => {
            &["it takes no notice of Ctrl-C: press reset, and run doctor at once"]
        }
        Presence::Talking { .. } => {
            return vec![format!(
                "if that is your program, let it be interrupted: {mpwire} doctor --interrupt"
            )];
        }
        Presence::Silence => {
            const ELSE: &str = "is it the right port, is there power, are RX and TX crossed?";
            return if asked.interrupt {
                vec![format!("press reset; {ELSE}")]
            } else {
                vec![
                    format!("a program may run: {mpwire} doctor --interrupt"),
                    format!("else press reset; {ELSE}"),
                ]
            };
        }
        Presence::UnknownPrompt { .. } => {
            return vec![
                "a shell; or a board at whose prompt something was typed: press Ctrl-C in"
                    .to_owned(),
                format!("{mpwire} repl"),
            ];
        }
        Presence::Other { .. } => &["another device, or other firmware: is it the right port?"],
        Presence::Garbage { .. } => &[
            "the other end uses another rate than 115200 baud, or sends no text; an ESP8266 that",
            "starts does so for a second: try again. Is it the right port?",
        ],
    };
    lines.iter().map(|&line| line.to_owned()).collect()
}

fn about_writing(result: &Writing, mpwire: &str) -> Vec<String> {
    match result {
        Writing::Right => Vec::new(),
        Writing::Refused {
            is_read_only: true, ..
        } => vec![
            "boot.py may have mounted it so; under CircuitPython eject the board's drive and use"
                .to_owned(),
            "storage.remount(\"/\", readonly=False) in boot.py".to_owned(),
        ],
        Writing::Wrong | Writing::Refused { .. } => vec![format!(
            "make room, or copy what is there with {mpwire} cp -r : backup/ and format the filesystem"
        )],
    }
}
