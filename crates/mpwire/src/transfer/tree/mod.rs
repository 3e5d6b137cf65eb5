//! Many files as one stream: directories made, files created, written, verified and named without
//! a round trip for each; what the board has already is found in one.

mod room;
mod together;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use mpwire_proto::answers::answers;
use mpwire_proto::literal::Value;

use crate::board::digest::{Digest, Hasher};
use crate::board::errno::Errno;
use crate::board::fs::batches;
use crate::board::patience::{COUNTING_FREE, copying, digesting};
use crate::board::plausible::Space;
use crate::board::program::{Argument, answer, call};
use crate::board::{self, BITS_MOST, Board, onboard, read};
use crate::path::join;
use crate::transfer::leftovers::healing;
use crate::transfer::source::Source;
use crate::transfer::stream::{self, DIGEST_BYTES, Feed, FileStart, Meter, PROGRAMS, Put};
use crate::transfer::temporary::{staged_path, temporary_path};
use crate::transfer::unchanged::{Candidate, unchanged};
use crate::transfer::upload::{remove_after, send_file};
use crate::transfer::{ATTEMPTS, Error, MIN_RESUME_AGAIN, Options, Progress, RESUME_LEAST};
pub(super) use room::free_call;
use together::Together;

/// The most characters of one call that names many paths.
const CALL_MOST: usize = 400;
/// How long it may take to make a directory or to give a file its name, where flash is slow.
const CHANGE_TIME: Duration = Duration::from_secs(2);
/// Files smaller than this are sent again rather than copied on the board.
const COPY_LEAST: u64 = 256;

/// A file of a tree.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// Its path below the tree's top.
    pub below: String,
    /// Its contents.
    pub source: Source<'a>,
}

/// Where a tree goes.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// A path on the board: the tree's top, where nothing is there yet.
    pub path: &'a str,
    /// The name of the tree's top inside of a directory that is there; empty for the directory
    /// itself.
    pub name: &'a str,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The board has the file at this path already.
    Unchanged(String),
    /// The file at this path is being sent.
    Sending(String),
    /// Progress over all files of the transfer.
    Progress(Progress),
    /// The file at this path was sent and is verified: so many bytes.
    Sent(String, u64),
    /// Of the file at this path so many bytes were there, left by an interrupted copy.
    WentOn(String, u64),
}

/// What was sent of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Files sent.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes on the wire for them.
    pub wire_bytes: u64,
}

/// The directories that a tree may fill: it goes into the place, or becomes it.
#[must_use]
pub fn places(place: Place, directories: &[String]) -> Vec<String> {
    let inside = join(place.path, place.name);
    [place.path, &inside]
        .into_iter()
        .flat_map(|top| {
            let below = directories.iter().map(move |below| join(top, below));
            std::iter::once(top.to_owned()).chain(below)
        })
        .collect()
}

/// Makes a tree of `directories`, in their order, and sends its `files`, each verified and only then
/// named; those that the board has already are left, unless `force`. More than there is room for is
/// refused before anything is written.
pub fn send_tree(
    board: &mut Board,
    place: Place,
    directories: &[String],
    files: &[Item],
    force: bool,
    options: &Options,
    events: &mut dyn FnMut(Event),
) -> Result<Summary, Error> {
    let mut tree = Tree {
        place,
        top: None,
        directories,
        files,
        left: (0..files.len()).collect(),
        looked: options.has_room && force,
        filled: HashSet::new(),
        has_room: options.has_room,
        force,
        together: options.all_or_nothing.then(Together::default),
        may_resume: options.may_resume,
        has_begun: false,
        is_again: false,
        most_begun: 0,
        summary: Summary::default(),
    };
    let longer = tree.longest_digest()? + COUNTING_FREE;
    let result = board.patiently(longer, |board| {
        healing(board, &places(place, directories), &mut |board| {
            tree.send(board, options, events)
        })
    });
    if let Err(error) = &result {
        tree.give_up(board, error);
    }
    result.map(|()| tree.summary)
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is known at another time"
)]
struct Tree<'a> {
    place: Place<'a>,
    /// The tree's own path on the board, once that is known.
    top: Option<String>,
    directories: &'a [String],
    files: &'a [Item<'a>],
    /// The files that are not there yet.
    left: Vec<usize>,
    /// Whether it is known which these are.
    looked: bool,
    /// Directories below the top, and the top itself as "", in which the board has files of the tree: they
    /// need not be made. A read-only filesystem would refuse even those that are there.
    filled: HashSet<&'a str>,
    /// Whether there was room for them when they were looked for first.
    has_room: bool,
    /// Whether to send what the board has already.
    force: bool,
    /// The files that get their names together or not at all.
    together: Option<Together>,
    /// Whether beginnings of large files may be on the board.
    may_resume: bool,
    /// Whether any file was sent, so that what is found unchanged later may be one of these.
    has_begun: bool,
    /// Whether it was begun before, and has failed.
    is_again: bool,
    /// The most bytes that were found to be such beginnings, since the last file was complete.
    most_begun: u64,
    summary: Summary,
}

