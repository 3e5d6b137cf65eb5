//! `typing`: what is typed, paced by what a board seems to echo.

use std::time::Instant;

use mpwire_proto::typing::{Typing, WINDOW};

use crate::cutting::{same_however_turns_are_cut, turns};

/// The input is turns, each of what is typed, of what the board sends, or of silence.
pub fn run(input: &[u8]) {
    let turns = turns(input);
    same_however_turns_are_cut(&turns, |turns| {
        let begin = Instant::now();
        let mut now = begin;
        let mut typing = Typing::new(now);
        let (mut typed, mut sent) = (Vec::new(), Vec::new());
        let go_on = |typing: &mut Typing, now, sent: &mut Vec<u8>| {
            while let Some(bytes) = typing.poll_transmit(now) {
                assert!((1..=WINDOW).contains(&bytes.len()));
                sent.extend(bytes);
            }
        };
        for (act, pieces) in turns {
            for piece in pieces {
                match act % 3 {
                    0 => typing.handle_output(now, piece),
                    1 => {
                        typing.push(piece);
                        typed.extend_from_slice(piece);
                    }
                    _ => now = typing.poll_timeout().unwrap_or(now).max(now),
                }
            }
            go_on(&mut typing, now, &mut sent);
        }
        let until = typing.poll_timeout().map(|until| until - begin);
        let seen = (sent.clone(), until, typing.is_echoed());
        // A board that says nothing gets it all the same.
        for _ in 0..=typed.len() {
            now = typing.poll_timeout().unwrap_or(now).max(now);
            go_on(&mut typing, now, &mut sent);
        }
        assert!(typing.is_sent());
        assert_eq!(sent, typed, "it is sent in order, and once");
        seen
    });
}
