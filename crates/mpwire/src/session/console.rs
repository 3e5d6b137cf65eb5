//! The friendly REPL for a person: what is typed goes to the board, what comes is shown.
//!
//! Keys come from a thread of the caller's, through a [`Keyboard`], into the channel that the link
//! feeds too, so that one wait serves both and nothing is ever looked for in vain.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use mpwire_proto::raw_repl::Event;
use mpwire_proto::typing::Typing;

use super::{Error, Session};
use crate::link::{Link, Reopener, Watch};

/// How long a board may take to enter the raw REPL for a program.
const ENTER_PATIENCE: Duration = Duration::from_secs(10);

/// The raw REPL's marks behind a program's output and behind its traceback
/// (shared/runtime/pyexec.c, `EXEC_FLAG_PRINT_EOF`), and its prompt.
const MARK: &[u8] = b"\x04";
const RAW_PROMPT: u8 = b'>';

/// A blank and a backspace: a prompt shows them and erases them (`shared/readline/readline.c`,
/// `readline_process_char`), the micro:bit's in another way; paste mode shows them and erases nothing; the
/// raw REPL shows nothing.
const PROBE: &[u8] = b" \x08";
const PROBE_ANSWERS: [&[u8]; 2] = [b" \x08\x1b[K", b" \x08 \x08"];
/// Leaves the raw REPL; a friendly prompt greets again.
const CTRL_B: u8 = 0x02;
/// What paste mode shows at the beginning of a line (`shared/runtime/pyexec.c`).
const PASTE_PROMPT: &[u8] = b"=== ";
/// How long a board may take to answer that waits for input.
const PROBE_TIMEOUT: Duration = Duration::from_millis(300);

/// What comes for a console by other ways than the link.
pub(super) enum Input {
    Typed(Vec<u8>),
    Ended,
    Found(Arc<dyn Link>),
}

/// Takes what is typed to a [`Console`], from another thread.
#[derive(Clone)]
pub struct Keyboard(SyncSender<super::Input>);

impl Keyboard {
    /// Takes what was typed, and says whether anybody may still want more. Blocks while the
    /// session has too much to do.
    #[must_use]
    pub fn typed(&self, bytes: Vec<u8>) -> bool {
        self.put(Input::Typed(bytes))
    }

    /// Says that no more will be typed.
    pub fn ended(&self) {
        // A session that has ended needs no word of it.
        let _ = self.put(Input::Ended);
    }

    fn put(&self, input: Input) -> bool {
        self.0.send(super::Input::Console(input)).is_ok()
    }
}

/// What a [`Console`] has to tell.
pub enum Happening {
    /// The board sent this, to be shown as it is.
    Output(Vec<u8>),
    /// This was typed, in one piece; [`Console::send`] takes it to the board.
    Typed(Vec<u8>),
    /// No more will be typed.
    InputEnded,
    /// The link that was waited for ([`Console::wait_for`]) is there again.
    Found(Arc<dyn Link>),
    /// The time was over before anything happened.
    Nothing,
}

/// The friendly REPL of a session's board.
pub struct Console<'session> {
    session: &'session mut Session,
    typing: Typing,
    /// What is to be shown before all that comes.
    output: Vec<u8>,
    /// Whether the raw REPL's prompt has been shown, and may still come.
    prompted: bool,
    /// Whether the board was in the raw REPL of this session, so that it is in the friendly one next.
    is_known: bool,
}

impl Session {
    /// A handle through which another thread types to this session's consoles.
    #[must_use]
    pub fn keyboard(&self) -> Keyboard {
        Keyboard(self.outbox.clone())
    }

    /// Leaves the raw REPL, if it was entered: at once, or when the program that runs there ends.
    pub fn console(&mut self) -> Result<Console<'_>, Error> {
        let mut console = Console {
            typing: Typing::new(Instant::now()),
            output: Vec::new(),
            prompted: false,
            is_known: self.repl.is_entered(),
            session: self,
        };
        console.follow_program()?;
        Ok(console)
    }

    /// Whether a program runs whose end has not been seen.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.repl.is_busy()
    }
}

