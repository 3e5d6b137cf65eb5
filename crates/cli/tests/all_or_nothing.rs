//! `cp -r --all-or-nothing`: every file of a tree is replaced, or none. And trees that do not fit.

#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;
use support::{Outcome, TestBoard, hex_digest, noise};

/// A tree: paths below `app`, and contents.
type Files = BTreeMap<&'static str, Vec<u8>>;

/// Three files, one in a directory.
fn files(seed: u32, length: usize) -> Files {
    [("a", 1), ("below/b", 2), ("c", 3)]
        .into_iter()
        .map(|(path, number)| (path, noise(seed + number, length + number as usize)))
        .collect()
}

/// Has them in the folder `app`, and nothing else.
fn write(board: &TestBoard, files: &Files) {
    let app = board.work().join("app");
    if app.exists() {
        fs::remove_dir_all(&app).expect("a folder of ours");
    }
    for (path, data) in files {
        let path = app.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, data).expect("a new file");
    }
}

fn copy(board: &TestBoard, files: &Files, options: &[&str]) -> Outcome {
    write(board, files);
    board.mpwire(&[&["resume", "cp", "-r"], options, &["app", ":"]].concat())
}

const TOGETHER: &[&str] = &["--all-or-nothing"];

fn has_only(board: &TestBoard, files: &Files) -> bool {
    let expected: BTreeMap<String, String> = files
        .iter()
        .map(|(path, data)| (format!("/app/{path}"), hex_digest(data)))
        .collect();
    board.digests() == expected
}

/// A board that has `files` already.
fn board_with(parameters: &[&str], files: &Files) -> TestBoard {
    let board = TestBoard::with(parameters);
    let copied = copy(&board, files, &[]);
    assert_eq!(copied.code, Some(0), "{copied}");
    board
}

/// A copy that fails with `words` leaves all of the old files, and nothing else.
fn keeps_all(board: &TestBoard, old: &Files, new: &Files, words: &str) {
    let copied = copy(board, new, TOGETHER);
    assert_eq!(copied.code, Some(1), "{copied}");
    assert!(copied.stderr.contains(words), "{copied}");
    assert!(has_only(board, old), "{:?}", board.tree());
}

#[test]
fn all_files_are_replaced() {
    let (old, new) = (files(10, 3000), files(20, 4000));
    for filesystem in ["fs=lfs2", "fs=fat"] {
        let board = board_with(&["link=fast", filesystem], &old);
        let copied = copy(&board, &new, TOGETHER);
        assert_eq!((copied.stderr.as_str(), copied.code), ("", Some(0)));
        assert!(has_only(&board, &new), "{:?}", board.tree());
        let again = copy(&board, &new, TOGETHER);
        assert_eq!(again.text().matches("Up to date").count(), 3, "{again}");
        assert!(has_only(&board, &new));
    }
}

#[test]
fn a_directory_in_the_way_of_one_file_keeps_all() {
    let (old, mut new) = (files(10, 3000), files(20, 4000));
    let board = board_with(&["link=fast"], &old);
    new.insert("z", noise(5, 100));
    board.execute("import os; os.mkdir('/app/z')");
    let copied = copy(&board, &new, TOGETHER);
    assert_eq!(copied.code, Some(1), "{copied}");
    assert!(copied.stderr.contains("/app/z"), "{copied}");
    assert!(has_only(&board, &old), "{:?}", board.tree());
}

#[test]
fn a_name_that_the_filesystem_refuses_keeps_all() {
    let (old, mut new) = (files(10, 1000), files(20, 2000));
    let board = board_with(&["link=fast", "fs=fat"], &old);
    new.insert("no?name", noise(5, 100));
    keeps_all(&board, &old, &new, "no?name");
}

#[test]
fn a_disk_that_is_full_in_the_middle_keeps_all() {
    let (old, mut new) = (files(10, 1000), files(20, 2000));
    let board = board_with(&["link=fast", "flash-size=64k"], &old);
    // Each takes a block of 4 KiB, which their sizes do not tell.
    for name in ["d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"] {
        new.insert(name, noise(6, 1500));
    }
    keeps_all(&board, &old, &new, "No space left on device");
}

#[test]
fn an_interrupt_and_a_killed_host_keep_all() {
    let (old, mut new) = (files(10, 3000), files(20, 40_000));
    // What is waited for comes long before the end of this.
    new.insert("c", noise(30, 300_000));
    let board = board_with(&["link=uart:230400"], &old);
    for signal in [Signal::INT, Signal::KILL] {
        write(&board, &new);
        let flash = board.watch_flash();
        let running = board.start_mpwire(&["resume", "cp", "-r", "--all-or-nothing", "app", ":"]);
        // The first file is complete.
        flash.wait_for_writes(40);
        running.signal(signal);
        running.finish();
        let next = board.mpwire(&["resume", "eval", "6*7"]);
        assert_eq!(next.text(), "42\n", "{next}");
        assert!(has_only(&board, &old), "{signal:?}: {:?}", board.tree());
    }
}

