//! What the user, or a package, names: a package of the index, a `package.json`, or one file.

use std::path::Path;

use url::Url;

/// The longest name or version that a package of the index can have.
const NAME_MOST: usize = 128;

/// A place where many repositories are, whose files are named `SITE:OWNER/REPOSITORY/PATH@REFERENCE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Site {
    /// `github:`
    GitHub,
    /// `gitlab:`
    GitLab,
    /// `codeberg:`
    Codeberg,
}

impl Site {
    const ALL: [Self; 3] = [Self::GitHub, Self::GitLab, Self::Codeberg];

    /// What stands in front of a path there.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::GitHub => "github:",
            Self::GitLab => "gitlab:",
            Self::Codeberg => "codeberg:",
        }
    }
}

/// Where the sites are; mirrors may stand in for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sites {
    /// What serves `OWNER/REPOSITORY/REFERENCE/PATH`.
    pub github: Url,
    /// What serves `OWNER/REPOSITORY/-/raw/REFERENCE/PATH`.
    pub gitlab: Url,
    /// What serves `api/v1/repos/OWNER/REPOSITORY/raw/PATH?ref=REFERENCE`.
    pub codeberg: Url,
}

impl Default for Sites {
    fn default() -> Self {
        let known = |text: &str| Url::parse(text).expect("a constant of this program");
        Self {
            github: known("https://raw.githubusercontent.com"),
            gitlab: known("https://gitlab.com"),
            codeberg: known("https://codeberg.org"),
        }
    }
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hosted {
    site: Site,
    owner: String,
    repository: String,
    path: Vec<String>,
    /// Branch, tag or commit; the default branch if that is none.
    reference: Option<String>,
}

/// Where something can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// By http or https.
    Web(Url),
    /// From a repository.
    Hosted(Hosted),
    /// From this computer.
    Local(String),
}

/// What is to be installed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// A package of the index.
    Named {
        /// Its name.
        name: String,
        /// Its version, `latest` unless one was asked for.
        version: String,
    },
    /// A `package.json` and what it lists.
    Package {
        /// Where it is.
        location: Location,
        /// How it was named.
        shown: String,
        /// The branch, tag or commit asked for.
        reference: Option<String>,
    },
    /// A file by itself.
    File {
        /// Where it is.
        location: Location,
        /// How it was named.
        shown: String,
        /// Its name.
        name: String,
    },
}

impl Source {
    /// Reads what a user typed: a name and perhaps `@` and a version. Errors are sentences.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, version) = split(text);
        Self::of(name, version)
    }

    /// Reads a name that stands apart from its version.
    pub fn of(text: &str, version: Option<&str>) -> Result<Self, String> {
        let version = version.filter(|version| !version.is_empty());
        if let Some(control) = text
            .chars()
            .chain(version.unwrap_or("").chars())
            .find(|c| c.is_control())
        {
            return Err(format!("it holds the control character {control:?}"));
        }
        if text.contains("://") || Site::of(text).is_some() {
            return Self::remote(text, version);
        }
        if kind(text) != Kind::Folder {
            return Self::local(text, version);
        }
        let version = version.unwrap_or("latest");
        if !is_index_word(text) || !is_index_word(version) {
            return Err(
                "it is not the name of a package with a version, URL, github:OWNER/REPOSITORY or path of a package.json, .py or .mpy file"
                    .to_owned(),
            );
        }
        Ok(Self::Named {
            name: text.to_owned(),
            version: version.to_owned(),
        })
    }

    fn remote(text: &str, version: Option<&str>) -> Result<Self, String> {
        let reference = version.map(str::to_owned);
        let mut location =
            Location::parse(text, version)?.ok_or_else(|| "it names no host".to_owned())?;
        let name = location.name();
        if kind(&name) == Kind::File {
            return Ok(Self::File {
                location,
                shown: text.to_owned(),
                name,
            });
        }
        let mut shown = text.to_owned();
        if kind(&name) == Kind::Folder {
            location.push("package.json");
            if !shown.ends_with('/') {
                shown.push('/');
            }
            shown.push_str("package.json");
        }
        Ok(Self::Package {
            location,
            shown,
            reference,
        })
    }

    fn local(text: &str, version: Option<&str>) -> Result<Self, String> {
        let location = Location::Local(text.to_owned());
        if kind(text) == Kind::Package {
            return Ok(Self::Package {
                location,
                shown: text.to_owned(),
                reference: version.map(str::to_owned),
            });
        }
        let name = Path::new(text)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .ok_or_else(|| "it has no name".to_owned())?;
        Ok(Self::File {
            location,
            shown: text.to_owned(),
            name,
        })
    }

    /// Where it is, if that is in its name.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Named { .. } => None,
            Self::Package { location, .. } | Self::File { location, .. } => Some(location),
        }
    }

    /// The branch, tag or commit for what it lists.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::Named { version, .. } => Some(&**version).filter(|version| *version != "latest"),
            Self::Package { reference, .. } => reference.as_deref(),
            Self::File { .. } => None,
        }
    }

    /// How it was named.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Named { name, .. } => name,
            Self::Package { shown, .. } | Self::File { shown, .. } => shown,
        }
    }
}

