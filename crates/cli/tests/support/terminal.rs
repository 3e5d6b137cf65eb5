//! A terminal with a program on it, and the hands of its user.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use super::{DEADLINE, set_apart};

enum News {
    Shown(Vec<u8>),
    Ended(ExitStatus),
}

/// A program on a terminal of its own, ended with its test.
pub struct Terminal {
    keyboard: File,
    /// The program's end, kept open so that its settings outlive the program; closed when it has ended,
    /// so that the screen comes to its own end.
    slave: Option<OwnedFd>,
    before: String,
    program: Pid,
    news: Receiver<News>,
    shown: Vec<u8>,
    /// How much of it has been waited for.
    read: usize,
    ended: Option<ExitStatus>,
    restored: bool,
}

/// How a program on a terminal has ended.
pub struct Ended {
    /// Everything that was shown.
    pub shown: String,
    /// The exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Whether the terminal's settings are what they were before.
    pub restored: bool,
}

impl Terminal {
    /// Starts `program` in `folder`.
    pub fn start(program: &Path, folder: &Path, arguments: &[&str]) -> Self {
        Self::start_in(0, program, folder, arguments)
    }

    /// The same, on a terminal of so many columns; one that says 0 does not know.
    pub fn start_in(columns: u16, program: &Path, folder: &Path, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&master).expect("a new terminal");
        unlockpt(&master).expect("a new terminal");
        tcsetwinsize(&master, size(columns)).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("a terminal's name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(name, flags, Mode::empty()).expect("the other end");
        // Before the program can change them.
        let before = settings(&slave);
        let end = || Stdio::from(slave.try_clone().expect("a descriptor"));
        let mut command = Command::new(program);
        set_apart(&mut command, folder);
        let mut child = command
            .args(arguments)
            .current_dir(folder)
            .env("PYTHONIOENCODING", "utf-8")
            .env("NO_COLOR", "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("the program starts");
        let program = Pid::from_child(&child);
        let (sender, news) = channel();
        let master = File::from(master);
        let screen = master.try_clone().expect("a descriptor");
        let shown = sender.clone();
        thread::spawn(move || show(screen, &shown));
        thread::spawn(move || {
            let status = child.wait().expect("it ends");
            // The test may be over.
            let _ = sender.send(News::Ended(status));
        });
        Self {
            keyboard: master,
            before,
            slave: Some(slave),
            program,
            news,
            shown: Vec::new(),
            read: 0,
            ended: None,
            restored: false,
        }
    }

    /// Types.
    pub fn type_in(&self, keys: impl AsRef<[u8]>) {
        (&self.keyboard)
            .write_all(keys.as_ref())
            .expect("the terminal takes it");
    }

    /// Waits until `text` is shown, behind what was waited for before.
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let rest = &self.shown[self.read..];
            let found = rest
                .windows(text.len())
                .position(|window| window == text.as_bytes());
            if let Some(start) = found {
                self.read += start + text.len();
                return;
            }
            assert!(
                self.next(deadline),
                "no {text:?} in {:?}",
                String::from_utf8_lossy(&self.shown)
            );
        }
    }

    /// Types, and waits until `text` is shown.
    pub fn ask(&mut self, keys: impl AsRef<[u8]>, text: &str) {
        self.type_in(keys);
        self.wait_for(text);
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.program, signal).expect("it runs");
    }

    /// Makes the terminal so many columns wide.
    pub fn resize(&self, columns: u16) {
        tcsetwinsize(&self.keyboard, size(columns)).expect("a terminal");
        // The kernel tells only the processes that the terminal controls.
        self.signal(Signal::WINCH);
    }

    /// Waits for the program's end.
    pub fn finish(mut self) -> Ended {
        let deadline = Instant::now() + DEADLINE;
        while self.ended.is_none() {
            assert!(
                self.next(deadline),
                "it has not ended; it shows {:?}",
                String::from_utf8_lossy(&self.shown)
            );
        }
        while self.next(deadline) {}
        Ended {
            shown: String::from_utf8_lossy(&self.shown).into_owned(),
            code: self.ended.and_then(|status| status.code()),
            restored: self.restored,
        }
    }

    /// Takes note of the next news; `false` when there are none in time, or no more. The news of the
    /// end may overtake what was shown last.
    fn next(&mut self, deadline: Instant) -> bool {
        let patience = deadline.saturating_duration_since(Instant::now());
        match self
            .news
            .recv_timeout(patience.max(Duration::from_millis(1)))
        {
            Ok(News::Shown(bytes)) => self.shown.extend(bytes),
            Ok(News::Ended(status)) => {
                self.ended = Some(status);
                let slave = self.slave.take().expect("a program ends once");
                self.restored = settings(&slave) == self.before;
            }
            Err(_) => return false,
        }
        true
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // It may be ending.
            let _ = kill_process(self.program, Signal::KILL);
        }
    }
}

fn size(columns: u16) -> Winsize {
    Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Everything that `tcgetattr` tells of a terminal.
fn settings(terminal: &OwnedFd) -> String {
    format!("{:?}", tcgetattr(terminal.as_fd()).expect("a terminal"))
}

fn show(mut screen: File, news: &Sender<News>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = screen.read(&mut buffer) {
        if news.send(News::Shown(buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

/// What a terminal of so many columns shows after all of this, line by line; nothing scrolls away.
pub fn screen(shown: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut characters = shown.chars();
    while let Some(character) = characters.next() {
        match character {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                let sequence: String = characters
                    .by_ref()
                    .skip(1)
                    .take_while(|character| !character.is_ascii_alphabetic())
                    .collect();
                // The only one that mpwire sends: erase to the end of the line.
                assert_eq!(sequence, "", "an unknown escape sequence in {shown:?}");
                let line: &mut Vec<char> = &mut lines[row];
                line.truncate(column);
            }
            character => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                }
                if lines.len() <= row {
                    lines.resize(row + 1, Vec::new());
                }
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = character;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
        .collect()
}
