//! Files sent as a stream of checked blocks: on boards with small receive rings, with little memory
//! and with old firmware, of every size and content, and nothing left behind.
//!
//! What is on the board is judged by genuine mpremote.

mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::thread;

use rustix::process::Signal;
use support::{Outcome, TestBoard, hex_digest};

/// Numbers that are the same on each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 24
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).expect("40 bits") % limit
    }

    /// Bytes that do not shrink.
    fn noise(&mut self, size: usize) -> Vec<u8> {
        (0..size).map(|_| self.next() as u8).collect()
    }

    /// Words, which shrink as source does.
    fn words(&mut self, size: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(size + 16);
        while text.len() < size {
            let number = self.below(200) * self.below(40);
            text.extend(format!("word_{number:x}(").into_bytes());
            text.extend(if self.below(5) > 0 {
                &b" "[..]
            } else {
                b"\n    "
            });
        }
        text.truncate(size);
        text
    }

    /// What only few bytes occur in, those with a meaning on the line among them.
    fn controls(&mut self, size: usize) -> Vec<u8> {
        const BYTES: [u8; 16] = *b"\x01\x02\x03\x03\x03\x04\x05\x06\x15!\r\n \0\xff?";
        (0..size).map(|_| BYTES[self.below(16)]).collect()
    }

    /// One of the three.
    fn any(&mut self, size: usize) -> Vec<u8> {
        match self.below(3) {
            0 => self.noise(size),
            1 => self.words(size),
            _ => self.controls(size),
        }
    }
}

fn noise(size: usize) -> Vec<u8> {
    Random(0x2545_f491_4f6c_dd1d).noise(size)
}

fn words(size: usize) -> Vec<u8> {
    Random(0x2545_f491_4f6c_dd1d).words(size)
}

type Files = BTreeMap<String, Vec<u8>>;

/// Copies a file to the board's root and returns what was said.
fn copy(board: &TestBoard, name: &str, data: &[u8]) -> Outcome {
    board.write(name, data);
    let copied = board.mpwire(&["resume", "cp", "-fv", name, ":"]);
    assert_eq!(copied.code, Some(0), "{name}: {copied}");
    copied
}

/// Copies each file by a command of its own.
fn copy_each(board: &TestBoard, files: &Files) {
    for (name, data) in files {
        let copied = copy(board, name, data);
        assert!(copied.stderr.contains(" as stream "), "{name}: {copied}");
    }
}

/// Asserts that these files, and no others, are on the board.
#[track_caller]
fn assert_holds(board: &TestBoard, files: &Files) {
    let found = board.digests();
    for (name, data) in files {
        let digest = found.get(&format!("/{name}"));
        assert!(digest.is_some(), "{name:?} is not among {:?}", found.keys());
        assert!(digest == Some(&hex_digest(data)), "{name:?} is wrong");
    }
    let names: Vec<String> = files.keys().map(|name| format!("/{name}")).collect();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), names);
}

/// Random files to a board that loses what its ring cannot take, and what comes while its flash is
/// written, if it is deaf then.
fn random_files_to_rings(rings: &[&str], count: usize, most: usize) {
    for (seed, ring) in rings.iter().enumerate() {
        for deaf in ["no", "yes"] {
            let board = TestBoard::with(&[
                "link=uart:921600",
                "backpressure=no",
                &format!("ring={ring}"),
                &format!("flash-deaf={deaf}"),
                "erase=1",
                "program=0.1",
                "flash-size=32m",
            ]);
            let mut random = Random(seed as u64 + 0x9e37_79b9_7f4a_7c15);
            let files: Files = (0..count)
                .map(|number| {
                    let size = random.below(most + 1);
                    (format!("file{number}"), random.any(size))
                })
                .collect();
            copy_each(&board, &files);
            assert_holds(&board, &files);
            assert_eq!(board.dropped(), 0, "with a ring of {ring}, deaf: {deaf}");
        }
    }
}

#[test]
fn small_rings_lose_nothing_of_short_files() {
    random_files_to_rings(&["128", "250", "260", "1023"], 6, 5000);
}

