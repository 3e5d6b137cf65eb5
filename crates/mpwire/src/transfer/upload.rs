//! One file to the board.

use std::borrow::Cow;
use std::time::Instant;

use mpwire_proto::literal::Value;
use sha2::{Digest as _, Sha256};

use super::attempts::{Failure, Shipment, until_right};
use super::leftovers::healing;
use super::send::Receiver;
use super::small::Small;
use super::source::Source;
use super::stream::{self, Feed, Look, Looks, Meter, Put};
use super::temporary::temporary_path;
use super::{Encoding, Error, MIN_RESUME_AGAIN, Options, Progress, RESUME_LEAST, Sent};
use crate::board::capabilities::Capabilities;
use crate::board::digest::{Digest, Hasher};
use crate::board::errno::Errno;
use crate::board::fs::{Status, at};
use crate::board::patience::{COUNTING_FREE, digesting};
use crate::board::plausible::Space;
use crate::board::program::{Argument, call};
use crate::board::{self, Board, onboard, read, unreadable};
use crate::path::{join, normal, parent};
use crate::session;

/// How often a large file is begun as a stream that the board stops to take.
const STREAM_BEGINNINGS: u32 = 3;

/// What is at the destination of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What is at the path given.
    pub outer: Option<Status>,
    /// Where the file goes: the path given, or the file's name inside of it if it is a directory.
    pub target: String,
    /// What is there now.
    pub inner: Option<Status>,
    /// Free space in bytes, where the filesystem says.
    pub free: Option<u64>,
    /// Whether the board has this very file there already.
    pub unchanged: bool,
}

impl Destination {
    /// A directory cannot be overwritten by a file.
    fn refuse_directory(&self) -> Result<(), Error> {
        match self.inner {
            Some(status) if status.is_directory => Err(Error::Board(board::Error::File {
                path: self.target.clone(),
                errno: Errno::IS_DIRECTORY,
            })),
            _ => Ok(()),
        }
    }
}

/// Looks at the destination of a file called `name` with contents `data`: one round trip.
fn examine(
    board: &mut Board,
    path: &str,
    name: &str,
    data: &[u8],
) -> Result<Destination, board::Error> {
    let capabilities = board.capabilities()?;
    // Where there are no directories, a path is a name.
    let flat = !capabilities.os_mkdir && is_root(path);
    let path = if flat { name } else { path };
    let programs = [
        capabilities.stat_program(),
        capabilities.digest_program(),
        onboard::EXAMINE,
    ];
    let text = call(
        onboard::EXAMINE.defines,
        &[
            Argument::Path(path),
            Argument::Text(name),
            Argument::Int(data.len().cast_signed() as i64),
            Argument::Path(parent(path)),
        ],
    );
    // The upload that follows uses some of these programs as well.
    let reply = board
        .run_and_keep(&programs, &[], &text, &mut |_| {})
        .map_err(|error| at(error, path))?;
    let value = read(&reply)?;
    let Some([outer, inner, space, digest]) = value.as_items() else {
        return Err(unreadable(&reply, "the state of the destination"));
    };
    let free = board.certain_free(parent(path), Space::from_value(space), data.len() as u64)?;
    let outer = if flat {
        Some(Status {
            is_directory: true,
            size: 0,
        })
    } else {
        Status::from_value(outer)
    };
    let target = match outer {
        Some(status) if status.is_directory && !flat => join(path, name),
        _ => path.to_owned(),
    };
    Ok(Destination {
        outer,
        target,
        inner: Status::from_value(inner),
        free,
        unchanged: *digest != Value::None && Digest::of(data, &capabilities).matches(digest),
    })
}

/// The directories in which a copy of a file to `path` may leave something: it goes there, or becomes
/// that.
#[must_use]
pub fn places(path: &str) -> Vec<String> {
    vec![path.to_owned(), parent(path).to_owned()]
}

