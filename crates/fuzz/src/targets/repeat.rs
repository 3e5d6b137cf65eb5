//! `repeat`: packets that came again.

use std::time::Instant;

use mpwire_proto::repeat::{CREDIT, PACKET, Repeat};

use crate::cutting::same_however_cut;

/// The first byte says how much of the input comes before an answer is due.
pub fn run(input: &[u8]) {
    let Some((&before, input)) = input.split_first() else {
        return;
    };
    let (before, answer) = input.split_at(usize::from(before).min(input.len()));
    let passed = same_however_cut(answer, |pieces| {
        let now = Instant::now();
        let mut repeat = Repeat::default();
        assert_eq!(repeat.push(now, before), before);
        repeat.expect_answer();
        let mut passed = Vec::new();
        for piece in pieces {
            passed.extend(repeat.push(now, piece));
        }
        if let Some(until) = repeat.poll_timeout() {
            passed.extend(repeat.handle_timeout(until));
        }
        passed
    });
    assert_eq!(passed, without_the_first_repetition(input, before.len()));
}

/// The answer as it should be heard: without the first packet that is what came a packet earlier, if that
/// begins in the answer's first packet. One that begins with a credit may be nothing but credits, which
/// are never kept back.
fn without_the_first_repetition(input: &[u8], begin: usize) -> Vec<u8> {
    for at in begin.max(PACKET)..begin + PACKET {
        if let Some(packet) = input.get(at..at + PACKET)
            && packet == &input[at - PACKET..at]
            && packet[0] != CREDIT
        {
            return [&input[begin..at], &input[at + PACKET..]].concat();
        }
    }
    input[begin..].to_vec()
}
