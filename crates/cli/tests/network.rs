//! Boards behind a network: Debian's ser2net in front of a simulated board, with genuine mpremote as
//! the measure, and scripted servers that do what they should not. The tests with ser2net are skipped
//! where that is missing.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};
use support::terminal::Terminal;
use support::{DEADLINE, Outcome, Running, TestBoard, mpremote, mpwire, noise, run};

const SERVER: &str = "/usr/sbin/ser2net";

/// A test with a board behind ser2net.
type Test = fn(Way);

/// How a board is reached through ser2net.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Socket,
    Rfc2217,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Rfc2217 => "rfc2217",
        }
    }

    /// What ser2net is told to listen for.
    fn accepter(self) -> &'static str {
        match self {
            Self::Socket => "tcp",
            Self::Rfc2217 => "telnet(rfc2217),tcp",
        }
    }
}

/// A simulated board behind ser2net, and a port of ser2net with nothing behind it.
struct RemoteBoard {
    // Before the board, so that it lets go of the board's port first.
    server: Server,
    board: TestBoard,
    way: Way,
}

struct Server {
    child: Child,
    port: u16,
    missing: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been ended by the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Begins to serve the board whose port is at `../board` from `folder`.
    fn start(folder: &Path, way: Way) -> Self {
        let (port, missing) = free_ports();
        let mut configuration = String::new();
        for (name, port, device) in [("board", port, "../board"), ("nothing", missing, "../none")] {
            // Its lock files go by the last part of a path, which is the same for all tests.
            writeln!(
                configuration,
                "connection: &{name}\n  accepter: {},127.0.0.1,{port}\n  \
                 connector: serialdev(nouucplock),{device},115200n81,local",
                way.accepter()
            )
            .expect("a string");
        }
        fs::write(folder.join("../ser2net.yaml"), configuration).expect("a writable folder");
        let child = Command::new(SERVER)
            .args(["-n", "-d", "-c", "../ser2net.yaml"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ser2net starts");
        let mut server = Self {
            child,
            port,
            missing,
        };
        server.wait_until_ready();
        server
    }

    /// Connects to the port with nothing behind it, which is opened last, until it answers.
    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.missing)) {
                stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
                let mut words = Vec::new();
                stream
                    .read_to_end(&mut words)
                    .expect("it says so and closes");
                return;
            }
            assert!(Instant::now() < deadline, "ser2net does not listen");
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "ser2net has ended: {ended:?}");
            // It tells nobody when it listens: asking is all there is.
            thread::yield_now();
        }
    }
}

/// Two ports that nobody listens at, since the system gives each to one asker for a while.
fn free_ports() -> (u16, u16) {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [one, other] = listeners.map(|listener| listener.local_addr().expect("it is bound").port());
    (one, other)
}

impl RemoteBoard {
    fn start(way: Way, parameters: &[&str]) -> Self {
        let board = TestBoard::with(parameters);
        let server = Server::start(&board.work(), way);
        Self { server, board, way }
    }

    /// The address of the board for either program. Its port has neither DTR nor RTS, of which ser2net
    /// tells pyserial nothing, and so it must not wait for that.
    fn address(&self, program: &Path) -> String {
        let options = if self.way == Way::Rfc2217 && program == mpremote() {
            "?ign_set_control"
        } else {
            ""
        };
        format!(
            "{}://127.0.0.1:{}{options}",
            self.way.name(),
            self.server.port
        )
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Outcome {
        let address = self.address(program);
        let words = [&["connect", &address], arguments].concat();
        run(program, &self.board.work(), &words)
    }

    fn start_mpwire(&self, arguments: &[&str]) -> Running {
        let address = self.address(&mpwire());
        let words = [&["connect", &address], arguments].concat();
        Running::start(&mpwire(), &self.board.work(), &words)
    }

    /// What a command that succeeds prints.
    fn said(&self, arguments: &[&str]) -> String {
        let outcome = self.run(&mpwire(), arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
        outcome.text()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.board.work().join(name)).expect("it is there")
    }
}

/// Lines of a program, none like another.
fn source(length: usize) -> Vec<u8> {
    let lines = (0..).map(|line| format!("value_{line} = compute({}, 'x')\n", line * 7919 % 1000));
    let text: String = lines.take(length / 20).collect();
    text.into_bytes()[..length].to_vec()
}

fn prepare(folder: &Path) {
    let write = |name: &str, contents: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, contents).expect("a writable folder");
    };
    write(
        "main.py",
        b"import os\nfor n in range(3):\n    print(n, 'line')\n",
    );
    write("bytes", &(0..=255).cycle().take(600).collect::<Vec<u8>>());
    write("tree/a.py", b"A = 1\n");
    write("tree/sub/b.bin", &[0xff, 0xfb, 0x2c, 0xff, 0xff, 0, 3, 4]);
}

