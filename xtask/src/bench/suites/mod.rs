//! The suites: each measures one kind of work and has its own tables in `docs/bench.md`.

mod down;
pub mod files;
mod flash;
mod heaps;
mod latency;
mod mount;
pub mod trees;

use anyhow::Result;

use super::held::{Figure, Held};
use super::link::Link;
use super::results::{Results, Row};
use super::turns::Bench;
use crate::tool::Tool;

/// One suite.
pub struct Suite {
    /// As `--suite` takes it.
    pub name: &'static str,
    /// As a heading.
    pub title: &'static str,
    /// What is done, as Markdown for `docs/bench.md`.
    pub text: &'static str,
    /// What a row is, above the first column.
    pub rows: &'static str,
    /// What stands to the right of the tools' columns: its headings, and one row's cells.
    pub beside: &'static [&'static str],
    pub beside_row: fn(&Results, &Row) -> Vec<String>,
    /// Measures what is selected.
    pub measure: fn(&mut Bench) -> Result<()>,
    /// What the project promises about it.
    pub held: fn(&Results) -> Vec<Held>,
}

/// All of them, in the order of `docs/bench.md`.
pub const ALL: [&Suite; 7] = [
    &files::SUITE,
    &trees::SUITE,
    &down::SUITE,
    &heaps::SUITE,
    &flash::SUITE,
    &mount::SUITE,
    &latency::SUITE,
];

/// The suite of this name.
pub fn parse(name: &str) -> Result<&'static Suite, String> {
    ALL.into_iter()
        .find(|suite| suite.name == name)
        .ok_or_else(|| format!("there are {}", ALL.map(|suite| suite.name).join(", ")))
}

/// The heading of the column that [`share_of_line`] fills.
const LINE_RATE: &str = "mpwire × line rate";

/// Which part of mpwire's time the wire alone needs.
fn share_of_line(_: &Results, row: &Row) -> Vec<String> {
    vec![
        row.share_of_line(Tool::Mpwire)
            .map_or_else(nothing, percent),
    ]
}

/// The promise that mpwire takes `least` of the line rate in each of the rows, called `what`.
fn share(
    results: &Results,
    suite: &Suite,
    link: Link,
    least: f64,
    what: &str,
    titles: &[String],
) -> Held {
    let asked = format!(
        "{}, {what}: at least {:.0} % of the line rate",
        link.title(),
        100.0 * least
    );
    let figures = titles.iter().map(|title| {
        let row = results.row(suite.name, link, title)?;
        let share = row.share_of_line(Tool::Mpwire)?;
        let text = format!("{title} {}", percent(share));
        Some(Figure::at_least(least, share, text))
    });
    Held::new(asked, figures)
}

/// The promise that mpwire is `factor` times as fast as `peer` in each of the rows, called `what`.
fn faster(
    results: &Results,
    suite: &Suite,
    link: Link,
    peer: Tool,
    factor: f64,
    what: &str,
    titles: &[String],
) -> Held {
    let asked = format!(
        "{}, {what}: at least {factor}× {}",
        link.title(),
        peer.name()
    );
    let figures = titles.iter().map(|title| {
        let ratio = results
            .row(suite.name, link, title)?
            .ratio(Tool::Mpwire, peer)?;
        Some(Figure::at_least(
            factor,
            ratio,
            format!("{title} {ratio:.2}×"),
        ))
    });
    Held::new(asked, figures)
}

/// In place of a figure that makes no sense or was not measured.
fn nothing() -> String {
    "–".to_owned()
}

/// `97 %`, and `98.6 %` where a tenth of it matters.
fn percent(share: f64) -> String {
    let decimals = usize::from(share >= 0.895);
    format!("{:.decimals$} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_goes_by_its_name() {
        assert_eq!(parse("heaps").map(|suite| suite.name), Ok("heaps"));
        let error = parse("rom").map(|suite| suite.name).unwrap_err();
        assert_eq!(
            error,
            "there are files, trees, down, heaps, flash, mount, latency"
        );
    }

    #[test]
    fn every_suite_has_promises_and_none_of_them_holds_without_figures() {
        for suite in ALL {
            let promises = (suite.held)(&Results::default());
            assert!(!promises.is_empty(), "{}", suite.name);
            for promise in promises {
                assert_eq!(promise.verdict.word(), "none", "{promise}");
            }
        }
    }

    #[test]
    fn a_share_has_the_figures_that_matter() {
        assert_eq!(
            [0.043, 0.72, 0.9866].map(percent),
            ["4 %", "72 %", "98.7 %"]
        );
    }
}
