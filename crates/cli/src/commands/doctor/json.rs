//! The report for programs: one document, with the units in the names.

use mpwire::doctor::ports::{Access, Holder, PortState};
use mpwire::doctor::{Finding, RomContents, Unexamined, Writing};
use mpwire::transfer::leftovers::Healed;
use serde_json::{Map, Value, json};

use super::advice::{self, Asked};
use super::text::mark;
use super::{words, worst};

/// The document, on lines of its own.
pub fn of(findings: &[Finding], asked: &Asked) -> String {
    let all: Vec<Value> = findings
        .iter()
        .map(|finding| entry(finding, asked))
        .collect();
    let document = json!({
        "mpwire_version": env!("CARGO_PKG_VERSION"),
        "result": mark(worst(findings)),
        "findings": all,
    });
    format!("{document:#}\n")
}

fn entry(finding: &Finding, asked: &Asked) -> Value {
    json!({
        "section": finding.section().name(),
        "name": finding.name(),
        "level": mark(finding.level()),
        "text": words::text(finding),
        "advice": advice::of(finding, asked),
        "data": data(finding),
    })
}

fn data(finding: &Finding) -> Value {
    match finding {
        Finding::NoPort => Value::Null,
        Finding::Unlisted { reason } | Finding::Lost { reason } => json!({"reason": reason}),
        Finding::Port(state) | Finding::ChosenPort(state) => port(state),
        Finding::NotOpened { name, reason, .. } => json!({"device": name, "reason": reason}),
        Finding::NoDriver(known) | Finding::WaitsForFirmware(known) => json!({
            "vendor": known.vendor,
            "product": known.product,
            "device": known.name,
        }),
        Finding::Grabber(holder) => process(holder),
        Finding::SeveralBoards { ports } => json!({"ports": ports}),
        Finding::Presence(presence) => json!({"presence": presence.name()}),
        Finding::Losses { times } => json!({"times": times}),
        Finding::NotExamined { what, reason } => {
            let (name, reason) = match reason {
                Unexamined::Lacking(what) => ("lacking", Some(what)),
                Unexamined::NoMemory => ("no-memory", None),
                Unexamined::Late => ("late", None),
                Unexamined::Failed(reason) => ("failed", Some(reason)),
            };
            json!({"what": what, "why": name, "reason": reason})
        }
        Finding::Identity(identity) => json!({
            "implementation": identity.implementation,
            "version": identity.version,
            "platform": identity.platform,
            "machine": identity.machine,
            "build": identity.build,
        }),
        Finding::Memory { free, used } => json!({"free_bytes": free, "used_bytes": used}),
        Finding::Clock(fields) => json!({"fields": fields}),
        Finding::AtStart {
            boot,
            main,
            was_busy,
        } => json!({"boot_bytes": boot, "main_bytes": main, "was_busy": was_busy}),
        Finding::RoundTrip(found) => json!({
            "median_seconds": found.median.as_secs_f64(),
            "worst_seconds": found.worst.as_secs_f64(),
            "exchanges": found.exchanges,
        }),
        Finding::Receiving { sent, found, right } => json!({
            "sent_bytes": sent,
            "found_bytes": found,
            "right_bytes": right,
            "flow_control": right == sent,
        }),
        Finding::RawPaste(has) => json!({"raw_paste": has}),
        Finding::Capabilities(found) => {
            let all = found.named().into_iter();
            let all = all.map(|(name, has)| (name.to_owned(), has.into()));
            Value::Object(all.collect::<Map<String, Value>>())
        }
        Finding::Encodings(predictions) => {
            let all = predictions.iter();
            all.map(|prediction| {
                json!({
                    "encoding": prediction.encoding.name(),
                    "seconds": prediction.seconds,
                    "characters": prediction.characters,
                })
            })
            .collect()
        }
        _ => files(finding),
    }
}

/// What is said of filesystems and ROM partitions.
fn files(finding: &Finding) -> Value {
    match finding {
        Finding::Filesystem {
            filesystem,
            counted,
            label,
            read_only,
        } => json!({
            "place": filesystem.place,
            "type": filesystem.name,
            "size_bytes": filesystem.size(),
            "free_bytes": filesystem.free(),
            "counted_free_bytes": counted,
            "label": label,
            "read_only": read_only,
        }),
        Finding::Writing { place, result } => {
            let (name, reason) = match result {
                Writing::Right => ("right", None),
                Writing::Wrong => ("wrong", None),
                Writing::Refused { reason, .. } => ("refused", Some(reason)),
            };
            json!({"place": place, "result": name, "reason": reason})
        }
        Finding::Unreadable {
            path,
            is_directory,
            reason,
        } => json!({"path": path, "is_directory": is_directory, "reason": reason}),
        Finding::Files {
            place,
            files,
            directories,
            bytes,
            is_all,
        } => json!({
            "place": place,
            "files": files,
            "directories": directories,
            "read_bytes": bytes,
            "is_all": is_all,
        }),
        Finding::Leftover { path, healed } => {
            let healed = healed.as_ref().map(|healed| match healed {
                Healed::Finished(_) => "finished",
                Healed::Removed(_) => "removed",
            });
            json!({"path": path, "healed": healed})
        }
        Finding::Rom {
            number,
            size,
            contents,
        } => {
            let (name, image) = match contents {
                RomContents::Image(size) => ("image", Some(size)),
                RomContents::Empty => ("empty", None),
                RomContents::Torn => ("torn", None),
                RomContents::Other => ("other", None),
                RomContents::Missing => ("missing", None),
            };
            json!({"number": number, "size_bytes": size, "contents": name, "image_bytes": image})
        }
        _ => Value::Null,
    }
}

fn port(state: &PortState) -> Value {
    let usb = state.port.usb.as_ref().map(|usb| {
        json!({
            "vendor": usb.vendor,
            "product": usb.product,
            "serial_number": usb.serial_number,
            "manufacturer": usb.manufacturer,
            "product_name": usb.product_name,
        })
    });
    let (access, denial) = match &state.access {
        Access::Allowed => ("allowed", None),
        Access::Denied(denial) => ("denied", Some(denial)),
        Access::Missing => ("missing", None),
        Access::NoPort => ("no-port", None),
        Access::Unknown => ("unknown", None),
    };
    json!({
        "path": state.port.path,
        "usb": usb,
        "device": state.known.map(|known| known.name),
        "access": access,
        "owner": denial.and_then(|denial| denial.owner.as_ref()),
        "group": denial.and_then(|denial| denial.group.as_ref()),
        "in_use_by": state.holders.iter().map(process).collect::<Vec<Value>>(),
    })
}

fn process(holder: &Holder) -> Value {
    json!({"process": holder.process, "name": holder.name})
}
