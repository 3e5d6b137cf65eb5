//! `arrival`: files that are put together of a board's frames.

use std::io;

use mpwire::transfer::download::{Known, Outcome, Receiver, Wanted};
use mpwire::transfer::fuzzed::arrive;
use sha2::{Digest as _, Sha256};

/// The input is frames, each of a byte that says what it is, one that is its length where it needs
/// one, and its data.
pub fn run(input: &[u8]) {
    let known = b"known";
    let files = [
        wanted("one", None),
        wanted("known", Some(known)),
        wanted("last", None),
    ];
    let mut folder = Folder::default();
    let done = arrive(&files, &runs(input), &mut folder);
    if let Ok(done) = done {
        assert!(done <= files.len());
        assert_eq!(folder.done.len(), done);
    }
    for (index, (outcome, data)) in folder.done.iter().enumerate() {
        match outcome {
            // Its digest was that of what is here: the digests below are made so.
            Outcome::Arrived => assert!(Folder::digests(input).contains(&digest(data))),
            Outcome::Unchanged => assert_eq!(index, 1, "only one is known"),
        }
    }
}

fn wanted(path: &str, known: Option<&[u8]>) -> Wanted {
    Wanted {
        path: path.to_owned(),
        size: None,
        known: known.map(|data| Known {
            size: data.len() as u64,
            digest: digest(data),
        }),
    }
}

fn digest(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// Frames as a board would number them, unless the input says otherwise.
fn runs(input: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut runs = vec![Vec::new()];
    let mut number = u8::MAX;
    let mut sent = Vec::new();
    let mut rest = input;
    while let [kind, behind @ ..] = rest {
        rest = behind;
        let mut take = || {
            let (&length, behind) = rest.split_first()?;
            let (data, behind) = behind.split_at(behind.len().min(length.into()));
            rest = behind;
            Some(data)
        };
        let frame = match kind % 6 {
            0 => {
                let data = take().unwrap_or_default();
                sent.extend_from_slice(data);
                let frame = [data, &[number]].concat();
                number = number.wrapping_sub(u8::from(!data.is_empty()));
                frame
            }
            1 => vec![number],
            2 => {
                let frame = [&digest(&sent)[..], &[number]].concat();
                number = u8::MAX;
                sent.clear();
                frame
            }
            3 => {
                number = u8::MAX;
                runs.push(Vec::new());
                continue;
            }
            4 => take().unwrap_or_default().to_vec(),
            _ => [&digest(b"known")[..], &[number]].concat(),
        };
        if let Some(run) = runs.last_mut() {
            run.push(frame);
        }
    }
    runs
}

/// The files as they arrive.
#[derive(Default)]
struct Folder {
    current: Vec<u8>,
    done: Vec<(Outcome, Vec<u8>)>,
}

impl Folder {
    /// The digests that are anywhere in the frames.
    fn digests(input: &[u8]) -> Vec<[u8; 32]> {
        let frames = runs(input).concat();
        let digests = frames
            .iter()
            .filter_map(|frame| frame.split_last()?.1.try_into().ok());
        digests.collect()
    }
}

impl Receiver for Folder {
    fn begin(&mut self, index: usize) -> io::Result<()> {
        assert_eq!(index, self.done.len());
        self.current.clear();
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.current.extend_from_slice(data);
        Ok(())
    }

    fn end(&mut self, index: usize, outcome: Outcome) -> io::Result<()> {
        assert_eq!(index, self.done.len());
        self.done.push((outcome, std::mem::take(&mut self.current)));
        Ok(())
    }
}