impl Tree<'_> {
    /// Sends what is left.
    fn send(
        &mut self,
        board: &mut Board,
        options: &Options,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), Error> {
        let mut failure = Error::Piecemeal;
        for _ in 0..ATTEMPTS {
            if !stream::is_wanted(options) || !board.may_load_agent() {
                break;
            }
            match self.stream(board, events) {
                Ok(true) if self.left.is_empty() && !self.has_staged() => return Ok(()),
                Ok(true) => {
                    failure = Error::Corrupt {
                        path: self
                            .left
                            .first()
                            .map_or_else(|| self.top(), |&index| self.path(index)),
                        kept: true,
                    };
                }
                Ok(false) => break,
                Err(error) => {
                    self.may_resume = true;
                    self.is_again = true;
                    // What is there already is found again.
                    self.looked = false;
                    match error {
                        Error::Board(error) if error.may_be_loss() || error.is_out_of_memory() => {
                            failure = error.into();
                        }
                        error => return Err(error),
                    }
                }
            }
        }
        if self.together.is_some() {
            return Err(failure);
        }
        self.one_by_one(board, options, events)
    }

    /// Sends all as one stream; `false` where the board cannot take it. What did not arrive right
    /// is left.
    fn stream(&mut self, board: &mut Board, events: &mut dyn FnMut(Event)) -> Result<bool, Error> {
        let look = call(
            onboard::LOOK.defines,
            &[Argument::Path(self.place.path), Argument::Int(-1)],
        );
        let text = answer(&look);
        if !board.has_agent() {
            let bits = self.window_bits()?;
            let Some(said) = board.load_agent(PROGRAMS, &text, bits, &mut |_| {})? else {
                return Ok(false);
            };
            self.found(read(&said)? != Value::None);
        } else if self.top.is_none() {
            board.ask_agent(PROGRAMS, &text);
            let said = board.flush_agent(&mut |_| {})?;
            self.found(read(&said)? != Value::None);
        }
        if !self.looked {
            self.look(board, events)?;
            if !board.has_agent() {
                return Ok(true);
            }
        }
        if self.together.is_some() {
            self.refuse_long_names()?;
        }
        for batch in batches(&self.directories(), CALL_MOST) {
            let text = call(onboard::MAKE_DIRECTORIES.defines, &[Argument::Paths(batch)]);
            board.ask_agent(&[onboard::MAKE_DIRECTORIES], &text);
            board.expect_work(CHANGE_TIME * u32::try_from(batch.len()).unwrap_or(u32::MAX));
        }
        self.put(board, events)?;
        if self.left.is_empty() {
            let staged = self.staged();
            self.name_staged(board)?;
            for index in staged {
                let bytes = self.files[index].source.size()?;
                events(Event::Sent(self.path(index), bytes));
            }
        }
        Ok(true)
    }

    /// The path that a file of the tree has until it is complete, and has its name.
    fn temporary(&self, index: usize, digest: &[u8]) -> String {
        match self.together {
            Some(_) => staged_path(&self.path(index), digest),
            None => temporary_path(&self.path(index), digest),
        }
    }

    /// Takes note of whether something is where the tree goes.
    fn found(&mut self, is_there: bool) {
        let Place { path, name } = self.place;
        self.top = Some(if is_there && !name.is_empty() {
            join(path, name)
        } else {
            path.to_owned()
        });
    }

    /// The path of a file on the board.
    fn path(&self, index: usize) -> String {
        join(&self.top(), &self.files[index].below)
    }

    /// The directories to be made on the board, the top first.
    fn directories(&self) -> Vec<String> {
        let top = self.top();
        let is_missing = |below: &&str| !self.filled.contains(below);
        std::iter::once("")
            .chain(self.directories.iter().map(String::as_str))
            .filter(is_missing)
            .map(|below| match below {
                "" => top.clone(),
                below => join(&top, below),
            })
            .collect()
    }

    /// Takes note that the board has this file.
    fn has(&mut self, index: usize) {
        let mut below = &self.files[index].below[..];
        while let Some((directory, _)) = below.rsplit_once('/') {
            below = directory;
            if !self.filled.insert(directory) {
                return;
            }
        }
        self.filled.insert("");
    }

    /// The window: none only where nothing shrinks.
    fn window_bits(&self) -> Result<u8, Error> {
        for &index in self.left.iter().take(8) {
            let sample = self.files[index].source.sample()?;
            if stream::window_bits(&sample) > 0 {
                return Ok(BITS_MOST);
            }
        }
        Ok(0)
    }

    /// How long the board may take to digest the largest of the files.
    fn longest_digest(&self) -> Result<Duration, Error> {
        let sizes = self.files.iter().map(|item| item.source.size());
        let sizes = sizes.collect::<Result<Vec<u64>, Error>>()?;
        Ok(digesting(sizes.into_iter().max().unwrap_or(0)))
    }

    /// Finds what the board has already, and whether there is room for the rest.
    fn look(&mut self, board: &mut Board, events: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let mut texts = Vec::with_capacity(self.left.len());
        let mut sizes = Vec::with_capacity(self.left.len());
        for &index in &self.left {
            let item = &self.files[index];
            let (size, digested) = if self.force {
                // No file's: what is there is not of interest, only its size.
                (-1, 0)
            } else {
                let size = item.source.size()?;
                (size.cast_signed(), size)
            };
            let path = self.path(index);
            texts.push(format!("({},{size})", Argument::Path(&path).literal()));
            sizes.push(digested);
        }
        let mut longest = COUNTING_FREE;
        let mut sizes = sizes.into_iter();
        for batch in batches(&texts, CALL_MOST) {
            longest = longest.max(digesting(sizes.by_ref().take(batch.len()).sum()));
            let text = format!("{}([{}])", onboard::LOOKS.defines, batch.join(","));
            board.ask_agent(&[onboard::LOOKS], &text);
        }
        board.ask_agent(&[onboard::FREE], &free_call(&self.top()));
        board.expect_work(longest);
        let said = board.patiently(longest, |board| board.flush_agent(&mut |_| {}))?;
        let space = Space::from_value(&read(&said)?);
        let found = board.take_frames().unwrap_or_default();
        let Some(found) = read_looks(&found).filter(|found| found.len() == self.left.len()) else {
            // Damaged on its way: then all of them are sent.
            self.looked = true;
            return Ok(());
        };
        let (mut left, mut same_files) = (Vec::new(), Vec::new());
        let mut old = HashMap::new();
        for (&index, there) in self.left.iter().zip(found) {
            let source = self.files[index].source;
            let same = match there {
                There::Directory if self.together.is_some() => {
                    // Found when the others have their names already it would be too late.
                    return Err(Error::Board(board::Error::File {
                        path: self.path(index),
                        errno: Errno::IS_DIRECTORY,
                    }));
                }
                There::Nothing | There::Directory => false,
                There::File(size) => {
                    old.insert(index, size);
                    false
                }
                There::OfThatSize(digest) => {
                    old.insert(index, source.size()?);
                    let own = source.digest(Hasher::sha256())?;
                    own.bytes().starts_with(&digest)
                }
            };
            if same {
                same_files.push(index);
            }
            if same && self.has_begun {
                let bytes = source.size()?;
                self.summary.files += 1;
                self.summary.bytes += bytes;
                events(Event::Sent(self.path(index), bytes));
            } else if same {
                events(Event::Unchanged(self.path(index)));
            } else {
                left.push(index);
            }
        }
        for index in same_files {
            self.has(index);
        }
        self.left = left;
        self.looked = true;
        // Later on, some of it is there.
        let is_first = !std::mem::replace(&mut self.has_room, true) && !self.may_resume;
        let Some(space) = space.filter(|_| is_first) else {
            return Ok(());
        };
        let mut sizes = self.sizes(&self.left)?;
        for (index, size) in self.left.iter().zip(&mut sizes) {
            // Where all are replaced together, the old ones stay as long.
            size.old = match self.together {
                Some(_) => None,
                None => old.get(index).copied(),
            };
        }
        self.refuse_without_room(board, &sizes, space)
    }

    /// The tree's own path on the board, or what it is believed to be.
    fn top(&self) -> String {
        self.top
            .clone()
            .unwrap_or_else(|| self.place.path.to_owned())
    }

    /// Has the agent write what is left.
    fn put(&mut self, board: &mut Board, events: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let originals = self.originals()?;
        let begun = self.begun(board)?;
        let sum = begun.values().sum();
        if sum > self.most_begun {
            self.most_begun = sum;
            board.note_advance();
        }
        let sizes: Vec<u64> = self
            .left
            .iter()
            .map(|&index| self.files[index].source.size())
            .collect::<Result<_, _>>()?;
        let total = sizes.iter().sum();
        self.has_begun = true;
        let mut shown = None;
        let mut progress = |progress: Progress| {
            let number = file_at(&sizes, progress.done);
            if shown != number {
                shown = number;
                if let Some(&index) = number.and_then(|number| self.left.get(number)) {
                    events(Event::Sending(self.path(index)));
                }
            }
            events(Event::Progress(progress));
        };
        let mut meter = Meter::new(total, &mut progress);
        let mut said = Vec::new();
        let result = self.put_all(board, &originals, &begun, &mut meter, &mut said);
        if result.is_err() {
            said.extend(board.take_said_before_error());
        }
        self.summary.wire_bytes += meter.wire_bytes;
        let left = std::mem::take(&mut self.left);
        let answered: Vec<&[u8]> = answers(&said)
            .filter(|answer| matches!(*answer, b"True" | b"False"))
            .collect();
        let failed_at = left.get(answered.len()).copied();
        let mut answered = answered.into_iter();
        for index in left {
            if answered.next() == Some(b"True") {
                let bytes = self.files[index].source.size()?;
                self.summary.files += 1;
                self.summary.bytes += bytes;
                self.most_begun = 0;
                board.note_advance();
                if let Some(&start) = begun.get(&index) {
                    events(Event::WentOn(self.path(index), start));
                }
                match &mut self.together {
                    Some(together) => together.staged.push(index),
                    None => events(Event::Sent(self.path(index), bytes)),
                }
            } else {
                self.left.push(index);
            }
        }
        match (result, failed_at) {
            (Err(error), Some(index)) => {
                let path = self.path(index);
                let digest = self.files[index].source.digest(Hasher::sha256())?;
                remove_after(board, &error, &self.temporary(index, &digest.bytes()));
                Err(error.at(&path))
            }
            (result, _) => result,
        }
    }

    fn put_all(
        &self,
        board: &mut Board,
        originals: &HashMap<usize, (usize, Digest)>,
        begun: &BTreeMap<usize, u64>,
        meter: &mut Meter,
        said: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut done = 0;
        for &index in &self.left {
            let item = &self.files[index];
            let path = self.path(index);
            let size = item.source.size()?;
            let before = done;
            done += size;
            let digest = match originals.get(&index) {
                Some((_, digest)) => digest.bytes(),
                None => item.source.digest(Hasher::sha256())?.bytes(),
            };
            let temporary = self.temporary(index, &digest);
            if let Some((original, digest)) = originals.get(&index) {
                let text = call(
                    onboard::COPY.defines,
                    &[
                        Argument::Path(&self.path(*original)),
                        Argument::Path(&path),
                        Argument::Path(&temporary),
                    ],
                );
                board.ask_agent(&[onboard::COPY], &text);
                board.expect_work(copying(item.source.size()?));
                if let Some(blocks) = board.blocks() {
                    blocks.whole(&digest.bytes()[..DIGEST_BYTES]);
                }
                continue;
            }
            let mut feed = Feed::new(item.source, false)?;
            let put = Put {
                // What gets its name later keeps the other one.
                target: if self.together.is_some() {
                    &temporary
                } else {
                    &path
                },
                temporary: &temporary,
                is_in_place: false,
                size,
                start: begun.get(&index).copied().unwrap_or(0),
                is_again: self.is_again,
            };
            feed.skip(put.start)?;
            put.ask(board, false);
            meter.starts.push(FileStart {
                stream: board.blocks().map_or(0, |blocks| blocks.total()),
                done: before + put.start,
                size: size.saturating_sub(put.start),
            });
            meter.feed(board, &mut feed, said)?;
        }
        said.extend(meter.send_all(board)?);
        Ok(())
    }

    /// How much of large files the board has, of those of which it has something.
    fn begun(&self, board: &mut Board) -> Result<BTreeMap<usize, u64>, Error> {
        let mut begun = BTreeMap::new();
        if !self.may_resume {
            return Ok(begun);
        }
        for &index in &self.left {
            let source = self.files[index].source;
            let size = source.size()?;
            // What has failed is the first that is left; the others are each a question.
            let is_first = self.is_again && self.left.first() == Some(&index);
            if size
                < if is_first {
                    MIN_RESUME_AGAIN
                } else {
                    RESUME_LEAST
                }
            {
                continue;
            }
            let digest = source.digest(Hasher::sha256())?.bytes();
            let temporary = self.temporary(index, &digest);
            let look = call(
                onboard::LOOK.defines,
                &[Argument::Path(&temporary), Argument::Int(-1)],
            );
            board.ask_agent(PROGRAMS, &answer(&format!("[{look}]")));
            let said = board.flush_agent(&mut |_| {})?;
            let looks = stream::read_looks(&read(&said)?, None, &said)?;
            if let [Some(look)] = &looks.at[..]
                && (1..=size).contains(&look.status.size)
            {
                begun.insert(index, look.status.size);
            }
        }
        Ok(begun)
    }

    /// For each file that is the same as one before it, that one, and the digest of both.
    fn originals(&self) -> Result<HashMap<usize, (usize, Digest)>, Error> {
        let mut sizes: HashMap<u64, Vec<usize>> = HashMap::new();
        if self.together.is_some() {
            // The original has no name yet to be copied from.
            return Ok(HashMap::new());
        }
        for &index in &self.left {
            let size = self.files[index].source.size()?;
            if size >= COPY_LEAST {
                sizes.entry(size).or_default().push(index);
            }
        }
        let mut originals = HashMap::new();
        for same in sizes.into_values().filter(|same| same.len() > 1) {
            let mut first: HashMap<Vec<u8>, usize> = HashMap::new();
            for index in same {
                let source = self.files[index].source;
                let digest = source.digest(Hasher::sha256())?;
                match first.get(&digest.bytes()) {
                    Some(&original) => {
                        originals.insert(index, (original, digest));
                    }
                    None => {
                        first.insert(digest.bytes(), index);
                    }
                }
            }
        }
        Ok(originals)
    }

    /// Sends what is left with a program for each file.
    fn one_by_one(
        &mut self,
        board: &mut Board,
        options: &Options,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), Error> {
        if self.top.is_none() {
            let there = board.status(self.place.path)?;
            self.found(there.is_some());
        }
        let mut same = vec![false; self.left.len()];
        if !self.looked && !self.force {
            let capabilities = board.capabilities()?;
            let mut candidates = Vec::with_capacity(self.left.len());
            for &index in &self.left {
                let item = &self.files[index];
                candidates.push(Candidate {
                    path: self.path(index),
                    size: item.source.size()?,
                    digest: item.source.digest(Hasher::new(&capabilities))?,
                });
            }
            same = unchanged(board, &candidates)?;
        }
        self.look_for_room(board, &same)?;
        for (index, _) in std::iter::zip(self.left.clone(), &same).filter(|(_, same)| **same) {
            self.has(index);
        }
        let mut total = 0;
        for (&index, _) in self.left.iter().zip(&same).filter(|(_, same)| !**same) {
            total += self.files[index].source.size()?;
        }
        let mut done = 0;
        board.make_directories(&self.directories())?;
        let options = Options {
            more_follow: true,
            ..*options
        };
        // A file is left until it is there: what fails here may be begun again.
        for (index, same) in self.left.clone().into_iter().zip(same) {
            if same {
                events(Event::Unchanged(self.path(index)));
                self.left.remove(0);
                continue;
            }
            let item = &self.files[index];
            events(Event::Sending(self.path(index)));
            let sent = send_file::<Error>(
                board,
                item.source,
                &self.path(index),
                "",
                &options,
                &mut |_| Ok(true),
                &mut |progress| {
                    let done = done + progress.done;
                    events(Event::Progress(Progress { done, total }));
                },
            )?;
            if let Some(sent) = sent {
                done += sent.bytes;
                events(Event::Sent(self.path(index), sent.bytes));
                self.summary.files += 1;
                self.summary.bytes += sent.bytes;
                self.summary.wire_bytes += sent.wire_bytes;
            }
            self.left.remove(0);
        }
        board.tidy().map_err(board::Error::into)
    }
}

