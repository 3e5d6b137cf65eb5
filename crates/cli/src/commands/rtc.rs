//! `rtc`: the board's clock.

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::args::RtcArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Prints date and time of the board's clock, or sets them.
pub fn rtc(connection: &mut Connection, arguments: &RtcArgs) -> Result<(), Error> {
    connection.board()?;
    connection.did_action();
    let board = connection.board()?;
    let failed = |error| Error::from(error).of_command("rtc");
    if arguments.set {
        return board.set_clock(now(arguments.utc)).map_err(failed);
    }
    let time = board.clock().map_err(failed)?;
    // As Python prints a tuple.
    let fields: Vec<String> = time.iter().map(i64::to_string).collect();
    report::line(&format!("({})", fields.join(", ")))
}

/// This computer's time, local or UTC, as `machine.RTC.datetime` takes it.
fn now(utc: bool) -> [i64; 8] {
    let local = Zoned::now();
    let now = if utc {
        local.with_time_zone(TimeZone::UTC)
    } else {
        local
    };
    [
        now.year().into(),
        now.month().into(),
        now.day().into(),
        now.weekday().to_monday_zero_offset().into(),
        now.hour().into(),
        now.minute().into(),
        now.second().into(),
        i64::from(now.subsec_nanosecond()) / 1000,
    ]
}
