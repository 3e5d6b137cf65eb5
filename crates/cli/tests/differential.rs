//! The same command lines, given to genuine mpremote 1.29.0 and to mpwire on equal boards: what they
//! print, how they end, and what is on the board and in the folder afterwards must be the same.
//!
//! Standard error is not compared: it begins with the program's name, and mpwire says more there.
//! `DELIBERATE` holds the lines that differ on purpose, each with its reason.

#![expect(clippy::format_push_string, reason = "a report is short")]
#![expect(clippy::unnecessary_debug_formatting, reason = "names hold newlines")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use support::{Outcome, PORT, Running, TestBoard, mpremote, mpwire};

/// A few command lines on one pair of boards.
struct Case {
    name: &'static str,
    lines: Vec<Line>,
}

/// What both programs find in mpremote's `config.py`.
const CONFIG: &str = r#"
"""Aliases"""
commands = {
    "one": "eval 1",
    "three": {"command": "eval 3", "help": "three"},
    "multi": ("exec", """
print(4)
print('5"', '\t.')
"""),  # two lines
    'lib-list': ['fs', 'ls', "l" 'ib'],
    "both": "one + one",
    "mul x y=2": "eval x*y",
    "pair x=1 y=2": ["eval", "x, y"],
    "twice": "mul 2",
    "text t": "eval t + t",
    "void": "",
    "u3": "eval 8",
    "umount": "three one",
    "here p='.'": "fs ls",
}
"#;

/// The words of a command line, behind `connect ../board` unless they connect by themselves. Words
/// in front such as `EDITOR=true` are environment variables.
struct Line(Vec<String>);

/// A line whose difference is meant.
struct Deliberate {
    /// The line, as a case writes it.
    line: &'static str,
    /// What mpwire prints.
    stdout: &'static str,
    /// How mpwire ends.
    code: i32,
    /// Why.
    reason: &'static str,
}

const DELIBERATE: &[Deliberate] = &[
    Deliberate {
        line: "EDITOR=false edit newer.txt",
        stdout: "edit :newer.txt\n",
        code: 1,
        reason: "an editor that fails is an error; mpremote takes it for success",
    },
    Deliberate {
        line: "EDITOR=false edit hello.txt",
        stdout: "edit :hello.txt\n",
        code: 1,
        reason: "an editor that fails is an error; mpremote takes it for success",
    },
    Deliberate {
        line: "EDITOR=sh append-fail.sh edit hello.txt same.txt",
        stdout: "edit :hello.txt\n",
        code: 1,
        reason: "an editor that fails is an error; mpremote takes it for success",
    },
    Deliberate {
        line: "EDITOR=false edit hello.txt + eval 1",
        stdout: "edit :hello.txt\n",
        code: 1,
        reason: "an editor that fails is an error; mpremote takes it for success",
    },
    Deliberate {
        line: "cat odd/bytes",
        stdout: "\0\u{1}\n\r\n\u{4}\u{FFFD}",
        code: 0,
        reason: "cat prints a file's exact bytes; mpremote reads it as UTF-8 text and fails",
    },
    Deliberate {
        line: "cp -r tree/sub/deep :d",
        stdout: "cp tree/sub/deep :d\n",
        code: 0,
        reason: "a directory without directories is copied to a new name too; mpremote takes it for a file",
    },
    Deliberate {
        line: "fs nonsense x",
        stdout: "",
        code: 1,
        reason: "an unknown fs command is refused; mpremote does nothing and calls it success",
    },
    Deliberate {
        line: "fs ln a b",
        stdout: "",
        code: 1,
        reason: "an unknown fs command is refused; mpremote does nothing and calls it success",
    },
];

/// What the board has at the start of every case.
const BOARD: &str = r#"
import os
def put(path, data):
 with open(path, 'wb') as file:
  file.write(data)
for name in ('lib', 'lib/pkg', 'lib/pkg/deep', 'void', 'odd'):
 os.mkdir(name)
