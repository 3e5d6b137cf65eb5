//! `tree`: everything below a directory, sorted, with lines.

use std::collections::BTreeMap;

use mpwire::board::Board;
use mpwire::board::fs::{Entry, Readable};
use mpwire::path;

use crate::args::FsArgs;
use crate::error::Error;
use crate::report;

/// Prints a tree.
pub fn tree(board: &mut Board, path: &str, arguments: &FsArgs) -> Result<(), Error> {
    let path = if path::normal(path).is_empty() {
        board.current_directory()?
    } else {
        path.to_owned()
    };
    let place = board.resolve(&path)?;
    if !board
        .status(&place)?
        .is_some_and(|status| status.is_directory)
    {
        return Err(Error::message(format!("tree: '{path}' is not a directory")));
    }
    let device = if arguments.verbose {
        format!(" on {}", board.name())
    } else {
        String::new()
    };
    let Readable {
        entries,
        unreadable,
    } = board.walk_readable(&place)?;
    let mut lines = vec![format!(":{path}{device}")];
    draw(&Node::of(&entries), "", arguments, &mut lines);
    report::lines(&lines)?;
    for (below, errno) in &unreadable {
        report::note(&format!("tree: {}: {errno}", path::join(&path, below)));
    }
    if unreadable.is_empty() {
        return Ok(());
    }
    Err(Error::message("tree: what cannot be read is not shown"))
}

/// A directory's entries by name.
#[derive(Default)]
struct Node<'a> {
    entry: Option<&'a Entry>,
    below: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Node<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let mut root = Node::default();
        for entry in entries {
            let node = entry
                .name
                .split('/')
                .fold(&mut root, |node, name| node.below.entry(name).or_default());
            node.entry = Some(entry);
        }
        root
    }
}

fn draw(node: &Node, prefix: &str, arguments: &FsArgs, lines: &mut Vec<String>) {
    let mut rest = node.below.len();
    for (name, below) in &node.below {
        rest -= 1;
        let (connector, indent) = if rest == 0 {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        let size = below
            .entry
            .map_or_else(String::new, |entry| size(entry, arguments));
        lines.push([prefix, connector, &size, name].concat());
        draw(below, &format!("{prefix}{indent}"), arguments, lines);
    }
}

/// The column of sizes. Most filesystems know none of directories.
fn size(entry: &Entry, arguments: &FsArgs) -> String {
    if entry.is_directory && entry.size == 0 {
        String::new()
    } else if arguments.size {
        format!("[{:>9}]  ", entry.size)
    } else if arguments.human {
        format!("[{:>6}]  ", human(entry.size))
    } else {
        String::new()
    }
}

fn human(size: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = size as f64;
    if size < 1024 {
        return size.to_string();
    }
    let mut unit = 'B';
    for next in ['K', 'M', 'G', 'T'] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_people_read_them() {
        let told: Vec<String> = [0, 1023, 1024, 1536, 5 << 20].map(human).into();
        assert_eq!(told, ["0", "1023", "1.0K", "1.5K", "5.0M"]);
    }
}
