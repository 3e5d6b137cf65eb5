//! Files of every kind and size in every encoding, and boards that lack what an encoding needs.
//!
//! What is on the board is judged by genuine mpremote.

mod support;

use std::path::Path;

use mpwire::transfer::Encoding;
use support::{TestBoard, hex_digest, mpremote, noise};

const SIZES: [usize; 4] = [1 << 10, 5 << 10, 10 << 10, 50 << 10];

/// Python source that people wrote: genuine mpremote's own.
fn source(size: usize) -> Vec<u8> {
    let program = mpremote();
    let library = program
        .parent()
        .and_then(Path::parent)
        .expect("bin/mpremote");
    let mut text = Vec::new();
    let mut files = Vec::new();
    collect_python(&library.join("lib"), &mut files);
    files.sort();
    for file in files {
        text.extend(std::fs::read(file).expect("a readable file"));
    }
    assert!(
        text.len() >= size,
        "mpremote's source is under {}",
        library.display()
    );
    text.truncate(size);
    text
}

fn collect_python(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let in_mpremote = folder.file_name().is_some_and(|name| name == "mpremote");
        if path.is_dir() {
            collect_python(&path, files);
        } else if in_mpremote && path.extension().is_some_and(|end| end == "py") {
            files.push(path);
        }
    }
}

/// Lines of a sensor's log.
fn log(size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in 0_u32.. {
        if bytes.len() >= size {
            break;
        }
        let minutes = line / 6;
        let text = format!(
            "2026-03-{:02}T{:02}:{:02}:{:02} sensor/{} temperature={}.{} humidity={}\n",
            1 + minutes / 1440,
            minutes / 60 % 24,
            minutes % 60,
            line % 6 * 10,
            line % 3,
            18 + line * 7 % 5,
            line * 13 % 10,
            40 + line * 31 % 17,
        );
        bytes.extend(text.into_bytes());
    }
    bytes.truncate(size);
    bytes
}

fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for size in SIZES {
        for (kind, data) in [
            ("random", noise(1, size)),
            ("source", source(size)),
            ("log", log(size)),
            ("zeros", vec![0; size]),
        ] {
            files.push((format!("{kind}{}", size >> 10), data));
        }
    }
    files
}

/// Asks genuine mpremote for the SHA-256 of each file, in one run.
fn assert_on_board(board: &TestBoard, files: &[(String, Vec<u8>)]) {
    let mut words = vec!["resume", "fs", "--no-verbose", "sha256sum"];
    words.extend(files.iter().map(|(name, _)| name.as_str()));
    let outcome = board.mpremote(&words);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let found = outcome.text();
    let expected: Vec<String> = files.iter().map(|(_, data)| hex_digest(data)).collect();
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}

/// 16 files, each sent in this encoding, read back and compared, and judged by genuine mpremote.
fn every_kind_and_size_in(encoding: &str) {
    let board = TestBoard::start();
    let files = files();
    for (name, data) in &files {
        board.write(name, data);
        let copied = board.mpwire(&["resume", "cp", "--encoding", encoding, name, ":"]);
        assert_eq!(copied.code, Some(0), "{name}: {copied}");
        let read = board.mpwire(&["resume", "cp", &format!(":{name}"), "back"]);
        assert_eq!(read.code, Some(0), "{name}: {read}");
        let back = std::fs::read(board.work().join("back")).expect("the copy");
        assert!(back == *data, "{name} came back different");
    }
    assert_on_board(&board, &files);
}

#[test]
fn every_kind_and_size_arrives_as_repr() {
    every_kind_and_size_in("repr");
}

#[test]
fn every_kind_and_size_arrives_as_hex() {
    every_kind_and_size_in("hex");
}

#[test]
fn every_kind_and_size_arrives_as_base64() {
    every_kind_and_size_in("base64");
}

#[test]
fn every_kind_and_size_arrives_as_deflate() {
    every_kind_and_size_in("deflate");
}

#[test]
fn every_kind_and_size_arrives_as_auto_chooses() {
    every_kind_and_size_in("auto");
}

