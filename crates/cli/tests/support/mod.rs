//! A simulated board of a test's own, and both programs to use it with.

#![allow(dead_code, reason = "each test program uses its own part")]

pub mod terminal;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use wait4::Wait4 as _;

/// Nothing here takes this long, even on a busy machine: what does is stuck.
pub const DEADLINE: Duration = Duration::from_secs(25);

/// How the board is named from the folder of either program, so that both say the same.
pub const PORT: &str = "../board";

/// Prints a line for each file and directory of the board: its path, size and SHA-256.
/// FAT lists no directory whose path ends in a slash.
const TREE_PROGRAM: &str = "
def _walk(path):
 import os, hashlib, binascii
 for name, mode, *rest in os.ilistdir(path[:-1] or '/'):
  name = path + name
  if mode & 0x4000:
   print(repr(name), 'directory')
   _walk(name + '/')
  else:
   digest = hashlib.sha256()
   size = 0
   with open(name, 'rb') as file:
    while True:
     data = file.read(1024)
     if not data:
      break
     size += len(data)
     digest.update(data)
   print(repr(name), size, binascii.hexlify(digest.digest()).decode())
_walk('/')
del _walk
";

/// Prints a line for each file of the board: its path and its SHA-256, in hexadecimal digits, which
/// any path can be read from.
const DIGESTS_PROGRAM: &str = "
def _walk(path):
 import os
 try:
  import hashlib, binascii
 except ImportError:
  import uhashlib as hashlib, ubinascii as binascii
 for name, mode, *rest in os.ilistdir(path[:-1] or '/'):
  name = path + name
  if mode & 0x4000:
   _walk(name + '/')
  else:
   digest = hashlib.sha256()
   with open(name, 'rb') as file:
    while True:
     data = file.read(512)
     if not data:
      break
     digest.update(data)
   print(binascii.hexlify(name).decode(), binascii.hexlify(digest.digest()).decode())
_walk('/')
del _walk
";

/// What a program printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
    /// The exit status; `None` when a signal ended it.
    pub code: Option<i32>,
}

impl Outcome {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let shown: String = self.text().chars().take(2000).collect();
        write!(formatter, "{:?} {shown:?} / {:?}", self.code, self.stderr)
    }
}

/// SHA-256 of `data`, as `sha256sum` prints it.
pub fn hex_digest(data: &[u8]) -> String {
    let bytes: Vec<String> = Sha256::digest(data)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.concat()
}

/// Genuine mpremote.
pub fn mpremote() -> PathBuf {
    match std::env::var_os("MPWIRE_MPREMOTE").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/mpremote"),
    }
}

/// The program under test.
pub fn mpwire() -> PathBuf {
    env!("CARGO_BIN_EXE_mpwire").into()
}

