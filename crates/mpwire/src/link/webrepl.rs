//! Boards with `WebREPL`: `ws://HOST`, or `ws://HOST:PORT`.
//!
//! The connection carries the password and all else in clear, and a board has one such terminal.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use mpwire_proto::quote;
use mpwire_proto::webrepl::{Login, PASSWORD_MOST, Step};
use mpwire_proto::websocket::{self, Client, Event};

use super::endpoint::Endpoint;
use super::tcp::{Connection, is_timeout, lock, take};
use super::{Address, Link, OpenError};

/// Where boards listen, unless told otherwise (`webrepl.start`).
const PORT: u16 = 8266;

/// How long a board may take to ask for the password, and then to let somebody in: it answers between
/// two instructions of a program.
const PATIENCE: Duration = Duration::from_secs(10);

/// The password of a board's `WebREPL`. It is not shown where all else is, for debugging.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password that a board may have, or why none can have that.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the WebREPL password is empty".to_owned());
        }
        if text.len() > PASSWORD_MOST {
            return Err(format!(
                "a WebREPL password has at most {PASSWORD_MOST} bytes"
            ));
        }
        if text.contains(['\r', '\n', '\0']) {
            return Err("a WebREPL password is one line".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// A terminal of a board, over a network.
pub struct WebReplLink {
    name: String,
    password: Password,
    connection: Connection,
    client: Mutex<Client>,
    /// Why there is nothing behind what came in before.
    end: Mutex<Option<io::Error>>,
    /// What came in before it was read: while the terminal was opened.
    early: Mutex<VecDeque<u8>>,
    /// Held by the thread that sends, so that nothing gets into the middle of a message.
    sending: Mutex<()>,
}

impl WebReplLink {
    /// Connects to `address`, such as `ws://10.0.0.7`, and says the password.
    pub fn open(address: &str, password: Option<&Password>) -> Result<Self, OpenError> {
        let endpoint = parse(address).map_err(|reason| OpenError::Malformed {
            name: without_secrets(address),
            reason,
        })?;
        let password = password.ok_or_else(|| OpenError::NoPassword(address.to_owned()))?;
        let unreachable = |source| OpenError::Unreachable {
            name: address.to_owned(),
            source,
        };
        let mut key = [0; 16];
        chance(&mut key).map_err(unreachable)?;
        let (client, request) = Client::new(&endpoint.host, endpoint.port, key);
        let link = Self {
            name: address.to_owned(),
            password: password.clone(),
            connection: Connection::open(&endpoint).map_err(unreachable)?,
            client: Mutex::new(client),
            end: Mutex::default(),
            early: Mutex::default(),
            sending: Mutex::new(()),
        };
        link.connection.write(&request).map_err(unreachable)?;
        link.log_in()?;
        link.connection.limit_reads(None).map_err(unreachable)?;
        Ok(link)
    }

    /// Waits until the board has asked for the password, and liked it.
    fn log_in(&self) -> Result<(), OpenError> {
        let mut login = Login::new(&self.password.0);
        let mut deadline = Instant::now() + PATIENCE;
        let mut buffer = [0; 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.silent(&login));
            }
            let count = self
                .connection
                .limit_reads(Some(left))
                .and_then(|()| self.connection.read(&mut buffer));
            let count = match count {
                Ok(count) => count,
                Err(error) if is_timeout(&error) => return Err(self.silent(&login)),
                Err(source) => return Err(self.left(&login, source)),
            };
            let data = self
                .decode(&buffer[..count])
                .map_err(|source| self.left(&login, source))?;
            let mut rest = data.as_slice();
            while let (used, Some(step)) = login.handle_input(rest) {
                rest = &rest[used..];
                match step {
                    Step::Send(line) => {
                        self.write(&line)
                            .map_err(|source| self.left(&login, source))?;
                        deadline = Instant::now() + PATIENCE;
                    }
                    Step::LetIn => {
                        lock(&self.early).extend(rest);
                        return Ok(());
                    }
                    Step::Denied => return Err(OpenError::WrongPassword(self.name.clone())),
                    Step::Strange(words) if words.is_empty() => {
                        let reason = "it did not answer to the password as WebREPL does";
                        return Err(self.no_webrepl(reason.to_owned()));
                    }
                    Step::Strange(words) => {
                        let words = quote::first_of(&words);
                        let reason = format!("it did not ask for the password, but sent {words}");
                        return Err(self.no_webrepl(reason));
                    }
                }
            }
            if let Some(error) = lock(&self.end).take() {
                return Err(self.no_webrepl(error.to_string()));
            }
        }
    }

    /// What a far end that does not go on has done so far.
    fn silent(&self, login: &Login) -> OpenError {
        let client = lock(&self.client);
        let words = client.first_words();
        let reason = if login.is_asked() {
            "it did not answer to the password".to_owned()
        } else if words.is_empty() {
            "it did not ask for the password".to_owned()
        } else {
            format!(
                "it did not open a WebSocket, but sent {}",
                quote::first_of(words)
            )
        };
        self.no_webrepl(reason)
    }

    /// Why the far end has closed the connection, as far as one can tell.
    fn left(&self, login: &Login, source: io::Error) -> OpenError {
        let is_taken = !login.is_asked()
            && source.kind() == io::ErrorKind::UnexpectedEof
            && lock(&self.client).first_words().is_empty();
        if is_taken {
            // `webrepl.py` shakes hands first, then closes.
            let reason = "it closed the connection without asking for the password";
            return self.no_webrepl(reason.to_owned());
        }
        OpenError::Unreachable {
            name: self.name.clone(),
            source,
        }
    }

    fn no_webrepl(&self, reason: String) -> OpenError {
        OpenError::NoWebRepl {
            name: self.name.clone(),
            reason,
        }
    }

    /// The bytes of the terminal in what came, after doing what else it says; the end that follows them is
    /// left in `self.end`.
    fn decode(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        let mut client = lock(&self.client);
        client.handle_input(bytes);
        while let Some(event) = client.poll_event() {
            match event {
                Event::Opened => {}
                Event::Data(more) => data.extend(more),
                Event::Ping(body) => {
                    let pong = websocket::pong(&body, mask()?);
                    self.send(&pong)?;
                }
                Event::Closed => {
                    let told = "the board closed it";
                    *lock(&self.end) = Some(io::Error::new(io::ErrorKind::UnexpectedEof, told));
                }
                Event::Refused(refusal) => {
                    *lock(&self.end) = Some(io::Error::new(io::ErrorKind::InvalidData, refusal));
                }
            }
        }
        Ok(data)
    }

    fn send(&self, frames: &[u8]) -> io::Result<()> {
        let _sending = lock(&self.sending);
        self.connection.write(frames)
    }
}

