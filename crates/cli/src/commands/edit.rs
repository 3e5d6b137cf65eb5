//! `edit`: files of the board in the user's editor.
//!
//! The editor gets a copy in a private folder, and what it leaves goes to the board when it ends
//! well. No shell sees a file's name.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::{env, fs};

use mpwire::board::Board;
use mpwire::system::words;
use mpwire::transfer::{self, Options};
use tempfile::TempDir;

use crate::args::EditArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::interrupt;
use crate::persona;
use crate::progress::FileProgress;
use crate::report;

/// What is there on every computer of the kind; POSIX asks for vi.
const FALLBACK: &str = if cfg!(windows) { "notepad" } else { "vi" };

/// The longest name of a copy, in characters: less than any filesystem's limit in bytes.
const NAME_LIMIT: usize = 60;

/// Edits one file after the other.
pub fn edit(connection: &mut Connection, arguments: &EditArgs) -> Result<(), Error> {
    // Before the board is reset for it.
    let editor = Editor::find()?;
    connection.board()?;
    connection.did_action();
    let board = connection.board()?;
    for path in &arguments.files {
        let path = path.trim_start_matches(':');
        report::aside(&format!("edit :{path}"))?;
        let result = edit_file(board, &editor, path);
        // After an error, too, nothing of ours stays on the board; the error is the one to tell.
        let tidied = board.tidy();
        result
            .and(tidied.map_err(Error::from))
            .map_err(|error| error.of_command("edit"))?;
    }
    Ok(())
}

fn edit_file(board: &mut Board, editor: &Editor, path: &str) -> Result<(), Error> {
    // As mpremote: a new file is made, and what cannot be written is found before it is edited.
    let path = &board.resolve(path)?;
    super::fs::refuse_directory(board, path)?;
    board.touch(path).map_err(Error::from)?;
    let old = download(board, path)?;
    let copy = Copy::new(path, &old)?;
    let status = interrupt::leave_alone_during(board.interrupter(), || editor.run(&copy.path))?;
    let new = fs::read(&copy.path).map_err(|error| copy.failed(&error))?;
    if !status.success() {
        if new != old {
            copy.keep(path);
        }
        // mpremote goes on with the next file, and says nothing.
        return if persona::is_mpremote() {
            Ok(())
        } else {
            Err(Error::message(format!(
                "edit: the editor failed ({status}), and :{path} is left as it is"
            )))
        };
    }
    if new == old {
        if !persona::is_mpremote() && !report::is_quiet() {
            report::note(&format!("edit: :{path} is not changed"));
        }
        return Ok(());
    }
    upload(board, path, &new).inspect_err(|_| copy.keep(path))
}

fn download(board: &mut Board, path: &str) -> Result<Vec<u8>, Error> {
    let size = if FileProgress::is_shown() {
        board.status(path)?.map_or(0, |status| status.size)
    } else {
        0
    };
    let progress = FileProgress::new(path);
    Ok(transfer::download(board, path, size, &mut |step| {
        progress.update(step);
    })?)
}

fn upload(board: &mut Board, path: &str, data: &[u8]) -> Result<(), Error> {
    let progress = FileProgress::new(path);
    transfer::upload(board, data, path, &Options::default(), &mut |step| {
        progress.update(step);
    })?;
    Ok(())
}

/// A file of the board in a folder that nobody else may look into; it goes with this.
struct Copy {
    folder: TempDir,
    path: PathBuf,
}

impl Copy {
    fn new(path: &str, data: &[u8]) -> Result<Self, Error> {
        let mut folder = tempfile::Builder::new();
        folder.prefix("mpwire-edit-");
        // Elsewhere each user has a temporary folder of their own.
        #[cfg(unix)]
        folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = folder.tempdir().map_err(|error| {
            Error::message(format!("edit: no temporary folder: {}", words(&error)))
        })?;
        let path = folder.path().join(safe_name(path));
        let copy = Self { folder, path };
        fs::write(&copy.path, data).map_err(|error| copy.failed(&error))?;
        Ok(copy)
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::local("edit", &self.path.to_string_lossy(), error)
    }

    /// Leaves it there and says so.
    fn keep(mut self, path: &str) {
        self.folder.disable_cleanup(true);
        report::note(&format!(
            "edit: your text for :{path} is kept in {}",
            self.path.display()
        ));
    }
}

