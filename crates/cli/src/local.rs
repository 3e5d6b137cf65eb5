//! Files of this computer.

use std::fs;
use std::io;
use std::path::Path;

/// Writes a file so that it is there whole or not at all.
///
/// What is no ordinary file (`/dev/stdout`, a link) is written through, as anybody would expect.
pub fn write(path: &Path, data: &[u8]) -> io::Result<()> {
    let old = fs::symlink_metadata(path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return fs::write(path, data);
    }
    let Some(name) = path.file_name() else {
        return fs::write(path, data);
    };
    let mut temporary_name = name.to_owned();
    temporary_name.push(".mpwire");
    let temporary = path.with_file_name(temporary_name);
    if let Err(error) = write_as(&temporary, data, old.map(|old| old.permissions()))
        .and_then(|()| fs::rename(&temporary, path))
    {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(())
}

fn write_as(path: &Path, data: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    fs::write(path, data)?;
    match permissions {
        Some(permissions) => fs::set_permissions(path, permissions),
        None => Ok(()),
    }
}
