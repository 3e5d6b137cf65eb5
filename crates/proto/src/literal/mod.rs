//! Python literals: what a board prints, and what it will compile.
//!
//! [`parse`] reads the `repr` of results; it is our own so that its depth and size are bounded
//! whatever a board sends. [`parse_source`] reads what people write in programs. [`quote`] and
//! [`quote_bytes`] write literals that every MicroPython lexer (`py/lexer.c`) reads back to the same
//! value, in as few bytes as the escapes allow.

mod parse;
mod write;

pub use parse::{ParseError, parse, parse_source, skip_source_space};
pub use write::{quote, quote_bytes, quoted_bytes_length};

/// A value a board printed.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer; anything outside of i64 is refused.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string. Bytes that are not UTF-8 became U+FFFD.
    Str(String),
    /// A string with lone surrogates, such as Python makes of a file's name that is not UTF-8. No text
    /// has them: they are as boards print them, `\udcff`, and a backslash is `\\`. It can be shown, but
    /// is not what the board has.
    Surrogates(String),
    /// `bytes` or `bytearray`
    Bytes(Vec<u8>),
    /// A tuple
    Tuple(Vec<Value>),
    /// A list
    List(Vec<Value>),
    /// A dictionary, in the order printed.
    Dict(Vec<(Value, Value)>),
}

impl Value {
    /// The integer, if it is one (a `bool` is not).
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer as a size or count, if it is one and not negative.
    #[must_use]
    pub fn as_size(&self) -> Option<u64> {
        self.as_int().and_then(|value| u64::try_from(value).ok())
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(value) => Some(value),
            _ => None,
        }
    }

    /// The string as it can be shown, if it is one, with lone surrogates or without.
    #[must_use]
    pub fn as_shown(&self) -> Option<&str> {
        match self {
            Self::Str(value) | Self::Surrogates(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes, if it is a bytes object.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(value) => Some(value),
            _ => None,
        }
    }

    /// The items, if it is a tuple or a list.
    #[must_use]
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Self::Tuple(items) | Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Whether Python would call it true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Str(value) | Self::Surrogates(value) => !value.is_empty(),
            Self::Bytes(value) => !value.is_empty(),
            Self::Tuple(items) | Self::List(items) => !items.is_empty(),
            Self::Dict(items) => !items.is_empty(),
        }
    }
}
