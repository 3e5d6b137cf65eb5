//! `df`: used and free space.

use crate::args::DfArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints a line a filesystem, in mpremote's columns.
pub fn df(connection: &mut Connection, _arguments: &DfArgs) -> Result<(), Error> {
    let filesystems = connection
        .board()?
        .filesystems()
        .map_err(|error| Error::from(error).of_command("df"))?;
    connection.did_action();
    let row = |cells: [&str; 6]| {
        let [name, size, used, free, share, place] = cells;
        report::line_at_once(&format!(
            "{name:<10}{size:>9}{used:>9}{free:>9}{share:>5} {place}"
        ))
    };
    row(["filesystem", "size", "used", "avail", "use%", "mounted on"])?;
    for filesystem in filesystems {
        let used = filesystem.size - filesystem.free.min(filesystem.size);
        row([
            &filesystem.name,
            &filesystem.size.to_string(),
            &used.to_string(),
            &filesystem.free.to_string(),
            &(100 * used / filesystem.size.max(1)).to_string(),
            &filesystem.place,
        ])?;
    }
    Ok(())
}
