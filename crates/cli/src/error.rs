//! What ends a command line early.

use std::borrow::Cow;
use std::io;

use mpwire::link::OpenError;
use mpwire::system::words;
use mpwire::{board, link, mip, transfer};
use mpwire_proto::raw_repl;

use crate::commands;

/// What frees memory on a board.
const FREE_MEMORY: &str =
    "`mpwire soft-reset` frees what programs hold, unless boot.py or main.py takes it again";
/// What a board with little memory can take.
const SMALLER_CHUNKS: &str =
    "give a smaller --chunk-size, or none: chunks are then as large as the board's memory allows";

/// Why the program ends before its last command is done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A sentence for the user.
    #[error("{0}")]
    Message(String),
    /// The board has too little memory for what a command does.
    #[error("{message}")]
    NoMemory {
        /// A sentence for the user.
        message: String,
        /// What the user can do about it.
        hint: &'static str,
        /// What the board printed, if a program there has raised it.
        traceback: Option<String>,
    },
    /// There is no such command.
    #[error("{what}")]
    Unknown {
        /// A sentence for the user.
        what: String,
        /// What was perhaps meant.
        nearest: Option<String>,
        /// What does the same here.
        instead: Option<&'static str>,
    },
    /// An error with advice that only its command can give.
    #[error("{error}")]
    Advised {
        /// What went wrong.
        error: Box<Self>,
        /// What to do about it.
        hint: String,
    },
    /// A file operation failed: `command: path: reason.`
    #[error("{command}: {}: {reason}.", shown(path))]
    File {
        /// The command, `cp`.
        command: String,
        /// The path on either side.
        path: String,
        /// Why, in words.
        reason: String,
        /// Whether this computer's system said so, not the board.
        from_system: bool,
    },
    /// `rm -r` has met a directory that cannot be removed.
    #[error("rm: {}: {reason}.", shown(path))]
    RemoveDirectory {
        /// The directory.
        path: String,
        /// Why, in words.
        reason: String,
    },
    /// The board raised what no command expects.
    #[error("{command}: the board raised an exception:\n{}", traceback.trim_end())]
    Raised {
        /// The command, `cat`.
        command: String,
        /// What the board printed.
        traceback: String,
    },
    /// The board could not be reached.
    #[error(transparent)]
    Open(#[from] link::OpenError),
    /// The board that is used where none is named could not be reached.
    #[error("{source}; {origin} says to use this board")]
    DefaultBoard {
        /// Why.
        source: link::OpenError,
        /// A file or an environment variable.
        origin: String,
    },
    /// The board failed.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// A transfer failed.
    #[error(transparent)]
    Transfer(#[from] transfer::Error),
    /// Packages cannot be installed.
    #[error("mip: {0}")]
    Mip(mip::Error),
    /// The command line is wrong; clap knows how to say so.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The command line is wrong, in mpremote's words.
    #[error("{0}")]
    Argparse(String),
    /// The program on the board raised; its traceback is printed already.
    #[error("the program on the board raised an exception")]
    RemoteException,
    /// The program on the board has run for longer than `--timeout` lets it.
    #[error("{what} did not end within {seconds} s, and was interrupted")]
    TimedOut {
        /// What ran.
        what: String,
        /// How long it was given.
        seconds: f64,
    },
    /// The doctor found something wrong, which is printed already.
    #[error("something is wrong")]
    Unwell,
    /// What is wrong is printed as data: that is what mpremote does.
    #[error("{0}")]
    AsData(String),
    /// Nobody reads the output any more.
    #[error("writing the output failed: {}", words(.0))]
    Output(io::Error),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// A sentence for the user.
    pub fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }

    /// The same with advice.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self::Advised {
            error: Box::new(self),
            hint: hint.into(),
        }
    }

    /// A failed operation on a file of this computer.
    pub fn local(command: &str, path: &str, error: &io::Error) -> Self {
        Self::File {
            command: command.to_owned(),
            path: path.to_owned(),
            reason: words(error),
            from_system: true,
        }
    }

    /// Puts the command in front of what a file operation on the board says.
    pub fn of_command(self, command: &str) -> Self {
        let named = |path: String, reason: String, from_system| Self::File {
            command: command.to_owned(),
            path,
            reason,
            from_system,
        };
        if let Some(hint) = self.memory_hint() {
            let message = format!("{command}: {self}");
            let traceback = match self {
                Self::Board(board::Error::Exception { traceback })
                | Self::Transfer(transfer::Error::Board(board::Error::Exception { traceback })) => {
                    Some(traceback)
                }
                Self::NoMemory { .. } => return self,
                _ => None,
            };
            return Self::NoMemory {
                message,
                hint,
                traceback,
            };
        }
        match self {
            Self::Advised { error, hint } => error.of_command(command).with_hint(hint),
            Self::Board(board::Error::File { path, errno })
            | Self::Transfer(transfer::Error::Board(board::Error::File { path, errno })) => {
                named(path, errno.to_string(), false)
            }
            Self::Transfer(transfer::Error::Local { path, source }) => {
                named(path, words(&source), true)
            }
            Self::Board(board::Error::Session(mpwire::session::Error::Interrupted))
            | Self::Transfer(transfer::Error::Board(board::Error::Session(
                mpwire::session::Error::Interrupted,
            ))) => Self::Interrupted,
            Self::Board(board::Error::Exception { traceback })
            | Self::Transfer(transfer::Error::Board(board::Error::Exception { traceback })) => {
                Self::Raised {
                    command: command.to_owned(),
                    traceback,
                }
            }
            Self::Transfer(error) => Self::Message(format!("{command}: {error}")),
            other => other,
        }
    }

    /// Whether no board could be reached, so that nothing was done on one.
    pub fn is_of_opening(&self) -> bool {
        match self {
            Self::Open(_) | Self::DefaultBoard { .. } => true,
            Self::Advised { error, .. } => error.is_of_opening(),
            _ => false,
        }
    }

    /// Whether the board could not be talked to to the end.
    pub fn is_of_the_link(&self) -> bool {
        matches!(
            self,
            Self::Interrupted
                | Self::Board(board::Error::Session(_))
                | Self::Transfer(transfer::Error::Board(board::Error::Session(_)))
        )
    }

    /// Whether what was begun on the board may be there still: nobody could tell it to end, or it had no
    /// memory for that.
    pub fn leaves_something(&self) -> bool {
        self.memory_hint().is_some() || self.is_of_the_link()
    }

    /// What the user can do about a lack of memory on the board, where that is what failed.
    fn memory_hint(&self) -> Option<&'static str> {
        match self {
            Self::NoMemory { hint, .. } => Some(hint),
            Self::Transfer(transfer::Error::ChunkTooLarge { .. }) => Some(SMALLER_CHUNKS),
            Self::Transfer(transfer::Error::NoMemory { .. }) => Some(FREE_MEMORY),
            Self::Board(error) | Self::Transfer(transfer::Error::Board(error)) => {
                error.is_out_of_memory().then_some(FREE_MEMORY)
            }
            _ => None,
        }
    }

    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        if let Self::Unknown {
            nearest, instead, ..
        } = self
        {
            return Some(match (instead, nearest) {
                (Some(instead), _) => (*instead).into(),
                (None, Some(nearest)) => format!("did you mean `{nearest}`?").into(),
                (None, None) => "`mpwire help` lists the commands".into(),
            });
        }
        match self {
            Self::Advised { hint, .. } => return Some(hint.clone().into()),
            Self::Open(OpenError::Busy(port))
            | Self::DefaultBoard {
                source: OpenError::Busy(port),
                ..
            } => return commands::doctor::who_holds(port).map(Cow::Owned),
            _ => {}
        }
        if let Some(hint) = self.memory_hint() {
            return Some(hint.into());
        }
        let hint = match self {
            Self::Open(error) | Self::DefaultBoard { source: error, .. } => error.hint(),
            Self::Mip(error) => crate::commands::mip::hint(error),
            Self::Board(board::Error::Session(mpwire::session::Error::Repl { source, .. })) => {
                Some(about_repl(source))
            }
            _ => None,
        };
        hint.map(Cow::Borrowed)
    }
}

/// A path as errors name it: an empty one is the board's current directory.
fn shown(path: &str) -> &str {
    if path.is_empty() {
        "the current directory"
    } else {
        path
    }
}

/// What to do where a board does not behave as the raw REPL does.
fn about_repl(error: &raw_repl::Error) -> &'static str {
    match error {
        raw_repl::Error::Restarted => {
            "a watchdog, a crash or too little power resets boards; run the command again"
        }
        raw_repl::Error::CatchesInterrupts { .. } => {
            "reset the board (button, or DTR and RTS: `esptool run`) while mpwire connects, start it in safe mode (stm32: hold USR), or erase its flash"
        }
        raw_repl::Error::BootLoops { .. } => {
            "`mpwire resume rm :boot.py` interrupts it without another soft reset; else safe mode (stm32: hold USR in a reset), or erase the flash"
        }
        raw_repl::Error::NotEnded { .. } => {
            "check the cable and the port, and run the command again"
        }
        raw_repl::Error::NotEntered { .. }
        | raw_repl::Error::NotReset { .. }
        | raw_repl::Error::NotAccepted { .. }
        | raw_repl::Error::Silent { .. } => {
            "is this a MicroPython board that no other program talks to? Press its reset button and try again"
        }
    }
}
