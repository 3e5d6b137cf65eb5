//! What each command takes: one struct a command, from which the parser and the help come.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Command, CommandFactory as _, Parser, ValueHint};
use mpwire::transfer::{Encoding, Options};

use crate::complete;
use crate::examples;

/// Every command, as its parser has it. What is not here is no command: help, manual pages,
/// completion and suggestions all read this list.
pub fn commands() -> Vec<Command> {
    vec![
        BenchArgs::command(),
        BootloaderArgs::command(),
        CompletionArgs::command(),
        ConnectArgs::command(),
        DfArgs::command(),
        DisconnectArgs::command(),
        DoctorArgs::command(),
        EditArgs::command(),
        EvalArgs::command(),
        ExecArgs::command(),
        FsArgs::command(),
        HelpArgs::command(),
        MipArgs::command(),
        MountArgs::command(),
        ReplArgs::command(),
        ResetArgs::command(),
        ResumeArgs::command(),
        RomfsArgs::command(),
        RtcArgs::command(),
        RunArgs::command(),
        SimArgs::command(),
        SleepArgs::command(),
        SoftResetArgs::command(),
        UmountArgs::command(),
        VersionArgs::command(),
    ]
}

/// The command of this name.
pub fn command(name: &str) -> Option<Command> {
    commands()
        .into_iter()
        .find(|command| command.get_name() == name)
}

/// The parser's name of [`Next::words`].
pub const NEXT: &str = "words";