#[test]
fn a_ring_of_128_bytes_loses_nothing() {
    random_files_to_rings(&["128"], 3, 120_000);
}

#[test]
fn a_ring_of_260_bytes_loses_nothing() {
    random_files_to_rings(&["260"], 3, 120_000);
}

#[test]
#[ignore = "200 files of up to 200 KB to each of two boards take some minutes"]
fn a_ring_of_128_bytes_loses_nothing_of_200_files() {
    random_files_to_rings(&["128"], 200, 200_000);
}

#[test]
#[ignore = "200 files of up to 200 KB to each of two boards take some minutes"]
fn a_ring_of_250_bytes_loses_nothing_of_200_files() {
    random_files_to_rings(&["250"], 200, 200_000);
}

#[test]
#[ignore = "200 files of up to 200 KB to each of two boards take some minutes"]
fn a_ring_of_260_bytes_loses_nothing_of_200_files() {
    random_files_to_rings(&["260"], 200, 200_000);
}

#[test]
#[ignore = "200 files of up to 200 KB to each of two boards take some minutes"]
fn a_ring_of_1023_bytes_loses_nothing_of_200_files() {
    random_files_to_rings(&["1023"], 200, 200_000);
}

/// The size of the first file of noise that takes two blocks.
fn first_of_two_blocks(board: &TestBoard) -> usize {
    let takes_one = |size: usize| {
        copy(board, "border", &noise(size))
            .stderr
            .contains(" in 1 chunks")
    };
    // More than what is sent in one line, and a little more than the largest block.
    let (mut one, mut two) = (2100, 16_500);
    assert!(takes_one(one) && !takes_one(two));
    while two - one > 1 {
        let middle = usize::midpoint(one, two);
        if takes_one(middle) {
            one = middle;
        } else {
            two = middle;
        }
    }
    let removed = board.mpwire(&["resume", "rm", ":border"]);
    assert_eq!(removed.code, Some(0), "{removed}");
    two
}

fn sizes_around_blocks(parameters: &[&str]) {
    let board = TestBoard::with(&[parameters, &["link=fast", "flash-size=4m"]].concat());
    let block = first_of_two_blocks(&board);
    let mut files = Files::new();
    for size in [1, 2, 3, 4].map(|blocks| blocks * block) {
        for size in size - 2..=size + 2 {
            files.insert(format!("file{size}"), noise(size));
        }
    }
    copy_each(&board, &files);
    assert_holds(&board, &files);
}

#[test]
fn sizes_around_the_border_of_blocks_arrive() {
    sizes_around_blocks(&[]);
}

#[test]
fn sizes_around_the_border_of_blocks_arrive_where_blocks_are_small() {
    sizes_around_blocks(&["heap=64k"]);
    sizes_around_blocks(&["heap=40k"]);
}

#[test]
fn sizes_around_powers_of_two_arrive() {
    let board = TestBoard::with(&["link=fast", "flash-size=8m"]);
    let mut files = Files::from([("empty".to_owned(), Vec::new())]);
    for power in [1_usize, 2, 256, 2048, 4096, 16_384, 32_768, 65_536] {
        for size in power - 1..=power + 1 {
            files.insert(format!("noise{size}"), noise(size));
            files.insert(format!("words{size}"), words(size));
            files.insert(format!("zeros{size}"), vec![0; size]);
        }
    }
    copy_each(&board, &files);
    assert_holds(&board, &files);
}

