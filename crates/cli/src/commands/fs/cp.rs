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
use mpwire::board::errno::Errno;
use mpwire::board::fs::Entry;
use mpwire::names;
use mpwire::transfer::download::{Known, Outcome, Receiver, Wanted};
use mpwire::transfer::leftovers;
use mpwire::transfer::tree::{self, Item};
use mpwire::transfer::{self, Destination, Options, Progress, Source};

use crate::args::FsArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::local;
use crate::report::{self, FileProgress};
use crate::unfinished;

/// Deeper than any board's filesystem goes: what is deeper is a loop of links.
const DEPTH_LIMIT: usize = 64;

/// Copies each source to the destination, which is the last path.
pub fn cp(connection: &mut Connection, arguments: &FsArgs) -> Result<(), Error> {
    let split = arguments.paths.split_last();
    if arguments.all_or_nothing {
        refuse_piecemeal(split)?;
    }
    let (board, may_resume) = connection.board_to_go_on_with(&|| match split {
        Some(paths) if !arguments.all_or_nothing => may_have_begun(paths),
        _ => Vec::new(),
    })?;
    let Some((destination, sources)) = split.filter(|(_, sources)| !sources.is_empty()) else {
        connection.did_action();
        return Err(Error::message("cp: missing destination path"));
    };
    let mut copy = Copy {
        board,
        options: Options {
            more_follow: arguments.recursive || sources.len() > 1,
            may_resume,
            all_or_nothing: arguments.all_or_nothing,
            ..arguments.transfer.options()
        },
        force: arguments.force,
        multiple: sources.len() > 1,
        explain: arguments.verbose,
    };
    let result = copy.all(sources, destination, arguments);
    // After an error, too, nothing of ours stays on the board; the error is the one to tell.
    let tidied = copy.board.tidy();
    let result = result.and(tidied.map_err(Error::from));
    connection.did_action();
    if !result.as_ref().is_err_and(Error::is_of_the_link) {
        connection.heal();
    }
    result
}

/// Only the files of one tree can be replaced together, and only on the board.
fn refuse_piecemeal(paths: Option<(&String, &[String])>) -> Result<(), Error> {
    let is_possible = paths.is_some_and(|(destination, sources)| {
        sources.len() == 1 && matches!(Place::parse(destination), Place::Board(_))
    });
    if is_possible {
        return Ok(());
    }
    Err(Error::message(
        "cp: --all-or-nothing takes one directory, and a destination on the device",
    ))
}

