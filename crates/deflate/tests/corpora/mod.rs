//! Generated data as boards are sent it: the same in every run.

use std::fmt::Write as _;

/// Knuth's linear congruential generator (MMIX); its high bits are the good ones.
struct Generator(u64);

impl Generator {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32 % end
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u32) as usize]
    }
}

/// Data that does not shrink.
pub fn random(length: usize) -> Vec<u8> {
    let mut generator = Generator(1);
    (0..length).map(|_| generator.below(256) as u8).collect()
}

/// Exactly `length` bytes of something like a driver.
pub fn python(length: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "read", "write", "sensor", "frame", "buffer", "register", "channel", "state", "timer",
        "page", "queue", "client", "value", "index", "header", "limit",
    ];
    let mut random = Generator(2);
    let mut text = String::from("import time\nimport struct\n");
    while text.len() < length {
        let (verb, noun) = (random.pick(&WORDS), random.pick(&WORDS));
        let number = random.below(1000);
        // Writing to a String cannot fail.
        let _ = match random.below(6) {
            0 => writeln!(
                text,
                "\n    def {verb}_{noun}(self, {noun}, timeout={number}):"
            ),
            1 => writeln!(text, "        self.{verb} = {noun} * {number} // 100"),
            2 => writeln!(
                text,
                "        if {noun} > 0x{number:03x}:\n            return {verb}"
            ),
            3 => writeln!(text, "        {noun} = self.{verb}({noun}, {})", number % 8),
            4 => writeln!(
                text,
                "        # {verb} the {noun} before the next {}",
                random.pick(&WORDS)
            ),
            _ => writeln!(text, "        time.sleep_ms({})", number % 100),
        };
    }
    text.truncate(length);
    text.into_bytes()
}

/// Exactly `length` bytes of readings.
pub fn sensor_log(length: usize) -> Vec<u8> {
    let mut random = Generator(3);
    let mut text = String::new();
    let (mut milliseconds, mut value) = (0, 2137);
    while text.len() < length {
        milliseconds += 200 + random.below(100);
        value = value + random.below(19) - 9;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "2026-08-01T06:{:02}:{:02}.{:03}Z greenhouse/{} {}.{:02} C rssi=-{}",
            milliseconds / 60_000 % 60,
            milliseconds / 1000 % 60,
            milliseconds % 1000,
            random.pick(&["north", "south", "door"]),
            value / 100,
            value % 100,
            55 + random.below(30),
        );
    }
    text.truncate(length);
    text.into_bytes()
}

/// A file in parts, each best coded in another way.
pub fn mixed() -> Vec<u8> {
    [
        python(12_000),
        random(6_000),
        vec![0; 3_000],
        sensor_log(9_000),
        random(20),
    ]
    .concat()
}
