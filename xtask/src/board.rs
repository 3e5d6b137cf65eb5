//! A simulated board as a child process: `mpwire sim`.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::setup::Tools;

/// From the start of the process to the interpreter's first prompt; generous, for a loaded machine.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// From the request to stop to the end of the process.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// A running board. Dropping it ends the process.
pub struct Board {
    child: Child,
    port: PathBuf,
    /// What the board's process prints, line by line; disconnected once it has ended.
    lines: Receiver<String>,
}

impl Board {
    /// Starts a board with an empty `LittleFS` 2 in `folder` and returns once it can be connected to.
    pub fn start(mpwire: &Path, tools: &Tools, folder: &Path, link: &str) -> Result<Self> {
        let name = link.replace(':', "-");
        let port = folder.join(format!("board-{name}"));
        let flash = folder.join(format!("flash-{name}.bin"));
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        // Left over from an earlier run that was killed.
        for path in [&port, &flash] {
            remove_if_there(path)?;
        }

        let mut command = Command::new(mpwire);
        command
            .arg("sim")
            .arg("--port")
            .arg(&port)
            .args(["--link", link]);
        command.arg("--flash").arg(&flash).args(["--fs", "lfs2"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        tools.export(&mut command);
        let mut child = command
            .spawn()
            .context("cannot start the simulated board")?;
        let lines = child
            .stdout
            .take()
            .map(read_lines)
            .context("the board has no stdout")?;
        let mut board = Self { child, port, lines };
        board.wait_until_ready()?;
        Ok(board)
    }

    /// What to connect to.
    pub fn port(&self) -> &Path {
        &self.port
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
                    bail!("the simulated board ended at once ({status})")
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

impl Drop for Board {
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
