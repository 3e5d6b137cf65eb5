//! mpwire through a link named `mpremote`, beside genuine mpremote 1.29.0 on an equal board: standard
//! output, standard error and exit codes are the same to the letter, and in scripts that join both
//! streams the order of lines too.

#![expect(clippy::format_push_string, reason = "a report is short")]

mod support;

use std::path::{Path, PathBuf};

use support::{Outcome, PORT, Running, TestBoard, mpremote, mpwire};

/// A link named `mpremote` that leads to mpwire, beside the folder that programs run in.
fn link(board: &TestBoard) -> PathBuf {
    let folder = board.work().join("../bin");
    std::fs::create_dir_all(&folder).expect("a writable folder");
    let link = folder.join("mpremote");
    if !link.exists() {
        std::os::unix::fs::symlink(mpwire(), &link).expect("a link");
    }
    link
}

/// What both boards and both folders have at the start.
const BOARD: &str = "
import os
for name in ('lib', 'lib/pkg'):
 os.mkdir(name)
def put(path, data):
 with open(path, 'wb') as file:
  file.write(data)
put('hello.txt', b'hello\\n')
put('lib/a.py', b'A = 1\\n')
put('lib/pkg/b.py', b'B = 2\\n')
del put
";

/// A filesystem whose `open` raises what it is told.
const BROKEN: &str = "
import os, vfs, errno
class Broken:
 def mount(self, *a, **k): pass
 def umount(self, *a, **k): pass
 def chdir(self, *a, **k): pass
 def stat(self, path): return (0x8000, 0, 0, 0, 0, 0, 1, 0, 0, 0)
 def open(self, *a, **k): raise self.error
broken = Broken()
vfs.mount(broken, '/broken')
os.chdir('/broken')
";

/// Two equal boards, the first for genuine mpremote.
struct Pair {
    theirs: TestBoard,
    ours: TestBoard,
}

impl Pair {
    fn start() -> Self {
        let board = || {
            let board = TestBoard::start();
            board.execute(BOARD);
            board.write("local.txt", "local\n");
            board.write("print.py", "print(1)\nprint(2)\n");
            board.write("raise.py", "print('before')\nraise ValueError('bad')\n");
            board.write("broken.py", BROKEN);
            std::fs::create_dir_all(board.work().join("tree/sub")).expect("a writable folder");
            board.write("tree/one.py", "ONE = 1\n");
            board.write("tree/sub/two.py", "TWO = 2\n");
            board
        };
        Self {
            theirs: board(),
            ours: board(),
        }
    }

    /// Runs a command line with both.
    fn run(&self, variables: &[(&str, &str)], words: &[&str]) -> (Outcome, Outcome) {
        let variables = [&[("PYTHONUNBUFFERED", "")], variables].concat();
        let run = |program: &Path, board: &TestBoard| {
            Running::start_with(&variables, program, &board.work(), words).finish()
        };
        (
            run(&mpremote(), &self.theirs),
            run(&link(&self.ours), &self.ours),
        )
    }

    /// Asserts that each line, split at blanks, has the same results.
    fn compare(&self, lines: &[&str]) {
        let words: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
        self.compare_words(&words);
    }

    fn compare_words(&self, lines: &[Vec<&str>]) {
        let mut report = String::new();
        for words in lines {
            let connects = matches!(words[0], "connect" | "version" | "no-command");
            let connect = if connects {
                &[][..]
            } else {
                &["connect", PORT]
            };
            let line = [connect, words].concat();
            let (expected, found) = self.run(&[], &line);
            if expected != found {
                report += &format!("\n{words:?}\n  mpremote {expected}\n  mpwire   {found}\n");
            }
        }
        assert!(report.is_empty(), "{report}");
    }

    /// Runs a shell script with both, standard error in standard output; what they print and their exit
    /// codes are the same. Returns what was printed.
    fn script(&self, script: &str) -> String {
        let run = |program: &Path, board: &TestBoard| {
            let command = format!("{} connect {PORT}", program.display());
            let variables = [
                ("MPREMOTE", command.as_str()),
                ("PYTHONUNBUFFERED", ""),
                ("LC_ALL", "C.UTF-8"),
            ];
            let shell = Path::new("/bin/sh");
            let words = ["-c", &format!("exec 2>&1\nset -e\n{script}")];
            Running::start_with(&variables, shell, &board.work(), &words).finish()
        };
        let expected = run(&mpremote(), &self.theirs);
        let found = run(&link(&self.ours), &self.ours);
        assert_eq!(
            (found.text(), found.code),
            (expected.text(), expected.code),
            "\n{expected}\n{found}"
        );
        found.text()
    }
}

