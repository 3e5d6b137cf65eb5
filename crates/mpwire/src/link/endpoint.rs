//! The addresses of links over the network: `SCHEME://HOST:PORT?OPTION&OPTION=VALUE`, as pyserial
//! writes them.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};

/// How long finding a host and connecting to it may take together (pyserial's limit, too).
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may be quiet before the system asks whether the far end is there, and how
/// often it asks then.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(10);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(3);

/// Where a server is, and what was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or number; an IPv6 number without its brackets.
    pub host: String,
    pub port: u16,
    /// Names and values, which may be empty.
    pub options: Vec<(String, String)>,
}

impl Endpoint {
    /// Reads an address, with its scheme, or says what is wrong with it.
    pub fn parse(address: &str) -> Result<Self, String> {
        Self::parse_with_port(address, None)
    }

    /// As [`Self::parse`], of an address that may leave the port to be `usual`.
    pub fn parse_with_port(address: &str, usual: Option<u16>) -> Result<Self, String> {
        let (_, rest) = address.split_once("://").unwrap_or(("", address));
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.trim_end_matches('/');
        let (host, port) = split_port(place)?;
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        let port = match (port, usual) {
            (None, None) => return Err("it names no port".to_owned()),
            (None, Some(usual)) => usual,
            (Some(port), _) => number(port)?,
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let options = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        });
        Ok(Self {
            host: host.to_owned(),
            port,
            options: options.collect(),
        })
    }

    /// Connects, to whichever of the host's numbers answers first in their order.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let deadline = Instant::now() + CONNECT_PATIENCE;
        let numbers = self.look_up()?;
        let mut failure = io::Error::other(format!("{} has no address", self.host));
        for (index, number) in numbers.iter().enumerate() {
            // One that does not answer must leave time for the others.
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(numbers.len() - index).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(number, share.max(Duration::from_millis(1))) {
                Ok(stream) => return prepare(stream),
                Err(error) => failure = explain(&error),
            }
        }
        Err(failure)
    }

    /// Asks the system for the host's numbers, in a thread, since it may take its time.
    fn look_up(&self) -> io::Result<Vec<SocketAddr>> {
        let (sender, receiver) = channel();
        let (host, port) = (self.host.clone(), self.port);
        thread::spawn(move || {
            let numbers = (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
            // Nobody waits for it after the deadline.
            let _ = sender.send(numbers);
        });
        match receiver.recv_timeout(CONNECT_PATIENCE) {
            Ok(Ok(numbers)) => Ok(numbers),
            // Systems word this at length, each differently.
            Ok(Err(_)) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("there is no host {}", self.host),
            )),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("looking up {} took too long", self.host),
            )),
        }
    }
}

/// The host and the port of `HOST`, `HOST:PORT` or `[HOST]:PORT`.
fn split_port(place: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(number) = place.strip_prefix('[') {
        let (host, rest) = number.split_once(']').ok_or("']' is missing")?;
        return Ok((host, rest.strip_prefix(':')));
    }
    let Some((host, port)) = place.rsplit_once(':') else {
        return Ok((place, None));
    };
    if host.contains(':') {
        return Err(format!("an IPv6 number needs brackets: [{host}]:{port}"));
    }
    Ok((host, Some(port)))
}

fn number(port: &str) -> Result<u16, String> {
    let number = port.parse().ok().filter(|&number| number > 0);
    // `parse` takes a plus sign as well.
    let number = number.filter(|_| !port.starts_with('+'));
    number.ok_or_else(|| format!("'{port}' is not a port (1 to 65535)"))
}

/// Sends each write at once, since a board answers to the last byte, and notices a far end that has
/// gone without a word.
fn prepare(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE_AFTER)
        .with_interval(KEEP_ALIVE_EVERY);
    SockRef::from(&stream).set_tcp_keepalive(&keep_alive)?;
    Ok(stream)
}

fn explain(error: &io::Error) -> io::Error {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            format!("no answer within {} s", CONNECT_PATIENCE.as_secs())
        }
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> (String, u16) {
        let endpoint = Endpoint::parse(address).expect("it is an address");
        (endpoint.host, endpoint.port)
    }

    #[test]
    fn reads_hosts_and_ports() {
        assert_eq!(read("socket://bench:4000"), ("bench".into(), 4000));
        assert_eq!(read("socket://10.0.0.7:1/"), ("10.0.0.7".into(), 1));
        assert_eq!(read("rfc2217://[::1]:2217"), ("::1".into(), 2217));
        assert_eq!(read("RFC2217://a.b:65535?x=1"), ("a.b".into(), 65535));
    }

    #[test]
    fn reads_options() {
        let endpoint = Endpoint::parse("rfc2217://h:1?ign_set_control&timeout=2.5&&").unwrap();
        let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            endpoint.options,
            [option("ign_set_control", ""), option("timeout", "2.5")]
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = |address: &str| Endpoint::parse(address).unwrap_err();
        assert_eq!(wrong("socket://bench"), "it names no port");
        assert_eq!(wrong("socket://[::1]"), "it names no port");
        assert_eq!(wrong("socket://[::1"), "']' is missing");
        assert_eq!(wrong("socket://:4000"), "it names no host");
        assert_eq!(wrong("socket://"), "it names no host");
        assert_eq!(wrong("socket://h:0"), "'0' is not a port (1 to 65535)");
        assert_eq!(
            wrong("socket://h:65536"),
            "'65536' is not a port (1 to 65535)"
        );
        assert_eq!(
            wrong("socket://h:http"),
            "'http' is not a port (1 to 65535)"
        );
        assert_eq!(wrong("socket://h:+7"), "'+7' is not a port (1 to 65535)");
        assert_eq!(
            wrong("socket://::1:4000"),
            "an IPv6 number needs brackets: [::1]:4000"
        );
    }
}
