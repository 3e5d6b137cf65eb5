//! The package index: which names and files are where.

use url::Url;

use super::source::{Location, base, extend, is_web};

/// The index of micropython-lib.
pub const DEFAULT: &str = "https://micropython.org/pi/v2";

/// A package index: `package/FORMAT/NAME/VERSION.json`, and `file/HH/HHHHHHHH` for the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// As it was named, without slashes at its end.
    pub shown: String,
    base: Base,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    Web(Url),
    Folder(String),
}

impl Index {
    /// Reads a URL, or the path of a folder that holds a copy. Errors are sentences.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = text.trim_end_matches('/').to_owned();
        let found = if is_web(text) {
            Base::Web(base(&shown)?)
        } else if text.is_empty() || text.contains(':') && !cfg!(windows) {
            return Err("an index is a URL beginning with https://, or a folder".to_owned());
        } else {
            Base::Folder(shown.clone())
        };
        Ok(Self { shown, base: found })
    }

    /// Where the `package.json` of a package is; `format` is the board's version of `.mpy`, or `py`.
    #[must_use]
    pub fn package(&self, format: &str, name: &str, version: &str) -> Location {
        self.at(&["package", format, name, &format!("{version}.json")])
    }

    /// Where the file is whose SHA-256 begins with these hexadecimal digits.
    #[must_use]
    pub fn file(&self, hash: &str) -> Location {
        self.at(&["file", &hash[..hash.len().min(2)], hash])
    }

    fn at(&self, parts: &[&str]) -> Location {
        match &self.base {
            Base::Web(url) => Location::Web(extend(url, parts.iter().copied())),
            Base::Folder(folder) => Location::Local(format!("{folder}/{}", parts.join("/"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_files_are_where_the_index_has_them() {
        let index = Index::parse("http://127.0.0.1:8000/pi/v2//").unwrap();
        assert_eq!(index.shown, "http://127.0.0.1:8000/pi/v2");
        let url = |location: Location| match location {
            Location::Web(url) => String::from(url),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            url(index.package("6", "a-b", "latest")),
            "http://127.0.0.1:8000/pi/v2/package/6/a-b/latest.json"
        );
        assert_eq!(
            url(index.file("0123abcd")),
            "http://127.0.0.1:8000/pi/v2/file/01/0123abcd"
        );
        let folder = Index::parse("copy/of/it/").unwrap();
        assert_eq!(
            folder.file("0123abcd"),
            Location::Local("copy/of/it/file/01/0123abcd".into())
        );
        for text in ["", "github:o/r", "ftp://host", "http://"] {
            assert!(Index::parse(text).is_err(), "{text:?}");
        }
    }
}
