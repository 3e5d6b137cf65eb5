//! Boards with less, older and other firmware.

#![cfg(target_os = "linux")]

mod common;

use common::{Host, board, board_and_host};

/// Whether each of these statements works.
fn works(host: &mut Host, statements: &[&str]) -> Vec<bool> {
    statements
        .iter()
        .map(|statement| host.run(statement).1.is_empty())
        .collect()
}

#[test]
fn each_thing_can_be_missing_by_itself() {
    let all = [
        ("deflate", "import deflate"),
        ("binascii", "import binascii; binascii.hexlify"),
        ("binascii.a2b_base64", "from binascii import a2b_base64"),
        ("binascii.crc32", "import binascii; binascii.crc32"),
        ("hashlib", "import hashlib"),
        ("hashlib.sha256", "import hashlib; hashlib.sha256"),
        ("io.BytesIO", "from io import BytesIO"),
        ("select", "import select"),
        ("os.stat", "import os; os.stat"),
        ("os.ilistdir", "import os; os.ilistdir"),
        ("os.rename", "import os; os.rename"),
        ("vfs", "import vfs"),
        (
            "micropython.kbd_intr",
            "import micropython; micropython.kbd_intr",
        ),
        ("bytes.fromhex", "bytes.fromhex"),
        ("sys.stdin.buffer", "import sys; sys.stdin.buffer"),
        ("machine.reset", "import machine; machine.reset"),
        ("gc", "import gc"),
    ];
    for (missing, statement) in all {
        let (_board, mut host) = board_and_host(&format!("missing={missing}"));
        assert_eq!(works(&mut host, &[statement]), [false], "{missing}");
        for (other, statement) in all {
            if !other.starts_with(missing) && !missing.starts_with(other) {
                assert_eq!(
                    works(&mut host, &[statement]),
                    [true],
                    "{other} without {missing}"
                );
            }
        }
    }
}

#[test]
fn a_missing_module_looks_as_if_it_had_never_been_there() {
    let (_board, mut host) = board_and_host("missing=deflate");
    let (_, error) = host.run("import deflate");
    assert_eq!(
        error,
        "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\n\
         ImportError: no module named 'deflate'\n"
    );
    host.exec("b = b'x'\nassert isinstance(b, bytes)");
}

#[test]
fn without_fromhex_bytes_are_still_bytes() {
    let (_board, mut host) = board_and_host("missing=bytes.fromhex");
    host.exec(
        "assert isinstance(b'x', bytes) and bytes(2) == b'\\0\\0' and not isinstance('', bytes)",
    );
    assert_eq!(host.eval("hasattr(bytes, 'fromhex')"), "False");
}

#[test]
fn old_firmware_has_u_names_only_and_no_raw_paste() {
    let (_board, mut host) = board_and_host("firmware=1.12");
    host.exec("import ubinascii, uhashlib, uio, uos, os, uselect, ustruct, sys, gc, micropython");
    for module in [
        "binascii", "hashlib", "io", "select", "struct", "deflate", "vfs",
    ] {
        assert_eq!(
            works(&mut host, &[&format!("import {module}")]),
            [false],
            "{module}"
        );
    }
    assert_eq!(
        host.exec(
            "import uio, uzlib\nprint(uzlib.DecompIO(uio.BytesIO(b'\\x4b\\x04\\x00'), -9).read())"
        ),
        "b'a'"
    );
    host.send(b"\x05A\x01");
    assert_eq!(host.read_until(">"), common::RAW_BANNER);
    assert_eq!(host.eval("1+1"), "2");
}

#[test]
fn new_firmware_has_raw_paste() {
    let (_board, mut host) = board_and_host("");
    host.send(b"\x05A\x01");
    assert_eq!(host.read_exactly(2), b"R\x01");
}

#[test]
fn the_heap_is_the_users_but_for_what_a_board_needs_itself() {
    for (heap, more) in [
        (8, ""),
        (12, "firmware=1.12&fs=fat&erase=1&missing=binascii.crc32"),
        (16, ""),
        (16, "fs=lfs1&program=0.1&flash-deaf=yes"),
        (32, "fs=fat"),
        (64, "rom=32k,8k"),
        (64, "rom=32k&rom-kind=object"),
        (1024, ""),
    ] {
        let (_board, mut host) = board_and_host(&format!("heap={heap}k&{more}"));
        for _ in 0..2 {
            let free = host.exec("import gc; gc.collect(); print(gc.mem_free())");
            let taken = heap * 1024 - free.parse::<i32>().unwrap();
            assert!((1024..2048).contains(&taken), "{heap}k {more}: {taken}");
            host.soft_reset();
        }
    }
}

