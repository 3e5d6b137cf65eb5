//! How long a program of ours may be silent. What it has to do decides: a program that was damaged on
//! its way may never say anything, and is not waited for longer than one that works would take.

use std::time::Duration;

use super::Board;

/// How long one may be silent that has little to do: a flash erase can stall a board for 12 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// How much longer it may take to count the free clusters of a large card, whose filesystem has not
/// noted how many there are.
pub(crate) const COUNTING_FREE: Duration = Duration::from_secs(10);

/// How much longer it may take to digest a file of which the size is not known.
pub(crate) const DIGESTING_ANY: Duration = Duration::from_secs(600);

/// Bytes a millisecond that the slowest of boards read and digest.
const DIGEST_RATE: u64 = 20;

/// How long it may take to digest so many bytes of a file.
pub(crate) fn digesting(bytes: u64) -> Duration {
    Duration::from_millis(bytes / DIGEST_RATE)
}

/// How long 1 KiB may take to be written: a serial flash at its slowest erases 4 KiB in 400 ms and
/// programs 256 bytes in 3 ms (W25Q data sheets, `t_SE` and `t_PP`).
const FLASH_TIME: Duration = Duration::from_millis(112);

/// How long it may take to write so many bytes.
pub(crate) fn writing(bytes: u64) -> Duration {
    FLASH_TIME.saturating_mul(u32::try_from(bytes / 1024).unwrap_or(u32::MAX))
}

/// How long it may take to copy so many bytes from one file of the board to another, and digest them.
pub(crate) fn copying(bytes: u64) -> Duration {
    writing(bytes).saturating_add(digesting(bytes))
}

impl Board {
    /// Does `work`, in which programs may be silent for `longer` than others.
    pub(crate) fn patiently<T>(
        &mut self,
        longer: Duration,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let usual = self.longer;
        self.longer = usual.max(longer);
        let result = work(self);
        self.longer = usual;
        result
    }

    /// How long a program may be silent now.
    pub(super) fn patience(&self) -> Duration {
        PATIENCE + self.longer
    }
}