impl Site {
    fn of(text: &str) -> Option<(Self, &str)> {
        Self::ALL
            .into_iter()
            .find_map(|site| Some((site, text.strip_prefix(site.prefix())?)))
    }
}

impl Location {
    /// Reads a URL or a path of a site; `None` if it is neither.
    fn parse(text: &str, reference: Option<&str>) -> Result<Option<Self>, String> {
        if let Some((site, path)) = Site::of(text) {
            return Hosted::parse(site, path, reference).map(|hosted| Some(Self::Hosted(hosted)));
        }
        if is_web(text) {
            let url = Url::parse(text).map_err(|error| error.to_string())?;
            return Ok(Some(Self::Web(url)));
        }
        match text.split_once("://") {
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err(format!("{scheme}: is not supported; https: is"))
            }
            _ => Ok(None),
        }
    }

    /// What a `package.json` at this location calls `url`: a URL, a path of a site, or a path from
    /// its own folder.
    pub fn entry(&self, url: &str, reference: Option<&str>) -> Result<Self, String> {
        if url.chars().any(char::is_control) {
            return Err("it holds a control character".to_owned());
        }
        if let Some(location) = Self::parse(url, reference)? {
            return Ok(location);
        }
        if url.is_empty() {
            return Err("it is empty".to_owned());
        }
        match self {
            Self::Web(base) => {
                // As a path of the folder, whatever it looks like: `//host`, `/path`, `a:b`.
                let joined = base.join(&format!("./{}", url.trim_start_matches('/')));
                let mut joined = joined.map_err(|error| error.to_string())?;
                joined.set_fragment(None);
                Ok(Self::Web(joined))
            }
            Self::Hosted(hosted) => hosted.entry(url).map(Self::Hosted),
            Self::Local(_) if url.contains('\\') => {
                Err("\"/\" stands between the parts of a path, not \"\\\"".to_owned())
            }
            Self::Local(path) => Ok(Self::Local(match Path::new(path).parent() {
                Some(folder) if folder != Path::new("") => {
                    format!("{}/{url}", folder.to_string_lossy())
                }
                _ => url.to_owned(),
            })),
        }
    }

    /// The last part of its path.
    fn name(&self) -> String {
        match self {
            Self::Web(url) => {
                let last = url.path_segments().and_then(|mut parts| parts.next_back());
                last.unwrap_or_default().to_owned()
            }
            Self::Hosted(hosted) => hosted.path.last().cloned().unwrap_or_default(),
            Self::Local(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    /// Goes to a file of the folder that this is.
    fn push(&mut self, name: &str) {
        match self {
            Self::Web(url) => {
                // A URL of http or https has a path.
                if let Ok(mut parts) = url.path_segments_mut() {
                    parts.pop_if_empty().push(name);
                }
            }
            Self::Hosted(hosted) => hosted.path.push(name.to_owned()),
            Self::Local(path) => *path = format!("{path}/{name}"),
        }
    }

    /// The URL, unless it is a file of this computer.
    #[must_use]
    pub fn url(&self, sites: &Sites) -> Option<Url> {
        match self {
            Self::Web(url) => Some(url.clone()),
            Self::Hosted(hosted) => Some(hosted.url(sites)),
            Self::Local(_) => None,
        }
    }
}

impl Hosted {
    fn parse(site: Site, text: &str, reference: Option<&str>) -> Result<Self, String> {
        let mut parts = text.split('/');
        let (owner, repository) = (parts.next(), parts.next());
        let (Some(owner), Some(repository)) = (owner, repository) else {
            return Err(format!("{}OWNER/REPOSITORY was expected", site.prefix()));
        };
        for part in [owner, repository] {
            if matches!(part, "" | "." | "..") {
                return Err(format!("{}OWNER/REPOSITORY was expected", site.prefix()));
            }
        }
        let is_odd = |part: &str| matches!(part, "" | "." | "..");
        if reference.is_some_and(|reference| reference.split('/').any(is_odd)) {
            return Err("a branch, tag or commit was expected behind @".to_owned());
        }
        let hosted = Self {
            site,
            owner: owner.to_owned(),
            repository: repository.to_owned(),
            path: Vec::new(),
            reference: reference.map(str::to_owned),
        };
        hosted.join(parts)
    }

    /// Goes on from here by the parts of a path, which cannot leave the repository.
    fn join<'a>(mut self, parts: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        for part in parts {
            match part {
                "" | "." => {}
                ".." => {
                    self.path.pop().ok_or("it leaves the repository")?;
                }
                part => self.path.push(part.to_owned()),
            }
        }
        Ok(self)
    }

    fn entry(&self, path: &str) -> Result<Self, String> {
        let mut folder = self.clone();
        folder.path.pop();
        folder.join(path.split('/'))
    }

    fn url(&self, sites: &Sites) -> Url {
        let reference = self.reference.as_deref().unwrap_or("HEAD");
        let (owner, repository) = (self.owner.as_str(), self.repository.as_str());
        let path = self.path.iter().map(String::as_str);
        match self.site {
            Site::GitHub => extend(
                &sites.github,
                [owner, repository]
                    .into_iter()
                    .chain(reference.split('/'))
                    .chain(path),
            ),
            Site::GitLab => extend(
                &sites.gitlab,
                [owner, repository, "-", "raw"]
                    .into_iter()
                    .chain(reference.split('/'))
                    .chain(path),
            ),
            Site::Codeberg => {
                let start = ["api", "v1", "repos", owner, repository, "raw"];
                let mut url = extend(&sites.codeberg, start.into_iter().chain(path));
                url.query_pairs_mut().append_pair("ref", reference);
                url
            }
        }
    }
}

