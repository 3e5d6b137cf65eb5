//! The board's filesystem.

use mpwire_proto::answers::answers;
use mpwire_proto::literal::Value;

use super::errno::Errno;
use super::patience::{COUNTING_FREE, DIGESTING_ANY};
use super::persistence::persistently;
use super::plausible::{self, Space};
use super::program::{Argument, Program, answer, call};
use super::{Board, Error, onboard, read, read_list, read_literal, unreadable};
use crate::path::{absolute, ancestry, is_within, join, leads_above, normal};

/// The directory bit of a mode (`MP_S_IFDIR`, `extmod/vfs.h`).
const DIRECTORY: i64 = 0x4000;

/// Fewer bytes than these are written in less time than the directories are counted in.
const COUNTING_LEAST: u64 = 32 * 1024;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Size in bytes.
    pub size: u64,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name; below a walked directory, the path from there.
    pub name: String,
    /// Whether the name is a text. Where it is not, since it has lone surrogates, it is only shown as the
    /// board prints it: asked for by what is shown, another file might be found.
    pub is_text: bool,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Size in bytes; 0 where the filesystem does not say.
    pub size: u64,
}

/// What [`Board::digest_beginnings`] found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing that can be read.
    Nothing,
    /// A file: the first 8 bytes of its SHA-256.
    File(Vec<u8>),
    /// A directory.
    Directory,
}

/// What [`Board::walk_readable`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readable {
    /// Each directory before its entries.
    pub entries: Vec<Entry>,
    /// The directories that cannot be listed, and why.
    pub unreadable: Vec<(String, Errno)>,
}

/// What [`Board::remove_tree`] did with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// A file is gone.
    File(String),
    /// A directory is gone.
    Directory(String),
    /// A mount point was emptied and left.
    MountPoint(String),
    /// A filesystem that takes no changes has kept this, and all that is below it.
    ReadOnly(String),
}

/// A mounted filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filesystem {
    /// What the board calls it, such as `<VfsLfs2>`.
    pub name: String,
    /// Its size and free space; `None` where the board tells none that can be.
    pub space: Option<Space>,
    /// Where it is mounted.
    pub place: String,
}

impl Filesystem {
    fn from_value(value: &Value) -> Option<Self> {
        let [name, space, place] = value.as_items()? else {
            return None;
        };
        Some(Self {
            name: name.as_str()?.to_owned(),
            space: Space::from_value(space),
            place: place.as_str()?.to_owned(),
        })
    }

    /// Its size in bytes, where that is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.space.map(|space| space.size())
    }

    /// Its free space in bytes, where that is known.
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        self.space?.free()
    }

    /// Whether it counts its directories twice, or may do so: firmware without the module `vfs` names no
    /// filesystem.
    fn may_be_littlefs_2(&self) -> bool {
        self.name.contains("VfsLfs2") || self.name.contains("unknown")
    }

    /// Whether the absolute `path` is below its mount point.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        is_within(path, &self.place)
    }
}

/// The filesystem that holds the absolute `path`: the one that is mounted deepest.
#[must_use]
pub fn holding<'a>(filesystems: &'a [Filesystem], path: &str) -> Option<&'a Filesystem> {
    filesystems
        .iter()
        .filter(|filesystem| filesystem.holds(path))
        .max_by_key(|filesystem| filesystem.place.len())
}

impl Status {
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let [mode, size] = value.as_items()? else {
            return None;
        };
        Some(Self {
            is_directory: mode.as_int()? & DIRECTORY != 0,
            size: plausible::file_size(size).unwrap_or(0),
        })
    }
}

impl Found {
    fn from_value(value: Value) -> Self {
        match value {
            Value::Bytes(digest) => Self::File(digest),
            Value::Bool(true) => Self::Directory,
            _ => Self::Nothing,
        }
    }
}

impl Entry {
    fn from_value(value: &Value) -> Option<Self> {
        let [name, mode, size] = value.as_items()? else {
            return None;
        };
        Some(Self {
            name: name.as_shown()?.to_owned(),
            is_text: name.as_str().is_some(),
            is_directory: mode.as_int()? & DIRECTORY != 0,
            size: plausible::file_size(size).unwrap_or(0),
        })
    }
}

