//! `blocks`: the board's questions, and blocks without an interrupt character.

use mpwire_proto::blocks::{Listener, block, crc32, wire_length};

use crate::cutting::same_however_cut;

/// The input is what a board says, and what it is sent.
pub fn run(input: &[u8]) {
    let (text, question) = same_however_cut(input, |pieces| {
        let (mut listener, mut text) = (Listener::default(), Vec::new());
        let questions = pieces
            .iter()
            .filter_map(|piece| listener.push(piece, &mut text));
        let last = questions.last();
        (text, last)
    });
    let marks = input.iter().filter(|byte| matches!(byte, 0x06 | 0x15));
    assert!(text.len() + marks.count() <= input.len());
    if let Some(question) = question {
        assert!(question.number.is_ascii_graphic());
    }

    let number = b'!';
    let block = block(number, input, input.len(), crc32);
    assert!(!block.contains(&3));
    let (header, body) = split_line(&block);
    assert_eq!(body.len(), wire_length(input));
    assert_eq!(
        header,
        format!(
            "{} {} {} {}",
            body.len(),
            input.len(),
            input.len(),
            crc32(number, input) ^ u32::try_from(input.len()).expect("a short input")
        )
    );
    assert_eq!(unescaped(body, input.len()), input);
}

fn split_line(block: &[u8]) -> (&str, &[u8]) {
    let end = block.iter().position(|&byte| byte == b'\n');
    let (header, body) = block.split_at(end.expect("a line"));
    (std::str::from_utf8(header).expect("digits"), &body[1..])
}

/// What the board does (`onboard/agent.py`): steps behind the data lead from one interrupt character
/// to the next.
fn unescaped(body: &[u8], length: usize) -> Vec<u8> {
    let (data, steps) = body.split_at(length);
    let mut data = data.to_vec();
    let mut place = 0;
    for &step in steps {
        place += usize::from(step) - 4;
        if step < 255 {
            data[place - 1] = 3;
        }
    }
    data
}