/// Writes `data` to the file `path` on the board and verifies it there.
///
/// The old file stays until the new one is complete and verified.
pub fn upload(
    board: &mut Board,
    data: &[u8],
    path: &str,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sent, Error> {
    let here = |destination: &Destination| match destination.outer {
        // The path is the file's, not the directory's to put it in.
        Some(status) if status.is_directory => Err(Error::Board(board::Error::File {
            path: path.to_owned(),
            errno: Errno::IS_DIRECTORY,
        })),
        _ => Ok(true),
    };
    let source = Source::Bytes(data);
    let sent = send_file(board, source, path, "", options, &mut { here }, progress)?;
    // Nothing but `here` refuses.
    sent.ok_or(Error::Board(board::Error::Lacking("a place for the file")))
}

/// Sends the contents of a file called `name` to `path` on the board, or into it where it is a
/// directory, and verifies it there. The old file stays until the new one is complete and verified.
///
/// `admit` is told what is there, and says whether to send; `None` is returned where it said no.
/// With [`Options::more_follow`] the receiving programs stay on the board for the next file;
/// [`Board::tidy`] removes them.
pub fn send_file<E: From<Error>>(
    board: &mut Board,
    source: Source,
    path: &str,
    name: &str,
    options: &Options,
    admit: &mut dyn FnMut(&Destination) -> Result<bool, E>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<Sent>, E> {
    let mut admitted: Option<(String, Result<bool, E>)> = None;
    let (mut beginnings, mut is_again, mut most_begun) = (0, false, 0);
    let directories = places(path);
    let longer = digesting(source.size()?) + COUNTING_FREE;
    let mut copy = |board: &mut Board| {
        beginnings += 1;
        // Whoever has been asked is not asked again.
        let mut admit = |destination: &Destination| {
            if !matches!(&admitted, Some((target, _)) if *target == destination.target) {
                admitted = Some((destination.target.clone(), admit(destination)));
            }
            matches!(admitted, Some((_, Ok(true))))
        };
        let start = Instant::now();
        let sending = Sending {
            board,
            source,
            options,
            start,
            beginnings: &mut beginnings,
            most_begun: &mut most_begun,
            is_again,
            may_resume: options.may_resume || is_again,
            counted: None,
        };
        is_again = true;
        sending.send(path, name, &mut admit, progress)
    };
    let result = board.patiently(longer, |board| healing(board, &directories, &mut copy));
    match admitted {
        Some((_, Err(refused))) => Err(refused),
        _ => Ok(result?),
    }
}

/// The free space in bytes that a count has found; `None` where it could not.
#[derive(Clone, Copy)]
struct Counted(Option<u64>);

/// One file on its way.
struct Sending<'a> {
    board: &'a mut Board,
    source: Source<'a>,
    options: &'a Options,
    start: Instant,
    /// How often the file's copy was begun, this time included, since it has come further.
    beginnings: &'a mut u32,
    /// The most bytes of the file that an earlier beginning had left on the board.
    most_begun: &'a mut u64,
    /// Whether it was begun before, and has failed.
    is_again: bool,
    /// Whether the beginning of the file may be on the board.
    may_resume: bool,
    /// The free space at the destination, once it was counted.
    counted: Option<Counted>,
}

/// What the agent said of the destination, and the file, which it may have begun to take.
struct Prepared<'a> {
    destination: Destination,
    feed: Feed<'a>,
    size: u64,
    /// Bytes of the file that its temporary one has already.
    begun: u64,
}

