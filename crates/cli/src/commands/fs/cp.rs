//! `cp`: files and trees to the board, from it, and on it.
//!
//! A path of the board begins with a colon. The rules are mpremote's: several sources, or a
//! destination that ends in `/`, need an existing directory; with `-r` a directory is copied into
//! a destination that exists and as one that does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mpwire::board::Board;
use mpwire::board::digest::Digest;
use mpwire::board::errno::Errno;
use mpwire::board::fs::Entry;
use mpwire::transfer::download::{Known, Outcome, Receiver, Wanted};
use mpwire::transfer::tree::{self, Item};
use mpwire::transfer::unchanged::{Candidate, unchanged};
use mpwire::transfer::{self, Destination, Options, Progress, Source};

use crate::args::FsArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::local;
use crate::report::{self, FileProgress};

/// Deeper than any board's filesystem goes: what is deeper is a loop of links.
const DEPTH_LIMIT: usize = 64;

/// Copies each source to the destination, which is the last path.
pub fn cp(connection: &mut Connection, arguments: &FsArgs) -> Result<(), Error> {
    let Some((destination, sources)) = arguments
        .paths
        .split_last()
        .filter(|(_, sources)| !sources.is_empty())
    else {
        return Err(Error::message("cp: missing destination path"));
    };
    let mut copy = Copy {
        board: connection.board()?,
        options: Options {
            more_follow: arguments.recursive || sources.len() > 1,
            ..arguments.transfer.options()
        },
        force: arguments.force,
        multiple: sources.len() > 1,
        explain: arguments.verbose,
    };
    let result = copy.all(sources, destination, arguments);
    // After an error, too, nothing of ours stays on the board; the error is the one to tell.
    let tidied = copy.board.tidy();
    result.and(tidied.map_err(Error::from))
}

/// A path, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Board(String),
    Local(String),
}

impl Place {
    fn parse(text: &str) -> Self {
        match text.strip_prefix(':') {
            Some(path) => Self::Board(path.to_owned()),
            None => Self::Local(text.to_owned()),
        }
    }