#[test]
fn a_small_heap_is_in_one_piece_and_ends_where_it_should() {
    let (_board, mut host) = board_and_host("heap=16k");
    host.exec("b = bytearray(12 * 1024)\nimport gc\nassert 12 << 10 < gc.mem_alloc() < 16 << 10");
    host.exec("del b");
    let (_, error) = host.run("b = bytearray(15 * 1024)");
    assert!(error.contains("MemoryError"), "{error}");
    host.exec("with open('f', 'wb') as f: f.write(bytes(5000))\nassert open('f').read(1) == '\\0'");
}

#[test]
fn a_board_that_cannot_start_says_what_the_interpreter_said() {
    let options = mpwire_sim::Options::parse("missing=nosuch.thing").unwrap();
    let error = mpwire_sim::Board::start(options).unwrap_err().to_string();
    assert!(error.contains("no module named 'nosuch'"), "{error}");
}

const IMAGE: &str = "b'\\xd2\\xcd\\x31\\x08\\x05\\x06\\x03a.t\\x02\\x00'";

#[test]
fn rom_partitions_are_written_through_rom_ioctl_when_they_are_memory() {
    let (_board, mut host) = board_and_host("rom=32k,8k");
    host.exec("import vfs");
    assert_eq!(host.eval("vfs.rom_ioctl(1)"), "2");
    assert_eq!(
        host.eval("len(vfs.rom_ioctl(2, 0)), len(vfs.rom_ioctl(2, 1))"),
        "(32768, 8192)"
    );
    assert_eq!(
        host.eval("vfs.rom_ioctl(2, 2), vfs.rom_ioctl(9, 0)"),
        "(-22, -22)"
    );
    assert_eq!(host.eval("hasattr(vfs.rom_ioctl(2, 0), 'ioctl')"), "False");
    assert_eq!(host.eval("vfs.rom_ioctl(6, 0)"), "4096");
    assert_eq!(host.eval("vfs.rom_ioctl(3, 0, 100)"), "4");
    assert_eq!(host.eval("vfs.rom_ioctl(3, 0, 4096, 4096)"), "4");
    assert_eq!(host.eval("vfs.rom_ioctl(3, 1, 8192, 4096)"), "-22");
    assert_eq!(host.eval("vfs.rom_ioctl(4, 0, 6, b'abcd')"), "0");
    assert_eq!(host.eval("vfs.rom_ioctl(5, 0)"), "0");
    assert_eq!(
        host.eval("bytes(vfs.rom_ioctl(2, 0)[4:12])"),
        "b'\\xff\\xffabcd\\xff\\xff'"
    );
    host.soft_reset();
    assert_eq!(
        host.exec("import vfs; print(bytes(vfs.rom_ioctl(2, 0)[4:12]))"),
        "b'\\xff\\xffabcd\\xff\\xff'"
    );
}

#[test]
fn rom_partitions_can_be_block_devices() {
    let (_board, mut host) = board_and_host("rom=8k,8k&rom-kind=object");
    host.exec("import vfs; d = vfs.rom_ioctl(2, 1)");
    assert_eq!(
        host.eval("d.ioctl(4, 0), d.ioctl(5, 0), d.ioctl(6, 1)"),
        "(2, 4096, 0)"
    );
    host.exec("d.writeblocks(1, b'abcd', 4)\nb = bytearray(6)\nd.readblocks(1, b, 3)");
    assert_eq!(host.eval("b"), "bytearray(b'\\xffabcd\\xff')");
    assert_eq!(
        host.eval("bytes(memoryview(d)[4096:4106])"),
        "b'\\xff\\xff\\xff\\xffabcd\\xff\\xff'"
    );
    board("rom=4k").power_cycle();
    host.soft_reset();
    host.exec("import vfs; assert bytes(memoryview(vfs.rom_ioctl(2, 1))[4100:4104]) == b'abcd'");
}

#[test]
fn a_rom_is_mounted_at_boot_when_its_image_is_valid() {
    for kind in ["memory", "object"] {
        let (_board, mut host) = board_and_host(&format!("rom=8k&rom-kind={kind}"));
        assert_eq!(
            host.exec("import os, sys; print(os.listdir('/'), sys.path)"),
            "[] ['', '.frozen', '/lib']"
        );
        host.exec("import vfs");
        if kind == "memory" {
            host.exec(&format!(
                "vfs.rom_ioctl(3, 0, 4096); vfs.rom_ioctl(4, 0, 0, {IMAGE})"
            ));
        } else {
            host.exec(&format!("vfs.rom_ioctl(2, 0).writeblocks(0, {IMAGE})"));
        }
        host.soft_reset();
        assert_eq!(
            host.exec("import os, sys; print(os.listdir('/'), os.listdir('/rom'), sys.path)"),
            "['rom'] ['a.t'] ['', '.frozen', '/lib', '/rom', '/rom/lib']"
        );
    }
}