/// A program that runs, ended with its test.
pub struct Running {
    child: Child,
    /// Bytes of standard output as they come; the channel ends with them.
    output: Receiver<Vec<u8>>,
    errors: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Running {
    /// Starts `program` in `folder`, without input.
    pub fn start<Word: AsRef<OsStr>>(program: &Path, folder: &Path, arguments: &[Word]) -> Self {
        Self::start_with(&[], program, folder, arguments)
    }

    /// The same, with environment variables.
    pub fn start_with<Word: AsRef<OsStr>>(
        variables: &[(&str, &str)],
        program: &Path,
        folder: &Path,
        arguments: &[Word],
    ) -> Self {
        let mut command = Command::new(program);
        set_apart(&mut command, folder);
        let mut child = command
            .envs(variables.iter().copied())
            .args(arguments)
            .current_dir(folder)
            .env("PYTHONIOENCODING", "utf-8")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let output = forward(child.stdout.take().expect("piped"));
        let errors = forward(child.stderr.take().expect("piped"));
        Self {
            child,
            output,
            errors,
            seen: Vec::new(),
        }
    }

    /// Waits until `text` stands in the output.
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !contains(&self.seen, text.as_bytes()) {
            assert!(Instant::now() < deadline, "no {text:?} in time");
            match self.output.recv_timeout(until(deadline)) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(error) => panic!(
                    "no {text:?} ({error}) in {:?}",
                    String::from_utf8_lossy(&self.seen)
                ),
            }
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// The most memory that it has had resident so far, in KiB; `None` once it has ended.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Waits for its end, which is to be a good one, and returns the most memory that it has had
    /// resident, in KiB.
    pub fn peak_memory_at_the_end(mut self) -> u64 {
        // Its output ends with it, or just before; no deadline, since this is what takes long.
        self.output.iter().for_each(drop);
        let ended = self.child.wait4().expect("it ends");
        assert!(ended.status.success(), "{:?}", ended.status);
        ended.rusage.maxrss / 1024
    }

    /// Waits for its end.
    pub fn finish(self) -> Outcome {
        self.finish_within(DEADLINE)
    }

    /// Waits so long for its end.
    pub fn finish_within(mut self, time: Duration) -> Outcome {
        let deadline = Instant::now() + time;
        let mut stdout = std::mem::take(&mut self.seen);
        stdout.extend(collect(&self.output, deadline, "output"));
        let stderr = collect(&self.errors, deadline, "errors");
        let status = self.child.wait().expect("it ends");
        Outcome {
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            code: status.code(),
        }
    }
}

/// Keeps what the user has set from a program: its configuration is in `../config` of its folder.
pub fn set_apart(command: &mut Command, folder: &Path) {
    let folder = std::path::absolute(folder).expect("a path");
    let parent = folder.parent().unwrap_or(&folder);
    command.env("XDG_CONFIG_HOME", parent.join("config"));
    command.env("XDG_CACHE_HOME", parent.join("cache"));
    for name in [
        "MPWIRE_CONFIG",
        "MPWIRE_BOARD",
        "MPWIRE_SOFT_RESET",
        "MPWIRE_WEBREPL_PASSWORD",
        "MPWIRE_WEBREPL_PASSWORD_FILE",
        "EDITOR",
        "VISUAL",
    ] {
        command.env_remove(name);
    }
}

/// Bytes of every value without any order, that nothing can compress.
pub fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}

/// Tells of each write to a file.
pub struct FileWatch {
    watch: OwnedFd,
    path: PathBuf,
}

impl FileWatch {
    /// Watches the file from now on.
    pub fn of(path: &Path) -> Self {
        let watch = inotify::init(inotify::CreateFlags::CLOEXEC).expect("inotify");
        inotify::add_watch(&watch, path, inotify::WatchFlags::MODIFY).expect("a watch");
        Self {
            watch,
            path: path.to_owned(),
        }
    }

    /// Waits until there is news of the file, and takes note of all there is.
    pub fn wait_for_write(&self) {
        let timeout = Timespec::try_from(DEADLINE).expect("a short time");
        let mut watched = [PollFd::new(&self.watch, PollFlags::IN)];
        let ready = poll(&mut watched, Some(&timeout)).expect("a descriptor");
        assert_eq!(ready, 1, "nothing was written");
        rustix::io::read(&self.watch, &mut [0; 4096]).expect("events");
    }

    /// Waits until the file has been written to so many times.
    pub fn wait_for_writes(&self, count: usize) {
        for _ in 0..count {
            self.wait_for_write();
        }
    }

