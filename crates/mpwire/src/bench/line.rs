//! The line by itself: no flash, no encoding, as little Python as can be.

use std::time::{Duration, Instant};

use super::{LeftOut, Line, RoundTrip};
use crate::board::capabilities::Capabilities;
use crate::board::program::{Argument, call};
use crate::board::{Board, Error, onboard};
use crate::session::Progress;

/// What the on-board programs say when they are ready.
const ACK: u8 = 0x06;
/// What is sent: no control character, and as many edges on the line as there can be.
const FILL: u8 = b'U';
const EXCHANGES: usize = 20;
const PROGRAMS: usize = 5;
/// Bytes of the first attempt at a rate; each that was too short is followed by a longer one.
const FIRST: usize = 512;
const LAST: usize = 256 * 1024;
/// How long an attempt is to take, and what is long enough.
const SECONDS: f64 = 0.4;
const ENOUGH: f64 = 0.2;

/// Measures what this board lets measure.
pub(super) fn measure(
    board: &mut Board,
    capabilities: &Capabilities,
    left_out: &mut Vec<LeftOut>,
) -> Result<Line, Error> {
    let shortest_program = shortest_program(board)?;
    let (mut round_trip, mut to_board) = (None, None);
    if capabilities.stdin_buffer {
        let found = exchanges(board, EXCHANGES)?;
        round_trip = Some(found);
        to_board = match rate_to(board, capabilities, found.median) {
            Err(error) if error.is_silence() => {
                left_out.push(LeftOut {
                    what: "the rate to the board".to_owned(),
                    why: "the board did not receive everything".to_owned(),
                });
                None
            }
            other => Some(other?),
        };
    } else {
        for what in ["the round trip", "the rate to the board"] {
            left_out.push(LeftOut::lacking(what, "sys.stdin.buffer"));
        }
    }
    let from_board = rate_from(board, capabilities)?;
    board.tidy()?;
    Ok(Line {
        round_trip,
        shortest_program,
        to_board,
        from_board,
    })
}

fn shortest_program(board: &mut Board) -> Result<Duration, Error> {
    let mut times = Vec::with_capacity(PROGRAMS);
    for _ in 0..PROGRAMS {
        let start = Instant::now();
        board.run_and_keep(&[], &[], "pass", &mut |_| {})?;
        times.push(start.elapsed());
    }
    Ok(median(&mut times))
}

/// Measures how long an exchange takes, and leaves nothing on the board.
pub(super) fn round_trip(board: &mut Board) -> Result<RoundTrip, Error> {
    let found = exchanges(board, EXCHANGES)?;
    board.tidy()?;
    Ok(found)
}

fn exchanges(board: &mut Board, count: usize) -> Result<RoundTrip, Error> {
    let mut times = take(board, count, 1, 1)?;
    Ok(RoundTrip {
        median: median(&mut times),
        worst: times.last().copied().unwrap_or_default(),
        exchanges: count,
    })
}

/// Bytes a second to the board, for which one round trip is no part of the time.
fn rate_to(
    board: &mut Board,
    capabilities: &Capabilities,
    round_trip: Duration,
) -> Result<f64, Error> {
    let size = piece_size(capabilities);
    longer_and_longer(&mut |bytes| {
        let pieces = bytes.div_ceil(size);
        let times = take(board, 1, pieces, size)?;
        let time = times.first().copied().unwrap_or_default();
        Ok((pieces * size, time.saturating_sub(round_trip)))
    })
}

/// Bytes a second from the board, from the first to the last that arrive.
fn rate_from(board: &mut Board, capabilities: &Capabilities) -> Result<f64, Error> {
    let size = piece_size(capabilities);
    longer_and_longer(&mut |bytes| {
        let text = call(
            onboard::BENCH_SAY.defines,
            &[number(bytes.div_ceil(size)), number(size)],
        );
        let mut arrived = 0;
        let mut first: Option<Instant> = None;
        let mut time = Duration::ZERO;
        board.run_and_keep(&[onboard::BENCH_SAY], &[], &text, &mut |step| {
            if let Progress::Output(bytes) = step {
                match first {
                    // These bytes were on their way before the clock was started.
                    None => first = Some(Instant::now()),
                    Some(first) => {
                        arrived += bytes.len();
                        time = first.elapsed();
                    }
                }
            }
        })?;
        Ok((arrived, time))
    })
}

