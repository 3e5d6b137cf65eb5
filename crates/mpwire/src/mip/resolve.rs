//! Which packages are needed: what the user named, and what that needs, each fetched once.
//!
//! The packages of one level are fetched together, so that a deep tree takes as many round trips to
//! the server as it has levels. What a package may name depends on how it came: one that came by
//! https names nothing that comes by http, and only the user's own names files of this computer.

use std::collections::HashMap;

use super::fetch::{self, MANIFEST_MOST, Network, Target};
use super::index::Index;
use super::package::{Manifest, excerpt};
use super::place::confined;
use super::source::{Location, Sites, Source};
use super::{Error, Request};

/// Packages that one installation may consist of.
const PACKAGES_MOST: usize = 256;
/// Files that one installation may consist of.
const FILES_MOST: usize = 8192;
/// How many dependencies may stand in a row.
const DEPTH_MOST: usize = 32;
/// How often packages may be gone through for the listing: a package that many need comes often.
const VISITS_MOST: usize = 1024;

/// How what is named came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    /// The user typed it, or has it in a file.
    User,
    /// By https.
    Secure,
    /// By http, which the user asked for.
    Plain,
}

/// What a file of a package is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The path in the package, as it stands there.
    pub path: String,
    /// The path below the target.
    pub place: String,
    /// How its SHA-256 begins, in hexadecimal digits, if that is known.
    pub hash: Option<String>,
    /// Where its contents are.
    pub target: Target,
}

/// A package.
#[derive(Debug)]
pub(super) struct Package {
    pub source: Source,
    /// How many packages stand between it and the user.
    depth: usize,
    origin: Origin,
    pub entries: Vec<Entry>,
    /// The packages it needs.
    pub dependencies: Vec<usize>,
}

/// Packages, and those among them that the user named, in order.
#[derive(Debug)]
pub(super) struct Packages {
    pub all: Vec<Package>,
    pub named: Vec<usize>,
}

/// Finds what is needed for `sources`; `format` is the board's version of `.mpy`, or `py`.
pub(super) fn resolve(
    request: &Request,
    sources: &[Source],
    format: &str,
    network: &Network,
    found: &mut dyn FnMut(usize),
) -> Result<Packages, Error> {
    let mut resolver = Resolver {
        index: request.index,
        sites: request.sites,
        format,
        all: Vec::new(),
        known: HashMap::new(),
    };
    let mut named = Vec::new();
    for source in sources {
        named.push(resolver.add(source.clone(), Origin::User, 0)?);
    }
    let mut fetched = 0;
    while fetched < resolver.all.len() {
        let level = fetched..resolver.all.len();
        fetched = level.end;
        found(resolver.all.len());
        let listings = resolver.fetch(level.clone(), network)?;
        for (number, text) in level.zip(listings) {
            match text {
                None => resolver.take_file(number)?,
                Some(text) => resolver.take_package(number, &text)?,
            }
        }
    }
    let all = resolver.all;
    Ok(Packages { all, named })
}

struct Resolver<'a> {
    index: &'a Index,
    sites: &'a Sites,
    format: &'a str,
    all: Vec<Package>,
    /// The number of each package among `all`.
    known: HashMap<(Source, Origin), usize>,
}

