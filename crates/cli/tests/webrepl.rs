//! Boards with `WebREPL`: MicroPython's own WebSocket in front of a simulated board
//! (`support/webrepl.py`), and scripted servers that are none.

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mpwire_sim::find_interpreter;
use rustix::process::Signal;
use sha1::{Digest as _, Sha1};
use support::terminal::Terminal;
use support::{DEADLINE, Outcome, Running, TestBoard, mpwire, noise};

const PASSWORD: &str = "secret";
const VARIABLE: &str = "MPWIRE_WEBREPL_PASSWORD";

/// What fits in the smallest ring behind a terminal, an ESP8266's: all of its bytes but one
/// (`ports/esp8266/esp_mphal.c`, `py/ringbuf.c`).
const RING: usize = 255;

/// A simulated board behind a WebREPL, and the server of that.
struct RemoteBoard {
    // Before the board, whose port it has open.
    server: Running,
    board: TestBoard,
    address: String,
}

impl RemoteBoard {
    fn start() -> Self {
        Self::with(&[], 0)
    }

    /// A board with these parameters that looks so many milliseconds late at what has arrived.
    fn with(parameters: &[&str], latency: u32) -> Self {
        let board = TestBoard::with(parameters);
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/webrepl.py");
        let port = free_port();
        let server = Running::start(
            &find_interpreter().expect("a MicroPython"),
            &board.work(),
            &[
                script.display().to_string().as_str(),
                "../board",
                PASSWORD,
                &RING.to_string(),
                &latency.to_string(),
                &port.to_string(),
            ],
        );
        let mut remote = Self {
            server,
            board,
            address: format!("ws://127.0.0.1:{port}"),
        };
        remote.server.wait_for("listening\n");
        remote
    }

    fn words<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["connect", self.address.as_str()], arguments].concat()
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.board
            .mpwire_with(&[(VARIABLE, PASSWORD)], &self.words(arguments))
    }

    /// What a command that succeeds prints.
    fn said(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
        outcome.text()
    }

    /// Starts a program that does not end, and waits until it runs.
    fn start_a_program(&self) -> Running {
        let program = "print('begun')\nwhile True: pass";
        let mut running = Running::start_with(
            &[(VARIABLE, PASSWORD)],
            &mpwire(),
            &self.board.work(),
            &self.words(&["exec", program]),
        );
        running.wait_for("begun");
        running
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.board.work().join(name)).expect("it is there")
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

#[test]
fn programs_run_and_files_go_both_ways() {
    let remote = RemoteBoard::start();
    assert_eq!(remote.said(&["eval", "6*7"]), "42\n");
    // Not all that is printed together is UTF-8 by itself.
    assert_eq!(
        remote
            .said(&["exec", "print('\\xe9\\u20ac' * 200)"])
            .trim_end(),
        "é€".repeat(200)
    );
    remote.board.write("noise", noise(1, 30_000));
    remote.said(&[
        "cp", "noise", ":", "+", "mkdir", "sub", "+", "cp", "noise", ":sub/",
    ]);
    remote.said(&["cp", ":sub/noise", "back"]);
    assert!(remote.read("back") == noise(1, 30_000));
    assert!(remote.said(&["ls"]).contains("30000 noise\n"));
    let said = remote.said(&[
        "mount",
        ".",
        "exec",
        "print(len(open('noise', 'rb').read()))",
    ]);
    assert!(said.ends_with("30000\n"), "{said}");
}

/// All that arrives while the board does not look has to fit its ring: two windows of raw-paste are one
/// byte too many.
#[test]
fn nothing_is_lost_however_late_the_board_looks() {
    let remote = RemoteBoard::with(&[], 12);
    let sum = "+1".repeat(500);
    assert_eq!(remote.said(&["eval", &sum]), "500\n");
    remote.board.write("noise", noise(1, 5_000));
    remote.said(&["cp", "noise", ":"]);
    let program = "print(open('noise', 'rb').read() == open('/noise', 'rb').read())";
    let said = remote.said(&["mount", ".", "exec", program]);
    assert!(said.ends_with("True\n"), "{said}");
    remote.server.signal(Signal::TERM);
    let said = remote.server.finish().text();
    assert!(said.contains("let in") && !said.contains("lost"), "{said}");
}

