//! Which names a board may use, and which it may change.

use crate::names::is_special_on_windows;

/// Folders that hold what this computer's own tools run or trust: a program on a board must not
/// write there unless its user says so.
const TOOL_FOLDERS: [&str; 5] = ["git", "hg", "svn", "vscode", "idea"];

/// Whether a path's component is one of a tool's folders, however a filesystem may spell it: not
/// minding case, as on Windows and macOS; with what Windows ignores or takes for a stream behind it,
/// or as its short name; with characters within that HFS+ ignores.
pub(super) fn is_tool_folder(name: &str) -> bool {
    let ignored = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let name: String = name.chars().filter(|&c| !ignored(c)).collect();
    let name = name.split(':').next().unwrap_or_default();
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    let is_tool = |name: &str| TOOL_FOLDERS.contains(&name);
    match (name.strip_prefix('.'), name.split_once('~')) {
        (Some(rest), _) => is_tool(rest),
        (None, Some((short, number))) => {
            is_tool(short) && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        (None, None) => false,
    }
}

/// A board's path as components, or `None` if one of them is no name for a file here.
pub(super) fn components(path: &str, windows: bool) -> Option<Vec<&str>> {
    let components: Vec<&str> = path
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".")
        .collect();
    let special = windows && components.iter().any(|name| is_special_on_windows(name));
    (!special).then_some(components)
}

/// Whether `..` leads out of the folder, taken by the letter.
pub(super) fn leads_out(components: &[&str]) -> bool {
    let mut depth = 0u32;
    components.iter().any(|name| {
        match (*name, depth) {
            ("..", 0) => return true,
            ("..", _) => depth -= 1,
            _ => depth += 1,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_folders_are_known_however_they_are_spelt() {
        for name in [
            ".git",
            ".GIT",
            ".git.",
            ".git ",
            ".git::$INDEX_ALLOCATION",
            "git~1",
            "GIT~12",
            ".g\u{200c}it",
            ".hg",
            ".svn",
            ".vscode",
            ".Idea",
        ] {
            assert!(is_tool_folder(name), "{name:?}");
        }
        for name in [
            ".github",
            "git",
            ".gitignore",
            "idea",
            "git~x",
            "",
            ".",
            "..",
        ] {
            assert!(!is_tool_folder(name), "{name:?}");
        }
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(
            components("/a//./b/../c", false).unwrap(),
            ["a", "b", "..", "c"]
        );
        assert_eq!(components("/", false).unwrap(), [""; 0]);
        assert_eq!(components("/nul", true), None);
        assert!(components("/nul", false).is_some());
        assert!(leads_out(&["a", "..", ".."]));
        assert!(!leads_out(&["a", "..", "b"]));
    }
}
