//! `cat`: a file's bytes as they are, as they come; on a terminal nothing that would steer it.

use std::io;

use mpwire::board::Board;
use mpwire::transfer::download::{Outcome, Receiver, Wanted};
use mpwire::transfer::{self, download_all};

use crate::error::Error;
use crate::report;

/// Prints a file.
pub fn cat(board: &mut Board, path: &str) -> Result<(), Error> {
    let wanted = Wanted {
        path: path.to_owned(),
        size: None,
        known: None,
    };
    let mut printer = Printer::default();
    match (
        download_all(board, &[wanted], &mut printer),
        printer.failure,
    ) {
        (Err(_), Some(Failure::Output(error))) => Err(error),
        (Err(_), Some(Failure::Changed)) => Err(transfer::Error::CorruptDownload {
            path: path.to_owned(),
        }
        .into()),
        (result, _) => Ok(result?),
    }
}

#[derive(Default)]
struct Printer {
    has_printed: bool,
    text: report::ForeignText,
    failure: Option<Failure>,
}

/// Why nothing more is printed.
enum Failure {
    Output(Error),
    /// What was printed is not what the board has.
    Changed,
}

impl Printer {
    fn fail(&mut self, failure: Failure) -> io::Error {
        self.failure = Some(failure);
        io::ErrorKind::Other.into()
    }
}

impl Receiver for Printer {
    fn begin(&mut self, _: usize) -> io::Result<()> {
        if self.has_printed {
            return Err(self.fail(Failure::Changed));
        }
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.has_printed = true;
        let printed = self.text.print(data);
        printed.map_err(|error| self.fail(Failure::Output(error)))
    }

    fn end(&mut self, _: usize, _: Outcome) -> io::Result<()> {
        Ok(())
    }
}
