//! `cargo xtask dist`: the archive that a release offers for one platform, in `target/dist`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use crate::{man, project};

/// `cargo xtask dist`
#[derive(clap::Args)]
pub struct Arguments {
    /// Build for this target, which this computer can run (default: this computer's)
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

/// What each shell looks for in its folder of completions.
const COMPLETIONS: [(&str, &str); 4] = [
    ("bash", "mpwire.bash"),
    ("zsh", "_mpwire"),
    ("fish", "mpwire.fish"),
    ("powershell", "mpwire.ps1"),
];

const DOCUMENTS: [&str; 3] = ["LICENSE", "README.md", "CHANGELOG.md"];

/// Builds the program, packs it with its pages, completions and licence, and writes the checksum.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let target = match &arguments.target {
        Some(target) => target.clone(),
        None => host()?,
    };
    let program = project::build(&["--release", "--locked", "--target", &target])?;
    let name = format!("mpwire-{}-{target}", env!("CARGO_PKG_VERSION"));
    let folder = project::target("dist");
    let contents = folder.join(&name);
    if contents.exists() {
        fs::remove_dir_all(&contents).context("cannot remove the last contents")?;
    }
    fill(&contents, &program)?;
    let archive = pack(&folder, &name)?;
    let digest = checksum(&archive)?;
    println!("{} {digest}", archive.display());
    Ok(ExitCode::SUCCESS)
}

fn fill(contents: &Path, program: &Path) -> Result<()> {
    let completions = contents.join("completions");
    fs::create_dir_all(&completions)?;
    let file = program.file_name().context("the program has no name")?;
    fs::copy(program, contents.join(file))?;
    man::write(program, &contents.join("man"))?;
    for (shell, file) in COMPLETIONS {
        let output = Command::new(program)
            .args(["completion", shell])
            .output()
            .context("cannot run mpwire")?;
        ensure!(output.status.success(), "mpwire completion {shell} failed");
        fs::write(completions.join(file), output.stdout)?;
    }
    for document in DOCUMENTS {
        fs::copy(project::root().join(document), contents.join(document))?;
    }
    Ok(())
}

/// A zip where users expect one, which the tar of Windows writes too.
fn pack(folder: &Path, name: &str) -> Result<PathBuf> {
    let (program, options, extension) = if cfg!(windows) {
        // Not the GNU tar of a Git shell, which knows no zip.
        (r"C:\Windows\System32\tar.exe", "-acf", "zip")
    } else {
        ("tar", "-czf", "tar.gz")
    };
    let archive = folder.join(format!("{name}.{extension}"));
    let status = Command::new(program)
        .arg(options)
        .arg(&archive)
        .arg("-C")
        .arg(folder)
        .arg(name)
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    if !status.success() {
        bail!("{program} could not pack {name}");
    }
    Ok(archive)
}

/// Writes `ARCHIVE.sha256`, as `sha256sum --check` reads it, and returns the digest.
fn checksum(archive: &Path) -> Result<String> {
    let digest: Vec<String> = Sha256::digest(fs::read(archive)?)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let digest = digest.concat();
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let path = archive.with_file_name(format!("{name}.sha256"));
    fs::write(path, format!("{digest}  {name}\n"))?;
    Ok(digest)
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.context("cannot run rustc")?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc does not say for which host it is")
}
