//! Boards and servers that never stop: whatever they send without end, and whenever, mpwire does not
//! grow with it.
#![cfg(unix)]

mod support;

use std::io::{self, Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use support::{mpwire, set_apart};
use wait4::Wait4 as _;

/// All of the process, in bytes.
const MEMORY_MOST: u64 = 64 << 20;
/// What is sent without end: more than that.
const SENT: usize = 100 << 20;

/// What a board waits for, and answers to it.
type Turn<'a> = (&'a [u8], &'a [u8]);

/// A board that enters the raw REPL and takes a program, in two large windows.
const ENTERING: [Turn; 2] = [
    (b"\x03", b"\r\n>>> "),
    (b"\x01", b"raw REPL; CTRL-B to exit\r\n>"),
];
const TAKING: Turn = (b"A\x01", b"R\x01\xff\xff\x01");
/// The end of a program, from where on a board runs it.
const RUNNING: Turn = (b"\x04", b"\x04");

/// How mpwire ended.
struct Ended {
    memory: u64,
    is_success: bool,
    stderr: String,
}

/// Runs mpwire with a board at `{scheme}://…` that answers `turns` and then sends `endless` without
/// end.
fn run(scheme: &str, arguments: &[&str], turns: &[Turn], endless: &[u8]) -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("{scheme}://{}", listener.local_addr().expect("it is bound"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "x".repeat(100_000)).expect("a file");
    let mut command = Command::new(mpwire());
    set_apart(&mut command, folder.path());
    let mut child = command
        .args(["connect", &address])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    thread::scope(|scope| {
        scope.spawn(|| {
            let (stream, _) = listener.accept().expect("it connects");
            // That mpwire has had enough ends it.
            let _ = answer(&stream, turns, endless);
            let _ = stream.shutdown(Shutdown::Both);
        });
        scope.spawn(|| io::copy(&mut stdout, &mut io::sink()));
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("text");
        let ended = child.wait4().expect("it ends");
        Ended {
            memory: ended.rusage.maxrss,
            is_success: ended.status.success(),
            stderr: text,
        }
    })
}

fn answer(mut stream: &TcpStream, turns: &[Turn], endless: &[u8]) -> io::Result<()> {
    let mut heard = Vec::new();
    for (awaited, answer) in turns {
        let end = loop {
            let found = heard
                .windows(awaited.len())
                .position(|part| part == *awaited);
            if let Some(place) = found {
                break place + awaited.len();
            }
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            heard.extend_from_slice(&buffer[..count]);
        };
        heard.drain(..end);
        stream.write_all(answer)?;
    }
    let block = endless.repeat((1 << 16) / endless.len() + 1);
    for _ in 0..SENT / block.len() {
        stream.write_all(&block)?;
    }
    Ok(())
}

/// Runs mpwire, which fails and tells why in these words.
fn refuses(scheme: &str, arguments: &[&str], turns: &[Turn], endless: &[u8], words: &str) {
    let ended = run(scheme, arguments, turns, endless);
    assert!(!ended.is_success, "{}", ended.stderr);
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    let (memory, most) = (ended.memory >> 10, MEMORY_MOST >> 10);
    assert!(memory < most, "{memory} KiB: {}", ended.stderr);
}

/// The turns up to where a program of mpwire's runs.
fn up_to_its_program() -> Vec<Turn<'static>> {
    [&ENTERING[..], &[TAKING, RUNNING]].concat()
}

#[test]
fn a_board_that_does_not_stop_talking() {
    refuses(
        "socket",
        &["resume", "ls"],
        &[],
        b"chatter\r\n",
        "socket://",
    );
}

#[test]
fn a_listing_without_end() {
    let entry = b"('a-file.py', 32768, 1),";
    let words = "sent more than 4 MiB where an answer was expected";
    refuses(
        "socket",
        &["resume", "ls"],
        &up_to_its_program(),
        entry,
        words,
    );
    refuses(
        "socket",
        &["resume", "rm", "-r", ":x"],
        &up_to_its_program(),
        entry,
        words,
    );
}

#[test]
fn output_and_tracebacks_without_end() {
    let exec = ["resume", "exec", "print(1)"];
    refuses(
        "socket",
        &exec,
        &up_to_its_program(),
        b"output\r\n",
        "was lost",
    );
    let mut turns = up_to_its_program();
    turns[3] = (b"\x04", b"\x04\x04");
    refuses("socket", &exec, &turns, b"Traceback\r\n", "was lost");
}

#[test]
fn talk_in_place_of_an_upload() {
    let copy = ["resume", "cp", "file", ":"];
    refuses(
        "socket",
        &copy,
        &up_to_its_program(),
        b"chatter\r\n",
        "sent more than 4 MiB",
    );
}

#[test]
fn a_file_without_end() {
    // Frames as they are due, each with its number behind its data (`onboard/send.py`).
    let frames: Vec<u8> = (0..=u8::MAX)
        .rev()
        .flat_map(|number| {
            let mut data = vec![b'x'; 4096];
            data.push(number);
            let check = crc32fast::hash(&data);
            let header = format!("\x02{:04x}{check:08x}", data.len());
            [header.into_bytes(), data].concat()
        })
        .collect();
    // To the screen as it comes, and into memory.
    let turns = up_to_its_program();
    refuses(
        "socket",
        &["resume", "cat", ":file"],
        &turns,
        &frames,
        "was lost",
    );
    refuses(
        "socket",
        &["resume", "cp", ":file", ":copy"],
        &turns,
        &frames,
        "larger than 32 MiB",
    );
}

#[test]
fn a_server_that_does_not_stop_talking() {
    for endless in [&b"login: "[..], b"\xff\xfa\x2c", b"\xff\xfd\x63"] {
        refuses("rfc2217", &["ls"], &[], endless, "rfc2217://");
    }
}