#[test]
fn file_errors_are_mpremotes() {
    Pair::start().compare(&[
        "cat :missing",
        "cat missing hello.txt",
        "ls :missing",
        "rm :missing",
        "rm -r :missing",
        "mkdir :a/b/c",
        "mkdir :lib",
        "touch :a/b",
        "sha256sum :missing",
        "tree :missing",
        "tree :hello.txt",
        "cp missing.txt :",
        "cp missing.txt other.txt",
        "cp :missing .",
        "cp tree :x",
        "cp :lib .",
        "cp local.txt :no/such/x",
        "cp local.txt local.txt :no",
        "cp local.txt local.txt :hello.txt",
        "cp local.txt :no/",
        "cp local.txt",
        "edit x",
    ]);
}

#[test]
fn other_errors_are_mpremotes() {
    Pair::start().compare(&[
        "run missing.py",
        "run raise.py",
        "exec 1/0",
        "no-command",
        "md5 :hello.txt",
        "connect /dev/no-such-port eval 1",
        "connect id:no-such-number eval 1",
        "disconnect eval 1",
        "romfs nonsense",
        "romfs build",
        "romfs deploy",
        "mip nonsense x",
    ]);
}

#[test]
fn usage_errors_are_mpremotes() {
    Pair::start().compare(&[
        "connect",
        "eval",
        "eval --bad 1 2",
        "eval -x",
        "exec",
        "exec --nope 1",
        "exec --follow --no-follow 1",
        "run",
        "fs",
        "fs cp",
        "cat",
        "ls -x",
        "cp --no a b",
        "tree -s -h",
        "tree -hs lib",
        "rm -r --no-rec lib",
        "edit",
        "mount",
        "mount --nope .",
        "mip",
        "mip install",
        "mip --target",
        "repl --capture",
        "repl --nope",
        "resume --nope",
        "romfs",
        "romfs -p x query",
        "rtc -x",
        "rtc --set --no-set",
        "rtc --no-set -s",
        "sleep",
        "sleep x",
        "soft-reset --nope",
        "umount --nope",
        "disconnect --nope --neither",
        "reset --nope",
    ]);
    for columns in ["40", "200"] {
        let pair = Pair::start();
        for words in [
            &["connect", PORT, "fs"][..],
            &["connect", PORT, "repl", "--nope"],
            &["connect", PORT, "mip"],
        ] {
            let (expected, found) = pair.run(&[("COLUMNS", columns)], words);
            assert_eq!(expected, found, "{words:?} at {columns} columns");
        }
    }
}

#[test]
fn what_the_board_raises_is_told_as_mpremote_does() {
    let pair = Pair::start();
    let printed = pair.script(
        r#"
        $MPREMOTE run broken.py
        $MPREMOTE resume exec "broken.error = Exception('odd')"
        ($MPREMOTE resume cat :odd.py 2>&1 || echo "exit $?") | sed -n '1p;$p'
        for name in ENOENT EISDIR EEXIST ENODEV EINVAL EPERM EOPNOTSUPP EACCES; do
            $MPREMOTE resume exec "broken.error = OSError(errno.$name)"
            $MPREMOTE resume cat :$name.py || echo "exit $?"
        done
        $MPREMOTE resume exec "vfs.umount('/broken')"
        "#,
    );
    assert!(
        printed.starts_with("mpremote: Error with transport:\nexit 1\nmpremote: cat: ENOENT.py: No such file or directory.\n"),
        "{printed}"
    );
}

#[test]
fn what_cannot_be_removed_is_told_as_mpremote_does() {
    let printed = Pair::start().script(
        r#"
        $MPREMOTE ls
        $MPREMOTE resume rm -r :/ || echo "exit $?"
        $MPREMOTE resume ls
        $MPREMOTE resume rm :no || echo "exit $?"
        $MPREMOTE mount tree rm -r :sub || echo "exit $?"
        "#,
    );
    assert!(
        printed.contains("mpremote: rm -r: cannot remove :/ Operation not permitted\nexit 1\n"),
        "{printed}"
    );
}