#[test]
fn what_was_complete_is_finished_at_the_next_connection() {
    let (old, mut new) = (files(10, 3000), files(20, 40_000));
    // What is waited for comes long before the end of this.
    new.insert("c", noise(30, 300_000));
    let board = board_with(&["link=uart:230400"], &old);
    write(&board, &new);
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "-r", "--all-or-nothing", "app", ":"]);
    flash.wait_for_writes(40);
    running.signal(Signal::KILL);
    running.finish();
    // As if the board had lost its power while it named the files, and had the other two already.
    let mut staged = board.tree();
    staged.retain(|line| line.contains(".all.mpwire"));
    assert!(
        staged.iter().any(|line| line.contains("/app/a.")),
        "{staged:?}"
    );
    board.execute("open('/app/.all.mpwire', 'w').close()");
    let next = board.mpwire(&["resume", "eval", "6*7"]);
    assert!(
        next.stderr.contains("/app/a: an interrupted copy"),
        "{next}"
    );
    let found = board.digests();
    assert_eq!(found["/app/a"], hex_digest(&new["a"]));
    assert_eq!(found.len(), 3, "{found:?}");
}

/// Power is lost at writes to the flash; the copy goes on.
#[test]
fn power_that_is_lost_leaves_all_old_files_or_all_new_ones() {
    let (old, new) = (files(10, 700), files(20, 900));
    for filesystem in ["fs=lfs2", "fs=fat"] {
        let (folder, flash) = board_with(&["link=fast", filesystem], &old).into_flash();
        for write in (2..).step_by(7) {
            let cut = format!("cut={write}");
            let board = TestBoard::with_flash_and(&flash, &["link=fast", filesystem, &cut]);
            let copied = copy(&board, &new, TOGETHER);
            let next = board.mpwire(&["resume", "eval", "1"]);
            assert_eq!(next.code, Some(0), "{next}");
            let expected = if copied.code == Some(0) { &new } else { &old };
            assert!(
                has_only(&board, expected),
                "{write}: {copied} {:?}",
                board.tree()
            );
            if board.hard_resets() == 0 {
                assert!(write > 5, "there was something to cut: {write}");
                break;
            }
        }
        drop(folder);
    }
}

#[test]
fn what_cannot_be_all_or_nothing_is_refused() {
    let old = files(10, 300);
    let board = board_with(&["link=fast"], &old);
    let copied = copy(
        &board,
        &files(20, 300),
        &["--all-or-nothing", "--encoding", "hex"],
    );
    assert_eq!(copied.code, Some(1), "{copied}");
    assert!(copied.stderr.contains("nothing was changed"), "{copied}");
    for paths in [&["app", "app", ":"][..], &[":app", "."]] {
        let line = [&["resume", "cp", "-r", "--all-or-nothing"], paths].concat();
        let refused = board.mpwire(&line);
        assert_eq!(refused.code, Some(1), "{refused}");
        assert!(refused.stderr.contains("takes one directory"), "{refused}");
    }
    assert!(has_only(&board, &old));
}

#[test]
fn a_tree_that_does_not_fit_is_refused_before_anything_is_written() {
    for options in [&[][..], &["--force"], &["--encoding", "base64"], TOGETHER] {
        let board = TestBoard::with(&["link=fast", "flash-size=64k"]);
        let copied = copy(&board, &files(10, 30_000), options);
        assert_eq!(copied.code, Some(1), "{copied}");
        let words = "No space left on device (90006 bytes are needed, ";
        assert!(copied.stderr.contains(words), "{copied}");
        assert_eq!(board.tree(), Vec::<String>::new());
    }
}

/// There is not room for all of them beside the old ones, but for one after the other.
#[test]
fn a_tree_that_fits_where_its_old_files_are_is_copied() {
    let (old, new) = (files(10, 22_000), files(20, 22_500));
    for options in [&[][..], &["--force"]] {
        let board = board_with(&["link=fast", "flash-size=160k"], &old);
        let copied = copy(&board, &new, options);
        assert_eq!(copied.code, Some(0), "{copied}");
        assert!(has_only(&board, &new));
        keeps_all(&board, &new, &files(30, 22_000), "No space left on device");
    }
}
