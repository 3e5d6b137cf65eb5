//! `board_names`: names that a board gives its files, before they are names of files here.

use std::path::{Component, Path};

use mpwire::board::fs::Entry;
use mpwire::transfer::fuzzed::{temporary_name, temporary_path};
use mpwire_cli::fuzzed::components;

/// The input is names, one a line.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let entries: Vec<Entry> = text
        .split('\n')
        .map(|name| Entry {
            name: name.to_owned(),
            is_text: true,
            is_directory: false,
            size: 0,
        })
        .collect();
    if let Ok(paths) = components(entries.iter()) {
        for path in paths {
            assert!(!path.is_empty());
            for name in path {
                // It is one name, and leads nowhere else.
                let parts: Vec<Component> = Path::new(&name).components().collect();
                assert!(
                    matches!(parts[..], [Component::Normal(part)] if part == name.as_str()),
                    "{name:?}"
                );
            }
        }
    }
    for Entry { name, .. } in &entries {
        if let Some((target, digest)) = temporary_name(name) {
            assert_eq!(digest.len(), 3);
            assert!(name.starts_with(target));
        }
        let path = temporary_path(name, &[0xa0, 1, 2, 3]);
        let (_, last) = path.rsplit_once('/').unwrap_or(("", &path));
        let (_, target) = name.rsplit_once('/').unwrap_or(("", name));
        let (found, digest) = temporary_name(last).expect("a name of ours");
        assert_eq!(digest, [0xa0, 1, 2]);
        assert!(found == target || found.is_empty() && last.len() <= 255);
    }
}
