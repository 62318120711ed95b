//! Bytes as a list of choices.

/// Choices that are made by bytes, from the first to the last; when they are used up, every further choice is the first.
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// Makes choices by these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all are used up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `end`, or 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let wide = if end > 256 { usize::from(self.byte()) << 8 } else { 0 };
        (wide | usize::from(self.byte())) % end.max(1)
    }

    /// Up to 255 bytes.
    pub fn bytes(&mut self) -> Vec<u8> {
        let len = usize::from(self.byte()).min(self.0.len());
        let (head, rest) = self.0.split_at(len);
        self.0 = rest;
        head.to_vec()
    }

    /// All bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Changes one to four things: a bit, a byte, the end, or a few bytes more.
    pub fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            // Heads decide more than bodies do.
            let end = if self.byte() & 1 == 0 { bytes.len().min(64) } else { bytes.len() };
            let at = self.below(end);
            match (self.below(6), bytes.get_mut(at)) {
                (0 | 1, Some(byte)) => *byte ^= 1 << self.below(8),
                (2 | 3, Some(byte)) => *byte = self.byte(),
                (4, _) => bytes.truncate(at),
                _ => {
                    let more = self.bytes();
                    bytes.splice(at..at, more);
                }
            }
        }
    }
}
