//! Files from the board: every size, boards that lack what it takes, and what the computer has already.
//!
//! The files are made on the board by genuine mpremote.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::Command;

use support::{PORT, TestBoard, mpwire, set_apart};

/// Sizes around those of blocks and of what fits two bytes.
const SIZES: [usize; 12] = [
    0, 1, 255, 256, 257, 4095, 4096, 4097, 8192, 65_535, 65_536, 65_537,
];

/// Makes a file of each size; [`contents`] is what is in them.
const MAKE: &str = "
def make(size):
 state = size
 with open('f%d' % size, 'wb') as file:
  while size:
   part = bytearray(min(size, 512))
   for index in range(len(part)):
    state = state * 1103515245 + 12345 & 0x7fffffff
    part[index] = state >> 16 & 255
   file.write(part)
   size -= len(part)
for size in SIZES: make(size)
del make, size
";

fn make(board: &TestBoard, sizes: &[usize]) {
    board.execute(&MAKE.replace("SIZES", &format!("{sizes:?}")));
}

fn contents(size: usize) -> Vec<u8> {
    let mut state = size as u64;
    std::iter::repeat_with(|| {
        state = (state * 1_103_515_245 + 12345) & 0x7fff_ffff;
        (state >> 16) as u8
    })
    .take(size)
    .collect()
}

/// Asserts that every file can be copied and printed, in one command line, and that nothing is left
/// on the board.
fn assert_readable(board: &TestBoard, sizes: &[usize], what: &str) {
    let names: Vec<String> = sizes.iter().map(|size| format!(":f{size}")).collect();
    let mut words = vec!["resume", "cp"];
    words.extend(names.iter().map(String::as_str));
    words.push(".");
    for name in &names {
        words.extend(["+", "cat", name]);
    }
    let before = board.globals();
    let outcome = board.mpwire(&words);
    assert_eq!(outcome.code, Some(0), "{what}: {}", outcome.stderr);
    let mut expected = Vec::new();
    for name in &names {
        expected.extend(format!("cp {name} .\n").into_bytes());
    }
    for &size in sizes {
        let data = contents(size);
        let copy = fs::read(board.work().join(format!("f{size}"))).expect("the copy");
        assert!(copy == data, "{what}: f{size} arrived different");
        expected.extend(data);
    }
    assert!(outcome.stdout == expected, "{what}: printed different");
    assert_eq!(board.globals(), before, "{what}");
}

#[test]
fn every_size_arrives() {
    for link in ["link=fast", "link=usb"] {
        let board = TestBoard::with(&[link]);
        make(&board, &SIZES);
        assert_readable(&board, &SIZES, link);
    }
}

#[test]
fn boards_that_lack_something_send_files_all_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flash = format!("flash={}", folder.path().join("flash").display());
    let sizes = [0, 1, 257, 4097, 20_000];
    let board = TestBoard::with(&["link=fast", &flash]);
    make(&board, &sizes);
    board.stop();
    for lacking in [
        "missing=binascii.crc32",
        "missing=binascii",
        "missing=hashlib",
        "missing=hashlib,binascii",
        "missing=sys.stdout",
        "firmware=1.12",
        "heap=24k",
        "heap=16k",
    ] {
        let board = TestBoard::with(&["link=fast", &flash, lacking]);
        assert_readable(&board, &sizes, lacking);
        let again = board.mpwire(&["resume", "cp", ":f4097", "f4097"]);
        assert_eq!(again.code, Some(0), "{lacking}: {again}");
        board.stop();
    }
}

#[test]
fn a_file_that_is_here_already_stays_as_it_is_and_nothing_is_said() {
    let board = TestBoard::start();
    make(&board, &[5000]);
    let copy = board.work().join("copy");
    let inode = || fs::metadata(&copy).expect("the copy").ino();
    let command = ["resume", "cp", ":f5000", "copy"];
    let said = board.mpremote(&command);
    assert_eq!(said.text(), "cp :f5000 copy\n");
    let first = inode();
    assert_eq!(board.mpwire(&command), said);
    assert_eq!(inode(), first, "it was written again");
    assert_eq!(
        board.mpwire(&["resume", "cp", "-f", ":f5000", "copy"]),
        said
    );
    assert_ne!(inode(), first, "-f writes it again");
    // Of the same size, shorter, longer, and empty.
    for other in [&[7; 5000][..], &[7; 4999], &[7; 9000], &[]] {
        board.write("copy", other);
        assert_eq!(board.mpwire(&command), said);
        assert!(fs::read(&copy).expect("the copy") == contents(5000));
    }
}

