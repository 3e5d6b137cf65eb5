//! `mount` and `umount`: a folder of this computer on the board.

use mpwire::board;
use mpwire::mount::{Options, PLACE};

use crate::args::{MountArgs, UmountArgs};
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Mounts a folder.
pub fn mount(connection: &mut Connection, arguments: &MountArgs) -> Result<(), Error> {
    let path = &arguments.path;
    let options = Options {
        path: path.into(),
        unsafe_links: arguments.unsafe_links,
        read_only: arguments.read_only,
        tool_folders: arguments.writable_tool_folders,
    };
    connection.mount(options).map_err(|error| match error {
        Error::Board(board::Error::Folder { path, source }) => {
            Error::local("mount", &path, &source)
        }
        other => other.of_command("mount"),
    })?;
    let text = format!("Local directory {path} is mounted at {PLACE}");
    if report::is_quiet() {
        // Standard output is the program's alone.
        report::status(&text);
        return Ok(());
    }
    report::line(&text)
}

/// Takes it away.
pub fn umount(connection: &mut Connection, _arguments: &UmountArgs) -> Result<(), Error> {
    connection.umount()
}
