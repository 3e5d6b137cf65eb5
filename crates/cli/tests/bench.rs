//! `bench`: every figure is there, and nothing of it stays. What the figures are is not tested.

mod support;

use std::fs;

use mpwire::transfer::Encoding;
use rustix::process::Signal;
use serde_json::Value;
use support::{Outcome, TestBoard};

const KINDS: [&str; 3] = ["random", "python", "zeros"];

#[track_caller]
fn succeeds(outcome: &Outcome) -> String {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    outcome.text()
}

#[track_caller]
fn fails(outcome: &Outcome, says: &str) {
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(1), ""));
    assert!(outcome.stderr.starts_with("mpwire: bench: "), "{outcome}");
    assert!(outcome.stderr.contains(says), "no {says:?} in {outcome}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome}");
}

fn document(board: &TestBoard, arguments: &[&str]) -> Value {
    let outcome = board.mpwire(&[&["bench", "--json"], arguments].concat());
    serde_json::from_str(&succeeds(&outcome)).expect("JSON")
}

#[track_caller]
fn positive(value: &Value) {
    assert!(value.as_f64().is_some_and(|value| value > 0.0), "{value}");
}

/// The ways in which each kind of data was sent, all of them well.
#[track_caller]
fn ways(document: &Value) -> Vec<String> {
    let files = document["files"].as_array().expect("a list");
    let of = |kind: &str| -> Vec<String> {
        let files = files.iter().filter(|file| file["data"] == kind);
        files
            .map(|file| file["way"].as_str().expect("a name").to_owned())
            .collect()
    };
    for file in files {
        positive(&file["seconds"]);
        positive(&file["bytes_per_second"]);
        positive(&file["wire_bytes"]);
    }
    let ways = of(KINDS[0]);
    for kind in KINDS {
        assert_eq!(of(kind), ways, "{kind}");
    }
    assert_eq!(files.len(), ways.len() * KINDS.len());
    ways
}

/// What is on the board, where firmware without hashlib cannot tell digests: names and globals.
fn names(board: &TestBoard) -> (String, String) {
    let listing = board.execute("print(sorted(__import__('os').listdir('/')))");
    (listing, board.globals())
}

fn left_out(document: &Value) -> Vec<&str> {
    let all = document["left_out"].as_array().expect("a list");
    all.iter()
        .map(|left_out| left_out["what"].as_str().expect("a name"))
        .collect()
}

