//! Genuine tools of other projects take the simulated board for a real one.

#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::{board, tool};

/// Runs the genuine mpremote: what it printed.
fn mpremote(port: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(tool("MPWIRE_MPREMOTE", "mpremote"));
    command.arg("connect").arg(port).args(arguments);
    let output = command.output().expect("mpremote runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn mpremote_evaluates_copies_lists_and_prints() {
    for options in ["", "link=uart:115200", "link=usb&fs=fat", "firmware=1.12"] {
        let folder = tempfile::tempdir().unwrap();
        let port = folder.path().join("board");
        let file = folder.path().join("hello.txt");
        std::fs::write(&file, "hello\n".repeat(100)).unwrap();
        let board = board(options);
        board.attach_pty(&port).unwrap();
        assert_eq!(mpremote(&port, &["eval", "6*7"]), "42\n", "{options}");
        if options != "firmware=1.12" {
            mpremote(&port, &["fs", "cp", file.to_str().unwrap(), ":"]);
            assert_eq!(
                mpremote(&port, &["ls"]),
                "ls :\n         600 hello.txt\n",
                "{options}"
            );
            assert_eq!(
                mpremote(&port, &["cat", ":hello.txt"]),
                "hello\n".repeat(100),
                "{options}"
            );
        }
        assert!(board.counters().soft_resets >= 1, "{options}");
        assert_eq!(board.counters().overruns, 0, "{options}");
    }
}

#[test]
fn mpremote_interrupts_what_runs() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("board");
    let board = board("");
    board.attach_pty(&port).unwrap();
    mpremote(&port, &["exec", "--no-follow", "while True: pass"]);
    assert_eq!(mpremote(&port, &["resume", "eval", "1+1"]), "2\n");
    assert_eq!(board.counters().interrupts, 1);
}

#[test]
fn mpremote_sets_the_clock_and_resets() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("board");
    let board = board("");
    board.attach_pty(&port).unwrap();
    mpremote(&port, &["rtc", "--set"]);
    assert!(mpremote(&port, &["resume", "rtc"]).starts_with("(20"));
    // It sleeps for 100 ms first, and the next mpremote's Ctrl-C would interrupt that.
    mpremote(&port, &["reset"]);
    let start = Instant::now();
    while board.counters().hard_resets == 0 {
        assert!(start.elapsed() < common::DEADLINE, "{}", board.counters());
        std::thread::yield_now();
    }
    assert_eq!(mpremote(&port, &["eval", "1"]), "1\n");
}

#[test]
fn mpremote_mounts_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("board");
    std::fs::write(folder.path().join("here.py"), "print('from the host')").unwrap();
    let board = board("link=usb");
    board.attach_pty(&port).unwrap();
    let text = mpremote(
        &port,
        &[
            "mount",
            folder.path().to_str().unwrap(),
            "exec",
            "import here",
        ],
    );
    assert!(text.ends_with("from the host\n"), "{text}");
}

#[test]
fn mpremote_deploys_a_rom_that_can_be_imported_from() {
    for kind in ["memory", "object"] {
        let folder = tempfile::tempdir().unwrap();
        let port = folder.path().join("board");
        let rom = folder.path().join("rom");
        std::fs::create_dir_all(rom.join("lib")).unwrap();
        std::fs::write(rom.join("lib/inrom.py"), "answer = 42").unwrap();
        let board = board(&format!("rom=32k,16k&rom-kind={kind}"));
        board.attach_pty(&port).unwrap();
        assert!(mpremote(&port, &["romfs", "query"]).contains("ROMFS1 partition has size 16384"));
        mpremote(
            &port,
            &["romfs", "--no-mpy", "deploy", rom.to_str().unwrap()],
        );
        assert_eq!(
            mpremote(
                &port,
                &["exec", "import inrom; print(inrom.answer, inrom.__file__)"]
            ),
            "42 /rom/lib/inrom.py\n",
            "{kind}"
        );
    }
}

#[test]
fn mpytool_copies_and_lists() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("board");
    let file = folder.path().join("hello.txt");
    std::fs::write(&file, "hello\n".repeat(100)).unwrap();
    let board = board("link=usb");
    board.attach_pty(&port).unwrap();
    let mpytool = tool("MPWIRE_MPYTOOL", "mpytool");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&mpytool);
        command.arg("-p").arg(&port).args(arguments);
        let output = command.output().expect("mpytool runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    run(&["cp", file.to_str().unwrap(), ":/"]);
    assert!(run(&["ls"]).contains("hello.txt"));
    assert!(run(&["cat", ":/hello.txt"]).starts_with("hello\n"));
}
