//! The power goes at each write to the flash, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mpwire_sim::{Board, Options};
use tempfile::TempDir;

use super::verdict::{Tally, Trial, Verdict};
use super::{Rack, judge};
use crate::data;
use crate::process::{self, Finished};
use crate::tool::Tool;

const FILESYSTEMS: [&str; 3] = ["lfs1", "lfs2", "fat"];
const DEADLINE: Duration = Duration::from_mins(1);
/// Prints each file's SHA-256 and path.
const HASH_FILES: &str = include_str!("../onboard/hash_files.py");
const REMOVE_FILES: &str = include_str!("../onboard/remove_files.py");

/// What is done while the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Upload,
    Overwrite,
    Tree,
}

const WORKS: [(Work, &str); 3] = [
    (Work::Upload, "upload"),
    (Work::Overwrite, "overwrite"),
    (Work::Tree, "tree"),
];

/// Paths on the board and what is there.
type Files = BTreeMap<String, Vec<u8>>;
/// The same by digests.
type Digests = BTreeMap<String, String>;

pub(super) fn run(rack: Rack, is_selected: &dyn Fn(&str) -> bool) -> Result<Vec<Tally>> {
    let mut rows = Vec::new();
    for filesystem in FILESYSTEMS {
        for (work, title) in WORKS {
            let name = format!("power, {filesystem}, {title}, {}", rack.tool.name());
            if !is_selected(&name) {
                continue;
            }
            let mut stand = Stand::new(rack, filesystem, work)?;
            let writes = stand.writes()?;
            drop(stand);
            rows.push(judge(
                Tally::harmless(name),
                1..writes + 1,
                |_| Stand::new(rack, filesystem, work),
                Stand::trial,
            )?);
        }
    }
    Ok(rows)
}

/// A board, what it begins with, and what it is to have.
struct Stand<'a> {
    rack: Rack<'a>,
    board: Board,
    folder: TempDir,
    port: PathBuf,
    filesystem: &'static str,
    work: Work,
    old: Files,
    new: Files,
}

