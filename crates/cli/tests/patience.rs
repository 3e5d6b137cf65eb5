//! Boards that take their time: they are waited for as long as their work takes.

mod support;

use std::fs;
use std::time::Duration;

use support::{Outcome, TestBoard};

/// More than a board digests at 20 KB/s in the time that others are waited for.
const SIZE: usize = 540_000;

/// A hashlib that is as slow as the slowest boards' flash.
const SLOW_HASHLIB: &str = "
import time, uhashlib
class sha256:
    def __init__(self, data=b''):
        self.real = uhashlib.sha256(data)
    def update(self, data):
        time.sleep_ms(len(data) // 20)
        self.real.update(data)
    def digest(self):
        return self.real.digest()
";

fn data() -> Vec<u8> {
    (0..SIZE).map(|index| (index / 7 % 251) as u8).collect()
}

fn copy(board: &TestBoard, arguments: &[&str]) -> Outcome {
    let copying = board.start_mpwire(&[&["cp"], arguments].concat());
    let outcome = copying.finish_within(Duration::from_secs(55));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    outcome
}

#[test]
fn a_board_that_digests_slowly_takes_a_large_file() {
    let board = TestBoard::start();
    board.write("hashlib.py", SLOW_HASHLIB);
    copy(&board, &["hashlib.py", ":"]);
    board.write("large", data());
    copy(&board, &["large", ":"]);
    let check = "import binascii; print(binascii.crc32(open('large', 'rb').read()))";
    let expected = crc32fast::hash(&data());
    assert_eq!(board.execute(check).trim(), expected.to_string());
}

#[test]
fn a_board_that_digests_slowly_is_asked_what_it_has_of_a_tree() {
    let board = TestBoard::start();
    fs::create_dir(board.work().join("tree")).expect("a new folder");
    board.write("tree/large", data());
    copy(&board, &["-r", "tree", ":"]);
    board.write("hashlib.py", SLOW_HASHLIB);
    copy(&board, &["hashlib.py", ":"]);
    board.write("tree/new", "new");
    let outcome = copy(&board, &["-r", "tree", ":"]);
    assert!(outcome.text().contains("Up to date: "), "{outcome}");
    let names = board.execute("import os; print(sorted(os.listdir('tree')))");
    assert_eq!(names.trim(), "['large', 'new']");
}
