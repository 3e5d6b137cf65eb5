//! What is copied from and to.

use mpwire::board::Board;
use mpwire::path;

use crate::error::Error;

/// A path, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Of the board: behind the colon.
    Board(String),
    /// Of this computer.
    Local(String),
    /// This program's input or output: `-`.
    Standard,
}

impl Place {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(':') {
            Some(path) => Self::Board(path.to_owned()),
            None if text == "-" => Self::Standard,
            None => Self::Local(text.to_owned()),
        }
    }

    /// The last component, as a name: empty where what the directory holds is meant (`.`, `lib/..`).
    pub fn name(&self) -> &str {
        match self {
            Self::Board(path) => path::name(path),
            Self::Local(path) => path::local_name(path),
            Self::Standard => "",
        }
    }

    /// The path without the slashes at its end.
    pub fn without_slash(&self) -> Self {
        match self {
            Self::Board(path) => Self::Board(path::without_slash(path).to_owned()),
            Self::Local(path) => Self::Local(path::without_slash(path).to_owned()),
            Self::Standard => Self::Standard,
        }
    }

    /// The same place, where the board has been asked for its current directory if it leads above that.
    pub fn resolved(self, board: &mut Board) -> Result<Self, Error> {
        Ok(match self {
            Self::Board(path) => Self::Board(board.resolve(&path)?),
            other @ (Self::Local(_) | Self::Standard) => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_know_their_names() {
        assert_eq!(Place::parse(":lib/a.py").name(), "a.py");
        assert_eq!(Place::parse("dir/b").name(), "b");
        for contents in [":", ":/", ":lib/.", ":..", "dir/.", "..", "/"] {
            assert_eq!(Place::parse(contents).name(), "", "{contents}");
        }
        assert_eq!(
            Place::parse(":").without_slash(),
            Place::Board(String::new())
        );
        let trimmed = |text| Place::parse(text).without_slash();
        assert_eq!(trimmed(":lib//"), Place::Board("lib".into()));
        assert_eq!(trimmed(":/"), Place::Board("/".into()));
        assert_eq!(trimmed("/"), Place::Local("/".into()));
    }
}
