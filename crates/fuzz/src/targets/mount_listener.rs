//! `mount_listener`: requests among what a board prints.

use std::time::{Duration, Instant};

use mpwire_proto::mount::{Frame, Listener, REQUEST_MOST, TAG};

use crate::cutting::same_however_cut;

/// The mount's tag; in an input it stands as it is.
pub const MINE: [u8; TAG] = *b"0123456789abcdef";

/// A check that inputs pass by chance: CRC-32 would hide from the fuzzer what is behind it.
pub fn sum(message: &[u8]) -> u32 {
    message.iter().fold(0, |sum, &byte| sum ^ u32::from(byte))
}

/// The input is what a board sends.
pub fn run(input: &[u8]) {
    let (output, requests) = same_however_cut(input, heard);
    // Nothing is invented: what is printed is in the input, in that order.
    let mut rest = input.iter();
    assert!(output.iter().all(|byte| rest.any(|other| other == byte)));
    for request in requests {
        assert!(request.body.len() <= REQUEST_MOST);
    }
}

fn heard(pieces: &[&[u8]]) -> (Vec<u8>, Vec<Frame>) {
    let now = Instant::now();
    let mut listener = Listener::new(MINE, sum);
    let (mut output, mut requests) = (Vec::new(), Vec::new());
    for piece in pieces {
        listener.push(now, piece);
        output.extend(listener.take_output());
        requests.extend(std::iter::from_fn(|| listener.poll_request()));
        assert_eq!(listener.is_in_request(), listener.poll_timeout().is_some());
    }
    // A request whose rest does not come is given up.
    listener.handle_timeout(now + Duration::from_secs(1));
    assert!(!listener.is_in_request() && listener.poll_timeout().is_none());
    output.extend(listener.take_output());
    requests.extend(std::iter::from_fn(|| listener.poll_request()));
    (output, requests)
}
