//! How the board is connected.

use clap::ValueEnum;

/// How the board is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Link {
    /// The default of most boards with a USB-serial chip.
    #[value(name = "uart:115200", alias = "115200")]
    Slow,
    /// The fastest that such chips do reliably.
    #[value(name = "uart:921600", alias = "921600")]
    Fast,
    /// A board with USB of its own.
    Usb,
}

impl Link {
    /// As `mpwire sim --link` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "uart:115200",
            Self::Fast => "uart:921600",
            Self::Usb => "usb",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Slow => "115200 baud",
            Self::Fast => "921600 baud",
            Self::Usb => "USB",
        }
    }

    /// The seconds that `bytes` are on the wire: 10 bits each on a serial line; 600 KB/s is what
    /// the simulator gives to USB.
    pub fn seconds(self, bytes: usize) -> f64 {
        let bytes_per_second = match self {
            Self::Slow => 11_520,
            Self::Fast => 92_160,
            Self::Usb => 600_000,
        };
        ratio(bytes, bytes_per_second)
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of files")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_kilobytes_need_four_and_a_half_seconds() {
        assert!((Link::Slow.seconds(51_200) - 4.444).abs() < 0.001);
    }
}