    /// The last component.
    fn name(&self) -> String {
        match self {
            Self::Board(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
            Self::Local(path) => Path::new(path)
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    /// The path without the slashes at its end; `:/` is `:`, as for mpremote.
    fn without_slash(&self) -> Self {
        match self {
            Self::Board(path) => Self::Board(path.trim_end_matches(is_separator).to_owned()),
            Self::Local(path) => {
                let trimmed = path.trim_end_matches(is_separator);
                let kept = if trimmed.is_empty() { path } else { trimmed };
                Self::Local(kept.to_owned())
            }
        }
    }
}

fn is_separator(character: char) -> bool {
    character == '/' || std::path::is_separator(character)
}

struct Copy<'a> {
    board: &'a mut Board,
    options: Options,
    force: bool,
    multiple: bool,
    /// Whether to say how each file was sent.
    explain: bool,
}

/// A file of a tree: where it is, and where it goes below the destination.
struct Leaf<Source> {
    source: Source,
    below: Vec<String>,
}

impl Copy<'_> {
    fn all(
        &mut self,
        sources: &[String],
        destination: &str,
        arguments: &FsArgs,
    ) -> Result<(), Error> {
        for source in sources {
            if super::says(arguments, true) {
                report::line(&format!("cp {source} {destination}"))?;
            }
            let (from, to) = (Place::parse(source), Place::parse(destination));
            if arguments.recursive {
                self.tree(&from, &to)?;
            } else {
                self.file(&from, &to)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Place, to: &Place) -> Result<(), Error> {
        match to {
            Place::Board(path) => {
                let name = from.name();
                match from {
                    Place::Local(local) => {
                        let file = checked_local(Path::new(local))?;
                        self.file_to_board(Source::File(file), &name, path)
                    }
                    Place::Board(_) => {
                        let data = self.read(from)?;
                        self.file_to_board(Source::Bytes(&data), &name, path)
                    }
                }
            }
            Place::Local(path) => {
                let target = match self.local_directory(path)? {
                    None => PathBuf::from(path),
                    Some(directory) => match checked_name(&from.name()) {
                        Ok(name) => directory.join(name),
                        Err(error) => {
                            // Such a name is a directory's, and that is the error to tell.
                            self.read(from)?;
                            return Err(error);
                        }
                    },
                };
                match from {
                    Place::Board(source) => {
                        let size = self.size(source)?;
                        let source = source.clone();
                        self.files_from_board(&[Arriving {
                            source,
                            target,
                            size,
                        }])
                    }
                    Place::Local(_) => write_local(&target, &self.read(from)?),
                }
            }
        }
    }

    /// The directory that a local destination is, if it is one.
    fn local_directory(&self, path: &str) -> Result<Option<PathBuf>, Error> {
        let path = Path::new(path);
        if path.is_dir() {
            return Ok(Some(path.to_owned()));
        }
        if self.multiple {
            return Err(no_directory(path.exists()));
        }
        Ok(None)
    }

    fn file_to_board(&mut self, source: Source, name: &str, path: &str) -> Result<(), Error> {
        let trimmed = path.trim_end_matches(is_separator);
        let (multiple, force) = (self.multiple, self.force);
        let mut admit = |destination: &Destination| {
            let is_directory = destination.outer.is_some_and(|status| status.is_directory);
            if !is_directory && trimmed != path {
                return Err(Error::message("cp: destination is not a directory"));
            }
            if !is_directory && multiple {
                return Err(no_directory(destination.outer.is_some()));
            }
            if destination.unchanged && !force {
                report::line(&format!("Up to date: {}", destination.target))?;
                return Ok(false);
            }
            Ok(true)
        };
        self.send(source, trimmed, name, &mut admit)
    }

    fn send(
        &mut self,
        source: Source,
        path: &str,
        name: &str,
        admit: &mut dyn FnMut(&Destination) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let size = source.size()?;
        let shown = if path.is_empty() { name } else { path };
        let progress = FileProgress::new(shown, size);
        let sent = transfer::send_file(
            self.board,
            source,
            path,
            name,
            &self.options,
            admit,
            &mut |step| progress.update(step),
        )?;
        drop(progress);
        if let Some(sent) = sent.filter(|_| self.explain) {
            report::status(&format!(
                "{shown}: {} bytes as {} in {} chunks, {} bytes on the wire, {:.2} s",
                sent.bytes,
                sent.encoding,
                sent.chunks,
                sent.wire_bytes,
                sent.time.as_secs_f64()
            ));
        }
        Ok(())
    }

    fn read(&mut self, from: &Place) -> Result<Vec<u8>, Error> {
        match from {
            Place::Local(path) => read_local(Path::new(path)),
            Place::Board(path) => {
                let result = {
                    let progress = FileProgress::new(path, self.size(path)?);
                    transfer::download(self.board, path, 0, &mut |step| progress.update(step))
                };
                result.map_err(of_reading)
            }
        }
    }

    /// The size of a file on the board, for the progress bar; only asked for when one is shown.
    fn size(&mut self, path: &str) -> Result<u64, Error> {
        if !FileProgress::is_shown() {
            return Ok(0);
        }
        Ok(self.board.status(path)?.map_or(0, |status| status.size))
    }

    fn tree(&mut self, from: &Place, to: &Place) -> Result<(), Error> {
        let (from, to) = (from.without_slash(), to.without_slash());
        match &from {
            Place::Local(path) if !Path::new(path).is_dir() => self.file(&from, &to),
            Place::Local(path) => {
                let root = Path::new(path);
                let mut directories = Vec::new();
                let mut files = Vec::new();
                walk_local(root, &mut Vec::new(), &mut directories, &mut files)?;
                files.sort_by(|a, b| a.below.cmp(&b.below));
                if let Place::Board(to) = &to {
                    return self.local_tree_to_board(&from, to, &directories, &files);
                }
                self.tree_to(&from, &to, &directories, &files, |_, leaf| {
                    read_local(&leaf.source)
                })
            }
            Place::Board(path) => {
                let is_directory = self
                    .board
                    .status(path)?
                    .is_some_and(|status| status.is_directory);
                if !is_directory {
                    return self.file(&from, &to);
                }
                let entries = self.board.walk(path)?;
                let directories = components(entries.iter().filter(|entry| entry.is_directory))?;
                let mut files: Vec<Leaf<String>> =
                    components(entries.iter().filter(|entry| !entry.is_directory))?
                        .into_iter()
                        .map(|below| Leaf {
                            source: transfer::upload::join(path, &below.join("/")),
                            below,
                        })
                        .collect();
                files.sort_by(|a, b| a.below.cmp(&b.below));
                if let Place::Local(to) = &to {
                    return self.tree_from_board(&from, to, &entries, &directories, files);
                }
                self.tree_to(&from, &to, &directories, &files, |copy, leaf| {
                    copy.read(&Place::Board(leaf.source.clone()))
                })
            }
        }
    }

    fn local_tree_to_board(
        &mut self,
        from: &Place,
        to: &str,
        directories: &[Vec<String>],
        files: &[Leaf<PathBuf>],
    ) -> Result<(), Error> {
        let name = from.name();
        // A source without a name (`.`, `/`) is copied as what it holds.
        let name = if name == "." || name == ".." {
            ""
        } else {
            &name
        };
        let mut items = Vec::with_capacity(files.len());
        for leaf in files {
            items.push(Item {
                below: leaf.below.join("/"),
                source: Source::File(checked_local(&leaf.source)?),
            });
        }
        let directories: Vec<String> = directories.iter().map(|below| below.join("/")).collect();
        let mut printed = Ok(());
        let size = files
            .iter()
            .filter_map(|leaf| leaf.source.metadata().ok())
            .map(|status| status.len())
            .sum();
        let progress = FileProgress::new(to, size);
        let place = tree::Place { path: to, name };
        let summary = tree::send_tree(
            self.board,
            place,
            &directories,
            &items,
            self.force,
            &self.options,
            &mut |event| match event {
                tree::Event::Progress(step) => progress.update(step),
                tree::Event::Unchanged(path) => {
                    let line = format!("Up to date: {path}");
                    printed = std::mem::replace(&mut printed, Ok(())).and(report::line(&line));
                }
            },
        )?;
        drop(progress);
        printed?;
        if self.explain {
            report::status(&format!(
                "{to}: {} files, {} bytes, {} bytes on the wire",
                summary.files, summary.bytes, summary.wire_bytes
            ));
        }
        Ok(())
    }

    /// Where a tree goes, and all directories to make, that one first.
    fn board_directories(
        &mut self,
        to: &str,
        name: &str,
        directories: &[Vec<String>],
    ) -> Result<(String, Vec<String>), Error> {
        let mut paths = self.board_root(to, name)?;
        let top = paths.last().cloned().unwrap_or_default();
        paths.extend(
            directories
                .iter()
                .map(|below| transfer::upload::join(&top, &below.join("/"))),
        );
        Ok((top, paths))
    }

    fn tree_from_board(
        &mut self,
        from: &Place,
        to: &str,
        entries: &[Entry],
        directories: &[Vec<String>],
        files: Vec<Leaf<String>>,
    ) -> Result<(), Error> {
        let root = local_root(Path::new(to), &from.name())?;
        for below in directories {
            make_local_directory(&root.join(below.iter().collect::<PathBuf>()))?;
        }
        let sizes: BTreeMap<&str, u64> = entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.size))
            .collect();
        let files: Vec<Arriving> = files
            .into_iter()
            .map(|leaf| Arriving {
                target: root.join(leaf.below.iter().collect::<PathBuf>()),
                size: sizes
                    .get(leaf.below.join("/").as_str())
                    .copied()
                    .unwrap_or(0),
                source: leaf.source,
            })
            .collect();
        self.files_from_board(&files)
    }

    /// Reads files of the board, but for those that are here already.
    fn files_from_board(&mut self, files: &[Arriving]) -> Result<(), Error> {
        let wanted: Vec<Wanted> = files
            .iter()
            .map(|file| Wanted {
                path: file.source.clone(),
                known: if self.force { None } else { file.known() },
            })
            .collect();
        let mut arrivals = Arrivals {
            files,
            explain: self.explain,
            current: None,
            target: None,
        };
        transfer::download_all(self.board, &wanted, &mut arrivals).map_err(|error| {
            match (error, arrivals.target) {
                (transfer::Error::Output(error), Some(target)) => {
                    Error::local("cp", &target.to_string_lossy(), &error)
                }
                (error, _) => of_reading(error),
            }
        })
    }

    fn tree_to<Source>(
        &mut self,
        from: &Place,
        to: &Place,
        directories: &[Vec<String>],
        files: &[Leaf<Source>],
        read: impl Fn(&mut Self, &Leaf<Source>) -> Result<Vec<u8>, Error>,
    ) -> Result<(), Error> {
        match to {
            Place::Board(path) => {
                let (top, paths) = self.board_directories(path, &from.name(), directories)?;
                self.board.make_directories(&paths)?;
                self.leaves_to_board(&top, files, read)
            }
            Place::Local(path) => {
                let root = local_root(Path::new(path), &from.name())?;
                for below in directories {
                    make_local_directory(&root.join(below.iter().collect::<PathBuf>()))?;
                }
                for leaf in files {
                    let data = read(self, leaf)?;
                    write_local(&root.join(leaf.below.iter().collect::<PathBuf>()), &data)?;
                }
                Ok(())
            }
        }
    }

    /// The directories to make for the top of the tree, the tree's own last.
    fn board_root(&mut self, path: &str, name: &str) -> Result<Vec<String>, Error> {
        let there = self.board.status(path)?;
        Ok(match there {
            None => vec![path.to_owned()],
            // A source without a name (`.`, `/`) is copied as what it holds.
            Some(_) if name.is_empty() || name == "." || name == ".." => vec![path.to_owned()],
            Some(_) => vec![transfer::upload::join(path, name)],
        })
    }

    fn leaves_to_board<Origin>(
        &mut self,
        top: &str,
        files: &[Leaf<Origin>],
        read: impl Fn(&mut Self, &Leaf<Origin>) -> Result<Vec<u8>, Error>,
    ) -> Result<(), Error> {
        let capabilities = self.board.capabilities()?;
        let mut candidates = Vec::with_capacity(files.len());
        if !self.force {
            for leaf in files {
                let data = read(self, leaf)?;
                candidates.push(Candidate {
                    path: transfer::upload::join(top, &leaf.below.join("/")),
                    size: data.len() as u64,
                    digest: Digest::of(&data, &capabilities),
                });
            }
        }
        let same = unchanged(self.board, &candidates)?;
        for (index, leaf) in files.iter().enumerate() {
            let target = transfer::upload::join(top, &leaf.below.join("/"));
            if same.get(index).copied().unwrap_or(false) {
                report::line(&format!("Up to date: {target}"))?;
                continue;
            }
            let data = read(self, leaf)?;
            self.send(Source::Bytes(&data), &target, "", &mut |_| Ok(true))?;
        }
        Ok(())
    }
}

/// A file of the board on its way here.
struct Arriving {
    source: String,
    target: PathBuf,
    /// Bytes of it, if the board has said so.
    size: u64,
}

impl Arriving {
    /// What is at the target already, if that may be the same.
    fn known(&self) -> Option<Known> {
        let there = fs::metadata(&self.target).ok()?;
        let may_be_same = self.size == 0 || self.size == there.len();
        // What cannot be read is written anew, or that says why it cannot be.
        (there.is_file() && may_be_same)
            .then(|| Known::of_file(&self.target).ok())
            .flatten()
    }
}

/// Writes files of the board to their targets.
struct Arrivals<'a> {
    files: &'a [Arriving],
    explain: bool,
    current: Option<(local::Writer, FileProgress)>,
    /// What is being written.
    target: Option<&'a Path>,
}

