//! The terminal: typed to as a user does, on a pseudo-terminal, with a simulated board.

mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use support::terminal::{Ended, Terminal};
use support::{PORT, Running, TestBoard, mpremote, mpwire};

const PROMPT: &str = ">>> ";
const CTRL_A: &str = "\x01";
const CTRL_B: &str = "\x02";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_E: &str = "\x05";
const CTRL_J: &str = "\n";
const CTRL_K: &str = "\x0b";
const CTRL_X: &str = "\x18";
const CTRL_CLOSING_BRACKET: &str = "\x1d";

fn board() -> TestBoard {
    TestBoard::with(&["line-ends=crlf"])
}

/// A terminal with `program` on it, at the board's prompt.
fn prompt(program: &Path, board: &TestBoard, options: &[&str]) -> Terminal {
    // Leaving the raw REPL shows the prompt, when the terminal is raw already.
    let words = [&["connect", PORT, "exec", "x = 1", "repl"], options].concat();
    let mut terminal = Terminal::start(program, &board.work(), &words);
    terminal.wait_for("to exit this shell");
    terminal.wait_for(PROMPT);
    terminal
}

fn quit(terminal: Terminal) -> Ended {
    terminal.type_in(CTRL_CLOSING_BRACKET);
    let ended = terminal.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.shown);
    assert!(ended.restored);
    ended
}

/// Some of everything that a terminal is used for. Ends with what was shown, and captured.
fn dialogue(program: &Path) -> (String, Vec<u8>) {
    let board = board();
    board.write("file.py", "print('from the file')\n1 / 0\n");
    let options = ["--inject-code", "print('in' + 'jected')\\nx\\n"];
    let options = [
        &options[..],
        &["--inject-file", "file.py", "--capture", "copy"],
    ]
    .concat();
    let mut terminal = prompt(program, &board, &options);
    terminal.ask("x + 41\r", "\n42\r\n>>> ");
    terminal.ask("longer = 'tab'\r", PROMPT);
    terminal.ask("lon\t\r", "\n'tab'\r\n>>> ");
    terminal.ask("\x1b[A\r", "\n'tab'\r\n>>> ");
    terminal.ask("print(chr(233) + chr(0x1f40d) * 90)\r", "🐍\r\n>>> ");
    terminal.ask("if x:\rprint(7)\r\r\r\r", "\n7\r\n>>> ");
    terminal.ask(CTRL_J, "\ninjected\r\n>>> ");
    // The board takes the line feed behind the return for an empty line: a second prompt.
    terminal.wait_for("1\r\n>>> \r\n>>> ");
    terminal.ask(CTRL_K, "ZeroDivisionError");
    terminal.wait_for(PROMPT);
    terminal.ask(
        "import time; print('be' + 'gun'); time.sleep(99)\r",
        "begun\r\n",
    );
    terminal.ask(CTRL_C, "KeyboardInterrupt: \r\n>>> ");
    terminal.ask(CTRL_A, "raw REPL; CTRL-B to exit\r\n>");
    terminal.ask("print('ra' + 'w')\x04", "raw\r\n\x04\x04>");
    terminal.ask(CTRL_B, PROMPT);
    terminal.ask(CTRL_E, "=== ");
    terminal.ask("y = '''é\r漢'''\rprint(len(y))\r\x04", "\n3\r\n>>> ");
    terminal.ask(CTRL_D, "soft reboot\r\n");
    terminal.wait_for(PROMPT);
    terminal.ask("x\r", "NameError: name 'x' isn't defined\r\n>>> ");
    let ended = quit(terminal);
    let copy = fs::read(board.work().join("copy")).expect("the capture");
    (ended.shown, copy)
}

#[test]
fn a_dialogue_shows_the_same_bytes_as_under_mpremote() {
    let (ours, copy) = dialogue(&mpwire());
    let (theirs, _) = dialogue(&mpremote());
    assert_eq!(ours, theirs);
    let head = ours.find(">\r\n").expect("the first prompt");
    assert_eq!(String::from_utf8_lossy(&copy), ours[head..]);
}

