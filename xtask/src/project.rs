//! Where the project's files are, and how its program is built.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The repository's root: this crate's folder's parent.
pub fn root() -> &'static Path {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder)
}

/// `target/NAME`: what developer commands make, ignored by git.
///
/// Deliberately not `$CARGO_TARGET_DIR`: tests and documents name these paths.
pub fn target(name: &str) -> PathBuf {
    root().join("target").join(name)
}

/// A command that runs this same cargo in the repository's root.
pub fn cargo() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The program `mpwire` to show or to measure: the `given` one, or else built in release.
pub fn mpwire(given: Option<&Path>) -> Result<PathBuf> {
    match given {
        Some(program) => program.canonicalize().context("--mpwire names no file"),
        None => build(&["--release"]),
    }
}

/// Builds the program `mpwire` and returns its path as cargo reports it: the place depends on
/// `CARGO_TARGET_DIR`, on cargo's configuration and on the platform, so it is asked, not guessed.
pub fn build(options: &[&str]) -> Result<PathBuf> {
    let output = cargo()
        .args(["build", "--package", "mpwire-cli", "--bin", "mpwire"])
        .args(options)
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("building mpwire failed");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "mpwire")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo built mpwire but named no executable")
}
