//! `mip_source`: what a user or a package names, and what a package there names in turn.

use mpwire::mip::source::{Location, Sites, Source, split};
use url::Url;

/// The input is what is named, and on a second line what that names.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (named, entry) = text.split_once('\n').unwrap_or((text, "src/file.py"));
    let (name, version) = split(named);
    assert!(named.starts_with(name));
    assert_eq!(
        version.map_or(name.len(), |version| name.len() + 1 + version.len()),
        named.len()
    );
    let Ok(source) = Source::parse(named) else {
        return;
    };
    assert!(!source.shown().contains(char::is_control));
    if let Source::File { name, .. } = &source {
        assert!(!name.contains('/') && name != "..", "{name:?}");
    }
    let Some(location) = source.location() else {
        return;
    };
    let Ok(found) = location.entry(entry, source.reference()) else {
        return;
    };
    let sites = Sites::default();
    let url = |location: &Location| location.url(&sites);
    match (url(location), url(&found)) {
        (Some(_), None) => panic!("what is remote names a file of this computer"),
        // Unless it names another by its scheme, it stays there, and below the repository.
        (Some(base), Some(url)) if !is_elsewhere(entry) => {
            assert_eq!(url.origin(), base.origin(), "{base} {url}");
            assert_eq!(repository(&url), repository(&base));
        }
        _ => {}
    }
}

fn is_elsewhere(entry: &str) -> bool {
    let schemes = ["http://", "https://", "github:", "gitlab:", "codeberg:"];
    schemes.iter().any(|scheme| entry.starts_with(scheme))
}

/// The owner and the repository of what is at one of the sites.
fn repository(url: &Url) -> Option<Vec<String>> {
    let front = match url.host_str()? {
        "raw.githubusercontent.com" | "gitlab.com" => 0,
        "codeberg.org" => 3,
        _ => return None,
    };
    let parts = url.path_segments()?.skip(front).take(2);
    Some(parts.map(str::to_owned).collect())
}
