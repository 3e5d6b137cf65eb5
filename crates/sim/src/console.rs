//! Follows what the interpreter prints: the boot program's marks, which REPL is at the prompt, and what
//! is text, whose line ends a board writes as CR LF.
//!
//! Pure: bytes go in, the bytes that a host may see and events come out, whatever the chunks.

/// What the boot program (`onboard/boot.py`) tells by its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The board is up and may be sent input and Ctrl-C.
    Started,
    /// `boot.py` is done and the interpreter is about to show its friendly prompt; the host is to
    /// find the raw REPL instead.
    WantsRawRepl,
    /// The raw REPL is at its prompt again after a soft reset.
    RawReplReady,
    /// `boot.py` or `main.py` raised `SystemExit`.
    SoftReset,
    /// A program called `machine.reset()`.
    HardReset,
    /// A program called `machine.bootloader()`.
    Bootloader,
    /// Power was lost in a flash write.
    PowerCut,
    /// Ctrl-C came while the flash was busy and has to be sent again, now.
    InterruptAgain,
    /// The boot program failed: the interpreter shows a prompt, and the board never came up.
    NotUp,
}

/// Which REPL the board offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Friendly,
    Raw,
}

/// What happens to output at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The interpreter is not up: what it prints is kept, to explain why it did not come up.
    Starting,
    /// The host sees everything.
    Shown,
    /// From the end of `boot.py` until the raw REPL's banner: a board in raw mode shows no friendly
    /// prompt after a soft reset, but the unix port has to go through it.
    Hidden,
}

const RAW_BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";
/// The end of the friendly banner (shared/runtime/pyexec.c, `pyexec_friendly_repl`).
const FRIENDLY_BANNER: &[u8] = b"Type \"help()\" for more information.\r\n>>>";

/// How much of a failed start is kept.
const STARTUP_LIMIT: usize = 16 << 10;

/// How many of the last bytes are kept, to recognise a banner, and how an interpreter ended.
const TAIL: usize = 64;

#[derive(Debug)]
pub(crate) struct Console {
    phase: Phase,
    mode: Mode,
    mark: Vec<u8>,
    /// How much of the mark has been seen, and is withheld.
    marked: usize,
    startup: Vec<u8>,
    /// Text ends its lines with CR LF.
    crlf: bool,
    /// Bytes come that are no text.
    binary: bool,
    /// The last byte of text was a CR.
    after_cr: bool,
    tail: Vec<u8>,
}

impl Console {
    /// `mark`: what precedes each letter that the boot program tells; its first byte occurs once.
    /// `crlf`: whether text ends its lines with CR LF.
    pub fn new(mark: &[u8], crlf: bool) -> Console {
        debug_assert!(!mark[1..].contains(&mark[0]));
        Console {
            phase: Phase::Starting,
            mode: Mode::Friendly,
            mark: mark.to_vec(),
            marked: 0,
            startup: Vec::new(),
            crlf,
            binary: false,
            after_cr: false,
            tail: Vec::new(),
        }
    }

    /// A new interpreter was started, to come up in `mode`.
    pub fn restart(&mut self, mode: Mode) {
        self.phase = Phase::Starting;
        self.mode = mode;
        self.marked = 0;
        self.startup.clear();
        self.binary = false;
        self.after_cr = false;
        self.tail.clear();
    }

    /// Whether a program (or `boot.py`) may be running, so that Ctrl-C has a meaning.
    pub fn is_up(&self) -> bool {
        self.phase != Phase::Starting
    }

    /// Which REPL the board is in, as far as its output tells.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What the interpreter printed before it came up.
    pub fn startup(&self) -> String {
        String::from_utf8_lossy(&self.startup).trim().to_owned()
    }

    /// Takes output; appends to `shown` what the host sees.
    pub fn feed(&mut self, output: &[u8], shown: &mut Vec<u8>) -> Vec<Event> {
        let mut events = Vec::new();
        let mut rest = output;
        while let Some((&byte, after)) = rest.split_first() {
            if self.marked == self.mark.len() {
                self.marked = 0;
                self.told(byte, &mut events);
                rest = after;
            } else if self.mark[self.marked] == byte {
                self.marked += 1;
                rest = after;
            } else if self.marked > 0 {
                self.release(shown, &mut events);
            } else {
                // In whole pieces up to what may be a mark: nearly all output passes here.
                let end = rest.iter().position(|&byte| byte == self.mark[0]);
                let (plain, after) = rest.split_at(end.unwrap_or(rest.len()));
                self.plain(plain, shown, &mut events);
                rest = after;
            }
        }
        events
    }

