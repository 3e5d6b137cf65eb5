//! Accidents of the cable, as a host sees them.

#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::Read as _;

use common::board_and_host;
use mpwire_sim::Accident;

fn accidents(text: &str) -> Vec<Accident> {
    text.split(',')
        .map(|accident| accident.parse().expect("an accident"))
        .collect()
}

#[test]
fn bytes_to_the_board_suffer_where_it_was_asked_for() {
    let (board, mut host) = board_and_host("link=usb");
    host.start("import sys\nprint('go')\nprint(sys.stdin.buffer.read(6))");
    host.read_until("go\n");
    board.expect_accidents(accidents("drop@to:1,double@to:3"));
    host.send("abcdef");
    assert_eq!(host.finish().0, "b'acddef'\n");
}

#[test]
fn bytes_from_the_board_suffer_once() {
    let (board, mut host) = board_and_host("link=usb");
    host.start("import sys\nprint('go')\nfor i in range(3): print(sys.stdin.buffer.read(1))");
    host.read_until("go\n");
    board.expect_accidents(accidents("drop@from:2,noise@from:5"));
    host.send("abc");
    assert_eq!(host.finish().0, "b''\ntick\r\nb'b'\nb'c'\n");
}

#[test]
fn a_reset_in_the_middle_of_output_is_counted() {
    let (board, mut host) = board_and_host("link=usb");
    board.expect_accidents(accidents("reset@from:5000"));
    host.start("for i in range(100000): print(i)");
    host.read_until(">>> ");
    assert_eq!(board.counters().hard_resets, 1);
}

#[test]
fn who_has_the_port_open_loses_it_and_the_next_finds_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = folder.path().join("board");
    // A board that starts loses what is typed meanwhile.
    let (board, host) = board_and_host("link=usb");
    drop(host);
    board.attach_pty(&port).expect("a pty");
    let open = || {
        let mut options = File::options();
        options.read(true).write(true).open(&port).expect("a port")
    };
    board.expect_accidents(accidents("unplug@from:10"));
    let mut first = open();
    std::io::Write::write_all(&mut first, b"\r\x02").expect("a cable");
    // EIO, or nothing more: what has no other end.
    let mut seen = Vec::new();
    let end = first.read_to_end(&mut seen);
    assert!(end.is_err() || seen.len() < 10, "{end:?} {seen:?}");
    let mut second = open();
    std::io::Write::write_all(&mut second, b"\r\x02").expect("a cable");
    let mut seen = [0; 20];
    second.read_exact(&mut seen).expect("an answer");
}