/// The names that large files have on the board while they are copied there: what an interrupted
/// copy has left of these is their beginning.
fn may_have_begun((destination, sources): (&String, &[String])) -> Vec<String> {
    let destination = Place::parse(destination).without_slash();
    let Place::Board(_) = destination else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for source in sources.iter().map(|source| Place::parse(source)) {
        let Place::Local(path) = &source else {
            continue;
        };
        let path = Path::new(path);
        if path.is_dir() {
            let (mut found, mut directories) = (Vec::new(), Vec::new());
            // What cannot be read is told when it is to be copied.
            let _ = walk_local(path, &mut Vec::new(), &mut directories, &mut found);
            let names = found.into_iter().filter_map(|leaf| {
                let name = leaf.below.last()?.clone();
                Some((leaf.source, name))
            });
            files.extend(names);
        } else {
            files.push((path.to_owned(), source.name()));
            files.push((path.to_owned(), destination.name()));
        }
    }
    files
        .iter()
        .map(|(path, name)| (Source::File(path), name))
        .filter(|(file, _)| file.size().is_ok_and(|size| size >= transfer::RESUME_LEAST))
        .filter_map(|(file, name)| leftovers::temporary_name(file, name).ok())
        .collect()
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
        let note = unfinished::begin(self.board.name(), &transfer::upload::places(trimmed));
        let result = self.send(source, trimmed, name, &mut admit);
        note.end(result.as_ref().err());
        result
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
        if let Some(sent) = sent.filter(|sent| sent.went_on_at > 0) {
            report::went_on(if name.is_empty() { shown } else { name }, sent.went_on_at);
        }
        if let Some(sent) = sent.filter(|_| self.explain) {
            report::status(&format!(
                "{shown}: {} bytes as {} in {} chunks, {} bytes on the wire, {:.2} s",
                sent.bytes,
                sent.encoding,
                sent.chunks,
                sent.wire_bytes,
                sent.time.as_secs_f64()
            ));
            report::status(&self.reason(source)?);
        }
        Ok(())
    }

    /// Why the file was sent as it was.
    fn reason(&self, source: Source) -> Result<String, Error> {
        let Some(capabilities) = self.board.known_capabilities() else {
            return Ok(
                "  the board runs the program that takes a stream: no text, nothing faster".into(),
            );
        };
        if let Some(encoding) = self.options.encoding {
            return Ok(format!("  {encoding} was asked for"));
        }
        let rate = self.board.rate();
        let predictions =
            transfer::choice::predictions(&source.read()?, &capabilities, rate, &self.options);
        let predictions: Vec<String> = predictions
            .iter()
            .map(|found| format!("{} {:.2} s", found.encoding, found.seconds))
            .collect();
        Ok(format!("  predicted: {}", predictions.join(", ")))
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
                match &to {
                    Place::Board(to) => {
                        let mut items = Vec::with_capacity(files.len());
                        for leaf in &files {
                            items.push(Item {
                                below: leaf.below.join("/"),
                                source: Source::File(checked_local(&leaf.source)?),
                            });
                        }
                        self.tree_to_board(&from, to, &directories, &items)
                    }
                    Place::Local(to) => local_tree(&from, to, &directories, &files),
                }
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
                match &to {
                    Place::Local(to) => {
                        self.tree_from_board(&from, to, &entries, &directories, files)
                    }
                    Place::Board(to) => {
                        let mut contents = Vec::with_capacity(files.len());
                        for leaf in &files {
                            contents.push(self.read(&Place::Board(leaf.source.clone()))?);
                        }
                        let items: Vec<Item> = files
                            .iter()
                            .zip(&contents)
                            .map(|(leaf, data)| Item {
                                below: leaf.below.join("/"),
                                source: Source::Bytes(data),
                            })
                            .collect();
                        self.tree_to_board(&from, to, &directories, &items)
                    }
                }
            }
        }
    }

    fn tree_to_board(
        &mut self,
        from: &Place,
        to: &str,
        directories: &[Vec<String>],
        items: &[Item],
    ) -> Result<(), Error> {
        let name = from.name();
        // A source without a name (`.`, `/`) is copied as what it holds.
        let name = if name == "." || name == ".." {
            ""
        } else {
            &name
        };
        let directories: Vec<String> = directories.iter().map(|below| below.join("/")).collect();
        let mut printed = Ok(());
        let size = items
            .iter()
            .filter_map(|item| item.source.size().ok())
            .sum();
        let progress = FileProgress::new(to, size);
        let place = tree::Place { path: to, name };
        let note = unfinished::begin(self.board.name(), &tree::places(place, &directories));
        let result = tree::send_tree(
            self.board,
            place,
            &directories,
            items,
            self.force,
            &self.options,
            &mut |event| match event {
                tree::Event::Progress(step) => progress.update(step),
                tree::Event::WentOn(path, at) => report::went_on(&path, at),
                tree::Event::Unchanged(path) => {
                    let line = format!("Up to date: {path}");
                    printed = std::mem::replace(&mut printed, Ok(())).and(report::line(&line));
                }
            },
        )
        .map_err(Error::from);
        drop(progress);
        note.end(result.as_ref().err());
        let summary = result?;
        printed?;
        if self.explain {
            report::status(&format!(
                "{to}: {} files, {} bytes, {} bytes on the wire",
                summary.files, summary.bytes, summary.wire_bytes
            ));
        }
        Ok(())
    }

    fn tree_from_board(
        &mut self,
        from: &Place,
        to: &str,
        entries: &[Entry],
        directories: &[Vec<String>],
        files: Vec<Leaf<String>>,
    ) -> Result<(), Error> {
        tell_of_case(entries)?;
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
                size: (file.size > 0).then_some(file.size),
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
}

/// Copies a tree of this computer.
fn local_tree(
    from: &Place,
    to: &str,
    directories: &[Vec<String>],
    files: &[Leaf<PathBuf>],
) -> Result<(), Error> {
    let root = local_root(Path::new(to), &from.name())?;
    for below in directories {
        make_local_directory(&root.join(below.iter().collect::<PathBuf>()))?;
    }
    for leaf in files {
        let data = read_local(&leaf.source)?;
        write_local(&root.join(leaf.below.iter().collect::<PathBuf>()), &data)?;
    }
    Ok(())
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
        // What was begun of a file that is unchanged after all is wrong, and goes.
        let written = self.current.take();
        if let Some((writer, _)) = written.filter(|_| outcome == Outcome::Arrived) {
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
pub fn components<'a>(entries: impl Iterator<Item = &'a Entry>) -> Result<Vec<Vec<String>>, Error> {
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

/// Two files of a board that are one here would overwrite each other.
fn tell_of_case(entries: &[Entry]) -> Result<(), Error> {
    let names = entries.iter().map(|entry| entry.name.as_str());
    let Some((one, other)) = names::differing_by_case(names) else {
        return Ok(());
    };
    let both = format!("the board has {one} and {other}, which differ by case only");
    if cfg!(any(windows, target_os = "macos")) {
        return Err(Error::message(format!(
            "cp: {both}: here they would be one"
        )));
    }
    report::status(&format!(
        "mpwire: {both}: on Windows and macOS they would be one"
    ));
    Ok(())
}

/// Refuses a name from a board that would leave the directory it is to stand in.
fn checked_name(name: &str) -> Result<&str, Error> {
    let escapes = name.is_empty()
        || name == "."
        || name == ".."
        || name.contains(['/', '\0'])
        || (cfg!(windows) && names::is_special_on_windows(name));
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
    fn what_has_arrived_wrong_does_not_replace_what_is_right_already() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.py");
        fs::write(&target, "right").unwrap();
        let files = [Arriving {
            source: "a.py".to_owned(),
            target: target.clone(),
            size: 5,
        }];
        let mut arrivals = Arrivals {
            files: &files,
            explain: false,
            current: None,
            target: None,
        };
        // Its digest was not the board's, and the next one is that of what is here.
        arrivals.begin(0).unwrap();
        arrivals.write(b"wrong").unwrap();
        arrivals.end(0, Outcome::Unchanged).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"right");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
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