    /// All that was printed has been fed. The boot program writes a mark in one piece, so what looks
    /// like the beginning of one and ends here is a program's output, and must not wait for more.
    pub fn pause(&mut self, shown: &mut Vec<u8>) -> Vec<Event> {
        let mut events = Vec::new();
        if self.marked < self.mark.len() {
            self.release(shown, &mut events);
        }
        events
    }

    /// The interpreter ended by itself: the REPL that the board is in after the soft reset.
    ///
    /// The last output tells it surely (shared/runtime/pyexec.c): an empty line in the raw REPL
    /// answers `OK\r\n` to its prompt, and `SystemExit` there ends with two 0x04.
    pub fn mode_at_exit(&self) -> Mode {
        if self.tail.ends_with(b">OK\r\n") || self.tail.ends_with(b"\x04\x04") {
            Mode::Raw
        } else if self.tail.ends_with(b">>> \r\n") {
            Mode::Friendly
        } else {
            self.mode
        }
    }

    /// What was withheld as the beginning of a mark is none.
    fn release(&mut self, shown: &mut Vec<u8>, events: &mut Vec<Event>) {
        let withheld = self.mark[..std::mem::take(&mut self.marked)].to_vec();
        self.plain(&withheld, shown, events);
    }

    fn told(&mut self, letter: u8, events: &mut Vec<Event>) {
        events.push(match letter {
            b's' => {
                self.phase = Phase::Shown;
                Event::Started
            }
            b'b' => {
                self.phase = Phase::Hidden;
                Event::WantsRawRepl
            }
            b'R' => Event::SoftReset,
            b'H' => Event::HardReset,
            b'B' => Event::Bootloader,
            b'C' => Event::PowerCut,
            b'(' | b')' => {
                self.binary = letter == b'(';
                self.after_cr = false;
                return;
            }
            _ => Event::InterruptAgain,
        });
    }

    /// Takes output that is no mark, piece by piece: each banner ends at the prompt's `>`.
    fn plain(&mut self, output: &[u8], shown: &mut Vec<u8>, events: &mut Vec<Event>) {
        for piece in output.split_inclusive(|&byte| byte == b'>') {
            let last = &piece[piece.len().saturating_sub(TAIL)..];
            let kept = (TAIL - last.len()).min(self.tail.len());
            self.tail.drain(..self.tail.len() - kept);
            self.tail.extend(last);
            let raw = self.tail.ends_with(RAW_BANNER);
            let friendly = self.tail.ends_with(FRIENDLY_BANNER);
            match self.phase {
                Phase::Starting => {
                    let room = STARTUP_LIMIT - self.startup.len();
                    self.startup.extend(&piece[..room.min(piece.len())]);
                    if friendly {
                        events.push(Event::NotUp);
                    }
                }
                Phase::Hidden if raw => {
                    self.phase = Phase::Shown;
                    self.mode = Mode::Raw;
                    shown.extend(RAW_BANNER);
                    events.push(Event::RawReplReady);
                }
                Phase::Hidden => {}
                Phase::Shown => {
                    if raw {
                        self.mode = Mode::Raw;
                    } else if friendly {
                        self.mode = Mode::Friendly;
                    }
                    self.show(piece, shown);
                }
            }
        }
    }

