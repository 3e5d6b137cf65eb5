//! What the project promises, held against a result.

use std::fmt;

/// One promise and how it went.
pub struct Held {
    pub asked: String,
    pub measured: String,
    pub verdict: Verdict,
}

/// How a promise went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    /// Something that it compares was not measured in this run, and nothing else breaks it.
    None,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::None => "none",
        }
    }
}

/// One figure that a promise is about.
pub struct Figure {
    /// How much better it is than what is asked: 1 holds exactly.
    margin: f64,
    text: String,
}

impl Figure {
    /// `value` shall be `least` at least.
    pub fn at_least(least: f64, value: f64, text: String) -> Self {
        let margin = value / least;
        Self { margin, text }
    }

    /// `value` shall be `most` at most.
    pub fn at_most(most: f64, value: f64, text: String) -> Self {
        let margin = most / value;
        Self { margin, text }
    }
}

impl Held {
    /// Holds what was `asked` against all `figures`, of which those that were not measured are
    /// `None`.
    pub fn new(
        asked: impl Into<String>,
        figures: impl IntoIterator<Item = Option<Figure>>,
    ) -> Self {
        let figures: Vec<Option<Figure>> = figures.into_iter().collect();
        let count = figures.len();
        let mut measured: Vec<Figure> = figures.into_iter().flatten().collect();
        measured.sort_by(|a, b| a.margin.total_cmp(&b.margin));
        let missed = measured.iter().take_while(|figure| figure.margin < 1.0);
        let missed: Vec<&str> = missed.map(|figure| figure.text.as_str()).collect();

        let mut parts = Vec::new();
        match measured.first() {
            Some(closest) if missed.is_empty() && count > 1 => {
                parts.push(format!(
                    "the closest of {}: {}",
                    measured.len(),
                    closest.text
                ));
            }
            Some(only) if missed.is_empty() => parts.push(only.text.clone()),
            _ => parts.extend(missed.iter().map(|text| (*text).to_owned())),
        }
        if measured.len() < count || count == 0 {
            parts.push(format!(
                "{} of {count} rows not measured",
                count - measured.len()
            ));
        }
        Self {
            asked: asked.into(),
            measured: parts.join("; "),
            verdict: if !missed.is_empty() {
                Verdict::No
            } else if measured.len() < count || count == 0 {
                Verdict::None
            } else {
                Verdict::Yes
            },
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, asked) = (self.verdict.word(), &self.asked);
        write!(formatter, "{word}: {asked} – {}", self.measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(values: &[Option<f64>]) -> String {
        let figures = values
            .iter()
            .map(|value| value.map(|value| Figure::at_least(2.0, value, format!("{value:.1}×"))));
        Held::new("at least 2×", figures).to_string()
    }

    #[test]
    fn the_closest_figure_is_told_and_everything_that_breaks_the_promise() {
        assert_eq!(held(&[Some(2.0)]), "yes: at least 2× – 2.0×");
        assert_eq!(
            held(&[Some(3.0), Some(2.5)]),
            "yes: at least 2× – the closest of 2: 2.5×"
        );
        assert_eq!(
            held(&[Some(1.5), Some(3.0), Some(1.0)]),
            "no: at least 2× – 1.0×; 1.5×"
        );
    }

    #[test]
    fn what_was_left_out_neither_holds_nor_breaks_a_promise() {
        assert_eq!(
            held(&[None]),
            "none: at least 2× – 1 of 1 rows not measured"
        );
        assert_eq!(
            held(&[Some(3.0), None]),
            "none: at least 2× – the closest of 1: 3.0×; 1 of 2 rows not measured"
        );
        assert_eq!(
            held(&[Some(1.0), None]),
            "no: at least 2× – 1.0×; 1 of 2 rows not measured"
        );
    }

    #[test]
    fn times_are_held_from_above() {
        let figure = Figure::at_most(1.0, 1.2, "1.20 s".to_owned());
        assert_eq!(
            Held::new("at most 1 s", [Some(figure)]).verdict,
            Verdict::No
        );
    }
}
