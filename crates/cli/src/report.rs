//! All that prints: data to stdout, progress and errors to stderr.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mpwire::transfer::Progress;

use crate::error::Error;
use crate::persona::{self, held};
use crate::utf8::Utf8;

/// mpremote shows no progress below this size either: it would only flicker.
const PROGRESS_LEAST: u64 = 2048;

/// Whether only results and errors are printed.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only results and errors are printed.
pub fn be_quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// Whether only results and errors are printed.
pub fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Prints a line that tells what is done, where mpremote prints it: on standard output.
pub fn aside(text: &str) -> Result<(), Error> {
    if is_quiet() { Ok(()) } else { line(text) }
}

/// Prints a line of data.
pub fn line(text: &str) -> Result<(), Error> {
    lines(&[text])
}

/// Prints lines of data; on a terminal, what names in them would do to it is [visible].
pub fn lines(lines: &[impl AsRef<str>]) -> Result<(), Error> {
    if held::applies() {
        let mut lines = lines.iter();
        return lines
            .try_for_each(|line| held::line(line.as_ref()))
            .map_err(Error::Output);
    }
    let is_seen = io::stdout().is_terminal();
    let mut text = String::new();
    for line in lines {
        let line = line.as_ref();
        text += &if is_seen { visible(line) } else { line.into() };
        text.push('\n');
    }
    bytes(text.as_bytes())
}

/// Prints a line of data that programs on the board print where mpremote does the same: it is not held back.
pub fn line_at_once(line: &str) -> Result<(), Error> {
    let mut text = ForeignText::default();
    text.print(line.as_bytes())?;
    text.print(b"\n")
}

/// Prints a text of others, which may be cut anywhere: on a terminal what it would do there is visible.
#[derive(Default)]
pub struct ForeignText(Utf8);

impl ForeignText {
    /// Prints what is next of it.
    pub fn print(&mut self, text: &[u8]) -> Result<(), Error> {
        if io::stdout().is_terminal() {
            bytes(visible_lines(&self.0.whole(text)).as_bytes())
        } else {
            bytes(text)
        }
    }
}

/// Prints bytes as they are, and at once.
pub fn bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(Error::Output)
}

/// Prints a status line that belongs to no data.
pub fn status(text: &str) {
    let mut stderr = io::stderr();
    let text = if stderr.is_terminal() {
        visible_lines(text)
    } else {
        text.into()
    };
    // Nothing can be told where stderr is gone.
    let _ = writeln!(stderr, "{text}");
}

/// Prints a remark of the program's own, which begins with its name.
pub fn note(text: &str) {
    status(&format!("{}: {text}", persona::name()));
}

/// Tells that a copy went on where another was interrupted.
pub fn went_on(path: &str, at: u64) {
    if is_quiet() {
        return;
    }
    let path = visible(path);
    note(&format!("{path}: went on at {}", DecimalBytes(at)));
}

/// Text that others have written, as it may be shown: what would move the cursor, or turn the
/// direction of the text, is written as an escape.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, is_harmful)
}

/// The same of a text with lines and tabs.
fn visible_lines(text: &str) -> Cow<'_, str> {
    escape(text, |character| {
        is_harmful(character) && !matches!(character, '\n' | '\r' | '\t')
    })
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return text.into();
    }
    text.chars()
        .flat_map(|character| {
            let escaped = is_escaped(character).then(|| character.escape_default());
            let plain = escaped.is_none().then_some(character);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Ends a program that has done all it was told.
pub fn success() -> ExitCode {
    match held::release() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&Error::Output(error)),
    }
}

/// The exit code of a program that has run for too long: that of timeout(1).
const TIMED_OUT: u8 = 124;

/// Tells why the program ends, and with which exit code.
pub fn failure(error: &Error) -> ExitCode {
    // The error is the one to tell.
    let _ = held::release();
    match error {
        Error::Argparse(text) => {
            status(text);
            return ExitCode::from(2);
        }
        Error::Usage(usage) => {
            // `--help` comes this way too, and goes to stdout with code 0.
            let printed = usage.print().and_then(|()| io::stdout().flush());
            return match printed {
                Err(error) if !usage.use_stderr() => failure(&Error::Output(error)),
                _ => ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2)),
            };
        }
        Error::TimedOut { .. } => {
            note(&error.to_string());
            return ExitCode::from(TIMED_OUT);
        }
        Error::RemoteException | Error::Unwell | Error::Interrupted => {}
        // Where nobody reads it the exit code tells.
        Error::AsData(text) => drop(line(text)),
        Error::Output(source) if source.kind() == io::ErrorKind::BrokenPipe => {}
        _ => {
            if let Some(message) =
                persona::errors::message(error).filter(|_| persona::is_mpremote())
            {
                note(&message);
                return ExitCode::FAILURE;
            }
            note(&error.to_string());
            if let Some(hint) = error.hint() {
                status(&format!("hint: {hint}"));
            }
        }
    }
    ExitCode::FAILURE
}

/// A line that tells what is being done; nothing unless a person is looking.
pub struct Stage {
    bar: Option<ProgressBar>,
}

impl Stage {
    /// An empty line. Data may be on its way to a file meanwhile.
    pub fn new() -> Self {
        let bar = (!is_quiet() && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant of this program.
            let style =
                ProgressStyle::with_template(" {msg}").expect("the template is well formed");
            bar.set_style(style);
            bar
        });
        Self { bar }
    }

    /// Shows what is done now.
    pub fn show(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            bar.tick();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A progress bar for one file; nothing unless a person is looking.
pub struct FileProgress {
    bar: Option<ProgressBar>,
}

impl FileProgress {
    /// A bar for a file of about `size` bytes.
    pub fn new(name: &str, size: u64) -> Self {
        let bar = (Self::is_shown() && size >= PROGRESS_LEAST).then(|| {
            let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
            // The template is a constant of this program.
            let style = ProgressStyle::with_template(
                " {msg} {percent:>3}% [{bar:20}] {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
            )
            .expect("the template is well formed")
            .progress_chars("#>-");
            bar.set_style(style);
            bar.set_message(visible(name).into_owned());
            bar
        });
        Self { bar }
    }

    /// Whether a person is looking, so that bars are shown at all.
    pub fn is_shown() -> bool {
        !is_quiet() && io::stdout().is_terminal() && io::stderr().is_terminal()
    }

    /// Shows how far the file is.
    pub fn update(&self, progress: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        }
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
