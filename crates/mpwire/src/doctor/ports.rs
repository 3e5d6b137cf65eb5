//! Serial ports: what is plugged in, who may open it, who has it open. None is opened.

use super::access;
use super::{Finding, Level};
use crate::devices::{self, Kind, Known};
use crate::ports::{self, Port};

/// A serial port as it is found, without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortState {
    /// The port.
    pub port: Port,
    /// What is known of its USB device.
    pub known: Option<Known>,
    /// Whether the user may open it.
    pub access: Access,
    /// Other programs that have it open, as far as the user may know.
    pub holders: Vec<Holder>,
}

/// Whether the user may open a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Allowed,
    /// No.
    Denied(Denial),
    /// There is no such port.
    Missing,
    /// What is there is no port.
    NoPort,
    /// This system does not tell without opening it.
    Unknown,
}

/// Why a port may not be opened, as far as the user may know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Denial {
    /// The user who wants to open it.
    pub user: Option<String>,
    /// The user to whom it belongs.
    pub owner: Option<String>,
    /// The group to which it belongs.
    pub group: Option<String>,
    /// Whether this group may read and write it.
    pub is_open_to_group: bool,
    /// Whether the user is in this group, but was not when this login began.
    pub is_new_member: bool,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process number.
    pub process: u32,
    /// Its name.
    pub name: String,
}

/// Looks at one port, by its path.
#[must_use]
pub fn look(path: &str) -> PortState {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let listed = ports::list().unwrap_or_default();
    // By whatever name, it is the same port.
    let usb = listed
        .into_iter()
        .find(|port| port.path == path || real == *port.path)
        .and_then(|port| port.usb);
    state(Port {
        path: path.to_owned(),
        usb,
    })
}

fn state(port: Port) -> PortState {
    let usb = port.usb.as_ref();
    PortState {
        known: usb.and_then(|usb| devices::find(usb.vendor, usb.product)),
        access: access::of(&port.path),
        holders: access::holders(&port.path),
        port,
    }
}

/// Looks at every port of this computer, and at what should be one.
#[must_use]
pub fn survey() -> Vec<Finding> {
    let listed = match ports::list() {
        Ok(listed) => listed,
        Err(error) => {
            return vec![Finding::Unlisted {
                reason: error.to_string(),
            }];
        }
    };
    let mut findings = without_port(&listed);
    let has_usb = listed.iter().any(|port| port.usb.is_some());
    findings.extend(listed.into_iter().map(|port| Finding::Port(state(port))));
    if !has_usb && findings.iter().all(|found| found.level() == Level::Fine) {
        findings.push(Finding::NoPort);
    }
    findings.extend(grabbers());
    findings
}

/// Programs that open ports by themselves.
#[must_use]
pub fn grabbers() -> Vec<Finding> {
    let running = access::running(&["ModemManager", "brltty"]);
    running.into_iter().map(Finding::Grabber).collect()
}

fn without_port(listed: &[Port]) -> Vec<Finding> {
    let finding = |known: Known| match known.kind {
        Kind::Bootloader => Finding::WaitsForFirmware(known),
        Kind::Board | Kind::Adapter => Finding::NoDriver(known),
    };
    let missing = devices::without_port(listed);
    missing.into_iter().map(finding).collect()
}

/// The ports of `findings` that are boards for certain and can be used.
#[must_use]
pub fn usable_boards(findings: &[Finding]) -> Vec<&PortState> {
    findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Port(state) => Some(state),
            _ => None,
        })
        .filter(|state| state.port.usb.as_ref().is_some_and(devices::is_board))
        .filter(|state| matches!(state.access, Access::Allowed | Access::Unknown))
        .filter(|state| state.holders.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::UsbDevice;

    fn found(path: &str, vendor: u16, access: Access) -> Finding {
        Finding::Port(PortState {
            port: Port {
                path: path.to_owned(),
                usb: Some(UsbDevice {
                    vendor,
                    product: 0x7523,
                    serial_number: None,
                    manufacturer: None,
                    product_name: None,
                }),
            },
            known: devices::find(vendor, 0x7523),
            access,
            holders: Vec::new(),
        })
    }

    #[test]
    fn only_what_is_a_board_for_certain_is_used_unasked() {
        let denied = Access::Denied(Denial::default());
        let findings = [
            found("adapter", 0x1a86, Access::Allowed),
            found("denied", 0x2e8a, denied),
            found("board", 0x2e8a, Access::Allowed),
        ];
        let usable = usable_boards(&findings);
        assert_eq!(usable.len(), 1);
        assert_eq!(usable[0].port.path, "board");
        assert_eq!(findings[1].level(), Level::Problem);
        assert_eq!(findings[0].level(), Level::Fine);
    }

    #[test]
    fn a_port_that_is_not_there_is_missing() {
        let state = look("/no/such/port");
        assert!(!matches!(state.access, Access::Allowed));
        assert!(state.holders.is_empty());
    }
}