impl Receiver for Arrivals<'_> {
    fn begin(&mut self, index: usize) -> io::Result<()> {
        let file = &self.files[index];
        self.target = Some(&file.target);
        // A temporary file of before goes first: it has the same name.
        self.current = None;
        let progress = FileProgress::new(&file.source, file.size);
        self.current = Some((local::Writer::new(&file.target)?, progress));
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match &mut self.current {
            Some((writer, _)) => writer.write(data),
            None => Ok(()),
        }
    }

    fn end(&mut self, index: usize, outcome: Outcome) -> io::Result<()> {
        if let Some((writer, _)) = self.current.take() {
            writer.commit()?;
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

/// Why reading a file of the board failed.
fn of_reading(error: transfer::Error) -> Error {
    match error {
        transfer::Error::Board(error) if error.errno() == Some(Errno::IS_DIRECTORY) => omitted(),
        error => error.into(),
    }
}

fn no_directory(exists: bool) -> Error {
    Error::message(if exists {
        "cp: destination is not a directory"
    } else {
        "cp: destination does not exist"
    })
}

fn omitted() -> Error {
    Error::message("cp: -r not specified; omitting directory")
}

/// A file of this computer's that can be read.
fn checked_local(path: &Path) -> Result<&Path, Error> {
    let failed = |error: io::Error| {
        if path.is_dir() {
            omitted()
        } else {
            Error::local("cp", &path.to_string_lossy(), &error)
        }
    };
    let file = fs::File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(omitted());
    }
    Ok(path)
}

fn read_local(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| {
        if error.kind() == io::ErrorKind::IsADirectory || path.is_dir() {
            omitted()
        } else {
            Error::local("cp", &path.to_string_lossy(), &error)
        }
    })
}

