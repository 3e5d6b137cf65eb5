//! The program `mpwire`; all of it is in the library beside this file.

use std::process::ExitCode;

fn main() -> ExitCode {
    mpwire_cli::main()
}