/// Contents that could be taken for something else on their way.
fn contents() -> Files {
    let mut random = Random(7);
    let all: Vec<u8> = (0..=255).collect();
    let pairs = all
        .iter()
        .flat_map(|&first| all.iter().flat_map(move |&second| [first, second]));
    let lookalikes: &[&[u8]] = &[
        b"\x06!\x15\"\x06#\x06\x06!\x15`",
        b"16384 16384 16384 1234567890\n",
        b"0 0 0 0\n\x06!",
        b"   ?\n",
        b"\x04\x04>",
        b"\x04>raw REPL; CTRL-B to exit\r\n>",
        b"\r\x03\x03\x01\x05A\x01R\x01\x80\0\x01",
        b"\x02\r\nMPY: soft reboot\r\n>>> ",
        b"Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n\x04",
    ];
    let mut protocol = Vec::new();
    while protocol.len() < 40_000 {
        protocol.extend(lookalikes[random.below(lookalikes.len())]);
        let gap = random.below(40);
        protocol.extend(random.noise(gap));
    }
    // Distances from one interrupt character to the next around those that take a byte more.
    let distances = (240..270)
        .chain(495..510)
        .flat_map(|distance| [random.noise(distance).as_slice(), b"\x03"].concat())
        .collect();
    let mut files = Files::from([
        ("each".to_owned(), all.clone()),
        ("pairs".to_owned(), pairs.collect()),
        ("protocol".to_owned(), protocol),
        ("distances".to_owned(), distances),
        ("marks".to_owned(), b"\x06\x15!".repeat(10_000)),
        ("newlines".to_owned(), b"\r\n\n\r".repeat(10_000)),
    ]);
    for byte in [0, 3, 4, 0xff] {
        for size in [1, 250, 251, 252, 3000, 40_000] {
            files.insert(format!("byte{byte}x{size}"), vec![byte; size]);
        }
    }
    files
}

#[test]
fn every_content_arrives() {
    let board = TestBoard::with(&["link=usb", "flash-size=4m"]);
    let files = contents();
    copy_each(&board, &files);
    assert_holds(&board, &files);
}

#[test]
fn every_content_arrives_where_nothing_is_deflated() {
    let board = TestBoard::with(&["link=usb", "flash-size=4m", "missing=deflate"]);
    let files = contents();
    for (name, data) in &files {
        copy(&board, name, data);
    }
    assert_holds(&board, &files);
}

/// Copies a folder of these files to the board's root, twice.
fn copy_tree(board: &TestBoard, files: &Files) {
    for (name, data) in files {
        let path = board.work().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        std::fs::write(path, data).expect("a writable folder");
    }
    let copied = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert_holds(board, files);
    let again = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert_holds(board, files);
}

#[test]
fn a_tree_of_1000_small_files_arrives() {
    let board = TestBoard::with(&["link=fast", "flash-size=16m"]);
    let mut random = Random(11);
    let files: Files = (0..1000)
        .map(|number| {
            let size = random.below(600);
            let name = format!("tree/folder{}/file{number}", number % 10);
            (name, random.any(size))
        })
        .collect();
    copy_tree(&board, &files);
}

#[test]
fn deep_directories_arrive() {
    let board = TestBoard::start();
    let mut random = Random(13);
    let mut files = Files::new();
    let mut folder = "tree".to_owned();
    for level in 0..10 {
        folder = format!("{folder}/level{level}");
        files.insert(format!("{folder}/large"), random.any(9000));
        files.insert(format!("{folder}/small"), random.any(100));
    }
    copy_tree(&board, &files);
}

/// Names that need care in a shell, in Python or in UTF-8.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "it's",
        "\"quoted\"",
        "'''\"\"\"",
        "back\\slash",
        "\\n",
        "new\nline",
        "tab\tand\rreturn",
        "\u{e4}\u{f6}\u{fc} \u{65e5}\u{672c} \u{1f40d}",
        "-leading",
        "--force",
        " spaces ",
        "{}%s$HOME",
        "a:b",
        "\u{1}\u{4}\u{6}!",
    ]
    .map(str::to_owned)
    .into();
    names.push("n".repeat(255));
    names.push("\u{e4}".repeat(127));
    names
}

#[test]
fn files_of_a_tree_may_have_any_name() {
    let board = TestBoard::with(&["link=fast", "flash-size=2m"]);
    let mut random = Random(17);
    let mut files = Files::new();
    for name in names() {
        files.insert(format!("tree/{name}"), random.words(300));
        files.insert(format!("tree/large/{name}"), random.noise(5000));
    }
    copy_tree(&board, &files);
}

