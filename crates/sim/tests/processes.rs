//! A board leaves no process behind, however its owner ends.

#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use common::{DEADLINE, board_and_host};

/// The processes whose parent is `parent` or one of its threads.
fn children(parent: u32) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").expect("Linux");
    processes
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            status.contains(&format!("\nPPid:\t{parent}\n"))
        })
        .collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn stopping_a_board_ends_its_interpreter() {
    let (board, mut host) = board_and_host("");
    host.start("while True: pass");
    let interpreters = children(std::process::id());
    assert!(!interpreters.is_empty());
    drop(board);
    // All boards of this program: no other test in it runs beside this one for long.
    wait_until("the interpreter is gone", || {
        interpreters.iter().any(|path| !path.exists())
    });
}

#[test]
fn killing_the_simulator_ends_its_interpreter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    // The example sits beside the test programs.
    let mut example = std::env::current_exe().unwrap();
    example.pop();
    example.pop();
    example.push("examples/board");
    let mut simulator = Command::new(example)
        .arg(&path)
        // What a killed simulator leaves behind goes with the test's folder.
        .env("TMPDIR", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = simulator.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert!(line.starts_with("a board is at "), "{line}");
    let interpreters = children(simulator.id());
    assert_eq!(interpreters.len(), 1);
    simulator.kill().unwrap();
    simulator.wait().unwrap();
    wait_until("the interpreter is gone", || !interpreters[0].exists());
}