/// Command lines that print, write, read, list, remove and fail, in this order: long ones, since
/// pyserial takes a second for each connection.
const LINES: &[&str] = &[
    "exec print('x'*300) eval 6*7 run main.py exec 1/0",
    "mkdir lib + cp bytes :lib/ + cat lib/none",
    "sha256sum lib/bytes + cp :lib/bytes back + rm lib/bytes",
    "cp -r tree : + cp -r :tree copy",
    "tree -s + rm -r :tree + ls",
    "soft-reset eval 1 resume exec x=2 eval x disconnect",
];

fn agrees_with_mpremote(way: Way) {
    let outcomes = move |program: &Path| {
        let remote = RemoteBoard::start(way, &["link=fast"]);
        prepare(&remote.board.work());
        let outcomes = LINES.iter().map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            remote.run(program, &words)
        });
        (outcomes.collect::<Vec<Outcome>>(), remote.board)
    };
    let theirs = thread::spawn(move || outcomes(&mpremote()));
    let (found, ours) = outcomes(&mpwire());
    let (expected, theirs) = theirs.join().expect("no panic");
    for ((line, expected), found) in LINES.iter().zip(expected).zip(found) {
        assert!(
            (&expected.stdout, expected.code) == (&found.stdout, found.code),
            "{line:?}\n  mpremote {expected}\n  mpwire   {found}"
        );
    }
    assert!(theirs.local_tree() == ours.local_tree());
    assert_eq!(theirs.tree(), ours.tree());
}

/// With a round trip of 50 ms.
fn everything_arrives(way: Way) {
    let remote = RemoteBoard::start(way, &["link=usb", "latency=25", "rom=64k"]);
    prepare(&remote.board.work());
    let (noise, source) = (noise(1, 200_000), source(200_000));
    remote.board.write("noise", &noise);
    remote.board.write("source.py", &source);
    remote.said(&["cp", "noise", "source.py", ":"]);
    remote.said(&["cp", ":noise", "back", "+", "cp", ":source.py", "back.py"]);
    assert!(remote.read("back") == noise);
    assert!(remote.read("back.py") == source);
    remote.said(&["romfs", "deploy", "--no-mpy", "tree"]);
    let rom = "import os; print(sorted(os.listdir('/rom')), open('/rom/sub/b.bin', 'rb').read())";
    assert_eq!(
        remote.said(&["exec", rom]).trim_end(),
        r"['a.py', 'sub'] b'\xff\xfb,\xff\xff\x00\x03\x04'"
    );
}

/// What comes before the board reads it is lost on such a line, and nothing in between may send it.
fn nothing_comes_too_early(way: Way) {
    let remote = RemoteBoard::start(way, &["link=uart:115200", "latency=25"]);
    prepare(&remote.board.work());
    remote.board.write("noise", noise(1, 5_000));
    remote.said(&["cp", "noise", ":", "+", "cp", "-r", "tree", ":"]);
    remote.said(&["cp", ":noise", "back", "+", "cp", "-r", ":tree", "copy"]);
    assert!(remote.read("back") == noise(1, 5_000));
    assert!(remote.read("copy/sub/b.bin") == remote.read("tree/sub/b.bin"));
    let RemoteBoard { server, board, .. } = remote;
    drop(server);
    assert_eq!(board.dropped(), 0);
}

fn the_link_is_measured(way: Way) {
    let remote = RemoteBoard::start(way, &["link=fast"]);
    let table = remote.said(&["bench", "--size", "1000"]);
    assert!(table.contains("stream"), "{table}");
}

fn a_missing_device_is_told(way: Way) {
    let remote = RemoteBoard::start(way, &[]);
    let address = format!("{}://127.0.0.1:{}", way.name(), remote.server.missing);
    let outcome = run(
        &mpwire(),
        &remote.board.work(),
        &["connect", &address, "eval", "1"],
    );
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let told = "the peer closed the connection after sending \"Device open failure: Value or file not found\"";
    assert!(outcome.stderr.contains(&address), "{outcome}");
    assert!(outcome.stderr.contains(told), "{outcome}");
}

