//! The result as pictures: bars for the 50 KB files and for the trees, one panel a link.
//!
//! The seconds span three decades, so the axis is logarithmic: a bar that is shorter by the same
//! length is faster by the same factor. Every bar carries its figure.

use std::fmt::Write as _;

use clap::ValueEnum as _;

use super::results::Results;
use super::suites::{files, trees};
use crate::data::Kind;
use crate::tool::Tool;

/// The size of the files that are drawn, in KB: long enough that the encoding decides.
const SIZE: u32 = 50;

/// Bars for one file of 50 KB of each kind.
pub fn of_files(results: &Results) -> String {
    let kinds = Kind::value_variants().iter();
    let groups: Vec<String> = kinds.map(|kind| files::title(*kind, SIZE)).collect();
    svg(
        results,
        files::SUITE.name,
        &groups,
        "Seconds to copy one 50 KB file to a board",
        "blue: mpwire, paler with each --encoding",
    )
}

/// Bars for the trees.
pub fn of_trees(results: &Results) -> String {
    svg(
        results,
        trees::SUITE.name,
        &trees::titles(),
        "Seconds to copy a tree to a board",
        "blue: mpwire",
    )
}

const LABELS: f64 = 76.0;
const PANEL: f64 = 300.0;
const GAP: f64 = 14.0;
/// Beside the longest bar, for its figure.
const FIGURE: f64 = 36.0;
const TOP: f64 = 62.0;
const ROW: f64 = 14.0;
const BAR: f64 = 11.0;
const GROUP_TITLE: f64 = 26.0;
const BOTTOM: f64 = 34.0;

const STYLE: &str = "\
    text { font: 11px system-ui, sans-serif; fill: #1f2328 }\n\
    .title { font-size: 15px; font-weight: 600 }\n\
    .head { font-weight: 600 }\n\
    .small { font-size: 10px; fill: #59636e }\n\
    .end { text-anchor: end }\n\
    .middle { text-anchor: middle }\n\
    .page { fill: #ffffff }\n\
    .grid { stroke: #d1d9e0 }\n\
    .mpremote { fill: #8c959f }\n\
    .mpytool { fill: #c69a4c }\n\
    .forced { fill: #9cc4f2 }\n\
    .mpwire { fill: #0969da }\n\
    @media (prefers-color-scheme: dark) {\n\
    text { fill: #e6edf3 }\n\
    .small { fill: #9198a1 }\n\
    .page { fill: #0d1117 }\n\
    .grid { stroke: #30363d }\n\
    .mpremote { fill: #7d8590 }\n\
    .mpytool { fill: #a67c35 }\n\
    .forced { fill: #28558f }\n\
    .mpwire { fill: #58a6ff }\n\
    }\n";

/// The picture as an SVG document without any outside reference: a group of bars for each of the
/// suite's rows that `groups` names.
fn svg(results: &Results, suite: &str, groups: &[String], title: &str, legend: &str) -> String {
    let links = results.links(suite);
    let tools = results.tools(suite);
    let seconds = |link, group: &str, tool| results.row(suite, link, group)?.median(tool);
    let axis = Axis::over(
        links
            .iter()
            .flat_map(|link| groups.iter().map(move |group| (*link, group)))
            .flat_map(|(link, group)| tools.iter().map(move |tool| (link, group, *tool)))
            .filter_map(|(link, group, tool)| seconds(link, group, tool)),
    );

    let group_height = GROUP_TITLE + times(ROW, tools.len());
    let plot_height = times(group_height, groups.len());
    let width = LABELS + times(PANEL + GAP, links.len());
    let height = TOP + plot_height + BOTTOM;

    let mut drawing = Drawing::new(width, height, title);
    drawing.text(12.0, 22.0, "title", title);
    let legend = format!("whole command, logarithmic axis, shorter is faster; {legend}");
    drawing.text(12.0, 38.0, "small", &legend);
    for (column, link) in links.iter().enumerate() {
        let left = LABELS + times(PANEL + GAP, column);
        drawing.text(left, TOP - 4.0, "head", link.title());
        for tick in axis.ticks() {
            let x = left + axis.position(tick);
            drawing.line(x, TOP + 4.0, TOP + plot_height + 4.0);
            drawing.text(
                x,
                TOP + plot_height + 18.0,
                "small middle",
                &format!("{tick} s"),
            );
        }
        for (row, group) in groups.iter().enumerate() {
            let top = TOP + times(group_height, row) + GROUP_TITLE;
            if column == 0 {
                drawing.text(12.0, top - 7.0, "head", group);
            }
            for (index, tool) in tools.iter().enumerate() {
                let y = top + times(ROW, index);
                let base = y + BAR - 2.0;
                if column == 0 {
                    drawing.text(LABELS - 6.0, base, "end", tool.name());
                }
                if let Some(seconds) = seconds(*link, group, *tool) {
                    let length = axis.position(seconds);
                    drawing.bar(left, y, length, class(*tool));
                    drawing.text(left + length + 4.0, base, "small", &figure(seconds));
                } else {
                    drawing.text(left + 4.0, base, "small", "not measured");
                }
            }
        }
    }
    drawing.finish()
}

