//! What is done while something goes wrong, and what is right afterwards.

use std::process::Command;

use anyhow::{Result, ensure};

use super::stand::{Digests, Files, Stand, digests, local_digests, write_all};
use super::verdict::Verdict;
use crate::data::{Generator, sha256};
use crate::process::Finished;
use crate::tool::Tool;

const READ_MOUNTED: &str = include_str!("../onboard/read_mounted.py");

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Upload,
    Overwrite,
    Tree,
    Download,
    Mount,
    Romfs,
}

impl Work {
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Overwrite => "overwrite",
            Self::Tree => "tree",
            Self::Download => "download",
            Self::Mount => "mount",
            Self::Romfs => "romfs",
        }
    }

    /// Whether a tool has a command for it, or one that ends by itself.
    pub fn is_for(self, tool: Tool) -> bool {
        tool != Tool::Mpytool || !matches!(self, Self::Mount | Self::Romfs)
    }
}

/// A piece of work with its files.
pub(super) struct Job {
    pub work: Work,
    /// What is there before, on the board or in the folder that is written to.
    old: Files,
    /// What is to be there.
    new: Files,
}

/// The folders of this computer, in a stand.
const OLD: &str = "old";
const NEW: &str = "new";
/// Where downloads go to, and what is mounted.
const HERE: &str = "here";

impl Job {
    /// Files of about `size` bytes together, the same for the same seed.
    pub fn new(work: Work, size: usize, seed: u64) -> Self {
        let mut random = Generator::new(seed);
        let (new, old) = (text(&mut random, size), text(&mut random, size * 2 / 3));
        let mut part = |of: usize| text(&mut random, (size / of).max(1));
        let (old, new) = match work {
            Work::Upload => (Files::new(), named([("/file", new)])),
            Work::Overwrite | Work::Download => (named([("/file", old)]), named([("/file", new)])),
            Work::Mount => (named([("/file", new.clone())]), named([("/file", new)])),
            Work::Tree => {
                let kept = part(5);
                let small = part(100);
                (
                    named([("/tree/changed", part(4)), ("/tree/kept", kept.clone())]),
                    named([
                        ("/tree/changed", part(3)),
                        ("/tree/kept", kept),
                        ("/tree/lib/module.py", part(2)),
                        ("/tree/lib/small.py", small),
                    ]),
                )
            }
            Work::Romfs => (
                named([("/rom/data", part(2)), ("/rom/lib/old", part(5))]),
                named([("/rom/data", new), ("/rom/lib/new", part(5))]),
            ),
        };
        Self { work, old, new }
    }

    /// Brings a board and this computer into the state before the work.
    pub fn prepare(&self, stand: &Stand) -> Result<()> {
        stand.clear()?;
        write_all(&stand.path(OLD), &self.on_board_before())?;
        write_all(&stand.path(NEW), &self.new)?;
        write_all(&stand.path(HERE), &self.old)?;
        if self.work == Work::Romfs {
            let image = stand.path(OLD).join("rom");
            stand.mpwire_does(&["romfs", "deploy", &image.to_string_lossy()])?;
            stand.board.power_cycle();
            return Ok(());
        }
        stand.place(&stand.path(OLD))
    }

    fn on_board_before(&self) -> Files {
        match self.work {
            Work::Download => self.new.clone(),
            Work::Mount => Files::new(),
            _ => self.old.clone(),
        }
    }

    /// The command line that does it.
    pub fn command(&self, stand: &Stand, tool: Tool) -> Command {
        let (programs, port) = (stand.rack.programs, stand.port());
        let new = stand.path(NEW);
        let here = stand.path(HERE);
        match self.work {
            Work::Upload | Work::Overwrite => {
                tool.copy_to(programs, port, &new.join("file"), "file")
            }
            Work::Tree => tool.copy_tree_to(programs, port, &new.join("tree")),
            Work::Download => tool.copy_from(programs, port, "file", &here.join("file")),
            Work::Mount => {
                let mut command = tool.connected(programs, port);
                command.arg("mount").arg(here).args(["exec", READ_MOUNTED]);
                command
            }
            Work::Romfs => {
                let mut command = tool.connected(programs, port);
                command.args(["romfs", "deploy"]).arg(new.join("rom"));
                command
            }
        }
    }

    /// What is there: on the board, or on this computer.
    pub fn state(&self, stand: &Stand) -> Result<Digests> {
        if matches!(self.work, Work::Download | Work::Mount) {
            return local_digests(&stand.path(HERE));
        }
        if self.work == Work::Romfs {
            // An image is mounted when the board starts.
            stand.board.power_cycle();
        }
        stand.found()
    }

    /// Does it again, where nothing goes wrong: what is left of the first time must not be in the way.
    pub fn works_again(&self, stand: &Stand) -> Result<()> {
        let finished = stand.attempt(self.command(stand, stand.rack.tool));
        let (verdict, what) = self.judge(&finished, &self.state(stand)?);
        let words = finished.last_words();
        ensure!(
            verdict == Verdict::Right,
            "not right the next time: {what} {words}"
        );
        Ok(())
    }

    /// What a tool has done that ended like this and left that.
    pub fn judge(&self, finished: &Finished, found: &Digests) -> (Verdict, String) {
        let before = digests(&self.old);
        let after = digests(&self.new);
        if finished.success {
            let is_right = *found == after && self.has_said_what_is_right(&finished.stdout);
            return if is_right {
                (Verdict::Right, String::new())
            } else {
                (Verdict::Lie, format!("{found:?}"))
            };
        }
        let mut found = found.clone();
        if self.work == Work::Download {
            // What a tool that was killed could not remove is its next one's to take.
            found.retain(|path, _| !path.ends_with(".mpwire"));
        }
        let found = &found;
        let wrong = if self.work == Work::Romfs {
            // One image, and none is as good.
            let whole = [&before, &after, &Digests::new()].contains(&found);
            Vec::from_iter((!whole).then(|| format!("{found:?}")))
        } else {
            torn(found, &before, &after)
        };
        if wrong.is_empty() {
            (Verdict::Told, String::new())
        } else {
            (Verdict::Torn, wrong.join(", "))
        }
    }

    fn has_said_what_is_right(&self, stdout: &str) -> bool {
        self.work != Work::Mount || stdout.contains(&sha256(&self.new["/file"]))
    }
}

/// The paths where neither is.
fn torn(found: &Digests, before: &Digests, after: &Digests) -> Vec<String> {
    let mut all: Vec<&String> = before
        .keys()
        .chain(after.keys())
        .chain(found.keys())
        .collect();
    all.sort();
    all.dedup();
    all.into_iter()
        .filter(|path| {
            let is = found.get(*path);
            is != before.get(*path) && is != after.get(*path)
        })
        .cloned()
        .collect()
}

/// Lines as of a program: they can be deflated, though not to nothing.
fn text(random: &mut Generator, size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 40);
    while text.len() < size {
        let (name, value) = (random.below(300), random.below(1 << 20));
        text.extend(format!("sensor_{name} = read({value})\n").bytes());
    }
    text.truncate(size);
    text
}

fn named<const COUNT: usize>(files: [(&str, Vec<u8>); COUNT]) -> Files {
    files
        .map(|(path, data)| (path.to_owned(), data))
        .into_iter()
        .collect()
}
