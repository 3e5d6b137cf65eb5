//! Firmware that is old or lacks things: what mpwire does on such a board, read back from it.

mod support;

use std::fs;

use support::{TestBoard, hex_digest};

/// What a board can do beyond the least.
struct Firmware {
    parameters: &'static [&'static str],
    encodings: &'static [&'static str],
    has_statvfs: bool,
}

const ALL: &[&str] = &["deflate", "base64", "hex", "repr"];

impl Firmware {
    fn with(parameters: &'static [&'static str]) -> Self {
        Self {
            parameters,
            encodings: ALL,
            has_statvfs: true,
        }
    }

    /// Goes through all file commands.
    fn is_served(&self) {
        let board = TestBoard::with(self.parameters);
        assert_eq!(said(&board, &["eval", "6*7"]), "42\n");
        let noise: Vec<u8> = (0..6000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 15) as u8)
            .collect();
        let text = "print('a line of a program')\n".repeat(200);
        board.write("noise.bin", &noise);
        board.write("text.py", &text);
        board.write("empty", "");
        self.files_go_there_and_back(&board, &noise, &text);
        directories_go_there_and_back(&board, &noise);
        self.free_space_is_told(&board);
        things_are_removed(&board);
    }

    fn files_go_there_and_back(&self, board: &TestBoard, noise: &[u8], text: &str) {
        said(board, &["cp", "noise.bin", "text.py", "empty", ":"]);
        returns(board, "noise.bin", noise);
        returns(board, "text.py", text.as_bytes());
        returns(board, "empty", b"");
        for encoding in self.encodings {
            let name = format!("{encoding}.bin");
            let target = format!(":{name}");
            for (source, contents) in [("noise.bin", noise), ("text.py", text.as_bytes())] {
                said(board, &["cp", "--encoding", encoding, source, &target]);
                returns(board, &name, contents);
            }
            said(board, &["rm", &target]);
        }
        let told = said(board, &["sha256sum", "noise.bin"]);
        assert!(told.contains(&hex_digest(noise)), "{told}");
        assert!(said(board, &["cp", "noise.bin", ":"]).contains("Up to date"));
    }

    fn free_space_is_told(&self, board: &TestBoard) {
        let outcome = board.mpwire(&["df"]);
        if self.has_statvfs {
            assert_eq!(outcome.code, Some(0), "{outcome}");
            assert!(outcome.text().contains('/'), "{outcome}");
        } else {
            assert_eq!(outcome.code, Some(1), "{outcome}");
            assert!(outcome.stderr.contains("os.statvfs"), "{outcome}");
        }
    }
}

fn directories_go_there_and_back(board: &TestBoard, noise: &[u8]) {
    fs::create_dir_all(board.work().join("tree/sub")).expect("a new folder");
    board.write("tree/first.py", "first = 1\n");
    board.write("tree/sub/second.bin", noise);
    said(board, &["cp", "-r", "tree", ":"]);
    assert_eq!(
        said(board, &["ls", "tree"]),
        "ls :tree\n          10 first.py\n           0 sub/\n"
    );
    let told = said(board, &["tree", "tree"]);
    assert!(
        told.ends_with("├── first.py\n└── sub\n    └── second.bin\n"),
        "{told}"
    );
    said(board, &["cp", "-r", ":tree", "back"]);
    let local = board.local_tree();
    for below in ["first.py", "sub/second.bin"] {
        assert_eq!(
            local.get(&std::path::Path::new("back").join(below)),
            local.get(&std::path::Path::new("tree").join(below)),
            "{below}"
        );
    }
    assert!(said(board, &["ls"]).contains("6000 noise.bin\n"));
    said(
        board,
        &[
            "mkdir", "other", "+", "rmdir", "other", "+", "touch", "touched",
        ],
    );
    returns(board, "touched", b"");
}

fn things_are_removed(board: &TestBoard) {
    said(board, &["rm", "text.py", "+", "rm", "-r", ":tree"]);
    let left = said(board, &["ls"]);
    for gone in ["text.py", "tree"] {
        assert!(!left.contains(gone), "{left}");
    }
    let outcome = board.mpwire(&["cat", "text.py"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(
        outcome.stderr,
        "mpwire: cat: text.py: No such file or directory.\n"
    );
    said(board, &["rm", "-r", ":"]);
    assert_eq!(said(board, &["ls"]), "ls :\n");
}

/// What a command that succeeds prints.
fn said(board: &TestBoard, arguments: &[&str]) -> String {
    let outcome = board.mpwire(arguments);
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
    outcome.text()
}

/// The board's file, printed and copied, is this.
fn returns(board: &TestBoard, name: &str, contents: &[u8]) {
    let printed = board.mpwire(&["cat", name]);
    assert_eq!(printed.code, Some(0), "{name}: {printed}");
    assert!(printed.stdout == contents, "{name} is printed otherwise");
    said(board, &["cp", &format!(":{name}"), "copied"]);
    let copied = fs::read(board.work().join("copied")).expect("it is there");
    assert!(copied == contents, "{name} is copied otherwise");
}

#[test]
fn firmware_1_12_is_served() {
    Firmware::with(&["link=fast", "firmware=1.12"]).is_served();
}

#[test]
fn firmware_1_12_with_little_memory_is_served() {
    Firmware {
        encodings: &["base64", "hex", "repr"],
        ..Firmware::with(&["link=fast", "firmware=1.12", "heap=48k"])
    }
    .is_served();
}

#[test]
fn firmware_with_u_names_only_is_served() {
    Firmware::with(&["link=fast", "names=u"]).is_served();
}

#[test]
fn firmware_without_raw_paste_is_served() {
    Firmware::with(&["link=fast", "raw-paste=no"]).is_served();
}

#[test]
fn firmware_without_os_stat_is_served() {
    Firmware::with(&["link=fast", "missing=os.stat"]).is_served();
}

#[test]
fn firmware_without_os_ilistdir_is_served() {
    Firmware::with(&["link=fast", "missing=os.ilistdir"]).is_served();
}

#[test]
fn firmware_with_neither_os_stat_nor_os_ilistdir_is_served() {
    Firmware::with(&["link=fast", "missing=os.stat,os.ilistdir"]).is_served();
}

#[test]
fn firmware_without_os_rename_is_served() {
    Firmware::with(&["link=fast", "missing=os.rename"]).is_served();
}

#[test]
fn firmware_without_os_statvfs_is_served() {
    Firmware {
        has_statvfs: false,
        ..Firmware::with(&["link=fast", "missing=os.statvfs"])
    }
    .is_served();
}

#[test]
fn firmware_with_nothing_but_literals_is_served() {
    let board = TestBoard::with(&[
        "link=fast",
        "raw-paste=no",
        "missing=binascii,hashlib,deflate,bytes.fromhex",
    ]);
    board.write("all", (0..=255).collect::<Vec<u8>>());
    said(&board, &["cp", "all", ":"]);
    returns(&board, "all", &(0..=255).collect::<Vec<u8>>());
    for encoding in ["deflate", "base64", "hex"] {
        let outcome = board.mpwire(&["cp", "-f", "--encoding", encoding, "all", ":"]);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        let told = format!("mpwire: cp: encoding {encoding} needs ");
        assert!(outcome.stderr.starts_with(&told), "{outcome}");
    }
}
