//! Owners, groups and modes.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{Access as Wanted, AtFlags, CWD, accessat};

use super::super::ports::{Access, Denial};

/// Bits of a mode: the group reads and writes.
const GROUP: u32 = 0o060;

pub fn of(path: &Path) -> Access {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Access::Denied(Denial::default());
        }
        Err(_) => return Access::Missing,
    };
    if !found.file_type().is_char_device() {
        return Access::NoPort;
    }
    match accessat(
        CWD,
        path,
        Wanted::READ_OK | Wanted::WRITE_OK,
        AtFlags::EACCESS,
    ) {
        Ok(()) => Access::Allowed,
        Err(_) => Access::Denied(denial(&found)),
    }
}

fn denial(found: &Metadata) -> Denial {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (users, groups) = (read("/etc/passwd"), read("/etc/group"));
    let user = name_of(&users, rustix::process::geteuid().as_raw());
    let group = name_of(&groups, found.gid());
    Denial {
        is_open_to_group: found.mode() & GROUP == GROUP,
        is_new_member: user
            .as_deref()
            .zip(group.as_deref())
            .is_some_and(|(user, group)| is_member(&groups, group, user)),
        owner: name_of(&users, found.uid()),
        user,
        group,
    }
}

/// The name with this number in a file like `/etc/passwd` and `/etc/group`: `NAME:x:NUMBER:…`.
fn name_of(text: &str, number: u32) -> Option<String> {
    let number = number.to_string();
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

/// Whether `/etc/group` has the user in this group: `NAME:x:NUMBER:USER,USER`.
fn is_member(groups: &str, group: &str, user: &str) -> bool {
    groups.lines().any(|line| {
        let mut fields = line.split(':');
        fields.next() == Some(group)
            && fields
                .nth(2)
                .is_some_and(|members| members.split(',').any(|member| member == user))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &str = "root:x:0:\ndialout:x:20:ann,bob\n\nbroken\nplugdev:x:46:ann\n";

    #[test]
    fn groups_have_names_and_members() {
        assert_eq!(name_of(GROUPS, 20).as_deref(), Some("dialout"));
        assert_eq!(name_of(GROUPS, 2), None);
        assert!(is_member(GROUPS, "dialout", "bob"));
        assert!(!is_member(GROUPS, "dialout", "b"));
        assert!(!is_member(GROUPS, "plugdev", "bob"));
    }

    #[test]
    fn a_file_is_no_port() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(of(file.path()), Access::NoPort);
        assert_eq!(of(&file.path().join("no")), Access::Missing);
        assert_eq!(of(Path::new("/dev/null")), Access::Allowed);
    }
}
