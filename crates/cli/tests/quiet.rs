//! `-q`: results and errors, nothing else.

mod support;

use support::TestBoard;

#[test]
fn quiet_leaves_results_and_errors() {
    let board = TestBoard::start();
    board.write("a.txt", "hello\n");
    std::fs::create_dir_all(board.work().join("tree")).expect("a writable folder");
    board.write("tree/b.txt", "tree\n");
    for (words, stdout, stderr) in [
        (&["cp", "-q", "a.txt", ":"][..], "", ""),
        (&["cp", "-q", "a.txt", ":"], "", ""),
        (&["--quiet", "cp", "-r", "tree", ":"], "", ""),
        (&["-q", "cp", "-r", "tree", ":", "+", "mkdir", "d"], "", ""),
        (&["ls", "--quiet", "d"], "", ""),
        (&["-q", "ls", "tree"], "           5 b.txt\n", ""),
        (&["-q", "cat", "a.txt"], "hello\n", ""),
        (&["fs", "-qv", "rmdir", "d"], "rmdir :d\n", ""),
        (
            &["-q", "rm", "no"],
            "",
            "mpwire: rm: no: No such file or directory.\n",
        ),
        // Standard output is the program's.
        (
            &["-q", "mount", ".", "exec", "print(1)"],
            "1\n",
            "Local directory . is mounted at /remote\n",
        ),
        (
            &["mount", "-q", "tree", "eval", "2"],
            "2\n",
            "Local directory tree is mounted at /remote\n",
        ),
        (
            &["mount", ".", "exec", "print(1)"],
            "Local directory . is mounted at /remote\n1\n",
            "",
        ),
    ] {
        let outcome = board.mpwire(words);
        assert_eq!(
            (outcome.text().as_str(), outcome.stderr.as_str()),
            (stdout, stderr),
            "{words:?}"
        );
    }
}
