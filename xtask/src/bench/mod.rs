//! `cargo xtask bench`: mpwire beside mpremote and mpytool, on one board, in one run.
//!
//! Whole commands are timed, process start included, since that is what a user waits for. The
//! tools take turns row by row, so that a noisy machine is equally noisy to all of them; read the
//! ratios, not the seconds. Every file is hashed on the board by the genuine mpremote: a fast
//! wrong copy is a failure.
//!
//! - `suites`: what is measured, a file each, with what the project promises about it;
//! - `selection`: which of it, and how often;
//! - `turns`: measuring, and checking what was left on the board;
//! - `results`: the figures; `wire`: what the line rate allows; `held`: promises against figures;
//! - `table`, `plot`, `conditions`: `docs/bench.md` and its pictures.

mod conditions;
mod held;
mod link;
mod plot;
mod results;
mod selection;
mod suites;
mod table;
mod turns;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::tool::Programs;
use crate::{project, setup};
use conditions::Conditions;
use held::Held;
use results::Results;
use selection::Selection;
use suites::Suite;
use turns::Bench;

/// `cargo xtask bench`
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Measure this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    mpwire: Option<PathBuf>,
}

/// Measures, reports, and fails if a row could not be measured or any file was wrong. A promise
/// that does not hold is no failure: times depend on the machine.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let tools = setup::run()?;
    let mpwire = project::mpwire(arguments.mpwire.as_deref())?;
    let programs = Programs {
        mpwire: &mpwire,
        tools: &tools,
    };
    let selection = &mut arguments.selection;
    let mut notes = Vec::new();
    for name in selection.keep_known_encodings(&programs.known_encodings()) {
        let note = format!("this mpwire has no `--encoding {name}`, which was left out");
        eprintln!("note: {note}");
        notes.push(note);
    }
    let conditions = Conditions::now(&mpwire, selection.runs(), notes);
    let results = measure(programs, selection);

    for suite in selection.suites() {
        let tables = table::of_suite(&results, suite);
        if !tables.is_empty() {
            print!("\n## {}\n{tables}", suite.title);
        }
    }
    println!();
    // Of a suite that the other options leave nothing of, there is nothing to say.
    let measured = |suite: &&&Suite| {
        !results.failures.is_empty() || results.rows.iter().any(|row| row.suite == suite.name)
    };
    let held: Vec<Held> = selection
        .suites()
        .iter()
        .filter(measured)
        .flat_map(|suite| (suite.held)(&results))
        .collect();
    write(
        &project::target("bench.json"),
        &format!("{:#}\n", record(&conditions, &results, &held)),
    )?;
    if selection.selects_everything() && results.failures.is_empty() {
        let docs = project::root().join("docs");
        let document = table::document(&conditions, &results, &held);
        write(&docs.join("bench.md"), &document)?;
        write(&docs.join("bench.svg"), &plot::of_files(&results))?;
        write(&docs.join("bench-trees.svg"), &plot::of_trees(&results))?;
    } else {
        println!("docs/bench.md keeps the last whole result: this one is partial.\n");
    }

    for promise in held {
        println!("{promise}");
    }
    if results.failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for failure in &results.failures {
        println!("FAILED: {failure}");
    }
    Ok(ExitCode::FAILURE)
}

/// Everything that is selected. A suite that cannot go on is a failure and does not end the others.
fn measure(programs: Programs, selection: &Selection) -> Results {
    let mut bench = Bench {
        programs,
        selection,
        folder: &project::target("bench"),
        results: Results::default(),
    };
    for suite in selection.suites() {
        if let Err(error) = (suite.measure)(&mut bench) {
            bench.results.fail(format!("{}: {error:#}", suite.name));
        }
    }
    bench.results
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    let shown = path.strip_prefix(project::root()).unwrap_or(path);
    eprintln!("wrote {}", shown.display());
    Ok(())
}

/// The result as other programs read it: every row and every run, not only the medians.
fn record(conditions: &Conditions, results: &Results, held: &[Held]) -> Value {
    let rows: Vec<Value> = results
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<Value> = row
                .cells
                .iter()
                .map(|(tool, seconds)| {
                    json!({ "tool": tool.name(), "seconds": seconds, "median": row.median(*tool) })
                })
                .collect();
            json!({
                "suite": row.suite,
                "link": row.link.name(),
                "row": row.title,
                "line_seconds": row.line,
                "flash_seconds": row.flash,
                "refused": row.refused,
                "cells": cells,
            })
        })
        .collect();
    let held: Vec<Value> = held
        .iter()
        .map(|held| json!({ "asked": held.asked, "measured": held.measured, "held": held.verdict.word() }))
        .collect();
    json!({
        "date": conditions.date,
        "command": conditions.command,
        "machine": conditions.machine,
        "versions": conditions.versions,
        "notes": conditions.notes,
        "runs": conditions.runs,
        "rows": rows,
        "held": held,
        "failures": results.failures,
    })
}
