//! The commands of `fs`, and the help of each: its own options, paths and examples.
//!
//! One parser takes the options of all of them, as mpremote's does; a page shows those that the command
//! has a use for.

use clap::{Arg, Command, CommandFactory as _};

use super::hash;
use crate::args::FsArgs;

/// A command of `fs`.
pub struct Page {
    /// Its name.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// What more there is to say.
    details: &'static str,
    /// What its usage says of the paths.
    paths: &'static str,
    /// Options by their names in the parser, and what each does here.
    options: &'static [(&'static str, &'static str)],
    examples: &'static str,
}

const VERBOSE: (&str, &str) = ("verbose", "Print the command and each path (default)");
const QUIET: (&str, &str) = ("no_verbose", "Print nothing but the result");

/// What most commands say of their paths.
const BOARD_PATHS: &str = "\
Paths are on the device, with or without a colon: `:main.py` and `main.py` are the same. All paths up to \
the end of the line or a `+` belong to this command.";

/// Every command of `fs`; other digests than SHA-256 go by the same pattern.
pub const PAGES: &[Page] = &[
    Page {
        name: "cat",
        about: "Print files of the device",
        details: BOARD_PATHS,
        paths: "PATH...",
        options: &[
            ("verbose", "Print the command and each path first"),
            ("no_verbose", "Print nothing but the files (default)"),
        ],
        examples: "\
Examples:
  mpwire cat :boot.py
  mpwire cat :log.txt > log.txt
  mpwire cat :boot.py + ls :lib    + ends the paths of cat",
    },
    Page {
        name: "cp",
        about: "Copy files to, from or on the device",
        details: "\
A path on the device begins with a colon: `:main.py` is on the device, `main.py` on this computer, and \
`:` alone is the device's current directory. A destination that ends in `/` must be a directory; several \
sources need one, too. With -r a directory is copied into a destination that exists, and as one that does \
not; what of it cannot be read is named and left out, and the exit code is 1. - is standard input as a \
source and standard output as the destination; ./- is a file of that name.

Each file is written beside its target, hashed by the device and then renamed: whatever happens, there is \
the old file or the new one. Files that are on the device already are skipped. On a terminal, and with -v, \
standard error lists each file of a tree that was copied.",
        paths: "SOURCE... DESTINATION",
        options: &[
            ("recursive", "Copy directories and everything in them"),
            ("force", "Copy even if the file is unchanged"),
            (
                "all_or_nothing",
                "Replace all files of a tree at once, or none where one fails (with -r, to the device)",
            ),
            (
                "verbose",
                "Print each source and destination (default); -v also lists what was copied, and how",
            ),
            (
                "no_verbose",
                "Print nothing, neither what is copied nor what is unchanged",
            ),
            ("encoding", ""),
            ("chunk_size", ""),
        ],
        examples: "\
Examples:
  mpwire cp main.py :              to the device
  mpwire cp :log.txt .             from the device
  mpwire cp :log.txt - | less      to standard output
  mpwire cp :a.py :b.py            on the device
  mpwire cp -r lib/ :lib           a tree; files that are there already are skipped
  mpwire cp -r --all-or-nothing app/ :app    new files all at once, or the old ones stay",
    },
    Page {
        name: "ls",
        about: "List a directory of the device",
        details: BOARD_PATHS,
        paths: "[PATH...]",
        options: &[VERBOSE, QUIET],
        examples: "\
Examples:
  mpwire ls             the device's current directory
  mpwire ls :lib :/     several
  mpwire a0 ls + df     + ends the paths of ls",
    },
    Page {
        name: "mkdir",
        about: "Make directories on the device",
        details: BOARD_PATHS,
        paths: "PATH...",
        options: &[
            (
                "parents",
                "Make the directories above, too; none of them is an error if it is there",
            ),
            VERBOSE,
            QUIET,
        ],
        examples: "\
Examples:
  mpwire mkdir :lib :data
  mpwire mkdir -p :lib/drivers    lib, too",
    },
    Page {
        name: "mv",
        about: "Move or rename files and directories on the device",
        details: "\
Paths are on the device, all of them with a colon or none. Into a directory that exists, or to that path; \
several sources need a directory. A file replaces a file; a directory is not overwritten. From one mounted \
filesystem to another each file is copied on the device and hashed, and the source is removed when all of \
it is there.",
        paths: "SOURCE... DESTINATION",
        options: &[
            (
                "verbose",
                "Print each source and the destination (default)",
            ),
            QUIET,
        ],
        examples: "\
Examples:
  mpwire mv :main.py :old.py
  mpwire mv :a.py :b.py :lib      into the directory
  mpwire mv :log.txt :/sd         to another filesystem",
    },
    Page {
        name: "rm",
        about: "Remove files of the device",
        details: BOARD_PATHS,
        paths: "PATH...",
        options: &[
            ("recursive", "Remove directories and everything in them"),
            (
                "verbose",
                "Print the command and each path (default); -v also lists what -r removes",
            ),
            QUIET,
        ],
        examples: "\
Examples:
  mpwire rm :main.py
  mpwire rm -r :lib    the directory, too
  mpwire rm -rv :      everything, and say what",
    },
    Page {
        name: "rmdir",
        about: "Remove empty directories of the device",
        details: BOARD_PATHS,
        paths: "PATH...",
        options: &[VERBOSE, QUIET],
        examples: "\
Example:
  mpwire rmdir :lib/drivers",
    },
    Page {
        name: "sha256sum",
        about: "Print SHA-256 of files of the device",
        details: "\
The device hashes; the files do not travel. Other digests that its firmware has go by the same pattern: \
sha1sum, md5sum. Paths are on the device, with or without a colon.",
        paths: "PATH...",
        options: &[VERBOSE, QUIET],
        examples: "\
Examples:
  mpwire sha256sum :main.py
  mpwire sha256sum --no-verbose main.py    the digest alone",
    },
    Page {
        name: "touch",
        about: "Make files on the device unless they are there",
        details: BOARD_PATHS,
        paths: "PATH...",
        options: &[VERBOSE, QUIET],
        examples: "\
Example:
  mpwire touch :log.txt",
    },
    Page {
        name: "tree",
        about: "Print a tree of the device's files",
        details: BOARD_PATHS,
        paths: "[PATH...]",
        options: &[
            ("size", "Print sizes in bytes"),
            ("human", "Print sizes with a unit; -h is not help, as in mpremote"),
            (
                "verbose",
                "Print the command and each path (default); -v also prints the port",
            ),
            QUIET,
        ],
        examples: "\
Examples:
  mpwire tree
  mpwire tree -h :lib    with sizes",
    },
];

