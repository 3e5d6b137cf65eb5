//! `version`

use crate::args::VersionArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::persona;
use crate::report;

const OWN: &str = concat!("mpwire ", env!("CARGO_PKG_VERSION"));

/// Prints the program's name and version.
pub fn version(connection: &mut Connection, _arguments: &VersionArgs) -> Result<(), Error> {
    connection.did_action();
    if persona::is_mpremote() {
        return report::line(&format!("mpremote {} ({OWN})", persona::MPREMOTE_VERSION));
    }
    report::line(OWN)
}
