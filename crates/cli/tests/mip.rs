//! Packages, from servers in this process: those that genuine mpremote installs too, on equal boards,
//! and those that nobody should.

#[path = "support/http.rs"]
mod http;
mod support;

use std::fs;

use http::{Answer, Server};
use rustix::process::Signal;
use support::{Outcome, Running, TestBoard, hex_digest, mpremote, mpwire};

/// What genuine mpremote says when something fails on the way; mpwire has written nothing then.
const PARTIALLY: &str = "Package may be partially installed\n";

/// Whoever runs the tests may be behind a proxy; the servers are not.
const DIRECT: [(&str, &str); 2] = [
    ("NO_PROXY", "127.0.0.1,localhost"),
    ("no_proxy", "127.0.0.1,localhost"),
];

/// Two equal boards, for genuine mpremote and for mpwire.
struct Pair {
    theirs: TestBoard,
    ours: TestBoard,
    environment: Vec<(String, String)>,
}

impl Pair {
    fn start() -> Self {
        Self {
            theirs: TestBoard::start(),
            ours: TestBoard::start(),
            environment: Vec::new(),
        }
    }

    /// Writes a file into both folders.
    fn write(&self, name: &str, data: &str) {
        for board in [&self.theirs, &self.ours] {
            let path = board.work().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, data).expect("writable");
        }
    }

    /// Gives a line to both programs: they must print the same and end the same. Returns what mpwire
    /// did.
    fn same(&self, arguments: &[&str]) -> Outcome {
        let environment: Vec<(&str, &str)> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(DIRECT)
            .collect();
        let theirs = self.theirs.start_with(&mpremote(), arguments, &environment);
        let ours = self.ours.start_with(&mpwire(), arguments, &environment);
        let (theirs, ours) = (theirs.finish(), ours.finish());
        let expected = theirs.text().replace(PARTIALLY, "");
        assert_eq!(
            (ours.text(), ours.code),
            (expected, theirs.code),
            "{arguments:?}\n  mpremote {theirs}\n  mpwire   {ours}"
        );
        ours
    }

    /// What is on both boards in the end must be the same.
    fn end(&self) {
        assert_eq!(self.ours.tree(), self.theirs.tree());
    }

    /// The same, and all is well.
    fn installs(&self, arguments: &[&str]) {
        let outcome = self.same(arguments);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert!(outcome.text().ends_with("Done\n"), "{outcome}");
    }

    /// The same, and all is not well.
    fn fails(&self, arguments: &[&str], reason: &str) {
        let outcome = self.same(arguments);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert!(outcome.stderr.contains(reason), "{reason:?}: {outcome}");
    }
}

/// Installs with mpwire from the index of `server`.
fn install(board: &TestBoard, server: &Server, arguments: &[&str]) -> Outcome {
    start_install(board, server, arguments, &[]).finish()
}

