//! The program under whose name this one was called.
//!
//! A link or a copy named `mpremote` stands in for mpremote where scripts compare what it prints: error
//! texts, usage errors and the order of lines are mpremote 1.29's. What a board is told does not change.

pub mod argparse;
pub mod errors;
pub mod held;

use std::path::Path;
use std::sync::OnceLock;

/// The release that is imitated.
pub const MPREMOTE_VERSION: &str = "1.29.0";

/// Set once, when the program begins.
static IS_MPREMOTE: OnceLock<bool> = OnceLock::new();

/// Takes note of the name that the program was called by, its first argument.
pub fn called(program: Option<&std::ffi::OsStr>) {
    // It is called once; a second name would change nothing.
    let _ = IS_MPREMOTE.set(program.is_some_and(|program| names_mpremote(Path::new(program))));
}

/// Whether the program was called `mpremote`.
pub fn is_mpremote() -> bool {
    *IS_MPREMOTE.get().unwrap_or(&false)
}

/// What stands before error messages, and in usage lines.
pub fn name() -> &'static str {
    if is_mpremote() { "mpremote" } else { "mpwire" }
}

fn names_mpremote(program: &Path) -> bool {
    let name = program.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        return false;
    };
    if cfg!(windows) {
        let name = name.to_ascii_lowercase();
        name.strip_suffix(".exe").unwrap_or(&name) == "mpremote"
    } else {
        name == "mpremote"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_is_mpremotes() {
        for program in ["mpremote", "/usr/bin/mpremote", "./mpremote"] {
            assert!(names_mpremote(Path::new(program)), "{program}");
        }
        for program in ["mpwire", "mpremote/mpwire", "mpremote2", ""] {
            assert!(!names_mpremote(Path::new(program)), "{program}");
        }
    }
}
