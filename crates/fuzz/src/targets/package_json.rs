//! `package_json`: what a package says that it consists of.

use mpwire::mip::package::Manifest;
use mpwire::mip::place::{PATH_MOST, absolute, confined};

/// The input is a `package.json`.
pub fn run(input: &[u8]) {
    let manifest = match Manifest::parse(input) {
        Ok(manifest) => manifest,
        Err(sentence) => {
            assert!(!sentence.is_empty() && sentence.len() < 1024);
            return;
        }
    };
    for (_, hash) in &manifest.hashes {
        assert!((8..=64).contains(&hash.len()));
        assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    for (path, _) in manifest.hashes.iter().chain(&manifest.urls) {
        if let Ok(place) = confined(path) {
            assert!(place.len() <= PATH_MOST);
            assert!(!place.contains(char::is_control));
            assert_eq!(absolute(&place, "/lib"), format!("/lib/{place}"));
            assert_eq!(confined(&place).as_deref(), Ok(&*place));
        }
    }
}
