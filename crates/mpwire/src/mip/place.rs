//! Where a package may put its files: below the target, under names that any board can hold.

use crate::path;

/// The longest name of LittleFS and FAT, in bytes.
const NAME_MOST: usize = 255;
/// The longest path, in bytes, that boards take whole (`MICROPY_ALLOC_PATH_MAX`, `py/mpconfig.h`).
pub const PATH_MOST: usize = 512;
/// Folders in each other.
const DEPTH_MOST: usize = 16;

/// The path below the target that a package's path means; errors are sentences without a subject.
///
/// FAT's rules hold everywhere (`lib/oofatfs/ff.c`, `create_name`): a package is for any board.
pub fn confined(path: &str) -> Result<String, &'static str> {
    if path.starts_with('/') {
        return Err("is absolute, not below the target");
    }
    if path.contains('\\') {
        return Err("holds a backslash; \"/\" stands between the parts of a path");
    }
    if path.len() > PATH_MOST {
        return Err("is longer than 512 bytes");
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err("leaves the target by \"..\""),
            part => parts.push(checked(part)?),
        }
    }
    if matches!(path.rsplit('/').next(), None | Some("" | ".")) {
        return Err("names no file");
    }
    if parts.len() > DEPTH_MOST {
        return Err("is more than 16 folders deep");
    }
    Ok(parts.join("/"))
}

fn checked(part: &str) -> Result<&str, &'static str> {
    if part.len() > NAME_MOST {
        return Err("holds a name longer than 255 bytes");
    }
    if part.chars().any(char::is_control) {
        return Err("holds a control character");
    }
    if part.contains(['"', '*', ':', '<', '>', '?', '|']) {
        return Err("holds one of \" * : < > ? |, which not every board's filesystem can hold");
    }
    if part.ends_with(['.', ' ']) {
        return Err("holds a name that ends in a dot or a blank, which FAT drops");
    }
    Ok(part)
}

/// The path of the target from the root, where another directory may be the current one: without a slash
/// at its end, so that the root is empty.
#[must_use]
pub fn absolute(path: &str, current_directory: &str) -> String {
    let path = path::absolute(path, current_directory);
    if path == "/" { String::new() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_allowed_is_below_the_target(path in "([a.\\\\/:~ \0é]|\\.\\.|\\.\\./){0,12}") {
            if let Ok(place) = confined(&path) {
                prop_assert_eq!(absolute(&place, "/lib"), format!("/lib/{place}"));
                prop_assert_eq!(confined(&place), Ok(place));
            }
        }
    }

    #[test]
    fn paths_stay_below_the_target() {
        assert_eq!(confined("a/b.py").unwrap(), "a/b.py");
        assert_eq!(confined("./a//b.py").unwrap(), "a/b.py");
        assert_eq!(confined(".hidden").unwrap(), ".hidden");
        assert_eq!(confined("grüße.txt").unwrap(), "grüße.txt");
        let long = "n".repeat(256);
        let deep = "d/".repeat(17) + "x";
        for path in [
            "",
            "/",
            ".",
            "..",
            "../x",
            "a/../../x",
            "a/..",
            "/abs.py",
            "a\\b",
            "..\\x",
            "C:x",
            "c:/x",
            "a\0b",
            "a\nb",
            "a\u{1b}[2J",
            "a/",
            "a/.",
            "con?",
            "a ",
            "a.",
            &long,
            &deep,
        ] {
            assert!(confined(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn targets_become_absolute() {
        assert_eq!(absolute("/lib", "/x"), "/lib");
        assert_eq!(absolute("/lib//a/", "/x"), "/lib/a");
        assert_eq!(absolute("lib", "/"), "/lib");
        assert_eq!(absolute("lib", "/flash"), "/flash/lib");
        assert_eq!(absolute("../lib", "/flash"), "/lib");
        assert_eq!(absolute("/", "/flash"), "");
        assert_eq!(absolute("", "/"), "");
    }
}
