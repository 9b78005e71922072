//! How long things take: ranges, cut in steps, with integers only.
//!
//! A choice point has few answers, so a range is cut in 16 steps. How the steps lie in it is its
//! [`Shape`]: a table, never a formula that a platform could round in its own way.

use serde::{Deserialize, Serialize};

/// How many steps a range is cut in: the answers to a delay's choice point.
pub(crate) const STEPS: u32 = 16;

/// So many parts of a range beyond its least.
pub(crate) fn share((min, max): (u64, u64), parts: u32, of: u32) -> u64 {
    let range = max.saturating_sub(min);
    min.saturating_add(range / u64::from(of) * u64::from(parts))
}

/// How delays lie in the range of a [`Latency`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Evenly.
    #[default]
    Uniform,
    /// Most are short and a few are very long: half lie in the first fortieth of the range, one in
    /// fifteen is its most. What networks that queue and send again look like.
    LongTail,
}

/// Thousandths of the range at each step of a long tail: the quantiles of a Pareto distribution with
/// exponent ½, begun at 2 and cut at the whole.
const LONG_TAIL: [u16; STEPS as usize] = [0, 2, 3, 4, 5, 7, 9, 12, 16, 22, 32, 50, 89, 180, 420, 1_000];

/// How long packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// The least, in nanoseconds: what plain runs have.
    pub min: u64,
    /// The most, in nanoseconds.
    pub max: u64,
    /// How those that are delayed lie between the two.
    #[serde(default)]
    pub shape: Shape,
}

impl Default for Latency {
    /// 100 µs to 100 ms, evenly.
    fn default() -> Self {
        Latency::between(100_000, 100_000_000)
    }
}

impl Latency {
    /// Always the same, in nanoseconds.
    pub const fn fixed(ns: u64) -> Latency {
        Latency::between(ns, ns)
    }

    /// A range of nanoseconds, both ends included, evenly.
    pub const fn between(min: u64, max: u64) -> Latency {
        Latency { min, max, shape: Shape::Uniform }
    }

    /// The same range with a long tail.
    #[must_use]
    pub const fn long_tailed(self) -> Latency {
        Latency { shape: Shape::LongTail, ..self }
    }

    /// The latency for an answer; 0 is the least.
    pub(crate) fn at(&self, answer: u32) -> u64 {
        match self.shape {
            Shape::Uniform => share((self.min, self.max), answer, STEPS - 1),
            Shape::LongTail => {
                let range = u128::from(self.max.saturating_sub(self.min));
                let part = range * u128::from(LONG_TAIL[answer as usize]) / 1_000;
                self.min.saturating_add(part as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_rise_from_the_least_to_the_most() {
        for latency in [Latency::between(1_000, 16_000), Latency::between(1_000, 16_000).long_tailed()] {
            let all: Vec<u64> = (0..STEPS).map(|answer| latency.at(answer)).collect();
            assert_eq!((all[0], all[15]), (1_000, 16_000));
            assert!(all.is_sorted(), "{all:?}");
        }
        let tail = Latency::between(0, 1_000_000).long_tailed();
        assert_eq!((tail.at(8), tail.at(14)), (16_000, 420_000));
        assert_eq!(Latency::between(0, u64::MAX).long_tailed().at(15), u64::MAX);
        assert_eq!(Latency::fixed(7).long_tailed().at(9), 7);
    }
}
