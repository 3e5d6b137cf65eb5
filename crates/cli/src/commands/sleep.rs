//! `sleep`: wait before the next command.

use std::time::Duration;

use crate::args::SleepArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::interrupt;

/// Waits for some seconds.
pub fn sleep(connection: &mut Connection, arguments: &SleepArgs) -> Result<(), Error> {
    let duration = Duration::try_from_secs_f64(arguments.seconds).map_err(|_| {
        Error::message(format!(
            "sleep: {} is not a number of seconds to wait",
            arguments.seconds
        ))
    })?;
    let interrupts = interrupt::wait_instead();
    let interrupted = interrupts.recv_timeout(duration).is_ok();
    connection.forward_interrupts();
    // One may have come after the last moment of waiting.
    if interrupted || interrupts.try_recv().is_ok() {
        return Err(Error::Interrupted);
    }
    Ok(())
}
