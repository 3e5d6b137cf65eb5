//! What goes where: one list of files for all packages, each place once, and nothing of it on the
//! board before all of it is here and right.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::fetch::{self, FILE_MOST, Network, Target};
use super::place::PATH_MOST;
use super::resolve::{Packages, resolve};
use super::source::{Source, split};
use super::{Error, Request, Step, Surroundings};
use crate::board::digest::Hasher;
use crate::board::errno::Errno;
use crate::board::fs::{Found, holding};
use crate::board::{self, Board};
use crate::transfer::tree::{Item, Place, send_tree};
use crate::transfer::{self, Options};

/// An installation on its way: [`Plan::resolve`], [`Plan::look`], [`Plan::fetch`], [`Plan::send`].
#[derive(Debug)]
pub struct Plan {
    /// The target's absolute path, without a slash at its end.
    target: String,
    /// The target as it was named.
    shown_target: String,
    index: String,
    packages: Packages,
    /// What each package was called by the user.
    named: Vec<String>,
    files: Vec<File>,
    /// The number of the file that goes to a place.
    places: HashMap<String, usize>,
    /// Whether the board could say what it has.
    looked: bool,
}

/// A file to be: a place below the target.
#[derive(Debug)]
struct File {
    place: String,
    /// The package that names it, for errors.
    package: String,
    /// Where its contents may be had; more than one where several packages have it.
    candidates: Vec<Candidate>,
    there: There,
    data: Option<Rc<[u8]>>,
}

#[derive(Debug)]
struct Candidate {
    package: String,
    hash: Option<String>,
    target: Target,
}

/// What the board has at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
enum There {
    Nothing,
    /// The beginning of a file's SHA-256.
    File(Vec<u8>),
}

impl File {
    /// Whether the board has it, by the hashes of its packages alone.
    fn is_there(&self) -> bool {
        let There::File(digest) = &self.there else {
            return false;
        };
        let digest = hexadecimal(digest);
        self.candidates
            .iter()
            .all(|candidate| match &candidate.hash {
                Some(hash) => begins_alike(hash, &digest),
                None => false,
            })
    }

    /// Whether it was fetched and the board has something else.
    fn is_wanted(&self) -> bool {
        match (&self.data, &self.there) {
            (None, _) => false,
            (Some(data), There::File(digest)) => !sha256(data).starts_with(digest),
            (Some(_), There::Nothing) => true,
        }
    }
}

impl Plan {
    /// Finds what is needed for the packages of `request`; nothing is asked of the board. `found` is
    /// told how many packages are known so far.
    pub fn resolve(
        request: &Request,
        surroundings: &Surroundings,
        network: &Network,
        found: &mut dyn FnMut(usize),
    ) -> Result<Self, Error> {
        let mut sources = Vec::new();
        for package in request.packages {
            sources.push(Source::parse(package).map_err(|reason| Error::Name {
                package: package.clone(),
                reason,
            })?);
        }
        let format = match surroundings.mpy {
            Some(version) if request.mpy => version.to_string(),
            _ => "py".to_owned(),
        };
        let shown_target = surroundings.target(request)?;
        let packages = resolve(request, &sources, &format, network, found)?;
        let mut plan = Self {
            target: surroundings.absolute(&shown_target),
            shown_target,
            index: request.index.shown.clone(),
            packages,
            named: request.packages.to_vec(),
            files: Vec::new(),
            places: HashMap::new(),
            looked: false,
        };
        plan.take_files()?;
        plan.refuse_conflicts()?;
        Ok(plan)
    }

    /// Makes one list of what all packages consist of.
    fn take_files(&mut self) -> Result<(), Error> {
        for package in &self.packages.all {
            for entry in &package.entries {
                let next = self.files.len();
                let number = *self.places.entry(entry.place.clone()).or_insert(next);
                let candidate = Candidate {
                    package: package.source.shown().to_owned(),
                    hash: entry.hash.clone(),
                    target: entry.target.clone(),
                };
                match self.files.get_mut(number) {
                    Some(file) => {
                        let is_new = file.candidates.iter().all(|other| {
                            (&other.hash, &other.target) != (&candidate.hash, &candidate.target)
                        });
                        if is_new {
                            file.candidates.push(candidate);
                        }
                    }
                    None => self.files.push(File {
                        place: entry.place.clone(),
                        package: candidate.package.clone(),
                        candidates: vec![candidate],
                        there: There::Nothing,
                        data: None,
                    }),
                }
            }
        }
        // A name that is too long is found before anything is written, too.
        let most = self.files.iter().map(|file| file.place.len()).max();
        if self.target.len() + most.unwrap_or(0) > PATH_MOST {
            return Err(Error::Limit {
                package: self.named.join(" "),
                reason: format!("paths are longer than {PATH_MOST} bytes"),
            });
        }
        Ok(())
    }

