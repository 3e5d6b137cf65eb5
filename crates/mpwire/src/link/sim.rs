//! A simulated board in this very process: `sim:?link=uart:115200&fs=fat`.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;

use mpwire_sim::{Board, Cable, Options};

use super::Link;

/// The cable to a simulated board, and the board.
pub struct SimLink {
    name: String,
    cable: Cable,
    _board: Board,
}

impl SimLink {
    /// Starts a board with these parameters and plugs it in.
    pub fn start(parameters: &str) -> Result<Self, Box<dyn Error>> {
        let options = Options::parse(parameters.trim_start_matches('?'))?;
        let board = Board::start(options)?;
        Ok(Self {
            name: format!("sim:{parameters}"),
            cable: board.connect()?,
            _board: board,
        })
    }
}

impl Link for SimLink {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.cable).read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.cable).write_all(bytes)
    }

    fn close(&self) {
        // Closing twice is no error worth telling.
        let _ = self.cable.shutdown(Shutdown::Both);
    }
}
