//! The board that the commands of one command line share, and mpremote's rules for it.

use std::path::PathBuf;

use mpwire::board::Board;
use mpwire::link::{Address, OpenError, open};
use mpwire::mount::{Options, PLACE};
use mpwire::session::Session;
use mpwire::transfer;
use mpwire::transfer::leftovers::{self, Healed};
use mpwire::{devices, ports};

use crate::config::{Config, DefaultBoard, SoftReset};
use crate::error::Error;
use crate::interrupt;
use crate::password;
use crate::report;
use crate::unfinished::{self, Note};
use crate::waiting;

/// What the commands of a command line leave to each other.
pub struct Connection {
    board: Option<Board>,
    /// The board to connect to where none is named, unless that is the first that is found.
    default_board: Option<DefaultBoard>,
    /// Where `config.toml` says that the password of boards in the network is.
    password_file: Option<PathBuf>,
    soft_reset: SoftReset,
    /// Whether the first use of the raw REPL resets the board.
    auto_soft_reset: bool,
    /// Whether a command has done something, so that no REPL follows at the end.
    did_action: bool,
    /// The directories in which something may be left of an interrupted copy that another goes on
    /// with.
    unhealed: Vec<String>,
    /// What was named and could not be opened, for the doctor to look into.
    unopened: Option<Unopened>,
    /// That a folder is mounted.
    mounted: Option<Note>,
}

/// A board that could not be reached.
pub struct Unopened {
    /// What `connect` was told.
    pub device: String,
    /// Why.
    pub error: OpenError,
}

/// What the doctor is to look at.
pub enum Patient<'a> {
    /// Nothing in particular.
    Unnamed,
    /// A board.
    Board(&'a mut Board),
    /// A board that could not be reached.
    Unopened(Unopened),
}

impl Connection {
    /// No board yet.
    pub fn new(config: &Config) -> Self {
        Self {
            board: None,
            default_board: config.board.clone(),
            password_file: config.webrepl_password_file.clone(),
            soft_reset: config.soft_reset,
            auto_soft_reset: config.soft_reset == SoftReset::Auto,
            did_action: false,
            unhealed: Vec::new(),
            unopened: None,
            mounted: None,
        }
    }

    /// Connects to a board, letting go of another.
    pub fn connect(&mut self, address: &Address) -> Result<(), Error> {
        self.disconnect();
        let link = match open(address) {
            Err(OpenError::NoPassword(_)) => {
                open(&password::complete(address, self.password_file.as_deref())?)?
            }
            other => other?,
        };
        let mut board = Board::new(Session::start(link));
        board.on_wait(Box::new(waiting::tell));
        board.allow_flood(is_board(address, &board.address()));
        interrupt::forward_to(Some(board.interrupter()));
        self.board = Some(board);
        Ok(())
    }

    /// Notes that `device` could not be opened, for the doctor.
    pub fn leave_to_doctor(&mut self, device: String, error: OpenError) {
        self.unopened = Some(Unopened { device, error });
    }