fn write_local(path: &Path, data: &[u8]) -> Result<(), Error> {
    local::write(path, data).map_err(|error| Error::local("cp", &path.to_string_lossy(), &error))
}

fn local_root(path: &Path, name: &str) -> Result<PathBuf, Error> {
    if !path.exists() {
        make_local_directory(path)?;
        return Ok(path.to_owned());
    }
    if name.is_empty() || name == "." || name == ".." {
        return Ok(path.to_owned());
    }
    let root = path.join(checked_name(name)?);
    make_local_directory(&root)?;
    Ok(root)
}

fn make_local_directory(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::local("cp", &path.to_string_lossy(), &error))
        }
        _ => Ok(()),
    }
}

/// Collects what is below a directory of this computer, following links.
fn walk_local(
    path: &Path,
    below: &mut Vec<String>,
    directories: &mut Vec<Vec<String>>,
    files: &mut Vec<Leaf<PathBuf>>,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::local("cp", &path.to_string_lossy(), &error);
    if below.len() > DEPTH_LIMIT {
        return Err(Error::message(format!(
            "cp: {}: too deep; is there a loop of links?",
            path.display()
        )));
    }
    let mut entries: Vec<_> = fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<_>>)
        .map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        below.push(entry.file_name().to_string_lossy().into_owned());
        let path = entry.path();
        if path.is_dir() {
            directories.push(below.clone());
            walk_local(&path, below, directories, files)?;
        } else {
            files.push(Leaf {
                source: path,
                below: below.clone(),
            });
        }
        below.pop();
    }
    Ok(())
}

