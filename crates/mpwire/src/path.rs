//! What `.`, `..`, doubled slashes, a slash at the end and the empty path mean: one answer for every
//! command, on a board and on this computer.
//!
//! A board is only ever asked for a [`normal`] path. The firmware compares the first component of a path
//! with its mount points as text (`mp_vfs_lookup_path`, `extmod/vfs.c`), so that `./sd`, `//sd` and
//! `lib/../sd` do not lead to what is mounted at `/sd`; FAT finds no directory whose path ends in a slash,
//! and ROMFS knows neither `.` nor `..`. Boards have no links, so that `..` can be resolved by the text.
//!
//! What is shown to people stays as it was typed, and as mpremote writes it: [`join`].

use std::path::is_separator as is_local_separator;

/// The path as a board is asked for it. The current directory is empty; what leads above it begins with
/// `..` (see [`Board::resolve`](crate::board::Board::resolve)); nothing leads above the root.
#[must_use]
pub fn normal(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => drop(names.pop()),
            ".." if !root.is_empty() => {}
            name => names.push(name),
        }
    }
    root.to_owned() + &names.join("/")
}

/// The path from the root, where `directory` is the current one.
#[must_use]
pub fn absolute(path: &str, directory: &str) -> String {
    if path.starts_with('/') {
        return normal(path);
    }
    normal(&format!("/{directory}/{path}"))
}

/// Whether a path leads above the current directory, so that a board must be asked for that.
#[must_use]
pub fn leads_above(path: &str) -> bool {
    let path = normal(path);
    path == ".." || path.starts_with("../")
}

/// The last component of a path of a board; empty where that is no name of its own, but what is in a
/// directory: `""`, `/`, `.`, `lib/..`.
#[must_use]
pub fn name(path: &str) -> &str {
    own_name(path, |character| character == '/')
}

/// The same of this computer, where Windows has two separators.
#[must_use]
pub fn local_name(path: &str) -> &str {
    own_name(path, is_local_or_slash)
}

fn own_name(path: &str, is_separator: fn(char) -> bool) -> &str {
    let trimmed = path.trim_end_matches(is_separator);
    match trimmed.rsplit(is_separator).next() {
        None | Some("." | "..") => "",
        Some(name) => name,
    }
}

/// Whether the text of a path alone says that it is a directory: it ends in `/`, `.` or `..`.
#[must_use]
pub fn names_directory(path: &str) -> bool {
    let last = path.rsplit(is_local_or_slash).next().unwrap_or_default();
    matches!(last, "." | "..") || (last.is_empty() && !path.is_empty())
}

/// The path without the slashes at its end; the root stays.
#[must_use]
pub fn without_slash(path: &str) -> &str {
    let trimmed = path.trim_end_matches(is_local_or_slash);
    if trimmed.is_empty() && !path.is_empty() {
        &path[..1]
    } else {
        trimmed
    }
}

/// The path of `name` inside of the directory `path`, as mpremote shows it.
#[must_use]
pub fn join(path: &str, name: &str) -> String {
    let directory = if path.is_empty() {
        "."
    } else {
        path.trim_end_matches('/')
    };
    format!("{directory}/{name}")
}

/// The directory that holds `path`; empty for the current one.
#[must_use]
pub fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        None => "",
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
    }
}

/// The path itself and each directory that it is in, the outermost first; neither the root nor the
/// current directory.
#[must_use]
pub fn ancestry(path: &str) -> Vec<String> {
    let path = normal(path);
    let ends = path.match_indices('/').map(|(end, _)| end);
    ends.chain([path.len()])
        .map(|end| &path[..end])
        .filter(|path| !matches!(*path, "" | "/" | ".."))
        .filter(|path| !path.ends_with("/.."))
        .map(str::to_owned)
        .collect()
}

/// Whether `path` is `top` or below it. Both are of the same kind: from the root, or from the current
/// directory.
#[must_use]
pub fn is_within(path: &str, top: &str) -> bool {
    let (path, top) = (normal(path), normal(top));
    if top.is_empty() {
        return !path.starts_with('/') && !leads_above(&path);
    }
    let rest = path.strip_prefix(&top);
    rest.is_some_and(|rest| rest.is_empty() || top == "/" || rest.starts_with('/'))
}

