//! `edit`: what the editor gets, and what becomes of what it leaves.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use support::{Outcome, PORT, Running, TestBoard, mpwire};

#[track_caller]
fn assert_prints(outcome: &Outcome, stdout: &str) {
    assert_eq!(
        (outcome.text().as_str(), outcome.code),
        (stdout, Some(0)),
        "{outcome}"
    );
}

#[track_caller]
fn assert_says(outcome: &Outcome, part: &str) {
    assert!(outcome.stderr.contains(part), "no {part:?} in {outcome}");
}

/// The files of a folder and below, by their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// A script that appends to the file it edits.
const APPEND: &str = "printf 'more\\n' >> \"$1\"\n";

#[test]
fn odd_names_are_edited_and_no_shell_sees_them() {
    let board = TestBoard::start();
    board.write("append.sh", APPEND);
    board.write("names.sh", "basename \"$1\"\nprintf x >> \"$1\"\n");
    let names = [
        "it's",
        "$(touch hacked)",
        "`touch hacked`.py",
        "a\";touch hacked;\"",
        "new\nline",
    ];
    for name in names {
        let editor = [("EDITOR", "sh append.sh")];
        let outcome = board.mpwire_with(&editor, &["connect", PORT, "edit", name]);
        assert_prints(&outcome, &format!("edit :{name}\n"));
        assert_prints(&board.mpwire(&["cat", name]), "more\n");
    }
    assert_eq!(board.local_tree().len(), 2);
    let editor = [("EDITOR", "sh names.sh")];
    let line = ["connect", PORT, "edit", "$(x) y.py", "grüße.txt"];
    assert_prints(
        &board.mpwire_with(&editor, &line),
        "edit :$(x) y.py\n__x__y.py\nedit :grüße.txt\ngrüße.txt\n",
    );
}

#[test]
fn the_copy_is_private_and_goes() {
    let board = TestBoard::start();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    board.write("look.sh", "stat -c %a \"$(dirname \"$1\")\"\n");
    let variables = [
        ("EDITOR", "sh look.sh"),
        ("TMPDIR", temporary.path().to_str().expect("plain")),
    ];
    let outcome = board.mpwire_with(&variables, &["connect", PORT, "edit", "a"]);
    assert_prints(&outcome, "edit :a\n700\n");
    assert_says(&outcome, "mpwire: edit: :a is not changed\n");
    assert_eq!(fs::read_dir(temporary.path()).expect("a folder").count(), 0);
}

#[test]
fn what_cannot_be_written_is_kept_and_named() {
    let board = TestBoard::start();
    board.write("huge.sh", "head -c 9000000 /dev/urandom > \"$1\"\n");
    board.write("fail.sh", format!("{APPEND}exit 3\n"));
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().to_str().expect("plain");
    let edited = |editor| {
        let variables = [("EDITOR", editor), ("TMPDIR", folder)];
        let outcome = board.mpwire_with(&variables, &["connect", PORT, "edit", "a.py"]);
        let kept = files(temporary.path());
        let [kept] = kept.as_slice() else {
            panic!("{kept:?} after {outcome}");
        };
        assert!(kept.ends_with("a.py"));
        assert_says(
            &outcome,
            &format!("your text for :a.py is kept in {}\n", kept.display()),
        );
        let text = fs::read(kept).expect("readable");
        fs::remove_dir_all(kept.parent().expect("a folder")).expect("removable");
        (outcome, text)
    };
    let (outcome, text) = edited("sh huge.sh");
    assert_eq!((outcome.code, text.len()), (Some(1), 9_000_000));
    assert_says(&outcome, "No space left on device");
    let (outcome, text) = edited("sh fail.sh");
    assert_eq!((outcome.code, &*text), (Some(1), &b"more\n"[..]));
    assert_says(
        &outcome,
        "the editor failed (exit status: 3), and :a.py is left as it is",
    );
    assert_prints(&board.mpwire(&["cat", "a.py"]), "");
}

#[test]
fn an_editor_that_is_none_is_an_error() {
    let board = TestBoard::start();
    let edit = |variables: &[(&str, &str)]| {
        let outcome = board.mpwire_with(variables, &["connect", PORT, "edit", "a.py"]);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        outcome
    };
    assert_says(
        &edit(&[("EDITOR", "no-such-editor -x")]),
        "'no-such-editor' does not start",
    );
    assert_says(&edit(&[("EDITOR", "ed 'open")]), "$EDITOR is not a command");
    assert_says(&edit(&[]), "mpwire: edit: $EDITOR not set\n");
    board.write("append.sh", APPEND);
    let visual = [("EDITOR", " "), ("VISUAL", "sh append.sh")];
    let outcome = board.mpwire_with(&visual, &["connect", PORT, "edit", "b.py"]);
    assert_prints(&outcome, "edit :b.py\n");
    assert_prints(&board.mpwire(&["cat", "b.py"]), "more\n");
}

#[test]
fn an_editor_that_fails_is_an_error_and_no_further_file_is_edited() {
    let board = TestBoard::start();
    let editor = [("EDITOR", "false")];
    let line = ["connect", PORT, "edit", "a.py", "b.py", "+", "eval", "1"];
    let outcome = board.mpwire_with(&editor, &line);
    assert_eq!(
        (
            outcome.code,
            outcome.text().as_str(),
            outcome.stderr.as_str()
        ),
        (
            Some(1),
            "edit :a.py\n",
            "mpwire: edit: the editor failed (exit status: 1), and :a.py is left as it is\n"
        )
    );
}

#[test]
fn ctrl_c_in_the_editor_is_the_editors() {
    let board = TestBoard::start();
    board.write("wait.sh", format!("echo ready\nread line < gate\n{APPEND}"));
    let gate = board.work().join("gate");
    rustix::fs::mkfifoat(rustix::fs::CWD, &gate, 0o600.into()).expect("a pipe");
    let variables = [("EDITOR", "sh wait.sh")];
    let line = ["connect", PORT, "edit", "a.py"];
    let mut running = Running::start_with(&variables, &mpwire(), &board.work(), &line);
    running.wait_for("ready");
    running.signal(Signal::INT);
    fs::write(&gate, "go\n").expect("somebody reads");
    let outcome = running.finish();
    assert_prints(&outcome, "edit :a.py\nready\n");
    assert_prints(&board.mpwire(&["cat", "a.py"]), "more\n");
}

#[test]
fn a_copy_that_the_editor_removes_is_told_of() {
    let board = TestBoard::start();
    board.write("remove.sh", "rm \"$1\"\n");
    let variables = [("EDITOR", "sh remove.sh")];
    let outcome = board.mpwire_with(&variables, &["connect", PORT, "edit", "a.py"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(&outcome, "No such file or directory");
}
