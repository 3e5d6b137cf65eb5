//! The cable: its pace, what a full ring loses, and who may plug in.

#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use common::{Host, RAW_BANNER, board, board_and_host};

#[test]
fn a_uart_carries_no_more_than_its_bit_rate_from_the_board() {
    let (_board, mut host) = board_and_host("link=uart:115200");
    host.start("import sys\nb = bytes(2048)\nsys.stdout.buffer.write(b)");
    let start = Instant::now();
    host.read_exactly(2048);
    // 2048 bytes of ten bits; the first of them may have been on its way already.
    assert!(
        start.elapsed() >= Duration::from_millis(170),
        "{:?}",
        start.elapsed()
    );
    host.finish();
}

#[test]
fn a_uart_carries_no_more_than_its_bit_rate_to_the_board() {
    let (board, mut host) = board_and_host("link=uart:115200");
    host.start(
        "import sys\nprint('go')\nn = 0\nwhile n < 2048: n += len(sys.stdin.buffer.read(16))",
    );
    host.read_until("go\n");
    let start = Instant::now();
    host.send([b'x'; 2048]);
    host.finish();
    assert!(
        start.elapsed() >= Duration::from_millis(177),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(board.counters().overruns, 0);
}

#[test]
fn a_uart_drops_what_does_not_fit_its_ring_and_counts_it() {
    let (board, mut host) = board_and_host("link=uart:921600&ring=260");
    host.start(
        "import select, sys, time\np = select.poll()\np.register(sys.stdin, 1)\nprint('go')\n\
         time.sleep(0.2)\nn = 0\n\
         while p.poll(200): n += len(sys.stdin.buffer.read(1))\nprint('got', n)",
    );
    host.read_until("go\n");
    host.send([b'x'; 1000]);
    let (output, _) = host.finish();
    assert_eq!(output, "got 260\n");
    assert_eq!(board.counters().overruns, 740);
}

#[test]
fn every_ring_overruns_exactly_when_no_program_reads() {
    for ring in [128, 250, 1023] {
        let (board, mut host) = board_and_host(&format!("link=uart:921600&ring={ring}"));
        let program = "import select, sys, time\np = select.poll()\np.register(sys.stdin, 1)\n\
             print('go')\ntime.sleep(0.2)\nn = 0\n\
             while p.poll(200): n += len(sys.stdin.buffer.read(1))\nprint(n)";
        let mut overruns = 0;
        // What just fits, one more, and much more.
        for (sent, got) in [(ring, ring), (ring + 1, ring), (2048, ring)] {
            host.start(program);
            host.read_until("go\n");
            host.send(vec![b'x'; sent]);
            assert_eq!(host.finish().0, format!("{got}\n"), "{ring} {sent}");
            overruns += (sent - got) as u64;
            assert_eq!(board.counters().overruns, overruns, "{ring} {sent}");
        }
    }
}

/// Any latency delays a stream once, and does not slow it down. (The margins are for a busy computer.)
#[test]
fn a_stream_keeps_the_lines_rate_over_a_long_way() {
    const COUNT: u16 = 20_000;
    for options in [
        "latency=8",
        "latency=25&ring=128",
        "latency=25&backpressure=yes",
    ] {
        let (board, mut host) = board_and_host(&format!("link=uart:115200&{options}"));
        host.start(&format!(
            "import sys, time\nb = bytearray(1000)\nr = sys.stdin.buffer.readinto\nprint('go')\n\
             r(memoryview(b)[:100])\nt = time.ticks_us()\nfor i in range({COUNT} // 1000): r(b)\n\
             print(time.ticks_us() - t)"
        ));
        host.read_until("go\n");
        host.send(vec![b'x'; usize::from(COUNT) + 100]);
        let (output, error) = host.finish();
        assert_eq!(error, "");
        let rate = f64::from(COUNT) / output.trim().parse::<f64>().unwrap() * 1e6;
        assert!(
            (10_400.0..12_000.0).contains(&rate),
            "{options}: {rate} bytes/s"
        );
        assert_eq!(board.counters().overruns, 0, "{options}");
    }
}

#[test]
fn binary_output_arrives_unchanged_and_at_the_lines_rate() {
    for (link, least) in [("uart:921600", 555), ("usb", 80), ("fast", 0)] {
        for ends in ["lf", "crlf"] {
            let (_board, mut host) = board_and_host(&format!("link={link}&line-ends={ends}"));
            host.start(
                "import sys\nd = bytes(range(256)) * 2\nfor i in range(100): sys.stdout.buffer.write(d)",
            );
            let start = Instant::now();
            let received = host.read_exactly(51_200);
            let time = start.elapsed();
            let expected: Vec<u8> = (0..51_200_u32).map(|n| n as u8).collect();
            assert!(received == expected, "{link} {ends}");
            // Up to 64 bytes may have been on their way already; the line must not be idle either.
            assert!(
                time >= Duration::from_millis(least - least / 100),
                "{link} {ends}: {time:?}"
            );
            if link.starts_with("uart") {
                assert!(
                    time <= Duration::from_millis(least + least / 5),
                    "{link} {ends}: {time:?}"
                );
            }
            host.finish();
        }
    }
}

#[test]
fn back_pressure_loses_nothing() {
    for link in ["usb", "fast", "uart:1000000&backpressure=yes"] {
        let (board, mut host) = board_and_host(&format!("link={link}"));
        host.start(
            "import sys, time, hashlib\nh = hashlib.sha256()\nprint('go')\ntime.sleep(0.1)\n\
             for i in range(100): h.update(sys.stdin.buffer.read(300)); time.sleep_ms(i % 3)\n\
             print(sys.stdin.buffer.read(4), h.digest()[:4])",
        );
        host.read_until("go\n");
        let mut data = vec![b'x'; 30_000];
        for (index, byte) in data.iter_mut().enumerate() {
            *byte = (index % 251) as u8 | 0x80;
        }
        host.send(&data);
        host.send("end.");
        let (output, error) = host.finish();
        assert!(output.starts_with("b'end.' "), "{link}: {output} {error}");
        assert_eq!(board.counters().overruns, 0, "{link}");
    }
}

#[test]
fn ctrl_c_reaches_a_board_whose_ring_is_full() {
    for link in ["usb", "fast", "uart:921600"] {
        let (_board, mut host) = board_and_host(&format!("link={link}"));
        host.start("print('go')\nwhile True: pass");
        host.read_until("go\n");
        // A little more than the ring; a USB host would wait with any more of it.
        let ring = if link == "fast" { 4096 } else { 512 };
        host.send(vec![b'x'; ring]);
        host.send(b"\x03");
        host.read_until("KeyboardInterrupt");
    }
}

#[test]
fn a_host_that_does_not_read_cannot_stop_the_board() {
    let (board, mut host) = board_and_host("link=fast");
    host.start(
        "import sys\nfor i in range(402):\n\
         \x20if i == 400: open('done', 'w').close()\n\
         \x20sys.stdout.buffer.write(bytes(4096))",
    );
    let start = Instant::now();
    let mut second = loop {
        // More than all until then: it has gone on behind it.
        if board.counters().bytes_from_board > 401 * 4096 {
            break Host::connect(&board);
        }
        assert!(start.elapsed() < common::DEADLINE, "{}", board.counters());
        std::thread::yield_now();
    };
    second.enter_raw_repl();
    assert_eq!(second.exec("import os; print(os.listdir())"), "['done']");
}

/// Opens a board's pty and brings its raw REPL to the prompt: how much had to be read.
fn enter_raw_repl_at(path: &Path) -> (File, usize) {
    let mut port = File::options()
        .read(true)
        .write(true)
        .custom_flags(0o4000) // O_NONBLOCK: a test that fails should not hang
        .open(path)
        .unwrap();
    port.write_all(b"\r\x03\r\x01").unwrap();
    let seen = read_until(&mut port, RAW_BANNER);
    (port, seen)
}

fn read_until(port: &mut File, ending: &str) -> usize {
    let start = Instant::now();
    let mut seen = Vec::new();
    while !seen.ends_with(ending.as_bytes()) {
        assert!(
            start.elapsed() < common::DEADLINE,
            "{:?}",
            seen.last_chunk::<99>()
        );
        let mut buffer = [0; 4096];
        match port.read(&mut buffer) {
            Ok(count) => seen.extend(&buffer[..count]),
            Err(_) => std::thread::yield_now(),
        }
    }
    seen.len()
}

#[test]
fn a_pty_serves_several_programs_in_turn_and_goes_with_the_board() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    let board = board("");
    board.attach_pty(&path).unwrap();
    for _ in 0..20 {
        let (mut port, _) = enter_raw_repl_at(&path);
        port.write_all(b"print('go')\nwhile True: pass\x04")
            .unwrap();
        read_until(&mut port, "go\n");
    }
    assert_eq!(board.counters().interrupts, 19);
    drop(board);
    assert!(path.symlink_metadata().is_err());
}

