//! Completion: what is offered where, in the shells that are here, and what a board notices of it.

mod support;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{DEADLINE, PORT, TestBoard, mpwire};

/// What `SHELL -- WORDS` is answered, asked in the board's folder with a cache of its own.
fn offered(board: &TestBoard, words: &[&str]) -> Vec<String> {
    offered_with(board, words, "cache")
}

fn offered_with(board: &TestBoard, words: &[&str], cache: &str) -> Vec<String> {
    let mut command = Command::new(mpwire());
    support::set_apart(&mut command, &board.work());
    let output = command
        .args(["__complete", "zsh", "--"])
        .args(words)
        .current_dir(board.work())
        .env("XDG_CACHE_HOME", board.work().join(cache))
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect()
}

fn with_files() -> TestBoard {
    let board = TestBoard::start();
    board.execute(
        "import os
for folder in ('lib', 'my dir'):
    os.mkdir(folder)
for path in ('main.py', 'lib/one.py', 'lib/two.py', 'my dir/a file.py', 'a\\n\\x1b[31mb'):
    open(path, 'w').close()
",
    );
    board
}

#[test]
fn commands_options_and_values_are_offered_where_they_may_stand() {
    let board = TestBoard::start();
    assert_eq!(offered(&board, &["disc"]), ["disconnect"]);
    assert!(offered(&board, &[""]).contains(&"cp".to_owned()));
    assert_eq!(offered(&board, &["a0", "ls", "+", "disc"]), ["disconnect"]);
    assert_eq!(offered(&board, &["sleep", "1", "soft"]), ["soft-reset"]);
    assert_eq!(offered(&board, &["cp", "--rec"]), ["--recursive"]);
    assert_eq!(
        offered(&board, &["ls", "--"]),
        ["--verbose", "--no-verbose", "--help"]
    );
    assert_eq!(offered(&board, &["tree", "--size"]), ["--size"]);
    assert_eq!(offered(&board, &["exec", "--no"]), ["--no-follow"]);
    assert_eq!(offered(&board, &["cp", "--encoding", "b"]), ["base64"]);
    assert_eq!(
        offered(&board, &["cp", "--encoding=b"]),
        ["--encoding=base64"]
    );
    assert_eq!(offered(&board, &["fs", "sha"]), ["sha256sum"]);
    assert_eq!(offered(&board, &["completion", "z"]), ["zsh"]);
    assert_eq!(offered(&board, &["romfs", "-p", "1", "d"]), ["deploy"]);
    assert_eq!(offered(&board, &["connect", "au"]), ["auto"]);
    assert_eq!(offered(&board, &["help", "romf"]), ["romfs"]);
    assert_eq!(offered(&board, &["--ver"]), ["--version"]);
    assert_eq!(offered(&board, &["--soft-reset=n"]), ["--soft-reset=never"]);
    assert_eq!(
        offered(&board, &["--soft-reset=never", "disc"]),
        ["disconnect"]
    );
    assert_eq!(offered(&board, &["repl", "--inject-f"]), ["--inject-file"]);
    assert_eq!(offered(&board, &["rtc", "--s"]), ["--set"]);
    assert_eq!(offered(&board, &["rtc", "disc"]), ["disconnect"]);
    assert_eq!(offered(&board, &["mip", "i"]), ["install"]);
    assert_eq!(offered(&board, &["mip", "install", "gith"]), ["github:"]);
    assert_eq!(offered(&board, &["connect", "soc"]), ["socket://"]);
    // An expression is nobody's to guess, and what is wrong stays so.
    assert!(offered(&board, &["eval", ""]).is_empty());
    assert!(offered(&board, &["nonsense", ""]).is_empty());
}

#[test]
fn local_paths_are_offered_with_folders_left_open() {
    let board = TestBoard::start();
    board.write("script.py", "");
    board.write(".hidden", "");
    fs::create_dir_all(board.work().join("some folder/in")).unwrap();
    board.write("some folder/file.py", "");
    let here = ["cp", "a"];
    assert_eq!(
        offered(&board, &[&here[..], &["s"]].concat()),
        ["script.py", "some folder/"]
    );
    assert_eq!(
        offered(&board, &["run", "some folder/"]),
        ["some folder/file.py", "some folder/in/"]
    );
    assert_eq!(offered(&board, &["run", ".h"]), [".hidden"]);
    assert!(!offered(&board, &["run", ""]).contains(&".hidden".to_owned()));
    assert_eq!(offered(&board, &["romfs", "-o", "scr"]), ["script.py"]);
    assert!(offered(&board, &["run", "missing/"]).is_empty());
    // A board may be at any path.
    assert_eq!(offered(&board, &["connect", "../boa"]), [PORT]);
}

