//! The report as a picture: a bar for the seconds of each file, and its figures beside it.

use std::fmt::Write as _;

use mpwire::bench::{File, Kind, Report};

use super::{table, way};

const WIDTH: f64 = 640.0;
const MARGIN: f64 = 16.0;
const LABELS: f64 = 76.0;
/// Beside the longest bar, for its figures.
const FIGURES: f64 = 170.0;
const TOP: f64 = 64.0;
const HEAD: f64 = 26.0;
const ROW: f64 = 17.0;
const BAR: f64 = 12.0;

const STYLE: &str = "\
    text { font: 12px system-ui, sans-serif; fill: #1f2328 }\n\
    .title { font-size: 15px; font-weight: 600 }\n\
    .head { font-weight: 600 }\n\
    .small { font-size: 11px; fill: #59636e }\n\
    .end { text-anchor: end }\n\
    .page { fill: #ffffff }\n\
    .auto { fill: #0969da }\n\
    .way { fill: #9cc4f2 }\n\
    @media (prefers-color-scheme: dark) {\n\
    text { fill: #e6edf3 }\n\
    .small { fill: #9198a1 }\n\
    .page { fill: #0d1117 }\n\
    .auto { fill: #58a6ff }\n\
    .way { fill: #28558f }\n\
    }\n";

const PAGE_STYLE: &str = "\
    body { font: 15px system-ui, sans-serif; margin: 2em auto; max-width: 44em; padding: 0 1em;\n\
    color: #1f2328; background: #ffffff }\n\
    pre { overflow-x: auto } svg { max-width: 100%; height: auto }\n\
    @media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117 } }\n";

/// A page with the picture and the table, without any outside reference.
pub fn html(report: &Report) -> String {
    let title = escaped(&title(report));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{PAGE_STYLE}</style>\n</head>\n<body>\n{}<pre>{}</pre>\n</body>\n</html>\n",
        svg(report),
        escaped(&table::of(report))
    )
}

/// An SVG document without any outside reference.
pub fn svg(report: &Report) -> String {
    let groups: Vec<(Kind, Vec<&File>)> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let files = report.files.iter().filter(|file| file.kind == kind);
            (kind, files.collect::<Vec<_>>())
        })
        .filter(|(_, files)| !files.is_empty())
        .collect();
    let longest = report
        .files
        .iter()
        .filter_map(|file| file.result.as_ref().ok())
        .map(|sent| sent.time.as_secs_f64())
        .fold(1e-6, f64::max);
    let mut rows = String::new();
    let mut y = TOP;
    for (kind, files) in groups {
        y += HEAD;
        text(&mut rows, MARGIN, y - 8.0, "head", kind.name());
        for file in files {
            row(&mut rows, report, file, y, longest);
            y += ROW;
        }
    }
    let height = y + MARGIN;
    let title = title(report);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        escaped(&title)
    );
    text(&mut svg, MARGIN, 24.0, "title", &title);
    let line = match report.line.to_board {
        Some(rate) => format!("the line takes {rate:.0} bytes/s; shorter bars are faster"),
        None => "shorter bars are faster".to_owned(),
    };
    text(&mut svg, MARGIN, 42.0, "small", &line);
    if let Some(flash) = report.flash {
        let flash = format!(
            "the flash is written with {:.0} and read with {:.0} bytes/s",
            flash.write, flash.read
        );
        text(&mut svg, MARGIN, 58.0, "small", &flash);
    }
    svg + &rows + "</svg>\n"
}

fn title(report: &Report) -> String {
    format!("Seconds to send {} bytes to {}", report.size, report.link)
}

fn row(svg: &mut String, report: &Report, file: &File, y: f64, longest: f64) {
    let base = y + BAR - 2.0;
    let left = MARGIN + LABELS;
    let name = way(file.encoding);
    text(svg, left - 6.0, base, "end", name);
    match &file.result {
        Err(reason) => text(svg, left + 4.0, base, "small", reason),
        Ok(sent) => {
            let seconds = sent.time.as_secs_f64();
            let room = WIDTH - MARGIN - FIGURES - left;
            let length = (seconds / longest * room).max(1.0);
            let class = if file.encoding.is_none() {
                "auto"
            } else {
                "way"
            };
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" \
                 height=\"{BAR}\" rx=\"1.5\"/>"
            );
            let share = report
                .share_of_line(sent)
                .map_or_else(String::new, |share| {
                    format!(", {} of the line", table::percent(share))
                });
            let figures = format!("{seconds:.3} s{share}");
            text(svg, left + length + 5.0, base, "small", &figures);
        }
    }
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{poor_report, report};
    use super::*;

    /// Elements of HTML that have no end.
    const VOID: [&str; 2] = ["!DOCTYPE", "meta"];

    fn assert_well_formed(document: &str) {
        let mut open = Vec::new();
        for tag in document.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("an unescaped <");
            let name = tag.split(' ').next().expect("one always");
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') && !VOID.contains(&name) {
                open.push(name);
            }
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let plain = text.replace("&amp;", "").replace("&lt;", "");
            assert!(!plain.contains('&'), "{text}");
        }
        assert!(open.is_empty(), "{open:?}");
        assert!(!document.contains("NaN") && !document.contains("inf"));
    }

    fn widths(svg: &str, class: &str) -> Vec<f64> {
        svg.lines()
            .filter(|line| line.starts_with(&format!("<rect class=\"{class}\"")))
            .filter_map(|line| line.split(" width=\"").nth(1)?.split('"').next())
            .map(|width| width.parse().unwrap())
            .collect()
    }

    #[test]
    fn pictures_and_pages_are_well_formed() {
        for report in [report(), poor_report()] {
            assert_well_formed(&svg(&report));
            assert_well_formed(&html(&report));
        }
    }

    #[test]
    fn slower_files_have_longer_bars_within_the_picture() {
        let widths = widths(&svg(&report()), "auto");
        assert_eq!(widths.len(), 2);
        assert!(widths[0] > widths[1] && widths[1] > 0.0, "{widths:?}");
        assert!(MARGIN + LABELS + widths[0] + FIGURES <= WIDTH);
    }

    #[test]
    fn every_file_has_its_figures_or_its_reason() {
        let svg = svg(&report());
        for words in [
            ">0.512 s, 70 % of the line<",
            ">too little memory<",
            ">zeros<",
        ] {
            assert!(svg.contains(words), "{words}: {svg}");
        }
    }

    #[test]
    fn a_page_refers_to_nothing_outside() {
        let page = html(&report());
        assert_eq!(page.matches("http").count(), 1, "only the namespace");
        assert!(page.contains("firmware has"));
    }
}
