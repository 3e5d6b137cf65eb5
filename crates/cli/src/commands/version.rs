//! `version`

use crate::error::Error;
use crate::report;

/// Prints the program's name and version.
pub fn version() -> Result<(), Error> {
    report::line(concat!("mpwire ", env!("CARGO_PKG_VERSION")))
}
