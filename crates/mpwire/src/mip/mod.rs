//! Packages: from an index, a repository, a URL or this computer to the board.
//!
//! Everything is fetched and checked on this computer first and then sent as one transfer: what
//! fails on the way leaves the board as it was. A package is whatever its author or a server made of
//! it; each module below refuses what it must not get.
//!
//! | module | step |
//! |---|---|
//! | [`source`] | what is named -> where that is |
//! | [`index`] | where the index has packages and files |
//! | [`package`] | `package.json`, its shape checked |
//! | [`place`] | paths that stay below the target and that any board can hold |
//! | [`fetch`] | from the network, in parallel, within limits of size and time |
//! | `resolve` | what a package needs, and what it may name |
//! | [`plan`] | one list of files, compared with the board's, fetched, checked, sent |
//!
//! ```no_run
//! # fn install(mut board: mpwire::board::Board) -> Result<(), mpwire::mip::Error> {
//! use mpwire::mip::{Index, Network, Plan, Request, Sites, Surroundings};
//! use mpwire::transfer::Options;
//!
//! let index = Index::parse(mpwire::mip::index::DEFAULT).expect("it is a URL");
//! let request = Request {
//!     packages: &["aiohttp".to_owned()],
//!     target: None,
//!     index: &index,
//!     sites: &Sites::default(),
//!     mpy: true,
//! };
//! let network = Network::new();
//! let surroundings = Surroundings::ask(&mut board)?;
//! let mut plan = Plan::resolve(&request, &surroundings, &network, &mut |_| {})?;
//! plan.look(&mut board)?;
//! plan.fetch(&network, &mut |_, _| {})?;
//! plan.send(&mut board, &Options::default(), &mut |_| {})?;
//! # Ok(())
//! # }
//! ```

pub mod fetch;
pub mod index;
pub mod package;
pub mod place;
pub mod plan;
mod resolve;
pub mod source;

pub use fetch::{Network, Stopper};
pub use index::Index;
pub use plan::Plan;
pub use source::{Sites, Source};

use mpwire_proto::literal::Value;

use crate::board::{self, Board, onboard, read, unreadable};
use crate::transfer;

/// What is to be installed, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What the user named, in order.
    pub packages: &'a [String],
    /// The folder on the board; `None` is the board's own for libraries.
    pub target: Option<&'a str>,
    /// Where packages are looked up by name.
    pub index: &'a Index,
    /// Where repositories are.
    pub sites: &'a Sites,
    /// Whether compiled files are wanted, if the board runs them.
    pub mpy: bool,
}

/// What matters of a board for an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The version of compiled files that the firmware runs (`sys.implementation._mpy & 0xFF`).
    pub mpy: Option<u8>,
    /// Where the board looks for libraries: the first of its paths that ends in `/lib` and is not in
    /// ROM.
    pub library: Option<String>,
    /// The current directory.
    pub directory: String,
}

impl Surroundings {
    /// Asks a board: one exchange.
    pub fn ask(board: &mut Board) -> Result<Self, board::Error> {
        Self::parse(&board.run(&[onboard::SURROUNDINGS], "_mw_surroundings()")?)
    }

    /// Reads what `onboard/surroundings.py` printed.
    pub fn parse(reply: &[u8]) -> Result<Self, board::Error> {
        let value = read(reply)?;
        let read = || {
            let [mpy, paths, directory] = value.as_items()? else {
                return None;
            };
            let mut paths = paths.as_items()?.iter().filter_map(Value::as_str);
            let library = paths.find(|path| {
                // What a board says may be meant for a terminal rather than for us.
                let is_plain = !path.chars().any(char::is_control);
                is_plain && path.ends_with("/lib") && !path.starts_with("/rom")
            });
            Some(Self {
                mpy: u8::try_from(mpy.as_int()?)
                    .ok()
                    .filter(|&version| version > 0),
                library: library.map(str::to_owned),
                directory: directory.as_str()?.to_owned(),
            })
        };
        read().ok_or_else(|| unreadable(reply, "paths were expected"))
    }

    /// The folder on the board that is installed to, as it is named.
    pub fn target(&self, request: &Request) -> Result<String, Error> {
        let target = request.target.or(self.library.as_deref());
        target.map(str::to_owned).ok_or(Error::NoLibrary)
    }

