//! Streams without end, and the largest replies and files that are read at all: how much memory they
//! take. All of the process is to stay below 64 MiB, whatever is sent to it.
//!
//! One test, since the allocator counts for the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use mpwire::mip::package::Manifest;
use mpwire::romfs::image::Image;
use mpwire::transfer::fuzzed::text;
use mpwire_cli::fuzzed::{Utf8, config_py, config_toml};
use mpwire_proto::frames;
use mpwire_proto::mount::{Listener, crc32};
use mpwire_proto::raw_repl::RawRepl;
use mpwire_proto::rfc2217::Client;
use mpwire_proto::typing::Typing;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// How much of a stream is sent, in reads as a link makes them.
const STREAM: usize = 4 * MIB;
const READ: usize = 4 * KIB;
/// The largest files that are read: a configuration, a `package.json`.
const CONFIGURATION: usize = 128 * KIB;
const MANIFEST: usize = 512 * KIB;

/// Counts what is allocated, and the most at once.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator is, and this one only counts")]
// SAFETY: every call is the system allocator's own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Large ones are moved by the system's tables of pages, not copied.
        NOW.fetch_sub(layout.size(), Relaxed);
        let now = NOW.fetch_add(size, Relaxed) + size;
        MOST.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Fails where `work` has more than `most` bytes at once.
fn within(most: usize, name: &str, work: impl FnOnce()) {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    work();
    let taken = MOST.load(Relaxed) - before;
    println!("{name}: {} KiB", taken / KIB);
    assert!(taken <= most, "{name}: {taken} bytes of {most}");
}

/// Reads of a stream that is `pattern`, again and again.
fn endless(pattern: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut bytes = pattern.iter().copied().cycle();
    (0..STREAM / READ).map(move |_| bytes.by_ref().take(READ).collect())
}

#[test]
fn nothing_that_is_sent_takes_more_memory_than_it_may() {
    streams();
    replies();
    files();
}

fn streams() {
    // A board that never answers, and one that answers something else at each step.
    let banner = b"raw REPL; CTRL-B to exit\r\n>";
    let running = [b"R\x01\x80\x00\x01\x04", &b""[..]].concat();
    let raised = [&running[..], b"\x04"].concat();
    let patterns: [&[u8]; 6] = [
        b"\x00",
        b"R\x01\xff\xff",
        b"\x02ffff00000000",
        b"\x020000",
        b"\x04",
        b"\x02000000000000",
    ];
    for (index, pattern) in patterns.into_iter().enumerate() {
        for (stage, before) in [
            ("entering", &b""[..]),
            ("asking", b"\x04"),
            ("running", &running),
            ("raised", &raised),
        ] {
            within(MIB, &format!("raw REPL, {stage}, {index}"), || {
                let now = Instant::now();
                let mut repl = RawRepl::new();
                repl.enter(now, false, Duration::from_secs(5));
                if stage != "entering" {
                    repl.handle_input(now, b"x");
                    repl.handle_input(now, banner);
                    repl.execute(now, b"print(1)".to_vec(), None);
                    repl.expect_frames();
                    repl.handle_input(now, before);
                }
                for read in endless(pattern) {
                    repl.handle_input(now, &read);
                    while repl.poll_event().is_some() {}
                    while repl.poll_transmit().is_some() {}
                }
            });
        }
    }
    for pattern in [&b"\x02ffff00000000"[..], b"\x020", b"text"] {
        within(128 * KIB, "frames", || {
            let mut scanner = frames::Scanner::default();
            for read in endless(pattern) {
                let mut rest = &read[..];
                while !rest.is_empty() {
                    rest = &rest[scanner.push(rest).0..];
                }
            }
        });
    }
    let tag = *b"0123456789abcdef";
    let patterns: [&[u8]; 4] = [
        b"\x1e",
        b"\x1e0123456789abcde",
        b"\x1e0123456789abcdef\x00\x00\x00\x10",
        b"\x1e0123456789abcdef\x00\x00\xff\xff",
    ];
    for pattern in patterns {
        within(64 * KIB, "requests of a mounted folder", || {
            let now = Instant::now();
            let mut listener = Listener::new(tag, crc32);
            for read in endless(pattern) {
                listener.push(now, &read);
                listener.take_output();
                while listener.poll_request().is_some() {}
            }
        });
    }
    for pattern in [&b"\xff\xfa\x2c"[..], b"\xff\xfd\x63", b"\xff\xff", b"data"] {
        within(64 * KIB, "RFC 2217", || {
            let mut client = Client::new(115_200, false);
            for read in endless(pattern) {
                client.handle_input(&read);
                while client.poll_event().is_some() {}
            }
        });
    }
    within(64 * KIB, "what is typed", || {
        let now = Instant::now();
        let mut typing = Typing::new(now);
        typing.push(b"x = 1\r");
        while typing.poll_transmit(now).is_some() {}
        for read in endless(b"x = x = ") {
            typing.handle_output(now, &read);
        }
    });
    within(64 * KIB, "characters", || {
        let mut utf8 = Utf8::default();
        for read in endless(b"\xf0\x9f\xe2") {
            drop(utf8.whole(&read));
        }
    });
}

