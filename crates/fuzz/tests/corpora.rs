//! Every target over its corpus and mutations of that, on any compiler.
//!
//! What is found here is found again: the mutations have a seed. `cargo xtask fuzz` looks further.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use mpwire_fuzz::mutation::{Chance, mutated};
use mpwire_fuzz::{ALL, Target};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = ALL
        .iter()
        .map(|target| Trial::test(target.name, || keeps_its_promises(target)))
        .chain([Trial::test("each_target_is_fuzzed_too", each_is_fuzzed)]);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn keeps_its_promises(target: &Target) -> Result<(), Failed> {
    let corpus = corpus(target)?;
    for input in &corpus {
        check(target, input)?;
    }
    let mut chance = Chance::new(1);
    for _ in 0..target.mutations {
        check(target, &mutated(&corpus, &mut chance))?;
    }
    Ok(())
}

/// Says which input it was, ready to be a file of the corpus.
fn check(target: &Target, input: &[u8]) -> Result<(), Failed> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or(panic.downcast_ref::<&str>().copied());
        let input = input.escape_ascii();
        let words = words.unwrap_or("it panicked");
        format!("{words}\nthe input: b\"{input}\"").into()
    })
}

/// The inputs that are kept, in the order of their names.
fn corpus(target: &Target) -> Result<Vec<Vec<u8>>, Failed> {
    let folder = fuzz().join("corpus").join(target.name);
    let mut paths = fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    let corpus = paths.iter().map(fs::read);
    Ok(corpus.collect::<Result<_, _>>()?)
}

/// libFuzzer needs a binary for each, which is a file, and cargo-fuzz its line in the manifest.
fn each_is_fuzzed() -> Result<(), Failed> {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml"))?;
    for Target { name, .. } in ALL {
        let path = format!("fuzz_targets/{name}.rs");
        let source = fs::read_to_string(fuzz().join(&path))?;
        let runs = source.contains(&format!("run(\"{name}\", data)"));
        if !runs || !manifest.contains(&format!("path = \"{path}\"")) {
            return Err(format!("fuzz/{path} does not run the target, or has no [[bin]]").into());
        }
    }
    let sources = fs::read_dir(fuzz().join("fuzz_targets"))?.count();
    if sources != ALL.len() {
        return Err(format!(
            "{sources} files in fuzz/fuzz_targets, {} targets",
            ALL.len()
        )
        .into());
    }
    Ok(())
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}