/// Which of files of these sizes, one behind the other, is under way when so many bytes are done.
fn file_at(sizes: &[u64], done: u64) -> Option<usize> {
    let mut end = 0;
    let number = sizes.iter().position(|size| {
        end += size;
        done < end
    });
    number.or_else(|| sizes.len().checked_sub(1))
}

/// What `onboard/looks.py` found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum There {
    Nothing,
    Directory,
    /// A file of another size than that asked for: its size.
    File(u64),
    /// One of that size: the beginning of its digest.
    OfThatSize(Vec<u8>),
}

/// Reads what `onboard/looks.py` found at each path.
fn read_looks(mut found: &[u8]) -> Option<Vec<There>> {
    let mut looks = Vec::new();
    while let Some((&kind, rest)) = found.split_first() {
        found = rest;
        looks.push(match kind {
            b'=' => {
                let (digest, rest) = found.split_at_checked(DIGEST_BYTES)?;
                found = rest;
                There::OfThatSize(digest.to_vec())
            }
            b'f' => {
                let (digits, rest) = found.split_at_checked(8)?;
                found = rest;
                let digits = std::str::from_utf8(digits).ok()?;
                There::File(u64::from_str_radix(digits, 16).ok()?)
            }
            b'-' => There::Nothing,
            b'd' => There::Directory,
            _ => return None,
        });
    }
    Some(looks)
}

#[cfg(test)]
mod tests {
    use super::{There, file_at, read_looks};

    #[test]
    fn the_file_under_way_is_the_one_whose_bytes_are_next() {
        let sizes = [10, 0, 5];
        let at = |done| file_at(&sizes, done);
        assert_eq!(
            [at(0), at(9), at(10), at(14), at(15)],
            [0, 0, 2, 2, 2].map(Some)
        );
        assert_eq!(file_at(&[], 0), None);
    }

    #[test]
    fn what_was_found_is_read_and_nonsense_is_refused() {
        assert_eq!(
            read_looks(b"-df000001ff=12345678-"),
            Some(vec![
                There::Nothing,
                There::Directory,
                There::File(511),
                There::OfThatSize(b"12345678".to_vec()),
                There::Nothing
            ])
        );
        assert_eq!(read_looks(b"=1234567"), None);
        assert_eq!(read_looks(b"f0000001"), None);
        assert_eq!(read_looks(b"f0000x001"), None);
        assert_eq!(read_looks(b"x"), None);
    }
}
