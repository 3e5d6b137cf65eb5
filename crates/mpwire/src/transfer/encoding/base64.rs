//! `base64`: four characters for three bytes, decoded in C by nearly every board.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Encoder;
use crate::board::onboard;
use crate::board::program::Program;

pub struct Base64;

impl Encoder for Base64 {
    fn programs(&self) -> Vec<Program> {
        vec![onboard::DECODE_BASE64]
    }

    fn chunk_length(&self, rest: &[u8], limit: usize) -> usize {
        // Whole groups of three leave no padding inside of a file.
        (limit / 4 * 3)
            .clamp(3, rest.len().max(3))
            .min(rest.len().max(1))
    }

    fn encode(&mut self, chunk: &[u8], _last: bool) -> String {
        STANDARD.encode(chunk)
    }

    fn call(&self, text: &str, _size: usize) -> String {
        format!("_mw_put(_mw_base64('{text}'))")
    }

    fn take(&self) -> Option<&'static str> {
        Some("lambda t,n:_mw_put(_mw_base64(t))")
    }
}