put('hello.txt', b'hello\nboard\n')
put('empty', b'')
put('odd/bytes', bytes((0, 1, 10, 13, 10, 4, 255)))
put('same.txt', b'the same on both sides\n')
put('data.bin', bytes(range(256)) * 20)
put('lib/a.py', b'A = 1\n')
put('lib/pkg/__init__.py', b'')
put('lib/pkg/deep/x.txt', b'x' * 3000)
for name in ("it's", 'quo"te', 'both\'"', 'back\\slash', 'with space', '-dash', 'gr\u00fc\u00dfe', 'new\nline', '{}', '%s'):
 put('odd/' + name, name.encode())
"#;

/// A clock that stands still.
const FIXED_CLOCK: &str = "import machine
class RTC:
 def datetime(self):
  return (2026, 1, 31, 5, 23, 59, 8, 250000)
machine.RTC = RTC";

/// A clock that notes how it is set: fields, weekday, and whether it is about right.
const NOTING_CLOCK: &str = "import machine, time
noted = None
class RTC:
 def datetime(self, t):
  global noted
  seconds = time.mktime(t[:3] + t[4:7] + (0, 0, -1))
  noted = len(t), time.localtime(seconds)[6] - t[3], abs(seconds - time.time()) < 60, 0 <= t[7] < 1000000
machine.RTC = RTC";