#[test]
fn what_is_printed_while_nobody_has_the_pty_open_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    let board = board("");
    board.attach_pty(&path).unwrap();
    let (mut port, _) = enter_raw_repl_at(&path);
    port.write_all(b"while True: print('x' * 999)\x04").unwrap();
    drop(port);
    let start = Instant::now();
    while board.counters().bytes_from_board < 4_000_000 {
        assert!(start.elapsed() < common::DEADLINE, "{}", board.counters());
        std::thread::yield_now();
    }
    let (_, read) = enter_raw_repl_at(&path);
    assert!(read < 2_000_000, "{read}");
}

#[test]
fn what_is_at_a_ptys_path_already_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file"), "mine").unwrap();
    let running = board("");
    running.attach_pty(&at("running")).unwrap();
    for (link, to) in [
        ("link", at("file")),
        ("folder", folder.path().to_owned()),
        ("dangling", at("none")),
    ] {
        symlink(to, at(link)).unwrap();
    }
    for name in ["file", "link", "folder", "dangling", "running"] {
        let before = std::fs::read_link(at(name)).ok();
        let error = board("").attach_pty(&at(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
        assert_eq!(std::fs::read_link(at(name)).ok(), before, "{name}");
    }
    assert_eq!(std::fs::read(at("file")).unwrap(), b"mine");
    // The board that was there first can still be used.
    enter_raw_repl_at(&at("running"));
}

#[test]
fn what_a_killed_board_has_left_is_replaced_by_a_pty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    // No system has as many at once.
    symlink("/dev/pts/4000000000", &path).unwrap();
    let board = board("");
    board.attach_pty(&path).unwrap();
    enter_raw_repl_at(&path);
    drop(board);
    assert!(path.symlink_metadata().is_err());
}

#[test]
fn the_counters_say_what_passed() {
    let (board, mut host) = board_and_host("");
    let before = board.counters();
    host.send("print('x' * 100)\x04");
    host.read_until("OK");
    host.finish();
    let after = board.stop();
    assert_eq!(after.bytes_to_board - before.bytes_to_board, 17);
    assert_eq!(after.bytes_from_board - before.bytes_from_board, 106);
    assert!(after.to_string().contains(" bytes to the board, "));
}
