//! A minimal host: enough of the raw REPL to look at a board from outside.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mpwire_sim::{Board, Cable, Options, find_interpreter};

/// Nothing here takes this long, even on a busy machine: what does is stuck.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub const RAW_BANNER: &str = "raw REPL; CTRL-B to exit\r\n>";

/// A board as the options describe it.
pub fn board(options: &str) -> Board {
    let options = Options::parse(options).expect("the test's options");
    Board::start(options).expect("the board starts")
}

/// A board, and a host that is in its raw REPL.
pub fn board_and_host(options: &str) -> (Board, Host) {
    let board = board(options);
    let mut host = Host::connect(&board);
    host.enter_raw_repl();
    (board, host)
}

pub struct Host {
    cable: Cable,
    unread: Vec<u8>,
}

impl Host {
    pub fn connect(board: &Board) -> Host {
        let cable = board.connect().expect("a socket pair");
        cable
            .set_read_timeout(Some(Duration::from_millis(100)))
            .expect("a timeout");
        Host {
            cable,
            unread: Vec::new(),
        }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.cable
            .write_all(bytes.as_ref())
            .expect("the cable is there");
    }

    /// Everything up to and with `ending`.
    pub fn read_until(&mut self, ending: impl AsRef<[u8]>) -> String {
        let ending = ending.as_ref();
        let end = self.wait_for(|seen| {
            let found = seen.windows(ending.len()).position(|part| part == ending);
            found.map(|position| position + ending.len())
        });
        let Some(end) = end else {
            panic!(
                "no {:?} in {:?}",
                String::from_utf8_lossy(ending),
                String::from_utf8_lossy(&self.unread)
            )
        };
        let text = self.unread.drain(..end).collect::<Vec<u8>>();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Exactly so many bytes.
    pub fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let end = self.wait_for(|seen| (seen.len() >= count).then_some(count));
        assert!(end.is_some(), "only {} of {count} bytes", self.unread.len());
        self.unread.drain(..count).collect()
    }

    /// Reads until nothing has come for `quiet`.
    pub fn read_until_quiet(&mut self, quiet: Duration) -> Vec<u8> {
        let mut last = Instant::now();
        let mut count = self.unread.len();
        while last.elapsed() < quiet {
            self.read_some();
            if self.unread.len() > count {
                count = self.unread.len();
                last = Instant::now();
            }
        }
        std::mem::take(&mut self.unread)
    }

    pub fn enter_raw_repl(&mut self) {
        self.send(b"\r\x03\r\x01");
        self.read_until(RAW_BANNER);
    }

    pub fn leave_raw_repl(&mut self) {
        self.send(b"\x02");
        self.read_until(">>> ");
    }

    /// Soft reset in the raw REPL: what was printed in between.
    pub fn soft_reset(&mut self) -> String {
        self.send(b"\x04");
        self.read_until(RAW_BANNER)
    }

    /// Runs a program: what it printed, and its traceback.
    pub fn run(&mut self, program: &str) -> (String, String) {
        self.start(program);
        self.finish()
    }

    pub fn start(&mut self, program: &str) {
        self.send(program);
        self.send(b"\x04");
        self.read_until("OK");
    }

    pub fn finish(&mut self) -> (String, String) {
        let mut output = self.read_until("\x04");
        output.pop();
        let mut error = self.read_until("\x04");
        error.pop();
        self.read_until(">");
        (output, error)
    }

    /// Runs a program that must not fail: what it printed, without the last line end.
    pub fn exec(&mut self, program: &str) -> String {
        let (output, error) = self.run(program);
        assert_eq!(error, "", "{program}");
        output.trim_end_matches('\n').to_owned()
    }

    /// The value of an expression, printed.
    pub fn eval(&mut self, expression: &str) -> String {
        self.exec(&format!("print(repr(({expression})))"))
    }

    fn wait_for(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        let start = Instant::now();
        loop {
            if let Some(end) = found(&self.unread) {
                return Some(end);
            }
            if start.elapsed() > DEADLINE {
                return None;
            }
            self.read_some();
        }
    }

    fn read_some(&mut self) {
        let mut buffer = [0; 4096];
        // A timeout is no error: whoever asked looks at the clock.
        if let Ok(count) = self.cable.read(&mut buffer) {
            self.unread.extend(&buffer[..count]);
        }
    }
}

/// A genuine tool of another project: from its variable, or next to the interpreter.
pub fn tool(variable: &str, name: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(
        || {
            let interpreter = find_interpreter().expect("an interpreter");
            interpreter.with_file_name(name)
        },
        PathBuf::from,
    );
    assert!(path.is_file(), "no {name}: set {variable} to a genuine one");
    path
}
