//! Every error of the library and the command line, as a user reads it.
//!
//! Each enum has a list of patterns and samples. The patterns make a `match` without wildcard: a variant
//! that is not listed does not compile. `cargo test every_error -- --nocapture` prints them all.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use mpwire::board::errno::Errno;
use mpwire::link::OpenError;
use mpwire::mip::fetch;
use mpwire::romfs::{build, deploy, image};
use mpwire::transfer::Encoding;
use mpwire::{bench, board, mip, session, transfer};
use mpwire_proto::literal::ParseError;
use mpwire_proto::{raw_repl, rfc2217, websocket};
use mpwire_sim::{InterpreterError, OptionsError, StartError};

use crate::args;
use crate::config::aliases::Failure;
use crate::error::Error;
use crate::report;

/// The longest error, in characters, without the program's name and the hint.
const LONGEST: usize = 400;

/// Words that only this project uses for what has a name (`patience` is a timeout).
const PRIVATE_WORDS: &[&str] = &[
    "patien",
    "poke",
    "heal",
    "leftover",
    "whoever",
    "nonsense",
    "persisten",
    "went on",
    "tidy",
    " is no ",
    " are no ",
    "heard",
    "far end",
];

/// What a noisy line brings.
const NOISE: &[u8] = b"\x1b[2J\x00\xff\xfe\x07 \r\n>>> ";

