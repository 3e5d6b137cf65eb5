//! Whole files, as `cp` sends them, each way that this board takes.

use super::{FILE, File, Kind, LeftOut, Sent, Step, clean_up, remove};
use crate::board::capabilities::Capabilities;
use crate::board::{self, Board};
use crate::session;
use crate::transfer::{self, Encoding, Error, Options};

/// Sends a file of each kind in each way; each is verified by the transfer itself.
pub(super) fn measure(
    board: &mut Board,
    capabilities: &Capabilities,
    size: usize,
    left_out: &mut Vec<LeftOut>,
    progress: &mut dyn FnMut(Step),
) -> Result<Vec<File>, Error> {
    let mut ways = vec![None];
    for encoding in Encoding::ALL {
        match encoding.lacks(capabilities) {
            None => ways.push(Some(encoding)),
            Some(needs) => left_out.push(LeftOut::lacking(encoding.name(), needs)),
        }
    }
    let total = Kind::ALL.len() * ways.len();
    let mut files = Vec::with_capacity(total);
    for kind in Kind::ALL {
        let data = kind.generate(size);
        for &encoding in &ways {
            progress(Step::File {
                number: files.len() + 1,
                total,
                kind,
                encoding,
            });
            files.push(File {
                kind,
                encoding,
                result: send(board, &data, encoding)?,
            });
        }
    }
    Ok(files)
}

/// Sends one file; an error of this way alone is its result.
fn send(
    board: &mut Board,
    data: &[u8],
    encoding: Option<Encoding>,
) -> Result<Result<Sent, String>, Error> {
    let options = Options {
        encoding,
        ..Options::default()
    };
    match transfer::upload(board, data, FILE, &options, &mut |_| {}) {
        Ok(sent) => {
            remove(board, FILE)?;
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            let rate = sent.bytes as f64 / sent.time.as_secs_f64().max(1e-6);
            Ok(Ok(Sent {
                encoding: sent.encoding,
                time: sent.time,
                rate,
                wire_bytes: sent.wire_bytes,
            }))
        }
        Err(error) => match reason(&error) {
            Some(reason) if clean_up(board) => Ok(Err(reason)),
            _ => Err(error),
        },
    }
}

/// Why this way failed; `None` where no other can succeed.
fn reason(error: &Error) -> Option<String> {
    Some(match error {
        Error::NoMemory { .. } => "too little memory".to_owned(),
        Error::Corrupt { .. } => "arrived damaged each time".to_owned(),
        Error::EncodingUnavailable { needs, .. } => format!("needs {needs}"),
        Error::Board(error) => match error {
            board::Error::Lacking(needs) => format!("needs {needs}"),
            board::Error::Session(session::Error::Repl { .. }) => {
                "the board stopped answering".to_owned()
            }
            _ if error.is_out_of_memory() => "too little memory".to_owned(),
            _ if error.may_be_loss() => error.to_string().lines().last()?.to_owned(),
            _ => return None,
        },
        _ => return None,
    })
}
