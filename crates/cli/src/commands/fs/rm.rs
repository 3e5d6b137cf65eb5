//! `rm`: a file, or with `-r` everything below a path.

use mpwire::board::fs::Removed;
use mpwire::board::{self, Board};
use mpwire::mount::PLACE;

use crate::args::FsArgs;
use crate::error::Error;
use crate::report;

/// Removes a path.
pub fn rm(board: &mut Board, path: &str, arguments: &FsArgs) -> Result<(), Error> {
    if !arguments.recursive {
        return Ok(board.remove(path)?);
    }
    if board.mounted().is_some() && is_of_this_computer(board, path)? {
        return Err(Error::message(format!(
            "rm -r not permitted on {PLACE} directory"
        )));
    }
    let (removed, result) = board.remove_tree(path);
    if arguments.verbose {
        for what in removed {
            report::line(&match what {
                Removed::File(path) => format!("removed: '{path}'"),
                Removed::Directory(path) => format!("removed directory: '{path}'"),
                Removed::MountPoint(path) => format!("skipped: '{path}' (vfs mountpoint)"),
            })?;
        }
    }
    result.map_err(|error| about_directory(board, path, error))
}

/// What cannot be removed is told of as a directory where it is one.
fn about_directory(board: &mut Board, path: &str, error: board::Error) -> Error {
    let board::Error::File {
        path: failed,
        errno,
    } = &error
    else {
        return error.into();
    };
    let is_directory = matches!(board.status(path), Ok(Some(status)) if status.is_directory);
    if is_directory && failed == path {
        return Error::RemoveDirectory {
            path: path.to_owned(),
            reason: errno.to_string(),
        };
    }
    error.into()
}

/// Whether a path is a directory of the mounted folder, or all of it.
fn is_of_this_computer(board: &mut Board, path: &str) -> Result<bool, Error> {
    let current = board.current_directory()?;
    let is_directory = board.status(path)?.is_some_and(|found| found.is_directory);
    Ok(is_directory && is_mounted(&current, path))
}

/// Whether a path leads to the mounted folder.
fn is_mounted(current: &str, path: &str) -> bool {
    let mut place: Vec<&str> = Vec::new();
    let start = if path.starts_with('/') { "" } else { current };
    for name in start.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => drop(place.pop()),
            name => place.push(name),
        }
    }
    place.first().copied() == PLACE.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::is_mounted;

    #[test]
    fn the_mounted_folder_is_known_by_any_path() {
        for (current, path) in [
            ("/", "/remote"),
            ("/", "remote/a"),
            ("/remote", ""),
            ("/remote/sub/", "../x"),
            ("/lib", "../remote/"),
            ("/", "//remote//a"),
        ] {
            assert!(is_mounted(current, path), "{current} {path}");
        }
        for (current, path) in [
            ("/", "/remotes"),
            ("/remote", "/lib"),
            ("/remote", ".."),
            ("/", "lib/remote"),
        ] {
            assert!(!is_mounted(current, path), "{current} {path}");
        }
    }
}
