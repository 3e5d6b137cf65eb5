//! Shell completion: `mpwire __complete` answers what may stand at the cursor.
//!
//! The shells' scripts are thin: they hand over the line and show what comes back, one candidate a
//! line with what it is for behind a tab. `line` reads words as a shell does, `position` follows the
//! chain of commands to the cursor with the parser's own definitions, `candidates` are what fits
//! there, and `board` lists directories of a board without disturbing what runs on it.

mod board;
mod candidates;
pub mod line;
pub mod position;

use crate::config::Config;
use crate::error::Error;
use crate::report;
use line::Quote;

/// The word behind which scripts ask; no command, so that no list shows it.
pub const COMMAND: &str = "__complete";

/// The shells, and the scripts that make them ask.
pub const SCRIPTS: [(&str, &str); 4] = [
    ("bash", include_str!("scripts/mpwire.bash")),
    ("fish", include_str!("scripts/mpwire.fish")),
    ("powershell", include_str!("scripts/mpwire.ps1")),
    ("zsh", include_str!("scripts/mpwire.zsh")),
];

/// Prints the candidates: `bash LINE BREAKS`, or `SHELL -- WORD… CURRENT`.
///
/// Wrong questions have no answer: a shell that waits for one must not be shown errors.
pub fn run(config: &Config, words: &[String]) -> Result<(), Error> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer = match words[..] {
        ["bash", line, breaks] => for_bash(config, line, breaks),
        [shell, "--", ref before @ .., current] => {
            let before: Vec<String> = before.iter().map(|&word| word.to_owned()).collect();
            for_others(config, &before, &unquoted(shell, current))
        }
        _ => String::new(),
    };
    report::bytes(answer.as_bytes())
}

/// The word at the cursor: zsh hands it over as it is, others with its quotes.
fn unquoted(shell: &str, word: &str) -> String {
    match shell {
        "fish" => line::read(word, "").current,
        "powershell" => {
            let word = word.strip_prefix('=').unwrap_or(word);
            word.trim_start_matches(['\'', '"']).to_owned()
        }
        _ => word.to_owned(),
    }
}

fn for_others(config: &Config, before: &[String], current: &str) -> String {
    let lines = candidates::of(config, before, current)
        .into_iter()
        .map(|candidate| {
            let about = candidate.about.map(|about| format!("\t{about}"));
            format!("{}{}\n", candidate.text, about.unwrap_or_default())
        });
    lines.collect()
}

/// bash inserts what it gets as it is: quoted, without what is left in place, and with the blank
/// that ends a word.
fn for_bash(config: &Config, typed: &str, breaks: &str) -> String {
    let line = line::read(typed, breaks);
    let before = line.before.get(1..).unwrap_or_default();
    let lines = candidates::of(config, before, &line.current)
        .into_iter()
        .filter_map(|candidate| {
            let end = if candidate.is_open() || line.quote != Quote::None {
                ""
            } else {
                " "
            };
            let rest = candidate.text.get(line.kept..)?;
            Some(format!("{}{end}\n", line::quoted(rest, line.quote)))
        });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_gets_what_it_inserts() {
        let breaks = " \t\n\"'><=;|&(:";
        let for_bash = |line, breaks| for_bash(&Config::default(), line, breaks);
        assert_eq!(for_bash("mpwire disc", breaks), "disconnect \n");
        assert_eq!(for_bash("mpwire cp --encoding=h", breaks), "hex \n");
        assert_eq!(for_bash("mpwire 'disc", breaks), "disconnect\n");
        assert_eq!(for_bash("mpwire romfs --enc", breaks), "--encoding \n");
    }

    #[test]
    fn other_shells_get_words_and_what_they_are_for() {
        let all = for_others(&Config::default(), &[], "disc");
        assert_eq!(all, "disconnect\tDisconnect the current device\n");
        assert_eq!(unquoted("fish", r"my\ f"), "my f");
        assert_eq!(unquoted("powershell", "='my f"), "my f");
    }
}
