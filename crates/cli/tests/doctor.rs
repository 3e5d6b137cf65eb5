//! `doctor`: healthy boards are healthy, each fault is found, and nothing is disturbed by it.

mod support;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::Value;
use support::{Outcome, Running, TestBoard, hex_digest, mpwire, run};
use tempfile::TempDir;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;

/// The document that `doctor --json` printed, whatever it found.
#[track_caller]
fn document(outcome: &Outcome) -> Value {
    assert_eq!(outcome.stderr, "", "{outcome}");
    let document: Value = serde_json::from_str(&outcome.text()).expect("JSON");
    let code = i32::from(document["result"] == "problem");
    assert_eq!(outcome.code, Some(code), "{outcome}");
    document
}

fn examined(board: &TestBoard, options: &[&str]) -> Value {
    document(&board.mpwire(&[&["doctor", "--json"], options].concat()))
}

/// The findings of this name.
fn all<'a>(document: &'a Value, name: &str) -> Vec<&'a Value> {
    let findings = document["findings"].as_array().expect("a list");
    let named = findings.iter().filter(|finding| finding["name"] == name);
    named.collect()
}

/// The only finding of this name.
#[track_caller]
fn only<'a>(document: &'a Value, name: &str) -> &'a Value {
    let found = all(document, name);
    assert_eq!(found.len(), 1, "{name}: {document:#}");
    found[0]
}

/// What is not as it should be: the names of the findings.
fn wrong(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("a list");
    let wrong = findings.iter().filter(|finding| finding["level"] != "ok");
    wrong
        .map(|finding| finding["name"].as_str().expect("a name"))
        .collect()
}

/// What is plugged in at a port and is no simulated board.
struct Device {
    port: PathBuf,
    heard: Arc<(Mutex<Vec<u8>>, Condvar)>,
}

impl Device {
    /// A device that answers what `answer` says.
    fn start(answer: fn(&[u8]) -> Vec<u8>) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
        grantpt(&master).expect("a slave");
        unlockpt(&master).expect("a slave");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let port = PathBuf::from(name.to_str().expect("text"));
        // Held open, so that the master sees no hang-up before and between programs.
        let slave = open(&port, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("a slave");
        let mut settings = tcgetattr(&slave).expect("settings");
        settings.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &settings).expect("settings");
        let mut master = File::from(master);
        let heard: Arc<(Mutex<Vec<u8>>, Condvar)> = Arc::default();
        let kept = Arc::clone(&heard);
        thread::spawn(move || {
            let _slave = slave;
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = master.read(&mut buffer) {
                let (all, changed) = &*kept;
                all.lock().expect("no panic").extend(&buffer[..count]);
                changed.notify_all();
                let said = answer(&buffer[..count]);
                if master.write_all(&said).is_err() {
                    return;
                }
            }
        });
        Self { port, heard }
    }

    /// All that it was sent.
    fn heard(&self) -> Vec<u8> {
        self.heard.0.lock().expect("no panic").clone()
    }

    /// Waits until it has been sent this.
    fn wait_for(&self, byte: u8) {
        let (all, changed) = &*self.heard;
        let heard = all.lock().expect("no panic");
        let (heard, waited) = changed
            .wait_timeout_while(heard, support::DEADLINE, |heard| !heard.contains(&byte))
            .expect("no panic");
        drop(heard);
        assert!(!waited.timed_out(), "no {byte} in time");
    }

    fn doctor(&self, options: &[&str]) -> Outcome {
        let port = self.port.to_str().expect("text");
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = [&["connect", port, "doctor"], options].concat();
        run(&mpwire(), folder.path(), &arguments)
    }

    /// What it is found to be; it was neither interrupted nor reset.
    #[track_caller]
    fn is_left_alone(&self, options: &[&str], presence: &str) {
        let document = document(&self.doctor(&[&["--json"], options].concat()));
        let found = only(&document, "presence");
        assert_eq!(found["data"]["presence"], presence, "{document:#}");
        assert_eq!(found["level"], "problem");
        assert!(!found["advice"].as_array().expect("a list").is_empty());
        let heard = self.heard();
        assert!(!heard.is_empty(), "it was asked");
        assert!(
            !heard.contains(&CTRL_C) && !heard.contains(&CTRL_D),
            "{:?}",
            heard.escape_ascii().to_string()
        );
    }
}

