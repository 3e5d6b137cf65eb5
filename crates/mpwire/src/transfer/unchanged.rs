//! Which of many files the board has already: one round trip for as many as its memory holds.

use mpwire_proto::literal::Value;

use crate::board::digest::Digest;
use crate::board::fs::batches;
use crate::board::patience::digesting;
use crate::board::program::{Argument, call};
use crate::board::{Board, Error, onboard, read_list, unreadable};

/// A file on the host and the path it is to have on the board.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The path on the board.
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    /// The file's digest, as the board computes it.
    pub digest: Digest,
}

/// For each candidate, whether the board has this very file at its path.
pub fn unchanged(board: &mut Board, candidates: &[Candidate]) -> Result<Vec<bool>, Error> {
    let capabilities = board.capabilities()?;
    let programs = [
        capabilities.stat_program(),
        capabilities.digest_program(),
        onboard::DIGESTS,
    ];
    let paths: Vec<String> = candidates
        .iter()
        .map(|candidate| candidate.path.clone())
        .collect();
    let largest = candidates.iter().map(|candidate| candidate.size).max();
    let longer = digesting(largest.unwrap_or(0));
    let mut answers = Vec::with_capacity(candidates.len());
    for batch in batches(&paths, capabilities.program_limit() / 2) {
        let sizes: Vec<String> = candidates[answers.len()..][..batch.len()]
            .iter()
            .map(|candidate| candidate.size.to_string())
            .collect();
        let text = call(
            onboard::DIGESTS.defines,
            &[
                Argument::Paths(batch),
                Argument::Expression(&format!("[{}]", sizes.join(","))),
            ],
        );
        let reply = board.patiently(longer, |board| board.run(&programs, &text))?;
        let digests = read_list(&reply)?;
        if digests.len() != batch.len() {
            return Err(unreadable(&reply, "a digest of each file was expected"));
        }
        for index in 0..batch.len() {
            let digest = digests.get(index).unwrap_or(&Value::None);
            let candidate = &candidates[answers.len()];
            answers.push(candidate.digest.matches(digest));
        }
    }
    Ok(answers)
}
