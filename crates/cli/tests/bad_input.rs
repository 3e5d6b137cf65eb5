//! What goes wrong: one clear line on standard error, the right exit status, in time, and nothing
//! lost on the board.

mod support;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{Outcome, PORT, TestBoard, mpwire, run, set_apart};

/// One line that begins with the program's name, perhaps a hint, and nothing else.
#[track_caller]
fn assert_fails(outcome: &Outcome, says: &str) {
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let (first, rest) = lines.split_first().expect("a line on standard error");
    assert!(first.starts_with("mpwire: "), "{outcome}");
    assert!(first.contains(says), "no {says:?} in {outcome}");
    assert!(rest.len() <= 1, "{outcome}");
    assert!(
        rest.iter().all(|line| line.starts_with("hint: ")),
        "{outcome}"
    );
}

#[track_caller]
fn assert_usage(outcome: &Outcome, says: &str) {
    assert_eq!(outcome.code, Some(2), "{outcome}");
    assert!(outcome.stderr.contains(says), "no {says:?} in {outcome}");
    assert_eq!(outcome.text(), "");
}

fn here(arguments: &[&str]) -> Outcome {
    run(&mpwire(), Path::new("."), arguments)
}

/// A pseudo-terminal, and the name by which a program opens it.
fn terminal() -> (File, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&controller).expect("granted");
    unlockpt(&controller).expect("unlocked");
    let name = ptsname(&controller, Vec::new()).expect("a name");
    let name = name.into_string().expect("an ASCII name");
    (File::from(controller), name)
}

#[test]
fn a_port_that_is_not_there_is_named() {
    let outcome = here(&["connect", "/dev/no-such-board", "ls"]);
    assert_fails(&outcome, "failed to access /dev/no-such-board");
    assert!(outcome.stderr.contains("hint: "), "{outcome}");
}

#[test]
fn a_file_is_no_port() {
    assert_fails(&here(&["connect", "Cargo.toml", "ls"]), "failed to access");
    assert_fails(&here(&["connect", "src", "ls"]), "failed to access");
}

#[test]
fn a_port_in_use_is_said_to_be() {
    let board = TestBoard::start();
    let program = "print('going')\nwhile 1: pass";
    let mut other = board.start_mpwire(&["exec", program]);
    other.wait_for("going");
    assert_fails(&board.mpwire(&["ls"]), "may be in use by another program");
    let theirs = board.mpremote(&["ls"]);
    assert!(theirs.stderr.contains("in use"), "{theirs}");
}

#[test]
fn an_echo_is_no_board() {
    let (mut controller, name) = terminal();
    let mut copy = controller.try_clone().expect("a copy");
    thread::spawn(move || {
        let mut buffer = [0; 256];
        // Ends when the terminal is closed.
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            if copy.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
    let outcome = here(&["connect", &name, "ls"]);
    assert_fails(&outcome, &name);
    assert!(outcome.stderr.contains("hint: "), "{outcome}");
}

#[test]
fn a_program_that_never_stops_printing_and_cannot_be_interrupted_is_given_up_on() {
    let board = TestBoard::with(&["link=usb"]);
    let program = "import micropython\nmicropython.kbd_intr(-1)\nwhile True: print('x' * 60)";
    let started = board.mpwire(&["exec", "--no-follow", program]);
    assert_eq!(started.code, Some(0), "{started}");
    let outcome = board.mpwire(&["resume", "ls"]);
    assert_fails(&outcome, "a program on the board catches Ctrl-C");
    assert!(outcome.stderr.contains("xxxx"), "{outcome}");
}

#[test]
fn silence_is_no_board() {
    let (mut controller, name) = terminal();
    let (sender, sent) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    assert_fails(&here(&["connect", &name, "ls"]), &name);
    // Whatever it is, nothing has reset it.
    let sent: Vec<u8> = sent.try_iter().flatten().collect();
    assert!(sent.contains(&0x03) && !sent.contains(&0x04), "{sent:?}");
}

/// Of what takes no program, it is enough to be told twice.
#[test]
fn a_raw_repl_that_takes_no_program_is_given_up_soon() {
    let (mut controller, name) = terminal();
    let mut answers = controller.try_clone().expect("a copy");
    let (sender, requests) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            let heard = &buffer[..count];
            let answer: &[u8] = if heard.ends_with(b"\x05A\x01") {
                // What no firmware answers.
                let _ = sender.send(());
                b"R\x02"
            } else if heard.ends_with(b"\x01") {
                b"raw REPL; CTRL-B to exit\r\n>"
            } else if heard.ends_with(b"\x03") {
                b"\r\n>>> "
            } else {
                b""
            };
            if answers.write_all(answer).is_err() {
                return;
            }
        }
    });
    let outcome = here(&["connect", &name, "resume", "ls"]);
    assert_fails(&outcome, &name);
    assert!(
        outcome.stderr.contains("while a program was sent"),
        "{outcome}"
    );
    let requests = requests.try_iter().count();
    assert!((1..=8).contains(&requests), "{requests} requests");
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_printed_is_told() {
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("a full device");
    let output = std::process::Command::new(mpwire())
        .args(["mip", "install", "--help"])
        .stdout(full)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("No space left on device"), "{said}");
}