    /// Refuses places that cannot be side by side: a file and a folder of one name, names that differ
    /// in case only (FAT takes them for one), and contents that differ by their hashes.
    fn refuse_conflicts(&self) -> Result<(), Error> {
        let mut names: BTreeMap<String, (&str, bool, &str)> = BTreeMap::new();
        for file in &self.files {
            let place = file.place.as_str();
            let ends = place.match_indices('/').map(|(at, _)| (at, true));
            for (end, is_folder) in ends.chain([(place.len(), false)]) {
                let name = &place[..end];
                let known =
                    names
                        .entry(name.to_lowercase())
                        .or_insert((name, is_folder, &file.package));
                let reason = if known.1 != is_folder {
                    "one has it as a file and the other as a folder"
                } else if known.0 != name {
                    "their names differ in case only, which not every board's filesystem can tell apart"
                } else {
                    continue;
                };
                return Err(conflict(name, known.2, &file.package, reason));
            }
            let mut hashes = file.candidates.iter().filter_map(|candidate| {
                Some((candidate.hash.as_deref()?, candidate.package.as_str()))
            });
            if let Some((first, package)) = hashes.next()
                && let Some((_, other)) = hashes.find(|(hash, _)| !begins_alike(hash, first))
            {
                return Err(conflict(place, package, other, DIFFERENT));
            }
        }
        Ok(())
    }