/// What a command leaves for the next one.
#[derive(Debug, Args)]
pub struct Next {
    /// The next command
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// What a command that takes no values leaves: there a word with a minus is an option, or wrong.
#[derive(Debug, Args)]
pub struct NextAtOnce {
    /// The next command
    #[arg(hide = true, trailing_var_arg = true)]
    pub words: Vec<String>,
}

/// Connect to a given device
///
/// Without it, the first command that needs a device connects to the first USB serial port that can be
/// opened. The commands that follow on the line use the same connection.
///
/// Over the network, socket://HOST:PORT is a server that passes bytes on as they are (ser2net's
/// "tcp", a telnet bridge in raw mode), and rfc2217://HOST:PORT one that is a serial port, whose rate
/// and lines are set (ser2net's "telnet(rfc2217)", and what pyserial calls RFC 2217). pyserial's
/// options `?ign_set_control` and `?timeout=SECONDS` may follow. `ws://HOST` is a board with WebREPL,
/// whose password comes from `MPWIRE_WEBREPL_PASSWORD`, from the file that
/// `MPWIRE_WEBREPL_PASSWORD_FILE` or `webrepl-password-file` in config.toml names, or from whoever is at
/// the terminal; it is not soft-reset before its first use, since that would end the connection. None of them is encrypted: use them in a
/// network that you trust, or through a tunnel.
#[derive(Debug, Parser)]
#[command(name = "connect", after_help = examples::CONNECT)]
pub struct ConnectArgs {
    /// A port such as /dev/ttyACM0 or COM3; or list (the ports that are there), auto (the first
    /// that can be opened), id:SERIAL (the device with this USB serial number), port:PATH,
    /// socket://HOST:PORT, rfc2217://HOST:PORT or `ws://HOST` (over the network), sim:PARAMETERS (a
    /// simulated board)
    pub device: String,
    #[command(flatten)]
    pub next: Next,
}

/// Disconnect the current device
///
/// The next command that needs a device connects again, and soft-resets it again.
#[derive(Debug, Parser)]
#[command(name = "disconnect", after_help = examples::DISCONNECT)]
pub struct DisconnectArgs {
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Resume a previous session (will not auto soft-reset)
///
/// The first command that runs something on a device soft-resets it before, so that nothing is left of
/// earlier programs. Behind `resume` it does not: variables and imports are still there.
#[derive(Debug, Parser)]
#[command(name = "resume", after_help = examples::RESUME)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Perform a soft-reset of the device
///
/// MicroPython starts again with an empty heap; boot.py runs and main.py does not. The connection
/// stays.
#[derive(Debug, Parser)]
#[command(name = "soft-reset", after_help = examples::SOFT_RESET)]
pub struct SoftResetArgs {
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Reset the device, as its reset button does
///
/// Waits until the device is back: for the prompt, or for a USB port that goes away with the device, up
/// to 15 s. A UART does not show a reset if the device prints nothing: that is waited for 3 s, and
/// reported. A device that has not reset is an error.
#[derive(Debug, Parser)]
#[command(name = "reset", after_help = examples::RESET)]
pub struct ResetArgs {
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Have the device enter its bootloader
///
/// Waits until the USB port goes away, or 3 s over a UART, which does not show it. A device that goes on
/// as before, or whose firmware cannot do it, is an error.
#[derive(Debug, Parser)]
#[command(name = "bootloader", after_help = examples::BOOTLOADER)]
pub struct BootloaderArgs {
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Mount a folder of this computer on the device, at /remote
///
/// Programs on the device read and write it as if it were the device's own, for as long as this
/// command line runs. Nothing outside of the folder can be reached.
#[derive(Debug, Parser)]
#[command(name = "mount", after_help = examples::MOUNT)]
#[expect(clippy::struct_excessive_bools, reason = "one flag each")]
pub struct MountArgs {
    /// Follow symbolic links that lead out of the folder
    #[arg(short = 'l', long, conflicts_with = "no_unsafe_links")]
    pub unsafe_links: bool,
    #[arg(long, hide = true)]
    pub no_unsafe_links: bool,
    /// Let the device change nothing
    #[arg(long)]
    pub read_only: bool,
    /// Let the device change .git, .hg, .svn, .vscode and .idea too
    #[arg(long)]
    pub writable_tool_folders: bool,
    /// The folder
    #[arg(value_hint = clap::ValueHint::DirPath)]
    pub path: String,
    #[command(flatten)]
    pub next: Next,
}

/// Take the mounted folder away from the device
#[derive(Debug, Parser)]
#[command(name = "umount", after_help = examples::UMOUNT)]
pub struct UmountArgs {
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Sleep before executing the next command
#[derive(Debug, Parser)]
#[command(name = "sleep", after_help = examples::SLEEP)]
pub struct SleepArgs {
    /// Seconds to sleep for
    #[arg(allow_negative_numbers = true)]
    pub seconds: f64,
    #[command(flatten)]
    pub next: Next,
}

/// Open the device's interactive prompt
///
/// Keys go to the device as they are; Ctrl-] or Ctrl-x leaves it.
#[derive(Debug, Parser)]
#[command(name = "repl", after_help = examples::REPL)]
pub struct ReplArgs {
    /// Show bytes that are not printable as hexadecimal digits
    #[arg(short, long, conflicts_with = "no_escape_non_printable")]
    pub escape_non_printable: bool,
    #[arg(long, hide = true)]
    pub no_escape_non_printable: bool,
    /// Copy what is shown to a file
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// What Ctrl-J types; \n in it is Enter
    #[arg(long, value_name = "CODE")]
    pub inject_code: Option<String>,
    /// The script of this computer that Ctrl-K runs
    #[arg(long, value_name = "FILE")]
    pub inject_file: Option<PathBuf>,
    /// Wait for a device that is unplugged or resets, and go on
    #[arg(long)]
    pub reconnect: bool,
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Evaluate and print an expression
///
/// An exception on the device is printed and the exit code is 1.
#[derive(Debug, Parser)]
#[command(name = "eval", after_help = examples::EVAL)]
pub struct EvalArgs {
    #[command(flatten)]
    pub timeout: TimeoutArgs,
    /// Expression to evaluate
    pub expression: String,
    #[command(flatten)]
    pub next: Next,
}

/// Execute a string
///
/// Its output is printed as it comes. Ctrl-C interrupts the program on the device; twice gives up on
/// it. An exception on the device is printed and the exit code is 1.
#[derive(Debug, Parser)]
#[command(name = "exec", after_help = examples::EXEC)]
pub struct ExecArgs {
    /// Follow output until the program completes (default)
    #[arg(short, long, conflicts_with = "no_follow")]
    pub follow: bool,
    /// Do not wait for the program
    #[arg(long, conflicts_with = "timeout")]
    pub no_follow: bool,
    #[command(flatten)]
    pub timeout: TimeoutArgs,
    /// Program to execute
    pub program: String,
    #[command(flatten)]
    pub next: Next,
}

/// How long a program may run.
#[derive(Debug, Args)]
pub struct TimeoutArgs {
    /// Interrupt it after so many seconds; the exit code is 124 then
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration > Duration::ZERO => Ok(duration),
        _ => Err("not a number of seconds to wait".to_owned()),
    }
}

/// Run a local script on the device
///
/// The script is run from memory; nothing is copied to the device's filesystem. Ctrl-C interrupts it;
/// twice gives up on it. An exception on the device is printed and the exit code is 1.
#[derive(Debug, Parser)]
#[command(name = "run", after_help = examples::RUN)]
pub struct RunArgs {
    /// Follow output until the script completes (default)
    #[arg(short, long, conflicts_with = "no_follow")]
    pub follow: bool,
    /// Do not wait for the script
    #[arg(long, conflicts_with = "timeout")]
    pub no_follow: bool,
    #[command(flatten)]
    pub timeout: TimeoutArgs,
    /// Path of the script on this computer; - reads it from standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub path: String,
    #[command(flatten)]
    pub next: Next,
}

/// Print used and free space of the device's filesystems
#[derive(Debug, Parser)]
#[command(name = "df", after_help = examples::DF)]
pub struct DfArgs {
    #[command(flatten)]
    pub next: Next,
}

/// Edit files of the device
///
/// Each file is opened with $EDITOR, or $VISUAL, and written back when the editor ends well.
#[derive(Debug, Parser)]
#[command(name = "edit", after_help = examples::EDIT)]
pub struct EditArgs {
    /// Files of the device, made if they are missing
    #[arg(required = true)]
    pub files: Vec<String>,
}

/// Get (default) or set the device's clock
#[derive(Debug, Parser)]
#[command(name = "rtc", after_help = examples::RTC)]
pub struct RtcArgs {
    /// Set it to this computer's time
    #[arg(short, long, conflicts_with = "no_set")]
    pub set: bool,
    #[arg(long, hide = true)]
    pub no_set: bool,
    /// Set it to UTC, not to local time (with --set)
    #[arg(long, requires = "set")]
    pub utc: bool,
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Execute filesystem commands on the device
///
/// The commands are cat, cp, ls, mkdir, mv, rm, rmdir, sha256sum, touch and tree. Each is also a command
/// by itself: `mpwire ls` is `mpwire fs ls`, and `mpwire ls --help` explains it. It takes all paths up to
/// the end of the line or a `+`, behind which the next command begins.
///
/// A path on the device begins with a colon: `:main.py` is on the device, `main.py` on this computer,
/// and `:` alone is the device's current directory. Only cp works on both sides and needs the colon;
/// for the others it may be left out.
#[derive(Debug, Parser)]
#[command(name = "fs", disable_help_flag = true, after_help = examples::FS)]
#[expect(clippy::struct_excessive_bools, reason = "one flag each")]
pub struct FsArgs {
    /// Recursive (for cp and rm)
    #[arg(short, long, conflicts_with = "no_recursive")]
    pub recursive: bool,
    #[arg(long, hide = true)]
    pub no_recursive: bool,
    /// Copy even if the file is unchanged (for cp)
    #[arg(short, long, conflicts_with = "no_force")]
    pub force: bool,
    #[arg(long, hide = true)]
    pub no_force: bool,
    /// Replace all files of a tree together, or none where one fails (for cp -r to the device)
    #[arg(long, requires = "recursive")]
    pub all_or_nothing: bool,
    /// Make the directories above, too; those that exist are no error (for mkdir)
    #[arg(short, long)]
    pub parents: bool,
    /// Say what is done (default for all commands except cat); for cp also how each file was sent
    #[arg(short, long, conflicts_with = "no_verbose")]
    pub verbose: bool,
    /// Say nothing but the result
    #[arg(long)]
    pub no_verbose: bool,
    /// Show file sizes in bytes (for tree)
    #[arg(short, long, conflicts_with = "human")]
    pub size: bool,
    /// Show file sizes in a more human readable way (for tree)
    #[arg(short = 'h', long)]
    pub human: bool,
    #[command(flatten)]
    pub transfer: TransferArgs,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    pub help: Option<bool>,
    /// cat, cp, ls, mkdir, mv, rm, rmdir, touch, tree, or a digest such as sha256sum
    pub command: String,
    /// Paths; for cp those on the device begin with a colon
    #[arg(required = true)]
    pub paths: Vec<String>,
}

/// How bytes travel to the device (for cp and romfs deploy).
#[derive(Debug, Args)]
pub struct TransferArgs {
    /// How bytes travel to the device
    #[arg(
        long,
        default_value = "auto",
        hide_possible_values = true,
        value_name = "auto|stream|deflate|base64|hex|repr",
        value_parser = encodings()
    )]
    pub encoding: EncodingChoice,
    /// Bytes of the file in each chunk (default: what the device's memory allows)
    #[arg(long, value_name = "BYTES")]
    pub chunk_size: Option<NonZeroUsize>,
}

impl TransferArgs {
    /// The library's options.
    pub fn options(&self) -> Options {
        Options {
            encoding: self.encoding.0,
            chunk_size: self.chunk_size,
            ..Options::default()
        }
    }
}

/// `--encoding`: one by name, or the one predicted to be fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodingChoice(pub Option<Encoding>);

fn encodings() -> impl clap::builder::TypedValueParser<Value = EncodingChoice> {
    let names = Encoding::ALL.map(Encoding::name);
    PossibleValuesParser::new(["auto"].into_iter().chain(names))
        .try_map(|name| name.parse::<EncodingChoice>())
}

impl std::str::FromStr for EncodingChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self(None));
        }
        text.parse().map(|encoding| Self(Some(encoding)))
    }
}

/// Measure the link and the device, and how fast files travel
///
/// Tells what to expect of this computer, cable and device: how long one exchange takes, how many
/// bytes a second the line and the flash take, and how long a file takes in each way to send it.
/// `auto` is what cp does unless it is told otherwise.
///
/// It takes 10 to 20 seconds at 115200 baud and about 2 over USB. Nothing stays on the device; its
/// files are not touched. The rates are those of one moment: run it again to see how they vary.
#[derive(Debug, Parser)]
#[command(name = "bench", after_help = examples::BENCH)]
pub struct BenchArgs {
    /// Bytes of each file that is sent, 1 to 16777216 (default: 1024 to 32768, to suit the line)
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    pub size: Option<u32>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    pub json: bool,
    /// Also draw the times: an SVG picture, or a page with the table if FILE ends in .html
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub next: Next,
}

/// Look for what is wrong, and say what to do
///
/// Without a device it looks at every serial port: what is plugged in, whether you may open it, which
/// program has it open, which driver is missing, and which board waits for firmware. It opens only the
/// one behind `connect`, your default board, or the only one that is a board for certain.
///
/// Of a device it tells what is at the other end, and where that is MicroPython: firmware, memory and
/// clock, the line and what becomes of bytes that the board has no time for, how files would be sent,
/// how full the filesystems are, which files cannot be read, what interrupted copies have left, and
/// whether the ROM partitions hold whole images.
///
/// No program on the device is interrupted unless you say so, and nothing is reset. A small file is
/// written, read and removed. It takes 2 to 5 seconds, and never more than about 30. The exit code is 1
/// when there is a problem, and 0 when there are only warnings.
#[derive(Debug, Parser)]
#[command(name = "doctor", after_help = examples::DOCTOR)]
pub struct DoctorArgs {
    /// Interrupt the program that runs on the device, to look at it (not a device that is no board)
    #[arg(long)]
    pub interrupt: bool,
    /// Finish or remove what interrupted copies have left
    #[arg(long)]
    pub fix: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub next: NextAtOnce,
}

/// Manage ROM partitions
///
/// A ROMFS is a read-only filesystem in a partition of the device's flash, mounted at /rom, from which
/// modules are imported without being copied into memory. `query` lists the partitions, `build` makes
/// an image of a directory, and `deploy` writes an image, or a directory, to a partition.
#[derive(Debug, Parser)]
#[command(name = "romfs", after_help = examples::ROMFS)]
pub struct RomfsArgs {
    /// Compile .py files to .mpy when building the image (default)
    #[arg(short, long, conflicts_with = "no_mpy")]
    pub mpy: bool,
    /// Keep .py files as they are
    #[arg(long)]
    pub no_mpy: bool,
    /// ROMFS partition to use
    #[arg(short, long, default_value_t = 0)]
    pub partition: u32,
    /// Output file
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub transfer: TransferArgs,
    /// query, build or deploy
    pub command: String,
    /// Directory or image to build or deploy
    #[arg(value_hint = ValueHint::AnyPath)]
    pub path: Option<String>,
    #[command(flatten)]
    pub next: Next,
}

/// Install packages from micropython-lib or third-party sources
///
/// A package is NAME or NAME@VERSION of the index, `github:OWNER/REPOSITORY[/PATH][@REFERENCE]`, the
/// same with gitlab: or codeberg:, the URL of a folder, a package.json, a .py or a .mpy file, or the
/// path of one of these files on this computer.
///
/// Everything is downloaded and checked first; when something fails, the device stays as it was.
///
/// Environment: `MPWIRE_MIP_INDEX` is the default of --index; `MPWIRE_MIP_GITHUB`,
/// `MPWIRE_MIP_GITLAB` and `MPWIRE_MIP_CODEBERG` are URLs of mirrors; `HTTPS_PROXY`, `ALL_PROXY` and
/// `NO_PROXY` name proxies; `SSL_CERT_FILE` names certificates to trust in place of the computer's.
#[derive(Debug, Parser)]
#[command(name = "mip", after_help = examples::MIP)]
pub struct MipArgs {
    /// Install compiled .mpy files where the device runs them (default)
    #[arg(short, long, conflicts_with = "no_mpy")]
    pub mpy: bool,
    /// Install .py files
    #[arg(long)]
    pub no_mpy: bool,
    /// Folder on the device (default: its first library folder)
    #[arg(long, value_name = "DIR")]
    pub target: Option<String>,
    /// Package index: a URL, or a folder with a copy (default: micropython-lib's)
    #[arg(long, value_name = "URL", value_hint = ValueHint::DirPath)]
    pub index: Option<String>,
    /// install
    pub command: String,
    /// Packages
    #[arg(required = true)]
    pub packages: Vec<String>,
}

/// Run a simulated board for other programs until interrupted
///
/// The board is a real MicroPython behind a simulated serial line, flash and reset, at a port that any
/// program can open. `connect sim:` needs no port and no second terminal.
#[derive(Debug, Parser)]
#[command(name = "sim", after_help = examples::SIM)]
pub struct SimArgs {
    /// Where to leave the board's port
    #[arg(long)]
    pub port: PathBuf,
    /// uart:BAUD, usb or fast
    #[arg(long)]
    pub link: Option<String>,
    /// File that holds the flash and persists (default: a temporary file)
    #[arg(long)]
    pub flash: Option<String>,
    /// lfs2, lfs1 or fat
    #[arg(long)]
    pub fs: Option<String>,
    /// Size of the heap, such as 64k
    #[arg(long)]
    pub heap: Option<String>,
    /// What the firmware lacks, such as deflate,binascii,os.stat
    #[arg(long)]
    pub missing: Option<String>,
    /// Any other parameter of `sim:` addresses, such as flash-delays=nor
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub next: Next,
}

/// Print a script that completes mpwire's command lines in a shell
///
/// It completes commands, aliases, options, serial ports, local paths, and paths on the device. These
/// are asked of a device only where that disturbs nothing: at a port that the line or your
/// configuration names (or of a USB device that is a board for certain), that no other program has
/// open, and only when the device is at its prompt. A program that runs there is never interrupted;
/// then there is nothing to choose from. Answers hold for 5 seconds.
#[derive(Debug, Parser)]
#[command(name = "completion", after_help = examples::COMPLETION)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(complete::SCRIPTS.map(|(shell, _)| shell)))]
    pub shell: String,
    #[command(flatten)]
    pub next: Next,
}

/// Print help and exit
#[derive(Debug, Parser)]
#[command(name = "help", after_help = examples::HELP)]
pub struct HelpArgs {
    /// Print the manual page instead, for man: `mpwire help --man | man -l -`
    #[arg(long)]
    pub man: bool,
    /// The command, shortcut or alias to explain (default: list them all)
    pub command: Option<String>,
    #[command(flatten)]
    pub next: Next,
}

/// Print version and exit
#[derive(Debug, Parser)]
#[command(name = "version", after_help = examples::VERSION)]
pub struct VersionArgs {
    #[command(flatten)]
    pub next: Next,
}
