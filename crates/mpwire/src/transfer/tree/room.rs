//! Whether there is room for a tree.

use std::collections::HashMap;

use super::Tree;
use crate::board::plausible::Space;
use crate::board::program::{Argument, answer, call};
use crate::board::{Board, onboard, read};
use crate::path::{absolute, is_within};
use crate::transfer::Error;

/// Bytes of a file that is sent, and of the one that it replaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub new: u64,
    pub old: Option<u64>,
    /// Whether it may be written over the old one, rather than beside it.
    pub is_in_place: bool,
}

/// The program that answers with the blocks of the filesystem where `path` is, or None.
pub(in crate::transfer) fn free_call(path: &str) -> String {
    let free = call(onboard::FREE.defines, &[Argument::Path(path)]);
    format!(
        "try:\n {}\nexcept Exception:\n {}",
        answer(&free),
        answer("None")
    )
}

impl Tree<'_> {
    /// Refuses what does not fit, on a board that runs a program for each file; those of `same` are
    /// there already.
    pub(super) fn look_for_room(&mut self, board: &mut Board, same: &[bool]) -> Result<(), Error> {
        if std::mem::replace(&mut self.has_room, true) || self.may_resume {
            return Ok(());
        }
        let said = board.run(&[onboard::FREE], &free_call(&self.top()))?;
        let Some(space) = Space::from_value(&read(&said)?) else {
            return Ok(());
        };
        let new: Vec<usize> = std::iter::zip(&self.left, same)
            .filter_map(|(&index, same)| (!same).then_some(index))
            .collect();
        let needed = room_for(&self.sizes(&new)?);
        if space.free().is_some_and(|free| needed <= free) {
            return Ok(());
        }
        // It may fit all the same, where files are replaced.
        let there = board.walk(&self.top()).unwrap_or_default();
        let old: HashMap<&str, u64> = there
            .iter()
            .filter(|entry| entry.is_text && !entry.is_directory)
            .map(|entry| (entry.name.as_str(), entry.size))
            .collect();
        let mut sizes = self.sizes(&new)?;
        for (&index, size) in new.iter().zip(&mut sizes) {
            size.old = old.get(self.files[index].below.as_str()).copied();
            // One that is not larger than its old one can take its place.
            size.is_in_place = size.old.is_some_and(|old| old >= size.new);
        }
        self.refuse_without_room(board, &sizes, space)
    }

    /// The sizes of files of which the board has none.
    pub(super) fn sizes(&self, files: &[usize]) -> Result<Vec<Sizes>, Error> {
        let sizes = files.iter().map(|&index| {
            Ok(Sizes {
                new: self.files[index].source.size()?,
                old: None,
                is_in_place: false,
            })
        });
        sizes.collect()
    }

    /// What the filesystem needs for itself is not known here: what fits just so may turn out not to.
    pub(super) fn refuse_without_room(
        &self,
        board: &mut Board,
        sizes: &[Sizes],
        space: Space,
    ) -> Result<(), Error> {
        let size = room_for(sizes);
        let Some(free) = board.certain_free(&self.top(), Some(space), size)? else {
            return Ok(());
        };
        if size <= free || self.spans_filesystems(board)? {
            return Ok(());
        }
        Err(Error::NoSpace {
            path: self.top(),
            size,
            free,
        })
    }

    /// Whether some of the files go to a filesystem that is mounted below the tree's top: there is
    /// other room than at the top.
    fn spans_filesystems(&self, board: &mut Board) -> Result<bool, Error> {
        let mounts = board.filesystems()?;
        let directory = board.current_directory()?;
        let from_root = |path: &str| absolute(path, &directory);
        let top = from_root(&self.top());
        let mut places = mounts
            .iter()
            .map(|mount| &mount.place)
            .filter(|place| !is_within(&top, place));
        Ok(places.any(|place| {
            (0..self.files.len()).any(|index| is_within(&from_root(&self.path(index)), place))
        }))
    }
}

/// The free space that files need which are sent one after the other, each beside its old one, whose
/// room is free from then on.
fn room_for(sizes: &[Sizes]) -> u64 {
    let (mut used, mut most) = (0i64, 0i64);
    for size in sizes {
        let old = size.old.unwrap_or(0).cast_signed();
        used += size.new.cast_signed();
        let at_once = if size.is_in_place { used - old } else { used };
        most = most.max(at_once);
        used -= old;
    }
    most.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::{Sizes, room_for};

    #[test]
    fn files_need_the_room_beside_their_old_ones() {
        let size = |new, old, is_in_place| Sizes {
            new,
            old,
            is_in_place,
        };
        assert_eq!(room_for(&[]), 0);
        assert_eq!(room_for(&[size(5, None, false), size(7, None, false)]), 12);
        // The second may use what the first has left.
        let replaced = [size(5, Some(4), false), size(7, Some(7), false)];
        assert_eq!(room_for(&replaced), 8);
        assert_eq!(room_for(&[size(5, Some(9), true)]), 0);
    }
}
