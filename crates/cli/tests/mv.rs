//! `mv` on the board, and `mkdir -p`.

mod support;

use std::fs;

use support::TestBoard;

/// Mounts a small filesystem at `/sd`, as a card is.
const CARD: &str = "
import os, vfs
class Card:
 def __init__(self):
  self.data = bytearray(64 * 512)
 def readblocks(self, n, buf, off=0):
  buf[:] = self.data[n * 512 + off:n * 512 + off + len(buf)]
 def writeblocks(self, n, buf, off=0):
  self.data[n * 512 + off:n * 512 + off + len(buf)] = buf
 def ioctl(self, op, arg):
  return 64 if op == 4 else 512 if op == 5 else 0
card = Card()
vfs.VfsFat.mkfs(card)
vfs.mount(card, '/sd')
";

/// Mounts a filesystem at `/liar` that writes an 8 for each 7.
const LIAR: &str = "
import io, os, vfs
store = {}
class Writer:
 def __init__(self, path):
  self.path = path
  store[path] = b''
 def write(self, data):
  store[self.path] += bytes(data).replace(b'7', b'8')
  return len(data)
 def __enter__(self): return self
 def __exit__(self, *args): pass
class Liar:
 def mount(self, readonly, mkfs): pass
 def umount(self): pass
 def statvfs(self, path): return (512, 512, 99, 99, 99, 0, 0, 0, 0, 255)
 def mkdir(self, path): store[path] = None
 def rmdir(self, path): del store[path]
 def ilistdir(self, path):
  top = path.rstrip('/') + '/'
  below = [name[len(top):] for name in store if name.startswith(top)]
  return iter([(name, self.stat(top + name)[0], 0, 0) for name in below if '/' not in name])
 def stat(self, path):
  if path != '/' and path not in store: raise OSError(2)
  data = store.get(path)
  return (0x4000 if data is None else 0x8000, 0, 0, 0, 0, 0, len(data or ''), 0, 0, 0)
 def open(self, path, mode):
  if 'w' in mode: return Writer(path)
  if path not in store: raise OSError(2)
  return io.BytesIO(store[path])
 def remove(self, path): del store[path]
 def rename(self, path, target): store[target] = store.pop(path)
vfs.mount(Liar(), '/liar')
";

/// Makes directories d and e, a file d/in, and files a and b.
const FILES: &str = "
import os
os.mkdir('d'); os.mkdir('e'); os.mkdir('d/sub')
for name in ('a', 'b', 'd/in', 'd/sub/deep'):
 with open(name, 'w') as file: file.write('text of ' + name)
";

