//! Running a program against a deadline, its output captured.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program that has ended.
pub struct Finished {
    /// From just before the process was started until it was gone.
    pub seconds: f64,
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// Whether it fell over its own error.
    pub fn panicked(&self) -> bool {
        self.stderr.contains("panicked at ")
    }

    /// The last line the program said anything in, stderr before stdout: why it failed.
    pub fn last_words(&self) -> &str {
        [&self.stderr, &self.stdout]
            .into_iter()
            .filter_map(|text| text.lines().rev().find(|line| !line.trim().is_empty()))
            .map(str::trim)
            .next()
            .unwrap_or("it said nothing")
    }
}

/// Runs `command` with no stdin and returns what it wrote and how long it took.
///
/// A program that talks to a board can wait for ever; after `deadline` it is killed and an error
/// says so.
pub fn run(command: &mut Command, deadline: Duration) -> Result<Finished> {
    run_watched(command, deadline, |_| ())
}

/// The same, and shows the process to `started` once it runs.
pub fn run_watched(
    command: &mut Command,
    deadline: Duration,
    started: impl FnOnce(&Child),
) -> Result<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    started(&child);
    let Some((stdout, stderr)) = output(&mut child, deadline.saturating_sub(start.elapsed()))
    else {
        child
            .kill()
            .and_then(|()| child.wait())
            .with_context(|| format!("cannot end {name}"))?;
        bail!("{name} was ended after {} s", deadline.as_secs());
    };
    let status = child.wait().with_context(|| format!("lost {name}"))?;
    Ok(Finished {
        seconds: start.elapsed().as_secs_f64(),
        success: status.success(),
        stdout,
        stderr,
    })
}

/// Both outputs to their ends, or `None` if that takes longer than `patience`.
///
/// The end of both pipes is the event waited for: the standard library has no wait with a timeout,
/// and polling `try_wait` would put the poll's period into every measurement.
fn output(child: &mut Child, patience: Duration) -> Option<(String, String)> {
    let deadline = Instant::now() + patience;
    let stdout = drain(child.stdout.take()?);
    let stderr = drain(child.stderr.take()?);
    let left = || deadline.saturating_duration_since(Instant::now());
    Some((
        stdout.recv_timeout(left()).ok()?,
        stderr.recv_timeout(left()).ok()?,
    ))
}

fn drain(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before a read error is still what the program said.
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_quoted_by_its_last_words() {
        let finished = run(
            Command::new("sh").args(["-c", "echo copied; echo 'no such board' >&2; exit 3"]),
            Duration::from_secs(10),
        )
        .unwrap();
        assert!(!finished.success);
        assert_eq!(finished.last_words(), "no such board");
    }

    #[test]
    fn a_program_that_never_ends_is_killed_and_named() {
        let error = match run(
            Command::new("cat").arg("/dev/zero"),
            Duration::from_millis(50),
        ) {
            Ok(_) => panic!("it ended by itself"),
            Err(error) => error.to_string(),
        };
        assert!(error.starts_with("cat was ended"), "{error}");
    }
}
