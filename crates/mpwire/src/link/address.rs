//! What a user types to name a board, and opening it.

use std::io;
use std::sync::Arc;

use super::{Link, Password};
use crate::system::words;

/// How a board is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The first USB serial port that can be opened.
    Auto,
    /// The USB serial port with this serial number: `id:…`.
    SerialNumber(String),
    /// A port by its path or name, with or without `port:`.
    Port(String),
    /// A simulated board with these parameters: `sim:…`.
    Simulated(String),
    /// A board behind a TCP connection: `socket://HOST:PORT`, the whole of it.
    Socket(String),
    /// A serial port behind a server: `rfc2217://HOST:PORT?OPTIONS`, the whole of it.
    Rfc2217(String),
    /// A board with `WebREPL`.
    WebRepl {
        /// `ws://HOST` or `ws://HOST:PORT`, the whole of it.
        address: String,
        /// What the board will ask for. An address does not hold it, since others can see that.
        password: Option<Password>,
    },
}

impl Address {
    /// Reads what follows `connect`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "auto" {
            Self::Auto
        } else if let Some(serial_number) = text.strip_prefix("id:") {
            Self::SerialNumber(serial_number.to_owned())
        } else if let Some(parameters) = text.strip_prefix("sim:") {
            Self::Simulated(parameters.to_owned())
        } else {
            Self::of_port(text.strip_prefix("port:").unwrap_or(text))
        }
    }

    /// A port's name may be an address, as pyserial's may.
    fn of_port(name: &str) -> Self {
        if has_scheme(name, "socket") {
            Self::Socket(name.to_owned())
        } else if has_scheme(name, "rfc2217") {
            Self::Rfc2217(name.to_owned())
        } else if has_scheme(name, "ws") {
            Self::WebRepl {
                address: name.to_owned(),
                password: None,
            }
        } else {
            Self::Port(name.to_owned())
        }
    }
}

/// Whether `text` is an address of this scheme, in capital or small letters.
fn has_scheme(text: &str, scheme: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(found, _)| found.eq_ignore_ascii_case(scheme))
}

/// Why a board could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `auto` found nothing.
    #[error("no device found")]
    NoneFound,
    /// `id:` found nothing.
    #[error("no device with serial number {0}")]
    NoSerialNumber(String),
    /// Another program has the port.
    #[error("failed to access {0} (it may be in use by another program)")]
    Busy(String),
    /// The port is not there.
    #[error("failed to access {0}: no such port")]
    Missing(String),
    /// The user may not open the port.
    #[error("failed to access {0}: permission denied")]
    Denied(String),
    /// Anything else the system said.
    #[error("failed to access {name}: {}", words(source))]
    Failed {
        /// The port or address.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The address cannot be one.
    #[error("'{name}' is not an address: {reason}")]
    Malformed {
        /// What was typed.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A server could not be connected to, or has closed the connection.
    #[error("failed to access {name}: {}", words(source))]
    Unreachable {
        /// The address.
        name: String,
        /// What happened.
        source: io::Error,
    },
    /// A server was connected to, but does not give the serial port that is needed.
    #[error("failed to access {name}: {reason}")]
    NoRemotePort {
        /// The address.
        name: String,
        /// What it did.
        reason: String,
    },
    /// A board will ask for a password, and there is none to say.
    #[error("failed to access {0}: it takes a password, and none is known")]
    NoPassword(String),
    /// No board can have the password that there is, or it cannot be read.
    #[error("failed to access {name}: {reason}")]
    BadPassword {
        /// The address.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A board did not like the password.
    #[error("failed to access {0}: the password is wrong")]
    WrongPassword(String),
    /// What was connected to does not behave as `WebREPL` does.
    #[error("failed to access {name}: {reason}")]
    NoWebRepl {
        /// The address.
        name: String,
        /// What it did.
        reason: String,
    },
    /// The list of ports could not be read.
    #[error("the serial ports could not be listed: {0}")]
    Unlisted(String),
    /// This build has no such links.
    #[error("{0} addresses are not supported by this build of mpwire")]
    Unsupported(&'static str),
    /// The simulated board did not start, or its parameters are wrong.
    #[error("the simulated board did not start: {0}")]
    Simulator(String),
}

impl OpenError {
    /// The address, as far as it may be shown, where it is wrong.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Malformed { name, .. } => Some(name),
            _ => None,
        }
    }

    /// What the user can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoneFound | Self::NoSerialNumber(_) | Self::Missing(_) => {
                Some("`mpwire connect list` shows the ports that are there")
            }
            Self::Denied(_) => Some(
                "on Linux, add yourself to the group that owns the port (often `dialout`) and log in again",
            ),
            Self::Malformed { .. } => Some(
                "an address looks like socket://HOST:PORT, rfc2217://HOST:PORT?OPTION or ws://HOST",
            ),
            Self::Unreachable { source, .. } => match source.kind() {
                io::ErrorKind::UnexpectedEof => {
                    Some("is the board plugged in there, and does nobody else use it?")
                }
                _ => Some("is the server running, and are host and port right?"),
            },
            Self::NoRemotePort { .. } => {
                Some("if the server passes bytes on as they are, connect to socket://HOST:PORT")
            }
            Self::NoPassword(_) => Some(
                "set MPWIRE_WEBREPL_PASSWORD, or MPWIRE_WEBREPL_PASSWORD_FILE to a file that holds it, or be at a terminal",
            ),
            Self::NoWebRepl { .. } => Some(
                "a board has one WebREPL at a time: does nobody else use it, and has `import webrepl_setup` started it?",
            ),
            _ => None,
        }
    }
}

