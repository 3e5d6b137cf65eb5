//! Bits into bytes, least significant first (RFC 1951 section 3.1.1).

/// Output that grows by single bits.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, the earliest lowest.
    pending: u64,
    /// How many of them there are: fewer than 8 between calls.
    pending_count: u32,
    /// How many bits there were at the last mark.
    marked: u64,
}

impl BitWriter {
    /// Appends the low `count` bits of `value`, at most 32; the bits above them must be zero.
    pub fn put(&mut self, value: u32, count: u32) {
        debug_assert!(count <= 32 && u64::from(value) >> count == 0);
        self.pending |= u64::from(value) << self.pending_count;
        self.pending_count += count;
        while self.pending_count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_count -= 8;
        }
    }

    /// Fills the last byte with zero bits.
    pub fn align(&mut self) {
        self.put(0, (8 - self.pending_count) % 8);
    }

    /// Appends whole bytes; the output must be aligned.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.pending_count, 0);
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bits were written.
    pub fn bits(&self) -> u64 {
        8 * self.bytes.len() as u64 + u64::from(self.pending_count)
    }

    /// Marks where the data ends, whatever follows it.
    pub fn mark(&mut self) {
        self.marked = self.bits();
    }

    /// How many bytes hold what was written up to the last mark.
    pub fn marked_bytes(&self) -> usize {
        self.marked.div_ceil(8) as usize
    }

    /// Everything written, aligned.
    pub fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bit_is_the_lowest_of_the_first_byte() {
        let mut writer = BitWriter::default();
        writer.put(0b1, 1);
        writer.put(0b01, 2);
        writer.put(0x3ff, 10);
        assert_eq!(writer.finish(), [0b1111_1011, 0b0001_1111]);
    }

    #[test]
    fn aligning_twice_adds_nothing() {
        let mut writer = BitWriter::default();
        writer.put(1, 1);
        writer.align();
        writer.align();
        writer.put_bytes(&[2]);
        assert_eq!(writer.finish(), [1, 2]);
    }
}