/// What the folder has at the start of every case.
fn fill(folder: &Path) {
    let put = |name: &str, data: &[u8]| fs::write(folder.join(name), data).expect("writable");
    for name in ["tree", "tree/sub", "tree/sub/deep", "tree/hollow", "down"] {
        fs::create_dir(folder.join(name)).expect("writable");
    }
    put("local.txt", b"local\n");
    put("nothing", b"");
    put("same.txt", b"the same on both sides\n");
    let bytes: Vec<u8> = (0..=255).collect();
    put("all.bin", &bytes.repeat(40));
    put("tree/one.py", b"ONE = 1\n");
    put("tree/two.txt", b"two\r\n");
    put("tree/sub/three", &[0; 2500]);
    put("tree/sub/deep/four", b"");
    put("print.py", b"for i in range(3):\n    print(i)\n");
    put(
        "raise.py",
        b"print('before')\nraise ValueError('bad')\nprint('after')\n",
    );
    put("bare.py", b"print('no newline', end='')\n");
    put("unicode.py", "print('grüße, 世界')\n".as_bytes());
    put(
        "exit.py",
        b"import sys\nprint('leaving')\nsys.exit()\nprint('no')\n",
    );
    put("exit3.py", b"raise SystemExit(3)\n");
    put("syntax.py", b"def f(:\n");
    put("crlf.py", b"x = 1\r\nif x:\r\n    print('crlf')\r\n");
    put("with space.py", b"print('space')\n");
    put("-dash", b"dash\n");
    put("it's \"quoted\"", b"quoted\n");
    put("back\\slash", b"slash\n");
    put("grüße", b"greetings\n");
    put("new\nline", b"line\n");
    let long = "print(len('".to_owned() + &"x".repeat(5000) + "'))\n";
    put("long.py", long.as_bytes());
    put("append.sh", b"printf 'more\\n' >> \"$1\"\n");
    put("append-fail.sh", b"printf 'more\\n' >> \"$1\"\nexit 3\n");
    put("shorten.sh", b": > \"$1\"\n");
    put("say.sh", b"echo \"$1\" && shift && cat \"$1\"\n");
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    vec![
        // Connecting.
        case(
            "a port is named by its path",
            &["connect ../board eval 1+1"],
        ),
        case(
            "a port is named with port:",
            &["connect port:../board eval 2"],
        ),
        case(
            "a wrong port fails",
            &["connect ./no-board eval 1", "connect"],
        ),
        case(
            "connect list prints what is there",
            &["connect list", "devs"],
        ),
        case(
            "nothing is found by a wrong serial number",
            &["connect id:none eval 1"],
        ),
        case("auto needs a USB port", &["connect auto eval 1"]),
        case(
            "disconnect resets at the next use",
            &[
                "exec x=1 disconnect connect ../board eval x",
                "exec x=1 connect ../board eval x",
                "exec x=2 resume eval x",
                "resume exec x=3",
                "resume eval x",
                "eval x",
            ],
        ),
        case(
            "soft-reset forgets everything",
            &[
                "exec x=1 soft-reset eval x",
                "soft-reset",
                "soft-reset resume eval 5",
            ],
        ),
        case(
            "sleep waits and goes on",
            &["sleep 0.01 eval 1", "sleep 0 ls", "eval 1 sleep 0.01"],
        ),
        case(
            "sleep takes a number only",
            &["sleep", "sleep x", "sleep 1s"],
        ),
        // Programs.
        case(
            "eval prints what an expression is",
            &[
                "eval '1 + 2'",
                "eval -1",
                "eval '\"grüße\"'",
                "eval '\"a\",[1,2],None'",
                "eval 1/0",
                "eval nothing",
                "eval ''",
                "eval '1 +'",
                "eval",
                "eval 1 eval 2",
                "eval 1 + eval 2",
                "eval 'b\"\\x00\\xff\"'",
            ],
        ),
        case(
            "exec runs a string",
            &[
                "exec 'print(1)'",
                "exec 'print(1, end=\"\")'",
                "exec 'print(1)\nprint(2)'",
                "exec 'if 1:\n print(3)'",
                "exec -f 'print(4)'",
                "exec --follow 'print(5)'",
                "exec --fol 'print(6)'",
                "exec --no-follow 'x=7'",
                "exec --no-f 'x=7' eval x",
                "exec 'raise OSError(2)'",
                "exec 'raise KeyboardInterrupt'",
                "exec 'import sys; sys.exit(3)'",
                "exec 'raise SystemExit'",
                "exec 'x = ('",
                "exec ''",
                "exec",
                "exec --nope 1",
                "exec 'print(\"a\\r\\nb\\tc\")'",
                "exec 'import sys; sys.stdout.buffer.write(bytes([0,1,2,3,5,255]))'",
                "exec 'for i in range(3000): print(i)'",
                "exec 'print(8)' exec 'raise ValueError' exec 'print(9)'",
            ],
        ),
        case(
            "run runs a script",
            &[
                "run print.py",
                "run -f print.py",
                "run --no-follow print.py",
                "run raise.py",
                "run bare.py",
                "run bare.py run bare.py",
                "run unicode.py",
                "run exit.py",
                "run exit3.py",
                "run syntax.py",
                "run crlf.py",
                "run 'with space.py'",
                "run long.py",
                "run nothing",
                "run missing.py",
                "run tree",
                "run",
            ],
        ),
        // Listing and reading.
        case(
            "ls lists a directory",
            &[
                "ls",
                "fs ls",
                "ls :",
                "ls /",
                "ls :lib",
                "ls lib",
                "ls lib/",
                "ls /lib/pkg",
                "ls void",
                "ls odd",
                "ls lib void",
                "ls --no-verbose lib",
                "fs -v ls lib",
                "fs --no-v ls lib",
                "ls -v",
            ],
        ),
        case(
            "ls of what is no directory fails",
            &[
                "ls hello.txt",
                "ls missing",
                "ls repl",
                "ls lib missing",
                "ls missing lib",
            ],
        ),
        case(
            "cat prints a file",
            &[
                "cat hello.txt",
                "cat :hello.txt",
                "cat /hello.txt",
                "cat hello.txt same.txt",
                "cat -v hello.txt",
                "cat --verbose :hello.txt",
                "cat empty",
                "cat missing",
                "cat hello.txt missing same.txt",
                "cat lib",
                "cat",
            ],
        ),
        case("cat prints every byte", &["cat odd/bytes"]),
        case(
            "tree draws everything below a directory",
            &[
                "tree",
                "tree :",
                "tree .",
                "tree /",
                "tree lib",
                "tree :lib",
                "tree /lib",
                "tree lib/",
                "tree void",
                "tree -s",
                "tree -h lib",
                "tree --size lib",
                "tree --human",
                "tree --no-verbose lib",
                "tree lib odd",
                "tree -v lib",
                "fs --verb tree lib",
                "tree -s -h",
                "tree missing",
                "tree hello.txt",
            ],
        ),
        case(
            "digests are printed",
            &[
                "sha256sum hello.txt",
                "fs sha256sum :data.bin",
                "fs sha1sum hello.txt",
                "fs md5sum hello.txt",
                "sha256sum empty same.txt",
                "sha256sum missing",
                "sha256sum lib",
                "sha256sum",
            ],
        ),
        case("free space is told", &["df", "df eval 1"]),
        // The clock.
        case(
            "rtc prints the clock",
            &[
                &format!("exec '{FIXED_CLOCK}' rtc"),
                &format!("exec '{FIXED_CLOCK}' rtc --no-set rtc"),
                &format!("exec '{FIXED_CLOCK}' + rtc + eval 1"),
                &format!("exec '{FIXED_CLOCK}' rtc eval 2"),
                "exec 'import machine; del machine.RTC' rtc",
                "rtc --nope",
                "rtc -s --no-set",
                &format!("exec '{FIXED_CLOCK}' rtc nonsense"),
            ],
        ),
        case(
            "rtc --set sets it to the local time",
            &[
                &format!("exec '{NOTING_CLOCK}' rtc --set eval noted"),
                &format!("exec '{NOTING_CLOCK}' rtc -s rtc -s eval noted"),
                &format!("exec '{NOTING_CLOCK}' rtc --se + eval noted"),
                "exec 'import machine; del machine.RTC' rtc -s",
            ],
        ),
        // Editing.
        case(
            "edit leaves a file that is not changed",
            &[
                "EDITOR=true edit hello.txt",
                "EDITOR=true edit :hello.txt",
                "EDITOR=true edit ::hello.txt",
                "EDITOR=true edit /lib/a.py same.txt",
                "EDITOR=true edit data.bin odd/bytes",
                "EDITOR=true edit hello.txt + cat hello.txt",
            ],
        ),
        case(
            "edit writes what the editor leaves",
            &[
                "'EDITOR=sed -i s/hello/good\\ bye/' edit hello.txt",
                "'EDITOR=sh append.sh' edit :lib/a.py same.txt",
                "'EDITOR=sh append.sh' edit data.bin",
                "'EDITOR=sh append.sh' VISUAL=false edit lib/pkg/__init__.py",
                "'EDITOR=sh shorten.sh' edit lib/pkg/deep/x.txt",
                "'EDITOR=sh append.sh' edit 'odd/with space' odd/-dash odd/grüße",
                "'EDITOR=sh say.sh said' edit same.txt + eval 1",
            ],
        ),
        case(
            "edit makes a file that is missing",
            &[
                "EDITOR=true edit new.txt",
                "'EDITOR=sh append.sh' edit lib/new.txt",
                "EDITOR=false edit newer.txt",
                "ls",
            ],
        ),
        case(
            "edit writes nothing if the editor fails",
            &[
                "EDITOR=false edit hello.txt",
                "'EDITOR=sh append-fail.sh' edit hello.txt same.txt",
                "EDITOR=false edit hello.txt + eval 1",
            ],
        ),
        case(
            "edit fails where it must",
            &[
                "edit hello.txt",
                "EDITOR= edit hello.txt",
                "EDITOR=true edit",
                "EDITOR=true edit --nope hello.txt",
                "EDITOR=true edit lib",
                "EDITOR=true edit no/new.txt",
                "EDITOR=true edit hello.txt no/new.txt same.txt",
            ],
        ),
        // Aliases.
        case(
            "aliases of config.py stand for their words",
            &[
                "one",
                "one one",
                "one + three",
                "both",
                "three eval 2",
                "multi",
                "lib-list",
                "lib-list lib-list",
                "lib-list + one",
                "void one",
                "u3",
                "umount",
                "eval 1 one nonsense",
                "resume exec x=7 one eval x",
            ],
        ),
        case(
            "aliases take arguments",
            &[
                "mul 3 5",
                "mul 3",
                "mul x=3",
                "mul x=3 y=4",
                "mul 3 y=4",
                "mul 3 5 one",
                "mul 3 + one",
                "mul 3 5 mul 2",
                "pair",
                "pair 5",
                "pair y=5",
                "pair x=5 y=6",
                "pair + one",
                "twice 5",
                "text '\"a\"'",
                "text 't=\"a=b\"'",
                "here",
                "here '\"x\"'",
                "mul 2 3 eval x,y",
            ],
        ),
        case(
            "wrong arguments of aliases are refused",
            &[
                "mul",
                "mul y=3",
                "mul z=3",
                "mul 2 z=3",
                "mul 2 3 z=4",
                "mul 2 3 4",
                "mul + one",
                "twice",
                "one z=1",
                "text 1",
                "eval 9 mul",
            ],
        ),
        case(
            "shortcuts and small commands",
            &[
                "exec 'with open(\"main.py\", \"w\") as f: f.write(\"import os; os.mkdir(chr(120))\")' reset sleep 1",
                "a0 eval 1",
                "u0",
                "c0 ls",
                "disconnect eval 1",
                "disconnect disconnect connect ../board eval 1",
                "eval 1 disconnect",
                "eval 1 disconnect sleep 0",
                "disconnect --nope",
                "sleep -1",
                "sleep 1e-3 eval 1",
                "sleep nan",
                "sleep inf",
                "sleep 0x1",
                "sleep --nope",
                "soft-reset --nope",
                "resume --nope",
                "resume resume eval 1",
            ],
        ),
        // Changing.
        case(
            "mkdir makes a directory",
            &[
                "mkdir new",
                "mkdir :new/below",
                "mkdir a b",
                "fs mkdir /c",
                "fs --no-verbose mkdir d",
            ],
        ),
        case(
            "mkdir fails where it must",
            &[
                "mkdir lib",
                "mkdir hello.txt",
                "mkdir no/below",
                "mkdir e lib f",
            ],
        ),
        case(
            "rmdir removes an empty directory",
            &[
                "rmdir void",
                "rmdir lib",
                "rmdir missing",
                "rmdir hello.txt",
                "rmdir lib/pkg/deep",
            ],
        ),
        case(
            "rm removes files",
            &[
                "rm hello.txt",
                "rm :empty :data.bin",
                "rm lib/a.py + ls lib",
                "rm missing",
                "rm same.txt missing",
            ],
        ),
        case("rm of a directory needs -r", &["rm lib", "rm void"]),
        case(
            "rm -r removes everything below",
            &["rm -r lib", "rm -r missing", "rm -r hello.txt"],
        ),
        case(
            "rm -rv tells what it removes",
            &["rm -rv lib", "rm -r -v hello.txt void"],
        ),
        case("rm -r spares what is mounted", &["rm -rv /", "ls"]),
        case("rm -r of the current directory", &["rm -r :", "ls"]),
        case(
            "rm --rec is rm -r",
            &["fs --rec rm lib", "fs rm --recursive --no-recursive odd"],
        ),
        case(
            "touch makes a file unless it is there",
            &[
                "touch new",
                "touch hello.txt",
                "touch a b",
                "touch lib",
                "touch no/new",
                "cat hello.txt",
            ],
        ),
        // Copying to the board.
        case(
            "a file is copied to the board",
            &[
                "cp local.txt :",
                "cp local.txt :other.txt",
                "cp local.txt :lib",
                "cp local.txt :lib/",
                "cp local.txt :/lib/b.txt",
                "fs cp local.txt :void/local.txt",
                "cp nothing :",
                "cp all.bin :",
                "cp local.txt :hello.txt",
                "cp --no-verbose local.txt :quiet.txt",
            ],
        ),
        case(
            "a file is not copied where no directory is",
            &[
                "cp local.txt :no/",
                "cp local.txt :no/file",
                "cp local.txt :hello.txt/",
                "cp local.txt :hello.txt/x",
                "cp missing :",
                "cp local.txt",
                "cp",
                "cp tree :",
                "cp tree :tree",
            ],
        ),
        case(
            "several files need a directory",
            &[
                "cp local.txt all.bin :",
                "cp local.txt nothing :lib",
                "cp local.txt nothing :no",
                "cp local.txt nothing :hello.txt",
                "cp local.txt missing :void",
                "cp local.txt :hello.txt :void",
            ],
        ),
        case(
            "what is there already is skipped",
            &[
                "cp same.txt :",
                "cp same.txt :same.txt",
                "cp -f same.txt :",
                "cp --force same.txt :",
                "cp --no-force same.txt :",
                "cp nothing :empty",
                "cp same.txt :hello.txt",
                "cp same.txt :hello.txt",
            ],
        ),
        case(
            "odd names are copied",
            &[
                "cp 'with space.py' :",
                "cp grüße :",
                "cp grüße ':für dich'",
                "cp 'new\nline' :",
                "cp -- -dash :",
                "cp './-dash' ':-dash2'",
                "cp 'back\\slash' :",
            ],
        ),
        words(
            "quotes in names are copied",
            &[
                &["cp", "it's \"quoted\"", ":"],
                &["cp", "local.txt", ":a'b\"c"],
                &["cp", ":a'b\"c", "down"],
            ],
        ),
        case(
            "a tree is copied to a new directory",
            &["cp -r tree :new", "cp -r tree :new2/"],
        ),
        case(
            "a tree is copied into a directory",
            &["cp -r tree :", "cp -r tree :lib", "cp -r tree/ :void/"],
        ),
        case(
            "a tree is copied again",
            &[
                "cp -r tree :",
                "cp -r tree :",
                "cp -rf tree :",
                "cp -fr tree :",
            ],
        ),
        case(
            "the parts of a tree are copied",
            &[
                "cp -r tree/sub :",
                "cp -r tree/hollow :",
                "cp -r tree/sub/deep :d",
                "exec 'import os\nif \"d\" in os.listdir(): os.remove(\"d/four\"); os.rmdir(\"d\")'",
            ],
        ),
        case(
            "cp -r takes files too",
            &[
                "cp -r local.txt :",
                "cp -r local.txt :lib",
                "cp -r local.txt :lib/",
                "cp -r missing :",
            ],
        ),
        case(
            "cp -r takes several",
            &["cp -r tree local.txt :lib", "cp -r tree local.txt :no"],
        ),
        case(
            "a tree is not copied over a file",
            &["cp -r tree :hello.txt"],
        ),
        case(
            "a tree is not copied below what is missing",
            &["cp -r tree :no/below"],
        ),
        case(
            "the current folder is copied",
            &["cp -r . :all", "cp -r . :void"],
        ),
        // Copying from the board.
        case(
            "a file is copied from the board",
            &[
                "cp :hello.txt .",
                "cp :hello.txt down",
                "cp :hello.txt down/",
                "cp :hello.txt other.txt",
                "cp :/lib/a.py .",
                "cp :empty down",
                "cp :data.bin down",
                "cp :data.bin local.txt",
                "cp :hello.txt :same.txt down",
            ],
        ),
        case(
            "a file is not copied from the board where it cannot be",
            &[
                "cp :missing .",
                "cp :missing new.txt",
                "cp :lib .",
                "cp :hello.txt :same.txt no",
                "cp :hello.txt :same.txt local.txt",
            ],
        ),
        case(
            "a tree is copied from the board",
            &["cp -r :lib down", "cp -r :lib new", "cp -r :lib/ ."],
        ),
        case(
            "parts of the board are copied",
            &[
                "cp -r :lib/pkg down",
                "cp -r :void down",
                "cp -r :hello.txt down",
            ],
        ),
        case(
            "a tree that is missing is not copied",
            &["cp -r :missing down", "cp -r :missing new"],
        ),
        case(
            "the whole board is copied",
            &["cp -r : down", "cp -r : whole", "cp -r :/ slash"],
        ),
        case("odd names come from the board", &["cp -r :odd down"]),
        // Copying on the board.
        case(
            "a file is copied on the board",
            &[
                "cp :hello.txt :copy.txt",
                "cp :hello.txt :lib",
                "cp :hello.txt :hello.txt",
                "cp :missing :x",
                "cp :empty :void",
            ],
        ),
        case(
            "a tree is copied on the board",
            &["cp -r :lib :lib2", "cp -r :lib :void", "cp -r :lib/pkg :"],
        ),
        // On this computer.
        case(
            "files of this computer are copied too",
            &[
                "cp local.txt down",
                "cp local.txt copy",
                "cp -r tree copied",
            ],
        ),
        // Names on the board.
        words(
            "names of all kinds are read",
            &[
                &["cat", "odd/it's"],
                &["cat", "odd/quo\"te"],
                &["cat", "odd/both'\""],
                &["cat", "odd/back\\slash"],
                &["cat", "odd/with space"],
                &["cat", "odd/-dash"],
                &["cat", "odd/grüße"],
                &["cat", "odd/new\nline"],
                &["cat", "odd/{}"],
                &["cat", "odd/%s"],
                &[
                    "sha256sum",
                    "odd/it's",
                    "odd/grüße",
                    "odd/back\\slash",
                    "odd/new\nline",
                ],
            ],
        ),
        words(
            "names of all kinds are made and removed",
            &[
                &["touch", "o'clock"],
                &["touch", "say \"x\""],
                &["touch", "a\\nb"],
                &["mkdir", "für dich"],
                &["mkdir", "a'\"b"],
                &["rm", "odd/it's", "odd/quo\"te"],
                &["rm", "odd/back\\slash", "odd/grüße", "odd/new\nline"],
                &["rm", "--", "o'clock"],
                &["rmdir", "a'\"b"],
                &["touch", "--", "-x"],
                &["rm", "--", "-x"],
                &["rm", "-r", "odd"],
            ],
        ),
        // Command lines.
        case(
            "commands follow each other",
            &[
                "eval 1 ls lib",
                "ls lib + eval 1",
                "mkdir n + cp local.txt :n + ls n + rm -r n + ls",
                "cat hello.txt + cat same.txt",
                "+ eval 1 +",
                "+ + eval 1 + + eval 2",
                "ls lib eval 1",
                "exec 'import os' exec 'os.chdir(\"lib\")' ls",
                "exec 'import os; os.chdir(\"lib\")' + tree + cat a.py + ls .. + df",
                "exec 'import os; os.chdir(\"lib\")' + cp ../work/local.txt : + cp :a.py down + cp -r :pkg down + cp -r ../work/tree :",
                "exec 'import os; os.chdir(\"lib\")' + rm -r : + ls",
            ],
        ),
        case(
            "a failure ends the line",
            &[
                "cat missing + eval 1",
                "eval 1/0 eval 2",
                "rm hello.txt + cat hello.txt + eval 1",
            ],
        ),
        case(
            "what is no command is refused",
            &[
                "nonsense",
                "eval 1 nonsense",
                "ls lib + nonsense",
                "fs nonsense x",
                "fs",
                "fs ls --nope",
                "fs ln a b",
                "-x",
                "fs --no-such ls",
                "''",
            ],
        ),
        case(
            "options stand before their command or after it",
            &[
                "fs -rf cp tree :",
                "fs -r -f cp tree :",
                "fs cp -rf tree :t",
                "fs -s tree lib",
                "fs --hum tree lib",
            ],
        ),
        case(
            "a mistyped option is refused",
            &[
                "eval --bad 1 2",
                "eval -x",
                "eval -- -1",
                "exec -- 'print(1)'",
            ],
        ),
    ]
}