#[test]
fn an_exception_of_a_users_program_is_all_that_is_printed() {
    let outcome = TestBoard::start().mpwire(&["exec", "print(1)\n1/0"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), ""));
    assert!(
        outcome.text().starts_with("1\r\nTraceback") || outcome.text().starts_with("1\nTraceback")
    );
    assert!(
        outcome
            .text()
            .trim_end()
            .ends_with("ZeroDivisionError: divide by zero")
    );
}

#[test]
fn what_is_missing_on_either_side_is_named() {
    let board = TestBoard::start();
    let missing = "no: No such file or directory.";
    assert_fails(&board.mpwire(&["cat", "no"]), missing);
    assert_fails(&board.mpwire(&["ls", "no"]), missing);
    assert_fails(&board.mpwire(&["rm", "no"]), missing);
    assert_fails(&board.mpwire(&["rm", "-r", "no"]), missing);
    assert_fails(&board.mpwire(&["sha256sum", "no"]), missing);
    assert_fails(&board.mpwire(&["cp", ":no", "."]), missing);
    assert_fails(&board.mpwire(&["cp", "no", ":"]), missing);
    assert_fails(&board.mpwire(&["cp", "-r", "no", ":"]), missing);
    assert_fails(
        &board.mpwire(&["run", "no.py"]),
        "could not read file 'no.py'",
    );
    assert_eq!(board.tree(), [""; 0]);
}

#[test]
fn a_file_that_does_not_fit_leaves_the_old_one() {
    let board = TestBoard::with(&["link=fast", "flash-size=64k"]);
    board.execute("with open('a', 'w') as file: file.write('old')\ndel file");
    let before = board.tree();
    let data: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    board.write("a", &data);
    assert_fails(&board.mpwire(&["cp", "a", ":"]), "No space left on device");
    board.write("a", &data[..57_300]);
    assert_fails(&board.mpwire(&["cp", "a", ":"]), "No space left on device");
    assert_fails(
        &board.mpwire(&["cp", "-f", "a", ":b"]),
        "No space left on device",
    );
    assert_eq!(board.tree(), before);
}

#[test]
fn a_name_that_is_too_long_is_refused() {
    let board = TestBoard::start();
    board.write("a", "text");
    let name = format!(":{}", "n".repeat(256));
    assert_fails(&board.mpwire(&["cp", "a", &name]), "File name too long");
    assert_fails(&board.mpwire(&["mkdir", &name]), "File name too long");
    assert_eq!(board.tree(), [""; 0]);
}

#[test]
fn an_encoding_that_the_board_lacks_is_refused() {
    let board = TestBoard::with(&["link=fast", "missing=deflate"]);
    board.write("a", "text".repeat(1000));
    let outcome = board.mpwire(&["cp", "--encoding", "deflate", "a", ":"]);
    assert_fails(&outcome, "encoding deflate needs");
    assert_eq!(board.tree(), [""; 0]);
}

#[test]
fn options_without_sense_are_usage_errors() {
    let board = TestBoard::start();
    board.write("a", "text");
    assert_usage(
        &board.mpwire(&["cp", "--chunk-size", "0", "a", ":"]),
        "--chunk-size",
    );
    assert_usage(
        &board.mpwire(&["cp", "--encoding", "morse", "a", ":"]),
        "morse",
    );
    assert_usage(&board.mpwire(&["cp", "--no-such", "a", ":"]), "--no-such");
    assert_usage(&board.mpwire(&["exec"]), "Usage");
    assert_usage(&here(&["sleep", "long"]), "long");
}