/// A name for the copy that shows what it is, by its extension too, and means nothing to a
/// filesystem, a shell or an editor.
fn safe_name(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
    let letters: Vec<char> = name
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .collect();
    // The end has the extension.
    let kept = &letters[letters.len().saturating_sub(NAME_LIMIT)..];
    let kept: String = kept.iter().collect();
    let stem = kept.split('.').next().unwrap_or_default();
    // `-x` is an option and `.x` is hidden.
    if stem.is_empty() || stem.starts_with('-') || is_device(stem) {
        return format!("board_{kept}");
    }
    kept
}

/// Whether Windows takes a file of this name, with any extension, for a device.
fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    match stem.strip_prefix("com").or(stem.strip_prefix("lpt")) {
        Some(number) => number.chars().count() == 1,
        None => matches!(stem.as_str(), "con" | "prn" | "aux" | "nul"),
    }
}

/// The user's editor and its arguments.
struct Editor {
    program: OsString,
    arguments: Vec<String>,
}

impl Editor {
    /// mpremote goes by `EDITOR` alone; `VISUAL` and the system's own come behind it.
    fn find() -> Result<Self, Error> {
        for name in ["EDITOR", "VISUAL"] {
            let value = env::var_os(name).map(|value| value.to_string_lossy().into_owned());
            if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
                return Self::parse(&value).ok_or_else(|| {
                    Error::message(format!("edit: ${name} is not a command: {value}"))
                });
            }
        }
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return Ok(Self {
                program: FALLBACK.into(),
                arguments: Vec::new(),
            });
        }
        Err(Error::message("edit: $EDITOR not set"))
    }

    /// Splits a command line as a shell does, but for a backslash on Windows, where it parts paths.
    fn parse(value: &str) -> Option<Self> {
        let value = if cfg!(windows) {
            value.replace('\\', r"\\")
        } else {
            value.to_owned()
        };
        let mut words = shell_words::split(&value).ok()?.into_iter();
        Some(Self {
            program: words.next()?.into(),
            arguments: words.collect(),
        })
    }

    /// Runs it to its end; it has the terminal.
    fn run(&self, path: &Path) -> Result<ExitStatus, Error> {
        let shown = self.program.to_string_lossy();
        Command::new(executable(&self.program))
            .args(&self.arguments)
            .arg(path)
            .status()
            .map_err(|error| {
                Error::message(format!(
                    "edit: the editor '{shown}' does not start: {}",
                    words(&error)
                ))
            })
    }
}

/// On Windows editors may be scripts, such as `code.cmd`, which are not found without their suffix.
#[cfg(windows)]
fn executable(program: &std::ffi::OsStr) -> OsString {
    which::which(program).map_or_else(|_| program.to_owned(), PathBuf::into_os_string)
}

#[cfg(not(windows))]
fn executable(program: &std::ffi::OsStr) -> &std::ffi::OsStr {
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_keep_their_extensions() {
        for (path, name) in [
            ("main.py", "main.py"),
            ("lib/sensors.py", "sensors.py"),
            ("$(touch x).py", "__touch_x_.py"),
            ("a'b\"c\\d;e.py", "a_b_c_d_e.py"),
            ("-rf.py", "board_-rf.py"),
            (".hidden", "board_.hidden"),
            ("CON", "board_CON"),
            ("con.txt", "board_con.txt"),
            ("Lpt1.py", "board_Lpt1.py"),
            ("com.py", "com.py"),
            ("..", "board_.."),
            ("", "board_"),
            ("grüße.py", "grüße.py"),
            ("new\nline.md", "new_line.md"),
        ] {
            assert_eq!(safe_name(path), name, "{path}");
        }
        let long = safe_name(&format!("{}.json", "x".repeat(300)));
        assert!(long.ends_with("x.json") && long.len() == NAME_LIMIT);
    }

    #[test]
    #[cfg(unix)]
    fn editors_may_have_arguments() {
        let editor = Editor::parse("'/opt/my editor/ed' --wait \"a b\"").unwrap();
        assert_eq!(editor.program, "/opt/my editor/ed");
        assert_eq!(editor.arguments, ["--wait", "a b"]);
        assert!(Editor::parse("ed 'open").is_none());
        assert!(Editor::parse("''").is_some_and(|editor| editor.program.is_empty()));
    }
}