fn case(name: &'static str, lines: &[&str]) -> Case {
    Case {
        name,
        lines: lines.iter().map(|line| Line(split(line))).collect(),
    }
}

fn words(name: &'static str, lines: &[&[&str]]) -> Case {
    let owned = |line: &&[&str]| Line(line.iter().map(|word| (*word).to_owned()).collect());
    Case {
        name,
        lines: lines.iter().map(owned).collect(),
    }
}

/// Splits at blanks, but not between single quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

impl Line {
    fn run(&self, program: &Path, board: &TestBoard) -> Outcome {
        let is_variable = |word: &String| {
            let name = word.split_once('=').map(|(name, _)| name);
            name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_uppercase()))
        };
        let count = self.0.iter().take_while(|word| is_variable(word)).count();
        let (variables, words) = self.0.split_at(count);
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .filter_map(|word| word.split_once('='))
            .collect();
        let connects = matches!(words[0].as_str(), "connect" | "devs");
        let connect = if connects {
            &[][..]
        } else {
            &["connect", PORT]
        };
        let words: Vec<&str> = connect
            .iter()
            .copied()
            .chain(words.iter().map(String::as_str))
            .collect();
        Running::start_with(&variables, program, &board.work(), &words).finish()
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

/// A board whose flash is a copy of the prepared one, and a filled folder.
fn board(flash: &Path) -> TestBoard {
    let board = TestBoard::with_flash(flash);
    fill(&board.work());
    board.configure("mpremote/config.py", CONFIG);
    board
}