#[test]
fn paths_on_an_idle_board_are_offered() {
    let board = with_files();
    let on_board = |words: &[&str]| offered(&board, &[&["connect", PORT], words].concat());
    // A name with control characters is not for a terminal.
    assert_eq!(on_board(&["cp", ":"]), [":lib/", ":main.py", ":my dir/"]);
    assert_eq!(on_board(&["ls", "li"]), ["lib/"]);
    assert_eq!(on_board(&["cat", ":boot", "lib/o"]), ["lib/one.py"]);
    assert_eq!(
        on_board(&["cp", "-r", "x", ":my dir/"]),
        [":my dir/a file.py"]
    );
    assert_eq!(on_board(&["cat", ":/lib/t"]), [":/lib/two.py"]);
    assert_eq!(on_board(&["rmdir", "m"]), ["my dir/"]);
    assert_eq!(on_board(&["edit", "lib/one.py", ":ma"]), [":main.py"]);
    assert_eq!(
        on_board(&["mip", "install", "--target", ""]),
        ["lib/", "my dir/"]
    );
    assert!(on_board(&["ls", "missing/"]).is_empty());
}

#[test]
fn what_the_user_has_set_is_offered_and_used() {
    let board = with_files();
    board.configure(
        "mpwire/config.toml",
        "[defaults]\nboard = '../board'\n[aliases]\nshow = 'cat'\n'shout x' = { command = 'eval x', help = '''\nlouder\nthan that''' }\n",
    );
    assert_eq!(offered(&board, &["sho"]), ["shout", "show"]);
    assert_eq!(offered(&board, &["help", "shou"]), ["shout"]);
    assert_eq!(offered(&board, &["show", "ma"]), ["main.py"]);
    assert_eq!(offered(&board, &["shout", "1", "disc"]), ["disconnect"]);
    // What is wrong there is told when the line is entered.
    board.configure("mpwire/config.toml", "[aliases");
    assert_eq!(offered(&board, &["disc"]), ["disconnect"]);
}

#[test]
fn an_idle_board_keeps_its_state() {
    let board = with_files();
    board.execute("x = 42");
    let globals = board.globals();
    assert_eq!(offered(&board, &["connect", PORT, "ls", "ma"]), ["main.py"]);
    assert_eq!(board.globals(), globals);
    assert_eq!(board.execute("print(x)"), "42\n");
}

#[test]
fn a_running_program_goes_on_and_nothing_is_offered() {
    let board = with_files();
    let program = "import time
time.sleep_ms(1500)
with open('done', 'w') as file:
    file.write('yes')
";
    let flash = board.watch_flash();
    let started = board.mpwire(&["resume", "exec", "--no-follow", program]);
    assert_eq!(started.code, Some(0), "{started}");
    assert!(offered(&board, &["connect", PORT, "ls", "ma"]).is_empty());
    // Asked again at once, it does not ask the board again.
    assert!(offered(&board, &["connect", PORT, "ls", "ma"]).is_empty());
    flash.wait_for_write();
    let done = board.execute("print(open('done').read())");
    assert_eq!(done, "yes\n");
    // The two characters that the board got while it was busy are nothing at its prompt.
    assert_eq!(
        offered_with(&board, &["connect", PORT, "ls", "ma"], "other"),
        ["main.py"]
    );
}

#[test]
fn a_port_in_use_is_left_alone() {
    let board = with_files();
    let program = "print('begun')\nimport sys\nprint(repr(sys.stdin.read(1)))";
    let mut running = board.start_mpwire(&["resume", "exec", program]);
    running.wait_for("begun");
    assert!(offered(&board, &["connect", PORT, "ls", "ma"]).is_empty());
    running.signal(rustix::process::Signal::INT);
    let outcome = running.finish();
    assert!(outcome.text().contains("KeyboardInterrupt"), "{outcome}");
}

#[test]
fn what_is_no_board_is_no_error() {
    let board = TestBoard::start();
    for device in ["/dev/null", "missing", "id:nobody", "sim:", "port:"] {
        assert!(offered(&board, &["connect", device, "ls", "m"]).is_empty());
    }
}

#[test]
fn each_shell_gets_its_script() {
    let board = TestBoard::start();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let outcome = board.mpwire(&["completion", shell]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert!(
            outcome.text().contains(&format!("__complete {shell}")),
            "{outcome}"
        );
    }
}

/// Shows what mpwire would get. The marks are not in the line that is echoed.
const POSIX_FUNCTION: &str = "mpwire() { printf '<<''<'; printf '[%s]' \"$@\"; echo '>>''>'; }";
const READY: &str = "echo set' up'";

