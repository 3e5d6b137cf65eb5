//! What others have written, on a terminal: it is shown, and steers nothing.

#![cfg(target_os = "linux")]

mod support;

use support::terminal::Terminal;
use support::{PORT, TestBoard, mpwire};

/// Clears the screen.
const CLEAR: &str = "\x1b[2J";
/// The same, shown.
const SHOWN: &str = "\\u{1b}[2J";

fn on_a_terminal(board: &TestBoard, words: &[&str]) -> String {
    let words = [&["connect", PORT, "resume"], words].concat();
    let shown = Terminal::start(&mpwire(), &board.work(), &words)
        .finish()
        .shown;
    assert!(!shown.contains('\x1b'), "{words:?}: {shown:?}");
    shown
}

#[test]
fn names_contents_and_errors_do_not_steer_a_terminal() {
    let board = TestBoard::start();
    let name = format!("a{CLEAR}.txt");
    board.write(&name, format!("one{CLEAR}\r\ntwo\tthree é\u{202e}\n"));
    let outcome = board.mpwire(&["resume", "mkdir", "folder", "+", "cp", &name, ":folder"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let path = format!("folder/{name}");
    let shown = |words: &[&str]| on_a_terminal(&board, words);

    assert!(shown(&["ls", "folder"]).ends_with(&format!(" a{SHOWN}.txt\r\n")));
    assert!(shown(&["tree", "folder"]).ends_with(&format!("└── a{SHOWN}.txt\r\n")));
    let contents = shown(&["cat", &path]);
    // The terminal makes two of a line feed's.
    let contents = contents.replace("\r\r\n", "\r\n");
    assert!(contents.ends_with(&format!("one{SHOWN}\r\ntwo\tthree é\\u{{202e}}\r\n")));
    assert!(shown(&["cat", &format!("{path}x")]).contains(SHOWN));
    let raising = format!("raise ValueError('{}')", CLEAR.replace('\x1b', "\\x1b"));
    assert!(shown(&["exec", &raising]).contains(SHOWN));
}

#[test]
fn data_is_not_touched_where_no_terminal_is() {
    let board = TestBoard::start();
    let name = format!("a{CLEAR}.txt");
    board.write(&name, CLEAR);
    let outcome = board.mpwire(&["resume", "mkdir", "folder", "+", "cp", &name, ":folder"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let path = format!("folder/{name}");
    for words in [["ls", "folder"], ["cat", &path]] {
        let outcome = board.mpwire(&[&["resume"], &words[..]].concat());
        assert!(outcome.text().contains(CLEAR), "{outcome}");
    }
}

#[test]
fn a_name_that_is_no_text_is_shown_and_spoils_nothing_else() {
    let board = TestBoard::start();
    let program = r"
import os; os.mkdir('s'); os.mkdir('s/d\udcfe')
for name in ('s/a\udcff', 's/b', 's/d\udcfe/c'): open(name, 'w').close()";
    let succeeded = |words: &[&str]| {
        let outcome = board.mpwire(words);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        outcome.text()
    };
    succeeded(&["exec", program]);
    let listed = succeeded(&["ls", ":s"]);
    let mut names: Vec<&str> = listed.lines().skip(1).map(str::trim_start).collect();
    names.sort_unstable();
    assert_eq!(names, [r"0 a\udcff", "0 b", r"0 d\udcfe/"]);
    let tree = "├── a\\udcff\n├── b\n└── d\\udcfe\n    └── c\n";
    assert_eq!(succeeded(&["tree", ":s"]), format!("tree :s\n:s\n{tree}"));

    // It cannot be asked for, and is left out.
    let outcome = board.mpwire(&["cp", "-r", ":s", "."]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let reason = "this name is no text; rename or remove it on the board";
    let said = format!("cp: left out: :s/a\\udcff: {reason}\n");
    assert!(outcome.stderr.contains(&said), "{outcome}");
    let here = board.local_tree();
    let here: Vec<_> = here.keys().filter_map(|path| path.to_str()).collect();
    assert_eq!(here, ["s", "s/b"]);
    // What is asked for by its own name is another file.
    let outcome = board.mpwire(&["rm", r":s/a\udcff"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    board.write("new", "new");
    succeeded(&["cp", "new", ":s/"]);
    assert_eq!(succeeded(&["cat", ":s/new"]), "new");

    let removed = succeeded(&["rm", "-rv", ":s"]);
    assert!(removed.contains(r"removed: 's/a\udcff'"), "{removed}");
    assert_eq!(succeeded(&["ls"]), "ls :\n");
}
