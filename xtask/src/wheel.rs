//! `cargo xtask wheel`: what `pip install mpwire` installs, in `target/wheels`, and a try of it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::{man, project, setup};

/// What builds it; `pyproject.toml` asks for the same.
const MATURIN: &str = "maturin==1.16.0";

/// What adds the manual pages to a wheel.
const PAGES_PROGRAM: &str = "xtask/src/wheel_pages.py";

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
    add_pages(&tools, &wheel)?;
    check(&wheel)?;
    println!("{}", wheel.display());
    Ok(ExitCode::SUCCESS)
}

/// The program of the wheel writes its own manual pages, which go into the wheel.
fn add_pages(tools: &Path, wheel: &Path) -> Result<()> {
    let folder = project::target("wheel-check");
    let program = install(&folder, wheel)?;
    let pages = project::target("wheel-pages");
    if pages.exists() {
        fs::remove_dir_all(&pages).context("cannot remove the last pages")?;
    }
    man::write(&program, &pages)?;
    let status = Command::new(self::program(tools, "python"))
        .arg(project::root().join(PAGES_PROGRAM))
        .arg(wheel)
        .arg(&pages)
        .status()
        .context("cannot run Python")?;
    ensure!(status.success(), "the manual pages are not in the wheel");
    Ok(())
}

/// Installs the wheel into a new environment, and returns its program.
fn install(folder: &Path, wheel: &Path) -> Result<PathBuf> {
    renew(folder)?;
    let wheel = wheel.to_str().context("the wheel's path is not UTF-8")?;
    pip(folder, &["install", "--no-index", "--no-deps", wheel])?;
    Ok(program(folder, "mpwire"))
}

/// The wheel is good if its program runs, under its name, and is of this version, and man finds its pages.
fn check(wheel: &Path) -> Result<()> {
    let folder = project::target("wheel-check");
    let program = install(&folder, wheel)?;
    let page = folder.join("share/man/man1/mpwire-cp.1");
    ensure!(page.is_file(), "the wheel installs no {}", page.display());
    let output = Command::new(program)
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
    fn a_wheel_gets_the_manual_pages_and_lists_them() {
        let folder = std::env::temp_dir().join(format!("mpwire-wheel-{}", std::process::id()));
        let pages = folder.join("pages");
        fs::create_dir_all(&pages).unwrap();
        fs::write(pages.join("mpwire-cp.1"), ".TH mpwire-cp 1\n").unwrap();
        let python = |script: &str| {
            let output = Command::new("python3")
                .args(["-c", script])
                .current_dir(&folder)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        python(
            "import zipfile\n\
             with zipfile.ZipFile('a.whl', 'w') as wheel:\n \
             wheel.writestr('mpwire-1.dist-info/RECORD', 'mpwire-1.dist-info/RECORD,,\\n')",
        );
        let status = Command::new("python3")
            .arg(project::root().join(PAGES_PROGRAM))
            .arg(folder.join("a.whl"))
            .arg(&pages)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        let found = python(
            "import zipfile\n\
             wheel = zipfile.ZipFile('a.whl')\n\
             print(*wheel.namelist())\n\
             print(wheel.read('mpwire-1.dist-info/RECORD').decode(), end='')",
        );
        fs::remove_dir_all(&folder).unwrap();
        let page = "mpwire-1.data/data/share/man/man1/mpwire-cp.1";
        let lines: Vec<&str> = found.lines().collect();
        assert_eq!(lines[0], format!("{page} mpwire-1.dist-info/RECORD"));
        assert!(lines[1].starts_with(&format!("{page},sha256=")), "{found}");
        assert_eq!(lines[2], "mpwire-1.dist-info/RECORD,,");
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