/// An interactive shell at a terminal, in which `mpwire` prints its arguments while completion asks
/// the real one.
struct Shell {
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Shell {
    /// `None`, with a word, where the shell is not installed.
    fn start(board: &TestBoard, name: &str, options: &[&str], setup: &[&str]) -> Option<Self> {
        let program = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|path| path.exists());
        let Some(program) = program else {
            eprintln!("{name} is not installed: its completion is not tested");
            return None;
        };
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("ours");
        unlockpt(&terminal).expect("ours");
        let path = ptsname(&terminal, Vec::new()).expect("a name");
        let path = Path::new(std::ffi::OsStr::from_bytes(path.as_bytes()));
        let side = || {
            File::options()
                .read(true)
                .write(true)
                .open(path)
                .expect("its other side")
        };
        let binaries = mpwire().parent().expect("a folder").to_owned();
        let search = format!("{}:/usr/bin:/bin", binaries.display());
        let home = board.work().join("home");
        fs::create_dir_all(&home).expect("a new folder");
        // In a session of its own, as a terminal's shell is.
        let child = Command::new("setsid")
            .arg("--ctty")
            .arg(program)
            .args(options)
            .current_dir(board.work())
            .env_clear()
            .envs([("TERM", "dumb"), ("LANG", "C.UTF-8"), ("PATH", &search)])
            .env("HOME", &home)
            .env("XDG_CACHE_HOME", board.work().join("cache"))
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .expect("the shell starts");
        let (sender, output) = channel();
        let terminal = File::from(terminal);
        let mut reader = terminal.try_clone().expect("a copy");
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut shell = Self {
            child,
            terminal,
            output,
            seen: Vec::new(),
        };
        shell.type_in(&format!("{}\n", setup.join("; ")));
        shell.wait_for("set up\r\n");
        Some(shell)
    }

    fn type_in(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).expect("a shell");
    }

    /// Waits for `text` and returns what came up to its end.
    fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let seen = String::from_utf8_lossy(&self.seen).into_owned();
            if let Some(start) = seen.find(text) {
                let end = start + text.len();
                self.seen.drain(..end);
                return seen[..end].to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(error) => panic!("no {text:?} ({error}) in {seen:?}"),
            }
        }
    }

    /// The arguments that mpwire gets when `typed` is completed and entered.
    fn completed(&mut self, typed: &str) -> String {
        self.type_in(&format!("{typed}\t\n"));
        self.wait_for("<<<");
        let arguments = self.wait_for(">>>");
        arguments.trim_end_matches(">>>").to_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What every shell has to do alike; quotes are the reason to ask the real ones.
fn completes_names_with_blanks(board: &TestBoard, shell: &mut Shell) {
    board.write("it's local.py", "");
    for (typed, arguments) in [
        ("mpwire disc", "[disconnect]"),
        ("mpwire a0 ls + soft", "[a0][ls][+][soft-reset]"),
        ("mpwire cp --encoding=b", "[cp][--encoding=base64]"),
        ("mpwire run it", "[run][it's local.py]"),
        (
            "mpwire connect ../board cp :ma",
            "[connect][../board][cp][:main.py]",
        ),
        (
            "mpwire connect ../board ls :my",
            "[connect][../board][ls][:my dir/]",
        ),
        (
            r"mpwire connect ../board cat :my\ dir/a",
            "[connect][../board][cat][:my dir/a file.py]",
        ),
        (
            "mpwire connect ../board cp lib/one.py :li",
            "[connect][../board][cp][lib/one.py][:lib/]",
        ),
    ] {
        assert_eq!(shell.completed(typed), arguments, "{typed}");
    }
}

#[test]
fn bash_completes() {
    let board = with_files();
    let setup = [
        "PS1=",
        "bind 'set enable-bracketed-paste off'",
        "eval \"$(command mpwire completion bash)\"",
        POSIX_FUNCTION,
        READY,
    ];
    let Some(mut shell) = Shell::start(&board, "bash", &["--norc", "--noprofile", "-i"], &setup)
    else {
        return;
    };
    completes_names_with_blanks(&board, &mut shell);
    // readline closes the quote.
    assert_eq!(
        shell.completed("mpwire connect ../board cat ':my dir/a"),
        "[connect][../board][cat][:my dir/a file.py]"
    );
}

#[test]
fn zsh_completes() {
    let board = with_files();
    let setup = [
        "PS1=",
        "autoload -Uz compinit",
        "compinit -D",
        "eval \"$(command mpwire completion zsh)\"",
        POSIX_FUNCTION,
        READY,
    ];
    let Some(mut shell) = Shell::start(&board, "zsh", &["-f", "-i"], &setup) else {
        return;
    };
    completes_names_with_blanks(&board, &mut shell);
}

#[test]
fn fish_completes() {
    let board = with_files();
    let setup = [
        "function fish_prompt; end",
        "command mpwire completion fish | source",
        "function mpwire; printf '<<''<'; printf '[%s]' $argv; echo '>>''>'; end",
        READY,
    ];
    let Some(mut shell) = Shell::start(&board, "fish", &["--no-config", "-i"], &setup) else {
        return;
    };
    completes_names_with_blanks(&board, &mut shell);
}