#[test]
fn a_healthy_board_is_healthy_and_keeps_nothing_of_it() {
    let board = TestBoard::with(&["link=uart:115200", "rom=64k"]);
    board.execute("with open('mine.py', 'w') as file: file.write('mine')\ndel file");
    let before = (board.tree(), board.globals());
    let outcome = board.mpwire(&["doctor"]);
    let text = outcome.text();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(text.lines().last(), Some("nothing is wrong"), "{text}");
    for said in [
        "a prompt: MicroPython ",
        "round trip: ",
        "keeps 260 bytes",
        "raw-paste",
        "files go as stream",
        "micropython 1.29",
        "memory: ",
        "clock: ",
        "no main.py",
        "/: LittleFS 2",
        "1 file in 1 directory read, 4 bytes",
        "ROM partition 0, 65536 bytes: empty",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let marks = text.lines().filter(|line| line.starts_with("  "));
    let marks = marks.filter(|line| !line.starts_with("   "));
    assert!(
        marks.into_iter().all(|line| line.starts_with("  ok ")),
        "{text}"
    );
    assert_eq!((board.tree(), board.globals()), before);
}

#[test]
fn the_document_is_complete() {
    let board = TestBoard::with(&["link=usb", "rom=64k"]);
    let document = examined(&board, &[]);
    assert_eq!(document["result"], "ok");
    assert_eq!(document["mpwire_version"], env!("CARGO_PKG_VERSION"));
    for finding in document["findings"].as_array().expect("a list") {
        for field in ["section", "name", "level", "text"] {
            assert!(finding[field].is_string(), "{field}: {finding}");
        }
        assert!(finding["advice"].is_array(), "{finding}");
        assert!(finding["data"].is_object() || finding["data"].is_array());
    }
    let data = |name: &str| only(&document, name)["data"].clone();
    assert_eq!(data("presence")["presence"], "prompt");
    assert_eq!(data("identity")["implementation"], "micropython");
    assert!(data("memory")["free_bytes"].as_u64() > Some(100_000));
    assert!(data("round-trip")["median_seconds"].as_f64() > Some(0.0));
    assert_eq!(data("receiving")["flow_control"], true);
    assert_eq!(data("raw-paste")["raw_paste"], true);
    assert_eq!(data("capabilities")["deflate.DeflateIO"], true);
    assert_eq!(data("encodings")[0]["encoding"], "stream");
    assert_eq!(data("filesystem")["size_bytes"], 1 << 20);
    assert_eq!(data("writing")["result"], "right");
    assert_eq!(data("files")["is_all"], true);
    assert_eq!(data("rom")["contents"], "empty");
    assert_eq!(data("chosen-port")["access"], "allowed");
}

#[test]
fn a_program_is_interrupted_only_if_that_is_wanted() {
    let board = TestBoard::start();
    board.write(
        "main.py",
        "import time\nwhile True:\n print('t=21')\n time.sleep(0.02)\n",
    );
    let outcome = board.mpwire(&[
        "cp",
        "main.py",
        ":",
        "+",
        "exec",
        "--no-follow",
        "import main",
    ]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let untouched = examined(&board, &[]);
    assert_eq!(wrong(&untouched), ["presence"]);
    let presence = only(&untouched, "presence");
    assert_eq!(presence["data"]["presence"], "talking");
    assert!(presence["text"].as_str().expect("text").contains("t=21"));
    assert!(presence["advice"].to_string().contains("--interrupt"));
    // It runs yet.
    let interrupted = examined(&board, &["--interrupt"]);
    assert_eq!(wrong(&interrupted), ["presence", "at-start"]);
    assert_eq!(
        only(&interrupted, "presence")["data"]["presence"],
        "interrupted"
    );
    let text = only(&interrupted, "presence")["text"].to_string();
    assert!(text.contains("t=21"), "{text}");
    assert_eq!(only(&interrupted, "files")["data"]["files"], 1);
    assert_eq!(wrong(&examined(&board, &[])), [""; 0]);
}

#[test]
fn a_raw_repl_that_was_left_entered_is_a_prompt() {
    let board = TestBoard::start();
    {
        let mut port = OpenOptions::new()
            .read(true)
            .write(true)
            .open(board.work().join(support::PORT))
            .expect("a port");
        port.write_all(b"\x01").expect("it takes input");
        let mut seen = Vec::new();
        while !seen.ends_with(b"exit\r\n>") {
            let mut byte = [0];
            port.read_exact(&mut byte).expect("it answers");
            seen.push(byte[0]);
        }
    }
    let outcome = board.mpwire(&["doctor"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.text().contains("left in the raw REPL"), "{outcome}");
}

#[test]
fn what_is_no_board_is_neither_interrupted_nor_reset() {
    let garbage = Device::start(|_| (0..=255).map(|byte: u8| byte ^ 0x95).collect());
    let echo = Device::start(<[u8]>::to_vec);
    let login = Device::start(|_| b"\r\nraspberrypi login: ".to_vec());
    // As a shell's line editor answers.
    let shell = Device::start(|input| {
        if input.contains(&8) {
            b" \x08\x1b[K".to_vec()
        } else {
            b"\x07".to_vec()
        }
    });
    let bootloader =
        Device::start(|_| b"rst:0x1 (POWERON_RESET),boot:0x3\r\nwaiting for download\r\n".to_vec());
    let silent = Device::start(|_| Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| silent.is_left_alone(&[], "silence"));
        for (device, presence) in [
            (&garbage, "garbage"),
            (&echo, "other"),
            (&login, "other"),
            (&shell, "unknown-prompt"),
            (&bootloader, "bootloader"),
        ] {
            scope.spawn(|| {
                device.is_left_alone(&[], presence);
                device.is_left_alone(&["--interrupt"], presence);
            });
        }
    });
}

#[test]
fn what_stays_silent_is_given_up() {
    let silent = Device::start(|_| Vec::new());
    let document = document(&silent.doctor(&["--json", "--interrupt"]));
    assert!(wrong(&document).ends_with(&["presence", "lost"]));
    assert!(silent.heard().contains(&CTRL_C));
}

#[test]
fn what_a_device_says_cannot_move_the_cursor() {
    let device = Device::start(|_| b"\x1b]0;title\x07\x1b[2J some text \r\n".to_vec());
    let outcome = device.doctor(&[]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(!outcome.stdout.contains(&0x1b), "{outcome}");
    assert!(outcome.text().contains(r"\u{1b}[2J"), "{outcome}");
}

#[test]
fn a_full_filesystem_is_told() {
    let board = TestBoard::with(&["link=fast", "flash-size=256k"]);
    let fill = |free: u32| {
        board.execute(&format!(
            "import os
with open('data', 'ab') as file:
    while os.statvfs('/')[3] * 4096 > {free}:
        file.write(bytes(2048))
        file.flush()
del file, os"
        ));
        examined(&board, &[])
    };
    let nearly = fill(12_000);
    assert_eq!(wrong(&nearly), ["filesystem"]);
    assert_eq!(only(&nearly, "filesystem")["level"], "warning");
    let last = fill(4096);
    assert_eq!(only(&last, "filesystem")["level"], "problem");
    assert!(wrong(&last).contains(&"filesystem"));
}

#[test]
fn what_interrupted_copies_have_left_is_told_and_healed_if_wanted() {
    let board = TestBoard::start();
    let digest = &hex_digest(b"whole")[..6];
    board.execute(&format!(
        "import os
os.mkdir('lib')
for name, data in ('lib/a.py.{digest}.mpwire', 'whole'), ('b.py.{digest}.mpwire', 'who'), ('c.mpwire', 'mine'):
    with open(name, 'w') as file:
        file.write(data)
del os, file, name, data"
    ));
    let before = board.tree();
    let told = examined(&board, &[]);
    assert_eq!(wrong(&told), ["leftover", "leftover"]);
    assert!(told.to_string().contains("doctor --fix"));
    assert_eq!(board.tree(), before);
    let healed = examined(&board, &["--fix"]);
    assert_eq!(wrong(&healed), [""; 0]);
    let mut ends: Vec<String> = all(&healed, "leftover")
        .iter()
        .map(|finding| finding["data"].to_string())
        .collect();
    ends.sort();
    assert_eq!(
        ends,
        [
            r#"{"healed":"finished","path":"/lib/a.py"}"#.to_owned(),
            format!(r#"{{"healed":"removed","path":"/b.py.{digest}.mpwire"}}"#),
        ]
    );
    let digests = board.digests();
    let names: Vec<&str> = digests.keys().map(String::as_str).collect();
    assert_eq!(names, ["/c.mpwire", "/lib/a.py"]);
    assert_eq!(wrong(&examined(&board, &["--fix"])), [""; 0]);
}

#[test]
fn a_torn_image_in_a_rom_partition_is_told() {
    let of_kind = |kind: &str| {
        let board = TestBoard::with(&["link=fast", "rom=64k", &format!("rom-kind={kind}")]);
        fs::create_dir(board.work().join("package")).expect("a new folder");
        for name in ["a.txt", "b.txt"] {
            board.write(&format!("package/{name}"), vec![b'x'; 5000]);
        }
        let outcome = board.mpwire(&["romfs", "deploy", "package"]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        let whole = examined(&board, &[]);
        assert_eq!(only(&whole, "rom")["data"]["contents"], "image");
        assert_eq!(wrong(&whole), [""; 0]);
        // As if the power had gone before the last block was written, or before the first was.
        for block in [2, 0] {
            board.execute(&format!(
                "import vfs
device = vfs.rom_ioctl(2, 0)
if hasattr(device, 'ioctl'):
    device.ioctl(6, {block})
else:
    vfs.rom_ioctl(3, 0, {block} * 4096, 4096)
del device, vfs"
            ));
            let torn = examined(&board, &[]);
            assert_eq!(wrong(&torn), ["rom"], "{kind} {block}");
            assert_eq!(only(&torn, "rom")["data"]["contents"], "torn");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| of_kind("memory"));
        scope.spawn(|| of_kind("object"));
    });
}

#[test]
fn a_read_only_filesystem_is_told() {
    let board = TestBoard::start();
    board.execute(
        "import vfs
system = vfs.mount()[0][0]
vfs.umount('/')
vfs.mount(system, '/', readonly=True)
del system, vfs",
    );
    let document = examined(&board, &[]);
    assert_eq!(wrong(&document), ["writing"]);
    let text = only(&document, "writing")["text"].to_string();
    assert!(text.contains("/: read-only"), "{text}");
}

#[test]
fn files_that_cannot_be_read_are_told_by_their_names() {
    let board = TestBoard::start();
    board.execute(
        "for name in 'good.py', 'bad\\x1b[2J.py':
    with open(name, 'w') as file:
        file.write('text')
import builtins
def bad(name, *mode, real=open):
    if 'bad' in name:
        raise OSError(5)
    return real(name, *mode)
builtins.open = bad
del name, file, builtins, bad",
    );
    let document = examined(&board, &[]);
    assert_eq!(wrong(&document), ["unreadable"]);
    let data = &only(&document, "unreadable")["data"];
    assert_eq!(data["path"], "/bad\u{1b}[2J.py");
    assert_eq!(data["is_directory"], false);
    assert_eq!(only(&document, "files")["data"]["files"], 2);
    let outcome = board.mpwire(&["doctor"]);
    assert!(!outcome.stdout.contains(&0x1b), "{outcome}");
    assert!(outcome.text().contains(r"/bad\u{1b}[2J.py"), "{outcome}");
}

#[test]
fn old_and_small_boards_are_examined_as_far_as_that_goes() {
    for parameters in [
        &["firmware=1.12", "heap=64k"][..],
        &["firmware=1.12", "heap=16k"],
        &["heap=16k"],
        &[
            "missing=sys.stdin.buffer,hashlib,binascii,deflate",
            "raw-paste=no",
        ],
        &["missing=os.ilistdir,os.statvfs"],
    ] {
        let board = TestBoard::with(&[&["link=fast"], parameters].concat());
        let document = examined(&board, &[]);
        assert_ne!(
            document["result"], "problem",
            "{parameters:?}: {document:#}"
        );
        for name in ["presence", "identity", "memory", "raw-paste"] {
            only(&document, name);
        }
    }
}

#[test]
fn a_line_that_loses_a_byte_is_told_and_hides_nothing() {
    // In the middle of the first program.
    let board = TestBoard::with(&["link=fast", "faults=drop@to:150"]);
    let document = examined(&board, &[]);
    assert_eq!(wrong(&document), ["losses"]);
    for name in ["identity", "round-trip", "files", "writing"] {
        only(&document, name);
    }
}

#[test]
fn a_port_that_is_not_there_or_is_none_is_told() {
    let board = TestBoard::start();
    board.write("file", "");
    let at = |port: &str| document(&board.mpwire_with(&[], &["connect", port, "doctor", "--json"]));
    let missing = at("nothing");
    let port = only(&missing, "chosen-port");
    assert_eq!(port["data"]["access"], "missing");
    assert_eq!(port["level"], "problem");
    let file = at("file");
    assert_eq!(wrong(&file), ["chosen-port"]);
    assert_eq!(only(&file, "chosen-port")["data"]["access"], "no-port");
    // Nobody listens there.
    let address = at("socket://localhost:1");
    assert_eq!(wrong(&address), ["not-opened"]);
    for chain in [&["+", "doctor"][..], &["resume", "doctor"]] {
        let outcome = board.mpwire_with(&[], &[&["connect", "nothing"], chain].concat());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), ""));
        assert!(outcome.text().contains("no such port"), "{outcome}");
    }
}

