//! `--timeout`, and `stop`: programs that would run for ever.

mod support;

use support::TestBoard;

const FOR_EVER: &str = "import time\nprint('begun')\nwhile True:\n time.sleep(0.01)\n";

#[test]
fn a_program_that_runs_too_long_is_interrupted_with_exit_code_124() {
    let board = TestBoard::start();
    board.write("forever.py", FOR_EVER);
    for words in [
        &["run", "--timeout", "0.5", "forever.py"][..],
        &["exec", "--timeout=0.5", FOR_EVER],
    ] {
        let outcome = board.mpwire(words);
        assert_eq!(outcome.code, Some(124), "{outcome}");
        assert!(outcome.text().starts_with("begun\n"), "{outcome}");
        assert!(
            outcome.text().ends_with("KeyboardInterrupt: \n"),
            "{outcome}"
        );
        let what = if words[0] == "run" {
            "forever.py"
        } else {
            "the program"
        };
        assert_eq!(
            outcome.stderr,
            format!("mpwire: {what} did not end within 0.5 s, and was interrupted\n")
        );
        // The board is at its prompt: nothing runs there any more.
        let outcome = board.mpwire(&["resume", "eval", "6*7"]);
        assert_eq!(
            (outcome.code, outcome.text().as_str()),
            (Some(0), "42\n"),
            "{outcome}"
        );
    }
}

#[test]
fn a_program_that_ends_in_time_ends_as_ever() {
    let board = TestBoard::start();
    let outcome = board.mpwire(&["exec", "--timeout", "60", "print(1)", "eval", "2"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "1\n2\n"),
        "{outcome}"
    );
    let outcome = board.mpwire(&["eval", "--timeout", "60", "1/0"]);
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(1), ""),
        "{outcome}"
    );
}

#[test]
fn a_program_that_catches_the_interrupt_is_given_up_all_the_same() {
    let board = TestBoard::start();
    let stubborn = "while True:\n try:\n  while True:\n   print('on', end='')\n except KeyboardInterrupt:\n  pass\n";
    let outcome = board.mpwire(&["exec", "--timeout", "0.5", stubborn]);
    assert_eq!(outcome.code, Some(124), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("did not end within 0.5 s"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_timeout_that_is_none_is_a_usage_error() {
    let board = TestBoard::start();
    for seconds in ["0", "-1", "nan", "soon"] {
        let option = format!("--timeout={seconds}");
        let outcome = board.mpwire(&["exec", &option, "print(1)"]);
        assert_eq!(
            (outcome.code, outcome.text().as_str()),
            (Some(2), ""),
            "{seconds}"
        );
    }
    let outcome = board.mpwire(&["run", "--no-follow", "--timeout", "1", "x.py"]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
}

#[test]
fn stop_interrupts_what_runs_and_resets_nothing() {
    let board = TestBoard::start();
    let outcome = board.mpwire(&["exec", "count = 7", "exec", "--no-follow", FOR_EVER]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let outcome = board.mpwire(&["stop"]);
    assert_eq!(
        (
            outcome.code,
            outcome.text().as_str(),
            outcome.stderr.as_str()
        ),
        (Some(0), "", ""),
    );
    let outcome = board.mpwire(&["resume", "eval", "count"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "7\n"),
        "{outcome}"
    );
}
