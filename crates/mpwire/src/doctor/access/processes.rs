//! Programs that run, from `/proc`. What belongs to other users is seen by its name only.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::ports::Holder;

/// Other programs that have `path` open.
pub fn holders(path: &Path) -> Vec<Holder> {
    let Ok(real) = fs::canonicalize(path) else {
        return Vec::new();
    };
    let own = std::process::id();
    all()
        .filter(|(process, _)| *process != own)
        .filter(|(_, folder)| has_open(folder, &real))
        .map(|(process, folder)| holder(process, &folder))
        .collect()
}

/// Programs of these names.
pub fn running(names: &[&str]) -> Vec<Holder> {
    all()
        .map(|(process, folder)| holder(process, &folder))
        .filter(|holder| names.contains(&holder.name.as_str()))
        .collect()
}

fn all() -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        Some((process, entry.path()))
    })
}

fn has_open(process: &Path, real: &Path) -> bool {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten();
    files
        .flatten()
        .any(|file| fs::read_link(file.path()).is_ok_and(|target| target == real))
}

fn holder(process: u32, folder: &Path) -> Holder {
    let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
    Holder {
        process,
        name: name.trim_end().to_owned(),
    }
}
