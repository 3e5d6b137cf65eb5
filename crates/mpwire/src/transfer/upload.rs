//! One file to the board.

use std::borrow::Cow;
use std::time::Instant;

use mpwire_proto::literal::Value;

use super::attempts::{Failure, Shipment, until_right};
use super::send::Receiver;
use super::{Error, Options, Progress, Sent};
use crate::board::capabilities::Capabilities;
use crate::board::digest::Digest;
use crate::board::errno::Errno;
use crate::board::fs::{Status, at};
use crate::board::program::{Argument, call};
use crate::board::{self, Board, onboard, read, unreadable};

/// Longest name of LittleFS and FAT, in bytes.
const NAME_LIMIT: usize = 255;
/// What is put behind a name while the file is being written.
const TEMPORARY_SUFFIX: &str = ".mpwire";
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
    /// A destination of which nothing is known but that no directory is there.
    #[must_use]
    pub fn unexamined(target: String) -> Self {
        Self {
            outer: None,
            target,
            inner: None,
            free: None,
            unchanged: false,
        }
    }
}

/// Looks at the destination of a file called `name` with contents `data`: one round trip.
pub fn examine(
    board: &mut Board,
    path: &str,
    name: &str,
    data: &[u8],
) -> Result<Destination, board::Error> {
    let capabilities = board.capabilities()?;
    // Where there are no directories, a path is a name, "./" and all.
    let flat = !capabilities.os_mkdir && matches!(path, "" | "." | "/" | "./");
    let path = if flat { name } else { path };
    let programs = [
        capabilities.stat_program(),
        capabilities.digest_program(),
        onboard::EXAMINE,
    ];
    let text = call(
        onboard::EXAMINE.defines,
        &[
            Argument::Text(path),
            Argument::Text(name),
            Argument::Int(data.len().cast_signed() as i64),
            Argument::Text(parent(path)),
        ],
    );
    // The upload that follows uses some of these programs as well.
    let reply = board
        .run_and_keep(&programs, &[], &text, &mut |_| {})
        .map_err(|error| at(error, path))?;
    let value = read(&reply)?;
    let Some([outer, inner, free, digest]) = value.as_items() else {
        return Err(unreadable(&reply, "the state of the destination"));
    };
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
        free: free.as_size(),
        unchanged: *digest != Value::None && Digest::of(data, &capabilities).matches(digest),
    })
}

/// The path of `name` inside of the directory `path`.
#[must_use]
pub fn join(path: &str, name: &str) -> String {
    let directory = if path.is_empty() {
        "."
    } else {
        path.trim_end_matches('/')
    };
    format!("{directory}/{name}")
}

/// The directory that holds `path`; empty for the current one.
fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        None => "",
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
    }
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
    let mut destination = examine(board, path, "", data)?;
    path.clone_into(&mut destination.target);
    let sent = upload_examined(board, data, &destination, options, progress);
    if sent.is_err() && board.is_entered() {
        // The error that came first is the one to tell.
        let _ = board.tidy();
    }
    sent
}

/// As [`upload`], to a destination that [`examine`] has looked at.
///
/// With [`Options::more_follow`] the receiving programs stay on the board for the next file;
/// [`Board::tidy`] removes them, as it does after an error.
pub fn upload_examined(
    board: &mut Board,
    data: &[u8],
    destination: &Destination,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sent, Error> {
    let capabilities = board.capabilities()?;
    let target = &destination.target;
    if destination.inner.is_some_and(|status| status.is_directory) {
        return Err(Error::Board(board::Error::File {
            path: target.clone(),
            errno: Errno::IS_DIRECTORY,
        }));
    }
    let temporary = temporary(destination, data.len() as u64, &capabilities)?;
    let shipment = FileShipment {
        data,
        target,
        temporary,
        capabilities,
    };
    let start = Instant::now();
    let (result, count) = until_right(board, &shipment, options, progress);
    Ok(Sent {
        encoding: result.map_err(|failure| shipment.explain(failure))?,
        bytes: data.len() as u64,
        wire_bytes: count.wire_bytes,
        chunks: count.chunks,
        time: start.elapsed(),
    })
}

/// Where the file is written before it gets its name; the target itself where there is no other way.
fn temporary(
    destination: &Destination,
    size: u64,
    capabilities: &Capabilities,
) -> Result<String, Error> {
    let target = &destination.target;
    let old = destination.inner.map_or(0, |status| status.size);
    if !capabilities.os_rename {
        return Ok(target.clone());
    }
    match destination.free {
        Some(free) if free < size => {
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
        _ => Ok(temporary_name(target)),
    }
}

fn temporary_name(target: &str) -> String {
    let (directory, name) = match target.rfind('/') {
        Some(slash) => target.split_at(slash + 1),
        None => ("", target),
    };
    if name.len() + TEMPORARY_SUFFIX.len() > NAME_LIMIT {
        format!("{directory}{TEMPORARY_SUFFIX}")
    } else {
        format!("{target}{TEMPORARY_SUFFIX}")
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
                &[Argument::Text(self.target), Argument::Text(&self.temporary)],
            ),
            expected: Digest::of(self.data, &self.capabilities).literal(),
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
        let capabilities = Capabilities {
            os_rename: true,
            ..Capabilities::default()
        };
        temporary(destination, size, &capabilities)
    }

    #[test]
    fn a_file_is_written_beside_its_target() {
        let found = place(&destination(Some(1000), Some(10)), 500).unwrap();
        assert_eq!(found, "lib/a.py.mpwire");
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

    #[test]
    fn a_name_too_long_for_a_suffix_is_replaced_for_the_while() {
        let name = format!("d/{}", "n".repeat(250));
        assert_eq!(temporary_name(&name), "d/.mpwire");
        assert_eq!(temporary_name("a"), "a.mpwire");
    }

    #[test]
    fn paths_join_and_part() {
        assert_eq!(join("", "a"), "./a");
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("lib/", "a"), "lib/a");
        assert_eq!(parent("a"), "");
        assert_eq!(parent("/a"), "/");
        assert_eq!(parent("lib/x/"), "lib");
    }
}
