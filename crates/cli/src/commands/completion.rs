//! `completion`: the script for a shell.

use crate::args::CompletionArgs;
use crate::complete::SCRIPTS;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints the script.
pub fn completion(connection: &mut Connection, arguments: &CompletionArgs) -> Result<(), Error> {
    connection.did_action();
    let script = SCRIPTS
        .iter()
        .find(|(shell, _)| *shell == arguments.shell)
        .map_or("", |(_, script)| script);
    report::bytes(script.as_bytes())
}