/// The connection ends with the interpreter, so that only who asks for that gets it.
#[test]
fn a_soft_reset_is_done_where_it_is_asked_for_and_connects_again() {
    let remote = RemoteBoard::start();
    remote.said(&["exec", "x = 7"]);
    assert_eq!(remote.said(&["eval", "x"]), "7\n");
    let outcome = remote.run(&["soft-reset", "eval", "'x' in globals()"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "False\n"),
        "{outcome}"
    );
}

#[test]
fn a_terminal_is_opened() {
    let remote = RemoteBoard::with(&["line-ends=crlf"], 0);
    let words = remote.words(&["repl"]);
    let mut terminal = Terminal::start(&mpwire(), &remote.board.work(), &words);
    terminal.wait_for("password of ");
    terminal.ask("secret\r", "to exit this shell");
    terminal.ask("\r", ">>> ");
    terminal.ask("6 * 7\r", "\n42\r\n>>> ");
    terminal.type_in("\x1d");
    let ended = terminal.finish();
    assert_eq!(
        (ended.code, ended.restored),
        (Some(0), true),
        "{}",
        ended.shown
    );
    assert!(!ended.shown.contains(PASSWORD), "{}", ended.shown);
}

#[test]
fn ctrl_c_at_the_question_restores_the_terminal() {
    let remote = RemoteBoard::start();
    let words = remote.words(&["eval", "1"]);
    let mut terminal = Terminal::start(&mpwire(), &remote.board.work(), &words);
    terminal.wait_for("password of ");
    terminal.type_in("se\x03");
    let ended = terminal.finish();
    assert_eq!(
        (ended.code, ended.restored),
        (Some(1), true),
        "{}",
        ended.shown
    );
}

#[test]
fn the_password_comes_from_a_file_as_well() {
    let remote = RemoteBoard::start();
    remote
        .board
        .write("password", format!("{PASSWORD}\nmore\n"));
    let outcome = remote.board.mpwire_with(
        &[("MPWIRE_WEBREPL_PASSWORD_FILE", "password")],
        &remote.words(&["eval", "1"]),
    );
    assert_eq!(outcome.code, Some(0), "{outcome}");
    // Beside the configuration that names it.
    remote.board.configure("mpwire/password", PASSWORD);
    remote.board.configure(
        "mpwire/config.toml",
        &format!(
            "[defaults]\nboard = \"{}\"\nwebrepl-password-file = \"password\"\n",
            remote.address
        ),
    );
    let outcome = remote.board.mpwire_with(&[], &["eval", "6*7"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "42\n"),
        "{outcome}"
    );
}

#[test]
fn a_password_that_is_wrong_is_told_and_not_shown() {
    let remote = RemoteBoard::start();
    let words = remote.words(&["eval", "1"]);
    for (password, told) in [
        ("guess", "the password is wrong"),
        (
            "0123456789",
            "MPWIRE_WEBREPL_PASSWORD: a WebREPL password has at most 9 bytes",
        ),
    ] {
        let outcome = remote.board.mpwire_with(&[(VARIABLE, password)], &words);
        assert_eq!(
            (outcome.code, outcome.text().as_str()),
            (Some(1), ""),
            "{outcome}"
        );
        assert!(outcome.stderr.contains(told), "{outcome}");
        assert!(!outcome.stderr.contains(password), "{outcome}");
    }
    let outcome = remote.board.mpwire_with(&[], &words);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("it takes a password, and none is known\nhint: set MPWIRE_WEBREPL_PASSWORD"),
        "{outcome}"
    );
    let missing = [("MPWIRE_WEBREPL_PASSWORD_FILE", "none")];
    let outcome = remote.board.mpwire_with(&missing, &words);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome.stderr.contains("none cannot be read: "),
        "{outcome}"
    );
    assert_eq!(remote.said(&["eval", "1"]), "1\n");
}

/// Whoever lists the processes of a computer sees the command lines.
#[test]
fn a_password_in_an_address_is_refused() {
    let board = TestBoard::start();
    for address in ["ws://:secret@10.0.0.7", "ws://10.0.0.7?password=secret"] {
        let outcome =
            board.mpwire_with(&[(VARIABLE, PASSWORD)], &["connect", address, "eval", "1"]);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert!(outcome.stderr.contains("is not an address: "), "{outcome}");
        assert!(!outcome.stderr.contains(PASSWORD), "{outcome}");
    }
}

