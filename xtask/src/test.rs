//! `cargo xtask test`: every test of the workspace.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, Result};

use crate::{project, releases, setup};

/// Where Debian's package puts the genuine BBC micro:bit firmware.
const MICROBIT_FIRMWARE: &str = "/usr/share/firmware-microbit-micropython/firmware.hex";

/// `cargo xtask test`
#[derive(clap::Args)]
pub struct Arguments {
    /// Handed to the test runner: names to filter by, `--test NAME`, `--package NAME`…
    /// With any, the documentation's tests are left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    runner: Vec<OsString>,
}

impl Arguments {
    /// Every test there is.
    pub fn everything() -> Self {
        Self { runner: Vec::new() }
    }
}

/// Runs the tests; the exit code is the runner's.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tools = setup::run()?;
    releases::run(&tools)?;
    // The command-line tests start the program, so a build error is reported here, once, by name.
    project::build(&["--all-features"])?;

    let nextest = has_nextest();
    // First, so that the runner's own summary is the last thing on the screen. Without nextest,
    // `cargo test` runs them by itself.
    let documentation = if nextest && arguments.runner.is_empty() {
        let mut command = project::cargo();
        command.args(["test", "--doc", "--workspace", "--all-features"]);
        tools.export(&mut command);
        Some(command.status().context("cannot run cargo test --doc")?)
    } else {
        None
    };

    let mut command = project::cargo();
    command.args(if nextest {
        &["nextest", "run"][..]
    } else {
        &["test"]
    });
    command.arg("--all-features");
    if !names_a_package(&arguments.runner) {
        command.arg("--workspace");
    }
    command.args(&arguments.runner);
    tools.export(&mut command);
    releases::export(&mut command);
    more_threads_than_cores(&mut command);
    let status = command.status().context("cannot run the test runner")?;

    eprintln!("{}", microbit_note());
    let failed_documentation = documentation.filter(|status| !status.success());
    if failed_documentation.is_some() {
        eprintln!("test: the documentation's tests failed, see above");
    }
    // The runner's verdict counts first.
    let decisive = if status.success() {
        failed_documentation.unwrap_or(status)
    } else {
        status
    };
    Ok(exit_code(decisive))
}

fn has_nextest() -> bool {
    project::cargo()
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// `--workspace` would override the choice.
fn names_a_package(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| {
            let argument = argument.to_string_lossy();
            argument.starts_with("-p") || argument.starts_with("--package")
        })
}

/// Simulated boards are paced in real time: most tests wait for their line, not for a core.
fn more_threads_than_cores(command: &mut Command) {
    let threads = 2 * thread::available_parallelism().map_or(1, usize::from);
    for variable in ["NEXTEST_TEST_THREADS", "RUST_TEST_THREADS"] {
        // What the user has set stands.
        if env::var_os(variable).is_none() {
            command.env(variable, threads.to_string());
        }
    }
}

/// Tests on the emulated micro:bit pass without running where the emulator is missing; say which.
fn microbit_note() -> String {
    let emulator = is_on_path("qemu-system-arm");
    let firmware = Path::new(MICROBIT_FIRMWARE).is_file();
    if emulator && firmware {
        return "micro:bit tests: not skipped, qemu and the genuine firmware are here".to_owned();
    }
    let missing = match (emulator, firmware) {
        (false, false) => "qemu-system-arm and the firmware are missing",
        (false, true) => "qemu-system-arm is missing",
        (true, _) => "the firmware is missing",
    };
    format!(
        "micro:bit tests: SKIPPED, {missing}; \
         apt-get install qemu-system-arm firmware-microbit-micropython"
    )
}

fn is_on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A child's exit status as this program's own.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    if status.success() {
        return ExitCode::SUCCESS;
    }
    // Ended by a signal, or a code that does not fit: still a failure.
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> bool {
        names_a_package(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_whole_workspace_is_tested_unless_a_package_is_named() {
        assert!(!names(&["raw_paste", "--no-capture"]));
        assert!(names(&["-p", "xtask"]));
        assert!(names(&["--package=xtask"]));
        assert!(!names(&["--", "-p"]));
    }
}
