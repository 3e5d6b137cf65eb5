//! `-` is standard input where something is read, and standard output where something is written.

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use support::{Outcome, PORT, TestBoard, mpwire, set_apart};

/// Runs mpwire on the board with `input`.
fn with_input(board: &TestBoard, input: &[u8], arguments: &[&str]) -> Outcome {
    let mut command = Command::new(mpwire());
    set_apart(&mut command, &board.work());
    let mut child = command
        .current_dir(board.work())
        .args(["connect", PORT, "resume"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mpwire starts");
    let mut stdin = child.stdin.take().expect("piped");
    // What refuses at once does not read it.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Outcome {
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

#[track_caller]
fn assert_done(outcome: &Outcome, stdout: &[u8]) {
    assert_eq!(
        (outcome.code, &outcome.stderr[..], &outcome.stdout[..]),
        (Some(0), "", stdout)
    );
}

#[test]
fn what_is_given_as_input_is_copied_and_comes_back_as_output() {
    let board = TestBoard::start();
    let bytes: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    let outcome = with_input(&board, &bytes, &["cp", "-", ":data.bin"]);
    assert_done(&outcome, b"cp - :data.bin\n");
    assert_eq!(board.digests()["/data.bin"], support::hex_digest(&bytes));
    let outcome = board.mpwire(&["resume", "cp", ":data.bin", "-"]);
    assert_done(&outcome, &bytes);
    let outcome = board.mpwire(&["resume", "cp", "-r", ":data.bin", "-"]);
    assert_done(&outcome, &bytes);
    assert!(board.local_tree().is_empty());
    let outcome = board.mpwire(&["resume", "cp", "-v", ":data.bin", "-"]);
    assert_eq!(
        (outcome.code, &outcome.stderr[..], &outcome.stdout[..]),
        (Some(0), "cp :data.bin -\n", &bytes[..])
    );
}

#[test]
fn input_and_files_of_this_computer_are_copied_as_well() {
    let board = TestBoard::start();
    assert_done(
        &with_input(&board, b"text", &["cp", "-", "here"]),
        b"cp - here\n",
    );
    assert_done(&with_input(&board, b"", &["cp", "here", "-"]), b"text");
    assert_done(
        &with_input(&board, b"through", &["cp", "-", "-"]),
        b"through",
    );
    board.write("-", "named");
    assert_done(
        &with_input(&board, b"", &["cp", "./-", ":x"]),
        b"cp ./- :x\n",
    );
    assert_done(&board.mpwire(&["resume", "cat", "x"]), b"named");
}

#[test]
fn input_needs_a_file_to_go_to_and_output_takes_one() {
    let board = TestBoard::start();
    let outcome = board.mpwire(&["resume", "mkdir", "d"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    board.write("a", "a");
    let no_name =
        "cp: standard input has no name: the destination must name a file, such as :main.py";
    for (arguments, says) in [
        (&["cp", "-", ":"][..], no_name),
        (&["cp", "-", ":d"], no_name),
        (&["cp", "-", "."], no_name),
        (&["cp", "-", "-", ":d"], no_name),
        (&["cp", "a", "a", "-"], "cp: destination is not a directory"),
        (
            &["cp", "-r", ":d", "-"],
            "cp: a directory cannot be copied to standard output",
        ),
        (
            &["cp", "-r", ".", "-"],
            "cp: a directory cannot be copied to standard output",
        ),
    ] {
        let outcome = with_input(&board, b"text", arguments);
        let expected = (Some(1), format!("mpwire: {says}\n"));
        assert_eq!((outcome.code, outcome.stderr), expected, "{arguments:?}");
    }
    assert_eq!(board.tree(), ["'/d' directory"]);
}

#[test]
fn a_program_that_is_given_as_input_runs() {
    let board = TestBoard::start();
    let outcome = with_input(&board, b"for i in range(3):\n    print(i)\n", &["run", "-"]);
    assert_done(&outcome, b"0\n1\n2\n");
    let outcome = with_input(&board, b"raise ValueError(7)", &["run", "-"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.text().contains("ValueError: 7"), "{outcome}");
}