    /// As `shared/runtime/stdout_helpers.c`, `mp_hal_stdout_tx_strn_cooked`, but for what has its CR
    /// already, such as the REPL's own words, which do not pass there.
    fn show(&mut self, piece: &[u8], shown: &mut Vec<u8>) {
        if !self.crlf || self.binary {
            shown.extend(piece);
            return;
        }
        for &byte in piece {
            if byte == b'\n' && !self.after_cr {
                shown.push(b'\r');
            }
            shown.push(byte);
            self.after_cr = byte == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &[u8] = b"\0mark-";

    /// Feeds a transcript in chunks of every size and wants the same each time.
    fn follow(mode: Mode, output: &[u8]) -> (Vec<u8>, Vec<Event>, Mode) {
        let mut answers = (1..=output.len()).map(|size| {
            let mut console = Console::new(MARK, false);
            console.restart(mode);
            let (mut shown, mut events) = (Vec::new(), Vec::new());
            for chunk in output.chunks(size) {
                events.extend(console.feed(chunk, &mut shown));
            }
            events.extend(console.pause(&mut shown));
            (shown, events, console.mode_at_exit())
        });
        let first = answers.next().expect("there is output");
        for other in answers {
            assert_eq!(other, first);
        }
        first
    }

    const BANNER: &[u8] =
        b"MicroPython v1.29; linux\r\nType \"help()\" for more information.\r\n>>> ";

    #[test]
    fn a_power_on_shows_boot_output_and_the_banner_but_no_mark() {
        let output = [b"\0mark-sfrom boot.py\n", BANNER].concat();
        let (shown, events, mode) = follow(Mode::Friendly, &output);
        assert_eq!(shown, [b"from boot.py\n", BANNER].concat());
        assert_eq!(events, [Event::Started]);
        assert_eq!(mode, Mode::Friendly);
    }

    #[test]
    fn a_soft_reset_in_raw_mode_hides_the_friendly_banner() {
        let output = [
            b"\0mark-sboot says hello\n\0mark-b",
            BANNER,
            b"\r\nraw REPL; CTRL-B to exit\r\n>OK",
        ]
        .concat();
        let (shown, events, _) = follow(Mode::Raw, &output);
        assert_eq!(
            shown,
            b"boot says hello\nraw REPL; CTRL-B to exit\r\n>OK".as_slice()
        );
        assert_eq!(
            events,
            [Event::Started, Event::WantsRawRepl, Event::RawReplReady]
        );
    }

    #[test]
    fn the_mode_follows_ctrl_a_and_ctrl_b() {
        let to_raw = [b"\0mark-s", BANNER, b"\r\nraw REPL; CTRL-B to exit\r\n>"].concat();
        assert_eq!(follow(Mode::Friendly, &to_raw).2, Mode::Raw);
        let and_back = [to_raw.as_slice(), b"\r\n", BANNER].concat();
        assert_eq!(follow(Mode::Friendly, &and_back).2, Mode::Friendly);
    }

    #[test]
    fn the_last_words_tell_the_mode_even_when_a_program_printed_a_banner() {
        let lie = [
            b"\0mark-s",
            BANNER,
            b"print()\r\nraw REPL; CTRL-B to exit\r\n>\r\n>>> \r\n",
        ]
        .concat();
        assert_eq!(follow(Mode::Friendly, &lie).2, Mode::Friendly);
        let reset = [b"\0mark-s", BANNER, b">OK\r\n"].concat();
        assert_eq!(follow(Mode::Friendly, &reset).2, Mode::Raw);
        let exit = b"\0mark-sOKbye\n\x04\x04";
        assert_eq!(follow(Mode::Friendly, exit).2, Mode::Raw);
    }

    #[test]
    fn binary_output_that_resembles_a_mark_passes_unchanged() {
        let data = b"\0\0mark\0mar\0mark\x04\0";
        let output = [b"\0mark-s".as_slice(), data].concat();
        let (shown, events, _) = follow(Mode::Friendly, &output);
        assert_eq!(shown, data);
        assert_eq!(events, [Event::Started]);
    }

    #[test]
    fn the_beginning_of_a_mark_does_not_wait_for_more_output() {
        let mut console = Console::new(MARK, false);
        let mut shown = Vec::new();
        console.feed(b"\0mark-s\0ma", &mut shown);
        assert!(shown.is_empty());
        console.pause(&mut shown);
        assert_eq!(shown, b"\0ma");
    }

    #[test]
    fn what_is_printed_before_the_board_is_up_explains_a_failure() {
        let mut console = Console::new(MARK, false);
        let mut shown = Vec::new();
        console.feed(b"MemoryError: no\n", &mut shown);
        console.pause(&mut shown);
        assert!(shown.is_empty() && !console.is_up());
        assert_eq!(console.startup(), "MemoryError: no");
        assert_eq!(console.feed(BANNER, &mut shown), [Event::NotUp]);
    }

    #[test]
    fn resets_and_power_cuts_are_told() {
        let (_, events, _) = follow(
            Mode::Raw,
            b"\0mark-s\0mark-H\0mark-B\0mark-C\0mark-R\0mark-I",
        );
        assert_eq!(
            events,
            [
                Event::Started,
                Event::HardReset,
                Event::Bootloader,
                Event::PowerCut,
                Event::SoftReset,
                Event::InterruptAgain
            ]
        );
    }

    #[test]
    fn text_gets_its_carriage_returns_and_bytes_do_not() {
        let output = b"\0mark-sa\n\r\nb\n\0mark-(c\n\r\0mark-)\nd\n\n";
        for size in 1..=output.len() {
            let mut console = Console::new(MARK, true);
            let mut shown = Vec::new();
            for chunk in output.chunks(size) {
                console.feed(chunk, &mut shown);
            }
            assert_eq!(shown, b"a\r\n\r\nb\r\nc\n\r\r\nd\r\n\r\n");
        }
    }
}
