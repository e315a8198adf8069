/// The same numbers in every run (xorshift64).
pub struct Random(u64);

impl Random {
    /// A sequence of its own for every seed but 0.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`, all equally likely.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % bound).unwrap_or(0)
    }

    /// A rank below `count`; rank `k` is drawn about `1/k` as often as the first (Zipf).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "ranks are small"
    )]
    pub fn zipf(&mut self, count: usize) -> usize {
        let share = self.below(1 << 30) as f64 / f64::from(1 << 30);
        ((count as f64 + 1.0).powf(share) as usize).clamp(1, count) - 1
    }

    /// Fills a block.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let number = self.number().to_le_bytes();
            part.copy_from_slice(&number[..part.len()]);
        }
    }
}