    /// Waits until so many bytes of the flash are not as erasing leaves them, however many of the
    /// writes are told of at once.
    pub fn wait_for_contents(&self, count: usize) {
        let filled = || {
            let flash = fs::read(&self.path).expect("the flash");
            flash.iter().filter(|&&byte| byte != 0xff).count()
        };
        while filled() < count {
            self.wait_for_write();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a stream to its end, in a thread, so that neither side ever waits for a full pipe.
fn forward(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn collect(stream: &Receiver<Vec<u8>>, deadline: Instant, what: &str) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match stream.recv_timeout(until(deadline)) {
            Ok(bytes) => all.extend(bytes),
            Err(RecvTimeoutError::Disconnected) => return all,
            Err(RecvTimeoutError::Timeout) => panic!(
                "it has not ended in time; its {what} so far: {:?}",
                String::from_utf8_lossy(&all)
            ),
        }
    }
}

fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Runs a program to its end.
pub fn run<Word: AsRef<OsStr>>(program: &Path, folder: &Path, arguments: &[Word]) -> Outcome {
    Running::start(program, folder, arguments).finish()
}

/// A simulated board at `FOLDER/board`, and `FOLDER/work` for the programs that use it.
pub struct TestBoard {
    simulator: Child,
    /// What the simulator says, line by line.
    lines: Receiver<String>,
    folder: TempDir,
}

impl TestBoard {
    /// A new board on a fast link.
    pub fn start() -> Self {
        Self::with(&["link=fast"])
    }

    /// A new board with these parameters.
    pub fn with(parameters: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::of_folder(folder, parameters)
    }

    /// A board whose flash is a copy of this one.
    pub fn with_flash(flash: &Path) -> Self {
        Self::with_flash_and(flash, &["link=fast"])
    }

    /// A board with these parameters whose flash is a copy of this one.
    pub fn with_flash_and(flash: &Path, parameters: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::copy(flash, folder.path().join("flash")).expect("a copy of the flash");
        Self::of_folder(folder, parameters)
    }

    /// Ends the simulator, and returns the file of its flash with the folder that it is in.
    pub fn into_flash(mut self) -> (TempDir, PathBuf) {
        self.end();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let flash = folder.path().join("flash");
        fs::copy(self.folder.path().join("flash"), &flash).expect("a copy of the flash");
        (folder, flash)
    }

    /// Pulls the cable out for good: the simulator ends, and with it the port. The folder stays.
    pub fn unplug(mut self) -> TempDir {
        self.end();
        let empty = tempfile::tempdir().expect("a temporary folder");
        std::mem::replace(&mut self.folder, empty)
    }

    fn of_folder(folder: TempDir, parameters: &[&str]) -> Self {
        fs::create_dir(folder.path().join("work")).expect("a new folder");
        let mut command = Command::new(mpwire());
        set_apart(&mut command, &folder.path().join("work"));
        command.arg("sim").arg("--port");
        command.arg(folder.path().join("board"));
        let flash = format!("flash={}", folder.path().join("flash").display());
        // What the test says of the flash comes later, and holds.
        for parameter in [&[flash.as_str()], parameters].concat() {
            command.args(["--set", parameter]);
        }
        let mut simulator = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let stdout = simulator.stdout.take().expect("piped");
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody may wait for it.
                let _ = sender.send(line);
            }
        });
        // From here on the simulator is ended even when the test fails.
        let board = Self {
            simulator,
            lines: receiver,
            folder,
        };
        let line = board
            .lines
            .recv_timeout(DEADLINE)
            .expect("the simulator says that it is ready");
        assert!(line.starts_with("board ready at"), "{line:?}");
        board
    }

    /// The folder that the programs run in.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Watches the board's flash, which is a file of the board's own.
    pub fn watch_flash(&self) -> FileWatch {
        FileWatch::of(&self.folder.path().join("flash"))
    }

    /// Writes a file to the folder that the programs run in.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.work().join(name), contents).expect("a writable folder");
    }

    /// Starts mpwire on this board.
    pub fn start_mpwire(&self, arguments: &[&str]) -> Running {
        Running::start(&mpwire(), &self.work(), &connected(arguments))
    }

    /// Starts a program on this board, with more in the environment.
    pub fn start_with(
        &self,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Running {
        Running::start_with(environment, program, &self.work(), &connected(arguments))
    }

    /// Runs mpwire on this board.
    pub fn mpwire(&self, arguments: &[&str]) -> Outcome {
        run(&mpwire(), &self.work(), &connected(arguments))
    }

    /// Runs mpwire with environment variables; the arguments say which board, if any.
    pub fn mpwire_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        Running::start_with(variables, &mpwire(), &self.work(), arguments).finish()
    }

    /// Writes a file to the folder that has the configuration of both programs.
    pub fn configure(&self, name: &str, contents: &str) {
        let path = self.folder.path().join("config").join(name);
        let parent = path.parent().expect("below a folder");
        fs::create_dir_all(parent).expect("a writable folder");
        fs::write(path, contents).expect("a writable folder");
    }

    /// Runs genuine mpremote on this board.
    pub fn mpremote(&self, arguments: &[&str]) -> Outcome {
        run(&mpremote(), &self.work(), &connected(arguments))
    }

    /// Runs a program on the board with genuine mpremote and returns what it prints.
    pub fn execute(&self, program: &str) -> String {
        let mut outcome = self.mpremote(&["resume", "exec", program]);
        // It sends Ctrl-A right behind Ctrl-C, which a program that is still there may read.
        if outcome.stderr.contains("could not enter raw repl") {
            outcome = self.mpremote(&["resume", "exec", program]);
        }
        assert_eq!(outcome.code, Some(0), "{outcome}");
        outcome.text()
    }

    /// Every file and directory of the board: path, size and SHA-256.
    pub fn tree(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .execute(TREE_PROGRAM)
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }

    /// SHA-256 of every file of the board, by its path.
    pub fn digests(&self) -> BTreeMap<String, String> {
        let printed = self.execute(DIGESTS_PROGRAM);
        let words = printed.lines().filter_map(|line| line.split_once(' '));
        words
            .map(|(path, digest)| {
                let path = (0..path.len() / 2)
                    .map(|index| u8::from_str_radix(&path[2 * index..2 * index + 2], 16))
                    .collect::<Result<Vec<u8>, _>>()
                    .expect("hexadecimal digits");
                (
                    String::from_utf8_lossy(&path).into_owned(),
                    digest.to_owned(),
                )
            })
            .collect()
    }

    /// The names in the board's globals that are not there after a reset, its own or a user's.
    pub fn globals(&self) -> String {
        self.execute("print(sorted(globals()))")
    }

    /// Every file and directory of the folder that the programs run in.
    pub fn local_tree(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        walk(&self.work(), &self.work(), &mut found);
        found
    }

    /// Ends the simulator politely, so that its flash is in its file.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        kill_process(Pid::from_child(&self.simulator), Signal::TERM).expect("it runs");
        self.simulator.wait().expect("it ends");
    }

    /// Ends the simulator and returns how many bytes arrived while the board could not take them.
    pub fn dropped(self) -> u64 {
        self.counted(" dropped")
    }

    /// Ends the simulator and returns how many bytes arrived at the board.
    pub fn received(self) -> u64 {
        self.counted(" bytes to the board")
    }

    /// Ends the simulator and returns how many bytes the board has sent.
    pub fn sent(self) -> u64 {
        self.counted(" from it")
    }

    /// Ends the simulator and returns how often the board was reset or lost its power.
    pub fn hard_resets(self) -> u64 {
        self.counted(" hard resets")
    }

    /// The number that stands before these words in the simulator's counters.
    fn counted(mut self, words: &str) -> u64 {
        self.end();
        let counters = self.lines.recv_timeout(DEADLINE).expect("the counters");
        counters
            .split_once(words)
            .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("no {words:?}: {counters:?}"))
    }
}

impl Drop for TestBoard {
    fn drop(&mut self) {
        if let Ok(None) = self.simulator.try_wait() {
            // Politely, since the simulator has an interpreter to end.
            let _ = kill_process(Pid::from_child(&self.simulator), Signal::TERM);
        }
        // Nothing is to be done about a child that cannot be waited for.
        let _ = self.simulator.wait();
    }
}

/// A command line for the test's board.
fn connected<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["connect", PORT], arguments].concat()
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below").to_owned();
        if path.is_dir() {
            found.insert(name, None);
            walk(root, &path, found);
        } else {
            // What cannot be read is there all the same.
            found.insert(name, Some(fs::read(&path).unwrap_or_default()));
        }
    }
}
