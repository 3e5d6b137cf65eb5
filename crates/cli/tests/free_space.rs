//! Free space: a board's figure that cannot be true is told as unknown, and a copy relies on a count.

mod support;

use std::fs;

use support::{TestBoard, noise};

/// Directories that `LittleFS` 2 counts twice, and what it says is free of 256 blocks of 4096 bytes.
const MANY: (u32, &str) = (
    75,
    "the board reports 4294967250 free blocks of 256, which cannot be true",
);
/// What can be written beside these directories: 256 blocks without a pair for each and for the root.
const FREE: u64 = (256 - 2 * 76) * 4096;

/// A board of 1 MiB with so many directories.
fn board_with(directories: u32) -> TestBoard {
    let board = TestBoard::start();
    board.execute(&format!(
        "import os
for number in range({directories}):
    os.mkdir('d%d' % number)
del os, number"
    ));
    board
}

#[test]
fn free_space_that_cannot_be_true_is_unknown() {
    let board = board_with(MANY.0);
    let outcome = board.mpwire(&["df"]);
    assert_eq!(
        outcome.text(),
        "filesystem     size     used    avail use% mounted on\n\
         <VfsLfs2>   1048576        ?        ?    ? /\n"
    );
    let stderr = format!(
        "mpwire: df: /: {}; by a count of its directories {FREE} bytes are free\n",
        MANY.1
    );
    assert_eq!((outcome.stderr, outcome.code), (stderr, Some(0)));
}

#[test]
fn the_doctor_names_free_space_that_cannot_be_true() {
    let board = board_with(MANY.0);
    let outcome = board.mpwire(&["doctor", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&outcome.text()).expect("JSON");
    let findings = document["findings"].as_array().expect("a list");
    let found: Vec<_> = findings
        .iter()
        .filter(|finding| finding["name"] == "filesystem")
        .collect();
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["level"], "warning", "{document:#}");
    assert_eq!(found[0]["data"]["free_bytes"], serde_json::Value::Null);
    assert_eq!(found[0]["data"]["counted_free_bytes"], FREE);
    assert!(
        found[0]["text"].as_str().is_some_and(|text| {
            text.contains("the board reports 4294967250 free blocks of 256")
        })
    );
}

#[test]
fn what_does_not_fit_is_refused_at_once_though_the_board_does_not_know() {
    let board = board_with(MANY.0);
    let before = board.tree();
    board.write("large", noise(1, 500_000));
    for (arguments, path) in [
        (&["cp", "large", ":"][..], "./large"),
        (&["cp", "-r", "../work", ":"], "./work"),
        (&["cp", "--encoding", "base64", "large", ":"], "./large"),
    ] {
        let outcome = board.mpwire(arguments);
        let stderr = format!(
            "mpwire: cp: {path}: No space left on device (500000 bytes are needed, {FREE} are free)\n"
        );
        assert_eq!((outcome.stderr, outcome.code), (stderr, Some(1)));
    }
    assert_eq!(board.tree(), before);
    // None of it was on its way.
    assert!(board.received() < 100_000);
}

#[test]
fn what_fits_is_not_refused_where_directories_are_counted_twice() {
    // 14 blocks of 256 are said to be free, and 134 are.
    let board = board_with(60);
    fs::create_dir(board.work().join("tree")).expect("a folder");
    board.write("tree/file", noise(2, 200_000));
    board.write("tree/other", noise(3, 100_000));
    for arguments in [
        &["cp", "tree/file", ":"][..],
        &["cp", "--encoding", "base64", "tree/other", ":file"],
        &["cp", "-r", "tree", ":"],
    ] {
        let outcome = board.mpwire(arguments);
        assert_eq!((outcome.stderr.as_str(), outcome.code), ("", Some(0)));
    }
    let digests = board.digests();
    assert_eq!(
        digests["/tree/file"],
        support::hex_digest(&noise(2, 200_000))
    );
    assert_eq!(digests["/file"], support::hex_digest(&noise(3, 100_000)));
}

/// Unmounts the only filesystem, in the command line that goes on without one.
const UNMOUNT: [&str; 3] = ["exec", "import os; os.umount('/')", "+"];

#[test]
fn a_board_without_a_filesystem_has_no_such_device() {
    let board = TestBoard::start();
    board.write("file", noise(4, 10_240));
    fs::create_dir(board.work().join("tree")).expect("a folder");
    board.write("tree/file", noise(4, 10_240));
    for (arguments, path) in [
        (&["cp", "file", ":"][..], "./file"),
        (&["cp", "file", ":/other"], "/other"),
        (&["cp", "--encoding", "base64", "file", ":"], "./file"),
        (&["cp", "-r", "tree", ":"], "the current directory"),
    ] {
        let outcome = board.mpwire(&[&UNMOUNT, arguments].concat());
        let stderr = format!("mpwire: cp: {path}: No such device.\n");
        assert_eq!((outcome.stderr, outcome.code), (stderr, Some(1)));
    }
}

#[test]
fn without_the_module_vfs_mount_points_are_told_and_no_folders() {
    let board = TestBoard::with(&["link=fast", "missing=vfs"]);
    board.execute(
        "import os
class Disk:
    def __init__(self):
        self.data = bytearray(64 * 512)
    def readblocks(self, block, buffer, offset=0):
        for index in range(len(buffer)):
            buffer[index] = self.data[block * 512 + offset + index]
    def writeblocks(self, block, buffer, offset=0):
        for index in range(len(buffer)):
            self.data[block * 512 + offset + index] = buffer[index]
    def ioctl(self, operation, argument):
        return {4: 64, 5: 512}.get(operation, 0)
disk = Disk()
os.VfsLfs2.mkfs(disk)
os.mount(os.VfsLfs2(disk), '/sd')
os.mkdir('/folder')
del os, Disk, disk",
    );
    let outcome = board.mpwire(&["resume", "df"]);
    assert_eq!(
        outcome.text(),
        "filesystem     size     used    avail use% mounted on\n\
         <unknown>   1048576    24576  1024000    2 /\n\
         <unknown>     32768     1024    31744    3 /sd\n"
    );
    assert_eq!((outcome.stderr.as_str(), outcome.code), ("", Some(0)));
}

#[test]
fn chunks_that_are_too_large_for_the_memory_are_named_with_advice() {
    let board = TestBoard::with(&["link=fast", "heap=16k"]);
    board.write("file", noise(5, 10_000));
    let outcome = board.mpwire(&["cp", "--chunk-size", "4096", "file", ":"]);
    assert_eq!(
        outcome.stderr,
        "mpwire: cp: ./file: the board has too little memory for chunks of 4096 bytes\n\
         hint: give a smaller --chunk-size, or none: chunks are then as large as the board's memory allows\n"
    );
    assert_eq!(outcome.code, Some(1));
    assert_eq!(board.tree(), Vec::<String>::new());
}
