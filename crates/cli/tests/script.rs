//! A script from the days of mpremote 1.29, which runs with mpwire in its place: on a terminal, since it
//! ends in the REPL.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use support::terminal::Terminal;
use support::{TestBoard, mpremote, mpwire};

/// `tool` is either program. What is not for a person goes to files, as in any log; progress is shown
/// to terminals only, and differs.
const SCRIPT: &str = r#"
set -e
board="connect ../board"
{
    tool $board mount . exec "import work; work.run()" + umount
    tool $board cp main.py : + cp -r lib : + ls : + sha256sum main.py
    tool $board exec "import main" eval "main.answer"
    tool $board mip install --no-mpy package.json
    tool $board romfs --no-mpy --output image.romfs build lib
    tool $board fs cp :main.py back.py + rm :main.py + tree :
    tool $board run work.py || echo "failed with $?"
    tool $board cat missing.py 2> /dev/null || echo "failed with $?"
} > log.txt
tool $board romfs deploy image.romfs > /dev/null
tool $board soft-reset exec "import os; print(os.listdir('/rom'))" >> log.txt
tool $board resume exec "kept = 6 * 7" repl
tool $board resume eval kept >> log.txt
echo "the script has ended"
"#;

/// What the script leaves: what the terminal showed of the REPL, the board's files, the local ones.
type Traces = (Vec<String>, Vec<String>, BTreeMap<PathBuf, Option<Vec<u8>>>);

fn play(program: &Path) -> Traces {
    let board = TestBoard::with(&["link=fast", "rom=64k", "line-ends=crlf"]);
    let script = format!("tool() {{ '{}' \"$@\"; }}\n{SCRIPT}", program.display());
    let script = script.replace('\r', "");
    fs::create_dir_all(board.work().join("lib")).expect("a new folder");
    board.write("script.sh", &script);
    board.write("main.py", "answer = 42\n");
    board.write("work.py", "def run():\n    open('made.txt', 'w').write('made on the board')\n\n\n1 / 0 if __name__ == '__main__' else None\n");
    board.write("lib/one.py", "one = 1\n");
    board.write("lib/two.py", "two = 2\n".repeat(500));
    board.write(
        "package.json",
        r#"{"urls": [["package/first.py", "lib/one.py"]], "version": "1"}"#,
    );
    let mut terminal = Terminal::start(Path::new("/bin/sh"), &board.work(), &["script.sh"]);
    terminal.wait_for("to exit this shell");
    terminal.wait_for(">>> ");
    terminal.ask("kept\r", "\n42\r\n>>> ");
    terminal.ask("kept = 'at the end'\r", ">>> ");
    terminal.type_in("\x1d");
    terminal.wait_for("the script has ended");
    let ended = terminal.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.shown);
    assert!(ended.restored);
    let mut local = board.local_tree();
    local.remove(Path::new("script.sh"));
    // Progress before that is the program's own.
    let repl = ended.shown.find("Connected to").expect("the REPL's words");
    let shown = ended.shown[repl..].lines().map(str::to_owned).collect();
    (shown, board.tree(), local)
}

#[test]
fn a_script_of_mpremote_does_the_same_with_mpwire() {
    let (ours, theirs) = (play(&mpwire()), play(&mpremote()));
    let log = |traces: &Traces| {
        let log = traces.2[Path::new("log.txt")].clone().expect("a file");
        String::from_utf8(log).expect("text")
    };
    assert_eq!(log(&ours), log(&theirs));
    assert_eq!(ours.0, theirs.0, "on the terminal");
    assert_eq!(ours.1, theirs.1, "on the board");
    assert_eq!(ours.2, theirs.2, "in the folder");
    assert!(ours.2.contains_key(Path::new("made.txt")));
}
