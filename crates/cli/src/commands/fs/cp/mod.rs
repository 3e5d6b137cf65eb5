//! `cp`: files and trees to the board, from it, and on it.
//!
//! A path of the board begins with a colon. The rules are mpremote's: several sources, or a
//! destination that ends in `/`, need an existing directory; with `-r` a directory is copied into
//! a destination that exists and as one that does not.

mod arrivals;
mod here;
mod left_out;
mod names;
mod place;
mod walk;

pub use names::components;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mpwire::board::errno::Errno;
use mpwire::board::fs::{Entry, Readable};
use mpwire::board::{self, Board};
use mpwire::path;
use mpwire::transfer::download::Wanted;
use mpwire::transfer::leftovers;
use mpwire::transfer::tree::{self, Item};
use mpwire::transfer::{self, Destination, Encoding, Options, Source};

use super::cat::cat;
use crate::args::FsArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::local::Links;
use crate::persona;
use crate::progress::FileProgress;
use crate::report;
use crate::unfinished;
use arrivals::{Arrivals, Arriving};
use here::Contents;
use left_out::LeftOut;
use names::{checked_name, tell_of_case};
use place::Place;
use walk::Tree;

/// A file of a tree: where it is, and where it goes below the destination.
struct Leaf<Source> {
    source: Source,
    below: Vec<String>,
}

/// Says what is wrong with the paths, as far as that can be told without a board.
pub fn check(arguments: &FsArgs) -> Result<(), Error> {
    let split = arguments.paths.split_last();
    if arguments.all_or_nothing {
        refuse_piecemeal(split)?;
    }
    let (_, sources) = split
        .filter(|(_, sources)| !sources.is_empty())
        .ok_or_else(|| without_destination(&arguments.paths))?;
    for source in sources {
        // `-` is standard input.
        if let Place::Local(path) = Place::parse(source)
            && path != "-"
        {
            std::fs::metadata(&path).map_err(|error| Error::local("cp", &path, &error))?;
        }
    }
    Ok(())
}

/// Copies each source to the destination, which is the last path.
pub fn cp(connection: &mut Connection, arguments: &FsArgs) -> Result<(), Error> {
    let split = arguments.paths.split_last();
    if arguments.all_or_nothing {
        refuse_piecemeal(split)?;
    }
    // Before the board waits for it.
    let reads_input = split.is_some_and(|(_, sources)| sources.iter().any(|source| source == "-"));
    let input = reads_input.then(Contents::of_input).transpose()?;
    let (board, may_resume) = connection.board_to_go_on_with(&|| match split {
        Some(paths) if !arguments.all_or_nothing => may_have_begun(paths),
        _ => Vec::new(),
    })?;
    let Some((destination, sources)) = split.filter(|(_, sources)| !sources.is_empty()) else {
        connection.did_action();
        return Err(without_destination(&arguments.paths));
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
        quiet: arguments.no_verbose,
        left_out: LeftOut::default(),
        input,
    };
    let result = copy.all(sources, destination, arguments);
    let result = result.and_then(|()| copy.left_out.outcome());
    // After an error, too, nothing of ours stays on the board; the error is the one to tell.
    let tidied = copy.board.tidy();
    let result = result.and(tidied.map_err(Error::from));
    connection.did_action();
    if result.is_ok() {
        tell_of_local(sources, destination);
    }
    if result.as_ref().is_err_and(Error::is_of_the_link) {
        return result;
    }
    let healed = connection.heal();
    result.and(healed)
}

/// One path is not enough; where the other is most likely to be is told.
fn without_destination(paths: &[String]) -> Error {
    let error = Error::message("cp: missing destination path");
    match paths.first() {
        Some(path) if path.starts_with(':') => {
            error.with_hint(format!("to copy it here: mpwire cp {path} ."))
        }
        Some(path) => error.with_hint(format!("to copy it to the board: mpwire cp {path} :")),
        None => error,
    }
}

