//! `repl_console`: what a person sees of a board.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mpwire::link::Link;
use mpwire::session::{Happening, Session};

use crate::cutting::same_however_cut;

/// The input is what a board sends, at its prompt and while a program runs.
pub fn run(input: &[u8]) {
    let shown = same_however_cut(input, |pieces| {
        let mut session = Session::start(Scripted::link(pieces.iter().copied()));
        everything(&mut session)
    });
    assert_eq!(shown, input, "the REPL is raw");

    // A program's output goes up to the marks behind it and behind its traceback, which a prompt follows:
    // without that, a mark is a byte that the program has printed.
    let is_mark = |place: &usize| input[*place] == 4;
    let marks: Vec<usize> = (0..input.len()).filter(is_mark).take(2).collect();
    let mut said = input.to_vec();
    if let Some(place) = marks.get(1) {
        said.truncate(place + 1);
        said.push(b'>');
    }
    let shown = same_however_cut(&said, |pieces| {
        let before: [&[u8]; 4] = [
            b"\r\n>>> ",
            b"raw REPL; CTRL-B to exit\r\n>",
            b"R\x01\x80\x00\x01",
            b"\x04",
        ];
        let said = before.into_iter().chain(pieces.iter().copied());
        let mut session = Session::start(Scripted::link(said));
        session
            .enter(false, Duration::from_secs(60))
            .expect("it enters");
        session
            .execute_and_forget(b"print(1)")
            .expect("it is accepted");
        everything(&mut session)
    });
    match marks.len() {
        0 => assert_eq!(shown, input),
        // What there is of a traceback is shown when it is whole.
        1 => assert!(input.starts_with(&shown)),
        _ => assert_eq!(shown, said),
    }
}

/// What a console shows until the link breaks.
fn everything(session: &mut Session) -> Vec<u8> {
    let mut console = session.console().expect("it begins");
    let mut shown = Vec::new();
    while let Ok(happening) = console.next(None) {
        if let Happening::Output(bytes) = happening {
            shown.extend(bytes);
        }
    }
    shown
}

/// A link that brings what is in it and then breaks.
struct Scripted(Mutex<VecDeque<u8>>, Mutex<VecDeque<usize>>);

impl Scripted {
    fn link<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Arc<dyn Link> {
        let pieces: Vec<&[u8]> = pieces.filter(|piece| !piece.is_empty()).collect();
        let sizes = pieces.iter().map(|piece| piece.len()).collect();
        let bytes = pieces.concat().into();
        Arc::new(Self(Mutex::new(bytes), Mutex::new(sizes)))
    }
}

impl Link for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let lock = |queue| Mutex::lock(queue).unwrap_or_else(PoisonError::into_inner);
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sizes = lock(&self.1);
        let Some(size) = sizes.pop_front() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let count = size.min(buffer.len());
        if size > count {
            sizes.push_front(size - count);
        }
        for (place, byte) in buffer.iter_mut().zip(bytes.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn write(&self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn close(&self) {}
}
