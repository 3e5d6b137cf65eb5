//! `cargo xtask demo`: see it work, without a board.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::board::Board;
use crate::data::{self, Kind};
use crate::setup::{self, MPREMOTE_VERSION, Tools};
use crate::{markdown, process, project};

/// For one command; the slowest of them takes about ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const LINK: &str = "uart:115200";
const SPEED_FILE_LENGTH: usize = 50 * 1024;

/// `cargo xtask demo`
#[derive(clap::Args)]
pub struct Arguments {
    /// Show this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    mpwire: Option<PathBuf>,
}

/// Copies a tree, verifies it, and compares the encodings with mpremote.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tools = setup::run()?;
    let mpwire = match &arguments.mpwire {
        Some(program) => program.canonicalize().context("--mpwire names no file")?,
        None => project::build_release()?,
    };
    let folder = project::target("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the last demo")?;
    }
    let tree = folder.join("tree");
    data::write_project_tree(&tree)?;

    let board = Board::start(&mpwire, &tools, &folder, LINK)?;
    println!(
        "A real MicroPython behind a simulated {LINK} line: {}",
        board.port().display()
    );
    let demo = Demo {
        mpwire,
        tools,
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

struct Demo {
    mpwire: PathBuf,
    tools: Tools,
    folder: PathBuf,
    board: Board,
}

impl Demo {
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
        for path in ["lib/net/mqtt.py", "ui/logo.bin"] {
            let expected = tree
                .iter()
                .find_map(|(name, bytes)| (*name == path).then(|| data::sha256(bytes)))
                .with_context(|| format!("the tree has no {path}"))?;
            let mut command = self.mpremote();
            command.arg("sha256sum").arg(format!(":tree/{path}"));
            let said = self.output("mpremote sha256sum", &mut command)?;
            ensure!(
                said.contains(&expected),
                "{path}: mpremote says {}",
                said.trim()
            );
            println!("mpremote sha256sum :tree/{path}: equal");
        }

        let back = self.folder.join("back");
        fs::create_dir_all(&back).context("cannot make the folder to copy back to")?;
        let mut command = self.mpwire();
        command.args(["cp", "-r", ":tree"]).arg(&back);
        self.output("mpwire cp back", &mut command)?;
        for (path, bytes) in &tree {
            let got = fs::read(back.join("tree").join(path))
                .with_context(|| format!("{path} did not come back"))?;
            ensure!(got == *bytes, "{path} came back different");
        }
        println!("mpwire cp -r :tree back: {} files, all equal", tree.len());
        Ok(())
    }

    fn compare_encodings(&self) -> Result<()> {
        let bytes = Kind::Source.bytes(SPEED_FILE_LENGTH, self.tools.mpremote_source().as_deref());
        let expected = data::sha256(&bytes);
        let file = self.folder.join("speed.py");
        fs::write(&file, bytes).context("cannot write the file to time")?;

        println!("\nOne Python source file of 50 KB, the whole command timed:");
        let mut timed = Vec::new();
        let reference = format!("mpremote {MPREMOTE_VERSION}");
        for name in ["repr", "hex", "base64", "deflate", "auto", &reference] {
            let target = ":speed.py";
            let mut command = if name == reference {
                self.mpremote()
            } else {
                let mut command = self.mpwire();
                command.arg("resume");
                command
            };
            command.arg("cp").arg("-f");
            if name != reference {
                command.args(["--encoding", name]);
            }
            command.arg(&file).arg(target);
            let finished = process::run(&mut command, PATIENCE)?;
            ensure!(finished.success, "{name}: {}", finished.last_words());
            let said = self.output(
                "mpremote sha256sum",
                self.mpremote().args(["sha256sum", target]),
            )?;
            ensure!(
                said.contains(&expected),
                "{name}: the file on the board is wrong"
            );
            // The next one must not find the file there already.
            self.output("mpremote rm", self.mpremote().args(["rm", target]))?;
            println!("  {name}: {:.2} s", finished.seconds);
            timed.push((name.to_owned(), finished.seconds));
        }
        print!("\n{}", speed_table(&timed));
        Ok(())
    }

    fn mpwire(&self) -> Command {
        let mut command = Command::new(&self.mpwire);
        command.arg("connect").arg(self.board.port());
        command
    }

    fn mpremote(&self) -> Command {
        let mut command = Command::new(self.tools.program("mpremote"));
        // Without `resume` it resets the board first, which costs it time that mpwire is spared.
        command.arg("connect").arg(self.board.port()).arg("resume");
        command
    }

    fn output(&self, name: &str, command: &mut Command) -> Result<String> {
        self.tools.export(command);
        let finished = process::run(command, PATIENCE)?;
        if !finished.success {
            bail!("{name}: {}", finished.last_words());
        }
        Ok(finished.stdout)
    }
}

/// Seconds, speed and how much faster than the last, which is mpremote.
fn speed_table(timed: &[(String, f64)]) -> String {
    let reference = timed.last().map_or(f64::NAN, |(_, seconds)| *seconds);
    let kilobytes = 50.0;
    let rows: Vec<Vec<String>> = timed
        .iter()
        .map(|(name, seconds)| {
            vec![
                name.clone(),
                format!("{seconds:.2}"),
                format!("{:.1}", kilobytes / seconds),
                format!("{:.1}×", reference / seconds),
            ]
        })
        .collect();
    markdown::table(&["encoding", "seconds", "KB/s", "mpremote's speed"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_time_is_four_times_the_speed() {
        let timed = [("auto".to_owned(), 2.0), ("mpremote".to_owned(), 8.0)];
        let table = speed_table(&timed);
        assert!(
            table.contains("| auto     |    2.00 | 25.0 |             4.0× |"),
            "{table}"
        );
        assert!(table.contains("1.0×"), "{table}");
    }
}
