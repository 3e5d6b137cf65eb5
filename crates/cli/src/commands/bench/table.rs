//! The report for people: no line is longer than 80 columns.

use std::fmt::Write as _;
use std::time::Duration;

use mpwire::bench::{File, Report};

use super::way;

const WIDTH: usize = 80;
/// Where the values of the first part stand.
const VALUE: usize = 24;

// Writing to a String cannot fail, here and below.

/// The table.
pub fn of(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}\n", report.link);
    line_and_flash(report, &mut text);
    firmware(report, &mut text);
    let _ = writeln!(
        text,
        "\nfiles of {} bytes, sent, verified and named\n",
        report.size
    );
    text.push_str("  data    way                 seconds    bytes/s   of line\n");
    for file in &report.files {
        text.push_str(&row(report, file));
    }
    notes(report, &mut text);
    text
}

fn line_and_flash(report: &Report, text: &mut String) {
    let line = &report.line;
    let round_trip = line.round_trip.map(|found| {
        format!(
            "{} median, {} worst of {}",
            milliseconds(found.median),
            milliseconds(found.worst),
            found.exchanges
        )
    });
    let written = report
        .flash
        .map(|flash| format!("{} (a file of {})", rate(flash.write), flash.size));
    let read = report.flash.map(|flash| rate(flash.read));
    let not_measured = || "not measured".to_owned();
    let rows = [
        ("round trip", round_trip.unwrap_or_else(not_measured)),
        ("shortest program", milliseconds(line.shortest_program)),
        (
            "to the board",
            line.to_board.map_or_else(not_measured, rate),
        ),
        ("from the board", rate(line.from_board)),
        ("flash, written", written.unwrap_or_else(not_measured)),
        ("flash, read", read.unwrap_or_else(not_measured)),
        (
            "free memory",
            format!("{:>9} bytes", report.capabilities.free_memory),
        ),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:22}{value}");
    }
}

fn firmware(report: &Report, text: &mut String) {
    let capabilities = report.capabilities.named();
    for (title, wanted) in [("firmware has", true), ("firmware lacks", false)] {
        let names: Vec<&str> = capabilities
            .iter()
            .filter(|(_, has)| *has == wanted)
            .map(|(name, _)| *name)
            .collect();
        if !names.is_empty() {
            let _ = write!(text, "  {title:22}");
            wrap(&names.join(", "), VALUE, text);
        }
    }
}

fn row(report: &Report, file: &File) -> String {
    let way = match (file.encoding, &file.result) {
        (None, Ok(sent)) => format!("auto ({})", sent.encoding),
        (encoding, _) => way(encoding).to_owned(),
    };
    let start = format!("  {:8}{way:17}", file.kind);
    match &file.result {
        Err(reason) => {
            let mut text = format!("{start}  ");
            wrap(reason, start.len() + 2, &mut text);
            text
        }
        Ok(sent) => {
            let share = report.share_of_line(sent);
            let share = share.map_or_else(|| "-".to_owned(), percent);
            format!(
                "{start}{:>10.3}{:>11.0}{share:>10}\n",
                sent.time.as_secs_f64(),
                sent.rate
            )
        }
    }
}

fn notes(report: &Report, text: &mut String) {
    text.push('\n');
    let shrunk = report
        .files
        .iter()
        .filter_map(|file| file.result.as_ref().ok())
        .filter_map(|sent| report.share_of_line(sent))
        .any(|share| share > 1.0);
    text.push_str("  auto: the way that cp takes, predicted to be the fastest\n");
    if report.line.to_board.is_some() {
        text.push_str("  of line: bytes of the file against bytes to the board");
        text.push_str(if shrunk {
            ";\n    more than 100 % of data that shrinks on its way\n"
        } else {
            "\n"
        });
    }
    for left_out in &report.left_out {
        text.push_str("  ");
        let note = format!("left out: {}: {}", left_out.what, left_out.why);
        wrap(&note, 4, text);
    }
}

/// Such as `70 %`, `0.7 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = usize::from(percent < 9.95);
    format!("{percent:.digits$} %")
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn rate(bytes_per_second: f64) -> String {
    format!("{bytes_per_second:>9.0} bytes/s")
}

/// Writes words into lines; those behind the first begin at `indentation`, where the text stands.
fn wrap(words: &str, indentation: usize, text: &mut String) {
    let mut column = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
    let start = column;
    for word in words.split(' ') {
        if column > start && column + 1 + word.len() > WIDTH {
            let _ = write!(text, "\n{:indentation$}", "");
            column = indentation;
        } else if column > start {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::tests::{poor_report, report};
    use super::*;

    #[test]
    fn the_table_tells_all_within_80_columns() {
        assert_eq!(
            of(&report()),
            "\
/dev/tty<&>ACM0

  round trip            2.34 ms median, 3.46 ms worst of 20
  shortest program      7.00 ms
  to the board              11400 bytes/s
  from the board            11500 bytes/s
  flash, written           123457 bytes/s (a file of 65536)
  flash, read             2345679 bytes/s
  free memory              102400 bytes
  firmware has          binascii.a2b_base64, sys.stdin.buffer
  firmware lacks        bytes.fromhex, binascii.unhexlify, binascii.crc32,
                        hashlib.sha256, io.BytesIO, deflate.DeflateIO,
                        uzlib.DecompIO, os.stat, os.ilistdir, os.rename,
                        os.statvfs, os.mkdir, sys.stdin

files of 4096 bytes, sent, verified and named

  data    way                 seconds    bytes/s   of line
  random  auto (stream)         0.512       8000      70 %
  random  repr               too little memory
  zeros   auto (deflate)        0.100      40960     359 %

  auto: the way that cp takes, predicted to be the fastest
  of line: bytes of the file against bytes to the board;
    more than 100 % of data that shrinks on its way
  left out: deflate: the firmware has no deflate.DeflateIO
"
        );
    }

    #[test]
    fn what_was_not_measured_is_said_to_be() {
        let text = of(&poor_report());
        assert_eq!(text.matches("not measured").count(), 4, "{text}");
        assert_eq!(text.matches("too little memory").count(), 3, "{text}");
        assert!(!text.contains("NaN"), "{text}");
    }

    #[test]
    fn no_line_is_longer_than_80_columns() {
        let mut report = report();
        report.left_out[0].why = "word ".repeat(60).trim_end().to_owned();
        report.files[1].result = Err("reason ".repeat(60).trim_end().to_owned());
        for line in of(&report).lines() {
            assert!(line.chars().count() <= WIDTH, "{line:?}");
            assert_eq!(line, line.trim_end());
        }
    }
}
