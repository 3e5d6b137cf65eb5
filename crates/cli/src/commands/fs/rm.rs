//! `rm`: a file, or with `-r` everything below a path.

use mpwire::board::errno::Errno;
use mpwire::board::fs::Removed;
use mpwire::board::{self, Board};
use mpwire::mount::PLACE;
use mpwire::path::{absolute, is_within, normal};

use crate::args::FsArgs;
use crate::error::Error;
use crate::persona;
use crate::report;

/// More names than these are not listed in one line.
const NAMES_SHOWN: usize = 5;

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
        for what in &removed {
            match what {
                Removed::File(path) => report::line(&format!("removed: '{path}'"))?,
                Removed::Directory(path) => report::line(&format!("removed directory: '{path}'"))?,
                Removed::MountPoint(path) => {
                    report::line(&format!("skipped: '{path}' (vfs mountpoint)"))?;
                }
                Removed::ReadOnly(_) => {}
            }
        }
    }
    tell_of_rest(path, &removed)?;
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

/// Says what is there still: mount points, which are empty now, and what is read-only. That the root of the
/// board holds such is no error; that nothing of `path` could be removed is one.
fn tell_of_rest(path: &str, removed: &[Removed]) -> Result<(), Error> {
    let names = |pick: fn(&Removed) -> Option<&String>| {
        let names: Vec<String> = removed
            .iter()
            .filter_map(pick)
            .map(|name| format!(":{}", normal(name)))
            .collect();
        (!names.is_empty()).then(|| listed(&names))
    };
    let mount_points = names(|what| match what {
        Removed::MountPoint(path) => Some(path),
        _ => None,
    });
    // mpremote says it with `-v` alone.
    if let Some(names) = mount_points.filter(|_| !persona::is_mpremote()) {
        report::note(&format!(
            "rm: emptied and left, since something is mounted there: {names}"
        ));
    }
    let is_all = removed
        .iter()
        .any(|what| matches!(what, Removed::ReadOnly(kept) if kept == path));
    if is_all {
        return Err(Error::RemoveDirectory {
            path: path.to_owned(),
            reason: Errno::READ_ONLY.to_string(),
        });
    }
    let read_only = names(|what| match what {
        Removed::ReadOnly(path) => Some(path),
        _ => None,
    });
    if let Some(names) = read_only {
        report::note(&format!("rm: left, since it is read-only: {names}"));
    }
    Ok(())
}

/// The first of many names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = &names[..names.len().min(NAMES_SHOWN)];
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Whether a path is a directory of the mounted folder, or all of it.
fn is_of_this_computer(board: &mut Board, path: &str) -> Result<bool, Error> {
    let current = board.current_directory()?;
    let is_directory = board.status(path)?.is_some_and(|found| found.is_directory);
    Ok(is_directory && is_within(&absolute(path, &current), PLACE))
}
