//! What is said besides an error: what to do, and never the command just given.

mod support;

use std::fs::File;

use rustix::fs::{FlockOperation, flock};
use support::{PORT, TestBoard};

/// Asserts both streams, and the exit code.
#[track_caller]
fn assert_ends(board: &TestBoard, words: &[&str], (code, stdout, stderr): (i32, &str, &str)) {
    let outcome = board.mpwire(words);
    assert_eq!(
        (
            outcome.code,
            outcome.text().as_str(),
            outcome.stderr.as_str()
        ),
        (Some(code), stdout, stderr),
        "{words:?}"
    );
}

#[test]
fn a_copy_that_meets_no_board_says_so_once() {
    let board = TestBoard::start();
    board.write("main.py", "print(1)\n");
    assert_ends(
        &board,
        &["cp", "main.py", "boot2.py"],
        (
            0,
            "cp main.py boot2.py\n",
            "mpwire: cp: copied on this computer; a path on the board begins with a colon: :boot2.py\n",
        ),
    );
    assert_eq!(
        std::fs::read(board.work().join("boot2.py")).expect("the copy"),
        b"print(1)\n"
    );
    assert_ends(&board, &["cp", "main.py", ":"], (0, "cp main.py :\n", ""));
}

#[test]
fn a_copy_without_a_destination_says_where_it_may_go() {
    let board = TestBoard::start();
    let error = "mpwire: cp: missing destination path\n";
    for (path, hint) in [
        (
            "main.py",
            "hint: to copy it to the board: mpwire cp main.py :\n",
        ),
        (":main.py", "hint: to copy it here: mpwire cp :main.py .\n"),
    ] {
        assert_ends(&board, &["cp", path], (1, "", &format!("{error}{hint}")));
    }
}

#[test]
fn commands_say_which_one_does_what_was_meant() {
    let board = TestBoard::start();
    board.write("main.py", "print(1)\n");
    let outcome = board.mpwire(&["mkdir", "lib", "+", "cp", "main.py", ":lib/a.py"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_ends(
        &board,
        &["run", ":main.py"],
        (
            1,
            "",
            "mpwire: could not read file ':main.py'\n\
             hint: run takes a script of this computer; one of the board: \
             mpwire exec \"exec(open('main.py').read())\"\n",
        ),
    );
    assert_ends(
        &board,
        &["rm", "lib"],
        (
            1,
            "rm :lib\n",
            "mpwire: rm: lib: Directory not empty.\n\
             hint: to remove the directory and all that is in it: mpwire rm -r :lib\n",
        ),
    );
    assert_ends(
        &board,
        &["cat", ":lib"],
        (
            1,
            "",
            "mpwire: cat: lib: Is a directory.\n\
             hint: it is a directory; to list it: mpwire ls :lib\n",
        ),
    );
    assert_ends(
        &board,
        &["cat", ":"],
        (
            1,
            "",
            "mpwire: cat: the current directory: Is a directory.\n\
             hint: it is a directory; to list it: mpwire ls :\n",
        ),
    );
    let copies =
        "hint: cp copies files: `mpwire cp FILE :` to the board, `mpwire cp :FILE .` from it\n";
    for command in ["put", "get"] {
        assert_ends(
            &board,
            &[command, "main.py"],
            (
                1,
                "",
                &format!("mpwire: '{command}' is not a command\n{copies}"),
            ),
        );
    }
    // What is not there has no hint: nothing is known of what was meant.
    assert_ends(
        &board,
        &["rm", "missing"],
        (
            1,
            "rm :missing\n",
            "mpwire: rm: missing: No such file or directory.\n",
        ),
    );
}

#[test]
fn a_port_in_use_names_the_process_that_has_it() {
    let board = TestBoard::start();
    let port = File::options()
        .read(true)
        .write(true)
        .open(board.work().join(PORT))
        .expect("the port");
    // As pyserial does with `exclusive`.
    flock(&port, FlockOperation::NonBlockingLockExclusive).expect("the lock");
    let outcome = board.mpwire(&["eval", "1"]);
    let process = std::process::id();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let first = "mpwire: failed to access ../board (it may be in use by another program)\nhint: ";
    let last = format!("(process {process}) has it open: close that, or end it with kill\n");
    assert!(
        outcome.stderr.starts_with(first) && outcome.stderr.ends_with(&last),
        "{outcome}"
    );
}

/// What the doctor says of a board at its wits' end, as text.
fn examined(board: &TestBoard, options: &[&str]) -> String {
    board.mpwire(&[&["doctor"], options].concat()).text()
}

#[test]
fn the_doctor_names_the_port_and_never_advises_what_was_just_asked() {
    let board = TestBoard::start();
    board.write("loop.py", "import time\nwhile True:\n time.sleep(1)\n");
    let line = [
        "cp",
        "loop.py",
        ":boot.py",
        "+",
        "exec",
        "--no-follow",
        "import boot",
    ];
    let outcome = board.mpwire(&line);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let silent = examined(&board, &[]);
    assert!(
        silent.contains("a program may run: mpwire connect ../board doctor --interrupt\n"),
        "{silent}"
    );
    let interrupted = examined(&board, &["--interrupt"]);
    assert!(!interrupted.contains("--interrupt"), "{interrupted}");
    // There is no main.py, and none is spoken of.
    assert!(
        interrupted
            .contains("at the start: boot.py (39 bytes), which kept the prompt from coming\n"),
        "{interrupted}"
    );
    assert!(
        interrupted.contains("to keep it from that, rename boot.py\n"),
        "{interrupted}"
    );
    assert!(!interrupted.contains("main.py"), "{interrupted}");
    for text in [silent, interrupted] {
        assert!(!text.contains("PORT"), "{text}");
    }
}
