//! `cargo xtask fuzz`: libFuzzer looks for inputs that break what `crates/fuzz` promises.
//!
//! Each target begins with the corpus that is kept in `fuzz/corpus` and what earlier runs have left
//! in `target/fuzz/corpus`, and works on all processors. `--keep` then adds to the kept corpus what
//! reaches code that it does not.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{self, Finished};
use crate::{markdown, project};

/// The longest input: what a reader does with more, `crates/fuzz/tests/memory.rs` tells.
const LENGTH_MOST: u32 = 4096;
/// The longest input that is kept.
const KEPT_MOST: u32 = 1024;
/// The most that one input may take, with what the sanitizer needs: MiB of all, MiB at once, seconds.
const MEMORY_MOST: u32 = 512;
const ALLOCATION_MOST: u32 = 64;
const SECONDS_MOST: u32 = 10;
/// Seconds that a target may take beside its own: to read its corpus, and to end.
const PATIENCE: u64 = 1800;

const HEAD: [&str; 6] = ["target", "runs", "edges", "corpus", "peak MiB", "findings"];

/// `cargo xtask fuzz`
#[derive(clap::Args)]
pub struct Arguments {
    /// Only these targets (default: all)
    #[arg(long, value_name = "TARGET", value_delimiter = ',')]
    only: Vec<String>,
    /// How long each is run
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Keep in fuzz/corpus what reaches code that nothing there does
    #[arg(long)]
    keep: bool,
}

/// Runs the targets and prints a row for each; fails where one has found something.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    check_tools()?;
    let targets = chosen(&arguments.only)?;
    let programs = build()?;
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(vec![None; targets.len()]);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers.min(targets.len()))
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(name) = targets.get(index) else {
                            return Ok(());
                        };
                        let row = fuzz(name, &programs, arguments)?;
                        eprintln!("{}", row.cells().join("  "));
                        rows.lock().expect("no worker panics")[index] = Some(row);
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a worker does not panic"))
    })?;
    let rows = rows.into_inner().expect("no worker panics");
    let cells: Vec<Vec<String>> = rows.iter().flatten().map(Row::cells).collect();
    print!("{}", markdown::table(&HEAD, &cells));
    let is_clean = rows.iter().flatten().all(|row| row.findings.is_empty());
    Ok(if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What a target has done.
#[derive(Clone)]
struct Row {
    name: String,
    runs: u64,
    edges: u64,
    corpus: u64,
    peak: u64,
    /// The inputs that break something.
    findings: Vec<PathBuf>,
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let numbers = [self.runs, self.edges, self.corpus, self.peak];
        let findings = self.findings.len() as u64;
        std::iter::once(self.name.clone())
            .chain(
                numbers
                    .into_iter()
                    .chain([findings])
                    .map(|number| number.to_string()),
            )
            .collect()
    }
}

