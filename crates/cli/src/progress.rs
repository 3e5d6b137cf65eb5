//! Progress on a terminal: one line at the bottom of standard error, below what is printed meanwhile.
//!
//! The cursor waits at the line's beginning, and the line is shorter than the terminal is wide: neither the
//! `^C` that a terminal shows nor the line itself ever wraps, so that the line can be taken away.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mpwire::transfer::Progress;

use crate::report::{is_quiet, size, visible};

/// mpremote shows no progress below this size either: it would only flicker.
const MIN_SIZE: u64 = 2048;

/// How long a line stays at least, as far as progress goes.
const MIN_TIME: Duration = Duration::from_millis(60);

/// Erases from the cursor to the end of its line (ECMA-48, EL).
const ERASE: &str = "\x1b[K";

/// What is shown now, so that others can print around it.
static SHOWN: Mutex<Option<String>> = Mutex::new(None);

/// Prints while nothing is shown; what was shown comes back below.
pub fn apart<T>(print: impl FnOnce() -> T) -> T {
    // Not locked while it prints: a reader may never come.
    let Some(line) = take() else {
        return print();
    };
    let printed = print();
    show(line);
    printed
}

/// Whether something is shown.
pub fn is_on() -> bool {
    shown(|shown| shown.is_some())
}

/// Shows `text` in place of what is shown.
pub fn replace(text: &str) {
    show(shortened(&format!(" {text}"), columns(), End::Last));
}

/// Takes away what is shown.
pub fn clear() {
    drop(take());
}

fn take() -> Option<String> {
    let line = shown(Option::take)?;
    write(&format!("\r{ERASE}"));
    Some(line)
}

/// Shows a line, which is to fit into [`columns`].
fn show(line: String) {
    write(&format!("\r{line}{ERASE}\r"));
    shown(|shown| *shown = Some(line));
}

fn shown<T>(action: impl FnOnce(&mut Option<String>) -> T) -> T {
    action(&mut SHOWN.lock().unwrap_or_else(PoisonError::into_inner))
}

