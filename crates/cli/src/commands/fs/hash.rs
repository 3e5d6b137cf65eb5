//! `sha256sum` and its kin: any digest that the board's hashlib has; SHA-256 of every board's files.

use mpwire::board::Board;
use mpwire::transfer;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::report;

/// The algorithm of a command such as `sha256sum`.
pub fn algorithm(command: &str) -> Option<&str> {
    command
        .strip_suffix("sum")
        .filter(|algorithm| algorithm.ends_with(|last: char| last.is_ascii_digit()))
}

/// Prints a file's digest.
pub fn hash(board: &mut Board, path: &str, command: &str) -> Result<(), Error> {
    let algorithm = algorithm(command).unwrap_or(command);
    let digest = match board.hash(path, algorithm)? {
        Some(digest) => digest,
        None if algorithm == "sha256" => {
            let data = transfer::download(board, path, 0, &mut |_| {})?;
            Sha256::digest(&data).to_vec()
        }
        None => {
            return Err(Error::message(format!(
                "{command}: this board's firmware has no {algorithm}"
            )));
        }
    };
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    report::line(&digits.concat())
}
