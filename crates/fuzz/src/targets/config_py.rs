//! `config_py`: mpremote's configuration, a program that is read as data.

use std::collections::VecDeque;

use mpwire_cli::fuzzed::aliases::{Aliases, Definition, WORDS_MOST};
use mpwire_cli::fuzzed::config_py::read;

/// The input is a `config.py`.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let found = read(text);
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = lines.matches('\n').count() + 1;
    assert!(found.ignored.iter().all(|line| (1..=lines).contains(line)));
    assert!(found.ignored.is_sorted());
    check_aliases(found.commands);
}

/// Whatever aliases stand for, a command line comes to an end.
pub fn check_aliases(definitions: Vec<(String, Definition)>) {
    let mut aliases = Aliases::built_in();
    for (signature, definition) in definitions {
        assert!(aliases.define(&signature, definition));
    }
    let names: Vec<String> = aliases.names().map(str::to_owned).collect();
    for name in names {
        let _ = aliases.first_command(&name);
        let mut rest: VecDeque<String> = [&*name, "1", "x=2", "+", "ls"].map(str::to_owned).into();
        let most = rest.len() + WORDS_MOST + "exec x=2".split(' ').count();
        let mut room = WORDS_MOST;
        let _ = aliases.expand(&mut rest, &mut room);
        assert!(rest.len() <= most, "{name}: {} words", rest.len());
    }
    for (signature, _) in aliases.rows() {
        assert!(!signature.is_empty());
    }
}
