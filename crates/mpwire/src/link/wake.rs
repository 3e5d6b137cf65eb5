//! Waiting for a file descriptor in a way that another thread can end.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A switch that ends waits, once and for all.
#[derive(Debug)]
pub struct Wake {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Wake {
    /// A switch that is off.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self {
            reader: reader.into(),
            writer: writer.into(),
        })
    }

    /// Ends the running wait and every later one.
    pub fn wake(&self) {
        // The pipe holds more than the one byte ever written to it.
        let _ = rustix::io::write(&self.writer, &[0]);
    }

    /// Waits until `source` can be read (`true`) or [`Wake::wake`] was called (`false`).
    pub fn wait_readable(&self, source: &impl AsFd) -> io::Result<bool> {
        self.wait(Some(source), None)
    }

    /// As [`Wake::wait_readable`], and also returns `true` when `patience` is over.
    pub fn wait(&self, source: Option<&impl AsFd>, patience: Option<Duration>) -> io::Result<bool> {
        let mut set = vec![PollFd::new(&self.reader, PollFlags::IN)];
        set.extend(source.map(|source| PollFd::new(source, PollFlags::IN)));
        // A patience that no clock can hold is as good as none.
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        loop {
            match poll(&mut set, patience.as_ref()) {
                Ok(_) => return Ok(set[0].revents().is_empty()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
