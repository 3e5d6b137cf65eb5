//! Trees with entries that cannot be read: these are named and left out, the rest is copied, and the exit
//! code tells.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use support::{Outcome, TestBoard};

/// Mounts a filesystem in which a directory and a file cannot be read, beside two files that can.
const BROKEN: &str = "
import os, vfs
class Broken:
 def mount(self, readonly, mkfs): pass
 def umount(self): pass
 def chdir(self, path): pass
 def getcwd(self): return '/'
 def stat(self, path): return (0x4000 if path in ('/', '/dir') else 0x8000, 0, 0, 0, 0, 0, 3, 0, 0, 0)
 def ilistdir(self, path):
  if path == '/dir': raise OSError(5)
  return iter((('dir', 0x4000, 0), ('file', 0x8000, 0, 3)))
 def open(self, path, mode): raise OSError(5)
os.mkdir('s')
vfs.mount(Broken(), '/broken')
for name in ('a', 's/z'):
 with open(name, 'w') as file: file.write(name)
";

/// A folder `tree` with two files, and what nobody can copy.
fn tree_with_odd_entries(board: &TestBoard) {
    let tree = board.work().join("tree");
    fs::create_dir_all(tree.join("sub")).expect("a new folder");
    board.write("tree/a", "1");
    board.write("tree/sub/b", "2");
    symlink("somebody@host.123", tree.join(".#a")).expect("a link");
    symlink("itself", tree.join("itself")).expect("a link");
    symlink("..", tree.join("sub/up")).expect("a link");
    mknodat(CWD, tree.join("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    symlink("/dev/zero", tree.join("device")).expect("a link");
    fs::write(tree.join(OsStr::from_bytes(b"c\xfe")), "3").expect("a new file");
}

const SAID: &str = "\
mpwire: cp: left out: tree/.#a: a link to somebody@host.123, which is not there
mpwire: cp: left out: \"tree/c\\xFE\": this name is not UTF-8, which names on a board are; rename it
mpwire: cp: left out: tree/device: neither a file nor a directory
mpwire: cp: left out: tree/itself: Too many levels of symbolic links
mpwire: cp: left out: tree/pipe: neither a file nor a directory
mpwire: cp: left out: tree/sub/up: a link that leads back to a directory that it is in
mpwire: cp: 6 entries that cannot be read were left out; the rest was copied
";

#[track_caller]
fn assert_left_out(outcome: &Outcome, said: &str) {
    assert_eq!((outcome.code, &outcome.stderr[..]), (Some(1), said));
}

fn paths(board: &TestBoard) -> Vec<String> {
    let lines = board.tree().into_iter();
    lines
        .map(|line| line.split(' ').next().expect("a path").to_owned())
        .collect()
}

#[test]
fn entries_that_cannot_be_read_are_named_and_the_rest_is_copied() {
    let board = TestBoard::start();
    tree_with_odd_entries(&board);
    let outcome = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_left_out(&outcome, SAID);
    let copied = ["'/tree'", "'/tree/a'", "'/tree/sub'", "'/tree/sub/b'"];
    assert_eq!(paths(&board), copied);
    let outcome = board.mpwire(&["resume", "cp", "-r", "tree", "copy"]);
    assert_left_out(&outcome, SAID);
    let here = |path: &str| fs::read(board.work().join(path)).expect("copied");
    assert_eq!(
        (&here("copy/a")[..], &here("copy/sub/b")[..]),
        (&b"1"[..], &b"2"[..])
    );
    let names = |path: &str| {
        fs::read_dir(board.work().join(path))
            .expect("a folder")
            .count()
    };
    assert_eq!((names("copy"), names("copy/sub")), (2, 1));
}

#[test]
fn an_editors_lock_is_left_out_and_the_next_command_is_not_begun() {
    let board = TestBoard::start();
    fs::create_dir(board.work().join("app")).expect("a new folder");
    board.write("app/main.py", "print(1)");
    symlink("somebody@host.123", board.work().join("app/.#main.py")).expect("a link");
    let outcome = board.mpwire(&["resume", "cp", "-r", "app/.", ":", "+", "eval", "1"]);
    assert_left_out(
        &outcome,
        "mpwire: cp: left out: app/./.#main.py: a link to somebody@host.123, which is not there\n\
         mpwire: cp: an entry that cannot be read was left out; the rest was copied\n",
    );
    assert_eq!(outcome.text(), "cp -r app/. :\n".replace("-r ", ""));
    assert_eq!(paths(&board), ["'/main.py'"]);
}

#[test]
fn nothing_is_left_out_where_all_or_nothing_is_asked_for() {
    let board = TestBoard::start();
    tree_with_odd_entries(&board);
    let outcome = board.mpwire(&["resume", "cp", "-r", "--all-or-nothing", "tree", ":"]);
    let said = "mpwire: cp: tree/.#a: a link to somebody@host.123, which is not there.\n";
    assert_left_out(&outcome, said);
    assert_eq!(board.tree(), [""; 0]);
}

#[test]
fn what_a_board_cannot_read_is_named_and_the_rest_is_copied() {
    let board = TestBoard::start();
    let outcome = board.mpwire(&["exec", BROKEN]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let outcome = board.mpwire(&["resume", "cp", "-r", ":", "copy"]);
    assert_left_out(
        &outcome,
        "mpwire: cp: left out: :broken/dir: Input/output error\n\
         mpwire: cp: left out: :broken/file: Input/output error\n\
         mpwire: cp: 2 entries that cannot be read were left out; the rest was copied\n",
    );
    for (path, text) in [("copy/a", "a"), ("copy/s/z", "s/z")] {
        let found = fs::read_to_string(board.work().join(path));
        assert_eq!(found.expect("copied"), text);
    }
    let outcome = board.mpwire(&["resume", "tree", ":"]);
    assert_left_out(
        &outcome,
        "mpwire: tree: /broken/dir: Input/output error\n\
         mpwire: tree: what cannot be read is not shown\n",
    );
    let drawn = "├── a\n├── broken\n│   └── file\n└── s\n    └── z\n";
    assert_eq!(outcome.text(), format!("tree :\n:/\n{drawn}"));
}
