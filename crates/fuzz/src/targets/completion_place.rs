//! `completion_place`: where in the chain of commands the cursor is.

use mpwire_cli::fuzzed::{Config, line, position};

/// The input is a line without the program's name.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    // A chain is followed command by command; a longer one takes time and finds nothing new.
    let text: String = text.chars().take(200).collect();
    let words = line::read(&text, "").before;
    let found = position::find(&Config::default(), &words);
    if let position::Place::Value(value) = found.place {
        let mut arguments = value.command.get_arguments();
        assert!(arguments.any(|argument| argument.get_id() == value.argument.as_str()));
    }
}
