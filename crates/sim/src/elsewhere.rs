//! Platforms on which no board can be simulated: the interpreter is a Linux program.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use thiserror::Error;

use crate::counters::Counters;
use crate::faults::{Accident, Direction};
use crate::options::Options;

/// The host's end of a cable in the same process. None is ever made here.
#[derive(Debug)]
pub struct Cable(Infallible);

impl Cable {
    /// As `UnixStream::try_clone`.
    pub fn try_clone(&self) -> io::Result<Cable> {
        match self.0 {}
    }
}

impl io::Read for Cable {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl io::Write for Cable {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

/// A board that did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// There is no interpreter for this platform.
    #[error("a simulated board needs Linux: MicroPython's unix port is not packaged elsewhere")]
    Unsupported,
}

/// A board, which cannot be started here.
#[derive(Debug)]
pub struct Board(Infallible);

impl Board {
    /// Fails.
    pub fn start(_options: Options) -> Result<Board, StartError> {
        Err(StartError::Unsupported)
    }

    /// There is no board.
    pub fn connect(&self) -> io::Result<Cable> {
        match self.0 {}
    }

    /// There is no board.
    pub fn attach_pty(&self, _path: &Path) -> io::Result<()> {
        match self.0 {}
    }

    /// There is no board.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match self.0 {}
    }

    /// There is no board.
    pub fn power_cycle(&self) {
        match self.0 {}
    }

    /// There is no board.
    pub fn expect_accidents(&self, _accidents: Vec<Accident>) -> usize {
        match self.0 {}
    }

    /// There is no board.
    pub fn watch_cable(&self, _watcher: impl FnMut(Direction, &[u8]) -> usize + Send + 'static) {
        match self.0 {}
    }

    /// There is no board.
    pub fn flash_writes(&self) -> io::Result<u64> {
        match self.0 {}
    }

    /// There is no board.
    pub fn cut_power_at_write(&self, _count: u64) -> io::Result<()> {
        match self.0 {}
    }

    /// There is no board.
    #[must_use]
    pub fn stop(self) -> Counters {
        match self.0 {}
    }
}
