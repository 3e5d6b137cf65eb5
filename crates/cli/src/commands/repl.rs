//! `repl`: the terminal to the board.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpwire::board::{self, Board};
use mpwire::link::{Link, Reopener};
use mpwire::mount::PLACE;
use mpwire::session::{self, Console, Happening};
use mpwire_proto::scan::Scanner;

use crate::args::ReplArgs;
use crate::connection::Connection;
use crate::console::{Keys, RawMode, Screen};
use crate::error::Error;
use crate::report;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_J: u8 = 0x0a;
const CTRL_K: u8 = 0x0b;
const CTRL_X: u8 = 0x18;
const CTRL_CLOSING_BRACKET: u8 = 0x1d;

/// What a board says when it is reset (`ports/*/main.c`).
const RESETS: &[&[u8]] = &[b"MPY: soft reboot"];

/// How long the board may be silent behind input that has ended, unless its prompt comes.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a command line without an action ends in.
pub fn at_the_end(connection: &mut Connection) -> Result<(), Error> {
    repl(
        connection,
        &<ReplArgs as clap::Parser>::parse_from(["repl"]),
    )
}

/// Opens the terminal until its user has had enough.
pub fn repl(connection: &mut Connection, arguments: &ReplArgs) -> Result<(), Error> {
    connection.did_action();
    let board = connection.untouched_board()?;
    let injections = Injections::new(arguments);
    announce(board.name(), arguments, &injections)?;
    let mut screen = Screen::new(arguments.escape_non_printable, arguments.capture.as_deref())?;
    // While it is there: a board that is unplugged has no serial number.
    let reopener = arguments.reconnect.then(|| Reopener::of(board.address()));
    let failed = |error| Error::local("repl", "the terminal", &error);
    let raw = RawMode::enter().map_err(failed)?;
    let keys = Keys::start(board.keyboard()).map_err(failed)?;
    let result = talk(board, &injections, &mut screen, &keys, reopener.as_ref());
    if result.is_err() {
        screen.begin_line();
    }
    drop(raw);
    result
}

/// mpremote's words.
fn announce(port: &str, arguments: &ReplArgs, injections: &Injections) -> Result<(), Error> {
    report::line(&format!("Connected to MicroPython at {port}"))?;
    report::line("Use Ctrl-] or Ctrl-x to exit this shell")?;
    if arguments.escape_non_printable {
        report::line("Escaping non-printable bytes/characters by printing their hex code")?;
    }
    if let Some(path) = &arguments.capture {
        report::line(&format!("Capturing session to file \"{}\"", path.display()))?;
    }
    if let Some(code) = &injections.code {
        report::line(&format!("Use Ctrl-J to inject {}", python_bytes(code)))?;
    }
    if let Some(path) = &injections.file {
        report::line(&format!("Use Ctrl-K to inject file \"{}\"", path.display()))?;
    }
    Ok(())
}

/// What Python's `repr` makes of bytes.
fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut text = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' if char::from(byte) == quote => text.extend(['\\', quote]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push(quote);
    text
}

/// The dialogue with the board and, where that is wanted, with the board that comes back.
fn talk(
    board: &mut Board,
    injections: &Injections,
    screen: &mut Screen,
    keys: &Keys,
    reopener: Option<&Reopener>,
) -> Result<(), Error> {
    let mut steps = VecDeque::new();
    let mut is_first = true;
    loop {
        let name = board.name().to_owned();
        let is_mounted = board.mounted().is_some();
        let mut console = board.console()?;
        if std::mem::take(&mut is_first) {
            console.leave_other_modes().map_err(explain)?;
        }
        let mut dialogue = Dialogue::new(console, injections, screen, keys);
        if is_mounted {
            dialogue.reset = Reset::Awaited(Scanner::new(RESETS));
        }
        dialogue.steps = std::mem::take(&mut steps);
        let (lost, reopener) = match (dialogue.go(), reopener) {
            (Ok(Ending::Reset), _) => {
                steps = std::mem::take(&mut dialogue.steps);
                drop(dialogue);
                remount(board, screen)?;
                continue;
            }
            (Err(error), Some(reopener)) if is_lost(&error) && !dialogue.is_ending() => {
                (error, reopener)
            }
            (result, _) => return result.map(drop),
        };
        dialogue.screen.tell(&lost.to_string());
        dialogue.screen.tell(&format!(
            "waiting for {name} to come back; Ctrl-] or Ctrl-x ends"
        ));
        let Some(link) = dialogue.wait_for(reopener)? else {
            return Ok(());
        };
        board.reconnect(link);
        screen.tell(&format!("connected to {} again", board.name()));
    }
}

