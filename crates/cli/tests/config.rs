//! What the user has set: aliases, defaults, the environment.

mod support;

use std::fs;
use std::path::Path;

use support::{Outcome, PORT, Running, TestBoard, mpwire};

/// Where the file is that `configure` writes for mpwire.
const CONFIG: &str = "mpwire/config.toml";

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

/// Runs mpwire without a board, with a `config.toml` of these contents.
fn configured(contents: &str, arguments: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("mine.toml");
    fs::write(&path, contents).expect("writable");
    let variables = [("MPWIRE_CONFIG", path.to_str().expect("plain"))];
    Running::start_with(&variables, &mpwire(), folder.path(), arguments).finish()
}

#[test]
fn the_default_board_is_the_environments_or_the_files() {
    let board = TestBoard::start();
    assert_prints(
        &board.mpwire_with(&[("MPWIRE_BOARD", PORT)], &["eval", "1"]),
        "1\n",
    );
    board.configure(CONFIG, "[defaults]\nboard = 'port:../board'\n");
    assert_prints(&board.mpwire_with(&[], &["eval", "2"]), "2\n");

    let outcome = board.mpwire_with(&[("MPWIRE_BOARD", "./none")], &["eval", "1"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(
        &outcome,
        "failed to access ./none: no such port; MPWIRE_BOARD says",
    );
    assert_says(&outcome, "hint: ");
    // What is typed comes first.
    let typed = ["connect", PORT, "eval", "3"];
    assert_prints(
        &board.mpwire_with(&[("MPWIRE_BOARD", "./none")], &typed),
        "3\n",
    );

    board.configure(CONFIG, "[defaults]\nboard = './missing'\n");
    let outcome = board.mpwire_with(&[], &["eval", "1"]);
    assert_says(&outcome, "failed to access ./missing");
    assert_says(&outcome, "mpwire/config.toml says");
}

#[test]
fn boards_are_reset_or_not_as_the_user_wishes() {
    let board = TestBoard::start();
    let never = [("MPWIRE_BOARD", PORT), ("MPWIRE_SOFT_RESET", "never")];
    let auto = [("MPWIRE_BOARD", PORT), ("MPWIRE_SOFT_RESET", "auto")];
    let known = "print('x' in globals())";
    assert_prints(&board.mpwire_with(&never, &["exec", "x = 1"]), "");
    assert_prints(&board.mpwire_with(&never, &["exec", known]), "True\n");
    assert_prints(
        &board.mpwire_with(&never, &["disconnect", "exec", known]),
        "True\n",
    );
    // The option comes before the environment, and the environment before the file.
    board.configure(CONFIG, "[defaults]\nsoft-reset = 'auto'\n");
    assert_prints(&board.mpwire_with(&never, &["exec", known]), "True\n");
    let option = ["--soft-reset=never", "exec", known];
    assert_prints(&board.mpwire_with(&auto, &option), "True\n");
    assert_prints(
        &board.mpwire_with(&never, &["soft-reset", "exec", known]),
        "False\n",
    );

    assert_prints(&board.mpwire_with(&never, &["exec", "x = 1"]), "");
    let option = ["--soft-reset", "auto", "exec", known];
    assert_prints(&board.mpwire_with(&never, &option), "False\n");

    board.configure(CONFIG, "[aliases]\nkeep = '--soft-reset=never exec'\n");
    assert_prints(&board.mpwire(&["exec", "x = 1"]), "");
    assert_prints(&board.mpwire(&["keep", known]), "True\n");

    board.configure(CONFIG, "[defaults]\nsoft-reset = 'never'\n");
    assert_prints(&board.mpwire(&["exec", "x = 1"]), "");
    assert_prints(&board.mpwire(&["exec", known]), "True\n");
    // Once the board is in use it is not reset behind the user's back.
    let late = ["exec", known, "--soft-reset=auto", "exec", known];
    assert_prints(&board.mpwire(&late), "True\nTrue\n");
    assert_prints(&board.mpwire_with(&auto, &["exec", known]), "False\n");
}

#[test]
fn soft_reset_takes_two_words_only() {
    let outcome = configured("", &["--soft-reset=maybe", "version"]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
    assert_says(
        &outcome,
        "mpwire: --soft-reset is 'auto' or 'never', not 'maybe'",
    );
    let variables = [("MPWIRE_SOFT_RESET", "maybe")];
    let here = Path::new(".");
    let outcome = Running::start_with(&variables, &mpwire(), here, &["eval", "1"]).finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(&outcome, "MPWIRE_SOFT_RESET is 'auto' or 'never'");
}

#[test]
fn commands_have_the_options_that_are_set() {
    let board = TestBoard::start();
    board.configure(
        CONFIG,
        "[defaults]\ncp = ['--force']\nls = '--no-verbose'\n",
    );
    board.write("a.txt", "a");
    assert_prints(&board.mpwire(&["cp", "a.txt", ":"]), "cp a.txt :\n");
    assert_prints(&board.mpwire(&["cp", "a.txt", ":"]), "cp a.txt :\n");
    assert_prints(
        &board.mpwire(&["cp", "--no-force", "a.txt", ":"]),
        "cp a.txt :\nUp to date: ./a.txt\n",
    );
    assert_prints(&board.mpwire(&["fs", "ls"]), "           1 a.txt\n");
    assert_prints(&board.mpwire(&["ls", "-v"]), "ls :\n           1 a.txt\n");

    board.configure(CONFIG, "[defaults]\nls = ['--nope']\n");
    let outcome = board.mpwire(&["ls"]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
    assert_says(
        &outcome,
        "the default option '--nope' of config.toml is refused",
    );
}

#[test]
fn a_broken_file_is_told_of_with_its_place_and_help_still_helps() {
    let broken = "[defaults]\nboard = \n";
    let outcome = configured(broken, &["eval", "1"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(1), ""),
        "{outcome}"
    );
    assert_says(&outcome, "mine.toml line 2, column 9: ");
    for line in [
        &["help"][..],
        &["version"],
        &["--help"],
        &["--version"],
        &["ls", "--help"],
        &["completion", "bash"],
    ] {
        let outcome = configured(broken, line);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert!(!outcome.stdout.is_empty());
        assert_says(&outcome, "mine.toml line 2, column 9: ");
    }
    let outcome = configured("[aliases]\na = [1]\n", &["a"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(&outcome, "mine.toml line 2, column 6: an alias is a string");
}

#[test]
fn unknown_keys_are_told_of_and_do_no_harm() {
    let outcome = configured("[default]\n[defaults]\nbaord = 'x'\n", &["version"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_says(
        &outcome,
        "mine.toml line 1: unknown key 'default' is ignored\n",
    );
    assert_says(
        &outcome,
        "mine.toml line 3: unknown key 'baord' is ignored\n",
    );
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let variables = [("MPWIRE_CONFIG", "./none.toml")];
    let outcome =
        Running::start_with(&variables, &mpwire(), Path::new("."), &["eval", "1"]).finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(
        &outcome,
        "./none.toml: there is no such file, though MPWIRE_CONFIG names it",
    );
}

#[test]
fn help_lists_the_users_aliases() {
    let outcome = configured(
        "[aliases]\nblink = 'run blink.py'\n'mul x y=2' = { command = 'eval x*y', help = 'multiply' }\n",
        &["help"],
    );
    let text = outcome.text();
    assert!(
        text.contains("\n  blink      short for `run blink.py`\n"),
        "{outcome}"
    );
    let row = text.lines().find(|line| line.contains("mul x y=2"));
    assert!(
        row.is_some_and(|row| row.ends_with("  multiply")),
        "{outcome}"
    );
}

#[test]
fn a_mistyped_alias_is_suggested() {
    let aliases = "[aliases]\nkeep = '--soft-reset=never'\n";
    assert_says(&configured(aliases, &["kepe"]), "did you mean `keep`?");
}

#[test]
fn aliases_that_stand_for_themselves_are_refused() {
    for (aliases, names) in [
        ("ls = 'ls -x'", "ls -> ls"),
        ("a = 'b'\nb = 'a x'", "a -> b -> a"),
        ("eval = 'one'\none = 'eval 1'", "eval -> one -> eval"),
    ] {
        let (name, _) = names.split_once(' ').expect("a name");
        let outcome = configured(&format!("[aliases]\n{aliases}\n"), &[name, "x"]);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert_says(&outcome, &format!("the alias stands for itself: {names}\n"));
    }
}

#[test]
fn aliases_without_end_are_refused() {
    use std::fmt::Write as _;

    let mut aliases = "[aliases]\na40 = 'sleep 0'\n".to_owned();
    for number in 0..40 {
        let next = number + 1;
        writeln!(aliases, "a{number} = 'a{next} a{next}'").expect("a string");
    }
    let outcome = configured(&aliases, &["a0"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(
        &outcome,
        "aliases add more than 10000 words to this command line",
    );
    // The shell waits for this one.
    let outcome = configured(&aliases, &["__complete", "bash", "--", "a0", ""]);
    assert_eq!(outcome.text(), "", "{outcome}");

    let mut chain = "[aliases]\nb2000 = 'version'\n".to_owned();
    for number in 0..2000 {
        writeln!(chain, "b{number} = 'b{}'", number + 1).expect("a string");
    }
    let outcome = configured(&chain, &["b0"]);
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (
            Some(1),
            "mpwire: the alias 'b0' stands for too many others, one behind the other; define it by the \
             command that they end in\n"
        )
    );
    assert_eq!(configured(&chain, &["b1950"]).code, Some(0));
}

#[test]
fn config_py_is_read_and_never_executed() {
    let board = TestBoard::start();
    board.configure(
        "mpremote/config.py",
        "import os\nopen('executed', 'w')\ncommands = {\n  'one': 'eval 1',\n  'two': os.getcwd(),\n  'three': 'eval 3',\n}\n",
    );
    let outcome = board.mpwire(&["one", "three"]);
    assert_prints(&outcome, "1\n3\n");
    assert_says(
        &outcome,
        "mpremote/config.py line 1, and 2 more: is not a literal and is ignored\n",
    );
    assert!(board.local_tree().is_empty());
    assert_says(&board.mpwire(&["two"]), "'two' is not a command");

    // mpwire's own come first.
    board.configure(CONFIG, "[aliases]\none = 'eval 11'\n");
    assert_prints(&board.mpwire(&["one", "three"]), "11\n3\n");
    board.configure(CONFIG, "[defaults]\nignore-config-py = true\n");
    let outcome = board.mpwire(&["three"]);
    assert_says(&outcome, "mpwire: 'three' is not a command\n");
}

#[test]
fn a_config_py_that_is_no_text_is_told_of() {
    let board = TestBoard::start();
    board.configure("mpremote/config.py", "");
    let path = board.work().join("../config/mpremote/config.py");
    fs::write(&path, b"commands = {'a': '\xff'}\n").expect("writable");
    let outcome = board.mpwire(&["eval", "1"]);
    assert_prints(&outcome, "1\n");
    assert_says(&outcome, "config.py: is not UTF-8 text");
}

#[cfg(unix)]
#[test]
fn configurations_that_are_no_files_are_told_of_and_not_waited_for() {
    let make_pipe = |path: &Path| {
        rustix::fs::mkfifoat(rustix::fs::CWD, path, 0o600.into()).expect("a pipe");
    };
    let board = TestBoard::start();
    board.configure("mpremote/config.py", "");
    let path = board.work().join("../config/mpremote/config.py");
    fs::remove_file(&path).expect("it was made");
    make_pipe(&path);
    let outcome = board.mpwire(&["eval", "1"]);
    assert_prints(&outcome, "1\n");
    assert_says(&outcome, "config.py: is not a regular file and is not read");

    board.configure(CONFIG, "");
    let path = board.work().join("../config").join(CONFIG);
    fs::remove_file(&path).expect("it was made");
    make_pipe(&path);
    let outcome = board.mpwire(&["eval", "1"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_says(
        &outcome,
        "config.toml: is not a regular file and is not read",
    );
    // Help is given all the same.
    assert_eq!(board.mpwire_with(&[], &["version"]).code, Some(0));
    let none = [("MPWIRE_CONFIG", "/dev/null")];
    let outcome = board.mpwire_with(&none, &["connect", PORT, "eval", "1"]);
    assert_prints(&outcome, "1\n");
}
