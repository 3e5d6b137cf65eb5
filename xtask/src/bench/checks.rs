//! What the project promises, held against a result.

use std::fmt;

use super::cells::{Link, Tool, Workload};
use super::run::Results;
use crate::data::Kind;

/// One promise and how it went.
pub struct Check {
    pub title: String,
    pub verdict: Verdict,
    pub figures: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Miss,
    /// What it compares was not measured in this run.
    NotMeasured,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Miss => "MISS",
            Self::NotMeasured => "----",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {}: {}",
            self.verdict.word(),
            self.title,
            self.figures
        )
    }
}

/// Every check, in the order in which they are printed.
pub fn all(results: &Results) -> Vec<Check> {
    let mut checks = vec![auto_is_the_best_encoding(results)];
    for (kind, factor) in [
        (Kind::Random, 2.2),
        (Kind::Source, 3.5),
        (Kind::Zeros, 40.0),
    ] {
        checks.push(auto_against_mpremote(results, kind, factor));
    }
    checks.push(auto_against_mpytool(results));
    checks.push(evaluate_against_mpremote(results));
    checks
}

fn auto_is_the_best_encoding(results: &Results) -> Check {
    let link = Link::Slow;
    let ratios = results
        .workloads(link)
        .into_iter()
        .filter_map(|workload| {
            let auto = results.median(link, workload, Tool::Auto)?;
            let (tool, best) = results
                .tools()
                .into_iter()
                .filter(|tool| tool.is_forced())
                .filter_map(|tool| Some((tool, results.median(link, workload, tool)?)))
                .min_by(|a, b| a.1.total_cmp(&b.1))?;
            Some((
                best / auto,
                format!(
                    "{}: {:.2}× of {}",
                    workload.title(),
                    auto / best,
                    tool.name()
                ),
            ))
        })
        .collect();
    in_every_cell(
        "115200 baud, auto takes at most 1.05× of the fastest forced encoding".to_owned(),
        1.0 / 1.05,
        ratios,
    )
}

fn auto_against_mpremote(results: &Results, kind: Kind, factor: f64) -> Check {
    let workload = Workload::Copy(kind, 50);
    let ratio = results.ratio(Link::Slow, workload, Tool::Auto, Tool::Mpremote);
    single(
        format!(
            "115200 baud, {}, auto is at least {factor:.1}× mpremote",
            workload.title()
        ),
        ratio.map(|ratio| (ratio >= factor, format!("{ratio:.2}×"))),
    )
}

fn auto_against_mpytool(results: &Results) -> Check {
    let mut ratios = Vec::new();
    for link in results.links() {
        for workload in results.workloads(link) {
            if matches!(workload, Workload::Copy(..))
                && let Some(ratio) = results.ratio(link, workload, Tool::Auto, Tool::Mpytool)
            {
                ratios.push((
                    ratio,
                    format!("{} {}: {ratio:.2}×", link.title(), workload.title()),
                ));
            }
        }
    }
    in_every_cell(
        "every link, auto is at least 1.0× mpytool".to_owned(),
        1.0,
        ratios,
    )
}

fn evaluate_against_mpremote(results: &Results) -> Check {
    let share = results
        .ratio(Link::Usb, Workload::Evaluate, Tool::Auto, Tool::Mpremote)
        .map(|ratio| 1.0 / ratio);
    single(
        "USB, eval 1+1 takes under a third of mpremote's time".to_owned(),
        share.map(|share| (share < 1.0 / 3.0, format!("{share:.2} of it"))),
    )
}

fn single(title: String, outcome: Option<(bool, String)>) -> Check {
    match outcome {
        Some((true, figures)) => Check {
            title,
            verdict: Verdict::Pass,
            figures,
        },
        Some((false, figures)) => Check {
            title,
            verdict: Verdict::Miss,
            figures,
        },
        None => not_measured(title),
    }
}

/// `ratios` are the cells' figures, more being better, each with its sentence.
fn in_every_cell(title: String, least: f64, mut ratios: Vec<(f64, String)>) -> Check {
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, worst)) = ratios.first() else {
        return not_measured(title);
    };
    let missed: Vec<&str> = ratios
        .iter()
        .filter(|(ratio, _)| *ratio < least)
        .map(|(_, cell)| cell.as_str())
        .collect();
    if missed.is_empty() {
        let figures = format!("{} cells, the closest is {worst}", ratios.len());
        return Check {
            title,
            verdict: Verdict::Pass,
            figures,
        };
    }
    let figures = format!(
        "{} of {} cells miss it: {}",
        missed.len(),
        ratios.len(),
        missed.join("; ")
    );
    Check {
        title,
        verdict: Verdict::Miss,
        figures,
    }
}

fn not_measured(title: String) -> Check {
    Check {
        title,
        verdict: Verdict::NotMeasured,
        figures: "not measured in this run".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::run::tests::results;

    fn verdicts(results: &Results) -> Vec<&'static str> {
        all(results)
            .iter()
            .map(|check| check.verdict.word())
            .collect()
    }

    #[test]
    fn a_partial_run_neither_passes_nor_misses_what_it_left_out() {
        assert_eq!(verdicts(&Results::default()), ["----"; 6]);
    }

    #[test]
    fn each_promise_is_held_against_its_own_cells() {
        let (random, source) = (
            Workload::Copy(Kind::Random, 50),
            Workload::Copy(Kind::Source, 50),
        );
        let results = results(&[
            (Link::Slow, random, Tool::Mpremote, 10.0),
            (Link::Slow, random, Tool::Mpytool, 4.4),
            (Link::Slow, random, Tool::Base64, 4.4),
            (Link::Slow, random, Tool::Auto, 4.5),
            (Link::Slow, source, Tool::Mpremote, 8.0),
            (Link::Slow, source, Tool::Mpytool, 3.0),
            (Link::Slow, source, Tool::Deflate, 2.5),
            (Link::Slow, source, Tool::Auto, 2.5),
            (Link::Usb, Workload::Evaluate, Tool::Mpremote, 0.3),
            (Link::Usb, Workload::Evaluate, Tool::Auto, 0.09),
        ]);
        assert_eq!(
            verdicts(&results),
            ["PASS", "PASS", "MISS", "----", "MISS", "PASS"]
        );
        let mpytool = all(&results)[4].to_string();
        assert!(
            mpytool.ends_with("1 of 2 cells miss it: 115200 baud random 50 KB: 0.98×"),
            "{mpytool}"
        );
    }
}