impl<'a> Sending<'a> {
    /// Sends the file in the best way that the board can take; `None` where it is not admitted.
    fn send(
        mut self,
        path: &str,
        name: &str,
        admit: &mut dyn FnMut(&Destination) -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Sent>, Error> {
        if let Some((small, destination)) = self.look_small(path, name)? {
            if !admit(&destination) {
                // The board waits for the file: an empty line ends that.
                let _ = self.board.finish_line(b"\n", 0);
                return Ok(None);
            }
            let number = paths(path, name)
                .iter()
                .position(|path| *path == destination.target);
            if let Some(sent) = self.small(&small, &destination, number)? {
                return Ok(Some(sent));
            }
            if let Some(prepared) = self.look(path, name)?
                && let Some(sent) = self.stream(prepared, progress)?
            {
                return Ok(Some(sent));
            }
            return Ok(Some(self.text(&destination, progress)?));
        }
        if let Some(prepared) = self.look(path, name)? {
            if !admit(&prepared.destination) {
                return Ok(None);
            }
            let destination = prepared.destination.clone();
            if let Some(sent) = self.stream_or_again(prepared, path, name, progress)? {
                return Ok(Some(sent));
            }
            return Ok(Some(self.text(&destination, progress)?));
        }
        let data = self.source.read()?;
        let destination = examine(self.board, path, name, &data)?;
        if !admit(&destination) {
            return Ok(None);
        }
        Ok(Some(self.text(&destination, progress)?))
    }

    /// Looks at the destination with the program for a small file, if this is one and the board can
    /// run it.
    fn look_small(
        &mut self,
        path: &str,
        name: &str,
    ) -> Result<Option<(Small, Destination)>, Error> {
        if self.board.has_agent() || !self.board.may_load_agent() {
            return Ok(None);
        }
        let Some(mut small) = Small::new(self.source, self.options)? else {
            return Ok(None);
        };
        let looks = small.look(self.board, &paths(path, name));
        match looks.map_err(|error| error.at(path))? {
            None => Ok(None),
            Some(looks) => {
                let digest = &mut || Ok(small.digest.clone());
                let destination = found(path, name, looks, digest)?;
                Ok(Some((small, destination)))
            }
        }
    }

    /// Sends a small file; `None` where that failed in a way that another might not.
    fn small(
        &mut self,
        small: &Small,
        destination: &Destination,
        number: Option<usize>,
    ) -> Result<Option<Sent>, Error> {
        let size = self.source.size()?;
        let target = &destination.target;
        let temporary = temporary_path(target, &small.digest);
        // The board makes up the usual name itself.
        let suffix = temporary.strip_prefix(target.as_str());
        let (number, suffix) = match (destination.refuse_directory(), number, suffix) {
            (Ok(()), Some(number), Some(suffix)) => (number, suffix),
            (refused, ..) => {
                let _ = self.board.finish_line(b"\n", 0);
                return refused.map(|()| None);
            }
        };
        let result = small.put(self.board, number, suffix);
        match result {
            Ok((true, wire_bytes)) => Ok(Some(Sent {
                encoding: Encoding::Stream,
                bytes: size,
                went_on_at: 0,
                wire_bytes: wire_bytes as u64,
                chunks: 1,
                time: self.start.elapsed(),
            })),
            Ok((false, _)) => Ok(None),
            Err(error) => {
                if self.board.is_entered() && self.board.enter(false).is_ok() {
                    // What the program has not read was at the prompt. The error that came first
                    // is the one to tell.
                    let _ = self.board.remove(&temporary);
                }
                // A file that does not fit beside the old one may fit in its place.
                let is_full = error.errno() == Some(Errno::NO_SPACE);
                if error.may_be_loss() || error.is_out_of_memory() || is_full {
                    Ok(None)
                } else {
                    Err(Error::from(error).at(target))
                }
            }
        }
    }

    /// Looks at the destination with the agent; `None` where the board cannot run it.
    fn look(&mut self, path: &str, name: &str) -> Result<Option<Prepared<'a>>, Error> {
        if !stream::is_wanted(self.options) || !self.board.may_load_agent() {
            return Ok(None);
        }
        let mut paths = paths(path, name);
        let size = self.source.size()?;
        let sample = self.source.sample()?;
        let least = if self.is_again {
            MIN_RESUME_AGAIN
        } else {
            RESUME_LEAST
        };
        let may_resume = self.may_resume && size >= least;
        let count = paths.len();
        if may_resume {
            let digest = self.digest()?;
            let temporaries: Vec<String> = paths
                .iter()
                .map(|target| temporary_path(target, &digest))
                .collect();
            paths.extend(temporaries);
        }
        let mut feed = Feed::new(self.source, !self.options.more_follow)?;
        let parent = parent(path);
        let looks = stream::look(self.board, &paths, parent, &mut feed, &sample, may_resume);
        let Some(mut looks) = looks.map_err(|error| error.at(path))? else {
            return Ok(None);
        };
        let begun = looks.at.split_off(count.min(looks.at.len()));
        let space = looks.space;
        let mut destination = found(path, name, looks, &mut || self.digest())?;
        let number = paths.iter().position(|path| *path == destination.target);
        let begun = number
            .and_then(|number| begun.get(number)?.as_ref())
            .map_or(0, |look| look.status.size);
        // What is longer than the file is not its beginning.
        let begun = if begun > size { 0 } else { begun };
        if begun > *self.most_begun {
            *self.most_begun = begun;
            *self.beginnings = 1;
            self.board.note_advance();
        }
        if !destination.unchanged {
            destination.free = match self.counted {
                Some(Counted(free)) => free,
                None => self.board.certain_free(parent, space, size - begun)?,
            };
            if !self.board.has_agent() {
                // The count has ended it.
                self.counted = Some(Counted(destination.free));
                return self.look(path, name);
            }
        }
        Ok(Some(Prepared {
            destination,
            feed,
            size,
            begun,
        }))
    }

    fn digest(&self) -> Result<Vec<u8>, Error> {
        Ok(self.source.digest(Hasher::sha256())?.bytes())
    }