impl Link for WebReplLink {
    fn name(&self) -> &str {
        &self.name
    }

    fn address(&self) -> Address {
        Address::WebRepl {
            address: self.name.clone(),
            password: Some(self.password.clone()),
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let early = take(&mut lock(&self.early), buffer);
            if early > 0 {
                return Ok(early);
            }
            if let Some(error) = lock(&self.end).take() {
                return Err(error);
            }
            let count = self.connection.read(buffer)?;
            self.connection.acknowledge_at_once();
            if count == 0 {
                return Ok(0);
            }
            let data = self.decode(&buffer[..count])?;
            lock(&self.early).extend(data);
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.send(&websocket::text(bytes, mask()?))
    }

    fn close(&self) {
        if self.connection.begin_to_close() {
            // A board that is told has its terminal free at once. One that is gone need not be.
            let _ = mask().and_then(|mask| self.send(&websocket::close(mask)));
            self.connection.close();
        }
    }

    /// What arrives together has to find room in the ring behind the terminal, 260 bytes on an ESP32 and
    /// 256 on an ESP8266, before any of it is read (`mp_os_dupterm_notify` of `extmod/modos.c`).
    fn burst(&self) -> Option<usize> {
        Some(240)
    }

    /// The board's sockets end with its interpreter.
    fn survives_soft_reset(&self) -> bool {
        false
    }
}

/// An address that can be shown: what may be a password is not.
fn without_secrets(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("ws", address));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let place = rest.split_once('?').map_or(rest, |(place, _)| place);
    format!("{scheme}://{place}")
}

/// The address without what has no place in it.
fn parse(address: &str) -> Result<Endpoint, String> {
    if address.contains('@') {
        return Err("a password has no place in an address, which others can see".to_owned());
    }
    let endpoint = Endpoint::parse_with_port(address, Some(PORT))?;
    match endpoint.options.first() {
        None => Ok(endpoint),
        Some((name, _)) => Err(format!("there is no option '{name}'")),
    }
}

/// Masks keep caches between the two ends from being fooled (RFC 6455, section 10.3); boards need none.
fn mask() -> io::Result<[u8; 4]> {
    let mut mask = [0; 4];
    chance(&mut mask)?;
    Ok(mask)
}

fn chance(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_that_boards_can_have_and_is_not_shown() {
        let password = Password::new("secret").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert!(Password::new("123456789").is_ok());
        for wrong in ["", "1234567890", "a\nb"] {
            assert!(Password::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_is_shown_without_a_password() {
        for address in [
            "ws://10.0.0.7",
            "ws://:secret@10.0.0.7",
            "ws://user:se@cret@10.0.0.7?x=1",
            "ws://10.0.0.7?password=secret",
        ] {
            assert_eq!(without_secrets(address), "ws://10.0.0.7");
        }
    }

    #[test]
    fn addresses_have_a_port_and_no_password() {
        assert_eq!(parse("ws://10.0.0.7").unwrap().port, 8266);
        assert_eq!(parse("ws://[::1]:80/").unwrap().port, 80);
        assert_eq!(parse("WS://[::1]").unwrap().host, "::1");
        assert!(
            parse("ws://:secret@10.0.0.7")
                .unwrap_err()
                .contains("password")
        );
        assert!(parse("ws://board?password=secret").is_err());
    }
}
