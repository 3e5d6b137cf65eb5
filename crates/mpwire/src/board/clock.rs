//! The board's clock: `machine.RTC`.

use mpwire_proto::literal::Value;

use super::program::{Argument, call};
use super::{Board, Error, onboard, read, unreadable};

impl Board {
    /// Date and time: year, month, day, weekday (Monday is 0), hour, minute, second, and a part of
    /// the second in units of the board's own. Some firmware says less.
    pub fn clock(&mut self) -> Result<Vec<i64>, Error> {
        let reply = self.run_clock(&Argument::None)?;
        let fields = read(&reply)?;
        let fields = fields.as_items().unwrap_or_default().iter();
        fields
            .map(Value::as_int)
            .collect::<Option<Vec<i64>>>()
            .filter(|fields| !fields.is_empty())
            .ok_or_else(|| unreadable(&reply, "date and time were expected"))
    }

    /// Sets date and time: as [`Board::clock`], with microseconds at the end.
    pub fn set_clock(&mut self, time: [i64; 8]) -> Result<(), Error> {
        let fields: Vec<String> = time.iter().map(i64::to_string).collect();
        let tuple = format!("({})", fields.join(","));
        self.run_clock(&Argument::Expression(&tuple)).map(drop)
    }

    fn run_clock(&mut self, time: &Argument) -> Result<Vec<u8>, Error> {
        let text = call(onboard::CLOCK.defines, std::slice::from_ref(time));
        self.run_persistently(&[onboard::CLOCK], &text)
            .map_err(|error| match error {
                Error::Exception { traceback }
                    if traceback.contains("ImportError") || traceback.contains("'RTC'") =>
                {
                    Error::Lacking("machine.RTC")
                }
                other => other,
            })
    }
}
