//! `mv`: files and directories of the board get another path there.
//!
//! The rules are those of every `mv`: into a directory that is there, else to that path; several only into a
//! directory. A file replaces a file; a directory is never overwritten.

use mpwire::board::errno::Errno;
use mpwire::board::fs::Status;
use mpwire::board::{self, Board};
use mpwire::path::{absolute, is_within, join, name, names_directory, normal, without_slash};
use mpwire::{mount, transfer};

use crate::args::FsArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;
use crate::unfinished;

/// Says what is wrong with the paths, as far as that can be told without a board.
pub fn check(arguments: &FsArgs) -> Result<(), Error> {
    on_board(&arguments.paths).map(drop)
}

/// Moves each path but the last to the last.
pub fn mv(connection: &mut Connection, arguments: &FsArgs) -> Result<(), Error> {
    let (sources, destination) = on_board(&arguments.paths)?;
    let board = connection.board()?;
    let result = sources.iter().try_for_each(|source| {
        if super::says(arguments, true) {
            report::line(&format!("mv :{source} :{destination}"))?;
        }
        Move::find(board, source, destination, sources.len() > 1)?.run(board)
    });
    connection.did_action();
    result
}

/// Sources and destination without their colons, which all of them have or none: a path of this computer
/// is another command's.
fn on_board(paths: &[String]) -> Result<(Vec<&str>, &str), Error> {
    let is_marked = |path: &&String| path.starts_with(':');
    if let Some(path) = paths.iter().find(|path| !is_marked(path))
        && paths.iter().any(|path| is_marked(&path))
    {
        let what = format!("mv: {path} has no colon, and mv moves on the board only");
        return Err(Error::message(what).with_hint(format!(
            "to copy between this computer and the board: mpwire cp {}",
            paths.join(" ")
        )));
    }
    let mut paths: Vec<&str> = paths
        .iter()
        .map(|path| path.strip_prefix(':').unwrap_or(path))
        .collect();
    match paths.pop() {
        Some(destination) if !paths.is_empty() => Ok((paths, destination)),
        _ => Err(Error::message("mv: missing destination path")),
    }
}

/// What is to be moved, and where to.
struct Move {
    source: String,
    target: String,
    is_directory: bool,
}

impl Move {
    /// Finds where `source` goes, and refuses what would lose something.
    fn find(
        board: &mut Board,
        source: &str,
        destination: &str,
        multiple: bool,
    ) -> Result<Self, Error> {
        let source = board.resolve(source)?;
        let destination = board.resolve(destination)?;
        let Some(found) = board.status(&source)? else {
            return Err(refused(&source, Errno::NOT_FOUND));
        };
        if names_directory(&source) && !found.is_directory {
            return Err(refused(&source, Errno::NOT_A_DIRECTORY));
        }
        let own_name = name(&source);
        if own_name.is_empty() {
            return Err(Error::message(format!(
                "mv: a directory is moved by its own name, not as ':{source}'"
            )));
        }
        let there = board.status(&destination)?;
        let must_be_directory = multiple || (names_directory(&destination) && !found.is_directory);
        let (target, there) = match there {
            Some(Status {
                is_directory: true, ..
            }) => {
                let target = normal(&join(&destination, own_name));
                let there = board.status(&target)?;
                (target, there)
            }
            None if must_be_directory => {
                return Err(Error::message("mv: destination does not exist"));
            }
            Some(_) if must_be_directory => {
                return Err(Error::message("mv: destination is not a directory"));
            }
            there => (without_slash(&destination).to_owned(), there),
        };
        let moving = Self {
            source: without_slash(&source).to_owned(),
            target,
            is_directory: found.is_directory,
        };
        moving.refuse(there, &board.current_directory()?)?;
        Ok(moving)
    }

    /// Refuses what would lose something, where `there` is what the target is now.
    fn refuse(&self, there: Option<Status>, current: &str) -> Result<(), Error> {
        let Self { source, target, .. } = self;
        let [from, to] = [source, target].map(|path| absolute(path, current));
        let reason = if from == to {
            format!("{source} and {target} are the same")
        } else if self.is_directory && is_within(&to, &from) {
            format!("{source} cannot be moved into itself")
        } else if there.is_some_and(|there| there.is_directory) {
            format!("{target} is a directory, and is not overwritten")
        } else if self.is_directory && there.is_some() {
            format!("{target} is a file, and a directory does not overwrite it")
        } else if self.is_directory && is_within(&from, mount::PLACE) {
            // As for `rm -r`: they are this computer's.
            format!("directories of {} are not moved", mount::PLACE)
        } else {
            return Ok(());
        };
        Err(Error::message(format!("mv: {reason}")))
    }

    fn run(&self, board: &mut Board) -> Result<(), Error> {
        let note = unfinished::begin(board.name(), &transfer::upload::places(&self.target));
        let result = transfer::relocate::relocate(board, &self.source, &self.target);
        let result = result.map_err(Error::from);
        note.end(result.as_ref().err());
        result
    }
}

fn refused(path: &str, errno: Errno) -> Error {
    let path = path.to_owned();
    board::Error::File { path, errno }.into()
}
