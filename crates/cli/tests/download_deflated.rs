//! Files from a board whose `deflate.DeflateIO` can write, over a slow line: they arrive, and as fewer
//! bytes where that can be.
//!
//! The interpreter of the tests cannot write, so the simulator does it (`onboard/deflate_parts.py`). One
//! that can is tested by naming it in `MPWIRE_MICROPYTHON`.

mod support;

use std::fs;

use rustix::process::Signal;
use support::{TestBoard, noise};

/// A line slow enough for the board, and fast enough for a test.
const BOARD: [&str; 3] = ["link=uart:460800", "latency=0", "deflate=writes"];

/// Makes the file that [`text`] is.
const MAKE: &str = "
def make(name, size):
 with open(name, 'wb') as file:
  for line in range(size // 64 + 1):
   file.write(b'%63d\\n' % (line * 7919) if line < size // 64 else b' ' * (size % 64))
make(NAME, SIZE)
del make
";

/// Lines that are blanks mostly, and blanks at the end.
fn text(size: usize) -> Vec<u8> {
    let mut text: Vec<u8> = (0..size / 64)
        .flat_map(|line| format!("{:63}\n", line * 7919).into_bytes())
        .collect();
    text.resize(size, b' ');
    text
}

fn board(more: &[&str]) -> TestBoard {
    TestBoard::with(&[&BOARD[..], more].concat())
}

fn make(board: &TestBoard, name: &str, size: usize) {
    let program = MAKE
        .replace("NAME", &format!("{name:?}"))
        .replace("SIZE", &size.to_string());
    board.execute(&program);
}

/// Puts a file of this computer there.
fn put(board: &TestBoard, name: &str, data: &[u8]) {
    board.write("source", data);
    let outcome = board.mpwire(&["resume", "cp", "-f", "source", &format!(":{name}")]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
}

fn arrived(board: &TestBoard, name: &str) -> Vec<u8> {
    fs::read(board.work().join(name)).expect("the copy")
}

/// Runs a command, which is to end well and leave the board as it was; returns what it printed.
#[track_caller]
fn run(board: &TestBoard, command: &[&str]) -> Vec<u8> {
    let before = state(board);
    let outcome = board.mpwire(&[&["resume"], command].concat());
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(state(board), before, "{command:?}");
    outcome.stdout
}

fn state(board: &TestBoard) -> String {
    board.execute("import sys\nprint(sorted(sys.modules), sorted(globals()))")
}

#[test]
fn a_file_that_shrinks_travels_deflated() {
    let board = board(&[]);
    make(&board, "file", 80_000);
    run(&board, &["cp", ":file", "copy"]);
    assert!(arrived(&board, "copy") == text(80_000));
    let sent = board.sent();
    assert!(sent < 50_000, "the board sent {sent} bytes");
}

#[test]
fn what_does_not_shrink_travels_as_it_is() {
    let board = board(&[]);
    let data = noise(1, 60_000);
    put(&board, "file", &data);
    run(&board, &["cp", ":file", "copy"]);
    assert!(arrived(&board, "copy") == data);
    let sent = board.sent();
    assert!(sent < 63_000, "the board sent {sent} bytes");
}

#[test]
fn a_file_may_be_of_all_kinds() {
    let board = board(&[]);
    let every: Vec<u8> = (0..=255).flat_map(|byte| [byte; 40]).collect();
    let data = [
        text(20_000),
        noise(1, 20_000),
        vec![0; 20_000],
        every,
        noise(1, 3000),
        text(9000),
    ]
    .concat();
    put(&board, "file", &data);
    assert!(run(&board, &["cat", ":file"]) == data);
    run(&board, &["cp", ":file", "copy"]);
    assert!(arrived(&board, "copy") == data);
}

#[test]
fn a_board_without_it_sends_files_as_they_are() {
    for lacking in ["missing=deflate", "deflate=reads"] {
        let board = board(&[lacking]);
        make(&board, "file", 80_000);
        make(&board, "other", 60_000);
        run(&board, &["cp", ":file", ":other", "."]);
        assert!(arrived(&board, "file") == text(80_000), "{lacking}");
        assert!(arrived(&board, "other") == text(60_000), "{lacking}");
    }
}

#[test]
fn each_size_around_a_block_arrives_deflated() {
    let board = board(&[]);
    board.execute("import os\nos.mkdir('tree')\nos.chdir('tree')");
    // The first ones show that it is worth it for the others.
    let sizes = [
        20_000, 20_001, 0, 1, 511, 512, 513, 4095, 4096, 4097, 8192, 65_535, 65_536, 65_537,
    ];
    for size in sizes {
        make(&board, &format!("f{size:05}"), size);
    }
    board.execute("os.chdir('/')");
    // They come by their names.
    make(&board, "tree/a", 30_000);
    run(&board, &["cp", "-r", ":tree", "."]);
    for size in sizes {
        let copy = arrived(&board, &format!("tree/f{size:05}"));
        assert!(copy == text(size), "{size}");
    }
    let whole: usize = sizes.iter().sum();
    let sent = board.sent() as usize;
    assert!(
        sent < whole * 3 / 4,
        "the board sent {sent} of {whole} bytes"
    );
}

#[test]
fn of_a_tree_only_what_differs_travels() {
    let board = board(&[]);
    board.execute("import os\nos.mkdir('tree')");
    for name in ["tree/a", "tree/b", "tree/c", "tree/d"] {
        make(&board, name, 30_000);
    }
    fs::create_dir(board.work().join("tree")).expect("a folder");
    // Of the same length, and another.
    board.write("tree/a", noise(1, 30_000));
    board.write("tree/b", text(30_000));
    board.write("tree/c", noise(1, 20_000));
    board.write("tree/d", text(30_000));
    let kept = board.work().join("tree/d");
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(&kept).expect("the copy"));
    let before = inode();
    run(&board, &["cp", "-r", ":tree", "."]);
    for name in ["tree/a", "tree/b", "tree/c", "tree/d"] {
        assert!(arrived(&board, name) == text(30_000), "{name}");
    }
    assert_eq!(inode(), before, "what is the same was written again");
}

#[test]
fn little_memory_is_enough() {
    for heap in ["heap=64k", "heap=32k", "heap=24k"] {
        let board = board(&[heap]);
        make(&board, "file", 50_000);
        let outcome = board.mpwire(&["resume", "cp", ":file", "copy"]);
        assert_eq!(outcome.code, Some(0), "{heap}: {outcome}");
        assert!(arrived(&board, "copy") == text(50_000), "{heap}");
    }
}

#[test]
fn ctrl_c_ends_it_and_leaves_nothing() {
    let board = board(&[]);
    make(&board, "file", 400_000);
    let before = state(&board);
    let mut running = board.start_mpwire(&["resume", "cat", ":file"]);
    // Far behind the change of programs.
    running.wait_for(&format!("{:63}\n", 1500 * 7919));
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert_ne!(outcome.code, Some(0), "{outcome}");
    assert!(text(400_000).starts_with(&outcome.stdout));
    assert_eq!(state(&board), before);
}

/// Copies a file from a board whose module is hostile or broken: what it does when a block is written.
fn with_a_module_that(does: &str) {
    let board = board(&[]);
    make(&board, "file", 40_000);
    board.execute(&format!(
        "import deflate
real = deflate.DeflateIO
class Bad:
 def __init__(self, *options): self.stream, self.real = options[0], real(*options)
 def __getattr__(self, name): return getattr(self.real, name)
 def close(self): self.real.close()
 def write(self, data):
  if len(data) == 512: return self.real.write(data)
  {does}
deflate.DeflateIO = Bad"
    ));
    let outcome = board.mpwire(&["resume", "cp", ":file", "copy"]);
    assert_eq!(outcome.code, Some(0), "{does}: {outcome}");
    assert!(arrived(&board, "copy") == text(40_000), "{does}");
}

#[test]
fn a_board_that_deflates_something_else_is_not_believed() {
    for does in [
        // A thousand times as much.
        "return self.real.write(bytes(500000))",
        "return self.real.write(data + b' ')",
        "return self.real.write(data[1:])",
        "return self.real.write(b'x' + data[1:])",
    ] {
        with_a_module_that(does);
    }
}

#[test]
fn a_board_that_cannot_deflate_after_all_sends_files_as_they_are() {
    for does in [
        "return self.stream.write(b'\\xff' * 999)",
        "return self.stream.write(b'\\3\\0')",
        "pass",
        "raise OSError(5)",
        "raise MemoryError",
        "raise KeyboardInterrupt",
    ] {
        with_a_module_that(does);
    }
}

#[test]
fn faults_of_the_line_are_mended() {
    // In the stream, which begins after about 9000 bytes.
    for fault in [
        "flip@from:15000",
        "drop@from:15000",
        "packet@from:16000",
        "double@from:17000",
        "flip@to:900",
    ] {
        let board = board(&[&format!("faults={fault}")]);
        make(&board, "file", 80_000);
        let outcome = board.mpwire(&["resume", "cat", ":file"]);
        assert_eq!(outcome.code, Some(0), "{fault}: {}", outcome.stderr);
        assert!(outcome.stdout == text(80_000), "{fault}");
    }
}