#[test]
fn a_file_may_have_any_name() {
    let board = TestBoard::with(&["link=fast", "flash-size=2m"]);
    let mut random = Random(19);
    for size in [300, 5000] {
        let mut files = Files::new();
        for name in names() {
            let data = random.noise(size);
            board.write(&name, &data);
            let source = format!("./{name}");
            let copied = board.mpwire(&["resume", "cp", "-f", &source, ":"]);
            assert_eq!(copied.code, Some(0), "{name:?}: {copied}");
            files.insert(name, data);
        }
        assert_holds(&board, &files);
    }
}

/// Files of every kind to a board; those called in `streamed` are to be sent as a stream.
fn files_to(parameters: &[&str], streamed: &[&str]) {
    let files = Files::from([
        ("noise50".to_owned(), noise(50_000)),
        ("noise5".to_owned(), noise(5000)),
        ("noise1".to_owned(), noise(1000)),
        ("words50".to_owned(), words(50_000)),
        ("words5".to_owned(), words(5000)),
        ("words1".to_owned(), words(1000)),
        ("zeros50".to_owned(), vec![0; 50_000]),
        ("zeros200".to_owned(), vec![0; 200_000]),
    ]);
    let board = TestBoard::with(&[parameters, &["link=fast"]].concat());
    let globals = board.globals();
    for (name, data) in &files {
        let copied = copy(&board, name, data);
        let is_stream = copied.stderr.contains(" as stream ");
        let any = !streamed.contains(&name.as_str());
        assert!(is_stream || any, "{parameters:?}, {copied}");
    }
    assert_eq!(board.globals(), globals);
    assert_holds(&board, &files);
}

/// What takes longest as text.
const LONG: &[&str] = &["noise50", "words50", "noise5"];

#[test]
fn a_heap_of_64_kib_takes_a_stream() {
    files_to(&["heap=64k"], LONG);
}

#[test]
fn a_heap_of_32_kib_takes_a_stream() {
    files_to(&["heap=32k"], LONG);
}

#[test]
fn a_heap_of_24_kib_takes_a_stream() {
    files_to(&["heap=24k"], LONG);
}

#[test]
fn a_heap_of_16_kib_takes_a_file() {
    for (name, data) in [
        ("noise50", noise(50_000)),
        ("noise1", noise(1000)),
        ("words50", words(50_000)),
        ("words5", words(5000)),
        ("zeros200", vec![0; 200_000]),
    ] {
        let board = TestBoard::with(&["heap=16k", "link=fast"]);
        copy(&board, name, &data);
        assert_holds(&board, &Files::from([(name.to_owned(), data)]));
    }
}

#[test]
fn without_an_inflater_the_stream_is_not_deflated() {
    files_to(&["missing=deflate"], &["noise50", "noise5"]);
}

#[test]
fn without_crc32_blocks_are_checked_otherwise() {
    files_to(&["missing=binascii.crc32"], LONG);
}

#[test]
fn without_hashlib_files_are_verified_otherwise() {
    let board = TestBoard::with(&["link=fast", "missing=hashlib"]);
    for data in [noise(20_000), words(20_000)] {
        copy(&board, "file", &data);
        let read = board.mpremote(&["resume", "cp", ":file", "back"]);
        assert_eq!(read.code, Some(0), "{read}");
        let back = std::fs::read(board.work().join("back")).expect("the copy");
        assert!(back == data, "it came back different");
    }
}

#[test]
fn without_binary_input_text_is_sent() {
    files_to(&["missing=sys.stdin.buffer"], &[]);
}

#[test]
fn without_anything_but_files_text_is_sent() {
    files_to(&["missing=deflate,io.BytesIO,sys.stdin.buffer"], &[]);
}

#[test]
fn firmware_with_old_names_takes_a_stream() {
    files_to(&["names=u", "raw-paste=yes"], LONG);
}

#[test]
fn firmware_without_raw_paste_takes_a_stream() {
    files_to(&["raw-paste=no"], LONG);
}

