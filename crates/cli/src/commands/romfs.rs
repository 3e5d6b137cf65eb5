//! `romfs`: read-only filesystems in ROM partitions.

use crate::args::RomfsArgs;
use crate::connection::Connection;
use crate::error::Error;

/// Queries, builds or deploys.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments"
)]
pub fn romfs(_connection: &mut Connection, arguments: RomfsArgs) -> Result<(), Error> {
    Err(Error::message(format!(
        "romfs: '{}' is not a command; see `mpwire romfs --help`",
        arguments.command
    )))
}
