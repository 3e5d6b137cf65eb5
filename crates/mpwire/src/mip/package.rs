//! `package.json`: what a package consists of, whoever wrote it.

use serde_json::Value;

/// Files and dependencies that one package may list.
const ENTRIES_MOST: usize = 4096;
/// Hexadecimal digits of the shortest hash that tells anything.
const HASH_LEAST: usize = 8;

/// What a `package.json` lists. Fields that are not known are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// Files of the index: path below the target, and the beginning of their SHA-256 in hexadecimal
    /// digits.
    pub hashes: Vec<(String, String)>,
    /// Other files: path below the target, and URL.
    pub urls: Vec<(String, String)>,
    /// Packages that this one needs: name, and version if that matters.
    pub dependencies: Vec<(String, Option<String>)>,
}

impl Manifest {
    /// Reads a `package.json`. Errors are sentences that name the place in it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let Value::Object(fields) = value else {
            return Err("an object was expected".to_owned());
        };
        let pairs = |name: &str| pairs(name, fields.get(name));
        let mut manifest = Self::default();
        for (place, path, hash) in pairs("hashes")? {
            let hash = string(&format!("{place}[1]"), hash)?;
            let is_hash = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_hash || !(HASH_LEAST..=64).contains(&hash.len()) {
                return Err(format!(
                    "{place}[1]: 8 to 64 hexadecimal digits were expected, not {}",
                    excerpt(hash)
                ));
            }
            manifest.hashes.push((path, hash.to_owned()));
        }
        for (place, path, url) in pairs("urls")? {
            let url = string(&format!("{place}[1]"), url)?;
            manifest.urls.push((path, url.to_owned()));
        }
        for (place, name, version) in pairs("deps")? {
            let version = match version {
                Value::Null => None,
                other => Some(string(&format!("{place}[1]"), other)?.to_owned()),
            };
            manifest.dependencies.push((name, version));
        }
        Ok(manifest)
    }
}

/// The pairs of a list, whose first is a string: the place of each, that string, and the other.
fn pairs<'a>(
    name: &str,
    list: Option<&'a Value>,
) -> Result<Vec<(String, String, &'a Value)>, String> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let list = list
        .as_array()
        .ok_or_else(|| format!("{name}: a list was expected, not {}", kind(list)))?;
    if list.len() > ENTRIES_MOST {
        return Err(format!("{name}: more than {ENTRIES_MOST} entries"));
    }
    let mut pairs = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let place = format!("{name}[{index}]");
        let Some([first, second]) = item.as_array().map(Vec::as_slice) else {
            return Err(format!("{place}: a list of two strings was expected"));
        };
        let first = string(&format!("{place}[0]"), first)?.to_owned();
        pairs.push((place, first, second));
    }
    Ok(pairs)
}

fn string<'a>(place: &str, value: &'a Value) -> Result<&'a str, String> {
    value
        .as_str()
        .ok_or_else(|| format!("{place}: a string was expected, not {}", kind(value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The beginning of a text that may be anything, fit for a message.
pub(super) fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(80).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{start:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nonsense_is_refused_in_peace(
            text in r#"(\{|\}|\[|\]|,|:|"hashes"|"urls"|"deps"|"é"|1e9|null|\\u00){0,20}"#,
        ) {
            let _ = Manifest::parse(text.as_bytes());
        }
    }

    #[test]
    fn what_is_listed_is_read_and_the_rest_ignored() {
        let manifest = Manifest::parse(
            br#"{"v": 1, "hashes": [["a.mpy", "0123abcd"]], "urls": [["b.py", "src/b.py"]],
                "deps": [["c", "latest"], ["d", null]], "version": 3, "more": {}}"#,
        );
        let manifest = manifest.unwrap();
        assert_eq!(manifest.hashes, [("a.mpy".into(), "0123abcd".into())]);
        assert_eq!(manifest.urls, [("b.py".into(), "src/b.py".into())]);
        assert_eq!(
            manifest.dependencies,
            [("c".into(), Some("latest".into())), ("d".into(), None)]
        );
        assert_eq!(Manifest::parse(b"\xef\xbb\xbf{}"), Ok(Manifest::default()));
    }

    #[test]
    fn wrong_shapes_are_refused_and_their_place_is_told() {
        let refused = |text: &str, reason: &str| {
            let error = Manifest::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        };
        refused("[]", "an object was expected");
        refused("{", "EOF");
        refused(
            r#"{"urls": {}}"#,
            "urls: a list was expected, not an object",
        );
        refused(r#"{"urls": null}"#, "urls: a list was expected, not null");
        refused(r#"{"urls": ["ab"]}"#, "urls[0]: a list of two strings");
        refused(
            r#"{"urls": [["a", "b"], ["a"]]}"#,
            "urls[1]: a list of two strings",
        );
        refused(
            r#"{"urls": [[1, "b"]]}"#,
            "urls[0][0]: a string was expected, not a number",
        );
        refused(r#"{"hashes": [["a", 12345678]]}"#, "hashes[0][1]: a string");
        refused(
            r#"{"hashes": [["a", ""]]}"#,
            "hashes[0][1]: 8 to 64 hexadecimal digits",
        );
        refused(
            r#"{"hashes": [["a", "../../xx"]]}"#,
            "hashes[0][1]: 8 to 64 hexadecimal digits",
        );
        refused(
            r#"{"deps": [["a", 1]]}"#,
            "deps[0][1]: a string was expected",
        );
        refused(&("[".repeat(100_000)), "recursion limit");
    }
}
