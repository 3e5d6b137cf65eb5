//! Resets of the board: those that are asked for, and those that a program brings about.

use super::program::{Argument, call};
use super::{Board, Error, onboard, outcome};
use crate::session::{self, Departure};

/// What has shown that a board was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// It is at its prompt.
    AtPrompt,
    /// Its link ended and is there again.
    Reconnected,
    /// It has printed something that no prompt has followed: a program runs.
    Running,
    /// Nothing: over a link that does not end, of a board that prints nothing.
    Unseen,
}

impl Board {
    /// Has the board reset itself, and waits until it is back or, over a link that cannot tell, has gone.
    /// The raw REPL must be entered, and is left.
    pub fn reset(&mut self) -> Result<Restart, Error> {
        match self.depart("reset")? {
            Departure::Greeted => Ok(Restart::AtPrompt),
            Departure::Printed => Ok(Restart::Running),
            Departure::Nothing => Ok(Restart::Unseen),
            Departure::Stayed { .. } => Err(Error::NotReset),
            Departure::HungUp(error) => {
                self.await_return(error.into())?;
                Ok(Restart::Reconnected)
            }
        }
    }

    /// Has the board enter its bootloader. Returns when the link has ended, or whether anything shows that
    /// it has not.
    pub fn enter_bootloader(&mut self) -> Result<(), Error> {
        match self.depart("bootloader") {
            Ok(Departure::HungUp(_) | Departure::Nothing | Departure::Printed) => Ok(()),
            Ok(Departure::Greeted | Departure::Stayed { .. }) => Err(Error::NoBootloader),
            Err(Error::Exception { traceback }) if traceback.contains("AttributeError") => {
                Err(Error::Lacking("machine.bootloader"))
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for the board whose link a reset has ended with `error`.
    pub fn await_return(&mut self, error: Error) -> Result<(), Error> {
        self.was_reset = true;
        if self.await_link()? {
            Ok(())
        } else {
            Err(error)
        }
    }

    fn depart(&mut self, function: &str) -> Result<Departure, Error> {
        self.await_prompt()?;
        let definition = self.definitions(&[onboard::RESET])?;
        let call = call(onboard::RESET.defines, &[Argument::Text(function)]);
        self.keep_names(&[onboard::RESET.defines]);
        let text = format!("{definition}{call}\ndel {}", onboard::RESET.defines);
        let departure = self.session.execute_reset(text.as_bytes())?;
        if let Departure::Stayed { traceback } = &departure {
            outcome(Vec::new(), traceback)?;
        }
        Ok(departure)
    }

    /// Ends the agent, waits for the prompt behind a program whose end was not waited for, and puts back
    /// what was lost where that has restarted the interpreter.
    pub(super) fn await_prompt(&mut self) -> Result<(), Error> {
        self.end_agent()?;
        let follows_program = self.session.is_busy();
        match self.session.await_prompt().map_err(Error::from) {
            // The program that was not waited for has reset the board.
            Err(error) if follows_program && error.is_lost() => {
                self.await_return(error)?;
                return self.reach(false);
            }
            other => other?,
        }
        if self.takes_restart() {
            self.installed.clear();
            self.began_anew()?;
        }
        Ok(())
    }

    /// Whether the board was reset, other than by [`Board::enter`], since this was asked last.
    pub(super) fn takes_restart(&mut self) -> bool {
        let in_session = self.session.take_restart();
        std::mem::take(&mut self.was_reset) || in_session
    }
}

impl Error {
    /// Whether the link has ended.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Session(session::Error::Lost { .. }))
    }

    /// Whether a program seems to have reset the board: the link has ended, or the board has greeted.
    #[must_use]
    pub fn may_be_reset(&self) -> bool {
        matches!(
            self,
            Self::Session(
                session::Error::Lost { .. }
                    | session::Error::Repl {
                        source: mpwire_proto::raw_repl::Error::Restarted,
                        ..
                    }
            )
        )
    }
}
