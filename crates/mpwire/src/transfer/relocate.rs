//! Files and directories of a board that get another path there.
//!
//! On one filesystem that is a new name. From one to another the firmware renames nothing
//! (`mp_vfs_rename`, `extmod/vfs.c`, raises EPERM): all is copied on the board, each copy is verified by
//! its digest, and only then what was there before is removed.

use super::leftovers::digest_of;
use super::temporary::temporary_path;
use super::tree::free_call;
use super::upload::listens_after;
use super::{ATTEMPTS, Error};
use crate::board::errno::Errno;
use crate::board::fs::{Entry, Removed, Status};
use crate::board::patience::copying;
use crate::board::plausible::Space;
use crate::board::{self, Board, onboard, read};
use crate::path::{join, parent};

/// Gives the file or directory `source` the path `target`, where no directory is. A file that is there is
/// replaced.
pub fn relocate(board: &mut Board, source: &str, target: &str) -> Result<(), Error> {
    match board.rename(source, target) {
        Err(board::Error::File {
            errno: errno @ (Errno::NOT_FOUND | Errno::NOT_A_DIRECTORY),
            ..
        }) => {
            // The caller has seen the source: it is the target's directory that is missing.
            Err(refused(target, errno))
        }
        Err(board::Error::File {
            errno: Errno::NOT_PERMITTED | Errno::CROSSES_DEVICES,
            ..
        }) => across(board, source, target),
        Err(board::Error::Exception { traceback }) if traceback.contains("AttributeError") => {
            Err(board::Error::Lacking("os.rename").into())
        }
        result => Ok(result?),
    }
}

/// The same from one filesystem to another.
fn across(board: &mut Board, source: &str, target: &str) -> Result<(), Error> {
    let Some(found) = board.status(source)? else {
        return Err(refused(source, Errno::NOT_FOUND));
    };
    if found.is_directory && board.is_mount_point(source)? {
        return Err(refused(source, Errno::NOT_PERMITTED));
    }
    refuse_read_only(board, source)?;
    if found.is_directory {
        tree_across(board, source, target)
    } else {
        refuse_without_space(board, target, found.size)?;
        copy(board, source, found, target, target)?;
        Ok(board.remove(source)?)
    }
}

fn tree_across(board: &mut Board, source: &str, target: &str) -> Result<(), Error> {
    let below = board.walk(source)?;
    if let Some(entry) = below.iter().find(|entry| !entry.is_text) {
        // It cannot be asked for.
        return Err(refused(&join(source, &entry.name), Errno::INVALID));
    }
    refuse_without_space(board, target, below.iter().map(|entry| entry.size).sum())?;
    // Fails where something is: what is removed after an error is this copy alone.
    board.make_directory(target)?;
    if let Err(error) = copy_below(board, source, target, &below) {
        if matches!(error, Error::Corrupt { .. }) || listens_after(board, &error) {
            let _ = board.remove_tree(target);
        }
        return Err(error);
    }
    let (removed, result) = board.remove_tree(source);
    result?;
    let stays = |what: &Removed| matches!(what, Removed::ReadOnly(_) | Removed::MountPoint(_));
    if removed.iter().any(stays) {
        return Err(refused(source, Errno::NOT_EMPTY));
    }
    Ok(())
}

fn copy_below(board: &mut Board, source: &str, target: &str, below: &[Entry]) -> Result<(), Error> {
    let directories: Vec<String> = below
        .iter()
        .filter(|entry| entry.is_directory)
        .map(|entry| join(target, &entry.name))
        .collect();
    board.make_directories(&directories)?;
    // Where a copy that is cut off is looked for, and removed.
    let top = join(target, "");
    for entry in below.iter().filter(|entry| !entry.is_directory) {
        let [from, to] = [source, target].map(|top| join(top, &entry.name));
        let found = Status {
            is_directory: false,
            size: entry.size,
        };
        copy(board, &from, found, &to, &top)?;
    }
    Ok(())
}

/// Copies a file and verifies the copy before that gets its name. Until then it is beside `place`.
fn copy(
    board: &mut Board,
    source: &str,
    found: Status,
    target: &str,
    place: &str,
) -> Result<(), Error> {
    let Some(digest) = digest_of(board, source)? else {
        return Err(refused(source, Errno::IO));
    };
    let temporary = temporary_path(place, &digest);
    for _ in 0..ATTEMPTS {
        let copied = board.patiently(copying(found.size), |board| {
            board.duplicate(source, &temporary)
        });
        if let Err(error) = copied {
            let error = Error::from(error).at(target);
            if listens_after(board, &error) {
                let _ = board.remove(&temporary);
            }
            return Err(error);
        }
        if digest_of(board, &temporary)?.as_ref() == Some(&digest) {
            return Ok(board.rename(&temporary, target)?);
        }
    }
    let _ = board.remove(&temporary);
    Err(Error::Corrupt {
        path: target.to_owned(),
        kept: true,
    })
}

/// Refuses what could be copied, and not removed then. A filesystem that takes no changes says so of a
/// name that is not there, too: VfsRom has no method that would (`extmod/vfs_rom.c`), and FAT looks at the
/// device first (`mount_volume`, `lib/oofatfs/ff.c`).
fn refuse_read_only(board: &mut Board, source: &str) -> Result<(), Error> {
    match board.remove(&temporary_path(source, &[0; 3])) {
        Err(board::Error::File { errno, .. }) if errno == Errno::READ_ONLY => {
            Err(refused(source, errno))
        }
        Err(board::Error::File { .. }) => Ok(()),
        result => Ok(result?),
    }
}

/// Refuses what does not fit before anything is written.
fn refuse_without_space(board: &mut Board, target: &str, size: u64) -> Result<(), Error> {
    let directory = parent(target);
    let reply = board.run(&[onboard::FREE], &free_call(directory))?;
    let space = Space::from_value(&read(&reply)?);
    match board.certain_free(directory, space, size)? {
        Some(free) if free < size => Err(Error::NoSpace {
            path: target.to_owned(),
            size,
            free,
        }),
        _ => Ok(()),
    }
}

fn refused(path: &str, errno: Errno) -> Error {
    let path = path.to_owned();
    Error::Board(board::Error::File { path, errno })
}
