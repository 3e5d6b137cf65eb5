//! `version`

use crate::args::VersionArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints the program's name and version.
pub fn version(connection: &mut Connection, _arguments: &VersionArgs) -> Result<(), Error> {
    connection.did_action();
    report::line(concat!("mpwire ", env!("CARGO_PKG_VERSION")))
}