/// The page of a command of `fs`; every digest has that of SHA-256.
pub fn page(name: &str) -> Option<&'static Page> {
    let name = match hash::algorithm(name) {
        Some(_) => "sha256sum",
        None => name,
    };
    PAGES.iter().find(|page| page.name == name)
}

impl Page {
    /// The command as a parser of its own, for help and manual pages.
    pub fn command(&self) -> Command {
        let all = FsArgs::command();
        let arguments = all
            .get_arguments()
            .filter_map(|argument| self.own(argument));
        Command::new(self.name)
            .about(self.about)
            .long_about(format!("{}\n\n{}", self.about, self.details))
            .after_help(self.examples)
            .disable_help_flag(true)
            .override_usage(self.usage())
            .args(arguments)
    }

    /// An argument of `fs` as it is here, where it has a use.
    fn own(&self, argument: &Arg) -> Option<Arg> {
        let argument = argument.clone();
        let id = argument.get_id().as_str();
        match id {
            "help" => return Some(argument),
            "paths" => return Some(argument.value_name("PATH").help(self.about_paths())),
            _ => {}
        }
        match self.options.iter().find(|(option, _)| *option == id) {
            Some((_, "")) => Some(argument),
            Some((_, help)) => Some(argument.help(*help)),
            None => {
                // The negation of one that is shown, which refers to it.
                let negated = id.strip_prefix("no_")?;
                let is_of_own = self.options.iter().any(|(option, _)| *option == negated);
                is_of_own.then(|| argument.hide(true))
            }
        }
    }

    fn about_paths(&self) -> &'static str {
        if self.name == "cp" {
            "Files and directories; those on the device begin with a colon"
        } else {
            "Files or directories of the device"
        }
    }

    /// How it is called.
    pub fn usage(&self) -> String {
        format!("mpwire {} [OPTIONS] {}", self.name, self.paths)
    }

    /// Whether an option has a use here, by its name in the parser.
    pub fn has_option(&self, id: &str) -> bool {
        id == "help" || self.options.iter().any(|(option, _)| *option == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_fs_is_one_of_a_command_and_every_page_names_options_of_fs() {
        let all = FsArgs::command();
        let options: Vec<&str> = all
            .get_arguments()
            .filter(|argument| !argument.is_positional() && !argument.is_hide_set())
            .map(|argument| argument.get_id().as_str())
            .collect();
        for option in &options {
            assert!(
                PAGES.iter().any(|page| page.has_option(option)),
                "no page of commands/fs/pages.rs shows --{option}"
            );
        }
        for page in PAGES {
            for (option, _) in page.options {
                assert!(options.contains(option), "{}: --{option}", page.name);
            }
        }
    }

    #[test]
    fn every_digest_has_a_page() {
        assert_eq!(page("sha1sum").unwrap().name, "sha256sum");
        assert!(page("nonsense").is_none());
    }
}
