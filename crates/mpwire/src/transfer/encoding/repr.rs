//! `repr`: a Python bytes literal. Every board takes it, and text costs hardly more than itself.

use mpwire_proto::literal::{quote_bytes, quoted_bytes_length};

use super::Encoder;
use crate::board::program::Program;

pub struct Repr;

impl Encoder for Repr {
    fn programs(&self) -> Vec<Program> {
        Vec::new()
    }

    fn chunk_length(&self, rest: &[u8], limit: usize) -> usize {
        // The length of a literal depends on what is in it: begin with what would fit if every
        // byte stood for itself, and shorten in proportion until it does.
        let mut length = rest.len().min(limit);
        while length > 1 {
            let literal = quoted_bytes_length(&rest[..length]);
            if literal <= limit.max(8) {
                break;
            }
            length = (length * limit / literal).min(length - 1).max(1);
        }
        length.max(1)
    }

    fn encode(&mut self, chunk: &[u8], _last: bool) -> String {
        quote_bytes(chunk)
    }

    fn call(&self, text: &str, _size: usize) -> String {
        format!("_mw_put({text})")
    }

    fn take(&self) -> Option<&'static str> {
        None
    }
}