/// Tells of a copy that neither began nor ended on the board: a colon may have been forgotten.
fn tell_of_local(sources: &[String], destination: &str) {
    let paths = sources.iter().map(String::as_str).chain([destination]);
    let is_local = |path: &str| matches!(Place::parse(path), Place::Local(_));
    if !persona::is_mpremote() && paths.clone().all(is_local) {
        report::note(&format!(
            "cp: copied on this computer; a path on the board begins with a colon: :{destination}"
        ));
    }
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
            // What cannot be read is told when it is to be copied.
            let found = walk::walk(path).unwrap_or_default();
            let names = found.files.into_iter().filter_map(|leaf| {
                let name = leaf.below.last()?.clone();
                Some((leaf.source, name))
            });
            files.extend(names);
        } else {
            files.push((path.to_owned(), source.name().to_owned()));
            files.push((path.to_owned(), destination.name().to_owned()));
        }
    }
    files
        .iter()
        .map(|(path, name)| (Source::File(path), name))
        .filter(|(file, _)| file.size().is_ok_and(|size| size >= transfer::RESUME_LEAST))
        .filter_map(|(file, name)| leftovers::temporary_name(file, name).ok())
        .collect()
}

#[expect(clippy::struct_excessive_bools, reason = "one wish each")]
struct Copy<'a> {
    board: &'a mut Board,
    options: Options,
    force: bool,
    multiple: bool,
    /// Whether to say how each file was sent.
    explain: bool,
    /// Whether to say nothing.
    quiet: bool,
    /// What cannot be read.
    left_out: LeftOut,
    /// What standard input holds, where that is a source.
    input: Option<Contents>,
}

