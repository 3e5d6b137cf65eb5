//! The REPL as on a board: boot, resets and Ctrl-C.

#![cfg(target_os = "linux")]

mod common;

use common::{Host, RAW_BANNER, board_and_host};

/// Writes a file on the board.
fn write(host: &mut Host, path: &str, text: &str) {
    host.exec(&format!(
        "with open({path:?}, 'w') as f: f.write({text:?})\ndel f"
    ));
}

#[test]
fn a_hard_reset_ends_at_the_friendly_prompt_with_the_banner() {
    let (board, mut host) = board_and_host("");
    board.power_cycle();
    let text = host.read_until(">>> ");
    assert!(text.starts_with("MicroPython "), "{text:?}");
    assert_eq!(board.counters().hard_resets, 1);
}

#[test]
fn nothing_of_the_simulator_is_left_in_the_boards_memory() {
    let (_board, mut host) = board_and_host("");
    host.exec("import sys");
    assert_eq!(
        host.eval("sorted(n for n in globals() if n != 'sys')"),
        "['__file__', '__name__']"
    );
    assert_eq!(host.eval("__file__"), "'<stdin>'");
    assert_eq!(host.eval("sys.modules"), "{}");
    assert_eq!(host.eval("sys.path"), "['', '.frozen', '/lib']");
    assert_eq!(host.eval("sys.argv"), "[]");
    assert_eq!(
        host.exec("import os; print(os.getcwd(), os.listdir())"),
        "/ []"
    );
}

#[test]
fn a_soft_reset_in_the_raw_repl_runs_boot_but_not_main() {
    let (board, mut host) = board_and_host("");
    write(&mut host, "boot.py", "print('this is boot')\nx = 5");
    write(&mut host, "main.py", "print('this is main')\ny = 6");
    assert_eq!(
        host.soft_reset(),
        format!("OK\r\nMPY: soft reboot\r\nthis is boot\n{RAW_BANNER}")
    );
    assert_eq!(
        host.eval("x, 'y' in globals(), __name__"),
        "(5, False, '__main__')"
    );
    assert_eq!(board.counters().soft_resets, 1);
}

#[test]
fn a_soft_reset_at_the_friendly_prompt_runs_boot_and_main() {
    let (_board, mut host) = board_and_host("");
    write(&mut host, "boot.py", "print('this is boot')");
    write(&mut host, "main.py", "print('this is main')");
    host.leave_raw_repl();
    host.send(b"\x04");
    let text = host.read_until(">>> ");
    assert!(
        text.starts_with("\r\nMPY: soft reboot\r\nthis is boot\nthis is main\nMicroPython "),
        "{text:?}"
    );
}

#[test]
fn an_error_in_boot_py_looks_as_on_a_board() {
    let (_board, mut host) = board_and_host("");
    write(&mut host, "boot.py", "def f():\n    1/0\nf()\n");
    let text = host.soft_reset();
    assert!(
        text.contains(
            "\r\nTraceback (most recent call last):\n  File \"boot.py\", line 3, in <module>\n  \
             File \"boot.py\", line 2, in f\nZeroDivisionError: divide by zero\n"
        ),
        "{text:?}"
    );
}

#[test]
fn ctrl_c_interrupts_boot_and_main() {
    let (_board, mut host) = board_and_host("");
    write(&mut host, "boot.py", "print('in boot')\nwhile True: pass");
    write(&mut host, "main.py", "print('in main')\nwhile True: pass");
    host.leave_raw_repl();
    host.send(b"\x04");
    host.read_until("in boot\n");
    host.send(b"\x03");
    let text = host.read_until("in main\n");
    // It may still be in the print.
    assert!(text.contains("File \"boot.py\", line "), "{text:?}");
    assert!(
        text.contains(", in <module>\nKeyboardInterrupt: "),
        "{text:?}"
    );
    host.send(b"\x03");
    host.read_until("KeyboardInterrupt: ");
    host.read_until(">>> ");
}

#[test]
fn ctrl_c_interrupts_boot_when_the_host_wants_the_raw_repl() {
    let (_board, mut host) = board_and_host("");
    write(&mut host, "boot.py", "print('in boot')\nwhile True: pass");
    host.send(b"\x04");
    host.read_until("in boot\n");
    host.send(b"\r\x03");
    let text = host.read_until(RAW_BANNER);
    assert!(text.contains("KeyboardInterrupt: "), "{text:?}");
}

#[test]
fn ctrl_c_interrupts_a_busy_program_and_one_that_sleeps_or_reads() {
    let (board, mut host) = board_and_host("");
    for wait in [
        "pass",
        "time.sleep(9)",
        "sys.stdin.read(1)",
        "sys.stdin.buffer.read(1)",
    ] {
        host.start(&format!(
            "import sys, time\nprint('go')\nwhile True: {wait}"
        ));
        host.read_until("go\n");
        host.send(b"\x03");
        let (_, error) = host.finish();
        assert!(
            error.ends_with("KeyboardInterrupt: \n"),
            "{wait}: {error:?}"
        );
    }
    assert_eq!(board.counters().interrupts, 4);
    assert_eq!(board.counters().soft_resets, 0);
}