/// Has `attempt` move more and more bytes until that takes long enough to be measured, and returns
/// bytes a second. `attempt` is given the bytes to move and returns those moved, and the time.
fn longer_and_longer(
    attempt: &mut dyn FnMut(usize) -> Result<(usize, Duration), Error>,
) -> Result<f64, Error> {
    let mut bytes = FIRST;
    loop {
        let (moved, time) = attempt(bytes)?;
        let seconds = time.as_secs_f64().max(1e-6);
        if seconds >= ENOUGH || bytes >= LAST {
            // What else a computer does can only slow a transfer down.
            let (again, time) = attempt(bytes)?;
            return Ok(rate(moved, seconds).max(rate(again, time.as_secs_f64())));
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "both are small and positive, and the result is clamped"
        )]
        let wanted = (bytes as f64 * SECONDS / seconds) as usize;
        bytes = wanted.clamp(bytes * 2, bytes * 32).min(LAST);
    }
}

fn rate(bytes: usize, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let bytes = bytes.max(1) as f64;
    bytes / seconds.max(1e-6)
}

/// The time from each piece of input to when the board wants the next; it takes `pieces * size`
/// bytes at a time.
fn take(
    board: &mut Board,
    asks: usize,
    pieces: usize,
    size: usize,
) -> Result<Vec<Duration>, Error> {
    let text = call(
        onboard::BENCH_TAKE.defines,
        &[number(asks), number(pieces), number(size)],
    );
    let input = vec![FILL; pieces * size];
    let mut times = Vec::with_capacity(asks);
    let mut sent: Option<Instant> = None;
    board.run_feeding(&[onboard::BENCH_TAKE], &[], &text, &mut |step| {
        let Progress::Output(said) = step else {
            return None;
        };
        if !said.contains(&ACK) {
            return None;
        }
        times.extend(sent.take().map(|sent| sent.elapsed()));
        if times.len() == asks {
            return None;
        }
        sent = Some(Instant::now());
        Some(input.clone())
    })?;
    Ok(times)
}

/// What the board reads or prints at once: less than any receive ring holds.
fn piece_size(capabilities: &Capabilities) -> usize {
    let share = capabilities.free_memory / 64;
    usize::try_from(share).unwrap_or(usize::MAX).clamp(32, 240)
}

pub(super) fn number(value: usize) -> Argument<'static> {
    Argument::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// The middle one of `times`, which are then in order.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_measured_for_as_long_as_it_takes_to_be_right() {
        for rate in [100.0, 960.0, 11_520.0, 600_000.0, 1e9] {
            let mut attempts = Vec::new();
            let found = longer_and_longer(&mut |bytes| {
                attempts.push(bytes);
                #[expect(clippy::cast_precision_loss, reason = "a test")]
                Ok((bytes, Duration::from_secs_f64(bytes as f64 / rate)))
            })
            .unwrap();
            assert!((found / rate - 1.0).abs() < 0.01, "{found} of {rate}");
            assert!(attempts.len() < 6, "{attempts:?}");
        }
    }

    #[test]
    fn a_rate_is_a_number_even_when_nothing_arrives_in_no_time() {
        let found = longer_and_longer(&mut |_| Ok((0, Duration::ZERO))).unwrap();
        assert!(found.is_finite() && found > 0.0);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let mut times = [5, 1, 9].map(Duration::from_secs);
        assert_eq!(median(&mut times), Duration::from_secs(5));
        assert_eq!(times.last(), Some(&Duration::from_secs(9)));
    }
}
