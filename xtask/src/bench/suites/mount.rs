//! A folder of this computer, mounted: programs on the board read it and import from it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{Suite, faster};
use crate::bench::held::Held;
use crate::bench::link::Link;
use crate::bench::results::{Results, Row};
use crate::bench::turns::{self, Bench};
use crate::board::Board;
use crate::data::{self, Kind};
use crate::tool::Tool;

pub const SUITE: Suite = Suite {
    name: "mount",
    title: "A mounted folder, used by a program on the board",
    text: "\
`mount FOLDER exec PROGRAM`: the program reads every file of the folder whole, or one in pieces of 1
KB, or imports a package. The files are Python source.
",
    rows: "what the program does",
    beside: &[],
    beside_row: |_, _| Vec::new(),
    measure,
    held,
};

const LINKS: [Link; 2] = [Link::Slow, Link::Usb];
const TOOLS: [Tool; 2] = [Tool::Mpremote, Tool::Mpwire];

/// What a program does with a folder.
struct Task {
    title: &'static str,
    folder: &'static str,
    program: &'static str,
    /// What it prints at the end.
    printed: &'static str,
}

const MANY: Task = Task {
    title: "50 files of 2 KB",
    folder: "many",
    program: "\
import os
count = 0
for name in os.listdir():
    with open(name, 'rb') as file:
        count += len(file.read())
print(count)
",
    printed: "102400",
};

const LARGE: Task = Task {
    title: "one file of 100 KB",
    folder: "large",
    program: "\
count = 0
with open('file', 'rb') as file:
    while True:
        piece = file.read(1024)
        if not piece:
            break
        count += len(piece)
print(count)
",
    printed: "102400",
};

const IMPORT: Task = Task {
    title: "a package of 30 modules",
    folder: "import",
    program: "\
import sys
for name in [name for name in sys.modules if name.startswith('package')]:
    del sys.modules[name]
import package
print(package.total)
",
    printed: "435",
};

const TASKS: [&Task; 3] = [&MANY, &LARGE, &IMPORT];

impl Task {
    /// Path and contents of its files.
    fn files(&self, source: &[std::path::PathBuf]) -> Vec<(String, Vec<u8>)> {
        let bytes = || Kind::Source.bytes(100 * 1024, source);
        match self.folder {
            "many" => {
                let files = (0..).map(|number| format!("{number:02}.py"));
                let pieces = bytes();
                files.zip(pieces.chunks(2048).map(<[u8]>::to_vec)).collect()
            }
            "large" => vec![("file".to_owned(), bytes())],
            _ => package(),
        }
    }
}

/// A package that imports all its modules, of about 1 KB each.
fn package() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut init = "total = 0\n".to_owned();
    for number in 0..30 {
        let name = format!("module{number:02}");
        // Writing to memory does not fail.
        let _ = writeln!(init, "from . import {name}\ntotal += {name}.NUMBER");
        let mut text = format!("# One of thirty.\nNUMBER = {number}\n");
        for function in 0..7 {
            let _ = writeln!(
                text,
                "\n\ndef function_{function}(values, offset={number}):"
            );
            let _ = writeln!(text, "    total = offset\n    for value in values:");
            let _ = writeln!(
                text,
                "        total += value * {function}\n    return total"
            );
        }
        files.push((format!("package/{name}.py"), text.into_bytes()));
    }
    files.push(("package/__init__.py".to_owned(), init.into_bytes()));
    files
}

fn measure(bench: &mut Bench) -> Result<()> {
    if !bench.selection.whole_boards() {
        return Ok(());
    }
    let tools: Vec<Tool> = TOOLS
        .into_iter()
        .filter(|tool| bench.selection.tool(*tool))
        .collect();
    for link in bench.selection.links(&LINKS) {
        let board = bench.warm_board(link, &[], &tools)?;
        for task in TASKS {
            let folder = bench.path(&format!("mount-{}", task.folder));
            if folder.exists() {
                fs::remove_dir_all(&folder).context("cannot remove the last folder")?;
            }
            data::write_tree(&folder, &task.files(&bench.programs.tools.python_source()))?;
            let row = Row::new(SUITE.name, link, task.title.to_owned());
            bench.measure(row, &tools, |bench, tool| {
                run(bench, &board, tool, &folder, task)
            });
        }
    }
    Ok(())
}

/// The seconds of the whole command, whose program must print what it should.
fn run(bench: &Bench, board: &Board, tool: Tool, folder: &Path, task: &Task) -> Result<f64> {
    let mut command = tool.connected(bench.programs, board.port());
    command
        .arg("mount")
        .arg(folder)
        .args(["exec", task.program]);
    let finished = turns::run(&mut command)?;
    let last = finished.stdout.lines().next_back().unwrap_or_default();
    ensure!(
        last.trim_end() == task.printed,
        "it printed {last:?} in the end"
    );
    Ok(finished.seconds)
}

fn held(results: &Results) -> Vec<Held> {
    let promise = |link, factor, task: &Task| {
        let titles = [task.title.to_owned()];
        faster(
            results,
            &SUITE,
            link,
            Tool::Mpremote,
            factor,
            task.title,
            &titles,
        )
    };
    vec![
        promise(Link::Slow, 2.5, &MANY),
        promise(Link::Usb, 4.0, &MANY),
        promise(Link::Slow, 2.0, &LARGE),
        promise(Link::Usb, 2.0, &LARGE),
        promise(Link::Slow, 3.0, &IMPORT),
        promise(Link::Usb, 3.0, &IMPORT),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_hold_what_their_titles_say() {
        let many = MANY.files(&[]);
        assert!(many.len() == 50 && many.iter().all(|(_, bytes)| bytes.len() == 2048));
        assert_eq!(LARGE.files(&[])[0].1.len(), 100 * 1024);
        assert_eq!(IMPORT.files(&[]).len(), 31);
    }
}
