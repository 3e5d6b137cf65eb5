//! What goes wrong on the cable: chosen bytes that suffer, or a rate at which bytes do.
//!
//! Pure: bytes go in, and what arrives of them comes out. Everything is counted in bytes of one
//! direction, and chance has a seed, so that whatever happened can be made to happen again.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

/// What happens at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is lost.
    Drop,
    /// One of its bits is another, which one the seed decides.
    Flip,
    /// It arrives twice.
    Double,
    /// It and what follows at once, up to 64 bytes, are lost, and the 64 before them arrive again:
    /// what USB does to a packet.
    Packet,
    /// It arrives so much later, and with it all that follows.
    Pause(Duration),
    /// Before it arrives text that a thread or a timer of the board prints.
    Noise,
    /// The cable is pulled out: the host loses the port, and finds it again at once.
    Unplug,
    /// The board is reset, as by its button.
    Reset,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the host to the board.
    ToBoard,
    /// From the board to the host.
    FromBoard,
}

/// One thing that goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accident {
    /// What happens.
    pub fault: Fault,
    /// On which way.
    pub direction: Direction,
    /// At which byte of that direction, counted from 0 since the board was started, or since
    /// [`Board::expect_accidents`](crate::Board::expect_accidents).
    pub at: u64,
}

/// Chance: each byte of either direction is lost, flipped, doubled or taken with its packet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorRate {
    /// How likely that is for one byte, from 0 to 1.
    pub rate: f64,
    /// Equal seeds are equal accidents.
    pub seed: u64,
}

/// `KIND@to:BYTE` or `KIND@from:BYTE`; a pause is `pause=MILLISECONDS`.
impl FromStr for Accident {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, place) = text.split_once('@').ok_or(())?;
        let (direction, at) = place.split_once(':').ok_or(())?;
        let fault = match kind.split_once('=') {
            Some(("pause", milliseconds)) => {
                Fault::Pause(Duration::from_millis(milliseconds.parse().map_err(drop)?))
            }
            Some(_) => return Err(()),
            None => match kind {
                "drop" => Fault::Drop,
                "flip" => Fault::Flip,
                "double" => Fault::Double,
                "packet" => Fault::Packet,
                "noise" => Fault::Noise,
                "unplug" => Fault::Unplug,
                "reset" => Fault::Reset,
                _ => return Err(()),
            },
        };
        Ok(Self {
            fault,
            direction: match direction {
                "to" => Direction::ToBoard,
                "from" => Direction::FromBoard,
                _ => return Err(()),
            },
            at: at.parse().map_err(drop)?,
        })
    }
}

/// What comes out at the far end of the cable, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Bytes(Vec<u8>),
    Pause(Duration),
    Unplug,
    Reset,
}

/// Bytes of a USB packet.
const PACKET: usize = 64;
/// What a timer of the board may print.
const NOISE: &[u8] = b"tick\r\n";

/// One direction of a bad cable.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// What is still to happen, in order.
    accidents: VecDeque<(u64, Fault)>,
    chance: Option<Chance>,
    /// Bytes so far.
    position: u64,
    /// The last bytes that went in.
    before: VecDeque<u8>,
    /// How many bytes are still to be lost.
    losing: usize,
    random: Random,
}

#[derive(Debug)]
struct Chance {
    rate: f64,
    /// The byte at which it strikes next.
    next: u64,
}

impl Faults {
    /// The accidents of `direction` and, where there is one, chance.
    pub fn new(accidents: &[Accident], rate: Option<ErrorRate>, direction: Direction) -> Self {
        let mut mine: Vec<(u64, Fault)> = accidents
            .iter()
            .filter(|accident| accident.direction == direction)
            .map(|accident| (accident.at, accident.fault))
            .collect();
        mine.sort_by_key(|(at, _)| *at);
        // Each direction has a course of its own.
        let mut random = Random::new(rate.map_or(0, |rate| rate.seed) * 2 + direction as u64);
        let chance = rate.filter(|rate| rate.rate > 0.0).map(|rate| Chance {
            rate: rate.rate,
            next: random.gap(rate.rate),
        });
        Self {
            accidents: mine.into(),
            chance,
            position: 0,
            before: VecDeque::with_capacity(PACKET),
            losing: 0,
            random,
        }
    }

    /// Whether nothing will ever go wrong.
    pub fn is_over(&self) -> bool {
        self.accidents.is_empty() && self.chance.is_none() && self.losing == 0
    }

    /// How many accidents have not happened yet.
    pub fn left(&self) -> usize {
        self.accidents.len()
    }

