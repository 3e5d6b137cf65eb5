//! `config_toml`: mpwire's own configuration.

use mpwire_cli::fuzzed::config_toml::read;

use super::config_py::check_aliases;

/// The input is a `config.toml`.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let lines = text.matches('\n').count() + 1;
    match read(text, &|name| name == "cp" || name == "run") {
        Ok(found) => {
            assert!(
                found
                    .unknown
                    .iter()
                    .all(|(line, _)| (1..=lines).contains(line))
            );
            assert!(found.unknown.is_sorted());
            let options = found.options.values().filter_map(|words| words.first());
            assert!(options.clone().all(|word| word.starts_with('-')));
            check_aliases(found.aliases);
        }
        Err(problem) => {
            assert!((1..=lines).contains(&problem.line), "{problem:?}");
            let line = text.split('\n').nth(problem.line - 1).unwrap_or_default();
            assert!((1..=line.chars().count() + 1).contains(&problem.column));
            assert!(!problem.message.contains('\n'));
        }
    }
}
