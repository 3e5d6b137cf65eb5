//! `fs`: the files of the board, one file a command.

mod cat;
pub mod cp;
mod hash;
mod ls;
mod mv;
pub mod pages;
mod rm;
mod tree;

use mpwire::board::errno::Errno;
use mpwire::board::{self, Board};
use mpwire::path;

use crate::args::FsArgs;
use crate::chain;
use crate::connection::Connection;
use crate::error::Error;
use crate::persona;
use crate::report;

/// Says what is wrong with the words of a command, as far as that can be told without a board.
pub fn check(arguments: &FsArgs) -> Result<(), Error> {
    let command = arguments.command.as_str();
    if !is_command(command) {
        let names = pages::PAGES.iter().map(|page| page.name);
        return Err(Error::Unknown {
            what: format!("fs: '{command}' is not a command; see `mpwire fs --help`"),
            nearest: chain::nearest(command, names).map(str::to_owned),
            instead: super::elsewhere::instead(command),
        });
    }
    match command {
        "cp" => cp::check(arguments),
        "mv" => mv::check(arguments),
        _ => Ok(()),
    }
}

/// Does one `fs` command for each of its paths, in order.
pub fn fs(connection: &mut Connection, arguments: &FsArgs) -> Result<(), Error> {
    let command = arguments.command.as_str();
    if command != "cp" {
        check(arguments)?;
    }
    if command == "cp" {
        return cp::cp(connection, arguments).map_err(|error| error.of_command("cp"));
    }
    if command == "mv" {
        return mv::mv(connection, arguments).map_err(|error| error.of_command("mv"));
    }
    connection.board()?;
    connection.did_action();
    for path in &arguments.paths {
        // Paths are the board's whether or not they say so.
        let path = path.strip_prefix(':').unwrap_or(path);
        if says(arguments, command != "cat") {
            report::line(&format!("{command} :{path}"))?;
        }
        one(connection, arguments, path).map_err(|error| {
            let error = error.of_command(command);
            advise(connection, arguments, path, error)
        })?;
    }
    Ok(())
}

/// Whether there is such a command; asked before anything is done.
pub fn is_command(command: &str) -> bool {
    pages::page(command).is_some()
}

/// Whether to say what is done.
fn says(arguments: &FsArgs, default: bool) -> bool {
    arguments.verbose || (default && !arguments.no_verbose && !report::is_quiet())
}

/// Adds what to do where a directory was given to a command that takes files.
fn advise(connection: &mut Connection, arguments: &FsArgs, path: &str, error: Error) -> Error {
    let takes_files = match arguments.command.as_str() {
        "rm" => !arguments.recursive,
        "cat" => true,
        command => hash::algorithm(command).is_some(),
    };
    // An error of the link ends the command; the board is asked nothing more.
    if !takes_files || error.is_of_the_link() || persona::is_mpremote() {
        return error;
    }
    let is_directory = path.is_empty()
        || connection.board().is_ok_and(
            |board| matches!(board.status(path), Ok(Some(status)) if status.is_directory),
        );
    match arguments.command.as_str() {
        _ if !is_directory => error,
        "rm" => error.with_hint(format!(
            "to remove the directory and all that is in it: mpwire rm -r :{path}"
        )),
        _ => error.with_hint(format!("it is a directory; to list it: mpwire ls :{path}")),
    }
}

/// Refuses a path that says by its end that it is a directory. Firmwares disagree about such: some open the
/// file `a.py` as `a.py/`.
pub fn refuse_directory(board: &mut Board, path: &str) -> Result<(), Error> {
    if !path.is_empty() && !path::names_directory(path) {
        return Ok(());
    }
    let errno = match board.status(path)? {
        Some(found) if !found.is_directory => Errno::NOT_A_DIRECTORY,
        Some(_) => Errno::IS_DIRECTORY,
        None => Errno::NOT_FOUND,
    };
    let path = path.to_owned();
    Err(board::Error::File { path, errno }.into())
}

fn one(connection: &mut Connection, arguments: &FsArgs, shown: &str) -> Result<(), Error> {
    let board = connection.board()?;
    let path = &board.resolve(shown)?;
    let is_of_files = matches!(arguments.command.as_str(), "cat" | "touch")
        || hash::algorithm(&arguments.command).is_some();
    if is_of_files || (arguments.command == "rm" && !arguments.recursive) {
        refuse_directory(board, path)?;
    }
    match arguments.command.as_str() {
        "cat" => cat::cat(board, path),
        "ls" => ls::ls(board, path),
        "mkdir" if arguments.parents => Ok(board.make_directory_and_parents(path)?),
        "mkdir" => Ok(board.make_directory(path)?),
        "rmdir" => Ok(board.remove_directory(path)?),
        "touch" => Ok(board.touch(path)?),
        "rm" => rm::rm(board, path, arguments),
        "tree" => tree::tree(board, shown, arguments),
        command => hash::hash(board, path, command),
    }
}