/// The free memory of the board, its modules and its globals. Names that a program has used stay in
/// memory until a reset (py/qstr.c): they count as free. So does the last exception, which the
/// collector finds on the stack until another takes its place.
fn state(board: &TestBoard) -> (i64, String) {
    const PROGRAM: &str = "
import gc, sys, micropython
try:
 eval('')
except SyntaxError:
 pass
gc.collect()
print(gc.mem_free())
micropython.qstr_info()
print(sorted(sys.modules), sorted(globals()))
";
    // The first run leaves names of its own.
    board.execute(PROGRAM);
    let text = board.execute(PROGRAM);
    let (free, rest) = text.split_once('\n').expect("three lines");
    let (names, rest) = rest.split_once('\n').expect("three lines");
    let names = names.rsplit('=').next().expect("n_total_bytes=");
    let number = |text: &str| text.trim().parse::<i64>().expect("a number");
    (number(free) + number(names), rest.to_owned())
}

/// Runs a command line several times and asserts that the board is as before.
#[track_caller]
fn leaves_nothing(board: &TestBoard, words: &[&str], code: i32) {
    let run = || {
        let outcome = board.mpwire(words);
        assert_eq!(outcome.code, Some(code), "{words:?}: {outcome}");
    };
    let before = state(board);
    run();
    let once = state(board);
    // Memory for names comes in pieces of 128 bytes.
    let difference = before.0 - once.0;
    assert!(
        difference.abs() <= 192,
        "{words:?} leaves {difference} bytes"
    );
    assert_eq!(before.1, once.1, "{words:?}");
    run();
    run();
    assert_eq!(state(board), once, "{words:?}");
}

#[test]
fn nothing_is_left_on_the_board() {
    let board = TestBoard::with(&["link=fast", "flash-size=256k"]);
    board.write("small", noise(900));
    board.write("large", noise(60_000));
    board.write("words", words(60_000));
    board.write("huge", noise(300_000));
    let folder = board.work().join("tree");
    std::fs::create_dir_all(folder.join("below")).expect("a new folder");
    for (number, name) in ["a", "b", "below/c"].into_iter().enumerate() {
        std::fs::write(folder.join(name), words(number * 3000)).expect("a writable folder");
    }
    for (words, code) in [
        (&["resume", "cp", "-f", "small", ":"][..], 0),
        (&["resume", "cp", "-f", "large", ":"], 0),
        (&["resume", "cp", "-f", "words", ":"], 0),
        (&["resume", "cp", "small", ":"], 0),
        (&["resume", "cp", "large", ":"], 0),
        (&["resume", "cp", "small", "large", "words", ":"], 0),
        (&["resume", "cp", "-fr", "tree", ":"], 0),
        (&["resume", "cp", "-r", "tree", ":"], 0),
        (&["resume", "cp", "huge", ":"], 1),
        (&["resume", "cp", "small", ":missing/small"], 1),
        (&["resume", "cp", "large", ":missing/large"], 1),
        (&["resume", "cp", "small", ":tree"], 0),
        (
            &[
                "resume", "cp", "-f", "large", ":", "+", "cp", "-f", "small", ":",
            ],
            0,
        ),
    ] {
        leaves_nothing(&board, words, code);
    }
    // What interrupts a program is still what it was.
    board.write("loop.py", "while 1:\n    print('round')\n");
    let mut running = board.start_mpwire(&["resume", "run", "loop.py"]);
    running.wait_for("round");
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert!(outcome.text().contains("KeyboardInterrupt"), "{outcome}");
    let files = Files::from([
        ("large".to_owned(), noise(60_000)),
        ("small".to_owned(), noise(900)),
        ("tree/a".to_owned(), words(0)),
        ("tree/b".to_owned(), words(3000)),
        ("tree/below/c".to_owned(), words(6000)),
        ("tree/small".to_owned(), noise(900)),
        ("words".to_owned(), words(60_000)),
    ]);
    assert_holds(&board, &files);
}

#[test]
fn a_full_disk_is_told_and_keeps_the_old_file() {
    let board = TestBoard::with(&["link=fast", "flash-size=128k"]);
    let old = Files::from([("file".to_owned(), words(20_000))]);
    copy(&board, "file", &old["file"]);
    board.write("file", noise(200_000));
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(1), "{copied}");
    assert!(copied.stderr.contains("No space left"), "{copied}");
    assert_holds(&board, &old);
}

/// A file of 400 KB takes hundreds of writes to the flash.
const WRITES_OF_A_BEGINNING: usize = 20;

