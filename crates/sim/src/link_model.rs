//! One direction of a cable, as arithmetic: when is which byte at the other end?
//!
//! No clock and no I/O: every function is given the time in nanoseconds since some start. Bytes that
//! follow each other without a pause form a *run*, and a run's k-th byte is due at
//! `begin + (k + 1) / rate + latency`, computed from the run's beginning. Errors of a late caller
//! therefore never add up: it finds more bytes due, and the line keeps its rate exactly.

use std::collections::VecDeque;

/// Nanoseconds since the bridge was started.
pub(crate) type Nanoseconds = u64;

const SECOND: u128 = 1_000_000_000;

/// Waking up for every single byte would cost more than the board itself.
const BATCHES_PER_SECOND: u64 = 1000;

/// The queue lasts this fraction of a second at least, so that a busy computer that wakes the bridge
/// late does not find the line idle.
const QUEUES_PER_SECOND: u64 = 20;

/// Bytes on the wire without a pause between them.
#[derive(Debug)]
struct Run {
    begin: Nanoseconds,
    length: u64,
    delivered: u64,
}

/// One direction of the cable.
#[derive(Debug)]
pub(crate) struct Line {
    bytes_per_second: Option<u64>,
    latency: Nanoseconds,
    capacity: usize,
    batch: u64,
    queue: VecDeque<u8>,
    runs: VecDeque<Run>,
}

impl Line {
    /// A line at `bytes_per_second` (`None`: immediate), holding `capacity` bytes or more that the
    /// sender has handed over and that are not delivered yet, to a receiver that can take `ring`
    /// bytes at once.
    pub fn new(
        bytes_per_second: Option<u64>,
        latency: Nanoseconds,
        capacity: usize,
        ring: usize,
    ) -> Line {
        let rate = bytes_per_second.unwrap_or(0);
        let batch = (rate / BATCHES_PER_SECOND).clamp(1, (ring as u64 / 2).max(1));
        Line {
            batch: bytes_per_second.map_or(u64::MAX, |_| batch),
            capacity: capacity.max((rate / QUEUES_PER_SECOND) as usize),
            bytes_per_second,
            latency,
            queue: VecDeque::new(),
            runs: VecDeque::new(),
        }
    }

    /// Whether it is worth to ask the sender for more: not for each byte that leaves.
    pub fn wants_more(&self) -> bool {
        self.room() >= self.capacity / 2
    }