/// `count` lengths in a row.
#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has a handful of rows and columns"
)]
fn times(length: f64, count: usize) -> f64 {
    length * count as f64
}

/// The colour of a tool: the encodings that nobody has to choose by hand share one.
fn class(tool: Tool) -> &'static str {
    match tool {
        Tool::Encoding(_) => "forced",
        _ => tool.name(),
    }
}

/// Three figures that matter.
fn figure(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.2}")
    } else {
        format!("{seconds:.1}")
    }
}

/// Seconds to lengths, logarithmically.
struct Axis {
    least: f64,
    most: f64,
}

impl Axis {
    /// From a round figure below the least of `seconds` to the greatest.
    fn over(seconds: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in seconds {
            least = least.min(value);
            most = most.max(value);
        }
        if most <= 0.0 {
            return Self {
                least: 0.1,
                most: 10.0,
            };
        }
        // Half of the fastest: its bar is to be seen too.
        let wanted = least / 2.0;
        let decade = 10_f64.powf(wanted.log10().floor());
        let step = [5.0, 2.0, 1.0]
            .into_iter()
            .find(|step| step * decade <= wanted);
        let least = step.unwrap_or(1.0) * decade;
        Self {
            least,
            most: most.max(least * 10.0),
        }
    }

    fn position(&self, seconds: f64) -> f64 {
        let share = (seconds / self.least).ln() / (self.most / self.least).ln();
        share.clamp(0.0, 1.0) * (PANEL - FIGURE)
    }

    /// The powers of ten within.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        (-3..4)
            .map(|power| 10_f64.powi(power))
            .filter(|tick| (self.least..=self.most).contains(tick))
    }
}

/// SVG elements, written one after the other.
struct Drawing {
    svg: String,
}

impl Drawing {
    fn new(width: f64, height: f64, title: &str) -> Self {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n\
             <title>{title}</title>\n\
             <style>\n{STYLE}</style>\n\
             <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n"
        );
        Self { svg }
    }

    // Writing to a String cannot fail, here and below.

    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            self.svg,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"
        );
    }

    fn bar(&mut self, x: f64, y: f64, width: f64, class: &str) {
        let _ = writeln!(
            self.svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{BAR}\" rx=\"1.5\"/>"
        );
    }

    fn line(&mut self, x: f64, top: f64, bottom: f64) {
        let _ = writeln!(
            self.svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>"
        );
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::link::Link;
    use crate::bench::results::tests::{results, row};

    const ZEROS: &str = "zeros 50 KB";

    fn picture() -> String {
        let both = [(Tool::Mpremote, 21.18), (Tool::Mpwire, 0.1)];
        of_files(&results([
            row("files", Link::Slow, ZEROS, &both),
            row("files", Link::Slow, "zeros 1 KB", &[(Tool::Mpwire, 77.0)]),
            row("files", Link::Usb, ZEROS, &[(Tool::Mpremote, 5.52)]),
        ]))
    }

    /// The value of `attribute` in each element of `class`.
    fn attributes(svg: &str, class: &str, attribute: &str) -> Vec<f64> {
        svg.lines()
            .filter(|line| line.contains(&format!("class=\"{class}\"")))
            .filter_map(|line| {
                line.split(&format!(" {attribute}=\""))
                    .nth(1)?
                    .split('"')
                    .next()
            })
            .map(|value| value.parse().unwrap())
            .collect()
    }

    #[test]
    fn every_element_that_is_opened_is_closed() {
        let svg = picture();
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("an unescaped <");
            let name = tag.split(' ').next().unwrap();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(name);
            }
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            assert!(
                !text.replace("&amp;", "").replace("&lt;", "").contains('&'),
                "{text}"
            );
        }
        assert_eq!(open, Vec::<&str>::new());
    }

    #[test]
    fn slower_bars_are_longer_and_everything_is_inside_the_picture() {
        let svg = picture();
        let slow = attributes(&svg, "mpremote", "width");
        let fast = attributes(&svg, "mpwire", "width");
        assert_eq!((slow.len(), fast.len()), (2, 1));
        assert!(
            slow[0] > slow[1] && slow[1] > fast[0] && fast[0] > 0.0,
            "{slow:?} {fast:?}"
        );
        let page = attributes(&svg, "page", "width")[0];
        assert!(
            attributes(&svg, "small", "x")
                .into_iter()
                .all(|x| x < page - 20.0)
        );
    }

    #[test]
    fn only_files_of_50_kb_are_drawn_and_each_with_its_figure() {
        let svg = picture();
        assert!(svg.contains(">21.2<") && svg.contains(">0.10<") && svg.contains(">5.52<"));
        assert!(!svg.contains("77"));
        assert!(svg.contains(">not measured<"));
    }

    #[test]
    fn it_reads_in_the_dark() {
        assert!(picture().contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn without_figures_there_is_still_a_picture() {
        assert!(of_trees(&Results::default()).ends_with("</svg>\n"));
    }
}
