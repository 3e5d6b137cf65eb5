//! Files of a board on their way to this computer.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mpwire::transfer::Progress;
use mpwire::transfer::download::{Known, Outcome, Receiver};

use crate::local::{self, Links};
use crate::progress::FileProgress;
use crate::report;

/// A file of the board on its way here.
pub struct Arriving {
    /// Its path on the board.
    pub source: String,
    /// Where it is to be here.
    pub target: PathBuf,
    /// Bytes of it, if the board has said so.
    pub size: u64,
    /// What becomes of a link at the target.
    pub links: Links,
}

impl Arriving {
    /// What is at the target already, if that may be the same.
    pub fn known(&self) -> Option<Known> {
        let there = match self.links {
            Links::Followed => fs::metadata(&self.target),
            Links::Replaced => fs::symlink_metadata(&self.target),
        }
        .ok()?;
        let may_be_same = self.size == 0 || self.size == there.len();
        // What cannot be read is written anew, or that says why it cannot be.
        (there.is_file() && may_be_same)
            .then(|| Known::of_file(&self.target).ok())
            .flatten()
    }
}

/// Writes files of the board to their targets.
pub struct Arrivals<'a> {
    files: &'a [Arriving],
    explain: bool,
    lists: bool,
    current: Option<(local::Writer, FileProgress)>,
    /// What is being written.
    target: Option<&'a Path>,
}

impl<'a> Arrivals<'a> {
    /// Of these files; `explain` says which are here already, `lists` which were copied.
    pub fn new(files: &'a [Arriving], explain: bool, lists: bool) -> Self {
        Self {
            files,
            explain,
            lists,
            current: None,
            target: None,
        }
    }

    /// What was written last, so that an error can name it.
    pub fn target(&self) -> Option<&'a Path> {
        self.target
    }
}

impl Receiver for Arrivals<'_> {
    fn begin(&mut self, index: usize) -> io::Result<()> {
        let file = &self.files[index];
        self.target = Some(&file.target);
        // A temporary file of before goes first: there may be no room for both.
        self.current = None;
        let progress = FileProgress::new(&file.source);
        let writer = local::Writer::new(&file.target, file.links)?;
        self.current = Some((writer, progress));
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match &mut self.current {
            Some((writer, _)) => writer.write(data),
            None => Ok(()),
        }
    }

    fn end(&mut self, index: usize, outcome: Outcome) -> io::Result<()> {
        // What was begun of a file that is unchanged after all is wrong, and goes.
        let written = self.current.take();
        if let Some((writer, _)) = written.filter(|_| outcome == Outcome::Arrived) {
            writer.commit()?;
            if self.lists {
                report::copied(&self.files[index].target.to_string_lossy());
            }
        }
        // Genuine mpremote copies such a file again and says nothing.
        if outcome == Outcome::Unchanged && self.explain {
            let target = self.files[index].target.display();
            report::status(&format!("Up to date: {target}"));
        }
        Ok(())
    }

    fn progress(&mut self, index: usize, done: u64) {
        if let Some((_, progress)) = &self.current {
            let total = self.files[index].size.max(done);
            progress.update(Progress { done, total });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_arrived_wrong_does_not_replace_what_is_right_already() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.py");
        fs::write(&target, "right").unwrap();
        let files = [Arriving {
            source: "a.py".to_owned(),
            target: target.clone(),
            size: 5,
            links: Links::Followed,
        }];
        let mut arrivals = Arrivals::new(&files, false, false);
        // Its digest was not the board's, and the next one is that of what is here.
        arrivals.begin(0).unwrap();
        arrivals.write(b"wrong").unwrap();
        arrivals.end(0, Outcome::Unchanged).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"right");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