/// Samples of each variant of an enum, which the patterns list all of.
macro_rules! every {
    ($name:ty: $($pattern:pat => $sample:expr),* $(,)?) => {{
        #[expect(dead_code, reason = "that it compiles is the test")]
        fn is_listed(error: &$name) {
            match error {
                $($pattern => {}),*
            }
        }
        let samples: Vec<$name> = vec![$({
            let sample: $name = $sample;
            assert!(matches!(&sample, $pattern), "{sample:?} is listed with another variant");
            sample
        }),*];
        samples
    }};
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn path() -> String {
    text("lib/sensors/bme280_float.py")
}

fn port() -> String {
    text("/dev/serial/by-id/usb-MicroPython_Board_in_FS_mode_e6614c311b6f8e2b-if00")
}

fn url() -> String {
    text("https://raw.githubusercontent.com/micropython/micropython-lib/HEAD/package.json")
}

fn noise() -> Vec<u8> {
    NOISE.iter().copied().cycle().take(200).collect()
}

fn noisy_text() -> String {
    String::from_utf8_lossy(&noise()).into_owned()
}

/// What a system says with a number behind it.
fn system() -> io::Error {
    io::Error::from_raw_os_error(5)
}

/// Of a program that has called itself.
fn traceback() -> String {
    let mut lines = vec![text("Traceback (most recent call last):")];
    lines.resize(60, text("  File \"main.py\", line 3, in measure_again"));
    lines.push(text("ValueError: bad\r\n"));
    lines.join("\r\n")
}

fn raw_repl_errors() -> Vec<raw_repl::Error> {
    use raw_repl::Error as E;
    every!(E:
        E::NotEntered { .. } => E::NotEntered { seen: noise() },
        E::CatchesInterrupts { .. } => E::CatchesInterrupts { seen: noise() },
        E::BootLoops { .. } => E::BootLoops { seen: noise() },
        E::NotReset { .. } => E::NotReset { seen: noise() },
        E::NotAccepted { .. } => E::NotAccepted { seen: Vec::new() },
        E::Restarted => E::Restarted,
        E::NotEnded { .. } => E::NotEnded { seen: noise() },
        E::Silent { .. } => E::Silent { quiet: Duration::from_secs(5) },
    )
}

fn session_errors() -> Vec<session::Error> {
    use session::Error as E;
    let mut all = every!(E:
        E::Lost { .. } => E::Lost { name: port(), source: system() },
        E::Repl { .. } => E::Repl { name: port(), source: raw_repl::Error::Restarted },
        E::Flooded { .. } => E::Flooded { name: port(), most: 4 << 20 },
        E::Interrupted => E::Interrupted,
    );
    all.extend(raw_repl_errors().into_iter().map(|source| E::Repl {
        name: port(),
        source,
    }));
    all
}

fn parse_errors() -> Vec<ParseError> {
    use ParseError as E;
    every!(E:
        E::Truncated => E::Truncated,
        E::Unexpected { .. } => E::Unexpected { found: '\u{1b}', offset: 7 },
        E::Number { .. } => E::Number { offset: 7 },
        E::TooDeep => E::TooDeep,
        E::TooMany => E::TooMany,
    )
}

fn board_errors() -> Vec<board::Error> {
    use board::Error as E;
    let mut all = every!(E:
        E::Session(_) => E::Session(session::Error::Interrupted),
        E::File { .. } => E::File { path: path(), errno: Errno(28) },
        E::Exception { .. } => E::Exception { traceback: traceback() },
        E::Reply { .. } => E::Reply { reply: noisy_text(), reason: text("capabilities") },
        E::Garbled => E::Garbled,
        E::NotReset => E::NotReset,
        E::NoBootloader => E::NoBootloader,
        E::Lacking(_) => E::Lacking("os.statvfs"),
        E::Folder { .. } => E::Folder { path: path(), source: system() },
    );
    all.push(E::File {
        path: String::new(),
        errno: Errno(4711),
    });
    all.extend(session_errors().into_iter().map(E::Session));
    all.extend(parse_errors().into_iter().map(|error| E::Reply {
        reply: noisy_text(),
        reason: error.to_string(),
    }));
    all
}

fn transfer_errors() -> Vec<transfer::Error> {
    use transfer::Error as E;
    every!(E:
        E::Local { .. } => E::Local { path: path(), source: system() },
        E::Output(_) => E::Output(system()),
        E::Board(_) => E::Board(board::Error::Garbled),
        E::EncodingUnavailable { .. } => E::EncodingUnavailable {
            encoding: Encoding::ALL[0],
            needs: "binascii.a2b_base64",
        },
        E::NoSpace { .. } => E::NoSpace { path: path(), size: 10_240, free: 512 },
        E::Corrupt { .. } => E::Corrupt { path: path(), kept: true },
        E::Piecemeal => E::Piecemeal,
        E::CorruptDownload { .. } => E::CorruptDownload { path: path() },
        E::NoMemory { .. } => E::NoMemory { path: path() },
        E::ChunkTooLarge { .. } => E::ChunkTooLarge { path: path(), size: 4096 },
    )
}

fn open_errors() -> Vec<OpenError> {
    use OpenError as E;
    let mut all = every!(E:
        E::NoneFound => E::NoneFound,
        E::NoSerialNumber(_) => E::NoSerialNumber(text("e6614c311b6f8e2b")),
        E::Busy(_) => E::Busy(port()),
        E::Missing(_) => E::Missing(port()),
        E::Denied(_) => E::Denied(port()),
        E::Failed { .. } => E::Failed { name: port(), source: system() },
        E::Malformed { .. } => E::Malformed { name: text("socket://bench"), reason: text("the port is missing") },
        E::Unreachable { .. } => E::Unreachable { name: text("socket://bench:2217"), source: system() },
        E::NoRemotePort { .. } => E::NoRemotePort { name: text("rfc2217://bench:2217"), reason: text("it does not answer") },
        E::NoPassword(_) => E::NoPassword(text("ws://192.168.4.1")),
        E::BadPassword { .. } => E::BadPassword { name: text("ws://192.168.4.1"), reason: text("it is empty") },
        E::WrongPassword(_) => E::WrongPassword(text("ws://192.168.4.1")),
        E::NoWebRepl { .. } => E::NoWebRepl { name: text("ws://192.168.4.1"), reason: text("it is silent") },
        E::Unlisted(_) => E::Unlisted(text("Permission denied")),
        E::Unsupported(_) => E::Unsupported("serial"),
        E::Simulator(_) => E::Simulator(text("it ended")),
    );
    all.extend(refusals().into_iter().map(|reason| E::NoRemotePort {
        name: text("rfc2217://bench:2217"),
        reason,
    }));
    all.extend(simulator_errors().into_iter().map(E::Simulator));
    all
}

fn refusals() -> Vec<String> {
    use rfc2217::Refusal as R;
    use websocket::Refusal as W;
    let ports = every!(R:
        R::ComPort => R::ComPort,
        R::Setting { .. } => R::Setting { setting: "rate", asked: 115_200, given: 9600 },
    );
    let sockets = every!(W:
        W::NotHttp(_) => W::NotHttp(noisy_text()),
        W::Status(_) => W::Status(text("HTTP/1.1 404 Not Found")),
        W::Key => W::Key,
        W::Long => W::Long,
        W::Frame(_) => W::Frame("a frame with reserved bits"),
    );
    let ports = ports.iter().map(ToString::to_string);
    ports
        .chain(sockets.iter().map(ToString::to_string))
        .collect()
}

fn simulator_errors() -> Vec<String> {
    let interpreters = every!(InterpreterError:
        InterpreterError::NotThere { .. } => InterpreterError::NotThere { path: PathBuf::from("/opt/micropython") },
        InterpreterError::NotFound => InterpreterError::NotFound,
    );
    let options = every!(OptionsError:
        OptionsError::UnknownKey { .. } => OptionsError::UnknownKey { key: text("rng") },
        OptionsError::BadValue { .. } => OptionsError::BadValue {
            key: text("heap"),
            value: text("much"),
            expected: "bytes, such as 64k",
        },
    );
    let starts = every!(StartError:
        StartError::NoInterpreter(_) => StartError::NoInterpreter(InterpreterError::NotFound),
        StartError::Interpreter { .. } => StartError::Interpreter {
            program: PathBuf::from("/opt/micropython"),
            output: noisy_text(),
        },
        StartError::Io { .. } => StartError::Io { what: text("open a pseudo-terminal"), source: system() },
    );
    let interpreters = interpreters.iter().map(ToString::to_string);
    interpreters
        .chain(options.iter().map(ToString::to_string))
        .chain(starts.iter().map(ToString::to_string))
        .collect()
}

fn fetch_errors() -> Vec<fetch::Error> {
    use fetch::Error as E;
    every!(E:
        E::Missing => E::Missing,
        E::Status(_) => E::Status(text("503 Service Unavailable")),
        E::Certificate(_) => E::Certificate(text("UnknownIssuer")),
        E::TooLarge(_) => E::TooLarge(1 << 20),
        E::AllTooLarge => E::AllTooLarge,
        E::Downgrade(_) => E::Downgrade(text("http://example.org/x.py")),
        E::Unreachable(_) => E::Unreachable(text("Connection refused")),
        E::Other(_) => E::Other(text("redirected again and again")),
        E::Interrupted => E::Interrupted,
    )
}

fn mip_errors() -> Vec<mip::Error> {
    use mip::Error as E;
    let package = || text("github:org/repository");
    let mut all = every!(E:
        E::Name { .. } => E::Name { package: package(), reason: text("a name has no blanks") },
        E::NoLibrary => E::NoLibrary,
        E::NotInIndex { .. } => E::NotInIndex {
            package: text("aioble"),
            version: text("latest"),
            format: text("6"),
            url: url(),
        },
        E::Fetch { .. } => E::Fetch { package: package(), what: path(), url: url(), source: fetch::Error::Missing },
        E::Invalid { .. } => E::Invalid { package: package(), url: url(), reason: text("`urls` is missing") },
        E::Place { .. } => E::Place { package: package(), path: "../".repeat(100), reason: "leads out of the target" },
        E::Hash { .. } => E::Hash {
            package: package(),
            path: path(),
            url: url(),
            expected: text("0123abcd"),
            found: text("4567abcd"),
        },
        E::Conflict { .. } => E::Conflict {
            path: path(),
            packages: [text("one"), text("other")],
            reason: "their contents differ",
        },
        E::Limit { .. } => E::Limit { package: package(), reason: text("more than 1000 packages") },
        E::Board(_) => E::Board(board::Error::Garbled),
        E::Transfer(_) => E::Transfer(transfer::Error::Piecemeal),
        E::Interrupted => E::Interrupted,
    );
    all.extend(fetch_errors().into_iter().map(|source| E::Fetch {
        package: package(),
        what: path(),
        url: url(),
        source,
    }));
    all
}

fn rom_errors() -> Vec<String> {
    let images = every!(image::Error:
        image::Error::Foreign => image::Error::Foreign,
        image::Error::Truncated { .. } => image::Error::Truncated { needed: Some(100), available: 10 },
        image::Error::TrailingData { .. } => image::Error::TrailingData { size: 100 },
        image::Error::Corrupt { .. } => image::Error::Corrupt { reason: "a record is too long", offset: 12 },
    );
    let builds = every!(build::Error:
        build::Error::File { .. } => build::Error::File { path: path(), source: system() },
        build::Error::Compile { .. } => build::Error::Compile { path: path(), reason: text("SyntaxError: invalid syntax") },
        build::Error::Name { .. } => build::Error::Name { path: path() },
        build::Error::Special { .. } => build::Error::Special { path: path() },
        build::Error::TooDeep { .. } => build::Error::TooDeep { path: path() },
    );
    let deployments = every!(deploy::Error:
        deploy::Error::Image(_) => deploy::Error::Image(image::Error::Foreign),
        deploy::Error::NotEnabled => deploy::Error::NotEnabled,
        deploy::Error::NoPartition { .. } => deploy::Error::NoPartition { number: 1 },
        deploy::Error::TooBig { .. } => deploy::Error::TooBig { size: 200, room: 100 },
        deploy::Error::Board(_) => deploy::Error::Board(board::Error::Garbled),
        deploy::Error::Transfer(_) => deploy::Error::Transfer(transfer::Error::Piecemeal),
        deploy::Error::Corrupt { .. } => deploy::Error::Corrupt { number: 0 },
        deploy::Error::NoMemory { .. } => deploy::Error::NoMemory { number: 0 },
    );
    let images = images.iter().map(ToString::to_string);
    images
        .chain(builds.iter().map(|error| format!("romfs: {error}")))
        .chain(deployments.iter().map(ToString::to_string))
        .collect()
}

fn bench_errors() -> Vec<String> {
    let all = every!(bench::Error:
        bench::Error::Board(_) => bench::Error::Board(board::Error::Garbled),
        bench::Error::Transfer(_) => bench::Error::Transfer(transfer::Error::Piecemeal),
        bench::Error::NoRoom { .. } => bench::Error::NoRoom { size: 8192, needed: 16_384, free: 512 },
    );
    all.iter().map(|error| format!("bench: {error}")).collect()
}

fn alias_failures() -> Vec<Error> {
    every!(Failure:
        Failure::Usage(_) => Failure::Usage(text("Command mul missing argument x; signature is:\n    mul x")),
        Failure::Loop(_) => Failure::Loop(text("one -> two -> one")),
        Failure::TooLong(_) => Failure::TooLong(text("one")),
        Failure::TooManyWords(_) => Failure::TooManyWords(text("one")),
    )
    .into_iter()
    .map(crate::chain::alias_failure)
    .collect()
}

/// What the command line makes of all of them.
fn all() -> Vec<Error> {
    use Error as E;
    let file = |from_system| E::File {
        command: text("cp"),
        path: path(),
        reason: text("Permission denied"),
        from_system,
    };
    let mut all = every!(E:
        E::Message(_) => E::message("cp: missing destination path"),
        E::NoMemory { .. } => E::NoMemory {
            message: text("cp: the board has too little memory to receive the file"),
            hint: "free some",
            traceback: None,
        },
        E::Unknown { .. } => E::Unknown { what: text("'sl' is not a command"), nearest: Some(text("ls")), instead: None },
        E::Advised { .. } => file(true).with_hint("to list it: mpwire ls :lib"),
        E::File { .. } => file(false),
        E::RemoveDirectory { .. } => E::RemoveDirectory { path: text("/"), reason: text("Operation not permitted") },
        E::Raised { .. } => E::Raised { command: text("cat"), traceback: traceback() },
        E::Open(_) => E::Open(OpenError::NoneFound),
        E::DefaultBoard { .. } => E::DefaultBoard {
            source: OpenError::Missing(port()),
            origin: text("/home/user/.config/mpwire/config.toml"),
        },
        E::Board(_) => E::Board(board::Error::Garbled),
        E::Transfer(_) => E::Transfer(transfer::Error::Piecemeal),
        E::Mip(_) => E::Mip(mip::Error::NoLibrary),
        E::Usage(_) => E::Usage(args::RunArgs::command().error(ErrorKind::MissingRequiredArgument, "PATH is missing")),
        E::Argparse(_) => E::Argparse(text("usage: run [-h] path ...\nrun: error: unrecognized arguments: -x")),
        E::RemoteException => E::RemoteException,
        E::TimedOut { .. } => E::TimedOut { what: text("main.py"), seconds: 2.5 },
        E::Unwell => E::Unwell,
        E::AsData(_) => E::AsData(text("Command mul missing argument x")),
        E::Output(_) => E::Output(system()),
        E::Interrupted => E::Interrupted,
    );
    all.push(E::Unknown {
        what: text("'put' is not a command"),
        nearest: None,
        instead: crate::commands::elsewhere::instead("put"),
    });
    all.push(E::Unknown {
        what: text("'xyzzy' is not a command"),
        nearest: None,
        instead: None,
    });
    all.extend(board_errors().into_iter().map(E::Board));
    all.extend(transfer_errors().into_iter().map(E::Transfer));
    let of_commands = board_errors().into_iter().map(E::Board);
    let of_commands = of_commands.chain(transfer_errors().into_iter().map(E::Transfer));
    all.extend(of_commands.map(|error| error.of_command("cp")));
    all.extend(open_errors().into_iter().map(E::Open));
    all.extend(mip_errors().into_iter().map(E::Mip));
    all.extend(rom_errors().into_iter().map(E::Message));
    all.extend(bench_errors().into_iter().map(E::Message));
    all.extend(alias_failures());
    all
}

#[test]
fn every_error_is_short_printable_and_in_the_fields_words() {
    let mut faults = String::new();
    let mut told = std::collections::BTreeSet::new();
    for error in all() {
        let message = report::message(&error);
        let hint = error.hint().unwrap_or_default().into_owned();
        let mut fault = |what: &str| {
            faults += what;
            faults += &[":\n  ", &message, "\n  hint: ", &hint, "\n"].concat();
        };
        if message.chars().count() > LONGEST || hint.chars().count() > LONGEST {
            fault("too long");
        }
        for text in [&message, &hint] {
            if text.ends_with("..") {
                fault("ends in two periods");
            }
            if text.contains("(os error") {
                fault("an error number of the system");
            }
            let is_control = |letter: char| letter.is_control() && letter != '\n';
            if text.contains(is_control) {
                fault("not printable");
            }
            let lower = text.to_lowercase().replace("there is no ", "");
            if let Some(word) = PRIVATE_WORDS.iter().find(|word| lower.contains(**word)) {
                fault(&format!("a word of our own, {word:?}"));
            }
        }
        if told.insert(message.clone()) {
            println!("{message}");
            if !hint.is_empty() {
                println!("    hint: {hint}");
            }
        }
    }
    assert!(told.len() > 100, "only {} errors", told.len());
    assert!(faults.is_empty(), "{faults}");
}