#[test]
fn many_ctrl_c_at_once_are_one() {
    let (board, mut host) = board_and_host("");
    host.start("print('go')\nwhile True: pass");
    host.read_until("go\n");
    host.send(b"\x03\x03\x03\x03\x03");
    let (_, error) = host.finish();
    assert!(error.ends_with("KeyboardInterrupt: \n"), "{error:?}");
    host.enter_raw_repl();
    assert_eq!(host.eval("1+1"), "2");
    assert_eq!(board.counters().soft_resets, 0);
}

#[test]
fn with_the_interrupt_character_off_all_256_bytes_are_data() {
    let (board, mut host) = board_and_host("link=usb");
    host.start(
        "import micropython, sys\nmicropython.kbd_intr(-1)\nprint('go')\n\
         d = sys.stdin.buffer.read(512)\nmicropython.kbd_intr(3)\nsys.stdout.buffer.write(d)",
    );
    host.read_until("go\n");
    let data: Vec<u8> = (0..512_u32).map(|n| n as u8).collect();
    host.send(&data);
    assert_eq!(host.read_exactly(512), data);
    host.finish();
    assert_eq!(board.counters().interrupts, 0);
}

#[test]
fn ctrl_c_at_a_prompt_is_data() {
    let (board, mut host) = board_and_host("");
    host.send(b"garbage\x03");
    assert_eq!(host.eval("1+1"), "2");
    assert_eq!(board.counters().interrupts, 0);
}

#[test]
fn system_exit_is_a_soft_reset_in_the_same_mode() {
    let (board, mut host) = board_and_host("");
    host.start("x = 1\nraise SystemExit");
    let text = host.read_until(RAW_BANNER);
    assert!(text.starts_with("\x04\x04MPY: soft reboot\r\n"), "{text:?}");
    assert_eq!(host.eval("'x' in globals()"), "False");
    host.leave_raw_repl();
    host.send("import machine; machine.soft_reset()\r");
    let text = host.read_until(">>> ");
    assert!(
        text.contains("MPY: soft reboot\r\nMicroPython "),
        "{text:?}"
    );
    assert_eq!(board.counters().soft_resets, 2);
}

#[test]
fn system_exit_in_main_py_is_a_soft_reset() {
    let (board, mut host) = board_and_host("");
    write(
        &mut host,
        "main.py",
        "import os\nos.remove('main.py')\nprint('once')\nraise SystemExit",
    );
    host.leave_raw_repl();
    host.send(b"\x04");
    host.read_until("once\nMPY: soft reboot\r\nMicroPython ");
    assert_eq!(board.counters().soft_resets, 2);
}

#[test]
fn machine_reset_is_a_hard_reset_and_comes_back_friendly() {
    let (board, mut host) = board_and_host("");
    write(&mut host, "main.py", "print('this is main')");
    host.start("import machine; machine.reset()");
    let text = host.read_until(">>> ");
    assert!(text.starts_with("this is main\nMicroPython "), "{text:?}");
    assert_eq!(
        (board.counters().soft_resets, board.counters().hard_resets),
        (0, 1)
    );
}

#[test]
fn input_that_came_early_survives_a_soft_reset() {
    let (_board, mut host) = board_and_host("");
    host.send(b"\x04print(6*7)\x04");
    host.read_until(RAW_BANNER);
    assert_eq!(host.finish().0, "OK42\n");
}

#[test]
fn binary_output_arrives_unchanged() {
    let (_board, mut host) = board_and_host("");
    host.start("import sys\nfor i in range(8): sys.stdout.buffer.write(bytes(range(256)))");
    let expected: Vec<u8> = (0..2048_u32).map(|n| n as u8).collect();
    assert_eq!(host.read_exactly(2048), expected);
    host.finish();
}

#[test]
fn the_real_time_clock_can_be_set() {
    let (_board, mut host) = board_and_host("");
    host.exec("import machine\nmachine.RTC().datetime((2031, 2, 3, 0, 4, 5, 6, 0))");
    let now = host.eval("machine.RTC().datetime()");
    assert!(now.starts_with("(2031, 2, 3, 0, 4, 5, "), "{now}");
}