    /// How many bytes the sender may hand over now.
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.queue.len())
    }

    /// The sender hands over bytes. What does not fit in [`Line::room`] is taken all the same: the
    /// caller has it in hand already.
    pub fn push(&mut self, now: Nanoseconds, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.queue.extend(bytes);
        let length = bytes.len() as u64;
        match self.runs.back() {
            Some(run) if self.wire_time(run, run.length) >= now => {
                // The wire is still busy: the new bytes follow without a pause.
                self.runs.back_mut().expect("just seen").length += length;
            }
            _ => self.runs.push_back(Run {
                begin: now,
                length,
                delivered: 0,
            }),
        }
    }

    /// What is handed over from now on comes so much later than it would.
    pub fn pause(&mut self, now: Nanoseconds, duration: Nanoseconds) {
        let free = self
            .runs
            .back()
            .map_or(now, |run| self.wire_time(run, run.length).max(now));
        self.runs.push_back(Run {
            begin: free + duration,
            length: 0,
            delivered: 0,
        });
    }

    /// Nothing is on its way any more.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.runs.clear();
    }

    /// How many bytes have arrived by now, and wait for [`Line::take`].
    pub fn due(&self, now: Nanoseconds) -> usize {
        let mut due = 0;
        for run in &self.runs {
            let elapsed = now.saturating_sub(run.begin + self.latency);
            let arrived = match self.bytes_per_second {
                _ if now < run.begin + self.latency => 0,
                None => run.length,
                Some(rate) => (u128::from(elapsed) * u128::from(rate) / SECOND) as u64,
            };
            let arrived = arrived.min(run.length);
            due += arrived.saturating_sub(run.delivered);
            if arrived < run.length {
                break;
            }
        }
        due as usize
    }

    /// Takes bytes off the far end, at most `limit` and only those that are due.
    pub fn take(&mut self, now: Nanoseconds, limit: usize) -> Vec<u8> {
        let count = self.due(now).min(limit);
        let mut rest = count as u64;
        while rest > 0 {
            let run = self.runs.front_mut().expect("due bytes are in a run");
            let step = rest.min(run.length - run.delivered);
            run.delivered += step;
            rest -= step;
            // A finished run is kept while it is the last: what follows at once belongs to it.
            if run.delivered == run.length && self.runs.len() > 1 {
                self.runs.pop_front();
            }
        }
        let bytes = self.front(count);
        self.queue.drain(..count);
        bytes
    }

    /// The bytes that are due, without taking them.
    pub fn peek(&self, now: Nanoseconds, limit: usize) -> Vec<u8> {
        self.front(self.due(now).min(limit))
    }

    /// A copy of the first bytes, in whole pieces: this is where most bytes of a session pass.
    fn front(&self, count: usize) -> Vec<u8> {
        let (first, second) = self.queue.as_slices();
        let split = count.min(first.len());
        [&first[..split], &second[..count - split]].concat()
    }

    /// When to look again: the time at which the next batch is complete, or all that is on the way.
    pub fn next_due(&self) -> Option<Nanoseconds> {
        let run = self.runs.iter().find(|run| run.delivered < run.length)?;
        let byte = run.length.min(run.delivered.saturating_add(self.batch));
        Some(self.wire_time(run, byte) + self.latency)
    }

    /// The receiver refuses bytes until now (USB: NAK). What has not been taken is on the wire again
    /// from here on, at the line's own rate, so that a stall does not end in a burst.
    pub fn stall(&mut self, now: Nanoseconds) {
        let Some(run) = self.runs.iter().find(|run| run.delivered < run.length) else {
            return;
        };
        let due = self.wire_time(run, run.delivered) + self.latency;
        let late = now.saturating_sub(due);
        for run in &mut self.runs {
            run.begin += late;
        }
    }

    /// When the wire has carried the first `count` bytes of a run.
    fn wire_time(&self, run: &Run, count: u64) -> Nanoseconds {
        match self.bytes_per_second {
            None => run.begin,
            // Rounded up, so that a byte is never asked for before it is due.
            Some(rate) => {
                run.begin + (u128::from(count) * SECOND).div_ceil(u128::from(rate)) as Nanoseconds
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Nanoseconds = 1_000_000;

    /// Delivers everything the way the bridge does, each time `late` after the asked-for time.
    fn drain(line: &mut Line, late: Nanoseconds) -> (Vec<u8>, Nanoseconds) {
        let mut received = Vec::new();
        let mut now = 0;
        while let Some(next) = line.next_due() {
            now = next + late;
            let bytes = line.take(now, usize::MAX);
            assert!(!bytes.is_empty(), "woken up for nothing at {now}");
            received.extend(bytes);
        }
        (received, now)
    }

    #[test]
    fn a_pause_is_a_pause_for_all_that_follows() {
        let mut line = Line::new(Some(1000), 0, 4096, 256);
        line.push(0, b"ab");
        line.pause(0, 50 * MILLISECOND);
        line.push(0, b"cd");
        assert_eq!(line.take(10 * MILLISECOND, 9), b"ab");
        assert_eq!(line.take(52 * MILLISECOND, 9), b"");
        line.push(52 * MILLISECOND, b"e");
        assert_eq!(line.take(55 * MILLISECOND, 9), b"cde");
        line.pause(60 * MILLISECOND, 5 * MILLISECOND);
        line.push(100 * MILLISECOND, b"f");
        assert_eq!(line.take(101 * MILLISECOND, 9), b"f");
    }

    #[test]
    fn a_burst_takes_its_time_on_the_wire_and_the_latency() {
        let mut line = Line::new(Some(11_520), MILLISECOND, 4096, 260);
        line.push(0, &[7; 1152]);
        assert_eq!(line.due(MILLISECOND + 86_000), 0);
        assert_eq!(line.due(MILLISECOND + 87_000), 1);
        let (received, end) = drain(&mut line, 0);
        assert_eq!(received.len(), 1152);
        assert_eq!(end, 101 * MILLISECOND);
    }

    #[test]
    fn a_late_caller_does_not_slow_the_line_down() {
        let mut line = Line::new(Some(11_520), MILLISECOND, 4096, 260);
        line.push(0, &[7; 1152]);
        let (_, end) = drain(&mut line, 20 * MILLISECOND);
        assert!(end <= 121 * MILLISECOND, "{end}");
    }

    #[test]
    fn bytes_handed_over_while_the_wire_is_busy_follow_without_a_pause() {
        let mut line = Line::new(Some(10_000), 0, 4096, 260);
        let mut received = 0;
        for step in 0..100 {
            // One byte lasts 100 us; each is handed over while its predecessor is on the wire.
            line.push(step * 100_000, &[0]);
            received += line.take(step * 100_000, usize::MAX).len();
        }
        assert_eq!(received, 99);
        assert_eq!(line.next_due(), Some(10_000_000));
    }

    #[test]
    fn a_pause_of_the_sender_is_a_pause_on_the_wire() {
        let mut line = Line::new(Some(1000), 0, 4096, 260);
        line.push(0, &[1]);
        line.push(50 * MILLISECOND, &[2]);
        assert_eq!(line.due(49 * MILLISECOND), 1);
        assert_eq!(line.due(50 * MILLISECOND), 1);
        assert_eq!(line.due(51 * MILLISECOND), 2);
    }

    #[test]
    fn order_and_bytes_are_kept_however_they_are_taken() {
        let data: Vec<u8> = (0..=255).collect();
        let mut line = Line::new(Some(600_000), 250_000, 64, 260);
        for (index, chunk) in data.chunks(7).enumerate() {
            line.push(index as u64 * 1000, chunk);
        }
        let mut received = Vec::new();
        let mut now = 0;
        while received.len() < data.len() {
            now += 3_000;
            received.extend(line.take(now, 3));
        }
        assert_eq!(received, data);
    }

    #[test]
    fn without_a_rate_everything_is_there_after_the_latency() {
        let mut line = Line::new(None, 5, 16, 260);
        line.push(10, b"abc");
        assert_eq!((line.due(14), line.due(15)), (0, 3));
        assert_eq!(line.next_due(), Some(15));
        assert_eq!(line.room(), 13);
        assert_eq!(line.take(15, 9), b"abc");
        assert_eq!(line.next_due(), None);
        line.push(20, b"de");
        assert_eq!((line.due(20), line.due(25)), (0, 2));
    }

    #[test]
    fn after_a_stall_the_line_goes_on_at_its_own_rate() {
        let mut line = Line::new(Some(1000), 0, 4096, 260);
        line.push(0, &[0; 10]);
        assert_eq!(line.take(2 * MILLISECOND, 99).len(), 2);
        line.stall(100 * MILLISECOND);
        assert_eq!(line.due(100 * MILLISECOND), 0);
        assert_eq!(line.due(101 * MILLISECOND), 1);
        assert_eq!(line.due(107 * MILLISECOND), 7);
        assert_eq!(line.due(108 * MILLISECOND), 8);
    }

    #[test]
    fn peeking_takes_nothing() {
        let mut line = Line::new(None, 0, 16, 260);
        line.push(0, b"xyz");
        assert_eq!(line.peek(0, 2), b"xy");
        assert_eq!(line.take(0, 9), b"xyz");
        assert_eq!(line.room(), 16);
    }
}
