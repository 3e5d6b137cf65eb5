//! Holds `docs/promises.md` against the sources: each test that it names is there.

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::project;

    #[test]
    fn every_test_that_is_named_is_there() {
        let root = project::root();
        let promises = fs::read_to_string(root.join("docs/promises.md")).expect("the promises");
        let mut rows = 0;
        for row in promises.split("\n**").skip(1) {
            let mut named = 0;
            for line in row.lines().filter_map(|line| line.strip_prefix("- `")) {
                let (path, test) = line
                    .strip_suffix('`')
                    .and_then(|line| line.split_once("`: `"))
                    .unwrap_or_else(|| panic!("no file and test: {line}"));
                let source = fs::read_to_string(root.join("crates").join(path));
                let source = source.unwrap_or_else(|error| panic!("{path}: {error}"));
                // Tests of a list are named by words.
                let words = if test.contains(' ') {
                    test.to_owned()
                } else {
                    format!("fn {test}(")
                };
                assert!(source.contains(&words), "{path} has no {test}");
                named += 1;
            }
            assert!(named > 0, "no test shows this: {row}");
            rows += 1;
        }
        assert!(rows > 20, "{rows} promises");
    }
}