#[test]
fn who_is_in_the_network_is_told_of() {
    let board = TestBoard::start();
    // A label this long cannot be a name, which the resolver knows without asking anybody.
    let address = format!("ws://{}.invalid", "a".repeat(64));
    let outcome = board.mpwire_with(&[(VARIABLE, PASSWORD)], &["connect", &address, "eval", "1"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let warning = format!("mpwire: {address} is not encrypted: ");
    assert!(outcome.stderr.starts_with(&warning), "{outcome}");
    assert!(
        outcome.stderr.contains("there is no host aaaa"),
        "{outcome}"
    );
}

#[test]
fn a_board_that_is_used_by_somebody_else_is_told() {
    let remote = RemoteBoard::start();
    let first = remote.start_a_program();
    let outcome = remote.run(&["eval", "1"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome.stderr.contains("it closed the connection without asking for the password\nhint: a board has one WebREPL"),
        "{outcome}"
    );
    // Killed: its connection ends, and the board can be used.
    drop(first);
    assert_eq!(remote.said(&["eval", "1"]), "1\n");
}

/// Serves one connection with `serve` while mpwire runs. Returns what the server heard behind the request,
/// and the error.
fn served(serve: impl FnOnce(&mut TcpStream, &str) + Send + 'static) -> (Vec<u8>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("ws://{}", listener.local_addr().expect("it is bound"));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let request = request(&mut stream);
        serve(&mut stream, &request);
        // What is unread would reset the connection, and with it what was said.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let board = TestBoard::start();
    let words = ["connect", address.as_str(), "eval", "1"];
    let outcome = board.mpwire_with(&[(VARIABLE, PASSWORD)], &words);
    let heard = server.join().expect("the server goes well");
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(1), ""),
        "{outcome}"
    );
    (heard, outcome.stderr.replace(&address, "ADDRESS"))
}

/// The head of a request.
fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a request");
        head.extend(byte);
    }
    String::from_utf8(head).expect("text")
}

/// Opens the WebSocket that was asked for.
fn open(stream: &mut TcpStream, request: &str) {
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let digest = Sha1::digest(format!("{}{guid}", key.expect("a key")));
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        STANDARD.encode(digest)
    );
    stream.write_all(answer.as_bytes()).expect("it listens");
}

#[test]
fn servers_that_are_none_are_told_and_get_no_password() {
    type Server = fn(&mut TcpStream, &str);
    let servers: [(Server, &str); 5] = [
        (
            |stream, _| {
                let _ = stream.write_all(b"SSH-2.0-\x1b[2J\r\n");
            },
            "it does not speak HTTP, but sent \"SSH-2.0-\\x1b[2J\\r\\n\"\n",
        ),
        (
            |stream, _| {
                let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n<html>");
            },
            "it answered \"HTTP/1.0 200 OK\" when asked for a WebSocket\n",
        ),
        (
            |stream, _| {
                let _ = stream.write_all(b"HTTP/1.1 101 x\r\n");
                while stream.write_all(&[b'x'; 8192]).is_ok() {}
            },
            "it sent more than 4096 bytes before",
        ),
        (
            |stream, request| {
                open(stream, request);
                let _ = stream.write_all(b"\x81\x18router login\r\nPassword: ");
            },
            "it did not ask for the password, but sent \"router login\\r\\n\"\n",
        ),
        (
            |_, _| {},
            "it closed the connection without asking for the password\n",
        ),
    ];
    for (server, told) in servers {
        let (heard, error) = served(server);
        assert!(
            error.starts_with(&format!("mpwire: failed to access ADDRESS: {told}")),
            "{error}"
        );
        // At most the end of the connection: a message's first byte is another.
        assert!(heard.first().is_none_or(|&byte| byte == 0x88), "{heard:?}");
    }
}

#[test]
fn a_connection_that_is_lost_is_told() {
    let remote = RemoteBoard::start();
    let running = remote.start_a_program();
    drop(remote.server);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let told = format!("the connection to {} was lost", remote.address);
    assert!(outcome.stderr.contains(&told), "{outcome}");
}