#[test]
fn an_empty_file_is_not_taken_for_what_is_here() {
    let board = TestBoard::start();
    make(&board, &[0]);
    board.write("copy", "not empty");
    for _ in 0..2 {
        let outcome = board.mpwire(&["resume", "cp", ":f0", "copy"]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert_eq!(fs::read(board.work().join("copy")).expect("the copy"), b"");
    }
}

#[test]
fn of_a_tree_only_what_differs_is_written() {
    let board = TestBoard::start();
    board.execute("import os\nos.mkdir('tree')\nos.mkdir('tree/sub')\nos.chdir('tree')");
    make(&board, &[0, 300, 5000]);
    board.execute("os.chdir('sub')");
    make(&board, &[100, 9000]);
    board.execute("os.chdir('/')");
    let command = ["resume", "cp", "-r", ":tree", "."];
    let said = board.mpremote(&command);
    assert_eq!(said.code, Some(0), "{said}");
    let genuine = board.local_tree();
    fs::remove_dir_all(board.work().join("tree")).expect("a folder");
    assert_eq!(board.mpwire(&command), said);
    assert_eq!(board.local_tree(), genuine);
    let names = ["f0", "f300", "f5000", "sub/f100", "sub/f9000"];
    let inodes = || {
        names.map(|name| {
            let path = board.work().join("tree").join(name);
            fs::metadata(path).expect("the copy").ino()
        })
    };
    board.write("tree/f300", [7; 300]);
    board.write("tree/sub/f9000", [7; 3]);
    let before = inodes();
    assert_eq!(board.mpwire(&command), said);
    assert_eq!(board.local_tree(), genuine);
    for ((name, before), after) in names.into_iter().zip(before).zip(inodes()) {
        let is_written = before != after;
        assert_eq!(is_written, ["f300", "sub/f9000"].contains(&name), "{name}");
    }
}

#[test]
fn a_file_that_vanishes_is_named_and_the_rest_is_copied() {
    let board = TestBoard::start();
    board.execute("import os\nos.mkdir('tree')\nos.chdir('tree')");
    make(&board, &[10, 20, 30]);
    board.execute(
        "os.chdir('/')
import builtins
real = open
def vanishing(path, *rest):
 if path.endswith('f20'): raise OSError(2)
 return real(path, *rest)
builtins.open = vanishing",
    );
    let outcome = board.mpwire(&["resume", "cp", "-r", ":tree", "copy"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(
        outcome.stderr,
        "mpwire: cp: left out: :tree/f20: No such file or directory\nmpwire: cp: an entry that cannot be read was left out; the rest was copied\n"
    );
    let copy = board.work().join("copy");
    assert!(fs::read(copy.join("f10")).expect("the first") == contents(10));
    assert!(fs::read(copy.join("f30")).expect("the last") == contents(30));
    let names: Vec<_> = fs::read_dir(&copy).expect("a folder").collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(!board.globals().contains("_mw_"), "{}", board.globals());
}

#[test]
fn names_may_hold_anything() {
    let board = TestBoard::start();
    for name in [
        "it's",
        "\"both\" 'kinds'",
        "new\nline",
        "back\\slash",
        "\u{e4}\u{20ac}",
    ] {
        board.execute(&format!(
            "with open({name:?}, 'w') as f: f.write('text')\ndel f"
        ));
        let source = format!(":{name}");
        for command in [vec!["cp", &source, "copy"], vec!["cp", &source, "."]] {
            let outcome = board.mpwire(&[&["resume"], &command[..]].concat());
            assert_eq!(outcome.code, Some(0), "{name:?}: {outcome}");
        }
        for copy in ["copy", name] {
            assert_eq!(
                fs::read(board.work().join(copy)).expect("the copy"),
                b"text",
                "{name:?}"
            );
        }
    }
}

#[test]
fn what_else_the_board_prints_is_not_part_of_a_file() {
    let board = TestBoard::start();
    make(&board, &[9000]);
    board.execute(
        "import builtins
real = open
class Noisy:
 def __init__(self, file): self.file = file
 def __enter__(self): return self
 def __exit__(self, *rest): self.file.close()
 def seek(self, *place): return self.file.seek(*place)
 def read(self, *size):
  print('noise \\x02 \\x021000abcz')
  return self.file.read(*size)
builtins.open = lambda *words: Noisy(real(*words))",
    );
    let outcome = board.mpwire(&["resume", "cp", ":f9000", "copy"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(fs::read(board.work().join("copy")).expect("the copy") == contents(9000));
}

#[test]
fn a_file_that_is_never_what_the_board_says_is_an_error() {
    let board = TestBoard::start();
    make(&board, &[5000]);
    board.execute(
        "import sys, hashlib
class Wrong:
 def update(self, data): pass
 def digest(self): return bytes(32)
class module: sha256 = Wrong
sys.modules['hashlib'] = module",
    );
    board.write("copy", "old");
    for command in [&["cp", ":f5000", "copy"][..], &["cat", ":f5000"]] {
        let outcome = board.mpwire(&[&["resume"], command].concat());
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert_eq!(
            outcome.stderr,
            format!(
                "mpwire: {}: f5000: what arrived differs from what the board has\n",
                command[0]
            )
        );
    }
    let names: Vec<_> = board.local_tree().into_iter().collect();
    assert_eq!(names, [("copy".into(), Some(b"old".to_vec()))]);
}

#[test]
fn a_reader_that_has_enough_ends_cat() {
    let board = TestBoard::start();
    make(&board, &[65_537]);
    let mut words = vec!["resume", "cat", ":f65537"];
    let outcome = board.mpwire(&words);
    assert!(outcome.stdout == contents(65_537), "{}", outcome.stderr);
    words.extend(["+", "exec", "print('still there')"]);
    let outcome = board.mpwire(&words);
    assert!(
        outcome.text().ends_with("still there\r\n") || outcome.text().ends_with("still there\n")
    );
}

#[test]
fn names_that_other_systems_take_for_one_are_told() {
    let board = TestBoard::start();
    board.execute("import os\nos.mkdir('tree')\nopen('tree/a.py', 'w').close()\nopen('tree/A.py', 'w').close()");
    let outcome = board.mpwire(&["resume", "cp", "-r", ":tree", "."]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.stderr.contains("differ by case only"), "{outcome}");
    assert_eq!(board.local_tree().len(), 3);
}

#[test]
fn files_that_are_called_as_a_temporary_one_might_be_stay_as_they_are() {
    let board = TestBoard::start();
    board.execute("import os\nos.mkdir('tree')\nos.chdir('tree')");
    make(&board, &[300]);
    board.execute("os.rename('f300', 'a')\nopen('a.mpwire', 'w').close()\nos.chdir('/')");
    board.write("victim", "another's");
    let work = board.work();
    fs::create_dir(work.join("tree")).expect("a new folder");
    symlink("victim", work.join("linked.mpwire")).expect("a link");
    board.write("mine.mpwire", "mine");
    for command in [
        &["cp", ":tree/a", "linked"][..],
        &["cp", ":tree/a", "mine"],
        &["cp", "-r", ":tree", "."],
    ] {
        let outcome = board.mpwire(&[&["resume"], command].concat());
        assert_eq!(outcome.code, Some(0), "{outcome}");
    }
    let file = Some(contents(300));
    let expected = [
        ("linked", file.clone()),
        ("linked.mpwire", Some(b"another's".to_vec())),
        ("mine", file.clone()),
        ("mine.mpwire", Some(b"mine".to_vec())),
        ("tree", None),
        ("tree/a", file),
        ("tree/a.mpwire", Some(Vec::new())),
        ("victim", Some(b"another's".to_vec())),
    ];
    let expected = expected.map(|(name, contents)| (name.into(), contents));
    assert_eq!(board.local_tree(), expected.into_iter().collect());
    let link = fs::symlink_metadata(work.join("linked.mpwire")).expect("the link");
    assert!(link.is_symlink());
}

#[test]
fn a_file_may_be_read_by_whom_the_umask_allows_or_as_the_old_one() {
    let board = TestBoard::start();
    make(&board, &[10, 300]);
    let copy = board.work().join("copy");
    let mode = || fs::metadata(&copy).expect("the copy").permissions().mode() & 0o7777;
    let copy_by = |umask: &str, source: &str| {
        let mut command = Command::new("sh");
        set_apart(&mut command, &board.work());
        let outcome = command
            .current_dir(board.work())
            .args(["-c", "umask $0 && exec \"$@\"", umask])
            .arg(mpwire())
            .args(["connect", PORT, "resume", "cp", source, "copy"])
            .output()
            .expect("a shell");
        assert!(outcome.status.success(), "{outcome:?}");
    };
    for (umask, allowed) in [("027", 0o640), ("022", 0o644)] {
        copy_by(umask, ":f10");
        assert_eq!(mode(), allowed, "umask {umask}");
        fs::remove_file(&copy).expect("the copy");
    }
    copy_by("022", ":f10");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o750)).expect("ours");
    copy_by("022", ":f300");
    assert_eq!(mode(), 0o750);
    assert!(fs::read(&copy).expect("the copy") == contents(300));
}

#[test]
fn a_tree_follows_no_links_that_are_where_it_goes() {
    let board = TestBoard::start();
    board.execute("import os\nos.mkdir('src')\nos.mkdir('src/sub')\nos.chdir('src')");
    make(&board, &[10, 300]);
    board.execute("os.rename('f10', 'sub/a')\nos.chdir('/')");
    let work = board.work();
    for folder in ["to", "to/src", "to/src/sub", "out"] {
        fs::create_dir(work.join(folder)).expect("a new folder");
    }
    // Of the same contents, and of others.
    board.write("out/same", contents(300));
    board.write("out/other", "another's");
    symlink("../../out/same", work.join("to/src/f300")).expect("a link");
    symlink("../../../out/other", work.join("to/src/sub/a")).expect("a link");
    // What the user names may be a link.
    symlink("to", work.join("link")).expect("a link");
    let copy = ["resume", "cp", "-r", ":src", "link"];
    let outcome = board.mpwire(&copy);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    for (name, size) in [("to/src/f300", 300), ("to/src/sub/a", 10)] {
        let is_file = fs::symlink_metadata(work.join(name)).is_ok_and(|file| file.is_file());
        assert!(is_file, "{name} is no file");
        assert!(fs::read(work.join(name)).expect("the copy") == contents(size));
    }
    let out = || {
        let mut tree = board.local_tree();
        tree.retain(|path, _| path.starts_with("out"));
        tree
    };
    let before = [
        ("out", None),
        ("out/other", Some(b"another's".to_vec())),
        ("out/same", Some(contents(300))),
    ]
    .map(|(name, contents)| (name.into(), contents));
    assert_eq!(out(), before.clone().into_iter().collect());

    for name in ["src/sub", "src"] {
        let path = work.join("to").join(name);
        fs::remove_dir_all(&path).expect("a folder");
        symlink(work.join("out"), &path).expect("a link");
        // The first is found before anything else is written.
        let _ = fs::remove_file(work.join("to/src/f300"));
        let outcome = board.mpwire(&copy);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        let says = format!("mpwire: cp: link/{name}: a link to a directory");
        assert!(outcome.stderr.starts_with(&says), "{outcome}");
        assert_eq!(out(), before.clone().into_iter().collect());
        assert!(!work.join("to/src/f300").exists());
    }
}

#[test]
fn a_link_that_is_named_is_written_through() {
    let board = TestBoard::start();
    make(&board, &[300]);
    board.write("file", "old");
    symlink("file", board.work().join("link")).expect("a link");
    let outcome = board.mpwire(&["resume", "cp", ":f300", "link"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(fs::read(board.work().join("file")).expect("the file") == contents(300));
    assert!(board.work().join("link").is_symlink());
}
