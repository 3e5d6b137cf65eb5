//! Ctrl-C and polite kills: they reach the user's program on the board, and leave nothing of ours.

mod support;

use rustix::process::Signal;
use support::{Running, TestBoard};

#[test]
fn ctrl_c_reaches_a_running_script() {
    let board = TestBoard::start();
    board.write("loop.py", "while 1:\n    print('round')\n");
    let mut running = board.start_mpwire(&["run", "loop.py"]);
    running.wait_for("round");
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let text = outcome.text();
    assert!(text.contains("Traceback"));
    assert!(
        text.trim_end().ends_with("KeyboardInterrupt:"),
        "{:?}",
        &text[text.len() - 100..]
    );
    assert_eq!(board.mpwire(&["eval", "1+1"]).text().trim_end(), "2");
}

#[test]
fn a_polite_kill_ends_what_runs_a_program_that_takes_no_notice() {
    let board = TestBoard::start();
    let program = "
import time
print('begun')
for _ in range(2):
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
";
    board.write("stubborn.py", program);
    let mut running = board.start_mpwire(&["run", "stubborn.py"]);
    running.wait_for("begun");
    running.signal(Signal::TERM);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let said = "the board was silent for 5 s while a program ran";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert_eq!(board.mpwire(&["eval", "1+1"]).text().trim_end(), "2");
}

#[test]
fn a_polite_kill_ends_a_wait_for_something_else_than_the_board() {
    let board = TestBoard::start();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        board.work().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .expect("a pipe to which nobody writes");
    let waits: [&[&str]; 2] = [&["cp", "pipe", ":"], &["sleep", "600"]];
    for wait in waits {
        let mut arguments = vec!["eval", "6*7", "+"];
        arguments.extend(wait);
        let mut running = board.start_mpwire(&arguments);
        running.wait_for("42");
        running.signal(Signal::TERM);
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(1), "{wait:?}: {outcome}");
        assert_eq!(board.mpwire(&["eval", "1+1"]).text().trim_end(), "2");
    }
}

#[test]
fn no_command_follows_a_program_that_was_interrupted_and_ended_well() {
    let board = TestBoard::start();
    let program = "
import time
try:
    print('begun')
    time.sleep(60)
except KeyboardInterrupt:
    print('ended well')
";
    board.write("calm.py", program);
    for next in [&["sleep", "600"][..], &["eval", "'next'"], &["repl"]] {
        let mut arguments = vec!["run", "calm.py", "+"];
        arguments.extend(next);
        let mut running = board.start_mpwire(&arguments);
        running.wait_for("begun");
        running.signal(Signal::INT);
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(1), "{next:?}: {outcome}");
        assert!(outcome.text().contains("ended well"), "{outcome}");
        assert!(!outcome.text().contains("next"), "{outcome}");
    }
}

#[test]
fn ctrl_c_in_the_middle_of_a_copy_leaves_the_old_file() {
    a_copy_ends_by(Signal::INT);
}

#[test]
fn a_polite_kill_in_the_middle_of_a_copy_leaves_the_old_file() {
    a_copy_ends_by(Signal::TERM);
}

fn a_copy_ends_by(signal: Signal) {
    let board = TestBoard::with(&["link=uart:115200"]);
    board.execute("with open('a', 'w') as file: file.write('old')\ndel file");
    let before = (board.tree(), board.globals());
    // Noise, which no encoding makes short: half a minute on this line.
    let mut state = 1_u32;
    let data: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(200_000)
    .collect();
    board.write("a", data);
    // The first copy is small; what it prints tells that the second has begun.
    board.write("b", "small");
    let mut running: Running =
        board.start_mpwire(&["cp", "b", ":", "+", "rm", ":b", "+", "cp", "a", ":"]);
    running.wait_for("cp a :");
    running.signal(signal);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(
        board.mpwire(&["resume", "eval", "1+1"]).text().trim_end(),
        "2"
    );
    assert_eq!((board.tree(), board.globals()), before);
}