/// Mounts again what a reset has taken from the board, in mpremote's words.
fn remount(board: &mut Board, screen: &mut Screen) -> Result<(), Error> {
    if let Some(options) = board.mounted() {
        let path = options.path.display();
        let told = format!("\r\nRemount local directory {path}/ at {PLACE}\r\n");
        screen.write(told.as_bytes())?;
        board.remount()?;
    }
    Ok(())
}

fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Board(board::Error::Session(session::Error::Lost { .. }))
    )
}

/// What the keys Ctrl-J and Ctrl-K stand for.
struct Injections {
    code: Option<Vec<u8>>,
    file: Option<PathBuf>,
}

impl Injections {
    fn new(arguments: &ReplArgs) -> Self {
        // Shells pass a backslash and an n more easily than a line end.
        let typed = |code: &String| code.replace("\\n", "\r\n").into_bytes();
        Self {
            code: arguments.inject_code.as_ref().map(typed),
            file: arguments.inject_file.clone(),
        }
    }
}

/// Why a dialogue is over.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    /// The user has had enough, or the input has ended.
    Quit,
    /// The board was reset and is at its prompt, and what was mounted is gone.
    Reset,
}

/// What is to be done with what was typed, one after the other.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Send(Vec<u8>),
    SoftReset,
    InjectCode,
    InjectFile,
    /// The piece that the reader gave is done.
    Taken,
    /// The user quits.
    Quit,
    /// No more is typed.
    End,
}

/// One connection's part of the dialogue.
struct Dialogue<'a> {
    console: Console<'a>,
    injections: &'a Injections,
    screen: &'a mut Screen,
    keys: &'a Keys,
    steps: VecDeque<Step>,
    /// Whether a person types, and not a file.
    is_terminal: bool,
    /// Whether the last byte from a file was a carriage return.
    after_return: bool,
    /// Whether anything was sent.
    spoke: bool,
    reset: Reset,
}

/// Whether the board was reset.
enum Reset {
    /// It does not matter.
    Ignored,
    /// Not yet.
    Awaited(Scanner),
    Seen,
}

impl Reset {
    fn look(&mut self, output: &[u8]) {
        if let Self::Awaited(scanner) = self
            && scanner.push(output).is_some()
        {
            *self = Self::Seen;
        }
    }
}

impl<'a> Dialogue<'a> {
    fn new(
        console: Console<'a>,
        injections: &'a Injections,
        screen: &'a mut Screen,
        keys: &'a Keys,
    ) -> Self {
        Self {
            console,
            injections,
            screen,
            keys,
            steps: VecDeque::new(),
            is_terminal: io::stdin().is_terminal(),
            after_return: false,
            spoke: false,
            reset: Reset::Ignored,
        }
    }

    /// Goes on until the user quits, or the input has ended and the board has answered it, or the
    /// board is at its prompt after a reset that is to be told.
    fn go(&mut self) -> Result<Ending, Error> {
        let mut last_words = None;
        loop {
            if let Some(end) = self.advance()? {
                if end == Step::Quit || !self.spoke {
                    return Ok(Ending::Quit);
                }
                last_words = Some(Instant::now() + LAST_WORDS);
            }
            if matches!(self.reset, Reset::Seen) && self.screen.is_at_prompt() {
                return Ok(Ending::Reset);
            }
            if last_words.is_some() && self.console.is_echoed() && self.screen.is_at_prompt() {
                return Ok(Ending::Quit);
            }
            match self.next(last_words)? {
                Happening::Output(bytes) => {
                    self.screen.show(&bytes)?;
                    self.reset.look(&bytes);
                    last_words = last_words.map(|_| Instant::now() + LAST_WORDS);
                }
                Happening::Typed(bytes) => self.typed(&bytes),
                Happening::InputEnded => self.steps.push_back(Step::End),
                Happening::Nothing => return Ok(Ending::Quit),
                Happening::Found(_) => {}
            }
        }
    }

