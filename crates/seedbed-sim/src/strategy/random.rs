//! A random walk: every possible delivery with the same chance.

use super::{Candidate, Pick, RunStart, Strategy};
use crate::order::Order;
use seedbed_core::{Key, Stream};

/// Uniform over what is possible.
#[derive(Debug)]
pub struct Random {
    stream: Stream,
    clock_rate: u32,
    candidates: Vec<u32>,
    /// Where each candidate stands in the list, by its number.
    places: Vec<u32>,
}

impl Default for Random {
    fn default() -> Self {
        Random {
            stream: Key::from_seed(0).stream(),
            clock_rate: 0,
            candidates: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl Strategy for Random {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.clock_rate = run.clock_rate;
        self.candidates.clear();
    }

    #[inline]
    fn enabled(&mut self, candidate: Candidate) {
        let id = candidate.id as usize;
        if self.places.len() <= id {
            self.places.resize(id + 1, u32::MAX);
        }
        self.places[id] = self.candidates.len() as u32;
        self.candidates.push(candidate.id);
    }

    #[inline]
    fn gone(&mut self, id: u32) {
        let place = self.places[id as usize] as usize;
        self.candidates.swap_remove(place);
        if let Some(moved) = self.candidates.get(place) {
            self.places[*moved as usize] = place as u32;
        }
    }

    #[inline]
    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        if clock && self.stream.per_million(self.clock_rate) {
            return Pick::Clock;
        }
        match self.candidates.len() {
            1 => Pick::Plain,
            n => Pick::Run(self.candidates[self.stream.below(n as u64) as usize]),
        }
    }
}
