//! Names that a board gives its files, before they name files of this computer.

use std::collections::BTreeSet;

use mpwire::board::fs::Entry;
use mpwire::names;

use crate::error::Error;
use crate::report;

/// The components of paths that a board names, each checked before it names a local file.
pub fn components<'a>(entries: impl Iterator<Item = &'a Entry>) -> Result<Vec<Vec<String>>, Error> {
    let mut seen = BTreeSet::new();
    let mut paths = Vec::new();
    for entry in entries {
        if !entry.is_text {
            return Err(Error::message(format!(
                "cp: the board has a file whose name is not text: {}; rename or remove it there",
                entry.name
            )));
        }
        let below = entry
            .name
            .split('/')
            .map(|name| checked_name(name).map(str::to_owned))
            .collect::<Result<Vec<_>, _>>()?;
        if seen.insert(below.clone()) {
            paths.push(below);
        }
    }
    Ok(paths)
}

/// Two files of a board that are one here would overwrite each other.
pub fn tell_of_case(entries: &[Entry]) -> Result<(), Error> {
    let names = entries.iter().map(|entry| entry.name.as_str());
    let Some((one, other)) = names::differing_by_case(names) else {
        return Ok(());
    };
    let both = format!("the board has {one} and {other}, which differ by case only");
    if cfg!(any(windows, target_os = "macos")) {
        return Err(Error::message(format!(
            "cp: {both}: here they would be one"
        )));
    }
    report::note(&format!("{both}: on Windows and macOS they would be one"));
    Ok(())
}

/// Refuses a name from a board that would leave the directory it is to stand in.
pub fn checked_name(name: &str) -> Result<&str, Error> {
    let escapes = name.is_empty()
        || name == "."
        || name == ".."
        || name.contains(['/', '\0'])
        || (cfg!(windows) && names::is_special_on_windows(name));
    if escapes {
        return Err(Error::message(format!(
            "cp: the board has a file named {name:?}, which cannot be a file's name here"
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_board_cannot_leave_their_directory() {
        for name in ["", ".", "..", "a/b", "a\0"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        assert_eq!(checked_name("boot.py").unwrap(), "boot.py");
    }
}