fn compare(case: &Case, flash: &Path) -> Result<(), Failed> {
    let (theirs, ours) = (board(flash), board(flash));
    let mut report = String::new();
    for line in &case.lines {
        let expected = line.run(&mpremote(), &theirs);
        let found = line.run(&mpwire(), &ours);
        let text = line.to_string();
        if let Some(deliberate) = DELIBERATE.iter().find(|entry| entry.line == text) {
            report.push_str(&deliberate.check(&expected, &found));
        } else if (&expected.stdout, expected.code) != (&found.stdout, found.code) {
            report.push_str(&format!(
                "\n{line}\n  mpremote {expected}\n  mpwire   {found}\n"
            ));
        }
    }
    let (expected, found) = (theirs.tree(), ours.tree());
    push_difference(&mut report, "on the board", &expected, &found);
    let (expected, found) = (local(&theirs), local(&ours));
    push_difference(&mut report, "in the folder", &expected, &found);
    if report.is_empty() {
        Ok(())
    } else {
        Err(report.into())
    }
}

impl Deliberate {
    fn check(&self, theirs: &Outcome, ours: &Outcome) -> String {
        let Self { line, reason, .. } = self;
        let mut report = String::new();
        if (&theirs.stdout, theirs.code) == (&ours.stdout, ours.code) {
            report.push_str(&format!("\n{line}\n  differs no more, though: {reason}\n"));
        }
        if (ours.text().as_str(), ours.code) != (self.stdout, Some(self.code)) {
            report.push_str(&format!("\n{line}\n  mpwire {ours}\n  but: {reason}\n"));
        }
        report
    }
}

