//! `mip`: packages, from an index, a repository, a URL or this computer.
//!
//! What goes to stdout is mpremote's. A line is printed when what it says is certain: files are
//! `Installing` when all of them are here and right, and a package is `Done` when the board has it.

use std::env;
use std::thread;

use mpwire::board::Board;
use mpwire::mip::{
    Error as MipError, Index, Network, Plan, Request, Sites, Source, Step, Surroundings, fetch,
    index, source,
};
use mpwire::transfer::{Options, tree};

use crate::args::MipArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::interrupt;
use crate::progress::{FileProgress, Stage};
use crate::report;

/// Says what is wrong with the words, as far as that can be told without a board.
pub fn check(arguments: &MipArgs) -> Result<(), Error> {
    if arguments.command == "install" {
        return Ok(());
    }
    Err(Error::message(format!(
        "mip: '{}' is not a command",
        arguments.command
    )))
}

/// Installs packages.
pub fn mip(connection: &mut Connection, arguments: &MipArgs) -> Result<(), Error> {
    connection.did_action();
    check(arguments)?;
    let index = index_of(arguments)?;
    let sites = sites()?;
    let request = Request {
        packages: &arguments.packages,
        target: arguments.target.as_deref(),
        index: &index,
        sites: &sites,
        mpy: !arguments.no_mpy,
    };
    install(connection.board()?, &request)
}

fn install(board: &mut Board, request: &Request) -> Result<(), Error> {
    let network = Network::new();
    let mut listing = Listing::default();
    let surroundings = listing.begin(board, request)?;
    let stage = Stage::new();
    let mut plan = interruptible(board, &network, || {
        Plan::resolve(request, &surroundings, &network, &mut |count| {
            stage.show(&format!("looking up {count} packages"));
        })
    })?;
    plan.look(board).map_err(explain)?;
    interruptible(board, &network, || {
        plan.fetch(&network, &mut |count, total| {
            stage.show(&format!("downloaded {count} of {total} files"));
        })
    })?;
    drop(stage);
    let steps = plan.steps().map_err(explain)?;
    let first_end = steps.iter().position(|step| *step == Step::End);
    let (before, after) = steps.split_at(first_end.unwrap_or(steps.len()));
    listing.tell(&before[listing.told.min(before.len())..])?;
    {
        let progress = FileProgress::new("packages");
        plan.send(board, &Options::default(), &mut |event| match event {
            tree::Event::Sending(path) => progress.rename(&path),
            tree::Event::Progress(step) => progress.update(step),
            _ => {}
        })
        .map_err(explain)?;
    }
    listing.tell(after)
}

/// Does what no board is needed for, so that an interrupt ends it at once.
fn interruptible<T>(
    board: &Board,
    network: &Network,
    action: impl FnOnce() -> Result<T, MipError>,
) -> Result<T, Error> {
    let interrupts = interrupt::wait_instead();
    let stopper = network.stopper();
    // Ends with what it waits for, when interrupts go to the board again.
    thread::spawn(move || {
        if interrupts.recv().is_ok() {
            stopper.stop();
        }
    });
    let result = action();
    interrupt::forward_to(Some(board.interrupter()));
    result.map_err(explain)
}

/// What was told.
#[derive(Default)]
struct Listing {
    told: usize,
}

impl Listing {
    /// Tells what is certain before anything is looked up, and asks the board what matters of it.
    fn begin(&mut self, board: &mut Board, request: &Request) -> Result<Surroundings, Error> {
        let Some(first) = request.packages.first() else {
            return Err(Error::message("mip: no package was named"));
        };
        self.tell(&[Step::Begin {
            package: source::split(first).0.to_owned(),
        }])?;
        let surroundings = Surroundings::ask(board).map_err(|error| explain(error.into()))?;
        let target = surroundings.target(request).map_err(explain)?;
        if let Ok(source) = Source::parse(first) {
            let heading = Step::of(&source, &request.index.shown, &target);
            self.tell(heading.as_slice())?;
        }
        Ok(surroundings)
    }

    fn tell(&mut self, steps: &[Step]) -> Result<(), Error> {
        self.told += steps.len();
        let lines: Vec<String> = steps.iter().map(line).collect();
        if report::is_quiet() {
            return Ok(());
        }
        report::lines(&lines)
    }
}

/// A line as mpremote prints it.
fn line(step: &Step) -> String {
    match step {
        Step::Begin { package } => format!("Install {package}"),
        Step::Named {
            name,
            version,
            index,
            target,
        } => format!("Installing {name} ({version}) from {index} to {target}"),
        Step::Package { url, target } => format!("Installing {url} to {target}"),
        Step::Download { url, target } => format!("Downloading {url} to {target}"),
        Step::Exists { path } => format!("Exists: {path}"),
        Step::File { path } => format!("Installing: {path}"),
        Step::End => "Done".to_owned(),
    }
}

/// The index that was asked for, on the command line or in the environment.
fn index_of(arguments: &MipArgs) -> Result<Index, Error> {
    let named = arguments
        .index
        .clone()
        .or_else(|| variable("MPWIRE_MIP_INDEX"));
    let text = named.as_deref().unwrap_or(index::DEFAULT);
    Index::parse(text).map_err(|reason| Error::message(format!("mip: index {text:?}: {reason}")))
}

/// Where repositories are; the environment may name mirrors.
fn sites() -> Result<Sites, Error> {
    let mut sites = Sites::default();
    for (name, site) in [
        ("MPWIRE_MIP_GITHUB", &mut sites.github),
        ("MPWIRE_MIP_GITLAB", &mut sites.gitlab),
        ("MPWIRE_MIP_CODEBERG", &mut sites.codeberg),
    ] {
        if let Some(text) = variable(name) {
            *site = mpwire::mip::source::base(&text)
                .map_err(|reason| Error::message(format!("mip: {name}={text:?}: {reason}")))?;
        }
    }
    Ok(sites)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn explain(error: MipError) -> Error {
    match error {
        MipError::Interrupted => Error::Interrupted,
        MipError::Board(error) => Error::from(error).of_command("mip"),
        MipError::Transfer(error) => Error::from(error).of_command("mip"),
        other => Error::Mip(other),
    }
}

/// What the user can do about it, where there is something.
pub fn hint(error: &MipError) -> Option<&'static str> {
    match error {
        MipError::NoLibrary => Some("--target names a folder to install to"),
        MipError::NotInIndex { format, .. } if format == "py" => {
            Some("is its name right? --index names another index")
        }
        MipError::NotInIndex { .. } => Some(
            "is its name right? --no-mpy looks for its source files, --index names another index",
        ),
        MipError::Fetch { source, what, .. } => match source {
            fetch::Error::Missing if what == "package.json" => Some(
                "is its name right, and is there a package.json in that folder and on that branch?",
            ),
            fetch::Error::Certificate(_) => Some(
                "where a proxy looks into TLS, the environment variable SSL_CERT_FILE names a file with its certificates",
            ),
            fetch::Error::Unreachable(_) => {
                Some("is there a connection? The environment variable HTTPS_PROXY names a proxy")
            }
            _ => None,
        },
        _ => None,
    }
}