    /// As [`Sending::stream`]; where the beginning that the board had was not the file's, it is sent as
    /// a whole.
    fn stream_or_again(
        &mut self,
        prepared: Prepared<'a>,
        path: &str,
        name: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Sent>, Error> {
        let began = prepared.begun == 0;
        let sent = self.stream(prepared, progress)?;
        if began || sent.is_some() {
            return Ok(sent);
        }
        self.may_resume = false;
        match self.look(path, name)? {
            Some(prepared) => self.stream(prepared, progress),
            None => Ok(None),
        }
    }

    /// Sends the file as a stream; `None` where that failed in a way that another might not.
    fn stream(
        &mut self,
        prepared: Prepared,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Sent>, Error> {
        let Prepared {
            destination,
            mut feed,
            size,
            begun,
        } = prepared;
        let target = &destination.target;
        destination.refuse_directory()?;
        let digest = self.digest()?;
        let temporary = place(&destination, size, begun, &digest, true)?;
        let mut meter = Meter::new(size, progress);
        let put = Put {
            target,
            temporary: &temporary,
            is_in_place: temporary == *target,
            size,
            start: if temporary == *target { 0 } else { begun },
            is_again: self.is_again,
        };
        match stream::put(self.board, &mut feed, &put, &mut meter) {
            Ok(true) => Ok(Some(Sent {
                encoding: Encoding::Stream,
                bytes: size,
                went_on_at: put.start,
                wire_bytes: meter.wire_bytes,
                chunks: meter.blocks,
                time: self.start.elapsed(),
            })),
            Ok(false) => Ok(None),
            // A board that was reset has a beginning of the file, which is worth more than another way
            // to send all of it.
            Err(Error::Board(error))
                if (error.is_silence() || (error.may_be_loss() && size >= RESUME_LEAST))
                    && *self.beginnings < stream_beginnings(&error) =>
            {
                Err(error.into())
            }
            Err(error) => {
                remove_after(self.board, &error, &temporary);
                match error {
                    Error::Board(error) if error.may_be_loss() || error.is_out_of_memory() => {
                        Ok(None)
                    }
                    error => Err(error.at(target)),
                }
            }
        }
    }

    /// Sends the file in whatever way the board's capabilities allow.
    fn text(
        &mut self,
        destination: &Destination,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Sent, Error> {
        let target = &destination.target;
        destination.refuse_directory()?;
        let data = self.source.read()?;
        let capabilities = self.board.capabilities()?;
        let shipment = FileShipment {
            data: &data,
            target,
            temporary: place(
                destination,
                data.len() as u64,
                0,
                &Sha256::digest(&data),
                capabilities.os_rename,
            )?,
            capabilities,
        };
        let (result, count) = until_right(self.board, &shipment, self.options, progress);
        if result.is_err() && self.board.is_entered() {
            // The error that came first is the one to tell.
            let _ = self.board.tidy();
        }
        Ok(Sent {
            encoding: result.map_err(|failure| shipment.explain(failure))?,
            bytes: data.len() as u64,
            went_on_at: 0,
            wire_bytes: count.wire_bytes,
            chunks: count.chunks,
            time: self.start.elapsed(),
        })
    }
}

/// How often a large file is begun as a stream before another way is tried after `error`. What a board
/// raises may be damaged words or what it means: once more tells.
fn stream_beginnings(error: &board::Error) -> u32 {
    if error.is_silence() {
        STREAM_BEGINNINGS
    } else {
        2
    }
}

/// Removes what a copy has left that ended with `error`, where the board still listens. What is
/// tried here comes second to the error itself.
pub(super) fn remove_after(board: &mut Board, error: &Error, temporary: &str) {
    if listens_after(board, error) {
        let _ = board.remove(temporary);
    }
}

/// Whether the board listens after `error`.
pub(super) fn listens_after(board: &mut Board, error: &Error) -> bool {
    match error {
        Error::Board(
            board::Error::Session(session::Error::Interrupted) | board::Error::Garbled,
        )
        | Error::Local { .. } => board.enter(false).is_ok(),
        Error::Board(error) => {
            error.is_exception() || error.is_out_of_memory() || error.errno().is_some()
        }
        _ => false,
    }
}

/// Whether a path can be nothing but a directory: the root, or the current one.
fn is_root(path: &str) -> bool {
    matches!(&normal(path)[..], "" | "/")
}

/// Where a file called `name` may go that is copied to `path`.
fn paths(path: &str, name: &str) -> Vec<String> {
    // A root is a directory; a file has no name of its own where its whole path is given.
    if is_root(path) && !name.is_empty() {
        vec![join(path, name)]
    } else if name.is_empty() {
        vec![path.to_owned()]
    } else {
        vec![path.to_owned(), join(path, name)]
    }
}

/// The destination, from what is at its [`paths`]; `digest` computes the file's own.
fn found(
    path: &str,
    name: &str,
    looks: Looks,
    digest: &mut dyn FnMut() -> Result<Vec<u8>, Error>,
) -> Result<Destination, Error> {
    let root = Some(Look {
        status: Status {
            is_directory: true,
            size: 0,
        },
        digest: None,
    });
    let (outer, inner) = match <[_; 2]>::try_from(looks.at) {
        Ok([outer, inner]) => (outer, inner),
        Err(one) => {
            let one = one.into_iter().next().flatten();
            if name.is_empty() {
                (one, None)
            } else {
                (root, one)
            }
        }
    };
    let is_directory = matches!(&outer, Some(look) if look.status.is_directory);
    let (target, inner) = if is_directory && !name.is_empty() {
        (join(path, name), inner.as_ref())
    } else {
        (path.to_owned(), outer.as_ref())
    };
    let unchanged = match inner.and_then(|look| look.digest.as_ref()) {
        None => false,
        Some(there) => digest()?.starts_with(there),
    };
    Ok(Destination {
        outer: outer.as_ref().map(|look| look.status),
        target,
        inner: inner.map(|look| look.status),
        free: looks.space.and_then(|space| space.free()),
        unchanged,
    })
}

/// Where the file is written before it gets its name, of which `begun` bytes are there already; the
/// target itself where there is no other way.
fn place(
    destination: &Destination,
    size: u64,
    begun: u64,
    digest: &[u8],
    can_rename: bool,
) -> Result<String, Error> {
    let target = &destination.target;
    let old = destination.inner.map_or(0, |status| status.size);
    if !can_rename {
        return Ok(target.clone());
    }
    match destination.free {
        Some(free) if free < size - begun => {
            // No room for both. A file that replaces one of its size fits all the same.
            if old >= size && destination.inner.is_some() {
                return Ok(target.clone());
            }
            Err(Error::NoSpace {
                path: target.clone(),
                size,
                free,
            })
        }
        _ => Ok(temporary_path(target, digest)),
    }
}

/// A file on its way to its place.
struct FileShipment<'a> {
    data: &'a [u8],
    target: &'a str,
    temporary: String,
    capabilities: Capabilities,
}

impl Shipment for FileShipment<'_> {
    fn prepare(&self, _halvings: u32) -> (Receiver, Cow<'_, [u8]>) {
        let receiver = Receiver {
            programs: vec![self.capabilities.digest_program(), onboard::UPLOAD],
            start: call(
                onboard::UPLOAD.defines,
                &[Argument::Path(self.target), Argument::Path(&self.temporary)],
            ),
            expected: Digest::of(self.data, &self.capabilities).bytes(),
        };
        (receiver, Cow::Borrowed(self.data))
    }
}

impl FileShipment<'_> {
    fn explain(&self, failure: Failure) -> Error {
        let path = self.target.to_owned();
        match failure {
            Failure::Board(error) => at(error, self.target).into(),
            Failure::Encoding(error) => error,
            Failure::NoMemory => Error::NoMemory { path },
            Failure::ChunkTooLarge { size } => Error::ChunkTooLarge { path, size },
            Failure::Corrupt => Error::Corrupt {
                path,
                kept: self.temporary != self.target,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(free: Option<u64>, old: Option<u64>) -> Destination {
        let status = old.map(|size| Status {
            is_directory: false,
            size,
        });
        Destination {
            outer: status,
            target: "lib/a.py".into(),
            inner: status,
            free,
            unchanged: false,
        }
    }

    fn place(destination: &Destination, size: u64) -> Result<String, Error> {
        super::place(destination, size, 0, &[1, 2, 3, 4], true)
    }

    #[test]
    fn a_file_is_written_beside_its_target() {
        let found = place(&destination(Some(1000), Some(10)), 500).unwrap();
        assert_eq!(found, "lib/a.py.010203.mpwire");
        assert_eq!(place(&destination(None, None), 500).unwrap(), found);
    }

    #[test]
    fn a_full_disk_is_refused_before_anything_is_written() {
        let error = place(&destination(Some(100), Some(50)), 500).unwrap_err();
        assert_eq!(
            error.to_string(),
            "lib/a.py: No space left on device (500 bytes are needed, 100 are free)"
        );
    }

    #[test]
    fn a_file_that_fits_only_in_the_place_of_the_old_one_goes_there() {
        assert_eq!(
            place(&destination(Some(100), Some(500)), 500).unwrap(),
            "lib/a.py"
        );
    }
}