fn board(programs: &[&str]) -> TestBoard {
    let board = TestBoard::start();
    for program in programs {
        let outcome = board.mpwire(&["resume", "exec", program]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
    }
    board
}

/// The paths of the board's files, each with what it was called at first.
fn files(board: &TestBoard) -> Vec<String> {
    let names = ["a", "b", "d/in", "d/sub/deep"];
    let of = |digest: &str| {
        let is_it =
            |name: &&&str| support::hex_digest(format!("text of {name}").as_bytes()) == digest;
        names.iter().find(is_it).map_or("?", |name| *name)
    };
    let digests = board.digests();
    digests
        .iter()
        .map(|(path, digest)| format!("{path} {}", of(digest)))
        .collect()
}

#[track_caller]
fn assert_moved(board: &TestBoard, arguments: &[&str], stdout: &str, after: &[&str]) {
    let outcome = board.mpwire(&[&["resume"], arguments].concat());
    assert_eq!(
        (outcome.code, &outcome.stderr[..], &outcome.text()[..]),
        (Some(0), "", stdout)
    );
    assert_eq!(files(board), after);
}

#[test]
fn files_and_directories_get_new_names() {
    let board = board(&[FILES]);
    let rest = ["/b b", "/d/in d/in", "/d/sub/deep d/sub/deep"];
    assert_moved(
        &board,
        &["mv", "a", "c"],
        "mv :a :c\n",
        &["/b b", "/c a", rest[1], rest[2]],
    );
    assert_moved(
        &board,
        &["mv", ":./c", ":e/"],
        "mv :./c :e/\n",
        &["/b b", rest[1], rest[2], "/e/c a"],
    );
    assert_moved(
        &board,
        &["mv", ":e/c", ":d/in", ":"],
        "mv :e/c :\nmv :d/in :\n",
        &["/b b", "/c a", rest[2], "/in d/in"],
    );
    // A file there is replaced; a directory goes into one, or gets a new name.
    assert_moved(
        &board,
        &["mv", "c", "b"],
        "mv :c :b\n",
        &["/b a", rest[2], "/in d/in"],
    );
    assert_moved(
        &board,
        &["mv", "d/sub/", "e", "+", "mv", "e", "new"],
        "mv :d/sub/ :e\nmv :e :new\n",
        &["/b a", "/in d/in", "/new/sub/deep d/sub/deep"],
    );
}

#[test]
fn what_would_lose_something_is_refused_and_nothing_changes() {
    let board = board(&[FILES]);
    let before = board.tree();
    for (arguments, says) in [
        (&["a", "a"][..], "mv: a and a are the same"),
        (&["a", "./d/../a"], "mv: a and ./d/../a are the same"),
        (&["d", "."], "mv: d and d are the same"),
        (&["no", "x"], "mv: no: No such file or directory."),
        (&["a", "no/x"], "mv: no/x: No such file or directory."),
        (&["a", "no/"], "mv: destination does not exist"),
        (&["a", "b", "no"], "mv: destination does not exist"),
        (&["a", "d", "b"], "mv: destination is not a directory"),
        (
            &["d", "a"],
            "mv: a is a file, and a directory does not overwrite it",
        ),
        (&["d", "d/sub"], "mv: d cannot be moved into itself"),
        (&["a/", "x"], "mv: a/: Not a directory."),
        (
            &["/", "x"],
            "mv: a directory is moved by its own name, not as ':/'",
        ),
    ] {
        let outcome = board.mpwire(&[&["resume", "mv"], arguments].concat());
        assert_eq!(outcome.code, Some(1), "{arguments:?} {outcome}");
        let said = format!("mpwire: {says}\n");
        assert_eq!(outcome.stderr, said, "{arguments:?}");
    }
    assert_eq!(board.tree(), before);
    let outcome = board.mpwire(&["resume", "mkdir", "x", "x/d", "+", "mv", "d", "x"]);
    assert_eq!(
        outcome.stderr,
        "mpwire: mv: x/d is a directory, and is not overwritten\n"
    );
    assert_eq!(files(&board).len(), 4);
}

#[test]
fn files_and_directories_move_from_one_filesystem_to_another() {
    let board = board(&[FILES, CARD]);
    let rest = ["/b b", "/d/in d/in", "/d/sub/deep d/sub/deep"];
    assert_moved(
        &board,
        &["mv", "a", "sd"],
        "mv :a :sd\n",
        &[rest[0], rest[1], rest[2], "/sd/a a"],
    );
    assert_moved(
        &board,
        &["mv", "d", "sd/moved"],
        "mv :d :sd/moved\n",
        &[
            "/b b",
            "/sd/a a",
            "/sd/moved/in d/in",
            "/sd/moved/sub/deep d/sub/deep",
        ],
    );
    // A file there is replaced.
    assert_moved(
        &board,
        &["mv", "/sd/a", "b"],
        "mv :/sd/a :b\n",
        &["/b a", "/sd/moved/in d/in", "/sd/moved/sub/deep d/sub/deep"],
    );
    assert_moved(
        &board,
        &["mv", "./sd/moved", "."],
        "mv :./sd/moved :.\n",
        &["/b a", "/moved/in d/in", "/moved/sub/deep d/sub/deep"],
    );
    let before = board.tree();
    let outcome = board.mpwire(&["resume", "mv", "sd", "x"]);
    assert_eq!(board.tree(), before);
    assert_eq!(
        (outcome.code, &outcome.stderr[..]),
        (Some(1), "mpwire: mv: sd: Operation not permitted.\n")
    );
    assert!(!board.globals().contains("_mw_"));
}

#[test]
fn a_copy_that_is_not_right_is_removed_and_the_file_stays() {
    let board = board(&["with open('seven', 'w') as file: file.write('7')", LIAR]);
    let outcome = board.mpwire(&[
        "resume",
        "mv",
        "seven",
        "liar/x",
        "+",
        "exec",
        "print(store)",
    ]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("liar/x: what the board stored differs from what was sent"),
        "{outcome}"
    );
    assert_eq!(
        board.execute("print(store, open('seven').read())"),
        "{} 7\n"
    );
}

#[test]
fn a_tree_that_is_not_copied_whole_stays_and_the_copy_is_removed() {
    let tree = "import os
os.mkdir('d'); os.mkdir('d/sub')
for name, data in (('d/one', '1'), ('d/sub/seven', '7'), ('d/two', '2')):
 with open(name, 'w') as file: file.write(data)";
    let board = board(&[tree, LIAR]);
    let outcome = board.mpwire(&["resume", "mv", "d", "liar/x"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("liar/x/sub/seven: what the board stored differs"),
        "{outcome}"
    );
    let left =
        board.execute("import os; print(store, sorted(os.listdir('d')), os.listdir('d/sub'))");
    assert_eq!(left, "{} ['one', 'sub', 'two'] ['seven']\n");
}

#[test]
fn what_does_not_fit_on_the_other_filesystem_stays() {
    let large = "with open('large', 'w') as file:\n for i in range(80): file.write('x' * 512)";
    let board = board(&[large, CARD]);
    let before = board.tree();
    let outcome = board.mpwire(&["resume", "mv", "large", "sd/x"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("sd/x: No space left on device (40960 bytes"),
        "{outcome}"
    );
    assert_eq!(board.tree(), before);
}

#[test]
fn what_is_read_only_is_not_moved() {
    let board = TestBoard::with(&["link=fast", "rom=64k"]);
    fs::create_dir(board.work().join("image")).expect("a writable folder");
    board.write("image/m.txt", "rom");
    let outcome = board.mpwire(&["romfs", "deploy", "image", "soft-reset", "touch", "a"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let before = board.tree();
    for (arguments, named) in [
        (["rom/m.txt", "x"], "rom/m.txt: Read-only file system."),
        (["a", "rom"], "rom/a: Read-only file system."),
        (["rom", "x"], "rom: Operation not permitted."),
    ] {
        let outcome = board.mpwire(&[&["resume", "mv"], &arguments[..]].concat());
        let said = format!("mpwire: mv: {named}\n");
        assert_eq!((outcome.code, outcome.stderr), (Some(1), said));
    }
    assert_eq!(board.tree(), before);
}

#[test]
fn a_path_of_this_computer_is_refused_before_a_board_is_missed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (paths, says) in [
        (&["a"][..], "missing destination path\n"),
        (
            &["a", ":x"],
            "a has no colon, and mv moves on the board only\n\
             hint: to copy between this computer and the board: mpwire cp a :x\n",
        ),
        (
            &[":a", "x"],
            "x has no colon, and mv moves on the board only\n\
             hint: to copy between this computer and the board: mpwire cp :a x\n",
        ),
    ] {
        let arguments = [&["connect", "port:/nowhere", "mv"], paths].concat();
        let outcome = support::run(&support::mpwire(), folder.path(), &arguments);
        let said = format!("mpwire: mv: {says}");
        assert_eq!((outcome.code, outcome.stderr), (Some(1), said));
    }
}

#[test]
fn directories_are_made_with_those_above_them() {
    for filesystem in ["fs=lfs2", "fs=fat"] {
        let board = TestBoard::with(&["link=fast", filesystem]);
        for paths in [&["a/b/../c//d/"][..], &["a", "a/c", "/a/c/d"], &["/"]] {
            let outcome = board.mpwire(&[&["resume", "mkdir", "-p"], paths].concat());
            assert_eq!(
                (outcome.code, &outcome.stderr[..]),
                (Some(0), ""),
                "{outcome}"
            );
            let made = ["'/a' directory", "'/a/c' directory", "'/a/c/d' directory"];
            assert_eq!(board.tree(), made);
        }
        let outcome = board.mpwire(&["resume", "touch", "f", "+", "mkdir", "-p", "f"]);
        assert_eq!(outcome.code, Some(1));
        assert_eq!(outcome.stderr, "mpwire: mkdir: f: File exists.\n");
        let outcome = board.mpwire(&["resume", "mkdir", "-p", "f/x"]);
        assert_eq!(outcome.code, Some(1));
        assert!(
            outcome.stderr.starts_with("mpwire: mkdir: f/x: "),
            "{outcome}"
        );
    }
}
