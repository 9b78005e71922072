//! Named random streams.
//!
//! A stream is ChaCha8 under a key derived from a 32-byte root key and a name (purpose, path, life).
//! Streams of different names share nothing: drawing from one moves no other. Pinned for ever by golden tests.

use crate::hash::TraceHash;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A 32-byte key from which streams are derived: of a node at boot, or of a run from its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl Key {
    /// The root key of a run with this seed.
    pub fn from_seed(seed: u64) -> Key {
        Key([0; 32]).derive("seed", seed, 0)
    }

    /// The key for (purpose, subject, ordinal) under this one.
    #[must_use]
    pub fn derive(&self, purpose: &str, subject: u64, ordinal: u64) -> Key {
        let mut out = [0; 32];
        for (lane, part) in out.chunks_exact_mut(8).enumerate() {
            let mut h = TraceHash::default();
            h.word(lane as u64);
            h.bytes(&self.0);
            h.bytes(purpose.as_bytes());
            h.pair(subject, ordinal);
            part.copy_from_slice(&h.value().to_le_bytes());
        }
        Key(out)
    }

    /// The stream of this key.
    pub fn stream(&self) -> Stream {
        Stream(ChaCha8Rng::from_seed(self.0))
    }
}

/// A deterministic random stream.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number below `n`, by multiplication; 0 if `n` is 0. The bias is below n / 2⁶⁴.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// True `rate` times in a million.
    #[inline]
    pub fn per_million(&mut self, rate: u32) -> bool {
        rate > 0 && self.below(1_000_000) < u64::from(rate)
    }

    /// Fills a buffer.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden: a stream never changes.
    #[test]
    fn streams_are_pinned() {
        let mut s = Key::from_seed(7).derive("test", 1, 2).stream();
        assert_eq!(
            [s.next_u64(), s.next_u64(), s.below(1000)],
            [17290748133837344203, 4261475650340161511, 953]
        );
    }

    #[test]
    fn names_give_unrelated_streams() {
        let key = Key::from_seed(7);
        let first = |k: Key| k.stream().next_u64();
        assert_ne!(first(key.derive("a", 1, 0)), first(key.derive("a", 0, 1)));
        assert_ne!(first(key.derive("a", 1, 0)), first(key.derive("b", 1, 0)));
        assert_ne!(first(key), first(Key::from_seed(8)));
    }

    #[test]
    fn below_stays_below() {
        let mut s = Key::from_seed(1).stream();
        assert!((0..1000).all(|_| s.below(3) < 3));
        assert_eq!(s.below(0), 0);
        assert!(!s.per_million(0) && s.per_million(1_000_000));
    }
}
