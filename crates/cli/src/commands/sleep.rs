//! `sleep`: wait before the next command.

use std::time::Duration;

use crate::args::SleepArgs;
use crate::connection::Connection;
use crate::error::Error;

/// Waits for some seconds.
pub fn sleep(_connection: &mut Connection, arguments: &SleepArgs) -> Result<(), Error> {
    let duration = Duration::try_from_secs_f64(arguments.seconds).map_err(|_| {
        Error::message(format!(
            "sleep: {} is no number of seconds to wait",
            arguments.seconds
        ))
    })?;
    std::thread::sleep(duration);
    Ok(())
}