/// `base` with more parts behind its path.
pub(super) fn extend<'a>(base: &Url, parts: impl Iterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // A URL of http or https has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// What a name is by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Package,
    File,
    Folder,
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "mpremote and the boards' import know lower case only"
)]
fn kind(name: &str) -> Kind {
    if name.ends_with(".json") {
        Kind::Package
    } else if name.ends_with(".py") || name.ends_with(".mpy") {
        Kind::File
    } else {
        Kind::Folder
    }
}

/// Parts what a user typed into a name and, behind `@`, a version.
#[must_use]
pub fn split(text: &str) -> (&str, Option<&str>) {
    let at = if is_web(text) {
        // One further in front belongs to a host or a folder.
        let last = text.rfind('@').filter(|&at| !text[at..].contains('/'));
        last.filter(|&at| text[..at].matches('/').count() > 2)
    } else if Site::of(text).is_none() && kind(text) != Kind::Folder {
        // It belongs to a file of this computer.
        None
    } else {
        text.find('@')
    };
    match at {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    }
}

/// Reads what stands in front of paths: a URL of http or https.
pub fn base(text: &str) -> Result<Url, String> {
    if !is_web(text) {
        return Err("a URL beginning with https:// was expected".to_owned());
    }
    Url::parse(text).map_err(|error| error.to_string())
}

