//! `sim`: a simulated board for other programs.

use crate::args::SimArgs;
use crate::connection::Connection;
use crate::error::Error;

/// Runs a board until the program is interrupted, then prints what it counted.
#[cfg(target_os = "linux")]
pub fn sim(connection: &mut Connection, arguments: &SimArgs) -> Result<(), Error> {
    use mpwire_sim::Board;

    use crate::{interrupt, report};

    let failed = |error: &dyn std::error::Error| Error::message(format!("sim: {error}"));
    let options = options(arguments)?;
    let stop = interrupt::wait_instead();
    let board = Board::start(options).map_err(|error| failed(&error))?;
    board
        .attach_pty(&arguments.port)
        .map_err(|error| Error::local("sim", &arguments.port.to_string_lossy(), &error))?;
    report::line(&format!("board ready at {}", arguments.port.display()))?;
    connection.did_action();
    // The sender lives as long as the program.
    let _ = stop.recv();
    report::line(&board.stop().to_string())
}

#[cfg(target_os = "linux")]
fn options(arguments: &SimArgs) -> Result<mpwire_sim::Options, Error> {
    let failed = |error: mpwire_sim::OptionsError| Error::message(format!("sim: {error}"));
    let mut options = mpwire_sim::Options::default();
    let flags = [
        ("link", &arguments.link),
        ("flash", &arguments.flash),
        ("fs", &arguments.fs),
        ("heap", &arguments.heap),
        ("missing", &arguments.missing),
    ];
    for (key, value) in flags {
        if let Some(value) = value {
            options.set(key, value).map_err(failed)?;
        }
    }
    for pair in &arguments.set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::message(format!("sim: '{pair}' is not KEY=VALUE")))?;
        options.set(key, value).map_err(failed)?;
    }
    Ok(options)
}

/// There is no interpreter to simulate a board with.
#[cfg(not(target_os = "linux"))]
pub fn sim(_connection: &mut Connection, _arguments: &SimArgs) -> Result<(), Error> {
    Err(Error::message("sim: simulated boards need Linux"))
}