/// Says what is missing, and how to get it.
fn check_tools() -> Result<()> {
    let has = |words: &[&str]| {
        let mut command = nightly(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !has(&["rustc", "--version"]) {
        bail!("fuzzing needs a nightly compiler: rustup toolchain install nightly");
    }
    if !has(&["cargo", "fuzz", "--version"]) {
        bail!("fuzzing needs cargo-fuzz: cargo install cargo-fuzz");
    }
    Ok(())
}

/// A command of the nightly toolchain, whatever this program was built with.
fn nightly(words: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(words);
    command
}

fn fuzz_folder() -> PathBuf {
    project::root().join("fuzz")
}

/// `target/fuzz/KIND/NAME`, which is made.
fn folder(kind: &str, name: &str) -> Result<PathBuf> {
    let folder = project::target("fuzz").join(kind).join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The targets there are, or those of them that are wanted.
fn chosen(only: &[String]) -> Result<Vec<String>> {
    let sources = fs::read_dir(fuzz_folder().join("fuzz_targets")).context("no targets")?;
    let mut all = Vec::new();
    for source in sources {
        let path = source?.path();
        all.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    all.sort();
    for name in only {
        ensure!(
            all.contains(name),
            "no target {name}; there are: {}",
            all.join(", ")
        );
    }
    all.retain(|name| only.is_empty() || only.contains(name));
    Ok(all)
}

/// Builds the targets with cargo-fuzz, and returns the folder that their programs are in.
fn build() -> Result<PathBuf> {
    let host = host()?;
    let folder = project::target("fuzz");
    let status = nightly(&["cargo", "fuzz", "build", "--target", &host, "--target-dir"])
        .arg(&folder)
        .current_dir(project::root())
        .status()
        .context("cannot run cargo fuzz")?;
    ensure!(status.success(), "the targets cannot be built");
    Ok(folder.join(host).join("release"))
}

/// The platform as rustc calls it.
fn host() -> Result<String> {
    let output = nightly(&["rustc", "--version", "--verbose"])
        .output()
        .context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

fn fuzz(name: &str, programs: &Path, arguments: &Arguments) -> Result<Row> {
    let found = folder("findings", name)?;
    let work = folder("corpus", name)?;
    let kept = fuzz_folder().join("corpus").join(name);
    let mut command = target(&programs.join(name), LENGTH_MOST);
    command
        .args([&work, &kept])
        .arg(format!("-max_total_time={}", arguments.seconds))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg("-print_final_stats=1");
    let before = files(&found)?;
    let finished = process::run(&mut command, deadline(arguments.seconds))?;
    let mut findings = files(&found)?;
    findings.retain(|finding| !before.contains(finding));
    if !finished.success {
        eprintln!("{}", words(name, &finished, &findings));
        ensure!(!findings.is_empty(), "{name} failed without a finding");
    }
    if arguments.keep {
        keep(name, programs, &kept, &work)?;
    }
    let statistic = |name: &str| number_behind(&finished.stderr, &format!("stat::{name}:"));
    Ok(Row {
        name: name.to_owned(),
        runs: statistic("number_of_executed_units"),
        edges: number_behind(&finished.stderr, "cov:"),
        corpus: number_behind(&finished.stderr, "corp:"),
        peak: statistic("peak_rss_mb"),
        findings,
    })
}

/// A target's program with its limits.
fn target(program: &Path, length: u32) -> Command {
    let mut command = Command::new(program);
    command
        .arg(format!("-max_len={length}"))
        .arg(format!("-rss_limit_mb={MEMORY_MOST}"))
        .arg(format!("-malloc_limit_mb={ALLOCATION_MOST}"))
        .arg(format!("-timeout={SECONDS_MOST}"))
        // A session's reading thread that is just ending would be taken for one.
        .arg("-detect_leaks=0")
        // What was freed is held back for a while by default, and would be taken for what is in use.
        .env("ASAN_OPTIONS", "quarantine_size_mb=1")
        .env_remove("RUST_BACKTRACE");
    command
}

/// Adds to the kept corpus what reaches code that nothing there does, the shortest inputs first.
fn keep(name: &str, programs: &Path, kept: &Path, work: &Path) -> Result<()> {
    let mut command = target(&programs.join(name), KEPT_MOST);
    // How often code is reached counts while looking, and would keep twenty times as many.
    command
        .args(["-merge=1", "-use_counters=0"])
        .args([kept, work]);
    let finished = process::run(&mut command, deadline(0))?;
    ensure!(
        finished.success,
        "the corpus of {name} cannot be merged: {}",
        finished.last_words()
    );
    Ok(())
}

fn deadline(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds) + PATIENCE)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// What was broken, and what to do with the input that has done it.
fn words(name: &str, finished: &Finished, findings: &[PathBuf]) -> String {
    // The panic and its message, or what libFuzzer says of memory or time.
    let telling = |line: &&str| line.contains("panicked at") || line.contains("ERROR: ");
    let lines = finished.stderr.lines().skip_while(|line| !telling(line));
    let lines: Vec<&str> = lines.take(4).collect();
    let mut text = format!("{name}: {}", lines.join("\n"));
    if lines.is_empty() {
        text += finished.last_words();
    }
    for finding in findings {
        let _ = write!(
            text,
            "\nonce that is mended, this belongs into fuzz/corpus/{name}: {}",
            finding.display()
        );
    }
    text
}

/// The number behind the last `label` in what libFuzzer has printed.
fn number_behind(text: &str, label: &str) -> u64 {
    let behind = text.rfind(label).map(|place| &text[place + label.len()..]);
    let digits = behind.unwrap_or_default().trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let digits = &digits[..end.unwrap_or(digits.len())];
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_numbers_of_a_run_are_read() {
        let text = "#2\tINITED cov: 17 ft: 18 corp: 1/1b\n#9\tDONE   cov: 99 ft: 180 corp: 12/3Kb lim: 4\n\
            stat::peak_rss_mb:              61\n";
        assert_eq!(number_behind(text, "cov:"), 99);
        assert_eq!(number_behind(text, "corp:"), 12);
        assert_eq!(number_behind(text, "stat::peak_rss_mb:"), 61);
        assert_eq!(number_behind(text, "stat::other:"), 0);
    }

    #[test]
    fn targets_are_chosen_by_their_names() {
        assert!(chosen(&[]).unwrap().len() > 20);
        assert_eq!(chosen(&["telnet".to_owned()]).unwrap(), ["telnet"]);
        let error = chosen(&["nonsense".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("there are: arrival, "), "{error}");
    }
}
