//! `bench`: what to expect of a link and a board.

mod json;
mod plot;
mod table;

use std::io;
use std::path::Path;

use mpwire::bench::{self, Options, Report, Step};
use mpwire::transfer::Encoding;

use crate::args::BenchArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::local;
use crate::progress::Stage;
use crate::report;

/// Measures, prints, and draws if asked to.
pub fn bench(connection: &mut Connection, arguments: &BenchArgs) -> Result<(), Error> {
    // Rather than behind many seconds of measuring.
    if let Some(path) = &arguments.plot {
        check_place(path).map_err(|error| local_error(path, &error))?;
    }
    let options = Options {
        size: arguments.size.map(|size| size as usize),
    };
    let board = connection.board()?;
    let report = {
        let stage = Stage::new();
        bench::run(board, &options, &mut |step| stage.show(&describe(step)))
    };
    let report = report.map_err(|error| match error {
        bench::Error::Board(error) => Error::from(error).of_command("bench"),
        bench::Error::Transfer(error) => Error::from(error).of_command("bench"),
        bench::Error::NoRoom { .. } => Error::message(format!("bench: {error}")),
    })?;
    connection.did_action();
    if arguments.json {
        report::bytes(json::of(&report).as_bytes())?;
    } else {
        report::bytes(table::of(&report).as_bytes())?;
    }
    match &arguments.plot {
        Some(path) => draw(&report, path),
        None => Ok(()),
    }
}

/// Whether a file may be written there, as far as that can be known without writing it.
fn check_place(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            if folder.metadata()?.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }
        _ => Ok(()),
    }
}

fn draw(report: &Report, path: &Path) -> Result<(), Error> {
    let is_page = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("html"));
    let text = if is_page {
        plot::html(report)
    } else {
        plot::svg(report)
    };
    local::write(path, text.as_bytes()).map_err(|error| local_error(path, &error))
}

fn local_error(path: &Path, error: &io::Error) -> Error {
    Error::local("bench", &path.to_string_lossy(), error)
}

fn describe(step: Step) -> String {
    match step {
        Step::Line => "measuring the line".to_owned(),
        Step::Flash => "measuring the flash".to_owned(),
        Step::File {
            number,
            total,
            kind,
            encoding,
        } => format!("{number}/{total} sending {kind} as {}", way(encoding)),
    }
}

/// What a user types for a way to send.
fn way(encoding: Option<Encoding>) -> &'static str {
    encoding.map_or("auto", Encoding::name)
}

/// Reports for tests.
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mpwire::bench::{File, Flash, Kind, LeftOut, Line, RoundTrip, Sent};
    use mpwire::board::capabilities::Capabilities;

    use super::*;

    /// A report of a usual board.
    pub(super) fn report() -> Report {
        let sent = |encoding, milliseconds: u32| {
            Ok(Sent {
                encoding,
                time: Duration::from_millis(milliseconds.into()),
                rate: 4096.0 * 1000.0 / f64::from(milliseconds),
                wire_bytes: 5000,
            })
        };
        let file = |kind, encoding, result| File {
            kind,
            encoding,
            result,
        };
        Report {
            link: "/dev/tty<&>ACM0".to_owned(),
            capabilities: Capabilities {
                free_memory: 102_400,
                a2b_base64: true,
                stdin_buffer: true,
                ..Capabilities::default()
            },
            line: Line {
                round_trip: Some(RoundTrip {
                    median: Duration::from_micros(2340),
                    worst: Duration::from_micros(3456),
                    exchanges: 20,
                }),
                shortest_program: Duration::from_millis(7),
                to_board: Some(11_400.0),
                from_board: 11_500.0,
            },
            flash: Some(Flash {
                size: 65_536,
                write: 123_456.7,
                read: 2_345_678.9,
            }),
            size: 4096,
            files: vec![
                file(Kind::Random, None, sent(Encoding::Stream, 512)),
                file(
                    Kind::Random,
                    Some(Encoding::Repr),
                    Err("too little memory".to_owned()),
                ),
                file(Kind::Zeros, None, sent(Encoding::Deflate, 100)),
            ],
            left_out: vec![LeftOut {
                what: "deflate".to_owned(),
                why: "the firmware has no deflate.DeflateIO".to_owned(),
            }],
        }
    }

    /// A report of a board on which hardly anything could be measured.
    pub(super) fn poor_report() -> Report {
        let mut report = report();
        report.line.round_trip = None;
        report.line.to_board = None;
        report.flash = None;
        for file in &mut report.files {
            file.result = Err("too little memory".to_owned());
        }
        report
    }

    #[test]
    fn a_place_that_cannot_be_written_is_found_out_beforehand() {
        let folder = tempfile::tempdir().unwrap();
        let kind =
            |name: &str| check_place(&folder.path().join(name)).map_err(|error| error.kind());
        assert_eq!(kind("a.svg"), Ok(()));
        assert_eq!(kind("no/a.svg"), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(""), Err(io::ErrorKind::IsADirectory));
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(kind("file/a.svg").is_err());
        assert!(check_place(Path::new("a.svg")).is_ok());
    }
}