fn a_port_in_use_is_told(way: Way) {
    let remote = RemoteBoard::start(way, &[]);
    let program = "print('begun')\nwhile True: pass";
    let mut first = remote.start_mpwire(&["exec", program]);
    first.wait_for("begun");
    let outcome = remote.run(&mpwire(), &["eval", "1"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let told = "the peer closed the connection after sending \"Port already in use\"";
    assert!(outcome.stderr.contains(told), "{outcome}");
}

fn a_server_that_ends_is_a_lost_connection(way: Way) {
    let mut remote = RemoteBoard::start(way, &[]);
    let program = "print('begun')\nwhile True: pass";
    let mut running = remote.start_mpwire(&["exec", program]);
    running.wait_for("begun");
    remote.server.child.kill().expect("it runs");
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let address = remote.address(&mpwire());
    let told =
        format!("mpwire: the connection to {address} was lost: the peer closed the connection");
    assert!(outcome.stderr.starts_with(&told), "{outcome}");
}

/// A killed program leaves its connection to the server to clear up.
fn the_next_command_works_after_a_kill(way: Way) {
    let remote = RemoteBoard::start(way, &["link=uart:115200"]);
    remote.board.write("noise", noise(1, 60_000));
    let flash = remote.board.watch_flash();
    let killed = remote.start_mpwire(&["cp", "noise", ":"]);
    flash.wait_for_write();
    drop(killed);
    assert_eq!(remote.said(&["eval", "6*7"]).trim_end(), "42");
    assert_eq!(remote.said(&["ls"]), "ls :\n");
}

/// Serves one connection with `serve` while mpwire runs with this address and `query`.
fn served(query: &str, serve: impl FnOnce(&mut TcpStream) + Send + 'static) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        serve(&mut stream);
        // What is unread would reset the connection, and with it what was said.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = format!("rfc2217://127.0.0.1:{port}{query}");
    let outcome = run(
        &mpwire(),
        folder.path(),
        &["connect", &address, "eval", "1"],
    );
    server.join().expect("the server goes well");
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(outcome.text(), "");
    Outcome {
        stderr: outcome.stderr.replace(&address, "ADDRESS"),
        ..outcome
    }
}

/// Waits until the other side ends.
fn wait_for_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // It may end by a reset.
    let _ = stream.read_to_end(&mut rest);
}

fn servers_that_are_none_are_told() {
    let hint = "hint: if the server passes bytes on as they are, connect to socket://HOST:PORT\n";
    let silent = served("?timeout=0.2", wait_for_end);
    assert_eq!(
        silent.stderr,
        format!("mpwire: failed to access ADDRESS: it did not answer\n{hint}")
    );
    let other = served("?timeout=0.2&logging=debug&poll_modem", |stream| {
        stream
            .write_all(b"SSH-2.0-\x1b[2J\r\n")
            .expect("it listens");
        wait_for_end(stream);
    });
    assert_eq!(
        other.stderr,
        format!(
            "mpwire: failed to access ADDRESS: it does not speak telnet, but sent \"{}\"\n{hint}",
            r"SSH-2.0-\x1b[2J\r\n"
        )
    );
    let telnet = served("", |stream| {
        stream
            .write_all(b"login: \xff\xfe\x2c")
            .expect("it listens");
        wait_for_end(stream);
    });
    assert_eq!(
        telnet.stderr,
        format!(
            "mpwire: failed to access ADDRESS: it speaks telnet but has no serial port to offer\n{hint}"
        )
    );
}

fn servers_that_refuse_are_told() {
    let slow = served("", |stream| {
        let answer = b"\xff\xfd\x2c\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0";
        stream.write_all(answer).expect("it listens");
        wait_for_end(stream);
    });
    assert!(
        slow.stderr
            .contains("it set the port's baud rate to 9600 when 115200 was asked"),
        "{slow}"
    );
    let mute = served("?timeout=0.2", |stream| {
        stream.write_all(b"\xff\xfd\x2c").expect("it listens");
        wait_for_end(stream);
    });
    assert!(
        mute.stderr
            .contains("it did not confirm the port's baud rate"),
        "{mute}"
    );
    let closed = served("", |_| {});
    assert!(
        closed
            .stderr
            .contains("failed to access ADDRESS: the peer closed the connection\n"),
        "{closed}"
    );
}

/// A server that sends a subnegotiation without end, and questions without listening.
fn hostile_servers_are_left() {
    let endless = served("?timeout=0.5", |stream| {
        // The other side ends it.
        let _ = stream.write_all(b"\xff\xfa");
        while stream.write_all(&[0x2c; 8192]).is_ok() {}
    });
    assert!(
        endless.stderr.contains("failed to access ADDRESS"),
        "{endless}"
    );
    let asking = served("?timeout=0.5", |stream| {
        let questions = b"\xff\xfb\x03\xff\xfc\x03\xff\xfd\x63".repeat(8000);
        while stream.write_all(&questions).is_ok() {}
    });
    assert!(
        asking.stderr.contains("failed to access ADDRESS"),
        "{asking}"
    );
}

fn addresses_that_are_none_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound").port()
    };
    // A label this long cannot be a name, which the resolver knows without asking anybody.
    let unnamed = format!("socket://{}.invalid:1", "a".repeat(64));
    let refused = format!("socket://127.0.0.1:{nobody}");
    for (address, told) in [
        (
            "socket://bench",
            "'socket://bench' is not an address: it names no port",
        ),
        ("socket://bench:70000", "'70000' is not a port (1 to 65535)"),
        ("socket://bench:1?baud=1", "there is no option 'baud'"),
        (
            "rfc2217://bench:1?timeout=soon",
            "timeout 'soon' is not a number of seconds",
        ),
        (
            "rfc2217://::1:2217",
            "an IPv6 number needs brackets: [::1]:2217",
        ),
        (unnamed.as_str(), "there is no host aaaa"),
        (refused.as_str(), "connection refused"),
    ] {
        let outcome = run(&mpwire(), folder.path(), &["connect", address, "eval", "1"]);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert!(outcome.stderr.starts_with("mpwire: "), "{outcome}");
        assert!(outcome.stderr.contains(told), "{address}: {outcome}");
    }
}

