//! A large file whose copy is interrupted goes on where it was.

#![cfg(target_os = "linux")]

mod support;

use rustix::process::Signal;
use support::{Outcome, TestBoard, hex_digest, noise};

/// Bytes of the file.
const SIZE: usize = 256 * 1024;
/// What programs and blocks may take on the wire besides it, those that look at the board included.
const OVERHEAD: u64 = 24 * 1024;
/// Slow enough that what is waited for comes before the end.
const SLOW: &str = "link=uart:921600";

/// The board has the file and nothing else.
fn assert_only(board: &TestBoard, data: &[u8], copied: &Outcome) {
    let found: Vec<(String, String)> = board.digests().into_iter().collect();
    let expected = [("/file".to_owned(), hex_digest(data))];
    assert_eq!(found, expected, "{copied}");
}

/// A copy of `file` whose host is killed in the middle; what it has left: path and size.
fn killed_copy(board: &TestBoard) -> (String, u64) {
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "file", ":"]);
    flash.wait_for_contents(SIZE / 2);
    running.signal(Signal::KILL);
    running.finish();
    let tree = board.tree();
    let [left] = &tree[..] else {
        panic!("one file: {tree:?}");
    };
    let mut words = left.split(' ');
    let path = words.next().expect("a path").trim_matches('\'').to_owned();
    let size = words.next().expect("a size").parse().expect("a number");
    assert!(path.ends_with(".mpwire"), "{path}");
    assert!((32 * 1024..SIZE as u64).contains(&size), "{size}");
    (path, size)
}

/// The link or the power fails in a copy, which goes on by itself.
fn goes_on_after(accident: &str, filesystem: &str, at_least: u64) {
    let board = TestBoard::with(&["link=usb", filesystem, accident]);
    let data = noise(1, SIZE);
    board.write("file", &data);
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert!(
        copied.stderr.contains("mpwire: file: resumed at "),
        "{copied}"
    );
    assert_only(&board, &data, &copied);
    let sent = board.received();
    assert!(
        sent < 2 * SIZE as u64 - at_least + OVERHEAD,
        "{accident}: {sent}"
    );
}

#[test]
fn a_copy_goes_on_when_the_cable_is_back() {
    goes_on_after("faults=unplug@to:200000", "fs=lfs2", 150_000);
    goes_on_after("faults=unplug@to:200000", "fs=fat", 150_000);
}

#[test]
fn a_copy_goes_on_when_the_board_has_reset() {
    goes_on_after("faults=reset@to:200000", "fs=lfs2", 130_000);
    goes_on_after("faults=reset@to:200000", "fs=fat", 130_000);
}

#[test]
fn a_copy_goes_on_when_the_power_is_back() {
    goes_on_after("cut=150", "fs=lfs2", 32 * 1024);
    goes_on_after("cut=150", "fs=fat", 32 * 1024);
}

#[test]
fn a_copy_goes_on_where_a_killed_one_was() {
    for filesystem in ["fs=lfs2", "fs=fat"] {
        let board = TestBoard::with(&[SLOW, filesystem]);
        let data = noise(2, SIZE);
        board.write("file", &data);
        let (_, begun) = killed_copy(&board);
        let copied = board.mpwire(&["resume", "cp", "file", ":"]);
        assert_eq!(copied.code, Some(0), "{copied}");
        assert!(
            copied.stderr.contains("mpwire: file: resumed at "),
            "{copied}"
        );
        assert_only(&board, &data, &copied);
        let again = board.mpwire(&["resume", "cp", "-f", "file", ":"]);
        assert_eq!((again.stderr.as_str(), again.code), ("", Some(0)));
        // Both copies and the whole one after them.
        let sent = board.received();
        let whole = 2 * SIZE as u64;
        assert!(sent < whole + begun / 2 + OVERHEAD, "{sent} of {begun}");
    }
}

#[test]
fn a_tree_goes_on_in_the_middle_of_a_file() {
    let board = TestBoard::with(&["link=usb", "faults=unplug@to:200000"]);
    let data = noise(3, SIZE);
    std::fs::create_dir(board.work().join("tree")).expect("a new folder");
    board.write("tree/file", &data);
    let copied = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert!(copied.stderr.contains("file: resumed at "), "{copied}");
    assert_eq!(board.digests()["/tree/file"], hex_digest(&data));
    assert_eq!(board.digests().len(), 1);
    assert!(board.received() < SIZE as u64 + 60_000);
}

#[test]
fn another_file_begins_anew_and_nothing_is_left_of_the_first() {
    let board = TestBoard::with(&[SLOW]);
    board.write("file", noise(4, SIZE));
    killed_copy(&board);
    let data = noise(5, SIZE);
    board.write("file", &data);
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert!(
        copied.stderr.contains("left by an interrupted copy"),
        "{copied}"
    );
    assert!(!copied.stderr.contains("went on"), "{copied}");
    assert_only(&board, &data, &copied);
}

#[test]
fn a_beginning_that_is_not_the_files_is_found_out() {
    let board = TestBoard::with(&[SLOW]);
    let data = noise(6, SIZE);
    board.write("file", &data);
    let (path, _) = killed_copy(&board);
    board.execute(&format!(
        "with open({path:?}, 'r+b') as file: file.write(b'something else')"
    ));
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert!(!copied.stderr.contains("went on"), "{copied}");
    assert_only(&board, &data, &copied);
}

#[test]
fn what_somebody_interrupts_leaves_nothing() {
    let board = TestBoard::with(&[SLOW]);
    board.write("file", noise(7, SIZE));
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "file", ":"]);
    flash.wait_for_writes(20);
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(board.tree(), Vec::<String>::new());
}
