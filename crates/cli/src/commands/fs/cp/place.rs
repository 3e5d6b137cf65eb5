//! What is copied from and to.

use std::path::Path;

/// A path, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Of the board: behind the colon.
    Board(String),
    /// Of this computer.
    Local(String),
}

impl Place {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(':') {
            Some(path) => Self::Board(path.to_owned()),
            None => Self::Local(text.to_owned()),
        }
    }

    /// The last component.
    pub fn name(&self) -> String {
        match self {
            Self::Board(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
            Self::Local(path) => Path::new(path)
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    /// The path without the slashes at its end; `:/` is `:`, as for mpremote.
    pub fn without_slash(&self) -> Self {
        match self {
            Self::Board(path) => Self::Board(path.trim_end_matches(is_separator).to_owned()),
            Self::Local(path) => {
                let trimmed = path.trim_end_matches(is_separator);
                let kept = if trimmed.is_empty() { path } else { trimmed };
                Self::Local(kept.to_owned())
            }
        }
    }
}

/// Both slashes on Windows.
pub fn is_separator(character: char) -> bool {
    character == '/' || std::path::is_separator(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_know_their_names() {
        assert_eq!(Place::parse(":lib/a.py").name(), "a.py");
        assert_eq!(Place::parse("dir/b").name(), "b");
        assert_eq!(
            Place::parse(":").without_slash(),
            Place::Board(String::new())
        );
        let trimmed = |text| Place::parse(text).without_slash();
        assert_eq!(trimmed(":lib//"), Place::Board("lib".into()));
        assert_eq!(trimmed(":/"), Place::Board(String::new()));
        assert_eq!(trimmed("/"), Place::Local("/".into()));
    }
}