pub(super) fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Whether it can be a name or a version in the index.
fn is_index_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    (1..=NAME_MOST).contains(&text.len())
        && text.bytes().all(is_plain)
        && text.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn anything_can_be_named_and_no_entry_leaves_its_host(
            package in "(github:|codeberg:|https?://|[a-z@./:?#%\\\\é]){0,10}",
            url in "(\\.\\./|//|[a-z@./:?#%\\\\é]){0,10}",
        ) {
            let Ok(source) = Source::parse(&package) else {
                return Ok(());
            };
            let Some(location) = source.location() else {
                return Ok(());
            };
            let sites = Sites::default();
            if let Ok(entry) = location.entry(&url, source.reference())
                && Location::parse(&url, None) == Ok(None)
            {
                let origin = |location: &Location| location.url(&sites).map(|url| url.origin());
                prop_assert_eq!(origin(&entry), origin(location));
            }
        }
    }

    fn url(text: &str) -> String {
        let source = Source::parse(text).unwrap();
        let url = source.location().unwrap().url(&Sites::default());
        url.unwrap().into()
    }

    #[test]
    fn names_and_versions_are_of_the_index() {
        let named = |name: &str, version: &str| {
            Ok(Source::Named {
                name: name.into(),
                version: version.into(),
            })
        };
        assert_eq!(Source::parse("aiohttp"), named("aiohttp", "latest"));
        assert_eq!(
            Source::parse("unittest-discover@0.1"),
            named("unittest-discover", "0.1")
        );
        assert_eq!(Source::parse("ssl@"), named("ssl", "latest"));
        for text in [
            "", "..", "a/b", "../a", "a b", "a@b@c", "a\nb", "a?b", "a%2fb", "./folder",
        ] {
            assert!(Source::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sites_become_their_urls() {
        assert_eq!(
            url("github:org/repo"),
            "https://raw.githubusercontent.com/org/repo/HEAD/package.json"
        );
        assert_eq!(
            url("github:org/repo/sub/x.py@feature/y"),
            "https://raw.githubusercontent.com/org/repo/feature/y/sub/x.py"
        );
        assert_eq!(
            url("gitlab:org/repo/sub/@v1"),
            "https://gitlab.com/org/repo/-/raw/v1/sub/package.json"
        );
        assert_eq!(
            url("codeberg:org/repo/package.json@a&b"),
            "https://codeberg.org/api/v1/repos/org/repo/raw/package.json?ref=a%26b"
        );
        // A repository may be named like a file.
        assert_eq!(
            url("github:org/umqtt.py"),
            "https://raw.githubusercontent.com/org/umqtt.py/HEAD/package.json"
        );
        for text in [
            "github:",
            "github:org",
            "github:org/",
            "github:../repo",
            "github:o/r/../../x",
            "github:o/r@a/../b",
        ] {
            assert!(Source::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn urls_are_of_folders_or_files() {
        assert_eq!(url("https://host/pkg"), "https://host/pkg/package.json");
        assert_eq!(url("https://host/pkg/"), "https://host/pkg/package.json");
        assert_eq!(url("https://host"), "https://host/package.json");
        assert_eq!(url("https://host/pkg@v1"), "https://host/pkg/package.json");
        assert_eq!(url("https://u:p@host/x.mpy"), "https://u:p@host/x.mpy");
        assert_eq!(url("https://host/@a/x.py"), "https://host/@a/x.py");
        for text in ["https://", "ftp://host/x.py", "file:///x/package.json"] {
            assert!(Source::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn entries_are_relative_to_their_package() {
        let entry = |base: &str, url: &str| {
            let source = Source::parse(base).unwrap();
            let location = source.location().unwrap().entry(url, source.reference())?;
            Ok::<String, String>(location.url(&Sites::default()).unwrap().into())
        };
        let web = "https://host/a/b/package.json";
        assert_eq!(entry(web, "x.py").unwrap(), "https://host/a/b/x.py");
        assert_eq!(entry(web, "../x.py").unwrap(), "https://host/a/x.py");
        assert_eq!(
            entry(web, "//evil/x.py").unwrap(),
            "https://host/a/b/evil/x.py"
        );
        assert_eq!(
            entry(web, "c d.py?e=1").unwrap(),
            "https://host/a/b/c%20d.py?e=1"
        );
        assert_eq!(
            entry(web, "github:o/r/x.py").unwrap(),
            "https://raw.githubusercontent.com/o/r/HEAD/x.py"
        );
        let hosted = "codeberg:o/r/sub@v2";
        assert_eq!(
            entry(hosted, "../x.py").unwrap(),
            "https://codeberg.org/api/v1/repos/o/r/raw/x.py?ref=v2"
        );
        assert!(entry(hosted, "../../x.py").is_err());
        for url in ["file:///etc/passwd", "ftp://host/x", "", "a\nb"] {
            assert!(entry(web, url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn local_entries_lie_beside_their_package() {
        let entry = |base: &str, url: &str| Location::Local(base.into()).entry(url, None);
        assert_eq!(
            entry("package.json", "x.py"),
            Ok(Location::Local("x.py".into()))
        );
        assert_eq!(
            entry("a/package.json", "b/x.py"),
            Ok(Location::Local("a/b/x.py".into()))
        );
        assert!(entry("package.json", "b\\x.py").is_err());
    }
}
