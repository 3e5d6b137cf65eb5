//! What is said of each finding.

use mpwire::board::capabilities::Capabilities;
use mpwire::devices::Known;
use mpwire::doctor::ports::{Access, Denial, Holder, PortState};
use mpwire::doctor::presence::{Presence, Trouble};
use mpwire::doctor::{Finding, Identity, Level, RomContents, Unexamined, Writing};
use mpwire::transfer::choice::Prediction;
use mpwire::transfer::leftovers::Healed;

/// Clocks that were never set show a year before this.
pub const CLOCK_YEAR: i64 = 2024;

/// What was found, in one sentence. What boards and devices say in it is not escaped.
pub fn text(finding: &Finding) -> String {
    match finding {
        Finding::NoPort => "no USB serial port is there".to_owned(),
        Finding::Unlisted { reason } => format!("the serial ports could not be listed: {reason}"),
        Finding::Port(state) | Finding::ChosenPort(state) => port(state),
        Finding::NoDriver(known) => {
            format!(
                "{} is plugged in and has no serial port",
                known_device(known)
            )
        }
        Finding::WaitsForFirmware(known) => {
            format!(
                "{} is plugged in: it waits for firmware",
                known_device(known)
            )
        }
        Finding::Grabber(holder) => {
            format!("{} runs: it may open ports by itself", process(holder))
        }
        Finding::SeveralBoards { ports } => {
            format!("several boards are there: {}", ports.join(", "))
        }
        Finding::Presence(presence) => present(presence),
        Finding::NotOpened { reason, .. } | Finding::Lost { reason } => reason.clone(),
        Finding::Losses { times } => format!(
            "bytes were lost or changed on their way ({}); what was hurt was done again",
            plural(*times as u64, "time", "times")
        ),
        Finding::NotExamined { what, reason } => format!("{what}: {}", unexamined(reason)),
        Finding::Identity(identity) => identified(identity),
        Finding::Memory { free, used } => {
            format!("memory: {free} bytes of {} are free", free + used)
        }
        Finding::Clock(fields) => clock(fields),
        Finding::AtStart {
            boot,
            main,
            was_busy,
        } => at_start(*boot, *main, *was_busy),
        Finding::RoundTrip(found) => format!(
            "round trip: {:.1} ms, at worst {:.1} ms",
            found.median.as_secs_f64() * 1e3,
            found.worst.as_secs_f64() * 1e3
        ),
        Finding::Receiving { sent, right, .. } => receiving(*sent, *right),
        Finding::RawPaste(true) => {
            "programs go by raw-paste: the board says how much it can take".to_owned()
        }
        Finding::RawPaste(false) => {
            "programs are typed in small blocks: the firmware knows no raw-paste".to_owned()
        }
        Finding::Capabilities(found) => capabilities(found),
        Finding::Encodings(predictions) => encodings(predictions),
        Finding::Filesystem { .. } => filesystem(finding),
        Finding::Writing { place, result } => written(place, result),
        Finding::Unreadable {
            path,
            is_directory,
            reason,
        } => {
            let what = if *is_directory { "the directory " } else { "" };
            format!("{what}{path} cannot be read: {reason}")
        }
        Finding::Files {
            place,
            files,
            directories,
            bytes,
            is_all,
        } => {
            let rest = if *is_all {
                ""
            } else {
                "; the rest was not, for lack of time"
            };
            let (files, directories) = (
                plural(*files, "file", "files"),
                plural(*directories, "directory", "directories"),
            );
            format!("{place}: {files} in {directories} read, {bytes} bytes{rest}")
        }
        Finding::Leftover { path, healed } => match healed {
            None => format!("{path} is what an interrupted copy has left"),
            Some(Healed::Finished(_)) => format!("{path}: an interrupted copy was finished"),
            Some(Healed::Removed(_)) => format!("{path}: left by an interrupted copy, and removed"),
        },
        Finding::Rom {
            number,
            size,
            contents,
        } => format!("ROM partition {number}, {size} bytes: {}", rom(*contents)),
    }
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn known_device(known: &Known) -> String {
    match known.product {
        Some(product) => format!("{} ({:04x}:{product:04x})", known.name, known.vendor),
        None => known.name.to_owned(),
    }
}

fn process(holder: &Holder) -> String {
    format!("{} (process {})", holder.name, holder.process)
}

/// Programs and their process numbers.
pub fn processes(holders: &[Holder]) -> String {
    let names: Vec<String> = holders.iter().map(process).collect();
    names.join(", ")
}

fn port(state: &PortState) -> String {
    let path = &state.port.path;
    let mut parts = vec![format!("{path}: {}", device(state))];
    match &state.access {
        Access::Allowed | Access::Unknown => {}
        Access::Missing => return format!("{path}: there is no such port"),
        Access::NoPort => return format!("{path} is not a serial port"),
        Access::Denied(denial) => parts.push(denied(denial)),
    }
    if !state.holders.is_empty() {
        parts.push(format!("in use by {}", processes(&state.holders)));
    }
    parts.join("; ")
}

fn device(state: &PortState) -> String {
    let Some(usb) = &state.port.usb else {
        return "not a USB device".to_owned();
    };
    let name = state
        .known
        .map_or("an unknown USB device", |known| known.name);
    let mut words = vec![format!("{:04x}:{:04x}", usb.vendor, usb.product)];
    words.extend(usb.manufacturer.clone());
    words.extend(usb.product_name.clone());
    let number = usb.serial_number.as_ref();
    words.extend(number.map(|number| format!("serial number {number}")));
    format!("{name} ({})", words.join(", "))
}

fn denied(denial: &Denial) -> String {
    match (&denial.owner, &denial.group) {
        (Some(owner), Some(group)) => {
            format!("you may not open it (it belongs to user {owner} and group {group})")
        }
        _ => "you may not open it".to_owned(),
    }
}

fn present(presence: &Presence) -> String {
    let quoted = |said: &str| {
        if said.is_empty() {
            String::new()
        } else {
            format!("; it said \"{said}\"")
        }
    };
    match presence {
        Presence::Prompt { banner, was_raw } => {
            let raw = if *was_raw {
                " (it was left in the raw REPL)"
            } else {
                ""
            };
            format!("a prompt: {banner}{raw}")
        }
        Presence::InUse => "the board of this command line".to_owned(),
        Presence::Interrupted { said } => {
            format!("a program was running, and was interrupted{}", quoted(said))
        }
        Presence::Bootloader { trouble, said } => {
            let trouble = match trouble {
                Trouble::Waits => "a bootloader that waits for firmware",
                Trouble::NoFirmware => "a bootloader that finds no firmware",
                Trouble::Power => "a board whose power supply breaks down",
                Trouble::Crash => "a board whose firmware crashes",
                Trouble::Start => "a board that starts and comes to no prompt",
            };
            format!("{trouble}{}", quoted(said))
        }
        Presence::Talking { said } => format!(
            "a program runs, or it is not MicroPython; it was not interrupted{}",
            quoted(said)
        ),
        Presence::UnknownPrompt { said } => {
            format!("a prompt that does not say whose it is{}", quoted(said))
        }
        Presence::Other { said } => format!("it is not MicroPython{}", quoted(said)),
        Presence::Garbage { said } => format!("bytes that are not text{}", quoted(said)),
        Presence::Silence => "nothing answers".to_owned(),
    }
}

fn unexamined(reason: &Unexamined) -> String {
    match reason {
        Unexamined::Lacking(what) => format!("not looked at: this firmware lacks it ({what})"),
        Unexamined::NoMemory => "not looked at: too little memory".to_owned(),
        Unexamined::Late => "not looked at to the end: it took too long".to_owned(),
        Unexamined::Failed(reason) => reason.clone(),
    }
}

fn identified(identity: &Identity) -> String {
    let Identity {
        implementation,
        version,
        platform,
        machine,
        build,
    } = identity;
    let mut words = vec![format!("{implementation} {version} on {platform}")];
    let more = [machine, build].into_iter().filter(|word| !word.is_empty());
    words.extend(more.cloned());
    words.join(", ")
}

fn clock(fields: &[i64]) -> String {
    match fields {
        [year, month, day, _, hour, minute, second, ..] if *year >= CLOCK_YEAR => {
            format!("clock: {year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        [year, ..] => format!("clock: not set (it is in {year})"),
        [] => "clock: not set".to_owned(),
    }
}

fn at_start(boot: Option<u64>, main: Option<u64>, was_busy: bool) -> String {
    let file = |name: &str, size: Option<u64>| match size {
        Some(size) => format!("{name} ({size} bytes)"),
        None => format!("no {name}"),
    };
    let is_blamed = was_busy && boot.or(main).is_some();
    match (boot, main) {
        (Some(_), Some(_)) if is_blamed => format!(
            "at the start: {}, {}; one of them kept the prompt from coming",
            file("boot.py", boot),
            file("main.py", main)
        ),
        // What is not there has not done it.
        (Some(_), None) if is_blamed => format!(
            "at the start: {}, which kept the prompt from coming",
            file("boot.py", boot)
        ),
        (None, Some(_)) if is_blamed => format!(
            "at the start: {}, which kept the prompt from coming",
            file("main.py", main)
        ),
        _ => format!(
            "at the start: {}, {}",
            file("boot.py", boot),
            file("main.py", main)
        ),
    }
}

fn receiving(sent: u64, right: u64) -> String {
    if right == sent {
        format!("what the board does not read waits for it ({sent} bytes did): flow control")
    } else {
        format!(
            "of what it does not read the board keeps {right} bytes and loses the rest: no more is ever under way than it has asked for"
        )
    }
}

fn capabilities(found: &Capabilities) -> String {
    let missing: Vec<&str> = found
        .named()
        .into_iter()
        .filter(|(name, has)| !has && !has_another(found, name))
        .map(|(name, _)| name)
        .collect();
    if missing.is_empty() {
        "the firmware has all that transfers use".to_owned()
    } else {
        format!("the firmware lacks {}", missing.join(", "))
    }
}

/// Whether the firmware does by another name what this one is for.
fn has_another(found: &Capabilities, name: &str) -> bool {
    match name {
        "uzlib.DecompIO" => found.deflate_io,
        "deflate.DeflateIO" => found.decomp_io,
        _ => false,
    }
}

fn encodings(predictions: &[Prediction]) -> String {
    let time =
        |prediction: &Prediction| format!("{} {:.2} s", prediction.encoding, prediction.seconds);
    match predictions {
        [] => "files: no way to send one".to_owned(),
        [only] => format!("files go as {}, the only way here", only.encoding),
        [best, others @ ..] => {
            let others: Vec<String> = others.iter().map(time).collect();
            format!(
                "files go as {}, predicted for 8 KiB of source: {} ({})",
                best.encoding,
                time(best),
                others.join(", ")
            )
        }
    }
}

fn filesystem(finding: &Finding) -> String {
    let Finding::Filesystem {
        filesystem,
        counted,
        label,
        read_only,
    } = finding
    else {
        return String::new();
    };
    let name = if label.is_empty() {
        system(&filesystem.name).to_owned()
    } else {
        format!("{} \"{label}\"", system(&filesystem.name))
    };
    let place = &filesystem.place;
    let Some(space) = filesystem.space else {
        return format!("{place}: {name}; the board reports a size that cannot be true");
    };
    let size = space.size();
    if *read_only {
        return format!("{place}: {name}, {size} bytes, read-only");
    }
    let Some(free) = space.free() else {
        let (reported, blocks) = space.reported();
        let free = counted.map_or_else(
            || "how many are free is not known".to_owned(),
            |free| format!("{free} are free by a count of its directories"),
        );
        return format!(
            "{place}: {name}, {size} bytes; {free}: the board reports {reported} free blocks of {blocks}"
        );
    };
    let fullness = match finding.level() {
        Level::Fine => "",
        Level::Warning => ": nearly full",
        Level::Problem => ": full",
    };
    format!("{place}: {name}, {free} bytes of {size} are free{fullness}")
}

/// A filesystem as people call it; as the board does where that is not known.
fn system(name: &str) -> &str {
    for (part, known) in [
        ("VfsLfs2", "LittleFS 2"),
        ("VfsLfs1", "LittleFS 1"),
        ("VfsFat", "FAT"),
        ("VfsRom", "ROMFS"),
        ("VfsPosix", "a folder of the computer that runs MicroPython"),
        ("unknown", "a filesystem"),
    ] {
        if name.contains(part) {
            return known;
        }
    }
    name
}

fn written(place: &str, result: &Writing) -> String {
    match result {
        Writing::Right => format!("{place}: a file that is written is read as it was"),
        Writing::Wrong => format!("{place}: a file that is written is not read as it was"),
        Writing::Refused {
            is_read_only: true, ..
        } => format!("{place}: read-only"),
        Writing::Refused { reason, .. } => format!("{place}: a file cannot be written: {reason}"),
    }
}

fn rom(contents: RomContents) -> String {
    match contents {
        RomContents::Image(size) => format!("an image of {size} bytes, whole"),
        RomContents::Empty => "empty".to_owned(),
        RomContents::Torn => "part of an image, whose writing was interrupted".to_owned(),
        RomContents::Other => "something that is not an image".to_owned(),
        RomContents::Missing => "counted by the board, and not given".to_owned(),
    }
}
