//! `cargo xtask wheel`: what `pip install mpwire` installs, in `target/wheels`, and a try of it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::{project, setup};

/// What builds it; `pyproject.toml` asks for the same.
const MATURIN: &str = "maturin==1.16.0";

/// `cargo xtask wheel`
#[derive(clap::Args)]
pub struct Arguments {
    /// Handed to maturin, such as `--target TRIPLE`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    maturin: Vec<String>,
}

/// Builds the wheel, installs it into a new environment and runs the program there.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tools = project::target("python-build");
    if !installed(&tools) {
        renew(&tools)?;
        pip(&tools, &["install", MATURIN])?;
    }
    let wheels = project::target("wheels");
    // What was built before must not be taken for what is built now.
    if wheels.exists() {
        fs::remove_dir_all(&wheels).context("cannot remove the last wheel")?;
    }
    let status = Command::new(program(&tools, "maturin"))
        .args(["build", "--release", "--locked", "--out"])
        .arg(&wheels)
        .args(&arguments.maturin)
        .current_dir(project::root())
        .status()
        .context("cannot run maturin")?;
    ensure!(status.success(), "maturin could not build the wheel");
    let wheel = built(&wheels)?;
    check(&wheel)?;
    println!("{}", wheel.display());
    Ok(ExitCode::SUCCESS)
}

/// The wheel is good if its program runs, under its name, and is of this version.
fn check(wheel: &Path) -> Result<()> {
    let folder = project::target("wheel-check");
    renew(&folder)?;
    let wheel = wheel.to_str().context("the wheel's path is not UTF-8")?;
    pip(&folder, &["install", "--no-index", "--no-deps", wheel])?;
    let output = Command::new(program(&folder, "mpwire"))
        .arg("version")
        .output()
        .context("the wheel installs no program mpwire")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && said.trim() == concat!("mpwire ", env!("CARGO_PKG_VERSION")),
        "the installed mpwire says {said:?}"
    );
    Ok(())
}

fn renew(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    setup::make_environment(folder)
}

fn pip(environment: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program(environment, "python"))
        .args([
            "-m",
            "pip",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .args(arguments)
        .status()
        .context("cannot run pip")?;
    ensure!(status.success(), "pip {} failed", arguments.join(" "));
    Ok(())
}

fn program(environment: &Path, name: &str) -> PathBuf {
    if cfg!(windows) {
        environment.join("Scripts").join(format!("{name}.exe"))
    } else {
        environment.join("bin").join(name)
    }
}

/// Whether this very version is there.
fn installed(environment: &Path) -> bool {
    let output = Command::new(program(environment, "maturin"))
        .arg("--version")
        .output();
    output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        said.replace(' ', "==") == MATURIN
    })
}

fn built(folder: &Path) -> Result<PathBuf> {
    fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension() == Some(OsStr::new("whl")))
        .context("maturin left no wheel")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> toml::Table {
        let text = fs::read_to_string(project::root().join("pyproject.toml")).unwrap();
        text.parse().unwrap()
    }

    #[test]
    fn the_wheel_is_of_the_program_and_its_version() {
        let metadata = metadata();
        let project = &metadata["project"];
        assert_eq!(project["name"].as_str(), Some("mpwire"));
        // maturin takes the version from the crate that this manifest describes.
        assert!(project.get("version").is_none());
        assert_eq!(project["dynamic"][0].as_str(), Some("version"));
        let manifest = metadata["tool"]["maturin"]["manifest-path"]
            .as_str()
            .unwrap();
        let manifest = fs::read_to_string(project::root().join(manifest)).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        assert_eq!(manifest["bin"][0]["name"].as_str(), Some("mpwire"));
        assert_eq!(
            manifest["package"]["version"]["workspace"].as_bool(),
            Some(true)
        );
    }

    #[test]
    fn every_builder_is_the_pinned_one() {
        let requires = &metadata()["build-system"]["requires"][0];
        assert_eq!(requires.as_str(), Some(MATURIN));
    }

    #[test]
    fn the_metadata_name_files_that_are_there() {
        let metadata = metadata();
        let about = &metadata["project"];
        for file in [&about["readme"], &about["license-files"][0]] {
            assert!(
                project::root().join(file.as_str().unwrap()).is_file(),
                "{file:?}"
            );
        }
    }
}
