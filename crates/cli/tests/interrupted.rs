//! Copies that something interrupts, and what becomes of them.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use support::terminal::Terminal;
use support::{PORT, TestBoard, hex_digest, mpwire, noise};

/// Copies a file to a board on whose cable something happens.
fn arrives_all_the_same(accident: &str) {
    let board = TestBoard::with(&["link=usb", &format!("faults={accident}")]);
    let data = noise(1, 100_000);
    board.write("file", &data);
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert_eq!(board.digests()["/file"], hex_digest(&data));
    assert_eq!(board.digests().len(), 1);
}

#[test]
fn a_cable_that_is_pulled_out_and_put_back_is_waited_for() {
    arrives_all_the_same("unplug@to:40000");
}

#[test]
fn a_board_that_resets_in_a_copy_gets_it_again() {
    arrives_all_the_same("reset@to:40000");
}

/// By a watchdog, for one: each life of the board takes a block or two.
#[test]
fn a_board_that_is_reset_again_and_again_gets_a_little_more_each_time() {
    let resets: Vec<String> = (1..=10)
        .map(|number| format!("reset@to:{}", 30_000 * number))
        .collect();
    let faults = format!("faults={}", resets.join(","));
    let board = TestBoard::with(&["link=usb", &faults]);
    let data = noise(1, 120_000);
    board.write("file", &data);
    let copying = board.start_mpwire(&["resume", "cp", "-v", "file", ":"]);
    let copied = copying.finish_within(Duration::from_secs(55));
    assert_eq!(copied.code, Some(0), "{copied}");
    assert!(copied.stderr.contains(" as stream "), "{copied}");
    assert_eq!(board.digests()["/file"], hex_digest(&data));
    assert_eq!(board.digests().len(), 1);
    let resets = board.hard_resets();
    assert!(resets >= 4, "{resets} resets");
}

/// Of a tree each life of the board takes a part, too, also of a file that is longer than that.
#[test]
fn a_board_that_is_reset_again_and_again_gets_a_tree() {
    let resets: Vec<String> = (1..=12)
        .map(|number| format!("reset@to:{}", 20_000 * number))
        .collect();
    let faults = format!("faults={}", resets.join(","));
    let board = TestBoard::with(&["link=usb", &faults]);
    fs::create_dir(board.work().join("tree")).expect("a new folder");
    let mut expected = Vec::new();
    for (number, size) in [9000, 50_000, 7000, 30_000].into_iter().enumerate() {
        let data = noise(number as u32 + 1, size);
        board.write(&format!("tree/{number}"), &data);
        expected.push((format!("/tree/{number}"), hex_digest(&data)));
    }
    let copying = board.start_mpwire(&["resume", "cp", "-r", "tree", ":"]);
    let copied = copying.finish_within(Duration::from_secs(55));
    assert_eq!(copied.code, Some(0), "{copied}");
    let found: Vec<(String, String)> = board.digests().into_iter().collect();
    assert_eq!(found, expected);
}

/// Copies a tree of small files to a board, uses it at once, and returns how many bytes it received.
fn received_for_a_tree(parameters: &[&str]) -> u64 {
    let board = TestBoard::with(parameters);
    fs::create_dir(board.work().join("tree")).expect("a new folder");
    for number in 0..6 {
        board.write(&format!("tree/{number}"), noise(number, 450));
    }
    let copying = board.start_mpwire(&["resume", "cp", "-r", "tree", ":", "+", "eval", "6*7"]);
    let copied = copying.finish_within(Duration::from_secs(55));
    assert_eq!(copied.code, Some(0), "{copied}");
    assert_eq!(copied.text().lines().last(), Some("42"), "{copied}");
    let next = board.mpwire(&["resume", "eval", "6*7"]);
    assert_eq!((next.text().as_str(), next.stderr.as_str()), ("42\n", ""));
    board.received()
}

/// A board that hears nothing while its flash is erased, which takes long: what it is sent then waits in
/// front of it, or in its ring.
#[test]
fn a_board_that_is_busy_with_its_flash_is_not_flooded() {
    let quick = received_for_a_tree(&["link=usb"]);
    let slow = received_for_a_tree(&["link=usb", "erase=1500", "program=3", "flash-deaf=yes"]);
    assert!(
        slow < quick + 400,
        "{slow} bytes, and {quick} where nothing takes long"
    );
}

#[test]
fn what_a_busy_board_is_sent_fits_the_smallest_ring() {
    let board = TestBoard::with(&["link=uart:115200", "ring=64", "erase=1500", "program=3"]);
    board.write("file", noise(1, 6000));
    let copying = board.start_mpwire(&["resume", "cp", "file", ":"]);
    let copied = copying.finish_within(Duration::from_secs(55));
    assert_eq!(copied.code, Some(0), "{copied}");
    assert_eq!(board.dropped(), 0);
}