/// As long a directory as a board may tell of, and what it says of all lines.
fn listing(line: &[u8]) -> Vec<u8> {
    let answer = [b"\x02", line, b"\x03"].concat();
    let count = 4 * MIB / answer.len() - 1;
    let sum: u32 = line.iter().copied().map(u32::from).sum();
    let total = (0..count).fold(0, |total, _| (total * 33 + sum) & 0xFF_FFFF);
    let mut listing = answer.repeat(count);
    listing.extend(format!("\x02{total}\x03").into_bytes());
    listing
}

fn replies() {
    // As much as a program of ours may print, of values that are as large as possible.
    let reply = |pattern: &[u8]| pattern.repeat((4 * MIB) / pattern.len());
    for pattern in [
        &b"\x020\x03"[..],
        b"\x02''\x03",
        b"\x02(0,)\x03",
        b"\x02[[0],]\x03",
        b"\x02{0:0}\x03",
        b"\x02b'abcdefgh'\x03",
    ] {
        let text = reply(pattern);
        within(44 * MIB, "a reply", || {
            drop(mpwire::board::fs::filesystems(&text));
        });
    }
    let listing = listing(b"('name-of-a-file.py', 32768, 12345)");
    within(44 * MIB, "a listing", || {
        let entries = mpwire::board::fs::entries(&listing).expect("a listing");
        assert!(entries.len() > 50_000);
    });
    for (alphabet, line) in [(0, &b"b'aGVsbG8='\n"[..]), (1, b"b'00ff'\n"), (2, b"b'x'")] {
        let read = line.repeat(READ / line.len() + 1);
        let reads: Vec<&[u8]> = vec![&read; 16 * MIB / READ];
        within(20 * MIB, "a file as text", || drop(text(alphabet, &reads)));
    }
}

fn files() {
    let json =
        |pattern: &str| format!("{{\"x\": [{}0]}}", pattern.repeat(MANIFEST / pattern.len()));
    for pattern in ["[],", "{},", "0,", "[[[[[0]]]]],", "\"\","] {
        let text = json(pattern);
        within(36 * MIB, "a package.json", || {
            drop(Manifest::parse(text.as_bytes()));
        });
    }
    let record = b"\x04\x01\x00";
    let mut image = b"\xd2\xcd\x31\x87\xff\xff\x7f".to_vec();
    image.resize(image.len() + 16 * MIB - 1, 0);
    for place in (7..image.len() - 3).step_by(3) {
        image[place..place + 3].copy_from_slice(record);
    }
    within(40 * MIB, "a ROMFS image", || {
        assert!(Image::read(&image).is_err());
    });
    let is_command = |_: &str| true;
    for pattern in ["[],", "{},", "0,", "'',", "{a={}},"] {
        let text = format!("x = [{}]", pattern.repeat(CONFIGURATION / pattern.len()));
        within(32 * MIB, "a config.toml", || {
            drop(config_toml::read(&text, &is_command));
        });
    }
    for pattern in ["'a':'b',", "'':[],", "0,"] {
        let text = format!(
            "commands = {{{}}}",
            pattern.repeat(CONFIGURATION / pattern.len())
        );
        within(32 * MIB, "a config.py", || drop(config_py::read(&text)));
    }
}