#[test]
fn bytes_that_are_not_printable_are_escaped_on_request_as_mpremote_does() {
    let screens = [mpwire(), mpremote()].map(|program| {
        let board = board();
        let mut terminal = prompt(&program, &board, &["-e", "--capture", "copy"]);
        terminal.ask(
            "print('\\xe9\\x00\\x1b[0m\\x7f')\r",
            "[c3][a9][00]\x1b[0m[7f]\r\n>>> ",
        );
        let shown = quit(terminal).shown;
        let copy = fs::read_to_string(board.work().join("copy")).expect("the capture");
        assert!(
            copy.contains("[c3][a9]") && shown.ends_with(&copy),
            "{copy:?}"
        );
        shown
    });
    assert_eq!(screens[0], screens[1]);
}

#[test]
fn a_command_line_without_an_action_ends_in_a_terminal_that_changes_nothing() {
    let board = board();
    board.execute("kept = 'still here'");
    for words in [&["connect", PORT][..], &["connect", PORT, "resume"]] {
        let mut terminal = Terminal::start(&mpwire(), &board.work(), words);
        terminal.wait_for("to exit this shell");
        terminal.ask("\r", PROMPT);
        terminal.ask("print(kept)\r", "\nstill here\r\n>>> ");
        terminal.type_in(CTRL_X);
        let ended = terminal.finish();
        assert_eq!(ended.code, Some(0), "{}", ended.shown);
        assert!(ended.restored);
    }
}

/// About 10 KB of a program, and what it prints at its end.
fn program() -> (String, String) {
    let lines: Vec<String> = (0..330)
        .map(|line| format!("    total += {line}  # a line of {line}\r"))
        .collect();
    let lines = lines.concat();
    let sum: u32 = (0..330).sum();
    let text = format!("total = 0\rfor _ in range(2):\r{lines}print('total', total)\r");
    (text, format!("\ntotal {}\r\n>>> ", 2 * sum))
}

fn a_paste_arrives_whole(link: &str) {
    let board = TestBoard::with(&["line-ends=crlf", link]);
    let mut terminal = prompt(&mpwire(), &board, &[]);
    terminal.ask(CTRL_E, "=== ");
    let (text, answer) = program();
    assert!(text.len() > 10_000);
    terminal.ask(format!("{text}{CTRL_D}"), &answer);
    quit(terminal);
    assert_eq!(board.dropped(), 0);
}

#[test]
fn a_paste_arrives_whole_over_usb() {
    a_paste_arrives_whole("link=usb");
}

#[test]
fn a_paste_arrives_whole_in_a_small_receive_ring() {
    a_paste_arrives_whole("link=uart:115200");
}

#[test]
fn lines_pasted_while_others_run_are_not_lost() {
    let board = TestBoard::with(&["line-ends=crlf", "link=uart:115200", "latency=10"]);
    let mut terminal = prompt(&mpwire(), &board, &[]);
    let lines: Vec<String> = (0..120)
        .map(|line| format!("x += {line}; print('x' * 99)\r"))
        .collect();
    let lines = lines.concat();
    terminal.ask(
        format!("import time; time.sleep(1.5)\r{lines}print('x', x)\r"),
        "\nx 7141\r\n>>> ",
    );
    quit(terminal);
    assert_eq!(board.dropped(), 0);
}

#[test]
fn ctrl_c_stops_a_program_that_takes_nothing_of_a_paste() {
    let board = TestBoard::with(&["line-ends=crlf", "link=uart:115200"]);
    let mut terminal = prompt(&mpwire(), &board, &[]);
    terminal.ask(
        "import time; print('be' + 'gun'); time.sleep(99)\r",
        "begun\r\n",
    );
    terminal.type_in("x = 'pasted'\r".repeat(2000));
    terminal.ask(CTRL_C, "KeyboardInterrupt");
    terminal.ask("\rprint('al' + 'ive')\r", "\nalive\r\n");
    terminal.wait_for(PROMPT);
    // What was in the board's ring already may come.
    let pasted = quit(terminal).shown.matches("pasted").count();
    assert!(pasted < 40, "{pasted}");
}

