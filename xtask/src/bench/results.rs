//! What was measured: rows of figures, a column each tool.

use super::link::Link;
use crate::tool::Tool;

/// Everything that was measured.
#[derive(Default)]
pub struct Results {
    /// In the order in which they were measured.
    pub rows: Vec<Row>,
    /// What went wrong, as sentences.
    pub failures: Vec<String>,
}

/// One line of a table: what several tools did, one after the other.
pub struct Row {
    /// The suite's name.
    pub suite: &'static str,
    pub link: Link,
    pub title: String,
    /// The seconds that the wire alone needs.
    pub line: Option<f64>,
    /// The seconds that the board alone needs to write its flash.
    pub flash: Option<f64>,
    /// Why there is no such board, if there is none.
    pub refused: Option<String>,
    /// Those who were asked, each with the seconds of each run that went well.
    pub cells: Vec<(Tool, Vec<f64>)>,
}

impl Row {
    pub fn new(suite: &'static str, link: Link, title: String) -> Self {
        Self {
            suite,
            link,
            title,
            line: None,
            flash: None,
            refused: None,
            cells: Vec::new(),
        }
    }

    /// The same row, for bytes that need `seconds` on the wire.
    pub fn with_line(mut self, seconds: f64) -> Self {
        self.line = Some(seconds);
        self
    }

    /// The median of the tool's runs. With the least instead, whoever runs more often would win.
    pub fn median(&self, tool: Tool) -> Option<f64> {
        let mut seconds = self.seconds(tool)?.to_vec();
        seconds.sort_by(f64::total_cmp);
        let middle = seconds.len() / 2;
        match seconds.len() {
            0 => None,
            length if length % 2 == 1 => Some(seconds[middle]),
            _ => Some(f64::midpoint(seconds[middle - 1], seconds[middle])),
        }
    }

    /// How many times faster `tool` was than `other`.
    pub fn ratio(&self, tool: Tool, other: Tool) -> Option<f64> {
        Some(self.median(other)? / self.median(tool)?)
    }

    /// Which part of `tool`'s time the wire alone needs.
    pub fn share_of_line(&self, tool: Tool) -> Option<f64> {
        Some(self.line? / self.median(tool)?)
    }

    /// The seconds of each run, if the tool was asked.
    pub fn seconds(&self, tool: Tool) -> Option<&[f64]> {
        let cell = self.cells.iter().find(|(other, _)| *other == tool)?;
        Some(&cell.1)
    }

    pub fn record(&mut self, tool: Tool, seconds: impl IntoIterator<Item = f64>) {
        match self.cells.iter_mut().find(|(other, _)| *other == tool) {
            Some((_, cell)) => cell.extend(seconds),
            None => self.cells.push((tool, seconds.into_iter().collect())),
        }
    }
}

impl Results {
    /// The row with this name.
    pub fn row(&self, suite: &str, link: Link, title: &str) -> Option<&Row> {
        self.rows_of(suite, link).find(|row| row.title == title)
    }

    /// A suite's rows on one link.
    pub fn rows_of(&self, suite: &str, link: Link) -> impl Iterator<Item = &Row> {
        let is_of = move |row: &&Row| row.suite == suite && row.link == link;
        self.rows.iter().filter(is_of)
    }

    /// The links that a suite was measured on, in their order.
    pub fn links(&self, suite: &str) -> Vec<Link> {
        let rows = self.rows.iter().filter(|row| row.suite == suite);
        let mut links: Vec<Link> = rows.map(|row| row.link).collect();
        links.sort();
        links.dedup();
        links
    }

    /// The tools that a suite asked, in the order of their columns.
    pub fn tools(&self, suite: &str) -> Vec<Tool> {
        let rows = || self.rows.iter().filter(|row| row.suite == suite);
        let was_asked = |tool: &Tool| rows().any(|row| row.seconds(*tool).is_some());
        Tool::all().into_iter().filter(was_asked).collect()
    }

    pub fn fail(&mut self, sentence: String) {
        eprintln!("FAILED: {sentence}");
        self.failures.push(sentence);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A row as if each tool had been measured once.
    pub fn row(suite: &'static str, link: Link, title: &str, cells: &[(Tool, f64)]) -> Row {
        let mut row = Row::new(suite, link, title.to_owned());
        for (tool, seconds) in cells {
            row.record(*tool, [*seconds]);
        }
        row
    }

    /// Results of nothing but these rows.
    pub fn results(rows: impl IntoIterator<Item = Row>) -> Results {
        Results {
            rows: rows.into_iter().collect(),
            failures: Vec::new(),
        }
    }

    fn median(seconds: &[f64]) -> Option<f64> {
        let mut row = Row::new("files", Link::Usb, "eval 1+1".to_owned());
        row.record(Tool::Mpwire, seconds.iter().copied());
        row.median(Tool::Mpwire)
    }

    #[test]
    fn one_slow_run_does_not_move_the_figure() {
        assert_eq!(median(&[0.3, 9.0, 0.1]), Some(0.3));
        assert_eq!(median(&[0.25, 0.75]), Some(0.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn columns_stand_in_their_order_whoever_came_first() {
        let cells = [(Tool::Mpwire, 1.0), (Tool::Mpremote, 2.0)];
        let results = results([row("down", Link::Usb, "random 50 KB", &cells)]);
        assert_eq!(results.tools("down"), [Tool::Mpremote, Tool::Mpwire]);
        assert_eq!(results.tools("files"), []);
    }
}
