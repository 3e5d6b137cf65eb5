//! `hex`: two characters a byte, for boards that have `bytes.fromhex` but no base64.

use std::fmt::Write as _;

use super::Encoder;
use crate::board::onboard;
use crate::board::program::Program;

pub struct Hex;

impl Encoder for Hex {
    fn programs(&self) -> Vec<Program> {
        vec![onboard::DECODE_HEX]
    }

    fn chunk_length(&self, rest: &[u8], limit: usize) -> usize {
        (limit / 2).clamp(1, rest.len().max(1))
    }

    fn encode(&mut self, chunk: &[u8], _last: bool) -> String {
        let mut text = String::with_capacity(chunk.len() * 2);
        for byte in chunk {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn call(&self, text: &str, _size: usize) -> String {
        format!("_mw_put(_mw_hex('{text}'))")
    }

    fn take(&self) -> Option<&'static str> {
        Some("lambda t,n:_mw_put(_mw_hex(t))")
    }
}
