//! The genuine firmware of the BBC micro:bit (`MicroPython` 1.9.2) on an emulated one: 9 kB of heap,
//! one flat folder, and hardly a module. Debian has both, in the packages `qemu-system-arm` and
//! `firmware-microbit-micropython`; where they are missing the tests are skipped.

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use support::{DEADLINE, Outcome, hex_digest, mpwire, run};
use tempfile::TempDir;

const EMULATOR: &str = "qemu-system-arm";
const FIRMWARE: &str = "/usr/share/firmware-microbit-micropython/firmware.hex";

/// How the board is connected to: with a soft reset first, or as it stands.
type Connection = &'static [&'static str];
const CONNECTIONS: [(&str, Connection); 2] = [("after a reset", &[]), ("resumed", &["resume"])];

type Test = fn(&Microbit);

/// An emulated micro:bit, and a folder for the programs that use it.
struct Microbit {
    emulator: Child,
    port: String,
    folder: TempDir,
    connection: Connection,
}

impl Microbit {
    fn start(connection: Connection) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut emulator = Command::new(EMULATOR)
            .args(["-M", "microbit", "-display", "none", "-monitor", "none"])
            .args(["-serial", "pty", "-device"])
            .arg(format!("loader,file={FIRMWARE}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let stdout = emulator.stdout.take().expect("piped");
        let mut board = Self {
            emulator,
            port: String::new(),
            folder,
            connection,
        };
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Nobody waits for it after the deadline.
            let _ = sender.send(read.map(|_| line));
        });
        let line = receiver
            .recv_timeout(DEADLINE)
            .expect("the emulator names its port")
            .expect("as text");
        // `char device redirected to /dev/pts/3 (label serial0)`
        line.split_whitespace()
            .find(|word| word.starts_with("/dev/"))
            .expect("the port's path")
            .clone_into(&mut board.port);
        board
    }

    fn mpwire(&self, arguments: &[&str]) -> Outcome {
        let connect = ["connect", self.port.as_str()];
        let words = [&connect, self.connection, arguments].concat();
        run(&mpwire(), self.folder.path(), &words)
    }

    /// What a command that succeeds prints.
    fn said(&self, arguments: &[&str]) -> String {
        let outcome = self.mpwire(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
        outcome.text()
    }

    /// What a command that fails tells.
    fn refused(&self, arguments: &[&str]) -> String {
        let outcome = self.mpwire(arguments);
        assert_eq!(outcome.code, Some(1), "{arguments:?}: {outcome}");
        outcome.stderr
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), contents).expect("a writable folder");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).expect("it is there")
    }
}

impl Drop for Microbit {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// A board ends its lines with `\r\n`, which is given to the user as it comes.
fn programs_run(board: &Microbit) {
    assert_eq!(board.said(&["eval", "6*7"]), "42\r\n");
    assert_eq!(board.said(&["exec", "print('out')"]), "out\r\n");
    board.write("main.py", "for number in range(3):\n    print(number)\n");
    assert_eq!(board.said(&["run", "main.py"]), "0\r\n1\r\n2\r\n");
    let outcome = board.mpwire(&["exec", "1/0"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let told = outcome.text();
    assert!(
        told.contains("ZeroDivisionError: division by zero"),
        "{told}"
    );
    assert_eq!(board.said(&["soft-reset", "eval", "6*7"]), "42\r\n");
}

fn text_goes_there_and_back(board: &Microbit) {
    let text = "print('a line of a program')\n".repeat(150);
    board.write("main.py", &text);
    board.said(&["cp", "main.py", ":"]);
    assert_eq!(board.said(&["ls"]), "ls :\n        4350 main.py\n");
    assert_eq!(board.said(&["cat", "main.py"]), text);
    assert!(
        board
            .said(&["cp", "main.py", ":"])
            .contains("Up to date: main.py")
    );
}

fn all_bytes_go_there_and_back(board: &Microbit) {
    let bytes: Vec<u8> = (0..=255).cycle().take(2048).collect();
    board.write("bytes", &bytes);
    board.write("empty", "");
    board.said(&["cp", "bytes", "empty", ":"]);
    board.said(&["cp", ":bytes", "back"]);
    assert!(board.read("back") == bytes);
    assert_eq!(board.said(&["cat", "empty"]), "");
    let digest = hex_digest(&bytes);
    let told = board.said(&["sha256sum", "bytes"]);
    assert!(told.contains(&digest), "{told}");
}

fn files_are_listed_touched_and_removed(board: &Microbit) {
    board.said(&["touch", "new"]);
    board.said(&["touch", "new"]);
    assert_eq!(board.said(&["ls"]), "ls :\n           0 new\n");
    assert!(board.said(&["tree"]).ends_with("└── new\n"));
    board.said(&["rm", "new"]);
    assert_eq!(board.said(&["ls"]), "ls :\n");
    assert_eq!(
        board.refused(&["rm", "new"]),
        "mpwire: rm: new: No such file or directory.\n"
    );
}

fn what_the_firmware_lacks_is_told(board: &Microbit) {
    board.write("file", "contents");
    assert_eq!(
        board.refused(&["cp", "--encoding", "base64", "file", ":"]),
        "mpwire: cp: encoding base64 needs binascii.a2b_base64, which this board does not have\n"
    );
    assert_eq!(
        board.refused(&["df"]),
        "mpwire: this board's firmware has no os.statvfs\n"
    );
    assert_eq!(
        board.refused(&["mkdir", "folder"]),
        "mpwire: this board's firmware has no directories\n"
    );
}

/// Its line editor erases with blanks: it knows no VT100.
fn the_doctor_examines_it(board: &Microbit) {
    let connect = ["connect", board.port.as_str(), "doctor"];
    let outcome = run(&mpwire(), board.folder.path(), &connect);
    let told = outcome.text();
    assert!(told.contains("MicroPython v1.9.2"), "{outcome}");
    assert!(
        told.contains("files go as repr, the only way here"),
        "{outcome}"
    );
    assert!(!outcome.stderr.contains("Traceback"), "{outcome}");
}

/// Why there is no micro:bit here, if there is none.
fn missing() -> Option<String> {
    let version = Command::new(EMULATOR).arg("--version").output();
    if version.is_err() {
        Some(format!("{EMULATOR} is not installed"))
    } else if !Path::new(FIRMWARE).exists() {
        Some(format!("{FIRMWARE} is not installed"))
    } else {
        None
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // An emulator that waits for a processor loses bytes, since its serial line has no flow control.
    arguments.test_threads = arguments.test_threads.or(Some(1));
    let missing = missing();
    if let Some(reason) = &missing {
        eprintln!("the tests on the micro:bit are skipped: {reason}");
    }
    let tests: [(&str, Test); 6] = [
        ("programs run", programs_run),
        ("text goes there and back", text_goes_there_and_back),
        ("all bytes go there and back", all_bytes_go_there_and_back),
        (
            "files are listed, touched and removed",
            files_are_listed_touched_and_removed,
        ),
        (
            "what the firmware lacks is told",
            what_the_firmware_lacks_is_told,
        ),
        ("the doctor examines it", the_doctor_examines_it),
    ];
    let trials = CONNECTIONS.iter().flat_map(|&(when, connection)| {
        tests.map(|(name, test)| {
            let run = move || -> Result<(), Failed> {
                test(&Microbit::start(connection));
                Ok(())
            };
            Trial::test(format!("{when}, {name}"), run).with_ignored_flag(missing.is_some())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
