//! The password of a board in the network: from the environment, a file, or the terminal; never from
//! the command line, which every program on the computer can read.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use mpwire::link::{Address, OpenError, Password};
use mpwire::system::words;

use crate::config;
use crate::console::{RawMode, Source};
use crate::error::Error;
use crate::report;

const VARIABLE: &str = "MPWIRE_WEBREPL_PASSWORD";
const FILE_VARIABLE: &str = "MPWIRE_WEBREPL_PASSWORD_FILE";

/// The most of a file that is read: no password is as long.
const FILE_MOST: u64 = 4096;

/// `address` with the password that it needs; `file` is where `config.toml` says that it is.
pub fn complete(address: &Address, file: Option<&Path>) -> Result<Address, Error> {
    let Address::WebRepl { address, .. } = address else {
        return Ok(address.clone());
    };
    if !is_on_this_computer(address) {
        report::note(&format!(
            "{address} is not encrypted: who is in its network can read the password and all else"
        ));
    }
    let (origin, text) = find(address, file)?;
    let password = Password::new(&text).map_err(|reason| OpenError::BadPassword {
        name: address.clone(),
        reason: format!("{origin}: {reason}"),
    })?;
    Ok(Address::WebRepl {
        address: address.clone(),
        password: Some(password),
    })
}

/// A password, and who says so.
fn find(address: &str, file: Option<&Path>) -> Result<(String, String), Error> {
    if let Some(text) = config::variable(VARIABLE) {
        return Ok((VARIABLE.to_owned(), text));
    }
    let named = config::variable(FILE_VARIABLE).map(PathBuf::from);
    if let Some(path) = named.as_deref().or(file) {
        let origin = path.display().to_string();
        return match read(path) {
            Ok(text) => Ok((origin, text)),
            Err(error) => Err(OpenError::BadPassword {
                name: address.to_owned(),
                reason: format!("{origin} cannot be read: {}", words(&error)),
            }
            .into()),
        };
    }
    match ask(address)? {
        Some(text) => Ok(("what was typed".to_owned(), text)),
        None => Err(OpenError::NoPassword(address.to_owned()).into()),
    }
}

/// The first line of a file, without the mark that editors on Windows begin one with.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_MOST)
        .read_to_string(&mut text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Asks whoever is at the terminal; `None` where nobody is.
fn ask(address: &str) -> Result<Option<String>, Error> {
    let failed = |error| Error::local("connect", "the terminal", &error);
    let Some(raw) = RawMode::enter().map_err(failed)? else {
        return Ok(None);
    };
    let mut screen = io::stderr();
    // A terminal that shows nothing can still be typed at.
    let _ = write!(screen, "WebREPL password of {address}: ");
    let _ = screen.flush();
    let source = Source::new().map_err(failed)?;
    let mut line = Line::default();
    let end = loop {
        let bytes = source.read();
        if let Some(end) = line.handle_input(&bytes) {
            break end;
        }
    };
    drop(raw);
    let _ = writeln!(screen);
    match end {
        End::Line => Ok(Some(String::from_utf8_lossy(&line.text).into_owned())),
        End::Interrupt => Err(Error::Interrupted),
    }
}

/// A line that is typed and not shown.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
}

/// How a line ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// By Enter, or the end of the input.
    Line,
    /// By Ctrl-C.
    Interrupt,
}

impl Line {
    /// Takes what was typed, nothing at the end of the input; returns how the line has ended, if it has.
    fn handle_input(&mut self, bytes: &[u8]) -> Option<End> {
        const CTRL_C: u8 = 3;
        const CTRL_D: u8 = 4;
        const BACKSPACE: u8 = 8;
        const CTRL_U: u8 = 21;
        const DELETE: u8 = 127;
        for &byte in bytes {
            match byte {
                b'\r' | b'\n' | CTRL_D => return Some(End::Line),
                CTRL_C => return Some(End::Interrupt),
                BACKSPACE | DELETE => self.take_character(),
                CTRL_U => self.text.clear(),
                _ => self.text.push(byte),
            }
        }
        bytes.is_empty().then_some(End::Line)
    }

    /// A character of UTF-8 ends with all bytes behind its first.
    fn take_character(&mut self) {
        while self.text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }
}

/// Whether nobody else can listen: the far end is this computer, perhaps that of a tunnel.
fn is_on_this_computer(address: &str) -> bool {
    let (_, place) = address.split_once("://").unwrap_or(("", address));
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
    let host = host.trim_matches(['[', ']', '/']);
    host == "localhost"
        || place.starts_with("[::1]")
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|number| number.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_typed_and_mended() {
        let mut line = Line::default();
        assert_eq!(line.handle_input(b"wrong\x15sez\x7f"), None);
        assert_eq!(
            line.handle_input("c\u{e9}\x08ret\rmore".as_bytes()),
            Some(End::Line)
        );
        assert_eq!(line.text, b"secret");
        assert_eq!(
            Line::default().handle_input(b"se\x03"),
            Some(End::Interrupt)
        );
        assert_eq!(Line::default().handle_input(b""), Some(End::Line));
    }

    #[test]
    fn only_the_way_within_this_computer_is_private() {
        for address in [
            "ws://localhost",
            "ws://127.0.0.1:8266/",
            "ws://[::1]:8266",
            "ws://[::1]",
        ] {
            assert!(is_on_this_computer(address), "{address}");
        }
        for address in ["ws://10.0.0.7", "ws://127.0.0.1.example", "ws://board:8266"] {
            assert!(!is_on_this_computer(address), "{address}");
        }
    }
}
