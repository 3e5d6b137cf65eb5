//! `cargo xtask demo`: see it work, without a board.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::board::Board;
use crate::data::{self, Kind};
use crate::setup::{self, MPREMOTE_VERSION};
use crate::tool::{Programs, Tool};
use crate::{markdown, process, project};

/// For one command; the slowest of them takes about ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const LINK: &str = "uart:115200";
const SPEED_FILE_LENGTH: usize = 50 * 1024;

/// How mpwire is built: as for the tests, which takes a fraction of a release's time. The line that is
/// simulated is the slower part by far.
const BUILD: &[&str] = &[];

/// `cargo xtask demo`
#[derive(clap::Args)]
pub struct Arguments {
    /// Show this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    mpwire: Option<PathBuf>,
}

/// Copies a tree, verifies it, and compares the encodings with mpremote.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    println!(
        "This demo copies a tree to a simulated board and verifies it, then sends a file in each way.\n\
         \n1. A real MicroPython and genuine mpremote, from PyPI (a download, once):"
    );
    let tools = setup::run()?;
    println!("\n2. The program mpwire (built once, without the optimisation of a release):");
    let mpwire = match &arguments.mpwire {
        Some(given) => project::mpwire(Some(given))?,
        None => project::build(BUILD)?,
    };
    println!("{}\n\n3. The copy:", mpwire.display());
    let programs = Programs {
        mpwire: &mpwire,
        tools: &tools,
    };
    let folder = project::target("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the last demo")?;
    }
    let tree = folder.join("tree");
    data::write_tree(&tree, &data::project_tree())?;

    let board = Board::start(programs, &folder, LINK, &[])?;
    println!(
        "A real MicroPython behind a simulated {LINK} line: {}",
        board.port().display()
    );
    let demo = Demo {
        programs,
        folder,
        board,
    };
    demo.copy_tree(&tree)?;
    let verified = demo.verify_tree();
    // Speed is shown even if the tree is wrong: it may tell why.
    let compared = demo.compare_encodings();
    let files = data::project_tree().len();
    match &verified {
        Ok(()) => println!("\nVERIFIED: the tree's {files} files on the board are what was sent."),
        Err(error) => println!("\nNOT VERIFIED: {error:#}"),
    }
    compared?;
    Ok(if verified.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Demo<'a> {
    programs: Programs<'a>,
    folder: PathBuf,
    board: Board<'a>,
}

impl Demo<'_> {
    /// Copies the tree as a user would, progress bar and all.
    fn copy_tree(&self, tree: &Path) -> Result<()> {
        let mut command = self.mpwire();
        command.args(["cp", "-r"]).arg(tree).arg(":");
        println!("\n$ mpwire connect PORT cp -r tree :");
        let status = command.status().context("cannot run mpwire")?;
        ensure!(status.success(), "the copy failed ({status})");
        Ok(())
    }

    /// Two ways that share no code with the copy: the genuine mpremote hashes on the board, and
    /// everything is copied back and compared.
    fn verify_tree(&self) -> Result<()> {
        let tree = data::project_tree();
        let hashes = self.board.hashes()?;
        for (path, bytes) in &tree {
            let found = hashes.get(&format!("/tree/{path}"));
            let found = found.with_context(|| format!("{path} is not on the board"))?;
            ensure!(
                *found == data::sha256(bytes),
                "{path} is wrong on the board"
            );
        }
        println!(
            "mpremote hashed {} files on the board: all equal",
            tree.len()
        );

        let back = self.folder.join("back");
        fs::create_dir_all(&back).context("cannot make the folder to copy back to")?;
        let mut command = self.mpwire();
        command.args(["cp", "-r", ":tree"]).arg(&back);
        timed("mpwire cp back", &mut command)?;
        for (path, bytes) in &tree {
            let got = fs::read(back.join("tree").join(path))
                .with_context(|| format!("{path} did not come back"))?;
            ensure!(got == *bytes, "{path} came back different");
        }
        println!("mpwire cp -r :tree back: {} files, all equal", tree.len());
        Ok(())
    }

    fn compare_encodings(&self) -> Result<()> {
        let source = self.programs.tools.python_source();
        let bytes = Kind::Source.bytes(SPEED_FILE_LENGTH, &source);
        let expected = data::sha256(&bytes);
        let file = self.folder.join("speed.py");
        fs::write(&file, bytes).context("cannot write the file to time")?;

        println!("\n4. One Python source file of 50 KiB, the whole command timed:");
        let mut rows = Vec::new();
        let encodings = self.programs.known_encodings().into_iter();
        let tools = encodings.map(Tool::Encoding);
        for tool in tools.chain([Tool::Mpwire, Tool::Mpremote]) {
            let name = match tool {
                Tool::Mpwire => "auto".to_owned(),
                Tool::Mpremote => format!("mpremote {MPREMOTE_VERSION}"),
                _ => tool.name().to_owned(),
            };
            // Before it is timed: the slowest takes some seconds.
            print!("  {name}: ");
            io::stdout().flush()?;
            // None of them must find the file there already.
            self.board.clear()?;
            let mut command = tool.copy_to(self.programs, self.board.port(), &file, "speed.py");
            let seconds = timed(&name, &mut command)?;
            ensure!(
                self.board.hashes()?.get("/speed.py") == Some(&expected),
                "{name}: the file on the board is wrong"
            );
            println!("{seconds:.2} s");
            rows.push((name, seconds));
        }
        print!("\n{}", speed_table(&rows));
        Ok(())
    }

    fn mpwire(&self) -> Command {
        let mut command = Command::new(self.programs.mpwire);
        command.arg("connect").arg(self.board.port());
        command
    }
}

fn timed(name: &str, command: &mut Command) -> Result<f64> {
    let finished = process::run(command, PATIENCE)?;
    ensure!(finished.success, "{name}: {}", finished.last_words());
    Ok(finished.seconds)
}

/// Seconds, speed and how much faster than the last, which is mpremote.
fn speed_table(timed: &[(String, f64)]) -> String {
    let reference = timed.last().map_or(f64::NAN, |(_, seconds)| *seconds);
    let size = 50.0;
    let rows: Vec<Vec<String>> = timed
        .iter()
        .map(|(name, seconds)| {
            vec![
                name.clone(),
                format!("{seconds:.2}"),
                format!("{:.1}", size / seconds),
                format!("{:.1}×", reference / seconds),
            ]
        })
        .collect();
    markdown::table(&["encoding", "seconds", "KiB/s", "mpremote's speed"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_silent_and_builds_no_release() {
        assert!(!BUILD.contains(&"--release"));
        // What builds this very program says so, too.
        let config = fs::read_to_string(project::root().join(".cargo/config.toml")).unwrap();
        let config: toml::Table = config.parse().unwrap();
        let alias = config["alias"]["xtask"].as_str().unwrap();
        assert_eq!(alias, "run --package xtask --");
    }

    #[test]
    fn a_quarter_of_the_time_is_four_times_the_speed() {
        let timed = [("auto".to_owned(), 2.0), ("mpremote".to_owned(), 8.0)];
        let table = speed_table(&timed);
        assert!(
            table.contains("| auto     |    2.00 |  25.0 |             4.0× |"),
            "{table}"
        );
        assert!(table.contains("1.0×"), "{table}");
    }
}
