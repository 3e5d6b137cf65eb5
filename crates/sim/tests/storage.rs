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