    /// The board for the doctor, in whatever state it is: the one in use, or the one that is set as
    /// the default.
    pub fn patient(&mut self) -> Result<Patient<'_>, Error> {
        if let Some(unopened) = self.unopened.take() {
            return Ok(Patient::Unopened(unopened));
        }
        if self.board.is_none()
            && let Some(DefaultBoard { address, .. }) = self.default_board.clone()
        {
            match self.connect(&Address::parse(&address)) {
                Err(Error::Open(error)) => {
                    let device = address;
                    return Ok(Patient::Unopened(Unopened { device, error }));
                }
                other => other?,
            }
        }
        Ok(self.board.as_mut().map_or(Patient::Unnamed, Patient::Board))
    }

    /// Lets go of the board, if there is one.
    pub fn disconnect(&mut self) {
        if let Some(mut board) = self.board.take() {
            if let Some(note) = self.mounted.take()
                && board.umount().is_ok()
            {
                note.end(None);
            }
            board.close();
            self.unhealed.clear();
            interrupt::forward_to(None);
            self.auto_soft_reset = self.soft_reset == SoftReset::Auto;
        }
    }

    /// Says whether the first use of a board resets it, from now on. A board that is in use already
    /// has had that.
    pub fn set_soft_reset(&mut self, choice: SoftReset) {
        self.soft_reset = choice;
        if !self.board.as_ref().is_some_and(Board::is_entered) {
            self.auto_soft_reset = choice == SoftReset::Auto;
        }
    }

    /// Leaves the board's state as it is: no soft reset at the next use.
    pub fn resume(&mut self) {
        self.auto_soft_reset = false;
    }

    /// Notes that something was done.
    pub fn did_action(&mut self) {
        self.did_action = true;
    }

    /// Whether the command line has done nothing, so that it ends in a REPL.
    pub fn ends_in_repl(&self) -> bool {
        !self.did_action
    }

    /// The board in its raw REPL: connected to (the first that is found, if none was named), and
    /// soft-reset at the first use unless resumed.
    pub fn board(&mut self) -> Result<&mut Board, Error> {
        let soft_reset = self.resets_by_itself()?;
        self.entered(soft_reset, &Vec::new)
    }

    /// Whether the first use of the board is to reset it. One whose link would not survive that is used as
    /// it is: its interpreter may have been told by hand to listen there.
    fn resets_by_itself(&mut self) -> Result<bool, Error> {
        let is_wanted = self.auto_soft_reset;
        Ok(is_wanted && self.untouched_board()?.survives_soft_reset())
    }

    /// As [`Connection::board`], for a copy that may go on where another was interrupted: of what
    /// that has left, files with the names that `kept` returns stay until [`Connection::heal`]. Also
    /// returns whether there may be any.
    pub fn board_to_go_on_with(
        &mut self,
        kept: &dyn Fn() -> Vec<String>,
    ) -> Result<(&mut Board, bool), Error> {
        let soft_reset = self.resets_by_itself()?;
        self.entered(soft_reset, kept)?;
        let may_go_on = !self.unhealed.is_empty();
        Ok((self.board()?, may_go_on))
    }

    /// Finishes or removes what is left of interrupted copies after all.
    pub fn heal(&mut self) -> Result<(), Error> {
        let directories = std::mem::take(&mut self.unhealed);
        match self.board.as_mut().filter(|_| !directories.is_empty()) {
            Some(board) => heal(board, &directories, &[]),
            None => Ok(()),
        }
    }

    /// Interrupts go to the board from now on, where there is one.
    pub fn forward_interrupts(&self) {
        interrupt::forward_to(self.board.as_ref().map(Board::interrupter));
    }

    /// Mounts a folder on the board.
    pub fn mount(&mut self, options: Options) -> Result<(), Error> {
        let name = self.board()?.name().to_owned();
        // Before it is: whatever happens then, the next connection takes it away.
        self.mounted = Some(unfinished::begin_mount(&name));
        Ok(self.board()?.mount(options)?)
    }

    /// Takes the folder away again.
    pub fn umount(&mut self) -> Result<(), Error> {
        self.board()?.umount()?;
        if let Some(note) = self.mounted.take() {
            note.end(None);
        }
        Ok(())
    }

    /// Soft-resets the board.
    pub fn soft_reset(&mut self) -> Result<(), Error> {
        self.entered(true, &Vec::new).map(drop)
    }

    fn connect_to_default(&mut self) -> Result<(), Error> {
        let Some(DefaultBoard { address, origin }) = self.default_board.clone() else {
            return self.connect(&Address::Auto);
        };
        self.connect(&Address::parse(&address))
            .map_err(|error| match error {
                Error::Open(source) => Error::DefaultBoard { source, origin },
                other => other,
            })
    }

    /// The board in whatever state it is: connected to, if none was named.
    pub fn untouched_board(&mut self) -> Result<&mut Board, Error> {
        if self.board.is_none() {
            self.connect_to_default()?;
        }
        self.board
            .as_mut()
            .ok_or_else(|| Error::message("no device found"))
    }

    fn entered(
        &mut self,
        soft_reset: bool,
        kept: &dyn Fn() -> Vec<String>,
    ) -> Result<&mut Board, Error> {
        self.untouched_board()?;
        let Some(board) = &mut self.board else {
            return Err(Error::message("no device found"));
        };
        if soft_reset || !board.is_entered() {
            board.reach(soft_reset)?;
            tell_how_it_was_reached(board);
            self.auto_soft_reset = false;
            if board.mounted().is_none() && unfinished::is_mounted(board.name()) {
                take_away(board, soft_reset)?;
            }
            let directories = unfinished::of(board.name());
            if !directories.is_empty() {
                let kept = kept();
                heal(board, &directories, &kept)?;
                if !kept.is_empty() {
                    self.unhealed = directories;
                }
            }
        }
        Ok(board)
    }
}