#[test]
fn what_is_no_command_is_named() {
    assert_fails(&here(&["nonsense"]), "'nonsense' is not a command");
    assert_fails(&here(&["fs", "ln", "a", "b"]), "'ln' is not a command");
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let board = TestBoard::start();
    board.execute("with open('a', 'w') as file: file.write('old')\ndel file");
    let before = board.tree();
    assert_fails(
        &board.mpwire(&["cp", ":a", "no/b"]),
        "no/b: No such file or directory.",
    );
    // Nobody may make files in here, not even root.
    assert_fails(&board.mpwire(&["cp", ":a", "/proc/b"]), "/proc/b");
    // A file of the system that opens, and cannot be read.
    assert_fails(
        &board.mpwire(&["cp", "/proc/self/mem", ":a"]),
        "/proc/self/mem",
    );
    board.write("b", "new");
    assert_fails(
        &board.mpwire(&["cp", "b", ":no/b"]),
        "No such file or directory.",
    );
    assert_eq!(board.tree(), before);
}

#[test]
fn a_simulated_board_takes_no_path_that_is_in_use() {
    let board = TestBoard::start();
    board.write("mine", "mine");
    let link = board.work().join("link");
    symlink("mine", &link).expect("a link");
    for port in [PORT, "link", "mine"] {
        let outcome = board.mpwire_with(&[], &["sim", "--port", port]);
        assert_eq!(
            (outcome.code, outcome.stderr),
            (
                Some(1),
                format!("mpwire: sim: {port}: is there already; remove it or name another port.\n")
            )
        );
    }
    assert_eq!(fs::read_link(&link).expect("a link"), Path::new("mine"));
    assert_eq!(fs::read(&link).expect("readable"), b"mine");
    assert_eq!(board.mpwire(&["eval", "1"]).text(), "1\n");
}

#[test]
fn a_device_without_end_is_left_after_32_mib() {
    let board = TestBoard::start();
    let running = board.start_mpwire(&["resume", "cp", "/dev/zero", ":a"]);
    assert_fails(&running.finish(), "/dev/zero: more than 32 MiB");
    let here = board.mpwire(&["resume", "cp", "/dev/zero", "a"]);
    assert_fails(&here, "/dev/zero: more than 32 MiB");
    assert_eq!(board.tree(), [""; 0]);
    assert!(board.local_tree().is_empty());
}

#[test]
fn what_another_program_prints_is_copied() {
    let board = TestBoard::start();
    for (count, name) in [(10, "short"), (200_000, "long")] {
        let printed = "x".repeat(count);
        board.write("printed", &printed);
        let mut command = Command::new("sh");
        set_apart(&mut command, &board.work());
        let outcome = command
            .current_dir(board.work())
            .args(["-c", "cat printed | \"$@\"", "sh"])
            .arg(mpwire())
            .args(["connect", PORT, "resume", "cp", "/dev/stdin"])
            .arg(format!(":{name}"))
            .output()
            .expect("a shell");
        assert!(outcome.status.success(), "{outcome:?}");
        let digest = support::hex_digest(printed.as_bytes());
        assert_eq!(board.digests()[&format!("/{name}")], digest);
    }
}

#[test]
fn files_of_the_system_whose_size_is_not_what_is_said_are_copied() {
    let board = TestBoard::start();
    std::fs::create_dir(board.work().join("tree")).expect("a new folder");
    board.write("tree/empty", "");
    // Of the first no size is said, of the second more than it has.
    let files = ["/proc/version", "/sys/devices/system/cpu/online"];
    for (name, path) in ["none", "page"].iter().zip(files) {
        let size = std::fs::metadata(path).expect("a file of Linux").len();
        assert_ne!(size, std::fs::read(path).expect("it").len() as u64);
        symlink(path, board.work().join("tree").join(name)).expect("a link");
    }
    let outcome = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    for (name, path) in ["none", "page"].iter().zip(files) {
        let single = format!(":{name}");
        let outcome = board.mpwire(&["resume", "cp", path, &single]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        let digest = support::hex_digest(&std::fs::read(path).expect("it"));
        let found = board.digests();
        assert_eq!(found[&format!("/tree/{name}")], digest);
        assert_eq!(found[&format!("/{name}")], digest);
    }
    assert_eq!(board.digests()["/tree/empty"], support::hex_digest(b""));
}

#[test]
fn arguments_that_are_not_utf8_are_usage_errors() {
    let program = OsStr::from_bytes(b"print('\xff')");
    let name = OsStr::from_bytes(b"x\xff");
    let [connect, port, exec, cp, to] =
        ["connect", "/dev/no-such-board", "exec", "cp", ":y"].map(OsStr::new);
    let outcome = run(&mpwire(), Path::new("."), &[connect, port, exec, program]);
    assert_usage(&outcome, "\"print('\\xFF')\" is not UTF-8");
    let outcome = run(&mpwire(), Path::new("."), &[connect, port, cp, name, to]);
    assert_usage(&outcome, "\"x\\xFF\" is not UTF-8");
}
