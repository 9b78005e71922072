//! The running hash of a run, and the stable hash of names.
//!
//! Both are defined by this file alone: 64-bit words, little-endian, folded 128-bit multiplication.
//! They are the same on every platform and in every build. Not cryptographic: they find accidents, not forgers.

const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xd6e8_feb8_6659_fd93;
const K2: u64 = 0xa076_1d64_78bd_642f;
const K3: u64 = 0xe703_7ed1_a0b4_28db;

#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let wide = (a as u128).wrapping_mul(b as u128);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// A running hash over the events of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHash {
    state: u64,
    words: u64,
}

impl Default for TraceHash {
    fn default() -> Self {
        TraceHash { state: K2, words: 0 }
    }
}

impl TraceHash {
    /// Takes in one word.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.pair(word, 0);
    }

    /// Takes in two words, at the cost of one.
    #[inline]
    pub fn pair(&mut self, a: u64, b: u64) {
        self.state = fold(self.state ^ fold(a ^ K0, b ^ K1), K2);
        self.words = self.words.wrapping_add(1);
    }

    /// Takes in eight words, whose multiplications do not wait for each other.
    #[inline]
    pub fn eight(&mut self, w: [u64; 8]) {
        let mixed = fold(w[0] ^ K0, w[1] ^ K1)
            ^ fold(w[2] ^ K1, w[3] ^ K2).rotate_left(11)
            ^ fold(w[4] ^ K2, w[5] ^ K3).rotate_left(23)
            ^ fold(w[6] ^ K3, w[7] ^ K0).rotate_left(41);
        self.state = fold(self.state ^ mixed, K3);
        self.words = self.words.wrapping_add(1);
    }

    /// Takes in a length and that many bytes.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        self.payload(bytes);
    }

    /// Takes in bytes whose number was taken in before.
    #[inline]
    pub fn payload(&mut self, bytes: &[u8]) {
        if bytes.len() > 16 {
            return self.blocks(bytes);
        }
        if !bytes.is_empty() {
            let (first, second) = bytes.split_at(bytes.len().min(8));
            self.pair(short_word(first), short_word(second));
        }
    }

    fn blocks(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<64>();
        for block in blocks {
            self.eight(words_of(block));
        }
        if rest.is_empty() {
            return;
        }
        if rest.len() <= 16 {
            return self.payload(rest);
        }
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        self.eight(words_of(&last));
    }

    /// The hash of all that was taken in so far.
    pub fn value(&self) -> u64 {
        fold(self.state ^ self.words, K1)
    }
}

#[inline]
fn words_of(block: &[u8; 64]) -> [u64; 8] {
    let mut out = [0; 8];
    for (word, bytes) in out.iter_mut().zip(block.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    out
}

/// Up to 8 bytes as a word, zeros above them; read in pieces that overlap, for short ones are the
/// usual ones and a copy of odd length is dear.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    if let Ok(all) = bytes.try_into() {
        return u64::from_le_bytes(all);
    }
    if let (Some(low), Some(high)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << (8 * (n - 4));
    }
    match *bytes {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(a) | u64::from(b) << 8,
        [a, b, .., c] => u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
    }
}

/// The stable 64-bit hash of a text: what paths and names are known by where text would be too dear.
pub fn stable_hash(text: &[u8]) -> u64 {
    let mut hash = TraceHash::default();
    hash.bytes(text);
    hash.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden: these numbers are in files that people keep.
    #[test]
    fn hashes_are_pinned() {
        let mut h = TraceHash::default();
        h.word(1);
        h.pair(2, 3);
        h.eight([1, 2, 3, 4, 5, 6, 7, 8]);
        h.bytes(&[7; 130]);
        assert_eq!(
            [stable_hash(b""), stable_hash(b"a/ledger"), h.value()],
            [18072480062603755174, 1881970512114637112, 7971205520462447714]
        );
    }

    #[test]
    fn a_short_word_is_its_bytes_and_zeros() {
        for n in 0..=8u8 {
            let bytes: Vec<u8> = (0..n).map(|i| 0xf0 | i).collect();
            let mut all = [0; 8];
            all[..usize::from(n)].copy_from_slice(&bytes);
            assert_eq!(short_word(&bytes), u64::from_le_bytes(all), "{n}");
        }
    }

    #[test]
    fn order_and_length_matter() {
        assert_ne!(stable_hash(b"ab"), stable_hash(b"ba"));
        assert_ne!(stable_hash(b"a"), stable_hash(b"a\0"));
        let (mut a, mut b) = (TraceHash::default(), TraceHash::default());
        a.word(0);
        b.word(0);
        b.word(0);
        assert_ne!(a.value(), b.value());
    }
}