impl Resolver<'_> {
    /// Adds a package, unless it is there.
    fn add(&mut self, source: Source, origin: Origin, depth: usize) -> Result<usize, Error> {
        // One of the index is the same whoever names it, and the index is the user's word.
        let origin = match source {
            Source::Named { .. } => Origin::User,
            _ => origin,
        };
        let key = (source.clone(), origin);
        if let Some(&number) = self.known.get(&key) {
            return Ok(number);
        }
        let limit = |reason: String| Error::Limit {
            package: source.shown().to_owned(),
            reason,
        };
        if depth > DEPTH_MOST {
            return Err(limit(format!(
                "more than {DEPTH_MOST} packages need each other in a row"
            )));
        }
        if self.all.len() >= PACKAGES_MOST {
            return Err(limit(format!(
                "more than {PACKAGES_MOST} packages are needed"
            )));
        }
        self.all.push(Package {
            source,
            depth,
            origin,
            entries: Vec::new(),
            dependencies: Vec::new(),
        });
        self.known.insert(key, self.all.len() - 1);
        Ok(self.all.len() - 1)
    }

    /// Where the listing of a package is; `None` for a file by itself.
    fn listing(&self, source: &Source) -> Option<Location> {
        match source {
            Source::Named { name, version } => Some(self.index.package(self.format, name, version)),
            Source::Package { location, .. } => Some(location.clone()),
            Source::File { .. } => None,
        }
    }

    /// Fetches the listings of packages; `None` for files by themselves.
    fn fetch(
        &self,
        numbers: std::ops::Range<usize>,
        network: &Network,
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let sources = || {
            self.all[numbers.clone()]
                .iter()
                .map(|package| &package.source)
        };
        let listings: Vec<(&Source, Target)> = sources()
            .filter_map(|source| Some((source, self.target(&self.listing(source)?))))
            .collect();
        let targets: Vec<Target> = listings.iter().map(|(_, target)| target.clone()).collect();
        let texts = network
            .fetch(&targets, MANIFEST_MOST, &mut |_| {})
            .map_err(|(number, error)| {
                let (source, target) = &listings[number];
                self.not_found(source, target, error)
            })?;
        let mut texts = texts.into_iter();
        Ok(sources()
            .map(|source| self.listing(source).and_then(|_| texts.next()))
            .collect())
    }

    fn not_found(&self, source: &Source, target: &Target, error: fetch::Error) -> Error {
        match (error, source) {
            (fetch::Error::Interrupted, _) => Error::Interrupted,
            (fetch::Error::Missing, Source::Named { name, version }) => Error::NotInIndex {
                package: name.clone(),
                version: version.clone(),
                format: self.format.to_owned(),
                url: target.to_string(),
            },
            (error, _) => Error::Fetch {
                package: source.shown().to_owned(),
                what: "package.json".to_owned(),
                url: target.to_string(),
                source: error,
            },
        }
    }

    fn target(&self, location: &Location) -> Target {
        match (location.url(self.sites), location) {
            (None, Location::Local(path)) => Target::File(path.clone()),
            (Some(url), _) => Target::Url(url),
            (None, _) => Target::File(String::new()),
        }
    }

    /// How what a package names comes here.
    fn origin(&self, number: usize) -> Origin {
        let package = &self.all[number];
        match self
            .listing(&package.source)
            .and_then(|listing| listing.url(self.sites))
        {
            None => package.origin,
            Some(url) if url.scheme() == "https" => Origin::Secure,
            Some(_) => Origin::Plain,
        }
    }

    /// Refuses what a package may not name.
    fn admit(location: &Location, origin: Origin) -> Result<(), &'static str> {
        match (location, origin) {
            (Location::Local(_), Origin::Secure | Origin::Plain) => {
                Err("it names a file of this computer")
            }
            (Location::Web(url), Origin::Secure) if url.scheme() != "https" => Err(
                "the package came by https and names what comes by http, which anybody on the way can change",
            ),
            _ => Ok(()),
        }
    }

    /// Takes note of a file by itself.
    fn take_file(&mut self, number: usize) -> Result<(), Error> {
        let package = &self.all[number];
        if let Source::File { location, name, .. } = &package.source {
            let entry = Entry {
                path: name.clone(),
                place: place(&package.source, name)?,
                hash: None,
                target: self.target(location),
            };
            self.all[number].entries.push(entry);
        }
        Ok(())
    }

    /// Reads the listing of a package.
    fn take_package(&mut self, number: usize, text: &[u8]) -> Result<(), Error> {
        let source = self.all[number].source.clone();
        let depth = self.all[number].depth;
        let origin = self.origin(number);
        let listing = self
            .listing(&source)
            .unwrap_or(Location::Local(String::new()));
        let invalid = |reason: String| Error::Invalid {
            package: source.shown().to_owned(),
            url: self.target(&listing).to_string(),
            reason,
        };
        let manifest = Manifest::parse(text).map_err(invalid)?;
        let mut entries = Vec::new();
        for (path, hash) in manifest.hashes {
            entries.push(Entry {
                place: place(&source, &path)?,
                path,
                target: self.target(&self.index.file(&hash)),
                hash: Some(hash.to_ascii_lowercase()),
            });
        }
        for (number, (path, url)) in manifest.urls.into_iter().enumerate() {
            let location = listing
                .entry(&url, source.reference())
                .and_then(|location| {
                    Self::admit(&location, origin)?;
                    Ok(location)
                });
            let location = location.map_err(|reason| {
                invalid(format!("urls[{number}][1] {}: {reason}", excerpt(&url)))
            })?;
            entries.push(Entry {
                place: place(&source, &path)?,
                path,
                hash: None,
                target: self.target(&location),
            });
        }
        let mut needed = Vec::new();
        for (number, (name, version)) in manifest.dependencies.into_iter().enumerate() {
            let dependency = match version {
                None => Source::parse(&name),
                Some(version) => Source::of(&name, Some(&version)),
            };
            let dependency = dependency.and_then(|dependency| {
                if let Some(location) = dependency.location() {
                    Self::admit(location, origin)?;
                }
                Ok(dependency)
            });
            needed.push(dependency.map_err(|reason| {
                invalid(format!("deps[{number}] {}: {reason}", excerpt(&name)))
            })?);
        }
        let mut dependencies = Vec::new();
        for dependency in needed {
            dependencies.push(self.add(dependency, origin, depth + 1)?);
        }
        let files: usize = self.all.iter().map(|package| package.entries.len()).sum();
        if files + entries.len() > FILES_MOST {
            return Err(Error::Limit {
                package: source.shown().to_owned(),
                reason: format!("more than {FILES_MOST} files are needed"),
            });
        }
        self.all[number].entries = entries;
        self.all[number].dependencies = dependencies;
        Ok(())
    }
}

/// The path below the target of a file of a package.
fn place(source: &Source, path: &str) -> Result<String, Error> {
    confined(path).map_err(|reason| Error::Place {
        package: source.shown().to_owned(),
        path: path.to_owned(),
        reason,
    })
}

impl Packages {
    /// Goes through `package` and what it needs, in mpremote's order: each before its dependencies,
    /// and again wherever it is needed again, but never inside of itself.
    pub(super) fn visit(
        &self,
        package: usize,
        visitor: &mut dyn FnMut(&Package),
    ) -> Result<(), Error> {
        let mut left = VISITS_MOST;
        self.visit_inside(package, &mut Vec::new(), &mut left, visitor)
    }

    fn visit_inside(
        &self,
        number: usize,
        inside_of: &mut Vec<usize>,
        left: &mut usize,
        visitor: &mut dyn FnMut(&Package),
    ) -> Result<(), Error> {
        let package = &self.all[number];
        *left = left.checked_sub(1).ok_or_else(|| Error::Limit {
            package: package.source.shown().to_owned(),
            reason: format!("packages need each other in more than {VISITS_MOST} ways"),
        })?;
        visitor(package);
        inside_of.push(number);
        for &dependency in &package.dependencies {
            if !inside_of.contains(&dependency) {
                self.visit_inside(dependency, inside_of, left, visitor)?;
            }
        }
        inside_of.pop();
        Ok(())
    }
}