#[test]
fn a_bar_tells_that_the_board_is_gone_and_the_error_what_to_do() {
    let board = TestBoard::with(&["link=uart:115200"]);
    board.write("file", noise(1, 200_000));
    let work = board.work();
    let arguments = ["connect", PORT, "resume", "cp", "file", ":"];
    let mut terminal = Terminal::start(&mpwire(), &work, &arguments);
    terminal.wait_for("%");
    let _folder = board.unplug();
    terminal.wait_for("the board is gone; waiting for it, ");
    terminal.wait_for(" of 15 s");
    let ended = terminal.finish();
    assert_eq!(ended.code, Some(1), "{}", ended.shown);
    let told = "the connection to ../board was lost: it was unplugged or reset, and is not back after 15 s; \
                plug it in and run the command again";
    assert!(ended.shown.contains(told), "{}", ended.shown);
}

#[test]
fn a_line_tells_that_the_board_is_gone_where_there_is_no_bar() {
    let board = TestBoard::with(&["link=uart:115200", "faults=unplug@to:20000"]);
    let data = noise(1, 40_000);
    board.write("file", &data);
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let told = "the board is gone; waiting up to 15 s for it to come back\n";
    assert_eq!(copied.stderr.matches(told).count(), 1, "{copied}");
}

#[test]
fn bytes_that_are_lost_flipped_and_doubled_are_sent_again() {
    arrives_all_the_same("drop@to:900,flip@to:20000,double@to:50000,packet@to:70000");
    arrives_all_the_same("flip@from:60,noise@from:90,drop@from:120");
}

