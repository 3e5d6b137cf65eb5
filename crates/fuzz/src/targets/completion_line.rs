//! `completion_line`: a command line that is still being typed.

use mpwire_cli::fuzzed::line::{Quote, quoted, read};

/// What bash has.
const BREAKS: &str = " \t\n\"'><=;|&(:";

/// The input is a line.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let line = read(text, BREAKS);
    // What the shell keeps is whole characters of the word.
    assert!(line.current.is_char_boundary(line.kept));
    let words: usize = line.before.iter().map(String::len).sum();
    assert!(words + line.current.len() <= text.len());
    // What is inserted is read back as it was.
    if text.is_empty() || text.contains(char::is_control) {
        return;
    }
    for (quote, mark) in [
        (Quote::None, ""),
        (Quote::Single, "'"),
        (Quote::Double, "\""),
    ] {
        let line = format!("mpwire ls {mark}{}", quoted(text, quote));
        let read = read(&line, BREAKS);
        assert_eq!(read.before, ["mpwire", "ls"], "{line}");
        assert_eq!(read.current, text, "{line}");
    }
}
