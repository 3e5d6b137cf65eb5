//! Paths by whatever text, and boards with more than one filesystem.

mod support;

use std::fs;

use support::TestBoard;

/// Mounts a small filesystem at `/sd`, as a card is, with a file and a directory in it.
const CARD: &str = "
import os, vfs
class Card:
 def __init__(self):
  self.data = bytearray(64 * 512)
 def readblocks(self, n, buf, off=0):
  buf[:] = self.data[n * 512 + off:n * 512 + off + len(buf)]
 def writeblocks(self, n, buf, off=0):
  self.data[n * 512 + off:n * 512 + off + len(buf)] = buf
 def ioctl(self, op, arg):
  return 64 if op == 4 else 512 if op == 5 else 0
card = Card()
vfs.VfsFat.mkfs(card)
vfs.mount(card, '/sd')
os.mkdir('/sd/log')
for path, text in (('/sd/log/day.txt', 'sun'), ('/sd/top.txt', 'card'), ('/own.txt', 'own')):
 with open(path, 'w') as file: file.write(text)
";

/// A board with a file of its own, a card at `/sd` and a ROM at `/rom`.
fn board_with_mounts() -> TestBoard {
    let board = TestBoard::with(&["link=fast", "rom=64k"]);
    fs::create_dir_all(board.work().join("image/sub")).expect("a new folder");
    board.write("image/m.txt", "rom");
    board.write("image/sub/n.txt", "deep");
    let outcome = board.mpwire(&["romfs", "deploy", "image", "soft-reset", "exec", CARD]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    board
}

/// What the board has, one path a line.
const LISTING: &str = "
import os
def walk(path):
 for entry in os.ilistdir(path or '/'):
  name = path + '/' + entry[0]
  print(name)
  if entry[1] & 0x4000: walk(name)
walk('')
";

fn listing(board: &TestBoard) -> Vec<String> {
    let mut lines: Vec<String> = board.execute(LISTING).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

const ROM: [&str; 4] = ["/rom", "/rom/m.txt", "/rom/sub", "/rom/sub/n.txt"];

#[test]
fn the_whole_board_is_copied_with_what_is_mounted_in_it() {
    let board = board_with_mounts();
    for (source, target) in [
        (":", "whole"),
        (":/", "root"),
        (":.", "here"),
        (":rom/..", "up"),
    ] {
        let outcome = board.mpwire(&["resume", "cp", "-r", source, target]);
        assert_eq!(
            (outcome.code, &outcome.stderr[..]),
            (Some(0), ""),
            "{outcome}"
        );
        for (path, text) in [
            ("own.txt", "own"),
            ("sd/top.txt", "card"),
            ("sd/log/day.txt", "sun"),
            ("rom/m.txt", "rom"),
            ("rom/sub/n.txt", "deep"),
        ] {
            let found = fs::read_to_string(board.work().join(target).join(path));
            assert_eq!(found.expect(path), text, "{source}");
        }
    }
}

#[test]
fn what_can_be_emptied_is_emptied_and_what_stays_is_named() {
    for path in [":", "."] {
        let board = board_with_mounts();
        let outcome = board.mpwire(&["resume", "rm", "-r", path]);
        assert_eq!(
            (outcome.code, &outcome.stderr[..]),
            (
                Some(0),
                "mpwire: rm: emptied and left, since something is mounted there: :sd\n\
                 mpwire: rm: left, since it is read-only: :rom\n"
            )
        );
        let stays = [&ROM[..], &["/sd"]].concat();
        assert_eq!(listing(&board), stays);
    }
    let board = board_with_mounts();
    let outcome = board.mpwire(&["resume", "rm", "-r", ":/"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .stderr
            .ends_with("mpwire: rm: /: Operation not permitted.\n"),
        "{outcome}"
    );
    assert_eq!(listing(&board), [&ROM[..], &["/sd"]].concat());
    let board = board_with_mounts();
    let outcome = board.mpwire(&["resume", "rm", "-r", "-v", ":/sd"]);
    assert_eq!(
        outcome.text(),
        "rm :/sd\nremoved: '/sd/log/day.txt'\nremoved directory: '/sd/log'\n\
         removed: '/sd/top.txt'\nskipped: '/sd' (vfs mountpoint)\n"
    );
    assert_eq!(outcome.code, Some(0), "{outcome}");
}

#[test]
fn a_read_only_filesystem_says_so_in_one_line() {
    let board = board_with_mounts();
    board.write("new.txt", "new");
    for (arguments, path) in [
        (&["rm", "-r", ":/rom"][..], "rm: /rom"),
        (&["rm", "-r", "rom/sub"], "rm: rom/sub"),
        (&["rm", "./rom/m.txt"], "rm: ./rom/m.txt"),
        (&["rmdir", "rom/sub"], "rmdir: rom/sub"),
        (&["mkdir", "rom/more"], "mkdir: rom/more"),
        (&["touch", "rom/more"], "touch: rom/more"),
        (&["cp", "new.txt", ":rom"], "cp: rom/new.txt"),
    ] {
        let outcome = board.mpwire(&[&["resume"], arguments].concat());
        let expected = format!("mpwire: {path}: Read-only file system.\n");
        assert_eq!(
            (outcome.code, outcome.stderr),
            (Some(1), expected),
            "{arguments:?}"
        );
    }
    let stays = listing(&board);
    assert!(
        ROM.iter()
            .all(|path| stays.iter().any(|found| found == path))
    );
}

#[test]
fn a_tree_goes_back_to_a_read_only_filesystem_that_has_it() {
    let board = board_with_mounts();
    let outcome = board.mpwire(&["resume", "cp", "-r", "image/.", ":rom"]);
    assert_eq!(
        (outcome.code, &outcome.stderr[..]),
        (Some(0), ""),
        "{outcome}"
    );
    assert_eq!(
        outcome.text(),
        "cp image/. :rom\nUp to date: rom/m.txt\nUp to date: rom/sub/n.txt\n"
    );
}

#[test]
fn what_a_directory_holds_is_copied() {
    let board = TestBoard::start();
    fs::create_dir_all(board.work().join("d/sub")).expect("a new folder");
    fs::create_dir(board.work().join("e")).expect("a new folder");
    board.write("d/a", "1");
    board.write("d/sub/b", "2");
    let tree = ["'/x/a'", "'/x/sub'", "'/x/sub/b'"];
    let on_board = || -> Vec<String> {
        let paths = board
            .tree()
            .into_iter()
            .map(|line| line.split(' ').next().expect("a path").to_owned());
        paths
            .filter(|path| path != "'/x'" && path != "'/y'")
            .collect()
    };
    for (source, target) in [
        ("d/.", ":x"),
        ("./d//./", ":/x/"),
        ("d/sub/..", ":y/../x"),
        ("d/./", ":./x//."),
    ] {
        let outcome = board.mpwire(&["resume", "mkdir", "x", "y", "+", "cp", "-r", source, target]);
        assert_eq!(
            (outcome.code, &outcome.stderr[..]),
            (Some(0), ""),
            "{outcome}"
        );
        assert_eq!(on_board(), tree, "{source} {target}");
        let outcome = board.mpwire(&["resume", "cp", "-r", ":x/.", "e", "+", "rm", "-r", "x", "y"]);
        assert_eq!(
            (outcome.code, &outcome.stderr[..]),
            (Some(0), ""),
            "{outcome}"
        );
        assert_eq!(
            fs::read(board.work().join("e/sub/b")).expect("copied"),
            b"2"
        );
        fs::remove_dir_all(board.work().join("e")).expect("removable");
        fs::create_dir(board.work().join("e")).expect("a new folder");
    }
    let outcome = board.mpwire(&["resume", "cp", "-r", "d/.", "e"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(fs::read(board.work().join("e/a")).expect("copied"), b"1");
}

#[test]
fn every_command_takes_a_path_by_whatever_text() {
    for filesystem in ["fs=lfs2", "fs=lfs1", "fs=fat"] {
        let board = TestBoard::with(&["link=fast", filesystem]);
        board.write("a.py", "print(1)");
        let outcome = board.mpwire(&[
            "resume",
            "mkdir",
            "./lib/",
            "lib//sub/",
            "+",
            "cp",
            "a.py",
            ":lib/sub/../",
            "+",
            "touch",
            "lib/.//b",
            "+",
            "ls",
            "/./lib/",
            "+",
            "cat",
            "//lib//a.py",
            "+",
            "sha256sum",
            "lib/./../lib/a.py",
            "+",
            "rm",
            "./lib/b",
            "+",
            "rmdir",
            "lib/sub/.",
            "+",
            "tree",
            "lib/",
        ]);
        assert_eq!(
            (outcome.code, &outcome.stderr[..]),
            (Some(0), ""),
            "{filesystem} {outcome}"
        );
        let lines: Vec<String> = outcome.text().lines().map(str::to_owned).collect();
        assert!(
            lines.ends_with(&[":lib/".to_owned(), "└── a.py".to_owned()]),
            "{outcome}"
        );
        assert!(outcome.text().contains("print(1)"), "{outcome}");
        assert!(
            outcome.text().contains(&support::hex_digest(b"print(1)")),
            "{outcome}"
        );
    }
}

#[test]
fn a_slash_at_the_end_is_a_directorys() {
    for filesystem in ["fs=lfs2", "fs=fat"] {
        let board = TestBoard::with(&["link=fast", filesystem]);
        board.write("a", "1");
        let outcome = board.mpwire(&["resume", "cp", "a", ":"]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        let before = board.tree();
        for (arguments, says) in [
            (&["cat", "a/"][..], "cat: a/: Not a directory."),
            (&["rm", "a/"], "rm: a/: Not a directory."),
            (
                &["touch", "new/"],
                "touch: new/: No such file or directory.",
            ),
            (&["touch", "a/."], "touch: a/.: Not a directory."),
            (&["cp", "a", ":new/."], "cp: destination is not a directory"),
            (&["cp", "a", ":a/"], "cp: destination is not a directory"),
        ] {
            let outcome = board.mpwire(&[&["resume"], arguments].concat());
            assert_eq!(
                (outcome.code, outcome.stderr),
                (Some(1), format!("mpwire: {says}\n")),
                "{arguments:?}"
            );
        }
        assert_eq!(board.tree(), before);
    }
}

#[test]
fn what_leads_above_the_current_directory_is_found() {
    let board = board_with_mounts();
    board.write("new", "new");
    let outcome = board.mpwire(&[
        "resume",
        "exec",
        "os.chdir('/sd/log')",
        "ls",
        "../..",
        "+",
        "cat",
        "../../rom/m.txt",
        "+",
        "cp",
        "new",
        ":..",
        "+",
        "cp",
        "new",
        ":/",
        "+",
        "cp",
        ":../../rom/m.txt",
        "here",
        "+",
        "rm",
        "../../own.txt",
    ]);
    assert_eq!(
        (outcome.code, &outcome.stderr[..]),
        (Some(0), ""),
        "{outcome}"
    );
    assert!(outcome.text().contains(" rom/\n"), "{outcome}");
    assert_eq!(fs::read(board.work().join("here")).expect("copied"), b"rom");
    let found = listing(&board);
    for (path, is_there) in [
        ("/sd/new", true),
        ("/new", true),
        ("/own.txt", false),
        ("/sd/log/new", false),
    ] {
        assert_eq!(found.iter().any(|found| found == path), is_there, "{path}");
    }
}