#[test]
fn a_program_that_has_the_port_open_is_named() {
    let board = TestBoard::start();
    // One that shares the port without asking.
    let port = File::open(board.work().join(support::PORT)).expect("a port");
    let mut reader = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::from(port))
        .spawn()
        .expect("it starts");
    let shared = examined(&board, &[]);
    let holder = &only(&shared, "chosen-port")["data"]["in_use_by"][0];
    assert_eq!(holder["name"], "sleep");
    assert_eq!(holder["process"], reader.id());
    assert_eq!(wrong(&shared), ["chosen-port"]);
    reader.kill().expect("it runs");
    reader.wait().expect("it ends");
    // One that has locked it.
    let mut other = board.start_mpwire(&["exec", "print('on')\nimport time\ntime.sleep(60)"]);
    other.wait_for("on");
    let locked = examined(&board, &[]);
    assert_eq!(wrong(&locked), ["chosen-port"]);
    let port = only(&locked, "chosen-port");
    assert_eq!(port["data"]["in_use_by"][0]["name"], "mpwire");
    assert!(port["advice"].to_string().contains("close mpwire"));
}

/// A copy of the program that every user may run, and its folder.
fn public_program() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("mpwire");
    fs::copy(mpwire(), &program).expect("a copy");
    for path in [folder.path(), &program] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("mine");
    }
    (folder, program)
}