fn is_local_or_slash(character: char) -> bool {
    character == '/' || is_local_separator(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where a walk by the components of a path arrives, one after the other: what `normal` must mean.
    fn walked(path: &str, from: &[&str]) -> Vec<String> {
        let mut place: Vec<String> = from.iter().map(|name| (*name).to_owned()).collect();
        if path.starts_with('/') {
            place.clear();
        }
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." => drop(place.pop()),
                name => place.push(name.to_owned()),
            }
        }
        place
    }

    const PATHS: &str = "/{0,2}((a|b|rom|\\.|\\.\\.|\\.\\.\\.|\\.x|é)?/{0,3}){0,6}";

    proptest! {
        #[test]
        fn a_normal_path_leads_to_the_same_place(path in PATHS) {
            // Deep enough that nothing leads above the root.
            let from = ["1", "2", "3", "4", "5", "6", "7"];
            prop_assert_eq!(walked(&normal(&path), &from), walked(&path, &from));
            prop_assert_eq!(absolute(&path, "/x/y"), "/".to_owned() + &walked(&path, &["x", "y"]).join("/"));
        }

        #[test]
        fn a_normal_path_has_nothing_to_be_taken_away(path in PATHS) {
            let normal = normal(&path);
            prop_assert_eq!(super::normal(&normal), normal.clone());
            prop_assert!(!normal.contains("//") && !normal.starts_with("./") && !normal.contains("/./"), "{normal}");
            prop_assert!(normal == "/" || !names_directory(&normal) || leads_above(&normal), "{normal}");
            prop_assert!(!normal.trim_start_matches("../").contains("/../"), "{normal}");
            prop_assert_eq!(normal.starts_with('/'), path.starts_with('/'));
        }

        #[test]
        fn what_is_joined_is_inside(path in PATHS, below in "(a|rom)(/b){0,2}") {
            let joined = join(&path, &below);
            prop_assert_eq!(normal(&joined), normal(&format!("{}{below}", if path.is_empty() { String::new() } else { path.clone() + "/" })));
            prop_assert!(is_within(&joined, &path) || leads_above(&path));
            prop_assert_eq!(name(&joined), below.rsplit('/').next().unwrap());
        }

        #[test]
        fn a_name_is_one_component(path in PATHS) {
            for name in [name(&path), local_name(&path)] {
                prop_assert!(!name.contains('/') && name != "." && name != "..");
            }
            let has_name = !name(&path).is_empty();
            prop_assert_eq!(has_name, !names_directory(without_slash(&path)) && !matches!(&path[..], "" | "/") && !without_slash(&path).is_empty());
        }

        #[test]
        fn each_directory_is_in_the_one_before(path in PATHS) {
            let all = ancestry(&path);
            for pair in all.windows(2) {
                prop_assert_eq!(normal(parent(&pair[1])), pair[0].clone());
            }
            if let Some(last) = all.last() {
                prop_assert_eq!(last, &normal(&path));
            }
        }
    }

    #[test]
    fn paths_are_made_normal() {
        for (path, expected) in [
            ("", ""),
            (".", ""),
            ("./", ""),
            ("a/..", ""),
            ("./rom", "rom"),
            ("rom/", "rom"),
            ("rom//./m.py", "rom/m.py"),
            ("lib/../rom", "rom"),
            ("../a/../b", "../b"),
            ("../..", "../.."),
            ("/", "/"),
            ("//rom/", "/rom"),
            ("/..", "/"),
            ("/../x", "/x"),
            ("...", "..."),
        ] {
            assert_eq!(normal(path), expected, "{path:?}");
        }
        assert_eq!(absolute("../x", "/lib"), "/x");
        assert_eq!(absolute("", "/"), "/");
        assert_eq!(absolute("/a/", "/lib"), "/a");
    }

    #[test]
    fn paths_join_and_part() {
        assert_eq!(join("", "a"), "./a");
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("lib/", "a"), "lib/a");
        assert_eq!(parent("a"), "");
        assert_eq!(parent("/a"), "/");
        assert_eq!(parent("lib/x/"), "lib");
        assert_eq!(ancestry("/a//b/./c/"), ["/a", "/a/b", "/a/b/c"]);
        assert_eq!(ancestry("../a/b"), ["../a", "../a/b"]);
        assert_eq!(ancestry("/"), [""; 0]);
    }

    #[test]
    fn what_a_path_names_is_told_by_its_end() {
        for path in ["", "/", ".", "..", "lib/.", "lib/..", "//"] {
            assert_eq!(name(path), "", "{path}");
        }
        for (path, expected) in [("lib/a.py", "a.py"), ("d/", "d"), (".x", ".x")] {
            assert_eq!((name(path), local_name(path)), (expected, expected));
        }
        assert!(
            ["a/", "/", ".", "a/..", "./"]
                .into_iter()
                .all(names_directory)
        );
        assert!(
            !["", "a", "a/b", ".x", "..."]
                .into_iter()
                .any(names_directory)
        );
        assert_eq!(without_slash("lib//"), "lib");
        assert_eq!(without_slash("//"), "/");
        assert_eq!(without_slash(""), "");
    }

    #[test]
    fn what_is_within_a_directory_is_told_by_its_path() {
        for (path, top) in [
            ("a", "a"),
            ("a/b", "a"),
            ("./a/b", "a/"),
            ("./a", ""),
            ("/a", "/"),
            ("//a", "/a/."),
        ] {
            assert!(is_within(path, top), "{path:?} {top:?}");
        }
        for (path, top) in [("ab", "a"), ("", "a"), ("/b", "/a"), ("../a", "")] {
            assert!(!is_within(path, top), "{path:?} {top:?}");
        }
    }
}