impl Board {
    /// The entries of a directory, in the board's own order; the current directory's for `""`.
    pub fn list(&mut self, path: &str) -> Result<Vec<Entry>, Error> {
        self.told_entries(onboard::LIST, onboard::LIST_WITHOUT_ILISTDIR, path)
    }

    /// Everything below a directory, each directory before its entries.
    pub fn walk(&mut self, path: &str) -> Result<Vec<Entry>, Error> {
        self.told_entries(onboard::WALK, onboard::WALK_WITHOUT_ILISTDIR, path)
    }

    /// As [`Board::walk`], where directories may be unreadable: these, with the reason, are left out. A tree
    /// that is all right costs no more; else each directory is listed by itself.
    pub fn walk_readable(&mut self, path: &str) -> Result<Readable, Error> {
        let mut found = Readable::default();
        match self.walk(path) {
            Err(Error::File { .. }) => {}
            other => {
                found.entries = other?;
                return Ok(found);
            }
        }
        let mut waiting = self.list(path)?;
        waiting.reverse();
        while let Some(entry) = waiting.pop() {
            // What has no name that is text cannot be asked for.
            if entry.is_directory && entry.is_text {
                match self.list(&join(path, &entry.name)) {
                    Ok(mut below) => {
                        for inner in &mut below {
                            inner.name = format!("{}/{}", entry.name, inner.name);
                        }
                        waiting.extend(below.into_iter().rev());
                    }
                    Err(Error::File { errno, .. }) => {
                        found.unreadable.push((entry.name, errno));
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            found.entries.push(entry);
        }
        Ok(found)
    }

    /// What `program` finds at `path`, or the other one where there is no `os.ilistdir`.
    fn told_entries(
        &mut self,
        program: Program,
        without_ilistdir: Program,
        path: &str,
    ) -> Result<Vec<Entry>, Error> {
        let found = call(program.defines, &[Argument::Path(path)]);
        let text = call(onboard::TELL.defines, &[Argument::Expression(&found)]);
        let result = persistently(self, &mut |board| {
            // Asking whether it is there costs more than trying it, on nearly every board.
            let reply = match board.run(&[program, onboard::TELL], &text) {
                Err(Error::Exception { traceback }) if traceback.contains("AttributeError") => {
                    let stat = board.capabilities()?.stat_program();
                    let programs = [without_ilistdir, onboard::ENTRIES, stat, onboard::TELL];
                    board.run(&programs, &text)?
                }
                other => other?,
            };
            entries(&reply)
        });
        result.map_err(|error| at(error, path))
    }

    /// What is at `path`, if anything.
    pub fn status(&mut self, path: &str) -> Result<Option<Status>, Error> {
        let stat = self.capabilities()?.stat_program();
        let found = call(stat.defines, &[Argument::Path(path)]);
        let text =
            format!("print(*['\\2%s\\3'%((s,sum(bytes(str(s),'utf-8'))),)for s in[{found}]])");
        persistently(self, &mut |board| {
            let reply = board.run(&[stat], &text)?;
            status(&reply)
        })
    }

    /// Makes a directory.
    pub fn make_directory(&mut self, path: &str) -> Result<(), Error> {
        self.change(onboard::MKDIR, &[path], Errno::EXISTS)
            .map_err(without_directories)
    }

    /// Makes directories in the order given; those that are there already are fine.
    pub fn make_directories(&mut self, paths: &[String]) -> Result<(), Error> {
        // A list of names costs memory as any literal does.
        let limit = self.capabilities()?.program_limit() / 2;
        for batch in batches(paths, limit) {
            let text = call(onboard::MAKE_DIRECTORIES.defines, &[Argument::Paths(batch)]);
            self.run_persistently(&[onboard::MAKE_DIRECTORIES], &text)
                .map_err(|error| without_directories(at(error, &batch[0])))?;
        }
        Ok(())
    }

    /// Makes a directory and those above it; all of them may be there already.
    pub fn make_directory_and_parents(&mut self, path: &str) -> Result<(), Error> {
        let all = ancestry(path);
        self.make_directories(&all)
            .map_err(|error| at(error, path))?;
        if all.is_empty() || self.status(path)?.is_some_and(|found| found.is_directory) {
            return Ok(());
        }
        Err(Error::File {
            path: path.to_owned(),
            errno: Errno::EXISTS,
        })
    }

    /// Removes an empty directory.
    pub fn remove_directory(&mut self, path: &str) -> Result<(), Error> {
        self.change(onboard::RMDIR, &[path], Errno::NOT_FOUND)
            .map_err(without_directories)
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) -> Result<(), Error> {
        self.change(onboard::REMOVE, &[path], Errno::NOT_FOUND)
    }

    /// Gives the file `path` the name `target`, in place of one that may have it.
    pub fn rename(&mut self, path: &str, target: &str) -> Result<(), Error> {
        self.change(onboard::RENAME, &[path, target], Errno::NOT_FOUND)
    }

    /// Copies the file `path` to `target`, where nothing is that counts.
    pub(crate) fn duplicate(&mut self, path: &str, target: &str) -> Result<(), Error> {
        let text = sure_call(onboard::DUPLICATE, &[path, target]);
        self.run_persistently(&[onboard::SURE, onboard::DUPLICATE], &text)
            .map(drop)
            .map_err(|error| at(error, target))
    }

    /// Removes one of two names that may be of the same file, by way of a third one for a copy.
    pub(crate) fn part(&mut self, path: &str, twin: &str, copy: &str) -> Result<(), Error> {
        let names = [path, twin, copy].map(Argument::Path);
        let text = call(onboard::PART.defines, &names);
        self.run(&[onboard::PART], &text)
            .map(drop)
            .map_err(|error| at(error, path))
    }

    /// Removes a path and everything below it and tells what became of each; mount points stay, and so does
    /// what is read-only.
    ///
    /// When something cannot be removed, what was removed before is told with the error.
    pub fn remove_tree(&mut self, path: &str) -> (Vec<Removed>, Result<(), Error>) {
        let mut printed = Vec::new();
        let result = self.remove_tree_printing(path, &mut printed);
        let printed = read_list(&printed).unwrap_or_default();
        let mut removed: Vec<Removed> = Vec::new();
        for what in printed.iter().filter_map(|value| read_removed(value, path)) {
            // Of what is read-only, its top one comes last and stands for all.
            if let Removed::ReadOnly(top) = &what {
                removed.retain(
                    |what| !matches!(what, Removed::ReadOnly(path) if is_within(path, top)),
                );
            }
            // A directory of the root may have the name of a mount point: both are listed.
            if !removed.contains(&what) {
                removed.push(what);
            }
        }
        (removed, result)
    }

    fn remove_tree_printing(&mut self, path: &str, printed: &mut Vec<u8>) -> Result<(), Error> {
        let stat = self.capabilities()?.stat_program();
        let text = sure_call(onboard::REMOVE_TREE, &[path]);
        let programs = [stat, onboard::ENTRIES, onboard::SURE, onboard::REMOVE_TREE];
        self.run_with(&programs, &text, &mut |progress| {
            if let crate::session::Progress::Output(bytes) = progress {
                super::keep(printed, bytes);
            }
        })
        .map_err(|error| at(error, path))?;
        Ok(())
    }

    /// Makes an empty file unless there is one.
    pub fn touch(&mut self, path: &str) -> Result<(), Error> {
        match self.change(onboard::TOUCH, &[path], Errno::EXISTS) {
            // Firmware without append mode (the BBC micro:bit's).
            Err(Error::Exception { traceback }) if traceback.contains("ValueError") => {
                match self.status(path)? {
                    Some(_) => Ok(()),
                    None => self.write_empty(path),
                }
            }
            other => other,
        }
    }

    fn write_empty(&mut self, path: &str) -> Result<(), Error> {
        let digest = self.capabilities()?.digest_program();
        let expected = super::digest::Digest::of(&[], &self.capabilities()?);
        let text = format!(
            "{}[1]({})",
            call(
                onboard::UPLOAD.defines,
                &[Argument::Path(path), Argument::Path(path)]
            ),
            expected.literal()
        );
        self.run_persistently(&[digest, onboard::UPLOAD], &text)
            .map_err(|error| at(error, path))?;
        Ok(())
    }

    /// The mounted filesystems that have a size.
    pub fn filesystems(&mut self) -> Result<Vec<Filesystem>, Error> {
        let found = self.patiently(COUNTING_FREE, |board| {
            board.run_persistently(&[onboard::FILESYSTEMS], "_mw_filesystems()")
        });
        let reply = match found {
            Err(Error::Exception { .. }) if !self.capabilities()?.os_statvfs => {
                return Err(Error::Lacking("os.statvfs"));
            }
            other => other?,
        };
        filesystems(&reply)
    }

    /// Whether a filesystem is mounted at `path`, as far as the firmware tells.
    pub(crate) fn is_mount_point(&mut self, path: &str) -> Result<bool, Error> {
        let path = absolute(path, &self.current_directory()?);
        match self.filesystems() {
            Err(error) if error.is_exception() => Ok(false),
            all => Ok(all?.iter().any(|filesystem| filesystem.place == path)),
        }
    }

    /// The free space in bytes where `path` is, of a filesystem of which the firmware tells `space`, when
    /// `needed` bytes are to be written there; `None` where it is not known.
    ///
    /// A figure that would refuse them, or that cannot be true, is checked where counting the directories
    /// takes less time than a write that fails: nothing is refused that might fit.
    pub(crate) fn certain_free(
        &mut self,
        path: &str,
        space: Option<Space>,
        needed: u64,
    ) -> Result<Option<u64>, Error> {
        let Some(space) = space else {
            return Ok(None);
        };
        match space.free() {
            Some(free) if needed <= free => return Ok(Some(free)),
            None if needed < COUNTING_LEAST => return Ok(None),
            _ => {}
        }
        let directory = self.current_directory()?;
        let path = absolute(path, &directory);
        let filesystems = match self.filesystems() {
            Err(error) if error.is_exception() => return Ok(space.free()),
            other => other?,
        };
        match holding(&filesystems, &path) {
            Some(filesystem) if filesystem.space.is_some() => {
                self.count_free(filesystem, &filesystems)
            }
            _ => Ok(space.free()),
        }
    }

    /// The free space in bytes of `filesystem`, one of `all`: of a `LittleFS` 2 with what `os.statvfs`
    /// counts twice counted once. `None` where it cannot be known.
    pub fn count_free(
        &mut self,
        filesystem: &Filesystem,
        all: &[Filesystem],
    ) -> Result<Option<u64>, Error> {
        let Some(space) = filesystem.space else {
            return Ok(None);
        };
        if !filesystem.may_be_littlefs_2() {
            return Ok(space.free());
        }
        let places: Vec<String> = all.iter().map(|other| other.place.clone()).collect();
        let arguments = [
            Argument::Text(filesystem.place.trim_end_matches('/')),
            Argument::Texts(&places),
        ];
        let text = answer(&call(onboard::DIRECTORIES.defines, &arguments));
        let counted = self.patiently(COUNTING_FREE, |board| {
            board.run_persistently(&[onboard::DIRECTORIES], &text)
        });
        match counted {
            Ok(reply) => Ok(read(&reply)?
                .as_size()
                .and_then(|directories| space.free_with_directories(directories))),
            // A directory that cannot be read, or little memory: then it is not known.
            Err(error)
                if error.is_exception() || error.is_out_of_memory() || error.errno().is_some() =>
            {
                self.tidy()?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The current directory.
    pub fn current_directory(&mut self) -> Result<String, Error> {
        let reply = match self.run_persistently(&[onboard::GETCWD], "_mw_getcwd()") {
            // Firmware with one flat folder is always there.
            Err(Error::Exception { traceback }) if traceback.contains("AttributeError") => {
                return Ok("/".to_owned());
            }
            other => other?,
        };
        read(&reply)?
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| unreadable(&reply, "a path was expected"))
    }

    /// The path from the root where it leads above the current directory: whether that is below a mount
    /// point only the board knows. Others are returned as they are.
    pub fn resolve(&mut self, path: &str) -> Result<String, Error> {
        if !leads_above(path) {
            return Ok(path.to_owned());
        }
        let directory = self.current_directory()?;
        // Its end stays, which may say that it is a directory.
        Ok(format!("{}/{path}", absolute("", &directory)))
    }

    /// A digest of hashlib's over a file; `None` when this firmware lacks the algorithm.
    pub fn hash(&mut self, path: &str, algorithm: &str) -> Result<Option<Vec<u8>>, Error> {
        let text = call(
            onboard::HASH.defines,
            &[Argument::Path(path), Argument::Text(algorithm)],
        );
        let reply = self
            .patiently(DIGESTING_ANY, |board| {
                board.run_persistently(&[onboard::HASH], &text)
            })
            .map_err(|error| at(error, path))?;
        match read(&reply)? {
            Value::None => Ok(None),
            Value::Bytes(digest) => Ok(Some(digest)),
            _ => Err(unreadable(&reply, "a digest was expected")),
        }
    }

    /// The first bytes of the SHA-256 of each file `folder` + name, for as many in one exchange as the
    /// board's memory holds; `None` where this firmware lacks the algorithm.
    pub fn digest_beginnings(
        &mut self,
        folder: &str,
        names: &[String],
    ) -> Result<Option<Vec<Found>>, Error> {
        let mut found = Vec::with_capacity(names.len());
        let mut limit = self.program_limit() / 2;
        while found.len() < names.len() {
            let batch = batches(&names[found.len()..], limit)[0];
            let text = call(
                onboard::DIGEST_BEGINNINGS.defines,
                &[Argument::Text(folder), Argument::Texts(batch)],
            );
            let programs = [onboard::DIGEST_SHA256, onboard::DIGEST_BEGINNINGS];
            match self.run_persistently(&programs, &text) {
                Ok(reply) => {
                    let values = read_list(&reply)?;
                    if values.len() != batch.len() {
                        return Err(unreadable(&reply, "a digest of each file was expected"));
                    }
                    found.extend(values.into_iter().map(Found::from_value));
                }
                Err(error) if error.is_out_of_memory() && batch.len() > 1 => limit /= 4,
                Err(error) if error.is_exception() => {
                    // What could not compute a digest must not stay for what comes next.
                    self.tidy()?;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(found))
    }

    /// Runs the first of `programs`, which only looks, on a path, naming the path in errors.
    /// Runs `program`, which changes something, on `paths`, naming the first in errors. `done` is what
    /// it fails with when that was done already.
    fn change(&mut self, program: Program, paths: &[&str], done: Errno) -> Result<(), Error> {
        // What it prints shows that it was called: where a line's end is damaged, it may not be.
        let text = format!("print({})", sure_call(program, paths));
        // Nobody knows how far a program came of which nothing was heard.
        let mut may_be_done = false;
        let result = persistently(self, &mut |board| match board
            .run(&[program, onboard::SURE], &text)
        {
            Err(Error::File { errno, .. }) if may_be_done && errno == done => Ok(()),
            result => {
                may_be_done |= !matches!(result, Err(Error::File { .. }));
                result.map(drop)
            }
        });
        result.map_err(|error| at(error, paths[0]))
    }
}

/// Calls `program` with paths that must arrive as they are.
fn sure_call(program: Program, paths: &[&str]) -> String {
    let sure: Vec<String> = paths
        .iter()
        .map(|path| {
            let path = normal(path);
            let total: i64 = path.bytes().map(i64::from).sum();
            let arguments = [Argument::Text(&path), Argument::Int(total)];
            call(onboard::SURE.defines, &arguments)
        })
        .collect();
    let arguments: Vec<Argument> = sure.iter().map(|call| Argument::Expression(call)).collect();
    call(program.defines, &arguments)
}

/// Says what an attribute that is missing means: firmware with one flat folder has neither of them.
fn without_directories(error: Error) -> Error {
    match error {
        Error::Exception { traceback } if traceback.contains("AttributeError") => {
            Error::Lacking("directories")
        }
        other => other,
    }
}

/// Cuts `texts` into batches whose literals take at most `limit` bytes, or of one.
pub(crate) fn batches(texts: &[String], limit: usize) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let mut start = 0;
    let mut length = 0;
    for (index, text) in texts.iter().enumerate() {
        let literal = text.len() + 12;
        if index > start && length + literal > limit {
            batches.push(&texts[start..index]);
            start = index;
            length = 0;
        }
        length += literal;
    }
    if start < texts.len() {
        batches.push(&texts[start..]);
    }
    batches
}

/// Names the path in an error of the filesystem.
pub(crate) fn at(error: Error, path: &str) -> Error {
    match error {
        Error::File { errno, .. } => Error::File {
            path: path.to_owned(),
            errno,
        },
        other => other,
    }
}

/// Reads what `onboard/list.py` and `onboard/walk.py` find, as `onboard/tell.py` answers it.
pub fn entries(reply: &[u8]) -> Result<Vec<Entry>, Error> {
    let mut told: Vec<&[u8]> = answers(reply).collect();
    let total = told.pop().map(read_literal).transpose()?;
    if total.and_then(|total| total.as_int()) != Some(tell_total(&told)) {
        return Err(unreadable(reply, "some of it was lost or damaged"));
    }
    told.into_iter()
        .map(|entry| {
            let value = read_literal(entry)?;
            Entry::from_value(&value).ok_or_else(|| unreadable(entry, "directory entry"))
        })
        .collect()
}

/// What `onboard/tell.py` makes of its answers.
fn tell_total(told: &[&[u8]]) -> i64 {
    told.iter().fold(0, |total, text| {
        let sum: i64 = text.iter().copied().map(i64::from).sum();
        (total * 33 + sum) & 0xFF_FFFF
    })
}

/// Reads what is told of a path: its status, and the sum of the characters of that.
fn status(reply: &[u8]) -> Result<Option<Status>, Error> {
    let value = read(reply)?;
    let [status, sum] = value.as_items().unwrap_or_default() else {
        return Err(unreadable(reply, "status"));
    };
    let said = super::answer(reply)?;
    let end = said.iter().rposition(|&byte| byte == b',').unwrap_or(0);
    // Behind the parenthesis that both are in.
    let said: i64 = said[..end].iter().skip(1).copied().map(i64::from).sum();
    match status {
        _ if sum.as_int() != Some(said) => Err(unreadable(reply, "some of it was damaged")),
        Value::None => Ok(None),
        status => Status::from_value(status)
            .map(Some)
            .ok_or_else(|| unreadable(reply, "status")),
    }
}

/// Reads what `onboard/filesystems.py` prints.
pub fn filesystems(reply: &[u8]) -> Result<Vec<Filesystem>, Error> {
    read_list(reply)?
        .iter()
        .map(|value| Filesystem::from_value(value).ok_or_else(|| unreadable(reply, "filesystem")))
        .collect()
}

/// Reads what `onboard/remove_tree.py` prints of a path at or below `top`, which is shown as it was named.
fn read_removed(value: &Value, top: &str) -> Option<Removed> {
    let [kind, path] = value.as_items()? else {
        return None;
    };
    let path = path.as_shown()?;
    let start = normal(top);
    let path = match path.strip_prefix(&start) {
        Some("") => top.to_owned(),
        Some(below) if start == "/" => join(top, below),
        Some(below) => join(top, below.trim_start_matches('/')),
        None => path.to_owned(),
    };
    match kind.as_str()? {
        "removed" => Some(Removed::File(path)),
        "directory" => Some(Removed::Directory(path)),
        "mountpoint" => Some(Removed::MountPoint(path)),
        "read-only" => Some(Removed::ReadOnly(path)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_everything_once_and_keep_the_order() {
        let texts: Vec<String> = (0..50).map(|index| format!("name{index}")).collect();
        let cut = batches(&texts, 100);
        assert!(cut.len() > 1);
        assert_eq!(cut.concat(), texts);
        assert!(batches(&[], 100).is_empty());
        assert_eq!(batches(&texts[..1], 0).len(), 1);
    }
}