    /// What arrives of `bytes`, which were sent at once.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<Outcome> {
        if self.is_over() {
            return vec![Outcome::Bytes(bytes.to_vec())];
        }
        let mut outcomes = Vec::new();
        let mut passed = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let mut kept = Some(byte);
            while let Some(fault) = self.strikes() {
                let outcome = match fault {
                    Fault::Drop => {
                        kept = None;
                        continue;
                    }
                    Fault::Flip => {
                        kept = kept.map(|byte| byte ^ (1 << self.random.below(8)));
                        continue;
                    }
                    Fault::Double => {
                        passed.push(byte);
                        continue;
                    }
                    Fault::Packet => {
                        passed.extend(&self.before);
                        self.losing = PACKET;
                        continue;
                    }
                    Fault::Noise => {
                        passed.extend(NOISE);
                        continue;
                    }
                    Fault::Pause(duration) => Outcome::Pause(duration),
                    Fault::Unplug => Outcome::Unplug,
                    Fault::Reset => Outcome::Reset,
                };
                push_bytes(&mut outcomes, &mut passed);
                outcomes.push(outcome);
            }
            self.position += 1;
            if self.before.len() == PACKET {
                self.before.pop_front();
            }
            self.before.push_back(byte);
            if self.losing > 0 {
                self.losing -= 1;
            } else {
                passed.extend(kept);
            }
        }
        // A packet ends where its sender pauses.
        self.losing = 0;
        push_bytes(&mut outcomes, &mut passed);
        outcomes
    }

    /// What happens at the next byte, one after the other.
    fn strikes(&mut self) -> Option<Fault> {
        if let Some(&(at, fault)) = self.accidents.front()
            && at <= self.position
        {
            self.accidents.pop_front();
            return Some(fault);
        }
        let chance = self.chance.as_mut()?;
        if chance.next > self.position {
            return None;
        }
        chance.next = self.position + 1 + self.random.gap(chance.rate);
        let kinds = [Fault::Drop, Fault::Flip, Fault::Double, Fault::Packet];
        Some(kinds[self.random.below(kinds.len() as u64) as usize])
    }
}

fn push_bytes(outcomes: &mut Vec<Outcome>, passed: &mut Vec<u8>) {
    if !passed.is_empty() {
        outcomes.push(Outcome::Bytes(std::mem::take(passed)));
    }
}

/// Chance that can be repeated: equal seeds are equal numbers, in every version of this crate.
///
/// `SplitMix64`: <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Debug, Default)]
pub struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next of them, any that 64 bits can be.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One from 0 up to and without `limit`; 0 where there is none.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// How many bytes go well before the next that does not, each failing with probability `rate`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "53 bits are exact, and a quotient of two logarithms below 0 is above"
    )]
    fn gap(&mut self, rate: f64) -> u64 {
        // 53 bits, as many as a double holds; not 0, whose logarithm is none.
        let uniform = ((self.number() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        (uniform.ln() / (1.0 - rate.min(0.999_999)).ln()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(accidents: &str, bytes: &[u8]) -> Vec<Outcome> {
        let accidents: Vec<Accident> = accidents
            .split(',')
            .map(|text| text.parse().unwrap())
            .collect();
        Faults::new(&accidents, None, Direction::ToBoard).pass(bytes)
    }

    fn bytes(bytes: &[u8]) -> Outcome {
        Outcome::Bytes(bytes.to_vec())
    }

    #[test]
    fn a_byte_is_lost_doubled_or_changed() {
        assert_eq!(passed("drop@to:1", b"abc"), [bytes(b"ac")]);
        assert_eq!(passed("double@to:1", b"abc"), [bytes(b"abbc")]);
        let flipped = passed("flip@to:1", b"abc");
        let Outcome::Bytes(flipped) = &flipped[0] else {
            panic!("bytes: {flipped:?}");
        };
        assert_eq!((flipped[0], flipped[2]), (b'a', b'c'));
        assert_eq!((flipped[1] ^ b'b').count_ones(), 1);
    }

    #[test]
    fn a_packet_is_lost_and_the_one_before_it_comes_again() {
        let sent: Vec<u8> = (0..200).collect();
        let expected: Vec<u8> = (0..70).chain(6..70).chain(134..200).collect();
        assert_eq!(passed("packet@to:70", &sent), [bytes(&expected)]);
        let short: Vec<u8> = (0..70).chain(6..70).collect();
        assert_eq!(passed("packet@to:70", &sent[..90]), [bytes(&short)]);
    }

    #[test]
    fn what_is_no_byte_comes_between_bytes() {
        let pause = Outcome::Pause(Duration::from_millis(20));
        assert_eq!(
            passed("pause=20@to:1,unplug@to:2,reset@to:2", b"abc"),
            [
                bytes(b"a"),
                pause,
                bytes(b"b"),
                Outcome::Unplug,
                Outcome::Reset,
                bytes(b"c")
            ]
        );
        assert_eq!(passed("noise@to:1", b"ab"), [bytes(b"atick\r\nb")]);
    }

    #[test]
    fn the_other_direction_is_another_matter() {
        assert_eq!(passed("drop@from:0", b"a"), [bytes(b"a")]);
    }

    #[test]
    fn nonsense_is_no_accident() {
        for text in [
            "",
            "drop",
            "drop@to",
            "drop@up:1",
            "pause@to:1",
            "drop@to:x",
            "drop=1@to:1",
        ] {
            assert_eq!(text.parse::<Accident>(), Err(()), "{text}");
        }
    }

    #[test]
    fn equal_seeds_are_equal_accidents() {
        let sent: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        let rate = ErrorRate {
            rate: 0.001,
            seed: 7,
        };
        let arrived = |seed: u64| {
            let rate = ErrorRate { seed, ..rate };
            let mut faults = Faults::new(&[], Some(rate), Direction::FromBoard);
            let outcomes = sent.chunks(512).flat_map(|piece| faults.pass(piece));
            outcomes
                .flat_map(|outcome| match outcome {
                    Outcome::Bytes(bytes) => bytes,
                    _ => Vec::new(),
                })
                .collect::<Vec<u8>>()
        };
        assert_eq!(arrived(7), arrived(7));
        assert_ne!(arrived(7), arrived(8));
        assert_ne!(arrived(7), sent);
    }

    #[test]
    fn the_rate_is_about_what_was_asked_for() {
        let mut random = Random::new(1);
        let gaps: u64 = (0..10_000).map(|_| random.gap(0.01)).sum();
        assert!((900_000..1_100_000).contains(&gaps), "{gaps}");
    }
}