    /// What is to be told of it, in mpremote's order. Whether files exist is right behind
    /// [`Plan::look`].
    pub fn steps(&self) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        let mut told = BTreeSet::new();
        for (name, &number) in self.named.iter().zip(&self.packages.named) {
            steps.push(Step::Begin {
                package: split(name).0.to_owned(),
            });
            self.packages.visit(number, &mut |package| {
                steps.extend(Step::of(&package.source, &self.index, &self.shown_target));
                for entry in &package.entries {
                    let path = format!("{}/{}", self.shown_target, entry.path);
                    let number = self.places[&entry.place];
                    // A file without a hash is fetched to find out, and told as mpremote tells it.
                    let was_told = !told.insert(number);
                    let exists =
                        entry.hash.is_some() && (was_told || self.files[number].is_there());
                    steps.push(if exists {
                        Step::Exists { path }
                    } else {
                        Step::File { path }
                    });
                }
            })?;
            steps.push(Step::End);
        }
        Ok(steps)
    }

    /// Asks the board what it has of the files already: one exchange.
    pub fn look(&mut self, board: &mut Board) -> Result<(), Error> {
        let names: Vec<String> = self.files.iter().map(|file| file.place.clone()).collect();
        let folder = format!("{}/", self.target);
        let Some(found) = board.digest_beginnings(&folder, &names)? else {
            return Ok(());
        };
        self.looked = true;
        for (file, found) in self.files.iter_mut().zip(found) {
            file.there = match found {
                Found::Nothing => There::Nothing,
                Found::File(digest) => There::File(digest),
                Found::Directory => {
                    return Err(Error::Board(board::Error::File {
                        path: format!("{}/{}", self.target, file.place),
                        errno: Errno::IS_DIRECTORY,
                    }));
                }
            };
        }
        Ok(())
    }

    /// Fetches what the board does not have, and checks it; `done` is told how many files have come,
    /// and of how many.
    pub fn fetch(
        &mut self,
        network: &Network,
        done: &mut dyn FnMut(usize, usize),
    ) -> Result<(), Error> {
        let mut wanted = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            if file.is_there() {
                continue;
            }
            for candidate in 0..file.candidates.len() {
                wanted.push((number, candidate));
            }
        }
        let candidate =
            |&(file, candidate): &(usize, usize)| &self.files[file].candidates[candidate];
        let mut targets: Vec<Target> = Vec::new();
        // Many places may have their contents of one URL.
        let mut numbers: HashMap<Target, usize> = HashMap::new();
        for wanted in &wanted {
            let target = &candidate(wanted).target;
            numbers.entry(target.clone()).or_insert_with(|| {
                targets.push(target.clone());
                targets.len() - 1
            });
        }
        let total = targets.len();
        let fetched = network.fetch(&targets, FILE_MOST, &mut |count| done(count, total));
        let fetched = fetched.map_err(|(number, error)| {
            let about = wanted
                .iter()
                .find(|wanted| candidate(wanted).target == targets[number]);
            match (error, about) {
                (fetch::Error::Interrupted, _) | (_, None) => Error::Interrupted,
                (error, Some(about)) => Error::Fetch {
                    package: candidate(about).package.clone(),
                    what: self.files[about.0].place.clone(),
                    url: targets[number].to_string(),
                    source: error,
                },
            }
        })?;
        let fetched: Vec<Rc<[u8]>> = fetched.into_iter().map(Rc::from).collect();
        for (number, index) in wanted {
            let file = &mut self.files[number];
            let candidate = &file.candidates[index];
            let data = &fetched[numbers[&candidate.target]];
            check(candidate, &file.place, data)?;
            match &file.data {
                None => file.data = Some(Rc::clone(data)),
                Some(first) if first == data => {}
                Some(_) => {
                    let other = &candidate.package;
                    return Err(conflict(&file.place, &file.package, other, DIFFERENT));
                }
            }
        }
        Ok(())
    }

    /// Sends what was fetched, but for what the board turned out to have, as one transfer.
    pub fn send(
        &self,
        board: &mut Board,
        options: &Options,
        events: &mut dyn FnMut(transfer::tree::Event),
    ) -> Result<transfer::tree::Summary, Error> {
        let wanted: Vec<(String, &File)> = self
            .files
            .iter()
            .filter(|file| file.is_wanted())
            .map(|file| (format!("{}/{}", self.target, file.place), file))
            .collect();
        if wanted.is_empty() {
            return Ok(transfer::tree::Summary::default());
        }
        if self.looked {
            self.refuse_full(board)?;
        }
        let mut directories = BTreeSet::new();
        let mut items = Vec::new();
        for (path, file) in &wanted {
            let below = path.trim_start_matches('/');
            let ends = below.match_indices('/');
            directories.extend(ends.map(|(at, _)| below[..at].to_owned()));
            items.push(Item {
                below: below.to_owned(),
                source: transfer::Source::Bytes(file.data.as_deref().unwrap_or_default()),
            });
        }
        // A folder sorts in front of what is in it.
        let directories: Vec<String> = directories.into_iter().collect();
        let root = Place {
            path: "/",
            name: "",
        };
        let sent = send_tree(
            board,
            root,
            &directories,
            &items,
            self.looked,
            &Options {
                has_room: self.looked,
                ..*options
            },
            events,
        );
        let tidied = board.tidy();
        let sent = sent?;
        tidied?;
        Ok(sent)
    }

    /// Refuses what surely does not fit: files that replace others may.
    fn refuse_full(&self, board: &mut Board) -> Result<(), Error> {
        let new = self
            .files
            .iter()
            .filter(|file| file.there == There::Nothing);
        let new_bytes: u64 = new
            .filter_map(|file| Some(file.data.as_ref()?.len() as u64))
            .sum();
        let filesystems = match board.filesystems() {
            // Firmware that does not tell finds out.
            Err(error) if error.is_exception() => return Ok(()),
            other => other?,
        };
        let Some(filesystem) = holding(&filesystems, &(self.target.clone() + "/")) else {
            return Ok(());
        };
        if filesystem.free().is_some_and(|free| new_bytes <= free) {
            return Ok(());
        }
        match board.count_free(filesystem, &filesystems)? {
            Some(free) if free < new_bytes => Err(Error::Transfer(transfer::Error::NoSpace {
                path: self.shown_target.clone(),
                size: new_bytes,
                free,
            })),
            _ => Ok(()),
        }
    }

    /// Bytes that [`Plan::send`] sends at most.
    #[must_use]
    pub fn size(&self) -> u64 {
        let data = self.files.iter().filter_map(|file| file.data.as_ref());
        data.map(|data| data.len() as u64).sum()
    }
}

const DIFFERENT: &str = "their contents differ";

fn conflict(place: &str, package: &str, other: &str, reason: &'static str) -> Error {
    Error::Conflict {
        path: place.to_owned(),
        packages: [package.to_owned(), other.to_owned()],
        reason,
    }
}

/// Refuses contents that are not what the package says.
fn check(candidate: &Candidate, place: &str, data: &[u8]) -> Result<(), Error> {
    let Some(expected) = &candidate.hash else {
        return Ok(());
    };
    let found = hexadecimal(&sha256(data));
    if found.starts_with(expected.as_str()) {
        return Ok(());
    }
    Err(Error::Hash {
        package: candidate.package.clone(),
        path: place.to_owned(),
        url: candidate.target.to_string(),
        expected: expected.clone(),
        found: found[..expected.len()].to_owned(),
    })
}

fn sha256(data: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::sha256();
    hasher.update(data);
    hasher.finish().bytes()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// Whether two beginnings of hashes are of one.
fn begins_alike(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}
