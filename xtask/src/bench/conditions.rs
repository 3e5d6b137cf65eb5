//! Under what conditions a bench ran: what a reader needs to judge and to repeat it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::project;
use crate::setup::{MICROPYTHON_VERSION, MPREMOTE_VERSION, MPYTOOL_VERSION};

/// What is written beside the figures.
pub struct Conditions {
    /// The day, `YYYY-MM-DD` in UTC.
    pub date: String,
    /// What was typed.
    pub command: String,
    pub machine: String,
    /// Program and version.
    pub versions: Vec<String>,
    pub runs: usize,
    /// What else a reader must know, as sentences.
    pub notes: Vec<String>,
}

impl Conditions {
    /// Of a bench that starts now.
    pub fn now(mpwire: &Path, runs: usize, notes: Vec<String>) -> Self {
        let typed: Vec<String> = env::args().skip(1).collect();
        Self {
            date: said(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_default(),
            command: format!("cargo xtask {}", typed.join(" ")),
            machine: machine(),
            versions: vec![
                mpwire_version(mpwire),
                format!("mpremote {MPREMOTE_VERSION}"),
                format!("mpytool {MPYTOOL_VERSION}"),
                format!("MicroPython unix port {MICROPYTHON_VERSION}"),
            ],
            runs,
            notes,
        }
    }
}

fn mpwire_version(mpwire: &Path) -> String {
    let version = said(Command::new(mpwire).arg("--version"));
    let version = version.unwrap_or_else(|| "mpwire of unknown version".to_owned());
    let commit = said(
        Command::new("git")
            .args(["describe", "--always", "--dirty", "--exclude=*"])
            .current_dir(project::root()),
    );
    match commit {
        Some(commit) => format!("{version} (commit {commit})"),
        None => version,
    }
}

/// The processor, its cores, the system, and how busy it was: the figures mean little without.
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| env::consts::ARCH.to_owned());
    let load = fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next().map(str::to_owned))
        .map_or_else(String::new, |load| {
            format!(", load average {load} at the start")
        });
    format!("{processor}, {cores} cores, {}{load}", env::consts::OS)
}

fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}
