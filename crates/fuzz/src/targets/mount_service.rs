//! `mount_service`: whatever a board asks of a mounted folder, nothing outside of it is reached.

use std::fs;
use std::path::Path;
use std::time::Instant;

use mpwire::mount::{Folder, Options, Receiver, Service};
use mpwire::session::Service as _;
use mpwire_proto::mount::{INTERRUPT_NUMBER, TAG};
use tempfile::TempDir;

use super::mount_listener::{MINE, sum};

/// Bytes of an answer that the board takes, and of an answer's header.
const ROOM: usize = 600;
const HEADER: usize = 10;
/// What stands in the files outside.
const SECRET: &[u8] = b"nobody on the board may read or change this: 0f1e2d3c4b5a";

/// The first byte says how the folder is mounted; then come requests, each behind two bytes of
/// length. One with nothing in it asks whether an interrupt character was sent, which was before every
/// second of those.
pub fn run(input: &[u8]) {
    let Some((&flags, mut rest)) = input.split_first() else {
        return;
    };
    let outside = TempDir::new().expect("a folder");
    let shared = furnish(outside.path());
    let folder = Folder::open(Options {
        path: shared.clone(),
        unsafe_links: false,
        read_only: flags & 1 == 1,
        tool_folders: flags & 2 == 2,
    });
    let receiver = Receiver {
        room: ROOM,
        bits: if flags & 4 == 4 { 10 } else { 0 },
        check: sum,
        effort: mpwire_deflate::Effort::Quick,
    };
    let mut service = Service::new(MINE, folder.expect("it is there"), receiver);
    let mut number = 0;
    let mut questions = 0;
    while let [low, high, behind @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (body, behind) = behind.split_at(length);
        rest = behind;
        if !body.is_empty() {
            number += 1;
        }
        let wire = if body.is_empty() {
            questions += 1;
            if questions % 2 == 0 {
                service.note_interrupt();
            }
            // Asked again before it was answered, it gets the same answer.
            request(INTERRUPT_NUMBER, body).repeat(2)
        } else {
            request(number, body)
        };
        let served = service.handle_input(Instant::now(), &wire);
        assert!(served.output.is_empty());
        check_answer(&served.answer);
        if body.is_empty() && (questions == 1 || questions % 2 == 0) {
            // Behind the "\x1e", three numbers of three characters, and an empty size.
            let was_sent = u8::from(questions % 2 == 0);
            assert_eq!(served.answer.get(HEADER + 2), Some(&was_sent));
        }
    }
    check_outside(outside.path(), flags);
}

/// Makes a folder with something to find, and around it what must not be found.
fn furnish(outside: &Path) -> std::path::PathBuf {
    let shared = outside.join("shared");
    let make = |path: &str| fs::create_dir_all(outside.join(path)).expect("a folder");
    let write = |path: &str, data: &[u8]| fs::write(outside.join(path), data).expect("a file");
    make("shared/lib");
    make("shared/.git/hooks");
    make("private");
    write("secret", SECRET);
    write("private/secret", SECRET);
    write("shared/main.py", b"print(1)\r\nprint(2)\n");
    write("shared/lib/a.py", &b"# many lines alike\n".repeat(200));
    write("shared/.git/config", SECRET);
    #[cfg(unix)]
    for (target, link) in [
        ("../secret", "shared/link"),
        ("..", "shared/up"),
        ("main.py", "shared/inside"),
    ] {
        std::os::unix::fs::symlink(target, outside.join(link)).expect("a link");
    }
    shared
}

/// A request as the board's program writes it.
fn request(number: u16, body: &[u8]) -> Vec<u8> {
    let body = &body[..body.len().min(4096)];
    let mut message = MINE.to_vec();
    message.extend(number.to_le_bytes());
    message.extend(u16::try_from(body.len()).unwrap_or(0).to_le_bytes());
    message.extend(body);
    message.extend(sum(&message).to_le_bytes());
    let mut wire = vec![0x1e];
    for byte in message {
        match byte {
            0x1b => wire.extend([0x1b, 1]),
            0x04 => wire.extend([0x1b, 2]),
            other => wire.push(other),
        }
    }
    wire
}

/// One that the board has room for, without an interrupt character, and with nothing of the secret.
fn check_answer(answer: &[u8]) {
    assert!(answer.len() <= HEADER + ROOM, "{}", answer.len());
    assert!(!answer.contains(&3));
    let (begin, _) = SECRET.split_at(TAG);
    assert!(!answer.windows(TAG).any(|window| window == begin));
}

fn check_outside(outside: &Path, flags: u8) {
    let names = |path: &str| {
        let entries = fs::read_dir(outside.join(path)).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into()
            })
            .collect();
        names.sort();
        names
    };
    let read = |path: &str| fs::read(outside.join(path)).expect("a file");
    assert_eq!(names("."), ["private", "secret", "shared"]);
    assert_eq!(names("private"), ["secret"]);
    assert_eq!(read("secret"), SECRET);
    assert_eq!(read("private/secret"), SECRET);
    if flags & 2 == 0 || flags & 1 == 1 {
        assert_eq!(names("shared/.git"), ["config", "hooks"]);
        assert_eq!(names("shared/.git/hooks"), [""; 0]);
        assert_eq!(read("shared/.git/config"), SECRET);
    }
}