fn start_install(
    board: &TestBoard,
    server: &Server,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Running {
    let index = server.url("/pi");
    let arguments = [&["mip", "install", "--index", &index], arguments].concat();
    let environment = [&DIRECT, environment].concat();
    board.start_with(&mpwire(), &arguments, &environment)
}

/// What nobody should install: refused with these words.
fn refused(board: &TestBoard, server: &Server, arguments: &[&str], words: &[&str]) {
    let outcome = install(board, server, arguments);
    assert_eq!(outcome.code, Some(1), "{arguments:?}: {outcome}");
    for words in words {
        assert!(outcome.stderr.contains(words), "{words:?}: {outcome}");
    }
    assert!(!outcome.text().contains("Installing: "), "{outcome}");
    assert!(!outcome.text().contains("Done"), "{outcome}");
}

/// Nothing is on the board.
fn untouched(board: &TestBoard) {
    assert_eq!(board.tree(), Vec::<String>::new());
}

/// The files of the board whose contents are these.
fn holds(board: &TestBoard, files: &[(&str, &str)]) {
    let found = board.digests();
    let expected = files
        .iter()
        .map(|(path, data)| ((*path).to_owned(), hex_digest(data.as_bytes())))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn packages_of_an_index_are_installed_as_mpremote_does() {
    let server = Server::start();
    server.put_package(
        "plain",
        &[("plain.mpy", "plain"), ("plain/more/x.mpy", "x")],
        &[],
    );
    server.put_version("6", "plain", "1.0", &[("plain.mpy", "plain 1.0")], &[]);
    server.put_version(
        "py",
        "plain",
        "latest",
        &[("plain.py", "plain source")],
        &[],
    );
    let index = server.url("/pi");
    let pair = Pair::start();
    pair.installs(&["mip", "install", "--index", &index, "plain"]);
    // What is there already is told so; what was changed is installed again.
    pair.installs(&["mip", "install", "--index", &index, "plain"]);
    for board in [&pair.theirs, &pair.ours] {
        board.execute("open('/lib/plain.mpy', 'w').write('mine')");
    }
    pair.installs(&["mip", "install", "--index", &format!("{index}/"), "plain"]);
    pair.installs(&["mip", "install", "--index", &index, "plain@1.0"]);
    pair.installs(&["mip", "install", "--index", &index, "--no-mpy", "plain"]);
    pair.installs(&["mip", "--index", &index, "install", "-m", "plain"]);
    pair.end();
}

#[test]
fn dependencies_are_installed_in_the_same_order() {
    let server = Server::start();
    server.put_package("top", &[("top.mpy", "top")], &["left", "right"]);
    server.put_package("left", &[("left.mpy", "left")], &["bottom"]);
    server.put_package("right", &[("right/__init__.mpy", "right")], &["bottom"]);
    server.put_package("bottom", &[("bottom.mpy", "bottom")], &[]);
    let index = server.url("/pi");
    let pair = Pair::start();
    pair.installs(&["mip", "install", "--index", &index, "top"]);
    pair.installs(&[
        "mip", "install", "--index", &index, "bottom", "top", "right",
    ]);
    holds(
        &pair.ours,
        &[
            ("/lib/top.mpy", "top"),
            ("/lib/left.mpy", "left"),
            ("/lib/right/__init__.mpy", "right"),
            ("/lib/bottom.mpy", "bottom"),
        ],
    );
    pair.end();
}

#[test]
fn targets_are_folders_of_the_board_that_are_made_if_need_be() {
    let server = Server::start();
    server.put_package("plain", &[("plain.mpy", "plain"), ("sub/x.mpy", "x")], &[]);
    let index = server.url("/pi");
    let pair = Pair::start();
    for target in ["/apps/deep/er", "relative", "/", "/slash/"] {
        pair.installs(&[
            "mip", "install", "--index", &index, "--target", target, "plain",
        ]);
    }
    pair.end();
}

#[test]
fn the_first_library_folder_is_the_target() {
    let server = Server::start();
    server.put_package("plain", &[("plain.mpy", "plain")], &[]);
    let index = server.url("/pi");
    let pair = Pair::start();
    let install = ["mip", "install", "--index", &index, "plain"];
    let with = |program| [&["exec", program][..], &install].concat();
    pair.installs(&with(
        "import sys; sys.path[:] = ['', '/rom/lib', '/flash/lib', '/lib']",
    ));
    pair.fails(
        &with("import sys; sys.path.remove('/lib')"),
        "Unable to find lib dir in sys.path",
    );
    pair.end();
}

#[test]
fn urls_are_installed_as_mpremote_does() {
    let server = Server::start();
    server.put("/one.py", "print(1)\n");
    server.put("/two.mpy", "two");
    server.put(
        "/pkg/package.json",
        r#"{"urls": [["pkg/__init__.py", "src/init.py"], ["pkg/up.py", "../one.py"]], "version": "0.1"}"#,
    );
    server.put("/pkg/src/init.py", "INIT = 1\n");
    server.put("/pkg/../one.py", "print(1)\n");
    server.answer(
        "/moved/package.json",
        Answer::Redirect("/pkg/package.json".into()),
    );
    server.put("/moved/src/init.py", "INIT = 2\n");
    server.put("/moved/../one.py", "print(1)\n");
    let pair = Pair::start();
    pair.installs(&["mip", "install", &server.url("/one.py")]);
    pair.installs(&[
        "mip",
        "install",
        &server.url("/two.mpy"),
        &server.url("/one.py@v1"),
    ]);
    pair.installs(&["mip", "install", &server.url("/pkg")]);
    pair.installs(&["mip", "install", &server.url("/pkg/")]);
    pair.installs(&[
        "mip",
        "install",
        "--target",
        "/t",
        &server.url("/pkg/package.json"),
    ]);
    pair.installs(&["mip", "install", "--target", "/m", &server.url("/moved")]);
    pair.end();
}

#[test]
fn packages_of_this_computer_are_installed_as_mpremote_does() {
    let server = Server::start();
    server.put_package("plain", &[("plain.mpy", "plain")], &[]);
    server.put("/web.py", "print('web')\n");
    let listing = serde_json::json!({
        "urls": [["a.py", "a.py"], ["sub/b.py", "src/b.py"], ["web.py", server.url("/web.py")]],
        "deps": [["plain", "latest"]],
    });
    let pair = Pair::start();
    pair.write("package.json", &listing.to_string());
    pair.write("a.py", "A = 1\n");
    pair.write("src/b.py", "B = 1\n");
    pair.write(
        "other/package.json",
        r#"{"urls": [["c.py", "c.py"], ["a.py", "../a.py"]], "more": [1]}"#,
    );
    pair.write("other/c.py", "C = 1\n");
    pair.write("none.json", r#"{"urls": [["n.py", "none.py"]]}"#);
    let index = server.url("/pi");
    pair.installs(&["mip", "install", "--index", &index, "package.json"]);
    pair.installs(&["mip", "install", "other/package.json"]);
    pair.fails(&["mip", "install", "none.json"], "none.py");
    pair.fails(&["mip", "install", "missing.json"], "missing.json");
    pair.end();
}

#[test]
fn files_of_this_computer_are_installed() {
    // Documented upstream, where it fails.
    let server = Server::start();
    let board = TestBoard::start();
    board.write("one.py", "ONE = 1\n");
    board.write("two@2.mpy", "two");
    let outcome = install(&board, &server, &["one.py", "./two@2.mpy"]);
    assert_eq!(
        (outcome.text().as_str(), outcome.code),
        (
            "Install one.py\nInstalling: /lib/one.py\nDone\n\
             Install ./two@2.mpy\nInstalling: /lib/two@2.mpy\nDone\n",
            Some(0)
        ),
        "{outcome}"
    );
    holds(
        &board,
        &[("/lib/one.py", "ONE = 1\n"), ("/lib/two@2.mpy", "two")],
    );
}

#[test]
fn command_lines_are_read_as_mpremote_reads_them() {
    let server = Server::start();
    server.put_package("plain", &[("plain.mpy", "plain")], &[]);
    let index = server.url("/pi");
    let pair = Pair::start();
    pair.same(&[
        "mip", "install", "--index", &index, "plain", "+", "eval", "1", "ls", "lib",
    ]);
    pair.same(&[
        "mip",
        "--ind",
        &index,
        "--tar",
        "/t",
        "install",
        "plain",
        "+",
        "cat",
        "t/plain.mpy",
    ]);
    pair.fails(
        &["mip", "remove", "plain"],
        "mip: 'remove' is not a command",
    );
    let usage = pair.same(&["mip", "install"]);
    assert_eq!(usage.code, Some(2), "{usage}");
    pair.same(&["mip"]);
    pair.same(&["mip", "install", "--nope", "plain"]);
    pair.end();
}

#[test]
fn what_is_not_in_the_index_is_told_as_mpremote_does() {
    let server = Server::start();
    server.put_package("needs", &[], &["nonesuch"]);
    let index = server.url("/pi");
    let pair = Pair::start();
    pair.fails(
        &["mip", "install", "--index", &index, "nonesuch"],
        "nonesuch: Package not found: ",
    );
    pair.fails(
        &[
            "mip",
            "install",
            "--index",
            &index,
            "--no-mpy",
            "nonesuch@9",
        ],
        "version 9, format py",
    );
    let dead = Server::start().url("/moved.py");
    pair.fails(&["mip", "install", &dead], "HTTP status 404");
    let outcome = install(&pair.ours, &server, &["needs"]);
    assert!(
        outcome.stderr.contains("nonesuch: Package not found: "),
        "{outcome}"
    );
    assert!(outcome.stderr.contains("hint: "), "{outcome}");
    pair.end();
}

#[test]
fn tls_works_with_a_certificate_that_the_user_trusts() {
    let server = Server::start_tls();
    server.put("/one.py", "print(1)\n");
    server.put_package("plain", &[("plain.mpy", "plain")], &[]);
    let mut pair = Pair::start();
    let certificate = server.write_certificate(&pair.ours.work().join(".."));
    pair.environment = vec![("SSL_CERT_FILE".into(), certificate)];
    pair.installs(&["mip", "install", &server.url("/one.py")]);
    pair.installs(&["mip", "install", "--index", &server.url("/pi"), "plain"]);
    pair.end();
}

#[test]
fn tls_is_refused_without() {
    let server = Server::start_tls();
    server.put("/one.py", "print(1)\n");
    let board = TestBoard::start();
    refused(
        &board,
        &server,
        &[&server.url("/one.py")],
        &["certificate is not trusted", "SSL_CERT_FILE"],
    );
    let no_file = start_install(&board, &server, &["x"], &[("SSL_CERT_FILE", "no/such")]).finish();
    assert!(
        no_file
            .stderr
            .contains("SSL_CERT_FILE=no/such: No such file"),
        "{no_file}"
    );
    untouched(&board);
}

#[test]
fn https_does_not_lead_to_http() {
    let (plain, server) = (Server::start(), Server::start_tls());
    plain.put("/one.py", "print('changed on the way')\n");
    let listing = format!(r#"{{"urls": [["one.py", "{}"]]}}"#, plain.url("/one.py"));
    server.put("/urls/package.json", &listing);
    let listing = format!(r#"{{"deps": [["{}", "v1"]]}}"#, plain.url("/one.py"));
    server.put("/deps/package.json", &listing);
    server.answer("/moved.py", Answer::Redirect(plain.url("/one.py")));
    let board = TestBoard::start();
    let certificate = server.write_certificate(&board.work());
    for (path, words) in [
        ("/urls", "urls[0][1]"),
        ("/deps", "deps[0]"),
        ("/moved.py", "which is not https"),
    ] {
        let url = server.url(path);
        let outcome =
            start_install(&board, &plain, &[&url], &[("SSL_CERT_FILE", &certificate)]).finish();
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert!(outcome.stderr.contains(words), "{words}: {outcome}");
    }
    untouched(&board);
    assert_eq!(plain.requests(), Vec::<String>::new());
}

#[test]
fn repositories_are_found_where_mirrors_are() {
    let server = Server::start();
    let listing =
        r#"{"urls": [["a.py", "a.py"], ["b.py", "../b.py"], ["c.py", "github:other/r/c.py"]]}"#;
    let files = [("package.json", listing), ("a.py", "a"), ("../b.py", "b")];
    for (file, data) in files {
        let (folder, file) = match file.strip_prefix("../") {
            None => ("sub/", file),
            Some(file) => ("", file),
        };
        server.put(&format!("/hub/org/repo/HEAD/{folder}{file}"), data);
        server.put(
            &format!("/hub/org/repo/v/1/{folder}{file}"),
            format!("{data} "),
        );
        server.put(&format!("/lab/org/repo/-/raw/HEAD/{folder}{file}"), data);
        server.put(
            &format!("/berg/api/v1/repos/org/repo/raw/{folder}{file}?ref=HEAD"),
            data,
        );
    }
    server.put("/hub/other/r/HEAD/c.py", "c");
    server.put("/hub/other/r/v/1/c.py", "c ");
    let (hub, lab, berg) = (server.url("/hub"), server.url("/lab/"), server.url("/berg"));
    let mirrors = [
        ("MPWIRE_MIP_GITHUB", hub.as_str()),
        ("MPWIRE_MIP_GITLAB", &lab),
        ("MPWIRE_MIP_CODEBERG", &berg),
    ];
    let board = TestBoard::start();
    let whole = [("/lib/a.py", "a"), ("/lib/b.py", "b"), ("/lib/c.py", "c")];
    for package in [
        "github:org/repo/sub",
        "gitlab:org/repo/sub/",
        "codeberg:org/repo/sub/package.json",
    ] {
        let outcome = start_install(&board, &server, &[package], &mirrors).finish();
        assert_eq!(outcome.code, Some(0), "{outcome}");
        let listing = format!(
            "{}/package.json",
            package
                .trim_end_matches("/package.json")
                .trim_end_matches('/')
        );
        let expected = format!(
            "Install {package}\nInstalling {listing} to /lib\nInstalling: /lib/a.py\n\
             Installing: /lib/b.py\nInstalling: /lib/c.py\nDone\n"
        );
        assert_eq!(outcome.text(), expected);
        holds(&board, &whole);
        board.execute("import os\nfor n in os.listdir('lib'): os.remove('lib/' + n)");
    }
    let outcome = start_install(&board, &server, &["github:org/repo/sub@v/1"], &mirrors).finish();
    assert_eq!(outcome.code, Some(0), "{outcome}");
    holds(
        &board,
        &[
            ("/lib/a.py", "a "),
            ("/lib/b.py", "b "),
            ("/lib/c.py", "c "),
        ],
    );
    let outcome = start_install(&board, &server, &["codeberg:org/repo/b.py"], &mirrors).finish();
    assert!(
        outcome
            .text()
            .contains("Downloading codeberg:org/repo/b.py to /lib\n"),
        "{outcome}"
    );
}

#[test]
fn the_index_may_be_named_by_the_environment_or_be_a_folder() {
    let server = Server::start();
    server.put_package("plain", &[("plain.mpy", "plain")], &[]);
    let board = TestBoard::start();
    let index = server.url("/pi");
    let environment = [&DIRECT[..], &[("MPWIRE_MIP_INDEX", &index)]].concat();
    let outcome = board
        .start_with(&mpwire(), &["mip", "install", "plain"], &environment)
        .finish();
    assert!(
        outcome.text().contains(&format!("from {index} to /lib\n")),
        "{outcome}"
    );
    let hash = &hex_digest(b"copied")[..8];
    let folder = board.work().join("copy");
    fs::create_dir_all(folder.join("package/6/copied")).expect("writable");
    fs::create_dir_all(folder.join("file").join(&hash[..2])).expect("writable");
    fs::write(folder.join("file").join(&hash[..2]).join(hash), "copied").expect("writable");
    let listing = format!(r#"{{"hashes": [["copied.mpy", "{hash}"]]}}"#);
    fs::write(folder.join("package/6/copied/latest.json"), listing).expect("writable");
    let outcome = board.mpwire(&["mip", "install", "--index", "copy", "copied"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    holds(
        &board,
        &[("/lib/plain.mpy", "plain"), ("/lib/copied.mpy", "copied")],
    );
}

#[test]
fn proxies_are_used() {
    let server = Server::start();
    server.put("/one.py", "print(1)\n");
    let board = TestBoard::start();
    let proxy = format!("http://{}", server.host());
    let environment = [("NO_PROXY", ""), ("no_proxy", ""), ("ALL_PROXY", &proxy)];
    let arguments = ["mip", "install", "http://packages.invalid/one.py"];
    let outcome = board
        .start_with(&mpwire(), &arguments, &environment)
        .finish();
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(
        server.requests(),
        ["CONNECT packages.invalid:80", "GET /one.py"]
    );
}

#[test]
fn what_the_board_has_is_not_downloaded_again() {
    let server = Server::start();
    let files: Vec<(String, String)> = (0..60)
        .map(|number| {
            (
                format!("pkg/f{number}.mpy"),
                format!("contents {number} ").repeat(number),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, data)| (&**path, &**data))
        .collect();
    server.put_package("large", &files, &[]);
    let board = TestBoard::start();
    let outcome = install(&board, &server, &["large"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(board.digests().len(), 60);
    assert!(server.requests().len() > 60);
    let outcome = install(&board, &server, &["large"]);
    assert_eq!(
        outcome.text().matches("Exists: /lib/pkg/").count(),
        60,
        "{outcome}"
    );
    assert_eq!(server.requests(), ["GET /pi/package/6/large/latest.json"]);
    board.execute("import os\nos.remove('/lib/pkg/f7.mpy')");
    let outcome = install(&board, &server, &["large"]);
    assert_eq!(
        outcome.text().matches("Installing: /lib/pkg/").count(),
        1,
        "{outcome}"
    );
    assert_eq!(server.requests().len(), 2);
    assert_eq!(board.digests().len(), 60);
    assert!(!board.globals().contains("_mw_"));
}

#[test]
fn cycles_of_dependencies_end() {
    let server = Server::start();
    server.put_package("self", &[("self.mpy", "self")], &["self"]);
    server.put_package("hen", &[("hen.mpy", "hen")], &["egg"]);
    server.put_package("egg", &[("egg.mpy", "egg")], &["hen"]);
    let board = TestBoard::start();
    let outcome = install(&board, &server, &["self", "hen"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    holds(
        &board,
        &[
            ("/lib/self.mpy", "self"),
            ("/lib/hen.mpy", "hen"),
            ("/lib/egg.mpy", "egg"),
        ],
    );
}

#[test]
fn packages_that_never_end_are_refused() {
    let server = Server::start();
    for number in 0..40 {
        server.put_package(
            &format!("long{number}"),
            &[],
            &[&format!("long{}", number + 1)],
        );
    }
    let many: Vec<String> = (0..300).map(|number| format!("many{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    server.put_package("wide", &[], &many);
    for number in 0..20 {
        let next = [
            format!("left{}", number + 1),
            format!("right{}", number + 1),
        ];
        let next = [&*next[0], &*next[1]];
        server.put_package(&format!("left{number}"), &[], &next);
        server.put_package(&format!("right{number}"), &[], &next);
    }
    server.put_package("left20", &[], &[]);
    server.put_package("right20", &[], &[]);
    let board = TestBoard::start();
    refused(&board, &server, &["long0"], &["in a row"]);
    refused(&board, &server, &["wide"], &["more than 256 packages"]);
    refused(&board, &server, &["left0"], &["more than 1024 ways"]);
    untouched(&board);
}

#[test]
fn files_stay_below_the_target() {
    let server = Server::start();
    let hash = &hex_digest(b"x")[..8];
    server.put(&format!("/pi/file/{}/{hash}", &hash[..2]), "x");
    server.put("/x", "x");
    let long = "n".repeat(300);
    let board = TestBoard::start();
    for path in [
        "../main.py",
        "a/../../main.py",
        "/main.py",
        "..\\main.py",
        "C:/main.py",
        "a\0b",
        "",
        ".",
        "a/..",
        "con?.py",
        "a\u{1b}[31mb",
        &long,
    ] {
        let listing = serde_json::json!({"hashes": [["fine.py", hash], [path, hash]]});
        server.put_listing("6", "hostile", "latest", &listing.to_string());
        let listing = serde_json::json!({"urls": [["fine.py", "../x"], [path, "../x"]]});
        server.put("/url/package.json", listing.to_string());
        for package in ["hostile", &server.url("/url")] {
            let outcome = install(&board, &server, &[package]);
            assert_eq!(outcome.code, Some(1), "{path:?}: {outcome}");
            assert!(
                outcome.stderr.contains(": the path "),
                "{path:?}: {outcome}"
            );
            assert!(!outcome.stderr.contains(['\u{1b}', '\0']), "{outcome}");
        }
    }
    untouched(&board);
}

#[test]
fn files_that_are_not_what_the_package_says_are_refused() {
    let server = Server::start();
    server.put_package("torn", &[("good.mpy", "good"), ("bad.mpy", "bad")], &[]);
    let hash = &hex_digest(b"bad")[..8];
    let path = format!("/pi/file/{}/{hash}", &hash[..2]);
    server.put(&path, "worse");
    let board = TestBoard::start();
    refused(
        &board,
        &server,
        &["torn"],
        &["torn: bad.mpy from", &path, "SHA-256", hash],
    );
    server.answer(&path, Answer::Torn(b"ba".to_vec()));
    refused(
        &board,
        &server,
        &["torn"],
        &["torn: bad.mpy cannot be fetched"],
    );
    server.answer(&path, Answer::Status("404 Not Found"));
    refused(
        &board,
        &server,
        &["torn"],
        &["torn: bad.mpy cannot be fetched", "404"],
    );
    server.answer(&path, Answer::Endless);
    refused(&board, &server, &["torn"], &["larger than 16777216 bytes"]);
    // The whole hash may be given, and is checked.
    let whole = format!("{}0", &hex_digest(b"good")[..63]);
    server.put_listing(
        "6",
        "whole",
        "latest",
        &format!(r#"{{"hashes": [["good.mpy", "{whole}"]]}}"#),
    );
    server.put(&format!("/pi/file/{}/{whole}", &whole[..2]), "good");
    refused(&board, &server, &["whole"], &["SHA-256", &whole]);
    untouched(&board);
}

#[test]
fn packages_from_elsewhere_do_not_name_files_of_this_computer() {
    let server = Server::start();
    let board = TestBoard::start();
    board.write("secret.py", "SECRET = 1\n");
    board.write("package.json", r#"{"urls": [["secret.py", "secret.py"]]}"#);
    let secret = board.work().join("secret.py");
    let secret = secret.to_str().expect("UTF-8");
    for url in [
        "file:///etc/passwd",
        secret,
        "secret.py",
        "../../../../etc/passwd",
    ] {
        let listing = serde_json::json!({"urls": [["got", url]]});
        server.put("/url/package.json", listing.to_string());
        refused(
            &board,
            &server,
            &[&server.url("/url")],
            &["/url/package.json"].map(|_| "url"),
        );
    }
    for dependency in [
        "package.json",
        "secret.py",
        secret,
        "./package.json",
        "file:///x/package.json",
    ] {
        let listing = serde_json::json!({"deps": [[dependency, "latest"]]});
        server.put_listing("6", "deps", "latest", &listing.to_string());
        refused(&board, &server, &["deps"], &["deps: ", "deps[0]"]);
    }
    untouched(&board);
}

#[test]
fn listings_that_are_none_are_refused() {
    let server = Server::start();
    let board = TestBoard::start();
    for (listing, words) in [
        ("", "EOF"),
        ("<html>", "expected value"),
        ("[]", "an object was expected"),
        ("\u{0}\u{1b}[2J", "expected value"),
        (r#"{"hashes": {"a": "b"}}"#, "hashes: a list was expected"),
        (
            r#"{"hashes": [["a.py", ""]]}"#,
            "hashes[0][1]: 8 to 64 hexadecimal digits",
        ),
        (r#"{"hashes": [["a.py", "../../../"]]}"#, "hashes[0][1]"),
        (r#"{"urls": [["a.py"]]}"#, "urls[0]: a list of two strings"),
        (
            r#"{"urls": [["a.py", null]]}"#,
            "urls[0][1]: a string was expected, not null",
        ),
        (r#"{"deps": ["plain"]}"#, "deps[0]: a list of two strings"),
        (
            r#"{"deps": [["../../x", "latest"]]}"#,
            "deps[0] \"../../x\"",
        ),
        (r#"{"deps": [["x\u001b[2J", "latest"]]}"#, "deps[0]"),
    ] {
        server.put_listing("6", "odd", "latest", listing);
        refused(
            &board,
            &server,
            &["odd"],
            &["odd: http://", "not a valid package.json", words],
        );
    }
    server.put(
        "/pi/package/6/odd/latest.json",
        b"{\"urls\": [[\"\xff\", \"x\"]]}",
    );
    refused(&board, &server, &["odd"], &["not a valid package.json"]);
    server.put_listing("6", "odd", "latest", &"[".repeat(1 << 18));
    refused(
        &board,
        &server,
        &["odd"],
        &["not a valid package.json", "recursion"],
    );
    server.answer("/pi/package/6/odd/latest.json", Answer::Endless);
    refused(&board, &server, &["odd"], &["larger than 524288 bytes"]);
    untouched(&board);
}

#[test]
fn servers_that_fail_are_told() {
    let server = Server::start();
    let board = TestBoard::start();
    let path = "/pi/package/6/odd/latest.json";
    for (answer, words) in [
        (
            Answer::Status("500 Internal Server Error"),
            "HTTP status 500 Internal Server Error",
        ),
        (Answer::Status("403 Forbidden"), "HTTP status 403 Forbidden"),
        (Answer::Redirect(server.url(path)), "again and again"),
        (Answer::Redirect("file:///etc/passwd".into()), "odd: "),
        (Answer::Redirect("ftp://127.0.0.1/x".into()), "odd: "),
        (Answer::Garbage, "odd: "),
        (Answer::Torn(b"{}".to_vec()), "odd: "),
    ] {
        server.answer(path, answer);
        refused(&board, &server, &["odd"], &[words, &server.url(path)]);
    }
    refused(
        &board,
        &server,
        &["http://127.0.0.1:1/x.py"],
        &["http://127.0.0.1:1/x.py", "refused"],
    );
    refused(
        &board,
        &server,
        &["http://packages.invalid/x.py"],
        &["packages.invalid"],
    );
    untouched(&board);
}

#[test]
fn packages_that_do_not_go_together_are_refused() {
    let server = Server::start();
    server.put_package("one", &[("shared.mpy", "shared"), ("one.mpy", "one")], &[]);
    server.put_package("two", &[("shared.mpy", "shared"), ("two.mpy", "two")], &[]);
    server.put_package("other", &[("shared.mpy", "other")], &[]);
    server.put_package("folder", &[("shared.mpy/x", "x")], &[]);
    server.put_package("case", &[("Shared.mpy", "shared")], &[]);
    server.put("/web/package.json", r#"{"urls": [["shared.mpy", "x"]]}"#);
    server.put("/web/x", "from elsewhere");
    let board = TestBoard::start();
    let web = server.url("/web");
    let both = |name: &str| ["shared.mpy: ".to_owned(), format!("one and {name}")];
    for (name, reason) in [
        ("other", "their contents differ"),
        ("folder", "one has it as a file and the other as a folder"),
        ("case", "differ in case only"),
        (&web, "their contents differ"),
    ] {
        let outcome = install(&board, &server, &["one", name]);
        assert_eq!(outcome.code, Some(1), "{outcome}");
        assert!(outcome.stderr.contains(reason), "{reason}: {outcome}");
        assert!(
            outcome.stderr.to_lowercase().contains(&both(name)[1]),
            "{outcome}"
        );
    }
    untouched(&board);
    let outcome = install(&board, &server, &["one", "two"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let files = [
        ("/lib/shared.mpy", "shared"),
        ("/lib/one.mpy", "one"),
        ("/lib/two.mpy", "two"),
    ];
    holds(&board, &files);
}

#[test]
fn one_failure_of_many_leaves_the_board_as_it_was() {
    let server = Server::start();
    server.put_package("fine", &[("fine.mpy", "fine")], &[]);
    let board = TestBoard::start();
    refused(
        &board,
        &server,
        &["fine", "nonesuch"],
        &["nonesuch: Package not found"],
    );
    refused(
        &board,
        &server,
        &["fine", "no/name"],
        &["\"no/name\": it is not the name of a package"],
    );
    refused(
        &board,
        &server,
        &["fine", "missing.py"],
        &["missing.py", "No such file or directory"],
    );
    board.execute("import os\nos.mkdir('/lib')\nos.mkdir('/lib/fine.mpy')");
    let before = board.tree();
    server.put_package("with", &[("with.mpy", "with")], &["fine"]);
    let outcome = install(&board, &server, &["with"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(
        outcome.stderr, "mpwire: mip: /lib/fine.mpy: Is a directory.\n",
        "{outcome}"
    );
    assert_eq!(board.tree(), before);
}

#[test]
fn an_interrupt_ends_a_download_and_the_board_is_usable() {
    let server = Server::start();
    server.answer("/pi/package/6/slow/latest.json", Answer::Silence);
    let board = TestBoard::start();
    let running = start_install(&board, &server, &["slow"], &[]);
    assert_eq!(
        server.wait_for_request(),
        "GET /pi/package/6/slow/latest.json"
    );
    running.signal(Signal::INT);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert_eq!(board.mpwire(&["eval", "1 + 1"]).text(), "2\n");
    untouched(&board);
}

#[test]
fn boards_of_other_kinds_are_installed_to() {
    let server = Server::start();
    let files = [("one.mpy", "one"), ("deep/er/two.mpy", "two")];
    server.put_package("plain", &files, &[]);
    for parameters in [
        &["link=fast", "fs=fat"][..],
        &["link=fast", "firmware=1.12"],
        &["link=fast", "missing=hashlib,deflate", "heap=48k"],
    ] {
        let board = TestBoard::with(parameters);
        for word in ["Installing", ""] {
            let outcome = install(&board, &server, &["--target", "/lib", "plain"]);
            assert_eq!(outcome.code, Some(0), "{parameters:?}: {outcome}");
            assert!(outcome.text().contains(word), "{parameters:?}: {outcome}");
        }
        let one = board.mpwire(&["cat", "lib/one.mpy", "lib/deep/er/two.mpy"]);
        assert_eq!(one.text(), "onetwo", "{parameters:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let server = Server::start();
    let large = hex_digest(b"large").repeat(4000);
    server.put_package(
        "large",
        &[("small.mpy", "small"), ("large.mpy", &large)],
        &[],
    );
    let board = TestBoard::with(&["link=fast", "flash-size=128k"]);
    let outcome = install(&board, &server, &["large"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("mip: /lib: No space left on device ("),
        "{outcome}"
    );
    untouched(&board);
}
