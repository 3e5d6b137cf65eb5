//! Who may open a port and who has it open: what each system tells of that.

#[cfg(target_os = "linux")]
mod processes;
#[cfg(unix)]
mod unix;

use super::ports::{Access, Holder};

/// Whether the user may open the port at `path`.
#[cfg(unix)]
pub fn of(path: &str) -> Access {
    unix::of(std::path::Path::new(path))
}

/// Windows lets everybody open what is there, and only opening tells what is there.
#[cfg(not(unix))]
pub fn of(_path: &str) -> Access {
    Access::Unknown
}

/// Other programs that have the port open.
#[cfg(target_os = "linux")]
pub fn holders(path: &str) -> Vec<Holder> {
    processes::holders(std::path::Path::new(path))
}

/// Only Linux tells without tools of its own.
#[cfg(not(target_os = "linux"))]
pub fn holders(_path: &str) -> Vec<Holder> {
    Vec::new()
}

/// Programs of these names that run.
#[cfg(target_os = "linux")]
pub fn running(names: &[&str]) -> Vec<Holder> {
    processes::running(names)
}

/// Elsewhere there are no such programs.
#[cfg(not(target_os = "linux"))]
pub fn running(_names: &[&str]) -> Vec<Holder> {
    Vec::new()
}