impl Copy<'_> {
    /// Whether each file of a tree that was copied is listed. Genuine mpremote lists none, so that this is
    /// for people.
    fn lists(&self) -> bool {
        self.explain || (!self.quiet && report::is_watched())
    }

    fn all(
        &mut self,
        sources: &[String],
        destination: &str,
        arguments: &FsArgs,
    ) -> Result<(), Error> {
        for source in sources {
            // What is copied to standard output stands there alone.
            let line = format!("cp {source} {destination}");
            if destination != "-" && super::says(arguments, true) {
                report::line(&line)?;
            } else if arguments.verbose {
                report::status(&line);
            }
            let from = Place::parse(source).resolved(self.board)?;
            let to = Place::parse(destination).resolved(self.board)?;
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
                        let contents = Contents::of(Path::new(local))?;
                        self.file_to_board(contents.source(), name, path)
                    }
                    Place::Board(_) | Place::Standard => {
                        let data = self.read(from)?;
                        self.file_to_board(Source::Bytes(&data), name, path)
                    }
                }
            }
            Place::Standard => self.file_to_output(from),
            Place::Local(path) => {
                let target = match self.local_directory(path)? {
                    None => PathBuf::from(path),
                    Some(_) if *from == Place::Standard => return Err(without_name()),
                    Some(directory) => match checked_name(from.name()) {
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
                        let file = Arriving {
                            source,
                            target,
                            size,
                            links: Links::Followed,
                        };
                        self.files_from_board(&[file], false)
                    }
                    Place::Local(_) | Place::Standard => here::write(&target, &self.read(from)?),
                }
            }
        }
    }

    fn file_to_output(&mut self, from: &Place) -> Result<(), Error> {
        if self.multiple {
            return Err(no_directory(true));
        }
        match from {
            Place::Board(path) => cat(self.board, path).map_err(|error| match error {
                Error::Transfer(error) => of_reading(error),
                other => other,
            }),
            Place::Local(_) | Place::Standard => {
                report::ForeignText::default().print(&self.read(from)?)
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
        let trimmed = path::without_slash(path);
        let must_be_directory = path::names_directory(path);
        let (multiple, force, quiet) = (self.multiple, self.force, self.quiet);
        let mut admit = |destination: &Destination| {
            let is_directory = destination.outer.is_some_and(|status| status.is_directory);
            if is_directory && name.is_empty() {
                return Err(without_name());
            }
            if !is_directory && must_be_directory {
                return Err(Error::message("cp: destination is not a directory"));
            }
            if !is_directory && multiple {
                return Err(no_directory(destination.outer.is_some()));
            }
            if destination.unchanged && !force {
                if !quiet {
                    report::aside(&format!("Up to date: {}", destination.target))?;
                }
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
        let shown = if path.is_empty() { name } else { path };
        let progress = FileProgress::new(shown);
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
            report::resumed(if name.is_empty() { shown } else { name }, sent.went_on_at);
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
            self.tell_refusal(sent.encoding);
            report::status(&self.reason(source)?);
        }
        Ok(())
    }

    /// Why a file was not sent as the stream that the board's capabilities promise.
    fn tell_refusal(&self, encoding: Encoding) {
        if encoding != Encoding::Stream
            && let Some(reason) = self.board.stream_refusal()
        {
            report::status(&format!("  the board refused a stream: {reason}"));
        }
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
            Place::Local(path) => Contents::of(Path::new(path))?.into_bytes(),
            Place::Standard => match self.input.take() {
                Some(input) => input.into_bytes(),
                None => Err(Error::message("cp: standard input can be copied once only")),
            },
            Place::Board(path) => {
                let result = {
                    let size = self.size(path)?;
                    let progress = FileProgress::new(path);
                    transfer::download(self.board, path, size, &mut |step| progress.update(step))
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
            Place::Standard => self.file(&from, &to),
            Place::Local(path) if !Path::new(path).is_dir() => self.file(&from, &to),
            Place::Local(path) => {
                let mut tree = walk::walk(Path::new(path))?;
                let contents = tree.contents();
                self.leave_out(&mut tree)?;
                match &to {
                    Place::Board(to) => {
                        let items: Vec<Item> = tree
                            .files
                            .iter()
                            .zip(&contents)
                            .map(|(leaf, contents)| Item {
                                below: leaf.below.join("/"),
                                source: contents.source(),
                            })
                            .collect();
                        self.tree_to_board(&from, to, &tree.directories, &items)
                    }
                    Place::Local(to) => here::copy_tree(&from, to, &tree, contents, self.lists()),
                    Place::Standard => Err(no_tree_as_output()),
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
                let entries = self.readable(path)?;
                let directories = components(entries.iter().filter(|entry| entry.is_directory))?;
                let mut files: Vec<Leaf<String>> =
                    components(entries.iter().filter(|entry| !entry.is_directory))?
                        .into_iter()
                        .map(|below| Leaf {
                            source: path::join(path, &below.join("/")),
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
                        for leaf in std::mem::take(&mut files) {
                            match self.read(&Place::Board(leaf.source.clone())) {
                                Ok(data) => {
                                    contents.push(data);
                                    files.push(leaf);
                                }
                                Err(error) => {
                                    self.left_out.add_of_board(&leaf.source, &refusal(error)?);
                                }
                            }
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
                    Place::Standard => Err(no_tree_as_output()),
                }
            }
        }
    }

    /// Says what of a tree of this computer cannot be read, unless nothing may be missing.
    fn leave_out(&mut self, tree: &mut Tree) -> Result<(), Error> {
        for unreadable in tree.unreadable.drain(..) {
            if self.options.all_or_nothing {
                return Err(unreadable.into_error());
            }
            self.left_out.add(&unreadable.path, &unreadable.reason);
        }
        Ok(())
    }

    /// What is below a directory of the board and can be asked for.
    fn readable(&mut self, path: &str) -> Result<Vec<Entry>, Error> {
        let Readable {
            mut entries,
            unreadable,
        } = self.board.walk_readable(path)?;
        for (below, errno) in unreadable {
            self.left_out
                .add_of_board(&path::join(path, &below), &errno.to_string());
        }
        let left_out = &mut self.left_out;
        entries.retain(|entry| {
            if !entry.is_text {
                let reason = "this name is no text; rename or remove it on the board";
                left_out.add_of_board(&path::join(path, &entry.name), reason);
            }
            entry.is_text
        });
        Ok(entries)
    }

    fn tree_to_board(
        &mut self,
        from: &Place,
        to: &str,
        directories: &[Vec<String>],
        items: &[Item],
    ) -> Result<(), Error> {
        let name = from.name();
        let directories: Vec<String> = directories.iter().map(|below| below.join("/")).collect();
        let mut printed = Ok(());
        let progress = FileProgress::new(to);
        let (quiet, lists) = (self.quiet, self.lists());
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
                tree::Event::Sending(path) => progress.rename(&path),
                tree::Event::Progress(step) => progress.update(step),
                tree::Event::Sent(path, _) if lists => report::copied(&path),
                tree::Event::Sent(..) => {}
                tree::Event::WentOn(path, at) => report::resumed(&path, at),
                tree::Event::Unchanged(_) if quiet => {}
                tree::Event::Unchanged(path) => {
                    let line = format!("Up to date: {path}");
                    printed = std::mem::replace(&mut printed, Ok(())).and(report::aside(&line));
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
        let top = Path::new(to);
        let root = here::root(top, from.name())?;
        let below = files.iter().map(|leaf| &leaf.below).chain(directories);
        here::refuse_links(top, &root, below)?;
        here::make_directory(&root)?;
        for below in directories {
            here::make_directory(&root.join(below.iter().collect::<PathBuf>()))?;
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
                links: Links::Replaced,
            })
            .collect();
        self.files_from_board(&files, true)
    }

    /// Reads files of the board, but for those that are here already. Of a tree, what cannot be read is left
    /// out.
    fn files_from_board(&mut self, files: &[Arriving], of_tree: bool) -> Result<(), Error> {
        let mut rest = files;
        let lists = of_tree && self.lists();
        while let Err(error) = self.run_from_board(rest, lists) {
            let failed =
                match &error {
                    Error::Transfer(transfer::Error::Board(board::Error::File {
                        path, ..
                    })) if of_tree => rest.iter().position(|file| file.source == *path),
                    _ => None,
                };
            let Some(failed) = failed else {
                return Err(error);
            };
            self.left_out
                .add_of_board(&rest[failed].source, &refusal(error)?);
            // Those before it are here.
            rest = &rest[failed + 1..];
        }
        Ok(())
    }

    fn run_from_board(&mut self, files: &[Arriving], lists: bool) -> Result<(), Error> {
        let wanted: Vec<Wanted> = files
            .iter()
            .map(|file| Wanted {
                path: file.source.clone(),
                size: (file.size > 0).then_some(file.size),
                known: if self.force { None } else { file.known() },
            })
            .collect();
        let mut arrivals = Arrivals::new(files, self.explain, lists);
        transfer::download_all(self.board, &wanted, &mut arrivals).map_err(|error| {
            match (error, arrivals.target()) {
                (transfer::Error::Output(error), Some(target)) => {
                    Error::local("cp", &target.to_string_lossy(), &error)
                }
                (error, _) => of_reading(error),
            }
        })
    }
}

/// Why reading a file of the board failed.
fn of_reading(error: transfer::Error) -> Error {
    match error {
        transfer::Error::Board(error) if error.errno() == Some(Errno::IS_DIRECTORY) => omitted(),
        error => error.into(),
    }
}

/// What the board says of a file that it cannot read; other errors are no reason to leave one out.
fn refusal(error: Error) -> Result<String, Error> {
    match error {
        Error::Transfer(transfer::Error::Board(board::Error::File { errno, .. })) => {
            Ok(errno.to_string())
        }
        error => Err(error),
    }
}

/// Standard input goes to a file, and not into a directory.
fn without_name() -> Error {
    Error::message(
        "cp: standard input has no name: the destination must name a file, such as :main.py",
    )
}

fn no_tree_as_output() -> Error {
    Error::message("cp: a directory cannot be copied to standard output")
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
