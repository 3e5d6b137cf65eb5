//! `df`: used and free space.

use mpwire::board::fs::Filesystem;

use crate::args::DfArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Stands for a figure that is not known.
const UNKNOWN: &str = "?";

/// Prints a line a filesystem, in mpremote's columns.
pub fn df(connection: &mut Connection, _arguments: &DfArgs) -> Result<(), Error> {
    let of_df = |error| Error::from(error).of_command("df");
    let board = connection.board()?;
    let filesystems = board.filesystems().map_err(of_df)?;
    let mut notes = Vec::new();
    for filesystem in &filesystems {
        if filesystem.free().is_none() {
            let counted = board.count_free(filesystem, &filesystems).map_err(of_df)?;
            notes.push(note(filesystem, counted));
        }
    }
    connection.did_action();
    row(["filesystem", "size", "used", "avail", "use%", "mounted on"])?;
    for filesystem in &filesystems {
        let [size, used, free, share] = figures(filesystem);
        row([
            &filesystem.name,
            &size,
            &used,
            &free,
            &share,
            &filesystem.place,
        ])?;
    }
    for note in notes {
        report::status(&note);
    }
    Ok(())
}

fn row(cells: [&str; 6]) -> Result<(), Error> {
    let [name, size, used, free, share, place] = cells;
    report::line_at_once(&format!(
        "{name:<10}{size:>9}{used:>9}{free:>9}{share:>5} {place}"
    ))
}

/// Size, used and free bytes, and the used share in percent.
fn figures(filesystem: &Filesystem) -> [String; 4] {
    let unknown = || UNKNOWN.to_owned();
    match (filesystem.size(), filesystem.free()) {
        (Some(size), Some(free)) => {
            let used = size - free;
            [size, used, free, 100 * used / size].map(|figure| figure.to_string())
        }
        (size, _) => {
            let size = size.map_or_else(unknown, |size| size.to_string());
            [size, unknown(), unknown(), unknown()]
        }
    }
}

/// Why figures of a filesystem are not known, and the free bytes by a count.
fn note(filesystem: &Filesystem, counted: Option<u64>) -> String {
    let place = &filesystem.place;
    let reported = match filesystem.space.map(|space| space.reported()) {
        Some((free, blocks)) => {
            format!("the board reports {free} free blocks of {blocks}, which cannot be true")
        }
        None => "the board reports a size that cannot be true".to_owned(),
    };
    let counted = counted.map_or_else(String::new, |free| {
        format!("; by a count of its directories {free} bytes are free")
    });
    format!("mpwire: df: {place}: {reported}{counted}")
}
