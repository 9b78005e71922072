//! A random walk: every possible delivery with the same chance.

use super::set::Set;
use super::{Candidate, Pick, RunStart, Strategy};
use crate::order::Order;
use seedbed_core::{Key, Stream};

/// Uniform over what is possible.
#[derive(Clone, Debug)]
pub struct Random {
    stream: Stream,
    clock_rate: u32,
    candidates: Set,
}

impl Default for Random {
    fn default() -> Self {
        Random { stream: Key([0; 32]).stream(), clock_rate: 0, candidates: Set::default() }
    }
}

impl Strategy for Random {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.clock_rate = run.clock_rate;
        self.candidates.clear();
    }

    #[inline]
    fn enabled(&mut self, candidate: &Candidate) {
        self.candidates.insert(candidate.id);
    }

    #[inline]
    fn gone(&mut self, id: u32) {
        self.candidates.remove(id);
    }

    #[inline]
    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        if clock && self.stream.per_million(self.clock_rate) {
            return Pick::Clock;
        }
        match self.candidates.len() {
            1 => Pick::Plain,
            n => Pick::Run(self.candidates.get(self.stream.below(n as u64) as usize)),
        }
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(self.clone()))
    }
}