#[test]
fn the_table_has_a_row_for_each_kind_and_way_and_nothing_stays_on_the_board() {
    let board = TestBoard::start();
    board.execute("with open('mine.py', 'w') as file: file.write('mine')\ndel file");
    let before = (board.tree(), board.globals());
    let text = succeeds(&board.mpwire(&["bench", "--size", "2000"]));
    for row in [
        "round trip",
        "to the board",
        "from the board",
        "flash, read",
        "free memory",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
    assert!(text.contains("files of 2000 bytes"), "{text}");
    for kind in KINDS {
        assert!(text.contains(&format!("  {kind:8}auto (")), "{text}");
        for encoding in Encoding::ALL {
            assert!(text.contains(&format!("  {kind:8}{encoding} ")), "{text}");
        }
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert_eq!((board.tree(), board.globals()), before);
}

#[test]
fn the_document_holds_what_was_measured() {
    let board = TestBoard::with(&["link=usb"]);
    let document = document(&board, &["--size", "3000"]);
    assert_eq!(document["file_bytes"], 3000);
    positive(&document["free_memory_bytes"]);
    positive(&document["round_trip"]["median_seconds"]);
    positive(&document["round_trip"]["worst_seconds"]);
    positive(&document["shortest_program_seconds"]);
    positive(&document["to_board_bytes_per_second"]);
    positive(&document["from_board_bytes_per_second"]);
    positive(&document["flash"]["write_bytes_per_second"]);
    positive(&document["flash"]["read_bytes_per_second"]);
    assert_eq!(document["capabilities"]["sys.stdin.buffer"], true);
    let mut all = vec!["auto"];
    all.extend(Encoding::ALL.map(Encoding::name));
    assert_eq!(ways(&document), all);
    assert!(left_out(&document).is_empty(), "{document}");
}

#[test]
fn without_standard_input_a_program_cannot_be_talked_to_and_that_is_said() {
    let board = TestBoard::with(&["link=fast", "missing=sys.stdin.buffer"]);
    let document = document(&board, &["--size", "2000"]);
    assert!(document["round_trip"].is_null());
    assert!(document["to_board_bytes_per_second"].is_null());
    positive(&document["from_board_bytes_per_second"]);
    assert_eq!(
        left_out(&document),
        ["the round trip", "the rate to the board", "stream"]
    );
    assert_eq!(
        ways(&document),
        ["auto", "deflate", "base64", "hex", "repr"]
    );
}

#[test]
fn ways_that_the_firmware_lacks_are_left_out_and_that_is_said() {
    let parameters = "missing=binascii,hashlib,deflate,bytes.fromhex,sys.stdin.buffer";
    let board = TestBoard::with(&["link=fast", "raw-paste=no", parameters]);
    let before = names(&board);
    let found = document(&board, &["--size", "500"]);
    assert_eq!(ways(&found), ["auto", "repr"]);
    let text = succeeds(&board.mpwire(&["bench", "--size", "500"]));
    for what in ["stream", "deflate", "base64", "hex"] {
        let note = format!("  left out: {what}: the firmware has no ");
        assert!(text.contains(&note), "{text}");
    }
    assert!(text.contains("not measured"), "{text}");
    assert_eq!(names(&board), before);
}

#[test]
fn old_firmware_with_little_memory_is_measured_too() {
    let board = TestBoard::with(&["link=fast", "firmware=1.12", "heap=32k"]);
    let before = names(&board);
    let document = document(&board, &["--size", "1500"]);
    positive(&document["to_board_bytes_per_second"]);
    positive(&document["flash"]["write_bytes_per_second"]);
    let files = document["files"].as_array().expect("a list");
    assert!(
        files.iter().any(|file| file["error"].is_null()),
        "{document}"
    );
    assert_eq!(names(&board), before);
}

#[test]
fn pictures_and_pages_are_written() {
    let board = TestBoard::start();
    for (name, begins, ends) in [
        ("a.svg", "<svg ", "</svg>\n"),
        ("a.html", "<!DOCTYPE html>", "</html>\n"),
    ] {
        succeeds(&board.mpwire(&["bench", "--size", "300", "--plot", name]));
        let text = fs::read_to_string(board.work().join(name)).expect("it is there");
        assert!(text.starts_with(begins) && text.ends_with(ends), "{text}");
        assert!(!text.contains("NaN"), "{text}");
        for encoding in Encoding::ALL {
            assert_eq!(text.matches(&format!(">{encoding}<")).count(), KINDS.len());
        }
    }
}

#[test]
fn a_place_for_the_picture_that_is_not_there_is_named_before_anything_is_measured() {
    let board = TestBoard::start();
    let missing = board.mpwire(&["bench", "--plot", "no/a.svg"]);
    fails(&missing, "no/a.svg: No such file or directory.");
    fails(
        &board.mpwire(&["bench", "--plot", "."]),
        ".: is a directory.",
    );
}

#[test]
fn sizes_without_sense_are_usage_errors() {
    let board = TestBoard::start();
    for size in ["0", "-1", "x", "99999999999"] {
        let outcome = board.mpwire(&["bench", "--size", size]);
        assert_eq!((outcome.code, outcome.text().as_str()), (Some(2), ""));
        assert!(outcome.stderr.contains("--size"), "{outcome}");
    }
}

#[test]
fn a_file_that_does_not_fit_is_refused_with_what_it_needs() {
    let board = TestBoard::with(&["link=fast", "flash-size=64k"]);
    let outcome = board.mpwire(&["bench", "--size", "100000"]);
    fails(
        &outcome,
        "not enough free space on the board for a file of 100000 bytes: 106496 bytes are needed",
    );
    succeeds(&board.mpwire(&["bench"]));
    assert_eq!(board.tree(), [""; 0]);
}

#[test]
fn ctrl_c_leaves_nothing_on_the_board() {
    let board = TestBoard::with(&["link=uart:115200"]);
    let before = (board.tree(), board.globals());
    // Half a minute each on this line; what is printed before tells that the measuring begins.
    let mut running = board.start_mpwire(&["eval", "1", "bench", "--size", "300000"]);
    running.wait_for("1");
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(1), "mpwire: interrupted\n")
    );
    assert_eq!((board.tree(), board.globals()), before);
}

#[test]
fn other_commands_may_follow() {
    let outcome = TestBoard::start().mpwire(&["bench", "--size", "100", "eval", "6*7"]);
    assert!(succeeds(&outcome).ends_with("42\n"), "{outcome}");
}

#[test]
fn help_lists_the_command_and_tells_what_it_takes() {
    let board = TestBoard::start();
    assert!(succeeds(&board.mpwire(&["help"])).contains("  bench "));
    let text = succeeds(&board.mpwire(&["bench", "--help"]));
    for word in ["--size", "--json", "--plot", "115200"] {
        assert!(text.contains(word), "{text}");
    }
}