    fn absolute(&self, path: &str) -> String {
        place::absolute(path, &self.directory)
    }
}

/// What an installation does, in mpremote's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What the user named begins.
    Begin {
        /// As the user named it, without a version.
        package: String,
    },
    /// A package of the index.
    Named {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// The index.
        index: String,
        /// The folder on the board.
        target: String,
    },
    /// A package by its URL.
    Package {
        /// The `package.json`.
        url: String,
        /// The folder on the board.
        target: String,
    },
    /// A file by its URL.
    Download {
        /// The URL.
        url: String,
        /// The folder on the board.
        target: String,
    },
    /// The board has a file.
    Exists {
        /// Its path.
        path: String,
    },
    /// A file is put on the board.
    File {
        /// Its path.
        path: String,
    },
    /// What the user named is there.
    End,
}

impl Step {
    /// What is told of a package before its files: nothing of one on this computer.
    #[must_use]
    pub fn of(source: &Source, index: &str, target: &str) -> Option<Self> {
        let target = target.to_owned();
        if let Some(source::Location::Local(_)) = source.location() {
            return None;
        }
        Some(match source {
            Source::Named { name, version } => Self::Named {
                name: name.clone(),
                version: version.clone(),
                index: index.to_owned(),
                target,
            },
            Source::Package { shown, .. } => Self::Package {
                url: shown.clone(),
                target,
            },
            Source::File { shown, .. } => Self::Download {
                url: shown.clone(),
                target,
            },
        })
    }
}

/// Why packages cannot be installed. Nothing is on the board then, unless sending failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was named cannot be a package.
    #[error("{package:?}: {reason}")]
    Name {
        /// What was named.
        package: String,
        /// Why.
        reason: String,
    },
    /// The board has no folder for libraries.
    #[error("Unable to find lib dir in sys.path")]
    NoLibrary,
    /// The index does not have the package.
    #[error("{package}: Package not found: {url} (version {version}, format {format})")]
    NotInIndex {
        /// The package's name.
        package: String,
        /// The version that was looked for.
        version: String,
        /// The format that was looked for: a version of `.mpy` files, or `py`.
        format: String,
        /// Where.
        url: String,
    },
    /// Something cannot be fetched.
    #[error("{package}: {what} cannot be fetched from {url}: {source}")]
    Fetch {
        /// The package.
        package: String,
        /// Its file.
        what: String,
        /// Where it should be.
        url: String,
        /// Why.
        source: fetch::Error,
    },
    /// A `package.json` is not as it should be, or names what it must not.
    #[error("{package}: {url} is not a valid package.json: {reason}")]
    Invalid {
        /// The package.
        package: String,
        /// Where it is.
        url: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// A package would put a file where it must not.
    #[error("{package}: the path {} {reason}", package::excerpt(path))]
    Place {
        /// The package.
        package: String,
        /// The path.
        path: String,
        /// Why not.
        reason: &'static str,
    },
    /// A file is not what the package says.
    #[error(
        "{package}: {path} from {url} is not what the package says: its SHA-256 begins with {found}, not {expected}"
    )]
    Hash {
        /// The package.
        package: String,
        /// The file.
        path: String,
        /// Where it came from.
        url: String,
        /// The beginning of its SHA-256 in the package.
        expected: String,
        /// As much of its own.
        found: String,
    },
    /// Two packages do not go together.
    #[error("{path}: {} both have it, and {reason}", both(packages))]
    Conflict {
        /// Where they meet, below the target.
        path: String,
        /// Both.
        packages: [String; 2],
        /// How.
        reason: &'static str,
    },
    /// There is more than is reasonable.
    #[error("{package}: {reason}")]
    Limit {
        /// The package.
        package: String,
        /// What there is more of.
        reason: String,
    },
    /// The board failed.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// Sending failed.
    #[error(transparent)]
    Transfer(#[from] transfer::Error),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Both packages of a conflict, or the one that conflicts with itself.
fn both([one, other]: &[String; 2]) -> String {
    if one == other {
        format!("two entries of {one}")
    } else {
        format!("{one} and {other}")
    }
}