#[test]
fn a_program_that_is_injected_can_be_typed_to() {
    let board = board();
    board.write("ask.py", "print('hello', input('name? '))\n");
    let mut terminal = prompt(&mpwire(), &board, &["--inject-file", "ask.py"]);
    terminal.ask(CTRL_K, "name? ");
    terminal.ask("Ada\r", "hello Ada\r\n");
    terminal.wait_for(PROMPT);
    quit(terminal);
}

#[test]
fn a_file_to_inject_that_is_missing_does_not_end_the_terminal() {
    let board = board();
    let mut terminal = prompt(&mpwire(), &board, &["--inject-file", "missing.py"]);
    terminal.ask(CTRL_K, "missing.py: No such file or directory");
    terminal.ask("\r6 * 7\r", "42\r\n>>> ");
    quit(terminal);
}

#[test]
fn a_file_that_cannot_be_captured_to_is_an_error_before_the_terminal_is_touched() {
    let board = board();
    let outcome = board.mpwire(&["repl", "--capture", "no/such/file"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(
        outcome.stderr,
        "mpwire: repl: no/such/file: No such file or directory.\n"
    );
}

#[test]
fn a_window_may_change_its_size() {
    let board = board();
    let mut terminal = prompt(&mpwire(), &board, &[]);
    terminal.type_in("print('si' +");
    terminal.resize(40);
    terminal.resize(132);
    terminal.ask(" 'ze')\r", "size\r\n>>> ");
    quit(terminal);
}

#[test]
fn a_signal_ends_the_terminal_and_restores_it() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let board = board();
        let mut terminal = prompt(&mpwire(), &board, &[]);
        terminal.ask(
            "import time; print('be' + 'gun'); time.sleep(99)\r",
            "begun",
        );
        terminal.signal(signal);
        let ended = terminal.finish();
        assert_eq!(ended.code, Some(1), "{}", ended.shown);
        assert!(ended.restored, "{signal:?}");
    }
}

#[test]
fn a_board_that_goes_away_is_an_error_and_restores_the_terminal() {
    let board = board();
    let terminal = prompt(&mpwire(), &board, &[]);
    board.stop();
    let ended = terminal.finish();
    assert_eq!(ended.code, Some(1), "{}", ended.shown);
    assert!(ended.restored);
    assert!(
        ended
            .shown
            .contains(">>> \r\nmpwire: the connection to ../board was lost"),
        "{}",
        ended.shown
    );
}

fn simulator(folder: &Path) -> Running {
    let words = ["sim", "--port", "board", "--set", "line-ends=crlf"];
    let mut simulator = Running::start(&mpwire(), folder, &words);
    simulator.wait_for("board ready");
    simulator
}

fn reconnecting(folder: &Path) -> Terminal {
    let words = ["connect", "board", "exec", "x = 1", "repl", "--reconnect"];
    let mut terminal = Terminal::start(&mpwire(), folder, &words);
    terminal.wait_for(PROMPT);
    terminal
}

#[test]
fn a_board_that_comes_back_is_talked_to_again_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut board = simulator(folder.path());
    let mut terminal = reconnecting(folder.path());
    for _ in 0..2 {
        board.signal(Signal::TERM);
        board.finish();
        terminal.wait_for("the connection to board was lost");
        terminal.wait_for("waiting for board to come back");
        board = simulator(folder.path());
        terminal.wait_for("connected to board again\r\n");
        terminal.ask("\r", PROMPT);
        terminal.ask("print('ba' + 'ck')\r", "back\r\n>>> ");
    }
    quit(terminal);
}

#[test]
fn who_waits_for_a_board_can_quit_and_be_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    for signal in [None, Some(Signal::TERM)] {
        let board = simulator(folder.path());
        let mut terminal = reconnecting(folder.path());
        board.signal(Signal::TERM);
        board.finish();
        terminal.wait_for("to come back");
        let code = match signal {
            None => {
                terminal.type_in(CTRL_X);
                0
            }
            Some(signal) => {
                terminal.signal(signal);
                1
            }
        };
        let ended = terminal.finish();
        assert_eq!(ended.code, Some(code), "{}", ended.shown);
        assert!(ended.restored);
    }
}