/// Whether what is at `found` is a board for sure: the user has named it, or its USB numbers are a board's.
/// Behind an adapter that `connect auto` has found may be anything.
fn is_board(named: &Address, found: &Address) -> bool {
    let (Address::Auto, Address::Port(path)) = (named, found) else {
        return *named != Address::Auto;
    };
    let ports = ports::list().unwrap_or_default();
    ports
        .iter()
        .find(|port| port.path == *path)
        .and_then(|port| port.usb.as_ref())
        .and_then(|usb| devices::find(usb.vendor, usb.product))
        .is_some_and(|known| known.kind == devices::Kind::Board)
}

/// Tells what was done to a board that did not answer to a polite interrupt.
fn tell_how_it_was_reached(board: &Board) {
    if board.was_boot_interrupted() {
        report::status(&format!(
            "mpwire: boot.py of {} did not end within 10 s after a soft reset, and was interrupted; `resume` \
             connects without a soft reset",
            board.name()
        ));
    }
    if board.was_flooded() {
        report::status(&format!(
            "mpwire: a program on {} ignored two interrupts, and was ended by a steady flow of Ctrl-C",
            board.name()
        ));
    }
}

/// Takes away the folder of a host that has gone. What fails here is told and tried again at the next
/// connection; it is not what the user came for, who may interrupt it.
fn take_away(board: &mut Board, was_reset: bool) -> Result<(), Error> {
    let result = if was_reset {
        Ok(())
    } else {
        board.leave_mount()
    };
    match result {
        Ok(()) => unfinished::forget_mount(board.name()),
        Err(error) if error.is_interrupt() => return Err(Error::Interrupted),
        Err(error) => report::note(&format!(
            "{PLACE} is a folder of a computer that has gone, and could not be taken away: {error}"
        )),
    }
    Ok(())
}

/// Finishes or removes what interrupted copies have left in `directories` of the board, but for files
/// with a name of `kept`. What fails here is tried again at the next connection; it is not what the
/// user came for, who may interrupt it.
fn heal(board: &mut Board, directories: &[String], kept: &[String]) -> Result<(), Error> {
    let is_kept = |name: &str| kept.iter().any(|kept| kept == name);
    let healed = leftovers::heal(board, directories, &is_kept)
        .and_then(|healed| Ok(board.tidy().map(|()| healed)?));
    match healed {
        Err(transfer::Error::Board(error)) if error.is_interrupt() => {
            return Err(Error::Interrupted);
        }
        Err(_) => {}
        Ok(healed) => {
            for healed in healed {
                report::note(&match healed {
                    Healed::Finished(path) => {
                        format!("{path}: an interrupted copy was complete, and was finished")
                    }
                    Healed::Removed(path) => {
                        format!("{path}: left by an interrupted copy, and removed")
                    }
                });
            }
            if kept.is_empty() {
                unfinished::forget(board.name());
            }
        }
    }
    Ok(())
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.disconnect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_a_board_may_be_flooded() {
        let port = Address::Port("/dev/there-is-none".to_owned());
        assert!(is_board(&port, &port));
        // Found by itself: the USB numbers decide, and there are none.
        assert!(!is_board(&Address::Auto, &port));
        assert!(!is_board(&Address::Auto, &Address::Auto));
    }
}
