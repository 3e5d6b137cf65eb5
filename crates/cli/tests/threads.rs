//! A thread of the user's that prints all the time: what it prints is no part of any answer.

#![cfg(target_os = "linux")]

mod support;

use std::fs;

use support::{Outcome, TestBoard, hex_digest, noise};

/// Prints on and on, while programs of ours run as well.
const THREAD: &str = "
import _thread, time
def talk():
    while True:
        print('chatter')
        time.sleep_ms(5)
_thread.start_new_thread(talk, ())
";

/// A board on which such a thread runs, on a line slow enough for it to come between any two answers.
fn board(parameters: &[&str]) -> TestBoard {
    let board = TestBoard::with(&[&["link=uart:115200"], parameters].concat());
    board.write("thread.py", THREAD);
    let outcome = board.mpwire(&["resume", "run", "--no-follow", "thread.py"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    board
}

#[track_caller]
fn succeeded(board: &TestBoard, arguments: &[&str]) -> Outcome {
    let outcome = board.mpwire(&[&["resume"], arguments].concat());
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
    assert_eq!(outcome.stderr, "", "{arguments:?}: {outcome}");
    outcome
}

#[track_caller]
fn prints(board: &TestBoard, arguments: &[&str], expected: &str) {
    assert_eq!(succeeded(board, arguments).text(), expected);
}

#[test]
fn what_a_thread_prints_is_no_part_of_an_answer() {
    let board = board(&["rom=64k"]);
    let (small, large) = (noise(1, 300), noise(2, 9000));
    fs::create_dir_all(board.work().join("tree/sub")).expect("a new folder");
    board.write("small", &small);
    board.write("large", &large);
    board.write("tree/one.py", "one = 1\n");
    board.write("tree/sub/two.bin", &large);

    prints(&board, &["cp", "small", ":"], "cp small :\n");
    prints(&board, &["cp", "large", ":"], "cp large :\n");
    prints(&board, &["cp", "-r", "tree", ":"], "cp tree :\n");
    let again = "cp tree :\nUp to date: ./tree/one.py\nUp to date: ./tree/sub/two.bin\n";
    prints(&board, &["cp", "-r", "tree", ":"], again);
    prints(
        &board,
        &["cp", "-r", "--all-or-nothing", "tree", ":other"],
        "cp tree :other\n",
    );
    for encoding in ["stream", "deflate", "base64", "hex", "repr"] {
        let words = ["cp", "-f", "--encoding", encoding, "small", ":"];
        prints(&board, &words, "cp small :\n");
    }
    assert!(succeeded(&board, &["cat", "small"]).stdout == small);
    succeeded(&board, &["cp", ":large", "back"]);
    assert!(fs::read(board.work().join("back")).expect("it is there") == large);
    succeeded(&board, &["cp", "-r", ":tree", "there"]);
    let two = fs::read(board.work().join("there/sub/two.bin"));
    assert!(two.expect("it is there") == large);
    prints(
        &board,
        &["ls", "tree"],
        "ls :tree\n           8 one.py\n           0 sub/\n",
    );
    let digest = format!("sha256sum :large\n{}\n", hex_digest(&large));
    prints(&board, &["sha256sum", "large"], &digest);
    succeeded(&board, &["df"]);
    prints(&board, &["mkdir", "made"], "mkdir :made\n");
    prints(&board, &["touch", "made/x"], "touch :made/x\n");
    prints(&board, &["rm", "-r", ":made"], "rm :made\n");
    succeeded(&board, &["romfs", "deploy", "tree"]);
}

#[test]
fn what_a_thread_prints_is_shown_beside_a_program_and_spoils_no_mounted_folder() {
    let board = board(&[]);
    board.write("answer.py", "answer = 6 * 7\n");
    for _ in 0..3 {
        let words = [
            "mount",
            ".",
            "exec",
            "import answer, time; print('is', answer.answer); time.sleep(0.1)",
        ];
        let outcome = succeeded(&board, &words);
        assert!(outcome.text().contains("is 42\n"), "{outcome}");
        assert!(outcome.text().contains("chatter\n"), "{outcome}");
    }
    let listed = succeeded(&board, &["ls"]).text();
    assert_eq!(listed, "ls :\n");
}

#[test]
fn what_a_thread_prints_is_no_part_of_a_file_that_travels_as_text() {
    let board = board(&["missing=binascii,hashlib,deflate"]);
    let data = noise(3, 1500);
    board.write("data", &data);
    prints(&board, &["cp", "data", ":"], "cp data :\n");
    prints(
        &board,
        &["cp", "data", ":"],
        "cp data :\nUp to date: ./data\n",
    );
    succeeded(&board, &["cp", ":data", "back"]);
    assert!(fs::read(board.work().join("back")).expect("it is there") == data);
}
