//! Developer commands, run as `cargo xtask COMMAND`.
//!
//! Everything a contributor or a continuous-integration machine has to do beyond plain `cargo` is
//! here, in Rust, so that it runs the same everywhere and is checked by the same compiler and
//! lints as the project. One file per command; what they share:
//!
//! - `project`: where things are, and building `mpwire`;
//! - `process`: running a program against a deadline;
//! - `tool`: the command lines of mpwire and its peers;
//! - `board`: the simulated board as a child process, and what is on it;
//! - `data`: the files that are copied, made from a seed;
//! - `markdown`: tables.

mod bench;
mod board;
mod ci;
mod data;
mod demo;
mod dist;
mod fuzz;
mod licences;
mod man;
mod markdown;
mod process;
mod project;
#[cfg(test)]
mod promises;
mod releases;
mod setup;
mod test;
mod tool;
#[cfg(target_os = "linux")]
mod torture;
mod wheel;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's developer commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install the pinned MicroPython and the genuine peers into target/python
    Setup,
    /// Run every test (with arguments: hand them to the test runner)
    Test(test::Arguments),
    /// Run what guards the main branch: format, lints, documentation, tests
    Ci,
    /// Copy a tree to a simulated board, verify it, and compare the encodings with mpremote
    Demo(demo::Arguments),
    /// Write the manual pages to target/man
    Man(man::Arguments),
    /// Build the wheel, install it into a new environment and try it
    Wheel(wheel::Arguments),
    /// Build and pack what a release offers for one platform
    Dist(dist::Arguments),
    /// Measure mpwire beside mpremote and mpytool on one board
    Bench(bench::Arguments),
    /// Look for inputs that break what the readers of foreign input promise
    Fuzz(fuzz::Arguments),
    /// Have everything go wrong that can, very often, and judge what is left
    #[cfg(target_os = "linux")]
    Torture(torture::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Setup => {
            releases::run(&setup::run()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Test(arguments) => test::run(&arguments),
        Command::Ci => ci::run(),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Wheel(arguments) => wheel::run(&arguments),
        Command::Dist(arguments) => dist::run(&arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        #[cfg(target_os = "linux")]
        Command::Torture(arguments) => torture::run(&arguments),
    }
}