/// Opens the board at `address`.
pub fn open(address: &Address) -> Result<Arc<dyn Link>, OpenError> {
    match address {
        Address::Auto => open_first(),
        Address::SerialNumber(serial_number) => open_serial_number(serial_number),
        Address::Port(path) => open_port(path),
        Address::Simulated(parameters) => open_simulated(parameters),
        Address::Socket(address) => Ok(Arc::new(super::tcp::TcpLink::open(address)?)),
        Address::Rfc2217(address) => Ok(Arc::new(super::rfc2217::Rfc2217Link::open(address)?)),
        Address::WebRepl { address, password } => {
            let link = super::webrepl::WebReplLink::open(address, password.as_ref())?;
            Ok(Arc::new(link))
        }
    }
}

#[cfg(feature = "serial")]
fn open_first() -> Result<Arc<dyn Link>, OpenError> {
    let mut ports = usb_ports()?;
    put_known_first(&mut ports);
    for port in ports {
        match open_port(&port.path) {
            // Somebody is working with that board; the next one may be free.
            Err(OpenError::Busy(_) | OpenError::Denied(_) | OpenError::Failed { .. }) => {}
            other => return other,
        }
    }
    Err(OpenError::NoneFound)
}

/// Whatever else has a port, a modem or a printer, is spoken to only where nothing is that is known to
/// be a board, or to have one behind it.
#[cfg(feature = "serial")]
fn put_known_first(ports: &mut [crate::ports::Port]) {
    let is_known = |port: &crate::ports::Port| {
        let usb = port.usb.as_ref();
        usb.is_some_and(|usb| crate::devices::find(usb.vendor, usb.product).is_some())
    };
    ports.sort_by_key(|port| !is_known(port));
}

#[cfg(feature = "serial")]
fn open_serial_number(serial_number: &str) -> Result<Arc<dyn Link>, OpenError> {
    usb_ports()?
        .into_iter()
        .find(|port| {
            port.usb
                .as_ref()
                .and_then(|usb| usb.serial_number.as_deref())
                == Some(serial_number)
        })
        .map_or_else(
            || Err(OpenError::NoSerialNumber(serial_number.to_owned())),
            |port| open_port(&port.path),
        )
}