/// A program reads, imports and writes what is in a folder here, and a package is installed from here.
fn a_folder_is_mounted(way: Way) {
    let board = RemoteBoard::start(way, &["link=uart:115200"]);
    let data = noise(1, 20_000);
    board.board.write("data", &data);
    board.board.write("word.py", "word = 'imported'\n");
    board
        .board
        .write("package.json", r#"{"urls": [["lib.py", "word.py"]]}"#);
    let program = "import word; print(word.word); data = open('data', 'rb').read(); \
                   open('copy', 'wb').write(data)";
    let said = board.said(&["mount", ".", "exec", program]);
    assert!(said.ends_with("imported\n"), "{said}");
    assert!(board.read("copy") == data);
    let said = board.said(&["mip", "install", "--target", "/", "package.json"]);
    assert!(said.ends_with("Done\n"), "{said}");
    let said = board.said(&["exec", "import lib; print(lib.word)"]);
    assert_eq!(said, "imported\n");
}

/// The dialogue of a terminal, with a soft reset under a mounted folder.
fn a_terminal_is_opened(way: Way) {
    let board = RemoteBoard::start(way, &["line-ends=crlf"]);
    let address = board.address(&mpwire());
    let words = ["connect", &address, "mount", ".", "repl"];
    let mut terminal = Terminal::start(&mpwire(), &board.board.work(), &words);
    terminal.wait_for("to exit this shell");
    terminal.wait_for(">>> ");
    terminal.ask("6 * 7\r", "\n42\r\n>>> ");
    terminal.ask("\x04", "Remount local directory");
    terminal.wait_for(">>> ");
    terminal.ask("import os; os.getcwd()\r", "\n'/remote'\r\n>>> ");
    terminal.type_in("\x1d");
    let ended = terminal.finish();
    assert_eq!(
        (ended.code, ended.restored),
        (Some(0), true),
        "{}",
        ended.shown
    );
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_missing = !Path::new(SERVER).exists();
    if is_missing {
        eprintln!("the tests with ser2net are skipped: {SERVER} is not installed");
    }
    let tests: [(&str, Test); 10] = [
        ("agrees with mpremote", agrees_with_mpremote),
        ("everything arrives", everything_arrives),
        ("nothing comes too early", nothing_comes_too_early),
        ("the link is measured", the_link_is_measured),
        ("a folder is mounted", a_folder_is_mounted),
        ("a terminal is opened", a_terminal_is_opened),
        ("a missing device is told", a_missing_device_is_told),
        ("a port in use is told", a_port_in_use_is_told),
        (
            "a server that ends is a lost connection",
            a_server_that_ends_is_a_lost_connection,
        ),
        (
            "the next command works after a kill",
            the_next_command_works_after_a_kill,
        ),
    ];
    let scripted: [(&str, fn()); 4] = [
        (
            "servers that are none are told",
            servers_that_are_none_are_told,
        ),
        ("servers that refuse are told", servers_that_refuse_are_told),
        ("hostile servers are left", hostile_servers_are_left),
        (
            "addresses that are none are told",
            addresses_that_are_none_are_told,
        ),
    ];
    let trial = |name: String, test: Box<dyn FnOnce() + Send>| {
        Trial::test(name, move || -> Result<(), Failed> {
            test();
            Ok(())
        })
    };
    let mut trials = Vec::new();
    for way in [Way::Socket, Way::Rfc2217] {
        for (name, test) in tests {
            let name = format!("{}, {name}", way.name());
            trials.push(trial(name, Box::new(move || test(way))).with_ignored_flag(is_missing));
        }
    }
    for (name, test) in scripted {
        trials.push(trial(name.to_owned(), Box::new(test)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