#[test]
fn lines_come_in_mpremotes_order() {
    let printed = Pair::start().script(
        r#"
        $MPREMOTE mount . exec "print('inside')"
        $MPREMOTE mount . run raise.py || echo "exit $?"
        $MPREMOTE cp local.txt :a.txt + exec "print('between')" + cp :a.txt b.txt + cat :a.txt
        $MPREMOTE resume ls : + exec "print('behind')" cat :missing || echo "exit $?"
        $MPREMOTE exec "print('first')" + cp -r tree : + cp -r tree : + eval 7
        echo 'echo edited' > say.sh
        EDITOR='sh say.sh' $MPREMOTE edit :a.txt
        "#,
    );
    let inside = printed.find("inside\n").expect("the program's output");
    let mounted = printed.find("Local directory . is mounted at /remote\n");
    assert!(mounted.is_some_and(|mounted| mounted > inside), "{printed}");
}

#[test]
fn lines_come_at_once_where_python_would_not_buffer_them() {
    let pair = Pair::start();
    let printed = pair.script(
        r#"
        export PYTHONUNBUFFERED=1
        $MPREMOTE mount . exec "print('inside')"
        $MPREMOTE cp local.txt :a.txt + exec "print('between')" + cp :a.txt b.txt
        "#,
    );
    assert!(printed.starts_with("Local directory"), "{printed}");
}

#[test]
fn long_listings_are_held_back_as_long_as_python_does() {
    let printed = Pair::start().script(
        r#"
        $MPREMOTE exec "
import os
os.mkdir('many')
for i in range(180): open('many/' + 'x' * 60 + str(i), 'w').close()
"
        $MPREMOTE resume ls many + exec "print('behind')" + ls many + exec "print('the end')"
        "#,
    );
    let behind = printed.find("behind\n").expect("the program's output");
    assert!(behind > 8000, "{behind}");
}

#[test]
fn files_trees_and_packages_are_told_of_as_mpremote_does() {
    Pair::start().script(
        r#"
        mkdir -p package/example
        echo "def hello(): print('hello')" > package/example/__init__.py
        echo '{"urls": [["example/__init__.py", "example/__init__.py"]], "version": "1"}' > package/package.json
        $MPREMOTE mip install --target=/lib package/package.json
        $MPREMOTE exec "import example; example.hello()"
        $MPREMOTE cp -r tree :
        $MPREMOTE cp -r tree :
        $MPREMOTE tree : + tree -s :lib + ls lib
        $MPREMOTE rm -rv :tree
        $MPREMOTE fs cp local.txt :/lib/ + sha256sum :lib/local.txt
        $MPREMOTE cp -f local.txt :lib + cp local.txt :lib/local.txt/ || echo "exit $?"
        "#,
    );
}

#[test]
fn state_is_kept_and_reset_as_under_mpremote() {
    Pair::start().script(
        r#"
        $MPREMOTE exec "a = 1" eval a
        $MPREMOTE eval a || echo "exit $?"
        $MPREMOTE exec "a = 2"
        $MPREMOTE resume eval a
        $MPREMOTE exec "a = 3" eval a soft-reset eval 1+1 eval a || echo "exit $?"
        $MPREMOTE exec --no-follow "import time; time.sleep(0.05); print('unseen')"
        $MPREMOTE eval "'Grüße, 世界'"
        "#,
    );
}

#[test]
fn what_cannot_be_fetched_is_told_in_mpremotes_words() {
    let (expected, found) = Pair::start().run(
        &[],
        &["connect", PORT, "mip", "install", "no/such/package.json"],
    );
    // Standard output differs: mpwire installs no part of a package.
    assert_eq!((found.stderr, found.code), (expected.stderr, expected.code));
}

#[test]
fn the_version_is_mpremotes_and_says_whose_it_is() {
    let board = TestBoard::start();
    for line in ["version", "--version"] {
        let outcome = Running::start(&link(&board), &board.work(), &[line]).finish();
        let expected = concat!("mpremote 1.29.0 (mpwire ", env!("CARGO_PKG_VERSION"), ")\n");
        assert_eq!(outcome.text(), expected);
    }
    let outcome = board.mpwire(&["version"]);
    assert_eq!(
        outcome.text(),
        concat!("mpwire ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
