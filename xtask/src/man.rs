//! `cargo xtask man`: the manual pages, in `target/man`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::project;

/// `cargo xtask man`
#[derive(clap::Args)]
pub struct Arguments {
    /// Ask this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    mpwire: Option<PathBuf>,
}

/// Writes the pages and says where they are.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let program = match &arguments.mpwire {
        Some(given) => project::mpwire(Some(given))?,
        None => project::build(&[])?,
    };
    let folder = project::target("man");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the last pages")?;
    }
    let count = write(&program, &folder)?;
    println!("{count} pages in {}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes mpwire.1 and a page for each command that it refers to; returns how many that were.
pub fn write(program: &Path, folder: &Path) -> Result<usize> {
    fs::create_dir_all(folder)?;
    let overview = page(program, None)?;
    let commands = references(&overview);
    ensure!(!commands.is_empty(), "mpwire.1 refers to no other page");
    fs::write(folder.join("mpwire.1"), &overview)?;
    for command in &commands {
        let page = page(program, Some(command))?;
        fs::write(folder.join(format!("mpwire-{command}.1")), page)?;
    }
    Ok(commands.len() + 1)
}

fn page(program: &Path, command: Option<&str>) -> Result<String> {
    let output = Command::new(program)
        .args(["help", "--man"])
        .args(command)
        .output()
        .context("cannot run mpwire")?;
    ensure!(output.status.success(), "mpwire help --man failed");
    String::from_utf8(output.stdout).context("a page is not UTF-8")
}

/// The commands in references such as `mpwire\-soft\-reset(1)`.
fn references(page: &str) -> Vec<String> {
    page.replace("\\-", "-")
        .split(|character: char| character.is_whitespace() || character == ',')
        .filter_map(|word| word.strip_prefix("mpwire-")?.strip_suffix("(1)"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_their_references() {
        let page = ".SH SEE ALSO\nmpwire\\-cp(1), mpwire\\-soft\\-reset(1)\nmpwire(1) cp(1)\n";
        assert_eq!(references(page), ["cp", "soft-reset"]);
    }
}