/// Runs a terminal whose keys come from a pipe.
fn piped(board: &TestBoard, input: &str) -> (String, Option<i32>) {
    let mut child = Command::new(mpwire())
        .args(["connect", PORT, "resume", "repl"])
        .current_dir(board.work())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output.status.code())
}

#[test]
fn input_that_is_no_terminal_is_typed_and_its_end_ends_the_terminal() {
    let board = board();
    let (shown, code) = piped(&board, "x = 6\nx * 7\n");
    assert_eq!(code, Some(0));
    assert!(shown.ends_with(">>> x * 7\r\n42\r\n>>> "), "{shown:?}");
    let (shown, code) = piped(&board, "");
    assert_eq!((shown.lines().count(), code), (2, Some(0)), "{shown:?}");
    let (shown, code) = piped(&board, "x = 7\r\nx * 7\r\n\x1dnever typed\r\n");
    assert_eq!(code, Some(0));
    assert!(!shown.contains("never"), "{shown:?}");
    assert!(board.execute("print(x)").starts_with('7'));
}

/// A mounted folder, used at the prompt before and after a soft reset. Ends with what was shown.
/// A board that `bytes` have left in another mode than the friendly REPL.
fn left_by(bytes: &[u8], sign: &str) -> TestBoard {
    let board = board();
    let mut port = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(board.work().join(PORT))
        .expect("the board's port");
    let mut modes = rustix::termios::tcgetattr(&port).expect("a terminal");
    modes.make_raw();
    rustix::termios::tcsetattr(&port, rustix::termios::OptionalActions::Now, &modes).expect("it");
    port.write_all(bytes).expect("the board takes it");
    let mut seen = Vec::new();
    let mut buffer = [0; 64];
    while !String::from_utf8_lossy(&seen).ends_with(sign) {
        let count = std::io::Read::read(&mut port, &mut buffer).expect("an answer");
        seen.extend(&buffer[..count]);
    }
    board
}

#[test]
fn a_raw_repl_or_a_paste_that_another_program_has_left_is_left_first() {
    for (bytes, sign) in [
        (&b"\x01"[..], "CTRL-B to exit\r\n>"),
        (b"\x01half a program", "CTRL-B to exit\r\n>"),
        (b"\x05", "=== "),
        (b"\x05x = 1\r", "=== "),
    ] {
        let board = left_by(bytes, sign);
        let (shown, code) = piped(&board, "print('al' + 'ive')\n");
        assert_eq!(code, Some(0));
        assert!(shown.contains("\r\nalive\r\n>>> "), "{bytes:?}: {shown:?}");
    }
}

fn mounted(program: &Path) -> String {
    let board = board();
    fs::create_dir(board.work().join("folder")).expect("a new folder");
    board.write("folder/word.py", "word = 'from ' + 'here'\n");
    let words = ["connect", PORT, "mount", "folder"];
    let mut terminal = Terminal::start(program, &board.work(), &words);
    terminal.wait_for("to exit this shell");
    terminal.wait_for(PROMPT);
    terminal.ask("import word; word.word\r", "\n'from here'\r\n>>> ");
    terminal.ask(CTRL_D, "Remount local directory");
    terminal.wait_for(PROMPT);
    board.write("folder/word.py", "word = 'from ' + 'there'\n");
    terminal.ask("import word; word.word\r", "\n'from there'\r\n>>> ");
    terminal.ask("import os; os.getcwd()\r", "\n'/remote'\r\n>>> ");
    quit(terminal).shown
}

#[test]
fn a_soft_reset_mounts_the_folder_again_as_under_mpremote() {
    let lines = |shown: &str| -> Vec<String> {
        let wanted = ["Local", "Remount", "'from", "'/remote"];
        let lines = shown.lines().map(str::trim_end);
        let found = lines.filter(|line| wanted.iter().any(|start| line.starts_with(start)));
        found.map(str::to_owned).collect()
    };
    let (ours, theirs) = (mounted(&mpwire()), mounted(&mpremote()));
    assert_eq!(lines(&ours), lines(&theirs));
    assert_eq!(lines(&ours).len(), 5, "{ours}");
}
