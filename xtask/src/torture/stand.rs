//! A board, and the files that go to and from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mpwire_sim::{Board, Options};
use tempfile::TempDir;

use super::Rack;
use crate::data;
use crate::process::{self, Finished};
use crate::tool::Tool;

/// What takes this long hangs.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);
/// Prints each file's SHA-256 and path.
const HASH_FILES: &str = include_str!("../onboard/hash_files.py");
const REMOVE_FILES: &str = include_str!("../onboard/remove_files.py");

/// Paths, which begin with `/`, and what is there.
pub(super) type Files = BTreeMap<String, Vec<u8>>;
/// The same by digests.
pub(super) type Digests = BTreeMap<String, String>;

/// A board at a port, and a folder for the files of this computer.
pub(super) struct Stand<'a> {
    pub rack: Rack<'a>,
    pub board: Board,
    folder: TempDir,
    port: PathBuf,
}

impl<'a> Stand<'a> {
    /// A new board with these parameters of the simulator.
    pub fn new(rack: Rack<'a>, parameters: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let port = folder.path().join("board");
        let board = started(parameters, &port)?;
        Ok(Self {
            rack,
            board,
            folder,
            port,
        })
    }

    /// Takes another board in the place of this one, at the same port.
    pub fn exchange(&mut self, parameters: &str) -> Result<()> {
        // A new board takes no port that the old one still has.
        fs::remove_file(&self.port).context("the old board has lost its port")?;
        self.board = started(parameters, &self.port)?;
        Ok(())
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn port(&self) -> &Path {
        &self.port
    }

    /// Runs what a tool is to do.
    pub fn run(&self, mut command: Command) -> Result<Finished> {
        self.set_apart(&mut command);
        process::run(&mut command, DEADLINE)
    }

    /// Runs a tool that may hang: then it has failed.
    pub fn attempt(&self, command: Command) -> Finished {
        or_failed(self.run(command))
    }

    /// Keeps what a tool notes on this computer in the folder.
    pub fn set_apart(&self, command: &mut Command) {
        command.env("XDG_CACHE_HOME", self.path("cache"));
    }

    /// mpwire at this board.
    pub fn mpwire(&self) -> Command {
        Tool::Mpwire.connected(self.rack.programs, &self.port)
    }

    /// Runs mpwire where nothing goes wrong.
    pub fn mpwire_does(&self, words: &[&str]) -> Result<String> {
        let mut command = self.mpwire();
        command.args(words);
        let finished = self.run(command)?;
        ensure!(
            finished.success,
            "{} fails: {}",
            words[0],
            finished.last_words()
        );
        Ok(finished.stdout)
    }

    /// Runs a program on the board where nothing goes wrong.
    pub fn execute(&self, program: &str) -> Result<String> {
        self.mpwire_does(&["exec", program])
    }

    /// Removes all files of the board's flash.
    pub fn clear(&self) -> Result<()> {
        self.execute(REMOVE_FILES).map(drop)
    }

    /// Copies what is in `folder` to the board, where nothing goes wrong.
    pub fn place(&self, folder: &Path) -> Result<()> {
        let mut command = self.mpwire();
        command.args(["cp", "-r"]);
        let mut is_empty = true;
        for entry in fs::read_dir(folder)? {
            command.arg(entry?.path());
            is_empty = false;
        }
        if is_empty {
            return Ok(());
        }
        let finished = self.run(command_to_root(command))?;
        ensure!(finished.success, "no clean copy: {}", finished.last_words());
        Ok(())
    }

    /// The files on the board.
    pub fn found(&self) -> Result<Digests> {
        let said = self.execute(HASH_FILES)?;
        let words = said.lines().filter_map(|line| line.split_once(' '));
        Ok(words
            .map(|(digest, path)| (path.trim_end().to_owned(), digest.to_owned()))
            .collect())
    }
}

/// What has become of a tool that had to be ended.
pub(super) fn or_failed(finished: Result<Finished>) -> Finished {
    finished.unwrap_or_else(|error| Finished {
        seconds: DEADLINE.as_secs_f64(),
        success: false,
        stdout: String::new(),
        stderr: error.to_string(),
    })
}

fn started(parameters: &str, port: &Path) -> Result<Board> {
    let board = Board::start(Options::parse(parameters)?)?;
    board.attach_pty(port)?;
    Ok(board)
}

fn command_to_root(mut command: Command) -> Command {
    command.arg(":");
    command
}

/// Makes `folder` hold these files and nothing else.
pub(super) fn write_all(folder: &Path, files: &Files) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (path, data) in files {
        let path = folder.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(path, data)?;
    }
    Ok(())
}

/// The files below `folder`.
pub(super) fn local_digests(folder: &Path) -> Result<Digests> {
    let mut found = Digests::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(&below)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder)?.to_string_lossy();
            found.insert(format!("/{name}"), data::sha256(&fs::read(&path)?));
        }
    }
    Ok(found)
}

pub(super) fn digests(files: &Files) -> Digests {
    files
        .iter()
        .map(|(path, bytes)| (path.clone(), data::sha256(bytes)))
        .collect()
}
