//! `cargo xtask bench`: mpwire beside mpremote and mpytool, on one board, in one run.
//!
//! Whole commands are timed, process start included, since that is what a user waits for. The
//! tools take turns file by file, so that a noisy machine is equally noisy to all of them; read
//! the ratios, not the seconds. Every file is hashed on the board by the genuine mpremote: a fast
//! wrong copy is a failure.

mod cells;
mod checks;
mod conditions;
mod plot;
mod run;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{project, setup};
use cells::{Filters, Programs};
use conditions::Conditions;
use run::Results;

/// `cargo xtask bench`
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// How often each figure is measured; the median counts
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Measure this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    mpwire: Option<PathBuf>,
}

/// Measures, reports, and fails if any file arrived wrong. A missed check is no failure: times
/// depend on the machine.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tools = setup::run()?;
    let mpwire = match &arguments.mpwire {
        Some(program) => program.canonicalize().context("--mpwire names no file")?,
        None => project::build_release()?,
    };
    let conditions = Conditions::now(&mpwire);
    let programs = Programs {
        mpwire: &mpwire,
        tools: &tools,
    };
    let results = run::measure(
        programs,
        &run::folder(),
        &arguments.filters,
        usize::from(arguments.runs),
    )?;

    for link in results.links() {
        print!("\n{}:\n\n{}", link.title(), table::of_link(&results, link));
    }
    write(
        &project::target("bench.json"),
        &format!("{:#}\n", record(&conditions, &results)),
    )?;
    if arguments.filters.select_everything() && results.failures.is_empty() {
        let docs = project::root().join("docs");
        write(
            &docs.join("bench.md"),
            &table::document(&conditions, &results),
        )?;
        write(&docs.join("bench.svg"), &plot::svg(&results))?;
    } else {
        println!("docs/bench.md keeps the last whole result: this one is partial.\n");
    }

    for check in checks::all(&results) {
        println!("{check}");
    }
    if results.failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for failure in &results.failures {
        println!("FAILED: {failure}");
    }
    Ok(ExitCode::FAILURE)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    let shown = path.strip_prefix(project::root()).unwrap_or(path);
    eprintln!("wrote {}", shown.display());
    Ok(())
}

/// The result as other programs read it: every run, not only the medians.
fn record(conditions: &Conditions, results: &Results) -> Value {
    let cells: Vec<Value> = results
        .seconds
        .iter()
        .map(|(cell, seconds)| {
            json!({
                "link": cell.link.name(),
                "workload": cell.workload.title(),
                "tool": cell.tool.name(),
                "seconds": seconds,
                "median": results.median(cell.link, cell.workload, cell.tool),
            })
        })
        .collect();
    let checks: Vec<Value> = checks::all(results)
        .iter()
        .map(|check| json!({ "check": check.title, "verdict": check.verdict.word(), "figures": check.figures }))
        .collect();
    json!({
        "date": conditions.date,
        "command": conditions.command,
        "machine": conditions.machine,
        "versions": conditions.versions,
        "cells": cells,
        "checks": checks,
        "failures": results.failures,
    })
}
