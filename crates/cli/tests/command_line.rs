//! What is said of a command line that is wrong, and in which style.

mod support;

use std::path::Path;

use support::{Outcome, mpwire, run};

/// Without a board: the one that is named is not there.
fn without_board(arguments: &[&str]) -> Outcome {
    let arguments = [&["connect", "./no-board"], arguments].concat();
    run(&mpwire(), Path::new("."), &arguments)
}

#[test]
fn without_a_board_what_is_wrong_with_the_command_line_is_said() {
    for (line, code, said) in [
        (
            &["nonsense"][..],
            1,
            "mpwire: 'nonsense' is not a command\n",
        ),
        (
            &["eval", "1", "nonsense"],
            1,
            "mpwire: 'nonsense' is not a command\n",
        ),
        (
            &["ls", "+", "fs", "nonsense", "x"],
            1,
            "mpwire: fs: 'nonsense' is not a command",
        ),
        (
            &["ls", ":", "+", "cp", ":main.py"],
            1,
            "mpwire: cp: missing destination path\n",
        ),
        (
            &["cp", "./no-file", ":"],
            1,
            "mpwire: cp: ./no-file: No such file or directory.\n",
        ),
        (
            &["romfs", "nonsense"],
            1,
            "mpwire: romfs: 'nonsense' is not a command",
        ),
        (
            &["romfs", "deploy"],
            1,
            "mpwire: romfs deploy: source path not given\n",
        ),
        (
            &["mip", "remove", "x"],
            1,
            "mpwire: mip: 'remove' is not a command\n",
        ),
        (
            &["ls", "+", "run"],
            2,
            "mpwire: the following required arguments were not provided:\n",
        ),
        (&["df", "sleep", "x"], 2, "mpwire: invalid value 'x'"),
        (
            &["ls", "--nope"],
            2,
            "mpwire: unexpected argument '--nope' found\n",
        ),
        (
            &["--soft-reset=maybe", "ls"],
            2,
            "mpwire: --soft-reset is 'auto' or 'never'",
        ),
    ] {
        let outcome = without_board(line);
        assert_eq!(outcome.code, Some(code), "{line:?}: {outcome}");
        assert!(outcome.stderr.starts_with(said), "{line:?}: {outcome}");
        assert!(!outcome.stderr.contains("no-board"), "{line:?}: {outcome}");
        assert_eq!(outcome.text(), "", "{line:?}");
    }
    // Where nothing is wrong with it, the board is what is missing.
    for line in [
        &["ls"][..],
        &["eval", "1", "+", "cp", ":a", "."],
        &["ls", "+", "help"],
    ] {
        let outcome = without_board(line);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert!(outcome.stderr.contains("no-board"), "{outcome}");
    }
}

#[test]
fn every_error_begins_with_the_programs_name_and_a_hint_with_hint() {
    for (line, said) in [
        (
            &["run", "--nope", "x"][..],
            "mpwire: unexpected argument '--nope' found\n\nhint: ",
        ),
        (&["sl"], "mpwire: 'sl' is not a command\nhint: "),
        (
            &["run", "./no-file"],
            "mpwire: could not read file './no-file'\n",
        ),
    ] {
        let outcome = run(&mpwire(), Path::new("."), line);
        assert!(outcome.stderr.starts_with(said), "{outcome}");
        assert!(!outcome.stderr.contains("error:"), "{outcome}");
        assert!(!outcome.stderr.contains('\x1b'), "{outcome}");
    }
}

#[test]
fn noise_is_quoted_briefly_and_printable() {
    // Whatever is at the other end, it is no board.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("socket://{}", listener.local_addr().expect("bound"));
    let noise = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().expect("mpwire connects");
        let mut input = [0; 64];
        // Until mpwire has given up.
        while let Ok(1..) = stream.read(&mut input) {
            if stream
                .write_all(&[0xfe, 0x1b, b'[', b'2', b'J'].repeat(40))
                .is_err()
            {
                return;
            }
        }
    });
    let outcome = run(
        &mpwire(),
        folder.path(),
        &["connect", &address, "eval", "1"],
    );
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let (_, quoted) = outcome
        .stderr
        .split_once("it printed \"")
        .expect("a quotation");
    let (quoted, _) = quoted.split_once('"').expect("its end");
    assert!((70..=80).contains(&quoted.len()), "{outcome}");
    assert!(
        quoted.starts_with("...") && quoted.contains(r"\xfe\x1b[2J"),
        "{outcome}"
    );
    noise.join().expect("it ends");
}
