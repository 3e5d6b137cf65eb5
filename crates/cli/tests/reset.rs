//! Boards that are reset, that reset themselves, and that do not heed Ctrl-C.

#![cfg(target_os = "linux")]

mod support;

use support::{Outcome, TestBoard};

/// A board whose link goes on in a reset, and one whose link ends.
const LINKS: [&[&str]; 2] = [&["link=uart:115200"], &["link=usb", "hang-up=yes"]];

fn ended(outcome: &Outcome) -> (String, &str, Option<i32>) {
    (outcome.text(), &outcome.stderr, outcome.code)
}

fn prints(board: &TestBoard, arguments: &[&str], stdout: &str) {
    let outcome = board.mpwire(arguments);
    assert_eq!(
        ended(&outcome),
        (stdout.to_owned(), "", Some(0)),
        "{outcome}"
    );
}

#[test]
fn a_command_behind_reset_finds_the_board_that_is_back() {
    for link in LINKS {
        let board = TestBoard::with(link);
        let line = ["exec", "x = 1", "reset", "eval", "'x' in globals()"];
        prints(&board, &line, "False\n");
        assert_eq!(board.hard_resets(), 1);
    }
}

#[test]
fn a_reset_has_happened_when_the_program_ends() {
    for link in LINKS {
        let board = TestBoard::with(link);
        for _ in 0..3 {
            prints(&board, &["reset"], "");
            prints(&board, &["eval", "1"], "1\n");
        }
        assert_eq!(board.hard_resets(), 3);
    }
}

#[test]
fn a_bootloader_is_entered_when_the_program_ends() {
    let board = TestBoard::with(LINKS[1]);
    prints(&board, &["bootloader"], "");
    assert_eq!(board.hard_resets(), 1);
}

#[test]
fn a_reset_that_did_not_happen_is_an_error() {
    let board = TestBoard::start();
    let outcome = board.mpwire(&["exec", "import machine; machine.reset = lambda: 0", "reset"]);
    let words = "mpwire: the board was told to reset, and has not done so\n";
    assert_eq!(ended(&outcome), (String::new(), words, Some(1)));
    let outcome = board.mpwire(&[
        "exec",
        "import machine; del machine.bootloader",
        "bootloader",
    ]);
    let words = "mpwire: this board's firmware has no machine.bootloader\n";
    assert_eq!(ended(&outcome), (String::new(), words, Some(1)));
    assert_eq!(board.hard_resets(), 0);
}

#[test]
fn a_program_that_resets_the_board_ends_and_the_line_goes_on() {
    for link in LINKS {
        let board = TestBoard::with(link);
        let program = "x = 1; import machine; machine.reset()";
        let outcome = board.mpwire(&["exec", program, "eval", "'x' in globals()"]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert!(outcome.text().ends_with("False\n"), "{outcome}");
        assert!(outcome.stderr.contains("has reset"), "{outcome}");
    }
}

#[test]
fn a_program_that_is_not_waited_for_may_reset_the_board_at_once() {
    for link in LINKS {
        let board = TestBoard::with(link);
        let program = "import machine; machine.reset()";
        let outcome = board.mpwire(&["exec", "--no-follow", program, "eval", "1"]);
        assert_eq!(
            (outcome.text(), outcome.code),
            ("1\n".to_owned(), Some(0)),
            "{outcome}"
        );
    }
}

#[test]
fn a_reset_that_the_program_did_not_ask_for_is_an_error() {
    let board = TestBoard::with(LINKS[0]);
    let crash = "getattr(__import__('machine'), 're' + 'set')()";
    let outcome = board.mpwire(&["exec", crash, "eval", "1"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("the board was reset while a program ran"),
        "{outcome}"
    );
}

#[test]
fn a_folder_is_mounted_again_behind_every_kind_of_restart() {
    for link in LINKS {
        let board = TestBoard::with(link);
        board.write("hi.py", "print('hi')\n");
        let import = ["exec", "import hi"];
        let outcome = board.mpwire(
            &[
                &["mount", ".", "exec", "import sys; sys.exit()"][..],
                &import,
                &["exec", "import machine; machine.reset()"],
                &import,
                &["reset"],
                &import,
                &["exec", "--no-follow", "import sys; sys.exit()"],
                &["exec", "import os; print(os.getcwd())"],
            ]
            .concat(),
        );
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert_eq!(outcome.text().matches("hi\n").count(), 3, "{outcome}");
        assert!(outcome.text().ends_with("/remote\n"), "{outcome}");
    }
}

#[test]
fn a_main_py_that_catches_everything_is_ended() {
    let board = TestBoard::with(LINKS[0]);
    board.write(
        "main.py",
        "def work():\n global n\n n += 1\nn = 0\nwhile True:\n try:\n  work()\n except:\n  pass\n",
    );
    let words = "mpwire: ../board was told to reset and has printed nothing since; a program may run on it\n";
    let outcome = board.mpwire(&["cp", "main.py", ":", "+", "reset"]);
    assert_eq!((&*outcome.stderr, outcome.code), (words, Some(0)));
    let outcome = board.mpwire(&["resume", "eval", "n > 0"]);
    let words = "mpwire: a program on ../board ignored two interrupts, and was ended by a steady flow of Ctrl-C\n";
    assert_eq!(ended(&outcome), ("True\n".to_owned(), words, Some(0)));
}

#[test]
fn a_boot_py_that_does_not_end_is_interrupted_after_ten_seconds() {
    let board = TestBoard::with(LINKS[0]);
    board.write("boot.py", "while True:\n pass\n");
    let copied = board.mpwire(&["cp", "boot.py", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let outcome = board.mpwire(&["eval", "1"]);
    let words = "mpwire: boot.py of ../board did not end within 10 s after a soft reset, and was interrupted; `resume` connects without a soft reset\n";
    assert_eq!(ended(&outcome), ("1\n".to_owned(), words, Some(0)));
}

#[test]
fn a_byte_0x04_in_what_a_program_prints_ends_nothing() {
    let board = TestBoard::with(LINKS[0]);
    prints(&board, &["exec", r"print('a\x04b')"], "a\x04b\n");
    let printed = r"print('\x04\x04x'); print('\x04', end='')";
    prints(
        &board,
        &["exec", printed, "eval", "2"],
        "\x04\x04x\n\x042\n",
    );
    let outcome = board.mpwire(&["exec", r"print('a\x04b c\n\x04>')"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(outcome.stderr.contains("0x04"), "{outcome}");
}