impl<'a> Stand<'a> {
    fn new(rack: Rack<'a>, filesystem: &'static str, work: Work) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let port = folder.path().join("board");
        let board = Board::start(Options::parse(&format!("link=fast&cut=0&fs={filesystem}"))?)?;
        board.attach_pty(&port)?;
        let (old, new) = files(work);
        write_all(&folder.path().join("old"), &old)?;
        write_all(&folder.path().join("new"), &new)?;
        Ok(Self {
            rack,
            board,
            folder,
            port,
            filesystem,
            work,
            old,
            new,
        })
    }

    /// How many writes there are without a cut.
    fn writes(&mut self) -> Result<u64> {
        self.prepare()?;
        let before = self.board.flash_writes()?;
        let finished = self.do_work()?;
        ensure!(
            finished.success,
            "it fails by itself: {}",
            finished.last_words()
        );
        Ok(self.board.flash_writes()? - before)
    }

    fn trial(&mut self, number: u64) -> Result<Trial> {
        if self.prepare().is_err() {
            // A filesystem that the trial before has broken was told there.
            *self = Self::new(self.rack, self.filesystem, self.work)?;
            self.prepare()?;
        }
        self.board.cut_power_at_write(number)?;
        let finished = self.do_work()?;
        self.board.cut_power_at_write(0)?;
        // The next use is to heal what can be healed.
        let healed = process::run(self.mpwire().args(["ls", ":"]), DEADLINE)?;
        ensure!(
            healed.success,
            "no answer after it: {}",
            healed.last_words()
        );
        let (verdict, what) = match self.found() {
            Ok(found) => self.judge(&finished, &found),
            Err(error) => (Verdict::Torn, error.to_string()),
        };
        Ok(Trial {
            verdict,
            what: format!("{what} {}", finished.last_words()),
            seconds: finished.seconds,
        })
    }

    fn judge(&self, finished: &Finished, found: &Digests) -> (Verdict, String) {
        let (old, new) = (digests(&self.old), digests(&self.new));
        if finished.success {
            let is_right = *found == new;
            return if is_right {
                (Verdict::Right, String::new())
            } else {
                (Verdict::Lie, format!("{found:?}"))
            };
        }
        let mut all: Vec<&String> = old.keys().chain(new.keys()).chain(found.keys()).collect();
        all.sort();
        all.dedup();
        let torn: Vec<&String> = all
            .into_iter()
            .filter(|path| {
                let is = found.get(*path);
                is != old.get(*path) && is != new.get(*path)
            })
            .collect();
        if torn.is_empty() {
            (Verdict::Told, String::new())
        } else {
            (Verdict::Torn, format!("{torn:?}"))
        }
    }

    /// The board as it is before.
    fn prepare(&mut self) -> Result<()> {
        self.execute(REMOVE_FILES)?;
        if !self.old.is_empty() {
            let finished = self.copy(Tool::Mpwire, "old")?;
            ensure!(finished.success, "no clean copy: {}", finished.last_words());
        }
        Ok(())
    }

    fn do_work(&self) -> Result<Finished> {
        self.copy(self.rack.tool, "new")
    }

    fn copy(&self, tool: Tool, folder: &str) -> Result<Finished> {
        let Rack { programs, .. } = self.rack;
        let folder = self.folder.path().join(folder);
        let mut command = if self.work == Work::Tree {
            tool.copy_tree_to(programs, &self.port, &folder.join("tree"))
        } else {
            tool.copy_to(programs, &self.port, &folder.join("file"), "file")
        };
        process::run(&mut command, DEADLINE)
    }

    fn found(&self) -> Result<Digests> {
        let said = self.execute(HASH_FILES)?;
        let words = said.lines().filter_map(|line| line.split_once(' '));
        Ok(words
            .map(|(digest, path)| (path.trim_end().to_owned(), digest.to_owned()))
            .collect())
    }

    fn execute(&self, program: &str) -> Result<String> {
        let finished = process::run(self.mpwire().args(["exec", program]), DEADLINE)?;
        ensure!(finished.success, "exec: {}", finished.last_words());
        Ok(finished.stdout)
    }

    fn mpwire(&self) -> Command {
        Tool::Mpwire.connected(self.rack.programs, &self.port)
    }
}

/// What is there, and what is to be.
fn files(work: Work) -> (Files, Files) {
    let words = |salt: u32, size: usize| -> Vec<u8> {
        let lines = (0..).map(|number: u32| format!("line_{} = {salt}\n", number * salt % 9973));
        let mut text: Vec<u8> = Vec::new();
        for line in lines {
            text.extend(line.bytes());
            if text.len() >= size {
                break;
            }
        }
        text
    };
    let named = |files: &[(&str, Vec<u8>)]| -> Files {
        files
            .iter()
            .map(|(path, data)| ((*path).to_owned(), data.clone()))
            .collect()
    };
    match work {
        Work::Upload => (Files::new(), named(&[("/file", words(3, 9000))])),
        Work::Overwrite => (
            named(&[("/file", words(5, 5000))]),
            named(&[("/file", words(3, 9000))]),
        ),
        Work::Tree => (
            named(&[
                ("/tree/changed", words(7, 3000)),
                ("/tree/kept", words(11, 2000)),
            ]),
            named(&[
                ("/tree/changed", words(13, 4000)),
                ("/tree/kept", words(11, 2000)),
                ("/tree/lib/module.py", words(17, 6000)),
                ("/tree/lib/small.py", words(19, 100)),
            ]),
        ),
    }
}

fn write_all(folder: &Path, files: &Files) -> Result<()> {
    for (path, data) in files {
        let path = folder.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(path, data)?;
    }
    Ok(())
}

fn digests(files: &Files) -> Digests {
    files
        .iter()
        .map(|(path, bytes)| (path.clone(), data::sha256(bytes)))
        .collect()
}
