//! What a copy shows on a terminal, and what stays there.

mod support;

use rustix::process::Signal;
use support::terminal::{Ended, Terminal, screen};
use support::{PORT, TestBoard, mpwire, noise};

/// A board on a line that is slow enough for progress to be shown.
fn board() -> TestBoard {
    let board = TestBoard::with(&["link=uart:115200"]);
    std::fs::create_dir_all(board.work().join("tree/lib")).expect("a new folder");
    board
}

/// mpwire on a terminal of so many columns.
fn on_terminal(board: &TestBoard, columns: u16, arguments: &[&str]) -> Terminal {
    let arguments = [&["connect", PORT], arguments].concat();
    Terminal::start_in(columns, &mpwire(), &board.work(), &arguments)
}

/// The lines that stay on the screen.
fn lines(ended: &Ended, columns: usize) -> Vec<String> {
    let mut lines = screen(&ended.shown, columns);
    assert_eq!(lines.pop().as_deref(), Some(""), "{:?}", ended.shown);
    lines
}

/// What was shown in one line and taken away again.
fn drawn(ended: &Ended) -> Vec<&str> {
    let parts = ended.shown.split('\r');
    parts
        .filter_map(|part| part.strip_suffix("\x1b[K"))
        .collect()
}

#[test]
fn progress_names_the_files_of_a_tree_and_leaves_a_list_of_them() {
    let board = board();
    for (name, seed) in [("a", 1), ("b", 2), ("c", 3)] {
        board.write(&format!("tree/lib/{name}.bin"), noise(seed, 6000));
    }
    for columns in [80, 40] {
        let name = format!("new{columns}");
        let target = format!(":{name}");
        let copied = on_terminal(&board, columns, &["cp", "-r", "tree", &target]).finish();
        assert_eq!(copied.code, Some(0), "{}", copied.shown);
        assert_eq!(
            lines(&copied, columns.into()),
            [
                format!("cp tree {target}"),
                format!("Copied: {name}/lib/a.bin"),
                format!("Copied: {name}/lib/b.bin"),
                format!("Copied: {name}/lib/c.bin"),
            ],
            "{:?}",
            copied.shown
        );
        let drawn = drawn(&copied);
        // Of which, is a matter of time.
        assert!(drawn.iter().any(|line| line.contains(".bin")), "{drawn:?}");
        assert!(
            drawn
                .iter()
                .all(|line| line.chars().count() < columns.into()),
            "{drawn:?}"
        );
    }
}

#[test]
fn a_tree_that_is_there_already_leaves_no_progress_behind() {
    let board = board();
    board.write("tree/lib/a.bin", noise(1, 20_000));
    board.write("tree/lib/b.bin", noise(2, 20_000));
    let all = ["cp", "-r", "tree", ":"];
    assert_eq!(board.mpwire(&all).code, Some(0));
    let again = on_terminal(&board, 80, &all).finish();
    assert_eq!(
        lines(&again, 80),
        [
            "cp tree :",
            "Up to date: ./tree/lib/a.bin",
            "Up to date: ./tree/lib/b.bin"
        ],
        "{:?}",
        again.shown
    );
    // Some of it.
    board.write("tree/lib/b.bin", noise(3, 20_000));
    let part = on_terminal(&board, 80, &all).finish();
    assert_eq!(
        lines(&part, 80),
        [
            "cp tree :",
            "Up to date: ./tree/lib/a.bin",
            "Copied: ./tree/lib/b.bin"
        ],
        "{:?}",
        part.shown
    );
}

#[test]
fn an_interrupt_takes_the_progress_away_and_is_told_of() {
    let board = board();
    board.write("tree/large.bin", noise(1, 100_000));
    for line in [
        ["cp", "-r", "tree", ":"],
        ["cp", "-f", "tree/large.bin", ":"],
    ] {
        let mut copying = on_terminal(&board, 80, &line);
        copying.wait_for("large.bin\x1b[K");
        // The terminal shows this, and it is not the program's own that it would send the signal to.
        copying.type_in(b"\x03");
        copying.wait_for("^C");
        copying.signal(Signal::INT);
        let ended = copying.finish();
        assert_eq!(ended.code, Some(1), "{}", ended.shown);
        let shown = [
            format!("cp {} :", line[2]),
            "mpwire: interrupted".to_owned(),
        ];
        assert_eq!(lines(&ended, 80), shown, "{:?}", ended.shown);
    }
}

#[test]
fn what_was_copied_is_listed_for_scripts_only_on_request_and_never_in_silence() {
    let board = board();
    board.write("tree/lib/a.py", "a");
    board.write("tree/b.py", "b");
    let plain = board.mpwire(&["cp", "-r", "tree", ":plain"]);
    assert_eq!(
        (plain.text().as_str(), plain.stderr.as_str()),
        ("cp tree :plain\n", "")
    );
    let told = board.mpwire(&["cp", "-r", "-v", "tree", ":told"]);
    assert_eq!(told.text(), "cp tree :told\n");
    assert!(
        told.stderr
            .starts_with("Copied: told/b.py\nCopied: told/lib/a.py\n"),
        "{told}"
    );
    let back = board.mpwire(&["cp", "-r", "-v", ":told", "back"]);
    assert!(
        back.stderr
            .contains("Copied: back/b.py\nCopied: back/lib/a.py\n"),
        "{back}"
    );
    for line in [
        ["cp", "-r", "--no-verbose", "tree", ":quiet"],
        ["cp", "-r", "--no-verbose", "tree", ":quiet"],
        ["cp", "--no-verbose", "tree/b.py", "tree/lib/a.py", ":quiet"],
        ["cp", "--no-verbose", "tree/b.py", "tree/lib/a.py", ":quiet"],
    ] {
        let quiet = on_terminal(&board, 80, &line).finish();
        assert_eq!((quiet.code, quiet.shown.as_str()), (Some(0), ""));
    }
}