/// The components of paths that a board names, each checked before it names a local file.
fn components<'a>(entries: impl Iterator<Item = &'a Entry>) -> Result<Vec<Vec<String>>, Error> {
    let mut seen = BTreeSet::new();
    let mut paths = Vec::new();
    for entry in entries {
        let below = entry
            .name
            .split('/')
            .map(|name| checked_name(name).map(str::to_owned))
            .collect::<Result<Vec<_>, _>>()?;
        if seen.insert(below.clone()) {
            paths.push(below);
        }
    }
    Ok(paths)
}

/// Refuses a name from a board that would leave the directory it is to stand in.
fn checked_name(name: &str) -> Result<&str, Error> {
    let escapes = name.is_empty()
        || name == "."
        || name == ".."
        || name.contains(['/', '\0'])
        || (cfg!(windows) && name.contains(['\\', ':']));
    if escapes {
        return Err(Error::message(format!(
            "cp: the board has a file named {name:?}, which cannot be a file's name here"
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_board_cannot_leave_their_directory() {
        for name in ["", ".", "..", "a/b", "a\0"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        assert_eq!(checked_name("boot.py").unwrap(), "boot.py");
    }

    #[test]
    fn places_know_their_names() {
        assert_eq!(Place::parse(":lib/a.py").name(), "a.py");
        assert_eq!(Place::parse("dir/b").name(), "b");
        assert_eq!(
            Place::parse(":").without_slash(),
            Place::Board(String::new())
        );
        let trimmed = |text| Place::parse(text).without_slash();
        assert_eq!(trimmed(":lib//"), Place::Board("lib".into()));
        assert_eq!(trimmed(":/"), Place::Board(String::new()));
        assert_eq!(trimmed("/"), Place::Local("/".into()));
    }
}
