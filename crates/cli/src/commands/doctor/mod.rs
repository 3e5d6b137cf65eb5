//! `doctor`: what is wrong, and what to do about it.

mod advice;
mod json;
mod text;
mod words;

use mpwire::doctor::examination::{Options, examine};
use mpwire::doctor::ports::{self, PortState};
use mpwire::doctor::{Finding, Level};
use mpwire::link::{Address, OpenError};

use crate::args::DoctorArgs;
use crate::connection::{Connection, Patient, Unopened};
use crate::error::Error;
use crate::progress::Stage;
use crate::report;
use advice::Asked;

/// Which programs have a port open, and what to do about it.
pub fn who_holds(port: &str) -> Option<String> {
    let holders = ports::look(port).holders;
    (!holders.is_empty()).then(|| {
        let holders = words::processes(&holders);
        format!("{holders} has it open: close that, or end it with kill")
    })
}

/// Looks, tells, and fails if there is a problem.
pub fn doctor(connection: &mut Connection, arguments: &DoctorArgs) -> Result<(), Error> {
    let options = Options {
        interrupt: arguments.interrupt,
        fix: arguments.fix,
    };
    let mut target = None;
    let findings = look(connection, options, &mut target)?;
    connection.did_action();
    let asked = Asked {
        mpwire: line_for(target.as_deref()),
        interrupt: arguments.interrupt,
        fix: arguments.fix,
    };
    let report = if arguments.json {
        json::of(&findings, &asked)
    } else {
        text::of(&findings, &asked)
    };
    report::bytes(report.as_bytes())?;
    match worst(&findings) {
        Level::Problem => Err(Error::Unwell),
        Level::Warning | Level::Fine => Ok(()),
    }
}

/// The beginning of a command line for the board that was looked at, so that advice can be copied.
fn line_for(target: Option<&str>) -> String {
    match target {
        Some(target) => format!("mpwire connect {}", shell_words::quote(target)),
        None => "mpwire".to_owned(),
    }
}

fn worst(findings: &[Finding]) -> Level {
    let levels = findings.iter().map(Finding::level);
    levels.max().unwrap_or(Level::Fine)
}

/// All that is found, in the order of the sections; `target` becomes what was looked at, if that is one.
fn look(
    connection: &mut Connection,
    options: Options,
    target: &mut Option<String>,
) -> Result<Vec<Finding>, Error> {
    let mut findings = match connection.patient()? {
        Patient::Unopened(unopened) => {
            *target = Some(unopened.device.clone());
            look_into(&unopened)
        }
        Patient::Board(board) => {
            *target = Some(board.name().to_owned());
            let mut findings = chosen_port(board.name());
            findings.extend(with_stage(board, options)?);
            findings
        }
        Patient::Unnamed => look_around(connection, options, target)?,
    };
    findings.sort_by_key(Finding::section);
    Ok(findings)
}

/// Every port, and the board if there is one of which nobody can doubt that it is meant.
fn look_around(
    connection: &mut Connection,
    options: Options,
    target: &mut Option<String>,
) -> Result<Vec<Finding>, Error> {
    let mut findings = ports::survey();
    let boards: Vec<String> = ports::usable_boards(&findings)
        .into_iter()
        .map(|state| state.port.path.clone())
        .collect();
    match &boards[..] {
        [] => {}
        [path] => {
            *target = Some(path.clone());
            match connection.connect(&Address::Port(path.clone())) {
                Ok(()) => {
                    if let Patient::Board(board) = connection.patient()? {
                        findings.extend(with_stage(board, options)?);
                    }
                }
                Err(Error::Open(error)) => findings.push(not_opened(path, &error)),
                Err(other) => return Err(other),
            }
        }
        _ => findings.push(Finding::SeveralBoards { ports: boards }),
    }
    Ok(findings)
}

/// Why a port could not be opened.
fn look_into(unopened: &Unopened) -> Vec<Finding> {
    let Unopened { device, error } = unopened;
    let mut findings = match Address::parse(device) {
        Address::Port(path) => chosen_port(&path),
        // All ports, since it is one of them that was looked for.
        Address::Auto | Address::SerialNumber(_) => ports::survey(),
        _ => Vec::new(),
    };
    let is_explained = findings
        .iter()
        .any(|finding| matches!(finding, Finding::ChosenPort(_)) && finding.level() != Level::Fine);
    if !is_explained {
        findings.push(not_opened(error.name().unwrap_or(device), error));
    }
    findings
}

/// What is known of the port that is in use, and where it is not there, of the others.
fn chosen_port(name: &str) -> Vec<Finding> {
    let Address::Port(path) = Address::parse(name) else {
        return Vec::new();
    };
    let state: PortState = ports::look(&path);
    let is_missing = matches!(state.access, ports::Access::Missing);
    let mut findings = vec![Finding::ChosenPort(state)];
    if is_missing {
        findings.extend(ports::survey());
    } else {
        findings.extend(ports::grabbers());
    }
    findings
}

fn not_opened(name: &str, error: &OpenError) -> Finding {
    Finding::NotOpened {
        name: name.to_owned(),
        reason: error.to_string(),
        hint: error.hint().map(str::to_owned),
    }
}

fn with_stage(board: &mut mpwire::board::Board, options: Options) -> Result<Vec<Finding>, Error> {
    let stage = Stage::new();
    let found = examine(board, options, &mut |what| {
        stage.show(&format!("looking at {what}"));
    });
    // The user's interrupt is all that ends it.
    found.map_err(|_| Error::Interrupted)
}
