//! A tree to the board, and the same again unchanged.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Suite, faster};
use crate::bench::held::Held;
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::{self, Bench};
use crate::board::Hashes;
use crate::data::{self, Kind};
use crate::setup::Tools;
use crate::tool::Tool;

pub const SUITE: Suite = Suite {
    name: "trees",
    title: "A tree to the board, and again unchanged",
    text: "\
`cp -r` of a folder of Python source that is not on the board yet, then the same command again. As
one deflate stream (level 9, window of 32 KiB) the 50 files are 50 KB, the 4 files 45 KB.
",
    rows: "tree",
    beside: &[],
    beside_row: |_, _| Vec::new(),
    measure,
    held,
};

const LINKS: [Link; 2] = [Link::Slow, Link::Usb];

/// So many files of so many KiB.
#[derive(Clone, Copy)]
struct Tree {
    files: usize,
    size: usize,
}

const MANY: Tree = Tree { files: 50, size: 4 };
const LARGE: Tree = Tree { files: 4, size: 50 };

impl Tree {
    /// The names of its two rows: copied, and copied again.
    fn titles(self) -> [String; 2] {
        let first = format!("{} files of {} KiB", self.files, self.size);
        let again = format!("{first} again");
        [first, again]
    }

    /// What its files are cut from. As one deflate stream (level 9, window of 32 KiB) the small files
    /// are 50 KB and the large ones 45 KB: with any other source the least time that a line needs is
    /// another.
    fn source(self, tools: &Tools) -> Vec<PathBuf> {
        if self.size == LARGE.size {
            tools.long_python_source()
        } else {
            tools.python_source()
        }
    }

    /// Path and contents of its files: one piece of source, cut up.
    fn files(self, source: &[PathBuf]) -> Vec<(String, Vec<u8>)> {
        let length = self.size * 1024;
        let bytes = Kind::Source.bytes(self.files * length, source);
        let name = |index| format!("{index:02}.py");
        let files = bytes.chunks(length).enumerate();
        files
            .map(|(index, chunk)| (name(index), chunk.to_vec()))
            .collect()
    }
}

/// The names of all rows, in their order.
pub fn titles() -> Vec<String> {
    [MANY, LARGE]
        .iter()
        .flat_map(|tree| tree.titles())
        .collect()
}

fn measure(bench: &mut Bench) -> Result<()> {
    if !bench.selection.whole_boards() {
        return Ok(());
    }
    let trees: &[Tree] = if bench.selection.quick() {
        &[MANY]
    } else {
        &[MANY, LARGE]
    };
    let tools = bench.selection.tools();
    for link in bench.selection.links(&LINKS) {
        let board = bench.warm_board(link, &[], &tools)?;
        for tree in trees {
            let files = tree.files(&tree.source(bench.programs.tools));
            let folder = bench.path("tree");
            write_anew(&folder, &files)?;
            let expected: Hashes = files
                .iter()
                .map(|(name, bytes)| (format!("/tree/{name}"), data::sha256(bytes)))
                .collect();
            let rows = tree.titles().map(|title| Row::new(SUITE.name, link, title));
            let runs = bench.selection.runs();
            bench.take_turns(rows.into(), &tools, runs, |bench, tool| {
                board.clear()?;
                let mut seconds = Vec::new();
                for _ in 0..2 {
                    let mut command = tool.copy_tree_to(bench.programs, board.port(), &folder);
                    seconds.push(turns::run(&mut command)?.seconds);
                    turns::check(&board, &expected)?;
                }
                Ok(seconds)
            });
        }
    }
    Ok(())
}

fn write_anew(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove the last tree")?;
    }
    data::write_tree(folder, files)
}

fn held(results: &Results) -> Vec<Held> {
    let [many, many_again] = MANY.titles();
    let [large, _] = LARGE.titles();
    let slow = |peer, factor, title: &String| {
        let titles = std::slice::from_ref(title);
        faster(results, &SUITE, Link::Slow, peer, factor, title, titles)
    };
    let all = titles();
    vec![
        slow(Tool::Mpytool, 2.0, &many),
        slow(Tool::Mpremote, 7.0, &many),
        slow(Tool::Mpytool, 5.0, &many_again),
        slow(Tool::Mpytool, 1.6, &large),
        faster(
            results,
            &SUITE,
            Link::Usb,
            Tool::Mpytool,
            2.0,
            "every tree",
            &all,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_files_of_a_tree_are_alike() {
        let mut files: Vec<Vec<u8>> = MANY.files(&[]).into_iter().map(|file| file.1).collect();
        assert!(files.iter().all(|bytes| bytes.len() == 4096));
        files.sort();
        files.dedup();
        assert_eq!(files.len(), 50);
    }

    #[test]
    fn every_tree_has_a_row_for_the_second_time() {
        let titles = titles();
        assert_eq!(titles.len(), 4);
        assert_eq!(titles[1], "50 files of 4 KiB again");
    }
}
