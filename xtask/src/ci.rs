//! `cargo xtask ci`: what guards the main branch, in the order of what fails fastest.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{licences, project, test};

/// A step's name, what cargo is asked to do, and the environment it needs.
type Step = (
    &'static str,
    &'static [&'static str],
    Option<(&'static str, &'static str)>,
);

const STEPS: [Step; 3] = [
    ("format", &["fmt", "--all", "--check"], None),
    (
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
        None,
    ),
    (
        "documentation",
        &["doc", "--no-deps", "--workspace"],
        Some(("RUSTDOCFLAGS", "-Dwarnings")),
    ),
];

/// Runs the steps and stops at the first that fails.
pub fn run() -> Result<ExitCode> {
    let mut passed = Vec::new();
    for (name, arguments, environment) in STEPS {
        let start = begin(name);
        let status = project::cargo()
            .args(arguments)
            .envs(environment)
            .status()
            .with_context(|| format!("cannot run cargo {}", arguments[0]))?;
        if !end(name, start, status.success(), &mut passed) {
            return Ok(test::exit_code(status));
        }
    }
    let start = begin("licences");
    let licences = licences::check();
    if let Err(error) = &licences {
        eprintln!("    {error:#}");
    }
    if !end("licences", start, licences.is_ok(), &mut passed) {
        return Ok(ExitCode::FAILURE);
    }
    let start = begin("tests");
    let code = test::run(&test::Arguments::everything())?;
    if end("tests", start, code == ExitCode::SUCCESS, &mut passed) {
        eprintln!("ci: passed ({})", passed.join(", "));
    }
    Ok(code)
}

fn begin(name: &str) -> Instant {
    eprintln!("==> {name}");
    Instant::now()
}

fn end(name: &str, start: Instant, success: bool, passed: &mut Vec<String>) -> bool {
    let seconds = start.elapsed().as_secs_f64();
    if success {
        eprintln!("    {name}: passed in {seconds:.1} s");
        passed.push(format!("{name} {seconds:.1} s"));
    } else {
        eprintln!("    {name}: FAILED after {seconds:.1} s");
    }
    success
}
