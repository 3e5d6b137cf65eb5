//! `raw_paste`: the credits that pace a program.

use mpwire_proto::raw_paste::{Paste, Signal};

/// The first byte is an eighth of the program's length, and the others are what the board sends.
pub fn run(input: &[u8]) {
    let Some((&length, said)) = input.split_first() else {
        return;
    };
    let program: Vec<u8> = (0..=255).cycle().take(8 * usize::from(length)).collect();
    let mut paste = Paste::new(program.clone(), None);
    let (mut sent, mut allowed) = (Vec::new(), 0);
    let window = match *said {
        [low, high, ..] => usize::from(u16::from_le_bytes([low, high])),
        _ => 0,
    };
    for (index, &byte) in said.iter().enumerate() {
        let signal = paste.handle_byte(byte);
        let expected = match (index, byte) {
            (0 | 1, _) | (_, 0x01) => Signal::Continue,
            (_, 0x04) => Signal::Abort,
            (_, other) => Signal::Stray(other),
        };
        assert_eq!(signal, expected);
        if index == 1 || index > 1 && byte == 0x01 {
            allowed += window;
        }
        while let Some(bytes) = paste.poll_transmit() {
            assert!(!bytes.is_empty());
            sent.extend_from_slice(bytes);
        }
        // All that is allowed is sent, in order, and no byte more.
        assert_eq!(sent, program[..allowed.min(program.len())]);
        assert_eq!(
            paste.is_sent(),
            index > 0 && sent.len() == program.len(),
            "it is sent when the board has said how much it takes"
        );
    }
}
