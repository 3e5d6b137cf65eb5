//! What this computer's system says, for people.

use std::io;

/// An error of the operating system in words, without its number.
#[must_use]
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