#[test]
fn a_port_that_may_not_be_opened_is_told_with_what_to_do() {
    let device = Device::start(|_| Vec::new());
    fs::set_permissions(&device.port, Permissions::from_mode(0o000)).expect("mine");
    let (folder, program) = public_program();
    let mut command = Command::new(program);
    support::set_apart(&mut command, folder.path());
    command
        .arg("connect")
        .arg(&device.port)
        .args(["doctor", "--json"]);
    command.current_dir(folder.path());
    if rustix::process::geteuid().is_root() {
        // Root may open everything.
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().expect("it runs");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(wrong(&document), ["chosen-port"]);
    let port = only(&document, "chosen-port");
    assert_eq!(port["data"]["access"], "denied");
    assert!(port["advice"].to_string().contains("sudo "), "{port}");
}

#[test]
fn without_a_board_the_ports_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let outcome = run(&mpwire(), folder.path(), &["doctor", "--json"]);
    let document = document(&outcome);
    // Which ports there are is the computer's affair.
    assert!(document["findings"].is_array());
}

#[test]
fn the_default_board_is_examined_and_other_commands_may_follow() {
    let board = TestBoard::start();
    let variables = [("MPWIRE_BOARD", support::PORT)];
    let outcome = board.mpwire_with(&variables, &["doctor", "eval", "6*7"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(
        outcome.text().ends_with("nothing is wrong\n42\n"),
        "{outcome}"
    );
    let outcome = board.mpwire(&["exec", "x = 1", "doctor", "eval", "x"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(
        outcome.text().ends_with("nothing is wrong\n1\n"),
        "{outcome}"
    );
    let missing = [("MPWIRE_BOARD", "nothing")];
    let outcome = board.mpwire_with(&missing, &["doctor"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(outcome.text().contains("no such port"), "{outcome}");
}

#[test]
fn ctrl_c_ends_it() {
    let device = Device::start(|_| Vec::new());
    let folder = tempfile::tempdir().expect("a folder");
    let port = device.port.to_str().expect("text");
    let running = Running::start(
        &mpwire(),
        folder.path(),
        &["connect", port, "doctor", "--interrupt"],
    );
    device.wait_for(CTRL_C);
    running.signal(rustix::process::Signal::INT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(1), ""));
}