/// Ends mpwire by a signal while a large file is on its way.
fn ends_by(signal: Signal) {
    let board = TestBoard::with(&["link=uart:115200"]);
    let old = Files::from([("file".to_owned(), words(2000))]);
    copy(&board, "file", &old["file"]);
    board.write("file", noise(400_000));
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "file", ":"]);
    flash.wait_for_writes(WRITES_OF_A_BEGINNING);
    running.signal(signal);
    let ended = running.finish();
    assert_ne!(ended.code, Some(0), "{ended}");
    let next = board.mpwire(&["resume", "eval", "1+1"]);
    assert_eq!(next.text().trim_end(), "2", "{next}");
    let found = board.digests();
    assert_eq!(found["/file"], hex_digest(&old["file"]));
    if signal != Signal::KILL {
        assert_holds(&board, &old);
    }
}

#[test]
fn a_copy_that_ctrl_c_ends_leaves_all_as_it_was() {
    ends_by(Signal::INT);
}

#[test]
fn a_copy_that_is_killed_politely_leaves_all_as_it_was() {
    ends_by(Signal::TERM);
}

#[test]
fn a_copy_that_is_killed_leaves_a_board_that_works() {
    ends_by(Signal::KILL);
}

#[test]
fn genuine_mpremote_goes_on_after_a_kill() {
    let board = TestBoard::with(&["link=uart:115200"]);
    board.write("file", noise(400_000));
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "file", ":"]);
    flash.wait_for_writes(WRITES_OF_A_BEGINNING);
    running.signal(Signal::KILL);
    running.finish();
    let next = board.mpremote(&["resume", "eval", "1+1"]);
    assert_eq!(next.text().trim_end(), "2", "{next}");
}

/// Copies to so many boards at once.
fn boards_at_once(count: u64) {
    let threads: Vec<_> = (0..count)
        .map(|number| (TestBoard::with(&["link=uart:115200"]), Random(number + 23)))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(board, mut random)| {
            thread::spawn(move || {
                let files = Files::from([
                    ("noise".to_owned(), random.noise(10_000)),
                    ("words".to_owned(), random.words(20_000)),
                    ("small".to_owned(), random.any(500)),
                ]);
                copy_each(&board, &files);
                (board, files)
            })
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        let (board, files) = thread.join().expect("it copies");
        assert_holds(&board, &files);
        assert_eq!(board.dropped(), 0, "board {number}");
    }
}

#[test]
fn many_boards_at_once() {
    boards_at_once(10);
}

#[test]
#[ignore = "100 interpreters"]
fn a_hundred_boards_at_once() {
    boards_at_once(100);
}

/// Copies a file of 64 MB and returns the most memory that mpwire had resident, in KiB. Only its
/// beginning is awaited where that is enough to fill what is buffered.
fn peak_memory(contents: impl Fn(&mut Random) -> Vec<u8>, to_the_end: bool) -> u64 {
    let board = TestBoard::with(&["link=fast", "flash-size=96m"]);
    let mut random = Random(29);
    let megabyte = contents(&mut random);
    // Piece by piece: what a process had resident before it became mpwire counts as mpwire's.
    let mut file = File::create(board.work().join("file")).expect("a new file");
    for _ in 0..64 {
        file.write_all(&megabyte).expect("a writable file");
    }
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "file", ":"]);
    if to_the_end {
        return running.peak_memory_at_the_end();
    }
    // Of 4 KiB at the most each.
    flash.wait_for_writes(1024);
    running.peak_memory().expect("it runs")
}

#[test]
fn a_file_of_64_mb_is_never_in_memory() {
    let peak = peak_memory(|random| random.noise(1 << 20), false);
    assert!(peak < 30 << 10, "{peak} KiB");
}

#[test]
#[ignore = "alone in its process: what that has resident counts as mpwire's (getrusage(2))"]
fn a_file_of_64_mb_that_shrinks_is_never_in_memory() {
    let peak = peak_memory(|_| vec![0; 1 << 20], true);
    assert!(peak < 30 << 10, "{peak} KiB");
}