fn local(board: &TestBoard) -> Vec<String> {
    let show = |(path, data): (PathBuf, Option<Vec<u8>>)| match data {
        Some(data) => format!("{path:?} {} {:?}", data.len(), &data[..data.len().min(20)]),
        None => format!("{path:?} directory"),
    };
    board.local_tree().into_iter().map(show).collect()
}

fn push_difference(report: &mut String, place: &str, expected: &[String], found: &[String]) {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these
            .iter()
            .filter(|line| !those.contains(line))
            .cloned()
            .collect()
    };
    if expected != found {
        report.push_str(&format!(
            "\n{place}\n  only after mpremote: {:?}\n  only after mpwire:   {:?}\n",
            only(expected, found),
            only(found, expected),
        ));
    }
}

/// The flash that each case starts with.
fn prepared(folder: &Path) -> PathBuf {
    let flash = folder.join("flash");
    let board = TestBoard::with(&["link=fast", &format!("flash={}", flash.display())]);
    board.execute(BOARD);
    board.stop();
    flash
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = cases();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flash = if arguments.list {
        PathBuf::new()
    } else {
        prepared(folder.path())
    };
    let trials = cases
        .into_iter()
        .map(|case| {
            let flash = flash.clone();
            Trial::test(case.name, move || compare(&case, &flash))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
