//! All that prints: data to stdout, progress and errors to stderr.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::persona::{self, held};
use crate::progress;
use crate::utf8::Utf8;

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
    progress::apart(|| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    })
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
    let _ = progress::apart(|| writeln!(stderr, "{text}"));
}

/// Prints a remark of the program's own, which begins with its name.
pub fn note(text: &str) {
    status(&format!("{}: {text}", persona::name()));
}

/// A number of bytes, as people read it.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 1023.95 would be shown as 1024.0.
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// Tells that a copy was resumed where another was interrupted.
pub fn resumed(path: &str, at: u64) {
    if is_quiet() {
        return;
    }
    let path = visible(path);
    note(&format!("{path}: resumed at {}", size(at)));
}

/// Lists a file of a tree that was copied.
pub fn copied(path: &str) {
    status(&format!("Copied: {}", visible(path)));
}

/// Whether a person reads what is told beside the data, and expects more than mpremote tells.
pub fn is_watched() -> bool {
    !is_quiet() && !persona::is_mpremote() && io::stderr().is_terminal()
}

/// Tells that the user has stopped what was being done.
pub fn interrupted() {
    if !persona::is_mpremote() {
        note("interrupted");
    }
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

/// The most characters of an error: what boards and files hold may be long.
const ERROR_MAX: usize = 400;

/// An error as it is printed: with the ends of lines of this computer, printable, and short.
pub fn message(error: &Error) -> String {
    let text = error.to_string().replace("\r\n", "\n");
    shortened(visible_lines(text.trim_end()).into_owned())
}

/// Leaves out the middle: a traceback says what went wrong at its end.
fn shortened(text: String) -> String {
    const MARK: &str = " … ";
    let length = text.chars().count();
    if length <= ERROR_MAX {
        return text;
    }
    let kept = ERROR_MAX - MARK.chars().count();
    let (begin, end) = (kept / 2, kept - kept / 2);
    let begin: String = text.chars().take(begin).collect();
    let end: String = text.chars().skip(length - end).collect();
    [&begin, MARK, &end].concat()
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
        Error::Usage(usage) if usage.use_stderr() => {
            note(&wrong_usage(usage));
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
        Error::Usage(help) => {
            return match help.print().and_then(|()| io::stdout().flush()) {
                Err(error) => failure(&Error::Output(error)),
                Ok(()) => ExitCode::SUCCESS,
            };
        }
        Error::TimedOut { .. } => {
            note(&message(error));
            return ExitCode::from(TIMED_OUT);
        }
        Error::RemoteException | Error::Unwell => {}
        Error::Interrupted => interrupted(),
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
            note(&message(error));
            if let Some(hint) = error.hint() {
                status(&format!("hint: {hint}"));
            }
        }
    }
    ExitCode::FAILURE
}

/// What the parser says of a wrong command line, in the style of every other error.
fn wrong_usage(usage: &clap::Error) -> String {
    let text = usage.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.trim_end().replace("\n  tip: ", "\nhint: ")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told_in_units_of_1024() {
        let told = [0, 1023, 1024, 50_000, 1_048_575, 1 << 20, 5 << 30].map(size);
        assert_eq!(
            told,
            [
                "0 B", "1023 B", "1.0 KiB", "48.8 KiB", "1.0 MiB", "1.0 MiB", "5.0 GiB"
            ]
        );
    }
}
