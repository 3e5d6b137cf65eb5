//! `repl`: the terminal to the board.

use crate::error::Error;

/// What a command line without an action ends in.
pub fn at_the_end() -> Result<(), Error> {
    Err(Error::message(
        "nothing to do: this version has no interactive REPL yet; see `mpwire help` for its commands",
    ))
}