#[cfg(feature = "serial")]
fn usb_ports() -> Result<Vec<crate::ports::Port>, OpenError> {
    let mut ports = crate::ports::list().map_err(|error| OpenError::Unlisted(error.to_string()))?;
    ports.retain(|port| port.usb.is_some());
    Ok(ports)
}

#[cfg(feature = "serial")]
fn open_port(path: &str) -> Result<Arc<dyn Link>, OpenError> {
    let link = super::serial::SerialLink::open(path).map_err(|error| explain(path, error))?;
    Ok(Arc::new(link))
}

#[cfg(feature = "serial")]
fn explain(path: &str, error: io::Error) -> OpenError {
    let name = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => OpenError::Missing(name),
        io::ErrorKind::PermissionDenied => OpenError::Denied(name),
        io::ErrorKind::ResourceBusy | io::ErrorKind::WouldBlock => OpenError::Busy(name),
        _ => OpenError::Failed {
            name,
            source: error,
        },
    }
}

#[cfg(not(feature = "serial"))]
fn open_first() -> Result<Arc<dyn Link>, OpenError> {
    Err(OpenError::Unsupported("serial"))
}

#[cfg(not(feature = "serial"))]
fn open_serial_number(_serial_number: &str) -> Result<Arc<dyn Link>, OpenError> {
    Err(OpenError::Unsupported("serial"))
}

#[cfg(not(feature = "serial"))]
fn open_port(_path: &str) -> Result<Arc<dyn Link>, OpenError> {
    Err(OpenError::Unsupported("serial"))
}

#[cfg(all(feature = "sim", target_os = "linux"))]
fn open_simulated(parameters: &str) -> Result<Arc<dyn Link>, OpenError> {
    let link = super::sim::SimLink::start(parameters)
        .map_err(|error| OpenError::Simulator(error.to_string()))?;
    Ok(Arc::new(link))
}

#[cfg(not(all(feature = "sim", target_os = "linux")))]
fn open_simulated(_parameters: &str) -> Result<Arc<dyn Link>, OpenError> {
    Err(OpenError::Unsupported("sim:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_address() {
        assert_eq!(Address::parse("auto"), Address::Auto);
        assert_eq!(
            Address::parse("id:334D"),
            Address::SerialNumber("334D".into())
        );
        assert_eq!(
            Address::parse("port:/dev/ttyACM0"),
            Address::Port("/dev/ttyACM0".into())
        );
        assert_eq!(Address::parse("COM3"), Address::Port("COM3".into()));
        assert_eq!(
            Address::parse("sim:link=usb"),
            Address::Simulated("link=usb".into())
        );
        let (socket, port) = ("socket://[::1]:4000", "RFC2217://bench:2217?timeout=5");
        assert_eq!(Address::parse(socket), Address::Socket(socket.into()));
        assert_eq!(Address::parse(port), Address::Rfc2217(port.into()));
        assert_eq!(
            Address::parse("port:socket://a:1"),
            Address::Socket("socket://a:1".into())
        );
        assert_eq!(
            Address::parse("ws://10.0.0.7"),
            Address::WebRepl {
                address: "ws://10.0.0.7".into(),
                password: None
            }
        );
    }
    #[cfg(feature = "serial")]
    #[test]
    fn what_is_known_to_be_a_board_is_spoken_to_first() {
        let port = |path: &str, vendor, product| crate::ports::Port {
            path: path.to_owned(),
            usb: Some(crate::ports::UsbDevice {
                vendor,
                product,
                serial_number: None,
                manufacturer: None,
                product_name: None,
            }),
        };
        let mut ports = [
            port("/dev/ttyACM0", 0x04b8, 0x0202),
            port("/dev/ttyACM1", 0x2e8a, 0x0005),
            port("/dev/ttyUSB0", 0x10c4, 0xea60),
        ];
        put_known_first(&mut ports);
        let order = ports.map(|port| port.path);
        assert_eq!(order, ["/dev/ttyACM1", "/dev/ttyUSB0", "/dev/ttyACM0"]);
    }
}