/// A block of the whole file never arrives on a line that loses a byte in each 10,000.
#[test]
fn a_block_that_is_damaged_twice_is_halved() {
    let drops: Vec<String> = (0..40)
        .map(|number| format!("drop@to:{}", 9000 + 10_000 * number))
        .collect();
    let faults = format!("faults={}", drops.join(","));
    let board = TestBoard::with(&["link=uart:921600", &faults]);
    let data = noise(1, 10_000);
    board.write("file", &data);
    let copied = board.mpwire(&["resume", "cp", "-v", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    assert!(copied.stderr.contains(" as stream "), "{copied}");
    assert_eq!(board.digests()["/file"], hex_digest(&data));
    let received = board.received();
    assert!(received < 60_000, "{received} bytes for 10,000");
}

/// As long as the erasure of a large flash takes.
#[test]
fn a_stall_of_12_seconds_on_the_way_to_the_board_is_waited_for() {
    arrives_all_the_same("pause=12000@to:20000");
}

#[test]
fn a_stall_of_12_seconds_on_the_way_from_the_board_is_waited_for() {
    arrives_all_the_same("pause=12000@from:200");
}

#[test]
fn a_tree_goes_on_behind_the_files_that_are_there() {
    let board = TestBoard::with(&["link=usb", "faults=unplug@to:60000"]);
    fs::create_dir(board.work().join("tree")).expect("a new folder");
    let mut expected = Vec::new();
    for number in 0..10 {
        let data = noise(1, 9000 + number);
        board.write(&format!("tree/{number}"), &data);
        expected.push((format!("/tree/{number}"), hex_digest(&data)));
    }
    let copied = board.mpwire(&["resume", "cp", "-r", "tree", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let found: Vec<(String, String)> = board.digests().into_iter().collect();
    assert_eq!(found, expected);
}

#[test]
fn a_download_goes_on_when_the_cable_is_back() {
    let board = TestBoard::with(&["link=usb", "faults=unplug@from:150000"]);
    let data = noise(1, 100_000);
    board.write("file", &data);
    let copied = board.mpwire(&["resume", "cp", "file", ":", "+", "cp", ":file", "back"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let again = board.mpwire(&["resume", "cp", ":file", "again"]);
    assert_eq!(again.code, Some(0), "{again}");
    for name in ["back", "again"] {
        let back = fs::read(board.work().join(name)).expect("it is there");
        assert_eq!(hex_digest(&back), hex_digest(&data), "{name}");
    }
}

/// A board with what a copy has left that was killed.
fn board_of_a_killed_copy() -> TestBoard {
    let board = TestBoard::with(&["link=uart:115200"]);
    board.write("file", noise(1, 400_000));
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "cp", "file", ":"]);
    flash.wait_for_writes(20);
    running.signal(Signal::KILL);
    running.finish();
    assert_eq!(board.digests().len(), 1, "a part of the file");
    board
}

#[test]
fn what_a_killed_copy_has_left_is_gone_after_the_next_connection() {
    let board = board_of_a_killed_copy();
    let next = board.mpwire(&["resume", "eval", "6*7"]);
    assert_eq!(
        (next.text().as_str(), next.code),
        ("42\n", Some(0)),
        "{next}"
    );
    assert!(next.stderr.contains("interrupted copy"), "{next}");
    assert_eq!(board.digests().len(), 0);
    let after = board.mpwire(&["resume", "eval", "6*7"]);
    assert_eq!(after.stderr, "");
}

/// Replaces what lists directories by what says in a file that it is about to, and takes a minute.
const LISTS_SLOWLY: &str = "
import os as _os, sys, time
class Slow:
    def __getattr__(self, name):
        return getattr(_os, name)
    def ilistdir(self, *path):
        with open('/mark', 'w') as mark:
            mark.write('x')
        time.sleep(60)
        return _os.ilistdir(*path)
sys.modules['os'] = sys.modules['uos'] = Slow()
";

#[test]
fn an_interrupt_while_leftovers_are_looked_for_ends_the_command_and_forgets_none() {
    let board = board_of_a_killed_copy();
    let prepared = board.mpremote(&["exec", LISTS_SLOWLY]);
    assert_eq!(prepared.code, Some(0), "{prepared}");
    let flash = board.watch_flash();
    let running = board.start_mpwire(&["resume", "exec", "print('it has run')"]);
    flash.wait_for_write();
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(1), ""),
        "{outcome}"
    );
    // A reset brings back what lists.
    let next = board.mpwire(&["eval", "6*7"]);
    assert!(next.stderr.contains("interrupted copy"), "{next}");
    assert_eq!(board.digests().keys().collect::<Vec<_>>(), ["/mark"]);
}

/// Power is lost at each write to the flash of a FAT board that replaces a file, which FAT does in two
/// steps.
#[test]
fn power_that_is_lost_while_fat_replaces_a_file_costs_neither() {
    let prepared = TestBoard::with(&["link=fast", "fs=fat"]);
    let (old, new) = (noise(1, 1500), noise(1, 2500));
    prepared.write("file", &old);
    let copied = prepared.mpwire(&["cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let (folder, flash) = prepared.into_flash();
    for write in 1.. {
        let cut = format!("cut={write}");
        let board = TestBoard::with_flash_and(&flash, &["link=fast", "fs=fat", &cut]);
        board.write("file", &new);
        let copied = board.mpwire(&["resume", "cp", "file", ":"]);
        let listed = board.mpwire(&["resume", "ls"]);
        assert_eq!(listed.code, Some(0), "{listed}");
        let found = board.digests();
        let expected = if copied.code == Some(0) { &new } else { &old };
        assert_eq!(
            found["/file"],
            hex_digest(expected),
            "write {write}: {copied}"
        );
        assert_eq!(found.len(), 1, "write {write}: {found:?}");
        if board.hard_resets() == 0 {
            assert!(write > 5, "there was something to cut: {write}");
            break;
        }
    }
    drop(folder);
}

#[test]
fn a_cable_that_is_pulled_out_while_connecting_is_waited_for() {
    let board = TestBoard::with(&["link=usb", "faults=unplug@from:20"]);
    let evaluated = board.mpwire(&["eval", "6*7"]);
    assert_eq!(evaluated.text(), "42\n", "{evaluated}");
}

#[test]
fn a_folder_is_mounted_on_a_bad_cable() {
    for accident in [
        "flip@to:1500",
        "drop@to:2500",
        "packet@to:3000",
        "noise@from:70",
    ] {
        let board = TestBoard::with(&["link=usb", &format!("faults={accident}")]);
        board.write("given.txt", "from here");
        let program = "print(open('given.txt').read())";
        let run = board.mpwire(&["resume", "mount", ".", "exec", program]);
        assert_eq!(run.code, Some(0), "{accident}: {run}");
        assert!(run.text().contains("from here"), "{accident}: {run}");
    }
}

#[test]
fn a_damaged_path_removes_no_other_file() {
    // What one bit makes of "keep".
    let neighbours = [
        "ieep", "jeep", "ceep", "kdep", "kgep", "kaep", "kedp", "keap", "keex", "kees", "keer",
    ];
    let filled = TestBoard::start();
    let mut copy = vec!["cp", "keep"];
    filled.write("keep", "keep");
    for name in neighbours {
        filled.write(name, name);
        copy.push(name);
    }
    copy.push(":");
    assert_eq!(filled.mpwire(&copy).code, Some(0));
    let (_folder, flash) = filled.into_flash();
    let clean = TestBoard::with_flash(&flash);
    assert_eq!(clean.mpwire(&["resume", "rm", ":keep"]).code, Some(0));
    // The path stands near the end of what is sent.
    let end = clean.received();
    for place in end - 60..end - 20 {
        let fault = format!("faults=flip@to:{place}");
        let board = TestBoard::with_flash_and(&flash, &["link=fast", &fault]);
        let removed = board.mpwire(&["resume", "rm", ":keep"]);
        assert_eq!(removed.code, Some(0), "{place}: {removed}");
        let left = board.digests();
        assert!(!left.contains_key("/keep"), "{place}: {left:?}");
        assert_eq!(left.len(), neighbours.len(), "{place}: {left:?}");
    }
}

#[test]
fn a_name_that_is_no_text_is_no_hindrance() {
    let board = TestBoard::with(&["link=usb"]);
    // What a flipped bit makes of a name of ours.
    let damaged = board.mpwire(&["exec", r"exec(b'_m\xf7_send = 1')"]);
    assert_eq!(damaged.code, Some(0), "{damaged}");
    board.write("file", noise(1, 50_000));
    let copied = board.mpwire(&["resume", "cp", "file", ":"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let copied = board.mpwire(&["resume", "cp", "--encoding", "base64", "file", ":two"]);
    assert_eq!(copied.code, Some(0), "{copied}");
    let copied = board.mpwire(&["resume", "cp", ":two", "back"]);
    assert_eq!(copied.code, Some(0), "{copied}");
}
