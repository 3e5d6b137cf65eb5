//! The files of a tree that get their names together or not at all.

use super::{CALL_MOST, CHANGE_TIME, Tree};
use crate::board::digest::Hasher;
use crate::board::errno::Errno;
use crate::board::fs::batches;
use crate::board::program::{Argument, call};
use crate::board::{self, Board, is_true, onboard, unreadable};
use crate::path::join;
use crate::transfer::Error;
use crate::transfer::stream::DIGEST_BYTES;
use crate::transfer::temporary::{MARKER, staged_path};
use crate::transfer::upload::listens_after;

/// Where the board collects the names that files are to get.
const PAIRS: &str = "_mw_pairs";

/// Files that are complete on the board and have not their names yet.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// Which these are.
    pub staged: Vec<usize>,
    /// Whether the board was asked to name them.
    asked: bool,
}

impl Tree<'_> {
    pub(super) fn has_staged(&self) -> bool {
        !self.staged().is_empty()
    }

    /// The files that are complete on the board and have not their names yet.
    pub(super) fn staged(&self) -> Vec<usize> {
        self.together
            .as_ref()
            .map_or_else(Vec::new, |together| together.staged.clone())
    }

    /// Refuses what would not say by its name what it is to become, while it waits for the others.
    pub(super) fn refuse_long_names(&self) -> Result<(), Error> {
        for &index in &self.left {
            let path = self.path(index);
            if !staged_path(&path, &[0; DIGEST_BYTES]).starts_with(&path) {
                let errno = Errno::NAME_TOO_LONG;
                return Err(Error::Board(board::Error::File { path, errno }));
            }
        }
        Ok(())
    }

    /// What tells that all files are complete.
    fn marker(&self) -> String {
        join(&self.top(), MARKER)
    }

    /// Gives the files that wait for it their names, in one program.
    pub(super) fn name_staged(&mut self, board: &mut Board) -> Result<(), Error> {
        let Some(together) = self.together.as_ref().filter(|_| self.has_staged()) else {
            return Ok(());
        };
        let again = if together.asked { "True" } else { "False" };
        let mut pairs = Vec::with_capacity(together.staged.len());
        for &index in &together.staged {
            let digest = self.files[index].source.digest(Hasher::sha256())?;
            let paths = [self.temporary(index, &digest.bytes()), self.path(index)];
            let [temporary, target] = paths.map(|path| Argument::Path(&path).literal());
            pairs.push(format!("({temporary},{target})"));
        }
        board.keep_names(&[PAIRS]);
        board.ask_agent(&[], &format!("{PAIRS}=[]"));
        for batch in batches(&pairs, CALL_MOST) {
            board.ask_agent(&[], &format!("{PAIRS}+=[{}]", batch.join(",")));
        }
        let arguments = [
            Argument::Path(&self.marker()),
            Argument::Expression(PAIRS),
            Argument::Expression(again),
        ];
        let text = call(onboard::NAME_ALL.defines, &arguments);
        board.ask_agent(&[onboard::NAME_ALL], &text);
        board.expect_work(CHANGE_TIME * u32::try_from(pairs.len()).unwrap_or(u32::MAX));
        if let Some(together) = &mut self.together {
            together.asked = true;
        }
        let said = board.flush_agent(&mut |_| {})?;
        if !is_true(&said) {
            return Err(unreadable(&said, "that all files have their names").into());
        }
        self.together = None;
        Ok(())
    }

    /// Removes the files that were to get their names together, after an error: the old ones are all
    /// there. What is tried here comes second to the error itself.
    pub(super) fn give_up(&mut self, board: &mut Board, error: &Error) {
        let Some(together) = self.together.take() else {
            return;
        };
        if self.top.is_none() || !listens_after(board, error) {
            return;
        }
        // Once the board has begun to name them, what is left is to be finished.
        if together.asked && !matches!(board.status(&self.marker()), Ok(None)) {
            return;
        }
        // Of some that are left it is only not known that they are there.
        let paths: Vec<String> = together
            .staged
            .iter()
            .chain(&self.left)
            .filter_map(|&index| {
                let digest = self.files[index].source.digest(Hasher::sha256()).ok()?;
                Some(staged_path(&self.path(index), &digest.bytes()))
            })
            .collect();
        for batch in batches(&paths, CALL_MOST) {
            let text = call(onboard::REMOVE_ALL.defines, &[Argument::Paths(batch)]);
            let _ = board.run(&[onboard::REMOVE_ALL], &text);
        }
    }
}
