//! The flash: what persists, and what a power cut leaves.

#![cfg(target_os = "linux")]

mod common;

use common::{Host, board, board_and_host};

#[test]
fn files_survive_every_reset_on_every_filesystem() {
    for filesystem in ["lfs2", "lfs1", "fat"] {
        let (board, mut host) = board_and_host(&format!("fs={filesystem}"));
        host.exec("import os\nos.mkdir('d')\nwith open('d/f', 'wb') as f: f.write(bytes(9999))");
        host.soft_reset();
        assert_eq!(
            host.exec("import os; print(os.stat('d/f')[6])"),
            "9999",
            "{filesystem}"
        );
        board.power_cycle();
        host.enter_raw_repl();
        assert_eq!(
            host.exec("import os; print(os.listdir())"),
            "['d']",
            "{filesystem}"
        );
    }
}

#[test]
fn a_flash_file_outlives_the_board() {
    let folder = tempfile::tempdir().unwrap();
    let flash = folder.path().join("flash.bin");
    let options = format!("flash={}&flash-size=256k", flash.display());
    {
        let (_board, mut host) = board_and_host(&options);
        host.exec("with open('kept', 'w') as f: f.write('text')");
    }
    assert_eq!(flash.metadata().unwrap().len(), 256 << 10);
    let (_board, mut host) = board_and_host(&options);
    assert_eq!(host.exec("print(open('kept').read())"), "text");
}

#[test]
fn the_filesystem_has_the_size_of_the_flash() {
    let (_board, mut host) = board_and_host("flash-size=512k");
    assert_eq!(
        host.exec("import os; s = os.statvfs('/'); print(s[0] * s[2])"),
        "524288"
    );
}

#[test]
fn flash_delays_slow_writing_down() {
    for filesystem in ["lfs2", "fat"] {
        let (_board, mut host) = board_and_host(&format!(
            "fs={filesystem}&erase=20&program=0.5&flash-size=256k"
        ));
        let milliseconds = host.exec(
            "import time\nt = time.ticks_ms()\nwith open('f', 'wb') as f: f.write(bytes(16384))\n\
             print(time.ticks_diff(time.ticks_ms(), t))",
        );
        // Four blocks and 64 pages at least.
        assert!(
            milliseconds.parse::<u32>().unwrap() >= 112,
            "{milliseconds}"
        );
    }
}

#[test]
fn ctrl_c_during_slow_flash_writes_leaves_the_filesystem_whole() {
    let (board, mut host) = board_and_host("erase=5&program=0.3&flash-size=256k");
    for _ in 0..10 {
        host.start("print('go')\nwhile True:\n with open('f', 'wb') as f: f.write(bytes(3000))");
        host.read_until("go\n");
        host.send(b"\x03");
        let (_, error) = host.finish();
        assert!(error.ends_with("KeyboardInterrupt: \n"), "{error:?}");
    }
    host.exec("with open('g', 'wb') as f: f.write(bytes(5000))");
    host.soft_reset();
    assert_eq!(host.exec("import os; print(os.stat('g')[6])"), "5000");
    assert_eq!(board.counters().soft_resets, 1);
}

#[test]
fn a_power_cut_stops_the_write_it_is_told_to_and_the_board_comes_back() {
    let (board, mut host) = board_and_host("cut=0&heap=64k");
    host.exec("with open('f', 'wb') as f: f.write(b'old')");
    let before = board.flash_writes().unwrap();
    host.exec("with open('g', 'wb') as f: f.write(bytes(5000))");
    let writes = board.flash_writes().unwrap() - before;
    assert!(writes > 20, "{writes}");

    for (resets, cut) in [1, 2, writes / 2, writes - 2].into_iter().enumerate() {
        board.cut_power_at_write(cut).unwrap();
        host.start("with open('f', 'wb') as f: f.write(bytes(5000))");
        let text = host.read_until(">>> ");
        assert!(text.starts_with("MicroPython "), "{text:?}");
        assert_eq!(board.counters().hard_resets, resets as u64 + 1);
        host.enter_raw_repl();
        assert_eq!(host.exec("print(open('f').read())"), "old", "cut at {cut}");
    }
}

#[test]
fn a_board_can_be_told_to_lose_power_from_the_start() {
    let (board, mut host) = board_and_host("cut=3&fs=fat");
    host.start("open('f', 'w').close()\nopen('g', 'w').close()\nopen('h', 'w').close()");
    host.read_until(">>> ");
    assert_eq!(board.counters().hard_resets, 1);
    host.enter_raw_repl();
    host.exec("open('i', 'w').close()");
}

#[test]
fn temporary_files_go_with_the_board() {
    let temporary = || {
        std::fs::read_dir(std::env::temp_dir())
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter(|name| name.starts_with("mpwire-sim-"))
            .collect::<Vec<String>>()
    };
    let board = board("");
    let host = Host::connect(&board);
    let during = temporary();
    drop(host);
    let _ = board.stop();
    // Other tests' boards come and go meanwhile; ours must be among those that went.
    let after = temporary();
    assert!(during.iter().any(|name| !after.contains(name)));
}

/// Reads one byte, writes to the flash at once, and counts what comes in the end.
const READ_AND_WRITE: &str = "import select, sys\np = select.poll()\np.register(sys.stdin, 1)\n\
     f = open('f', 'wb')\nprint('go')\nsys.stdin.buffer.read(1)\nf.write(bytes(6000))\nf.close()\n\
     n = 1\nwhile p.poll(300): n += len(sys.stdin.buffer.read(1))\nprint(n)";

/// How many of 600 bytes a program got that wrote to the flash meanwhile, and how many were lost.
fn received_while_writing(options: &str) -> (u64, u64) {
    let (board, mut host) = board_and_host(&format!("erase=20&program=2&{options}"));
    host.start(READ_AND_WRITE);
    host.read_until("go\n");
    host.send([b'x'; 600]);
    let (output, error) = host.finish();
    assert_eq!(error, "");
    (output.trim().parse().unwrap(), board.counters().overruns)
}

#[test]
fn a_board_that_is_deaf_while_it_writes_flash_loses_what_comes_meanwhile() {
    for filesystem in ["lfs2", "fat"] {
        let options = format!("link=uart:115200&ring=1023&fs={filesystem}");
        assert_eq!(received_while_writing(&options), (600, 0), "{filesystem}");
        let (got, lost) = received_while_writing(&format!("{options}&flash-deaf=yes"));
        // 600 bytes take 52 ms, and the flash is busy for longer than that.
        assert_eq!(got + lost, 600, "{filesystem}");
        assert!(lost > 500, "{filesystem}: {lost}");
    }
}

#[test]
fn with_back_pressure_a_host_waits_for_a_deaf_board() {
    for link in ["uart:115200&backpressure=yes", "usb", "fast"] {
        let options = format!("link={link}&flash-deaf=yes");
        assert_eq!(received_while_writing(&options), (600, 0), "{link}");
    }
}

#[test]
fn a_board_hears_again_after_a_flash_write_and_after_a_reset_in_one() {
    let (board, mut host) = board_and_host("link=fast&backpressure=no&erase=20&flash-deaf=yes");
    for _ in 0..5 {
        host.exec("with open('f', 'wb') as f: f.write(bytes(6000))");
    }
    host.start("f = open('f', 'wb')\nprint('go')\nwhile True: f.write(bytes(6000))");
    host.read_until("go\n");
    board.power_cycle();
    host.read_until(">>> ");
    host.enter_raw_repl();
    assert_eq!(host.eval("1+1"), "2");
}