    /// Waits for the board to come back; `None` when the user does not want to.
    fn wait_for(&mut self, reopener: &Reopener) -> Result<Option<Arc<dyn Link>>, Error> {
        self.drop_steps();
        let _watch = self.console.wait_for(reopener.clone());
        loop {
            match self.next(None) {
                Ok(Happening::Found(link)) => return Ok(Some(link)),
                Ok(Happening::InputEnded) => return Ok(None),
                Ok(Happening::Typed(bytes)) => {
                    self.keys.taken();
                    if bytes.iter().any(|&byte| quits(byte)) {
                        return Ok(None);
                    }
                }
                Ok(Happening::Output(_) | Happening::Nothing) => {}
                // The reader notices it later than a write.
                Err(error) if is_lost(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn next(&mut self, until: Option<Instant>) -> Result<Happening, Error> {
        self.console.next(until).map_err(explain)
    }

    /// Whether the last of the input was read.
    fn is_ending(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Quit | Step::End))
    }

    /// Takes what was typed. What cannot wait behind a paste does not.
    fn typed(&mut self, bytes: &[u8]) {
        let waits = !self.steps.is_empty() || !self.console.is_sent();
        let is_quit = bytes.iter().all(|&byte| quits(byte));
        if self.is_terminal && waits && bytes.ends_with(&[CTRL_C]) {
            // As terminals themselves do: what was typed before is given up.
            self.drop_steps();
            self.keys.taken();
            self.steps.push_back(Step::Send(vec![CTRL_C]));
            return;
        }
        if self.is_terminal && is_quit && self.is_ending() {
            // The second time, it is meant at once.
            self.drop_steps();
        }
        self.split(bytes);
        self.steps.push_back(Step::Taken);
    }

    fn split(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            let step = match byte {
                _ if quits(byte) => Step::Quit,
                CTRL_D => Step::SoftReset,
                CTRL_J if self.injections.code.is_some() => Step::InjectCode,
                CTRL_K if self.injections.file.is_some() => Step::InjectFile,
                // A file's lines end in what is no key of the REPL's.
                b'\n' if !self.is_terminal && after_return => continue,
                b'\n' if !self.is_terminal => Step::Send(vec![b'\r']),
                _ => Step::Send(vec![byte]),
            };
            match (self.steps.back_mut(), step) {
                (Some(Step::Send(last)), Step::Send(more)) => last.extend(more),
                (_, step) => self.steps.push_back(step),
            }
        }
    }

    fn drop_steps(&mut self) {
        self.console.discard();
        for step in self.steps.drain(..) {
            if step == Step::Taken {
                self.keys.taken();
            }
        }
    }

    /// Does the steps whose turn has come, and returns the last of all.
    fn advance(&mut self) -> Result<Option<Step>, Error> {
        while self.console.is_sent() {
            let Some(step) = self.steps.pop_front() else {
                return Ok(None);
            };
            match &step {
                Step::Send(bytes) => self.send(bytes)?,
                Step::SoftReset => self.soft_reset()?,
                Step::InjectCode => {
                    let code = self.injections.code.as_deref().unwrap_or_default();
                    self.send(code)?;
                }
                Step::InjectFile => self.inject_file()?,
                Step::Taken => self.keys.taken(),
                Step::Quit | Step::End => return Ok(Some(step)),
            }
        }
        Ok(None)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.spoke = true;
        self.console.send(bytes).map_err(explain)
    }

    /// Ctrl-D was typed.
    fn soft_reset(&mut self) -> Result<(), Error> {
        self.send(&[CTRL_D])
    }

    /// Runs the file; that it fails is no reason to end.
    fn inject_file(&mut self) -> Result<(), Error> {
        self.spoke = true;
        let path = self.injections.file.as_deref().unwrap_or(Path::new(""));
        let begun = format!("Injecting {}\r\n", path.display());
        self.screen.write(begun.as_bytes())?;
        let result = std::fs::read(path)
            .map_err(|error| Error::local("repl", &path.to_string_lossy(), &error))
            .and_then(|program| self.console.run(&program).map_err(explain));
        match result {
            Err(error) if is_lost(&error) || matches!(error, Error::Interrupted) => Err(error),
            Err(error) => {
                let told = format!("Error:\r\n{error}\r\n");
                self.screen.write(told.as_bytes())
            }
            Ok(()) => Ok(()),
        }
    }
}

fn quits(byte: u8) -> bool {
    matches!(byte, CTRL_X | CTRL_CLOSING_BRACKET)
}

fn explain(error: session::Error) -> Error {
    match error {
        session::Error::Interrupted => Error::Interrupted,
        other => Error::Board(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::python_bytes;

    #[test]
    fn code_to_inject_is_shown_as_python_shows_bytes() {
        assert_eq!(python_bytes(b"print(1)\r\n"), r"b'print(1)\r\n'");
        assert_eq!(python_bytes(b"print('\\')"), r#"b"print('\\')""#);
        assert_eq!(python_bytes(b"'\""), r#"b'\'"'"#);
        assert_eq!(python_bytes("\té".as_bytes()), r"b'\t\xc3\xa9'");
    }
}
