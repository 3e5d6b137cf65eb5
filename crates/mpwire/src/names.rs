//! Names of a board's files that computers have trouble with.

use std::collections::HashMap;

/// Whether Windows would take a path's component for something else than a file's name: a device,
/// a stream of a file, more than one component.
#[must_use]
pub fn is_special_on_windows(name: &str) -> bool {
    if name.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) {
        return true;
    }
    if name.ends_with(['.', ' ']) && !matches!(name, "." | "..") {
        return true;
    }
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_uppercase();
    if matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) {
        return true;
    }
    let number = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        matches!(number, "¹" | "²" | "³")
            || (number.len() == 1 && number != "0" && number.as_bytes()[0].is_ascii_digit())
    })
}

/// The first two of `paths` that Windows and macOS take for one: they do not mind case.
pub fn differing_by_case<'a>(
    paths: impl IntoIterator<Item = &'a str>,
) -> Option<(&'a str, &'a str)> {
    let mut seen = HashMap::new();
    paths.into_iter().find_map(|path| {
        let other = seen.insert(path.to_lowercase(), path)?;
        (other != path).then_some((other, path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_of_windows_are_no_files() {
        for name in [
            "con", "NUL.txt", "Com1", "lpt9.py", "COM¹", "aux .x", "a:b", "a\\b", "a.", "b ",
            "CONIN$",
        ] {
            assert!(is_special_on_windows(name), "{name:?}");
        }
        for name in [
            "console", "com", "com0", "com10", "nul_", ".", "..", ".x", "a b", "main.py",
        ] {
            assert!(!is_special_on_windows(name), "{name:?}");
        }
    }

    #[test]
    fn names_that_differ_by_case_are_found() {
        let found = |paths: &[&'static str]| differing_by_case(paths.iter().copied());
        assert_eq!(found(&["a.py", "lib/b", "A.py"]), Some(("a.py", "A.py")));
        assert_eq!(found(&["É", "é"]), Some(("É", "é")));
        assert_eq!(found(&["a", "b", "lib/a", "a"]), None);
    }
}
