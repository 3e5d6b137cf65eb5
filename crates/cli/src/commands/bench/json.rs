//! The report for programs: one document, with the units in the names.

use mpwire::bench::{File, Report};
use serde_json::{Map, Value, json};

use super::way;

/// The document, on lines of its own.
pub fn of(report: &Report) -> String {
    let line = &report.line;
    let round_trip = line.round_trip.map(|found| {
        json!({
            "median_seconds": found.median.as_secs_f64(),
            "worst_seconds": found.worst.as_secs_f64(),
            "exchanges": found.exchanges,
        })
    });
    let flash = report.flash.map(|flash| {
        json!({
            "file_bytes": flash.size,
            "write_bytes_per_second": flash.write,
            "read_bytes_per_second": flash.read,
        })
    });
    let capabilities: Map<String, Value> = report
        .capabilities
        .named()
        .into_iter()
        .map(|(name, has)| (name.to_owned(), has.into()))
        .collect();
    let left_out: Vec<Value> = report
        .left_out
        .iter()
        .map(|left_out| json!({"what": left_out.what, "why": left_out.why}))
        .collect();
    let files: Vec<Value> = report.files.iter().map(|file| row(report, file)).collect();
    let document = json!({
        "mpwire_version": env!("CARGO_PKG_VERSION"),
        "link": report.link,
        "free_memory_bytes": report.capabilities.free_memory,
        "capabilities": capabilities,
        "round_trip": round_trip,
        "shortest_program_seconds": line.shortest_program.as_secs_f64(),
        "to_board_bytes_per_second": line.to_board,
        "from_board_bytes_per_second": line.from_board,
        "flash": flash,
        "file_bytes": report.size,
        "files": files,
        "left_out": left_out,
    });
    format!("{document:#}\n")
}

fn row(report: &Report, file: &File) -> Value {
    let (data, way) = (file.kind.name(), way(file.encoding));
    match &file.result {
        Err(reason) => json!({"data": data, "way": way, "error": reason}),
        Ok(sent) => json!({
            "data": data,
            "way": way,
            "encoding": sent.encoding.name(),
            "seconds": sent.time.as_secs_f64(),
            "bytes_per_second": sent.rate,
            "line_rate_percent": report.share_of_line(sent).map(|share| share * 100.0),
            "wire_bytes": sent.wire_bytes,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{poor_report, report};
    use super::*;

    fn parsed(report: &Report) -> Value {
        serde_json::from_str(&of(report)).unwrap()
    }

    #[test]
    fn the_document_holds_every_figure() {
        let document = parsed(&report());
        assert_eq!(document["link"], "/dev/tty<&>ACM0");
        assert_eq!(document["round_trip"]["median_seconds"], 0.002_34);
        assert_eq!(document["to_board_bytes_per_second"], 11_400.0);
        assert_eq!(document["flash"]["file_bytes"], 65_536);
        assert_eq!(document["capabilities"]["sys.stdin.buffer"], true);
        assert_eq!(document["files"][0]["encoding"], "stream");
        assert_eq!(document["files"][0]["way"], "auto");
        assert_eq!(document["files"][0]["bytes_per_second"], 8000.0);
        assert_eq!(document["files"][1]["error"], "too little memory");
        assert_eq!(document["left_out"][0]["what"], "deflate");
    }

    #[test]
    fn what_was_not_measured_is_null() {
        let document = parsed(&poor_report());
        assert!(document["round_trip"].is_null());
        assert!(document["flash"].is_null());
        assert!(document["to_board_bytes_per_second"].is_null());
        assert_eq!(document["files"].as_array().unwrap().len(), 3);
    }
}