/// Copies a file with `auto` and returns the encoding that was used, the board's copy being right.
fn chosen(board: &TestBoard, name: &str, data: &[u8]) -> Encoding {
    board.write(name, data);
    let copied = board.mpwire(&["resume", "cp", "-v", name, ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let read = board.mpwire(&["resume", "cat", name]);
    assert!(read.stdout == data, "{name}: {copied}\n{read}");
    Encoding::ALL
        .into_iter()
        .find(|encoding| copied.stderr.contains(&format!(" as {encoding} ")))
        .unwrap_or_else(|| panic!("no encoding is told: {copied}"))
}

/// What `auto` chooses for 5 KB of noise, of source and of zeros on a board that lacks something.
fn chosen_without(missing: &str) -> [Encoding; 3] {
    let board = TestBoard::with(&["link=fast", &format!("missing={missing}")]);
    [
        chosen(&board, "random", &noise(1, 5000)),
        chosen(&board, "source", &source(5000)),
        chosen(&board, "zeros", &[0; 5000]),
    ]
}

#[test]
fn a_stream_that_a_board_refuses_is_told_with_the_reason() {
    // What is missing makes of the module one that can be changed.
    let board = TestBoard::with(&["link=fast", "missing=binascii.a2b_base64"]);
    let program = "import binascii; binascii.crc32 = lambda *_: 1/0";
    let outcome = board.mpwire(&["exec", program]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    board.write("random", noise(1, 5000));
    let copied = board.mpwire(&["resume", "cp", "-v", "random", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let mut lines = copied.stderr.lines();
    let first = lines.next().expect("what was sent how");
    assert!(first.contains(" as hex "), "{copied}");
    assert_eq!(
        lines.next(),
        Some("  the board refused a stream: ZeroDivisionError: divide by zero"),
        "{copied}"
    );
    assert_eq!(
        board.mpwire(&["resume", "cat", "random"]).stdout,
        noise(1, 5000)
    );
}

#[test]
fn a_board_with_everything_takes_a_stream() {
    let board = TestBoard::start();
    assert_eq!(chosen(&board, "random", &noise(1, 5000)), Encoding::Stream);
    assert_eq!(chosen(&board, "source", &source(5000)), Encoding::Stream);
    assert_eq!(chosen(&board, "zeros", &[0; 5000]), Encoding::Stream);
}

#[test]
fn without_deflate_a_stream_carries_what_it_is_given() {
    let [random, _, zeros] = chosen_without("deflate");
    assert_eq!([random, zeros], [Encoding::Stream; 2]);
}

#[test]
fn without_deflate_and_standard_input_base64_and_repr_remain() {
    assert_eq!(
        chosen_without("deflate,sys.stdin"),
        [Encoding::Base64, Encoding::Repr, Encoding::Base64]
    );
}

#[test]
fn without_binascii_deflate_is_of_no_use_and_hex_remains() {
    let [random, source, zeros] = chosen_without("binascii,sys.stdin");
    assert_eq!(random, Encoding::Hex);
    assert_eq!(source, Encoding::Repr);
    assert!(matches!(zeros, Encoding::Hex | Encoding::Repr));
}

#[test]
fn without_both_and_without_fromhex_repr_remains() {
    assert_eq!(
        chosen_without("deflate,binascii,bytes.fromhex,sys.stdin"),
        [Encoding::Repr; 3]
    );
}

#[test]
fn without_bytes_fromhex_the_other_decoder_of_hex_serves() {
    let board = TestBoard::with(&[
        "link=fast",
        "missing=bytes.fromhex,binascii.a2b_base64,sys.stdin",
    ]);
    assert_eq!(chosen(&board, "random", &noise(1, 5000)), Encoding::Hex);
}

#[test]
fn without_bytes_io_nothing_but_deflate_is_lost() {
    assert_eq!(
        chosen_without("io.BytesIO,sys.stdin"),
        [Encoding::Base64, Encoding::Repr, Encoding::Base64]
    );
}

#[test]
fn without_hashlib_files_are_streamed_and_verified_otherwise() {
    assert_eq!(chosen_without("hashlib")[0], Encoding::Stream);
    // Without any checksum of the firmware's, text is what can be trusted.
    assert_eq!(
        chosen_without("hashlib,binascii.crc32")[1],
        Encoding::Deflate
    );
}

#[test]
fn without_standard_input_as_an_object_chunks_are_programs() {
    assert_eq!(
        chosen_without("sys.stdin"),
        [Encoding::Base64, Encoding::Deflate, Encoding::Deflate]
    );
}

fn every_encoding_with_a_heap_of(heap: &str) {
    let board = TestBoard::with(&["link=fast", &format!("heap={heap}")]);
    for (name, data) in [
        ("random", noise(1, 20_000)),
        ("source", source(20_000)),
        ("zeros", vec![0; 20_000]),
    ] {
        chosen(&board, name, &data);
        for encoding in Encoding::ALL {
            let copied = board.mpwire(&[
                "resume",
                "cp",
                "-f",
                "--encoding",
                encoding.name(),
                name,
                ":",
            ]);
            assert_eq!(copied.code, Some(0), "{encoding}: {copied}");
            let read = board.mpwire(&["resume", "cat", name]);
            assert!(read.stdout == data, "{name} as {encoding}: {read}");
        }
    }
}

#[test]
fn a_heap_of_64_kib_takes_every_encoding() {
    every_encoding_with_a_heap_of("64k");
}

#[test]
fn a_heap_of_32_kib_takes_every_encoding() {
    every_encoding_with_a_heap_of("32k");
}

#[test]
fn an_explicit_chunk_size_is_respected_exactly() {
    let board = TestBoard::start();
    board.write("file", noise(1, 1000));
    for (encoding, size, chunks) in [
        ("repr", "100", 10),
        ("base64", "300", 4),
        ("hex", "1000", 1),
        ("deflate", "999", 2),
    ] {
        let copied = board.mpwire(&[
            "resume",
            "cp",
            "-fv",
            "--encoding",
            encoding,
            "--chunk-size",
            size,
            "file",
            ":",
        ]);
        assert!(
            copied.stderr.contains(&format!(" in {chunks} chunks")),
            "{encoding}: {copied}"
        );
    }
    assert_on_board(&board, &[("file".to_owned(), noise(1, 1000))]);
}

#[test]
fn sizes_around_the_borders_of_chunks_arrive() {
    let board = TestBoard::start();
    for size in [
        0, 1, 2, 3, 255, 256, 257, 1124, 1125, 1126, 4096, 65_535, 65_537,
    ] {
        let name = format!("file{size}");
        let data = noise(1, size);
        board.write(&name, &data);
        let copied = board.mpwire(&["resume", "cp", &name, ":"]);
        assert_eq!(copied.code, Some(0), "{copied}");
        assert_on_board(&board, &[(name, data)]);
    }
}

#[test]
fn small_and_large_files_of_one_tree_arrive_together() {
    let board = TestBoard::start();
    std::fs::create_dir(board.work().join("tree")).expect("a new folder");
    let files: Vec<(String, Vec<u8>)> = [300, 20_000, 4096, 100, 4097, 0]
        .into_iter()
        .enumerate()
        .map(|(index, size)| (format!("tree/{index}"), source(size)))
        .collect();
    for (name, data) in &files {
        board.write(name, data);
    }
    let copied = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert_on_board(&board, &files);
}

#[test]
fn nothing_of_ours_stays_in_the_boards_globals() {
    let board = TestBoard::start();
    let before = board.globals();
    for (name, data) in [("random", noise(1, 5000)), ("source", source(50_000))] {
        board.write(name, data);
        let copied = board.mpwire(&["resume", "cp", name, ":"]);
        assert_eq!(copied.code, Some(0), "{copied}");
    }
    let folder = board.work().join("tree");
    std::fs::create_dir(&folder).expect("a new folder");
    for name in ["a", "b", "c"] {
        std::fs::write(folder.join(name), source(3000)).expect("a writable folder");
    }
    for words in [
        &["resume", "cp", "-r", "tree", ":"][..],
        &["resume", "cp", "-r", "tree", ":"],
        &["resume", "cp", ":random", "back"],
        &["resume", "tree"],
        &["resume", "ls"],
        &["resume", "df"],
        &["resume", "sha256sum", "random"],
        &["resume", "rm", "-r", ":tree"],
    ] {
        let outcome = board.mpwire(words);
        assert_eq!(outcome.code, Some(0), "{outcome}");
    }
    let after = board.globals();
    assert_eq!(after, before);
}
