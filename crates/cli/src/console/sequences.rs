//! What a terminal of Unix sends for a key, where the console tells keys instead of bytes.
//!
//! The REPL's line editor knows these (shared/readline/readline.c); they are xterm's.

use crossterm::event::{KeyCode, KeyModifiers};

/// The bytes for a key; none for one that says nothing to a board.
pub fn sequence(code: KeyCode, modifiers: KeyModifiers) -> Vec<u8> {
    match code {
        KeyCode::Char(character) => typed(character, modifiers),
        KeyCode::Enter => b"\r".to_vec(),
        KeyCode::Tab => b"\t".to_vec(),
        KeyCode::BackTab => b"\x1b[Z".to_vec(),
        KeyCode::Backspace => b"\x7f".to_vec(),
        KeyCode::Esc => b"\x1b".to_vec(),
        KeyCode::Up => cursor('A', modifiers),
        KeyCode::Down => cursor('B', modifiers),
        KeyCode::Right => cursor('C', modifiers),
        KeyCode::Left => cursor('D', modifiers),
        KeyCode::Home => cursor('H', modifiers),
        KeyCode::End => cursor('F', modifiers),
        KeyCode::Insert => editing('2', modifiers),
        KeyCode::Delete => editing('3', modifiers),
        KeyCode::PageUp => editing('5', modifiers),
        KeyCode::PageDown => editing('6', modifiers),
        _ => Vec::new(),
    }
}

fn typed(character: char, modifiers: KeyModifiers) -> Vec<u8> {
    let control = modifiers.contains(KeyModifiers::CONTROL);
    let alt = modifiers.contains(KeyModifiers::ALT);
    // AltGr is both together, and has made the character already.
    if control && !alt {
        return match character.to_ascii_lowercase() {
            letter @ 'a'..='z' => vec![letter as u8 & 0x1f],
            '@' | ' ' | '2' => vec![0x00],
            '[' | '3' => vec![0x1b],
            '\\' | '4' => vec![0x1c],
            ']' | '5' => vec![0x1d],
            '^' | '6' => vec![0x1e],
            '_' | '-' | '/' | '7' => vec![0x1f],
            other => other.to_string().into_bytes(),
        };
    }
    let mut bytes = Vec::new();
    if alt && !control {
        bytes.push(0x1b);
    }
    bytes.extend(character.to_string().into_bytes());
    bytes
}

fn cursor(letter: char, modifiers: KeyModifiers) -> Vec<u8> {
    match modifier(modifiers) {
        None => format!("\x1b[{letter}"),
        Some(number) => format!("\x1b[1;{number}{letter}"),
    }
    .into_bytes()
}

fn editing(number: char, modifiers: KeyModifiers) -> Vec<u8> {
    match modifier(modifiers) {
        None => format!("\x1b[{number}~"),
        Some(modifier) => format!("\x1b[{number};{modifier}~"),
    }
    .into_bytes()
}

/// xterm's number for the keys held down: one more than Shift, Alt and Control as bits.
fn modifier(modifiers: KeyModifiers) -> Option<u8> {
    let bit = |modifier, value| {
        if modifiers.contains(modifier) {
            value
        } else {
            0
        }
    };
    let bits =
        bit(KeyModifiers::SHIFT, 1) + bit(KeyModifiers::ALT, 2) + bit(KeyModifiers::CONTROL, 4);
    (bits > 0).then_some(bits + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_send_what_a_terminal_sends() {
        let plain = |code| sequence(code, KeyModifiers::NONE);
        assert_eq!(plain(KeyCode::Char('é')), "é".as_bytes());
        assert_eq!(plain(KeyCode::Enter), b"\r");
        assert_eq!(plain(KeyCode::Left), b"\x1b[D");
        assert_eq!(plain(KeyCode::Delete), b"\x1b[3~");
        assert_eq!(plain(KeyCode::CapsLock), b"");
        let held = KeyModifiers::CONTROL;
        assert_eq!(sequence(KeyCode::Char(']'), held), b"\x1d");
        assert_eq!(sequence(KeyCode::Char('X'), held), b"\x18");
        assert_eq!(sequence(KeyCode::Char('c'), held), b"\x03");
        assert_eq!(sequence(KeyCode::Left, held), b"\x1b[1;5D");
        let alt_gr = KeyModifiers::CONTROL | KeyModifiers::ALT;
        assert_eq!(sequence(KeyCode::Char('{'), alt_gr), b"{");
    }
}
