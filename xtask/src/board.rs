//! A simulated board as a child process: `mpwire sim`. What is on it is told by the genuine
//! mpremote, which shares no code with what is tested.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::tool::{Programs, Tool};

/// From the start of the process to the interpreter's first prompt; generous, for a loaded machine.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// From the request to stop to the end of the process.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// For one program of ours: hashing 50 files takes a second.
const PROGRAM_PATIENCE: Duration = Duration::from_mins(1);

const HASH_FILES: &str = include_str!("onboard/hash_files.py");
const REMOVE_FILES: &str = include_str!("onboard/remove_files.py");

/// Each file's path on the board, from the root, and its SHA-256 in hexadecimal.
pub type Hashes = BTreeMap<String, String>;

/// A running board. Dropping it ends the process.
pub struct Board<'a> {
    programs: Programs<'a>,
    child: Child,
    port: PathBuf,
    /// What the board's process prints, line by line; disconnected once it has ended.
    lines: Receiver<String>,
    /// The same of what it says on stderr.
    complaints: Receiver<String>,
}

impl<'a> Board<'a> {
    /// Starts a board with an empty `LittleFS` 2 in `folder` and returns once it can be connected
    /// to. `settings` are `KEY=VALUE`, as `mpwire sim --set` takes them.
    pub fn start(
        programs: Programs<'a>,
        folder: &Path,
        link: &str,
        settings: &[&str],
    ) -> Result<Self> {
        let port = folder.join("board");
        let flash = folder.join("flash.bin");
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        // Left over from an earlier run that was killed.
        for path in [&port, &flash] {
            remove_if_there(path)?;
        }

        let mut command = Command::new(programs.mpwire);
        command.arg("sim").arg("--port").arg(&port);
        command.args(["--link", link, "--fs", "lfs2", "--flash"]);
        command.arg(&flash);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        programs.tools.export(&mut command);
        let mut child = command
            .spawn()
            .context("cannot start the simulated board")?;
        let stdout = child.stdout.take().context("the board has no stdout")?;
        let stderr = child.stderr.take().context("the board has no stderr")?;
        let mut board = Self {
            programs,
            child,
            port,
            lines: read_lines(stdout),
            complaints: read_lines(stderr),
        };
        board.wait_until_ready()?;
        Ok(board)
    }

    /// What to connect to.
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// Every file on the board.
    pub fn hashes(&self) -> Result<Hashes> {
        Ok(parse_hashes(&self.execute(HASH_FILES)?))
    }

    /// Removes every file on the board.
    pub fn clear(&self) -> Result<()> {
        self.execute(REMOVE_FILES).map(drop)
    }

    /// Has the genuine mpremote execute `program`, and returns what it printed.
    fn execute(&self, program: &str) -> Result<String> {
        let mut command = Tool::Mpremote.connected(self.programs, &self.port);
        let finished = process::run(command.args(["exec", program]), PROGRAM_PATIENCE)?;
        if !finished.success {
            bail!("mpremote exec: {}", finished.last_words());
        }
        Ok(finished.stdout)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) if line.starts_with("board ready at ") => return Ok(()),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    bail!(
                        "the simulated board was not ready within {} s",
                        START_PATIENCE.as_secs()
                    )
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().context("lost the simulated board")?;
                    // The pipe ends with the process, so this does not wait.
                    let why = self.complaints.iter().last();
                    bail!(why.unwrap_or_else(|| format!("it ended at once ({status})")))
                }
            }
        }
    }

    /// Asks the process to end, so that it can remove its port, and waits for it. Returns whether
    /// it did by itself.
    fn stop(&mut self) -> io::Result<bool> {
        if self.child.try_wait()?.is_some() {
            return Ok(true);
        }
        ask_to_end(&self.child);
        let deadline = Instant::now() + STOP_PATIENCE;
        // The lines that still come are the simulator's counters.
        while self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        let in_time = Instant::now() < deadline;
        if !in_time {
            self.child.kill()?;
        }
        self.child.wait()?;
        Ok(in_time)
    }
}

impl Drop for Board<'_> {
    fn drop(&mut self) {
        match self.stop() {
            Ok(true) => {}
            Ok(false) => eprintln!("the simulated board did not end when asked and was killed"),
            Err(error) => eprintln!("cannot end the simulated board: {error}"),
        }
    }
}

#[cfg(unix)]
fn ask_to_end(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    // It may have ended by itself in the meantime: the wait that follows tells.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}

#[cfg(not(unix))]
fn ask_to_end(_child: &Child) {
    // There is no simulator here to ask (it needs pseudo-terminals), only a build to keep whole.
}

/// Lines of 64 hexadecimal digits and a path; others are mpremote's or the board's talk.
fn parse_hashes(text: &str) -> Hashes {
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    text.lines()
        .filter_map(|line| line.trim_end().split_once(' '))
        .filter(|(hash, _)| is_hash(hash))
        .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
        .collect()
}

/// Reads for as long as the process writes, so that it never blocks on a full pipe.
fn read_lines(pipe: impl io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_hold_blanks() {
        let hash = "0123456789abcdef".repeat(4);
        let text = format!("talk about /x\r\n{hash} /tree/a file.py\r\n");
        let expected = Hashes::from([("/tree/a file.py".to_owned(), hash)]);
        assert_eq!(parse_hashes(&text), expected);
    }
}