fn write(text: &str) {
    let mut stderr = io::stderr();
    // Nothing can be told where stderr is gone.
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// How many columns a line may have: all but the last, behind which some terminals wrap.
fn columns() -> usize {
    const USUAL: u16 = 80;
    #[cfg(unix)]
    let columns = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
    #[cfg(windows)]
    let columns = crossterm::terminal::size().map_or(0, |(columns, _)| columns);
    // A terminal that does not know its width says 0.
    let columns = if columns == 0 { USUAL } else { columns };
    usize::from(columns - 1)
}

/// Whether somebody wants to see it, on a terminal that can erase a line.
fn can_show() -> bool {
    #[cfg(windows)]
    if !crossterm::ansi_support::supports_ansi() {
        return false;
    }
    !is_quiet() && io::stderr().is_terminal()
}

/// A line that tells what is being done; nothing unless a person is looking.
pub struct Stage {
    is_shown: bool,
}

impl Stage {
    /// Nothing yet. Data may be on its way to a file meanwhile.
    pub fn new() -> Self {
        Self {
            is_shown: can_show(),
        }
    }

    /// Shows what is done now.
    pub fn show(&self, text: &str) {
        if self.is_shown {
            replace(text);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        clear();
    }
}

/// How far a file is, or several; nothing unless a person is looking, and before the first byte was sent.
pub struct FileProgress {
    is_shown: bool,
    state: RefCell<State>,
}

struct State {
    name: String,
    meter: Option<Meter>,
    drawn: Option<Instant>,
}

impl FileProgress {
    /// For a file of this name.
    pub fn new(name: &str) -> Self {
        Self {
            is_shown: Self::is_shown(),
            state: RefCell::new(State {
                name: visible(name).into_owned(),
                meter: None,
                drawn: None,
            }),
        }
    }

    /// Whether a person is looking, so that progress is shown at all.
    pub fn is_shown() -> bool {
        io::stdout().is_terminal() && can_show()
    }

    /// Names the file that is under way now.
    pub fn rename(&self, name: &str) {
        self.state.borrow_mut().name = visible(name).into_owned();
    }

    /// Shows how far it is.
    pub fn update(&self, progress: Progress) {
        let mut state = self.state.borrow_mut();
        if !self.is_shown || progress.done == 0 || progress.total < MIN_SIZE {
            return;
        }
        let now = Instant::now();
        let meter = state
            .meter
            .get_or_insert_with(|| Meter::begin(now, progress.done));
        let rate = meter.rate(now, progress.done);
        let is_done = progress.done >= progress.total;
        let is_early = |drawn| now.duration_since(drawn) < MIN_TIME;
        if state.drawn.is_some_and(is_early) && !is_done {
            return;
        }
        state.drawn = Some(now);
        let figures = Figures::of(progress, rate);
        show(figures.line(&state.name, columns()));
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        clear();
    }
}

/// The rate of the last seconds.
#[derive(Debug, Clone, Copy)]
struct Meter {
    /// Where the time begins over which the rate is told.
    start: (Instant, u64),
    /// Where that will begin later.
    next: (Instant, u64),
}

impl Meter {
    /// The shortest time over which a rate is told, and the longest but for twice that.
    const MIN: Duration = Duration::from_millis(500);
    const WINDOW: Duration = Duration::from_secs(5);

    fn begin(now: Instant, done: u64) -> Self {
        Self {
            start: (now, done),
            next: (now, done),
        }
    }

    /// Bytes a second, once that can be told.
    fn rate(&mut self, now: Instant, done: u64) -> Option<u64> {
        if now.duration_since(self.next.0) >= Self::WINDOW {
            self.start = self.next;
            self.next = (now, done);
        }
        let (since, before) = self.start;
        let time = now.duration_since(since);
        let bytes = u128::from(done.saturating_sub(before));
        let rate = (bytes * 1000).checked_div(time.as_millis())?;
        let rate = u64::try_from(rate).ok()?;
        (time >= Self::MIN && rate > 0).then_some(rate)
    }
}

/// What is told of a transfer.
struct Figures {
    done: u64,
    total: u64,
    /// Bytes a second, where that is known.
    rate: Option<u64>,
    /// Seconds left, where that is known.
    left: Option<u64>,
}

impl Figures {
    fn of(progress: Progress, rate: Option<u64>) -> Self {
        let Progress { done, total } = progress;
        // At the end the board is still busy with what it has.
        let rate = rate.filter(|_| done < total);
        let left = rate.map(|rate| (total - done).div_ceil(rate));
        Self {
            done,
            total,
            rate,
            left,
        }
    }

    /// As much as a line has room for, the most useful first, and the file's name in what is left.
    fn line(&self, name: &str, columns: usize) -> String {
        const WIDTH_MIN_NAME: usize = 16;
        const BAR: u64 = 20;
        let share = |of: u64| (self.done.min(self.total) * of).checked_div(self.total);
        let filled = share(BAR).unwrap_or(BAR) as usize;
        let head = if filled < BAR as usize { ">" } else { "" };
        let bar = format!("[{:-<20}]", format!("{}{head}", "#".repeat(filled)));
        let percent = format!(" {:>3}%", share(100).unwrap_or(100));
        let amount = format!("{} of {}", size(self.done), size(self.total));
        let rate = self.rate.map(|rate| format!("{}/s", size(rate)));
        let left = self.left.map(|left| format!("{left} s left"));
        // In the order in which they stand, each with its importance.
        let mut parts = [(3, Some(bar)), (1, Some(amount)), (2, rate), (0, left)];
        let room = columns.saturating_sub(percent.len());
        let name_room = WIDTH_MIN_NAME.min(width(name)) + 1;
        let mut used = name_room;
        for importance in 0..4 {
            for (_, part) in parts.iter_mut().filter(|(own, _)| *own == importance) {
                let wanted = part.as_ref().map_or(0, |part| part.len() + 1);
                if used + wanted > room {
                    *part = None;
                } else {
                    used += wanted;
                }
            }
        }
        let mut line = percent;
        for (_, part) in &parts {
            if let Some(part) = part {
                let _ = write!(line, " {part}");
            }
        }
        let left = columns.saturating_sub(line.len() + 1);
        let name = shortened(name, left, End::First);
        if !name.is_empty() {
            let _ = write!(line, " {name}");
        }
        line
    }
}

/// Which end of a text is cut off where it is too long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// At most so many columns of a text, which tells by a dot that it was longer.
fn shortened(text: &str, columns: usize, end: End) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(ELLIPSIS.len());
    let mut fits = |character: &char| {
        let wanted = character_width(*character);
        let fits = wanted <= left;
        left = left.saturating_sub(wanted);
        fits
    };
    if columns < ELLIPSIS.len() {
        return String::new();
    }
    match end {
        End::Last => {
            let kept: String = text.chars().take_while(&mut fits).collect();
            format!("{kept}{ELLIPSIS}")
        }
        End::First => {
            let kept: Vec<char> = text.chars().rev().take_while(&mut fits).collect();
            let kept: String = kept.into_iter().rev().collect();
            format!("{ELLIPSIS}{kept}")
        }
    }
}

const ELLIPSIS: &str = "...";

fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

/// The most columns that a terminal gives a character: those of Asia and pictures take two.
fn character_width(character: char) -> usize {
    if character < '\u{1100}' { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "lib/drivers/display/framebuffer.py";

    fn figures() -> Figures {
        Figures {
            done: 34_000,
            total: 50_000,
            rate: Some(11_500),
            left: Some(1),
        }
    }

    #[test]
    fn a_line_fits_the_terminal_and_names_the_file() {
        for (columns, expected) in [
            (
                99,
                "  68% [#############>------] 33.2 KiB of 48.8 KiB 11.2 KiB/s 1 s left ...ers/display/framebuffer.py",
            ),
            (
                79,
                "  68% 33.2 KiB of 48.8 KiB 11.2 KiB/s 1 s left ...rivers/display/framebuffer.py",
            ),
            (39, "  68% 1 s left ...isplay/framebuffer.py"),
            (19, "  68% ...ebuffer.py"),
        ] {
            assert_eq!(figures().line(NAME, columns), expected);
        }
        for columns in 0..120 {
            for name in [NAME, "a", "", "フォルダ/ファイルファイルファイル.py"] {
                let line = figures().line(name, columns);
                assert!(
                    width(&line) <= columns.max(5),
                    "{columns}: {line:?} ({})",
                    width(&line)
                );
            }
        }
    }

    #[test]
    fn a_rate_that_is_not_known_is_not_told() {
        let done = Figures {
            done: 50_000,
            rate: None,
            left: None,
            ..figures()
        };
        assert_eq!(
            done.line("a.py", 80),
            " 100% [####################] 48.8 KiB of 48.8 KiB a.py"
        );
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut meter = Meter::begin(start, 1000);
        assert_eq!(meter.rate(at(499), 2000), None);
        assert_eq!(meter.rate(at(500), 2000), Some(2000));
        assert_eq!(meter.rate(at(5000), 11_000), Some(2000));
        // The line has become slow.
        assert_eq!(meter.rate(at(10_000), 11_500), Some(100));
        assert_eq!(meter.rate(at(20_000), 11_500), None);
        let figures = Figures::of(
            Progress {
                done: 500,
                total: 3000,
            },
            Some(1000),
        );
        assert_eq!(figures.left, Some(3));
    }

    #[test]
    fn a_text_is_cut_where_it_tells_least() {
        assert_eq!(shortened("abcdefgh", 8, End::First), "abcdefgh");
        assert_eq!(shortened("abcdefgh", 7, End::First), "...efgh");
        assert_eq!(shortened("abcdefgh", 7, End::Last), "abcd...");
        assert_eq!(shortened("abcdefgh", 2, End::Last), "");
    }
}