impl Console<'_> {
    /// Leaves the raw REPL or the paste mode in which another program has left the board, where it is not
    /// known in which mode that is. At a friendly prompt nothing is shown of it. A program that runs goes
    /// on; one that prints nothing finds a blank, a backspace and a Ctrl-B in its input.
    pub fn leave_other_modes(&mut self) -> Result<(), Error> {
        if self.is_known || self.session.is_busy() {
            return Ok(());
        }
        let answered = self.ask(PROBE, &|said| PROBE_ANSWERS.contains(&said))?;
        if PROBE_ANSWERS.contains(&&answered[..]) {
            return Ok(());
        }
        if answered.is_empty() {
            return self.send_now(&[CTRL_B]);
        }
        self.output.extend_from_slice(&answered);
        if answered == PROBE {
            // A program that echoes shows no prompt behind a line end.
            let line = self.ask(b"\r", &|said| said.ends_with(PASTE_PROMPT))?;
            self.output.extend_from_slice(&line);
            if line.ends_with(PASTE_PROMPT) {
                return self.send_now(&[super::INTERRUPT]);
            }
        }
        Ok(())
    }

    /// Sends something, and returns what comes until it `is_answer` or the time for that is over.
    fn ask(&mut self, bytes: &[u8], is_answer: &dyn Fn(&[u8]) -> bool) -> Result<Vec<u8>, Error> {
        self.send_now(bytes)?;
        let until = Instant::now() + PROBE_TIMEOUT;
        let mut said = Vec::new();
        while !is_answer(&said) && Instant::now() < until {
            match self.session.receive(Some(until))? {
                None => break,
                Some(super::Input::Bytes(_, bytes)) => said.extend(bytes),
                Some(super::Input::Broken(_, source)) => return Err(self.session.lost(source)),
                Some(super::Input::Interrupt) => return Err(Error::Interrupted),
                Some(super::Input::Console(input)) => self.session.typed.push_back(input),
            }
        }
        Ok(said)
    }

    fn send_now(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.session.repl.feed(bytes.to_vec());
        self.session.transmit().map(drop)
    }

    /// Waits for what happens next, but not longer than `until`.
    pub fn next(&mut self, until: Option<Instant>) -> Result<Happening, Error> {
        loop {
            self.transmit()?;
            if !self.output.is_empty() {
                return Ok(Happening::Output(std::mem::take(&mut self.output)));
            }
            if let Some(input) = self.session.typed.pop_front() {
                return Ok(input.into());
            }
            let wake = self.typing.poll_timeout();
            let wake = wake.filter(|_| !self.session.is_answering());
            let wake = wake.into_iter().chain(until).min();
            match self.session.receive(wake)? {
                None if until.is_some_and(|until| until <= Instant::now()) => {
                    return Ok(Happening::Nothing);
                }
                None => {}
                Some(super::Input::Bytes(_, bytes)) => self.take(bytes)?,
                Some(super::Input::Broken(_, source)) => return Err(self.session.lost(source)),
                Some(super::Input::Interrupt) => return Err(Error::Interrupted),
                Some(super::Input::Console(input)) => return Ok(input.into()),
            }
        }
    }

    /// Sends what was typed, a long piece at the speed at which the board reads it, while
    /// [`Console::next`] waits.
    pub fn send(&mut self, typed: &[u8]) -> Result<(), Error> {
        self.typing.push(typed);
        self.transmit()
    }

    /// Whether everything has been sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.typing.is_sent()
    }

    /// Whether the board has read everything, as far as its echo tells.
    #[must_use]
    pub fn is_echoed(&self) -> bool {
        self.typing.is_sent() && self.typing.is_echoed()
    }

    /// Forgets what has not been sent.
    pub fn discard(&mut self) {
        self.typing.clear();
    }

    /// Interrupts what runs and runs `program` in the raw REPL. Returns when the board has it; its
    /// output comes by [`Console::next`], what is typed goes to it, and the friendly REPL follows.
    pub fn run(&mut self, program: &[u8]) -> Result<(), Error> {
        let begun = self
            .session
            .enter(false, ENTER_PATIENCE)
            .and_then(|()| self.session.execute_and_forget(program));
        if matches!(begun, Err(Error::Repl { .. })) {
            // Wherever that has left the board, a prompt is what a person can go on from.
            self.session.repl.leave();
            self.session.transmit()?;
            return begun;
        }
        begun?;
        self.follow_program()
    }

    /// Waits, in a thread of its own, for a link that broke: [`Happening::Found`].
    #[must_use]
    pub fn wait_for(&self, reopener: Reopener) -> Watch {
        let session = self.session.outbox.clone();
        reopener.watch(move |link| {
            // A session that has ended wants it no more.
            let _ = session.send(super::Input::Console(Input::Found(link)));
        })
    }

    fn transmit(&mut self) -> Result<(), Error> {
        // The board takes what comes now for the answer that it waits for.
        while !self.session.is_answering()
            && let Some(bytes) = self.typing.poll_transmit(Instant::now())
        {
            self.session.repl.feed(bytes);
            self.session.transmit()?;
        }
        Ok(())
    }

    /// Takes what came from the board.
    fn take(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.typing.handle_output(Instant::now(), &bytes);
        if self.session.is_entered() {
            self.session.repl.handle_input(Instant::now(), &bytes);
            return self.follow_program();
        }
        let again = std::mem::take(&mut self.prompted) && bytes.first() == Some(&RAW_PROMPT);
        if again {
            self.output.extend_from_slice(&bytes[1..]);
        } else {
            self.output.extend(bytes);
        }
        Ok(())
    }

    /// Shows what the raw REPL's program has printed, with the marks that the board puts behind it,
    /// and leaves the raw REPL when none runs.
    fn follow_program(&mut self) -> Result<(), Error> {
        while let Some(event) = self.session.repl.poll_event() {
            match event {
                Event::Output(bytes) => self.output.extend(bytes),
                Event::Finished { traceback } => {
                    self.output.extend([MARK, &traceback, MARK].concat());
                }
                Event::Entered | Event::Accepted | Event::Frame { .. } | Event::Failed(_) => {}
            }
        }
        if self.session.is_entered() && !self.session.is_busy() {
            // The machine may have taken the prompt already, or it comes first of all.
            self.output.push(RAW_PROMPT);
            self.prompted = true;
            self.session.repl.leave();
            self.session.transmit()?;
        }
        Ok(())
    }
}

impl From<Input> for Happening {
    fn from(input: Input) -> Self {
        match input {
            Input::Typed(bytes) => Self::Typed(bytes),
            Input::Ended => Self::InputEnded,
            Input::Found(link) => Self::Found(link),
        }
    }
}
