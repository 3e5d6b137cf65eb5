//! The shortcuts that are always there: those of mpremote 1.29 that stand for no command of their own,
//! `mv` and `stop`.

/// A shortcut: the words that stand for it, and what it is for.
pub struct Shortcut {
    /// What is typed.
    pub name: &'static str,
    /// What it stands for.
    pub words: &'static [&'static str],
    /// One line of help.
    pub help: &'static str,
}

const fn shortcut(
    name: &'static str,
    words: &'static [&'static str],
    help: &'static str,
) -> Shortcut {
    Shortcut { name, words, help }
}

/// The shortcuts of mpremote 1.29, `mv` and `stop`.
pub const SHORTCUTS: &[Shortcut] = &[
    shortcut("--help", &["help"], ""),
    shortcut("--version", &["version"], ""),
    shortcut(
        "a0",
        &["connect", "/dev/ttyACM0"],
        "Connect to serial port \"/dev/ttyACM0\"",
    ),
    shortcut(
        "a1",
        &["connect", "/dev/ttyACM1"],
        "Connect to serial port \"/dev/ttyACM1\"",
    ),
    shortcut(
        "a2",
        &["connect", "/dev/ttyACM2"],
        "Connect to serial port \"/dev/ttyACM2\"",
    ),
    shortcut(
        "a3",
        &["connect", "/dev/ttyACM3"],
        "Connect to serial port \"/dev/ttyACM3\"",
    ),
    shortcut(
        "c0",
        &["connect", "COM0"],
        "Connect to serial port \"COM0\"",
    ),
    shortcut(
        "c1",
        &["connect", "COM1"],
        "Connect to serial port \"COM1\"",
    ),
    shortcut(
        "c2",
        &["connect", "COM2"],
        "Connect to serial port \"COM2\"",
    ),
    shortcut(
        "c3",
        &["connect", "COM3"],
        "Connect to serial port \"COM3\"",
    ),
    shortcut("cat", &["fs", "cat"], "Print files of the device"),
    shortcut("cp", &["fs", "cp"], "Copy files to, from or on the device"),
    shortcut("devs", &["connect", "list"], "List available serial ports"),
    shortcut("ls", &["fs", "ls"], "List a directory of the device"),
    shortcut("mkdir", &["fs", "mkdir"], "Make directories on the device"),
    shortcut(
        "mv",
        &["fs", "mv"],
        "Move or rename files and directories on the device",
    ),
    shortcut("rm", &["fs", "rm"], "Remove files of the device"),
    shortcut(
        "rmdir",
        &["fs", "rmdir"],
        "Remove empty directories of the device",
    ),
    shortcut(
        "sha256sum",
        &["fs", "sha256sum"],
        "Print SHA-256 of files of the device",
    ),
    shortcut(
        "stop",
        &["resume", "exec", "pass"],
        "Interrupt the program that runs on the device, and leave its state as it is",
    ),
    shortcut(
        "touch",
        &["fs", "touch"],
        "Make files on the device unless they are there",
    ),
    shortcut(
        "tree",
        &["fs", "tree"],
        "Print a tree of the device's files",
    ),
    shortcut(
        "u0",
        &["connect", "/dev/ttyUSB0"],
        "Connect to serial port \"/dev/ttyUSB0\"",
    ),
    shortcut(
        "u1",
        &["connect", "/dev/ttyUSB1"],
        "Connect to serial port \"/dev/ttyUSB1\"",
    ),
    shortcut(
        "u2",
        &["connect", "/dev/ttyUSB2"],
        "Connect to serial port \"/dev/ttyUSB2\"",
    ),
    shortcut(
        "u3",
        &["connect", "/dev/ttyUSB3"],
        "Connect to serial port \"/dev/ttyUSB3\"",
    ),
];
