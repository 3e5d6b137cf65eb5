//! The programs mpwire runs on a board: real Python files under `onboard/`, made small when sent.

use mpwire_proto::literal::{quote, quote_bytes};

use super::shrink::shrink;
use crate::path::normal;

/// A Python file that defines one name, all that it leaves in the board's globals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Program {
    /// The name it defines.
    pub defines: &'static str,
    /// The file's text.
    source: &'static str,
}

impl Program {
    /// A program from its file.
    #[must_use]
    pub const fn new(defines: &'static str, source: &'static str) -> Self {
        Self { defines, source }
    }

    /// The text to send.
    #[must_use]
    pub fn shrunk(&self) -> String {
        shrink(self.source)
    }
}

/// An argument of a call, as a Python literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument<'a> {
    /// `None`
    None,
    /// A string.
    Text(&'a str),
    /// A path of the board, which is asked for by its normal form.
    Path(&'a str),
    /// A bytes object.
    Bytes(&'a [u8]),
    /// An integer.
    Int(i64),
    /// A name or an expression that is Python already.
    Expression(&'a str),
    /// A list of strings.
    Texts(&'a [String]),
    /// A list of paths of the board, each in its normal form.
    Paths(&'a [String]),
}

/// Writes a call of `function`.
#[must_use]
pub fn call(function: &str, arguments: &[Argument]) -> String {
    let arguments: Vec<String> = arguments.iter().map(Argument::literal).collect();
    format!("{function}({})", arguments.join(","))
}

/// Writes a statement that answers with the value of `expression`, as `mpwire_proto::answers` reads it.
#[must_use]
pub fn answer(expression: &str) -> String {
    // In the quotes of the on-board programs: what is alike is compressed.
    format!("print(\"\\2%s\\3\"%({expression},))")
}

impl Argument<'_> {
    /// The literal.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Text(text) => quote(text),
            Self::Path(path) => quote(&normal(path)),
            Self::Bytes(bytes) => quote_bytes(bytes),
            Self::Int(value) => value.to_string(),
            Self::Expression(expression) => (*expression).to_owned(),
            Self::Texts(texts) => list(texts.iter().map(|text| quote(text))),
            Self::Paths(paths) => list(paths.iter().map(|path| quote(&normal(path)))),
        }
    }
}

fn list(literals: impl Iterator<Item = String>) -> String {
    format!("[{}]", literals.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_literals() {
        let names = ["a'b".to_owned(), "c".to_owned()];
        assert_eq!(
            call(
                "f",
                &[
                    Argument::Text("x\n"),
                    Argument::Int(-1),
                    Argument::Bytes(&[0]),
                    Argument::Texts(&names),
                    Argument::None,
                    Argument::Path("./rom//a/"),
                ]
            ),
            r#"f('x\n',-1,b'\0',["a'b",'c'],None,'rom/a')"#
        );
    }
}