#[test]
fn text_ends_its_lines_as_on_a_board_and_binary_output_is_left_alone() {
    let (_board, mut host) = board_and_host("line-ends=crlf");
    for (statement, expected) in [
        ("print('a', 'b\\n')", "a b\r\n\r\n"),
        ("sys.stdout.write('a\\n')", "a\r\n"),
        ("print('a', file=sys.stdout)", "a\r\n"),
        (
            "print('a'); sys.stdout.buffer.write(b'b\\n'); print('c')",
            "a\r\nb\nc\r\n",
        ),
        (
            "w = sys.stdout.buffer.write; print(w(b'\\r\\n\\n'), w(b'x\\ny', 2))",
            "\r\n\nx\n3 2\r\n",
        ),
        ("print('a', file=sys.stdout.buffer)", "a\n"),
        ("sys.print_exception(ValueError(1))", "ValueError: 1\r\n"),
        (
            "import select; p = select.poll(); p.register(sys.stdout, 4); print(p.poll()[0][1])",
            "4\r\n",
        ),
    ] {
        let (output, error) = host.run(&format!("import sys\n{statement}"));
        assert_eq!(
            (output.as_str(), error.as_str()),
            (expected, ""),
            "{statement}"
        );
    }
    let (_, error) = host.run("1/0");
    assert!(
        error.ends_with("line 1, in <module>\r\nZeroDivisionError: divide by zero\r\n"),
        "{error:?}"
    );
    host.leave_raw_repl();
    host.send("1+1\r");
    assert_eq!(host.read_until(">>> "), "1+1\r\n2\r\n>>> ");
}

#[test]
fn ctrl_c_in_binary_output_leaves_text_as_text() {
    let (_board, mut host) = board_and_host("line-ends=crlf&link=usb");
    for _ in 0..20 {
        host.start("import sys\nprint('go')\nwhile True: sys.stdout.buffer.write(b'\\n' * 300)");
        host.read_until("go\r\n");
        host.send(b"\x03");
        let (_, error) = host.finish();
        assert!(
            error.ends_with("line 3, in <module>\r\nKeyboardInterrupt: \r\n"),
            "{error:?}"
        );
        assert_eq!(host.exec("print('x')"), "x\r");
    }
}

/// All byte values in an order in which each follows many others.
fn all_bytes(count: usize) -> Vec<u8> {
    let byte = |n: usize| (n + n / 256 * 37 + (n >> 13)) as u8;
    (0..count).map(byte).collect()
}

/// The board's `binascii.crc32`.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
        })
    })
}

#[test]
fn all_byte_values_are_read_exactly_by_every_way_to_read() {
    // 0x03 interrupts while the interrupt character is on, and is data while it is off.
    let without = |data: &[u8]| -> Vec<u8> { data.iter().copied().filter(|b| *b != 3).collect() };
    let all = all_bytes(20_000);
    let reads = [
        "b = bytearray(500); v = memoryview(b)\nwhile n < N:\n k = f.readinto(v[:min(500, N - n)]); h = crc(v[:k], h); n += k",
        "while n < N: d = f.read(min(500, N - n)); h = crc(d, h); n += len(d)",
        // The last line has no end, so it must be one byte each.
        "while n < N - 999: d = f.readline(); h = crc(d, h); n += len(d)\nwhile n < N: h = crc(f.read(1), h); n += 1",
    ];
    for link in [
        "link=fast",
        "link=usb&line-ends=crlf",
        "link=uart:921600&backpressure=yes",
    ] {
        let (board, mut host) = board_and_host(link);
        host.exec("import micropython, sys, binascii\nf = sys.stdin.buffer\ncrc = binascii.crc32");
        for read in reads {
            for (interrupt, data) in [(3, without(&all)), (-1, all.clone())] {
                let count = data.len();
                host.start(&format!(
                    "N = {count}\nn = 0\nh = 0\nmicropython.kbd_intr({interrupt})\n\
                     print('go')\n{read}\nmicropython.kbd_intr(3)\n\
                     print(h)"
                ));
                host.read_until("go");
                host.read_until("\n");
                host.send(&data);
                let (output, error) = host.finish();
                let expected = crc32(&data).to_string();
                assert_eq!(
                    (output.trim(), error.as_str()),
                    (expected.as_str(), ""),
                    "{link} {read}"
                );
            }
        }
        assert_eq!(
            (board.counters().interrupts, board.counters().overruns),
            (0, 0)
        );
    }
}

#[test]
fn ctrl_c_ends_a_read_that_waits_for_more_at_once_and_every_time() {
    let reads = [
        "b = bytearray(512)\nwhile True: sys.stdin.buffer.readinto(b)",
        "while True: sys.stdin.buffer.readline()",
        "while True: sys.stdin.buffer.read(1)",
    ];
    for link in ["fast", "usb", "uart:921600"] {
        let (board, mut host) = board_and_host(&format!("link={link}"));
        for turn in 0..120 {
            // At the prompt it takes back what the last program left unread.
            host.send("\x03");
            host.start(&format!("import sys\nprint('go')\n{}", reads[turn % 3]));
            host.read_until("go\n");
            // Some more or less than a whole block, right before it.
            host.send(&[b'x'; 600][..turn * 5]);
            host.send("\x03");
            let (_, error) = host.finish();
            assert!(
                error.ends_with("KeyboardInterrupt: \n"),
                "{link} {turn}: {error:?}"
            );
        }
        assert_eq!(board.counters().interrupts, 120, "{link}");
        assert_eq!(board.counters().soft_resets, 0, "{link}");
    }
}
