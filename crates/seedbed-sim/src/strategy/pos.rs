//! Partial order sampling.
//!
//! Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018. Every delivery gets a random
//! priority when it becomes possible, and the highest goes. After each turn what races with it, that is what is
//! possible for an actor that the turn touched, draws anew. So orders that differ in racing deliveries only are
//! sampled more evenly than a random walk does, which wastes most of its choices on deliveries that commute.
//!
//! Between nodes a priority is a delay, drawn anew for each packet and effect.
//!
//! O(m log n) for a step with m racing deliveries.

use super::{Candidate, Footprint, Pick, RunStart, Scene, Strategy, is_delay};
use crate::order::Order;
use seedbed_core::{ChoicePoint, Key, PathId, Stream};
use std::collections::{BTreeMap, BTreeSet};

/// POS with what a turn touched as the race relation.
#[derive(Clone, Debug)]
pub struct Pos {
    stream: Stream,
    clock_rate: u32,
    /// What is possible, by (priority, number).
    index: BTreeSet<(u64, u32)>,
    by_number: BTreeMap<u32, (u64, PathId)>,
    by_receiver: BTreeMap<PathId, BTreeSet<u32>>,
}

impl Default for Pos {
    fn default() -> Self {
        Pos {
            stream: Key::from_seed(0).stream(),
            clock_rate: 0,
            index: BTreeSet::new(),
            by_number: BTreeMap::new(),
            by_receiver: BTreeMap::new(),
        }
    }
}

impl Strategy for Pos {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.clock_rate = run.clock_rate;
        self.index.clear();
        self.by_number.clear();
        self.by_receiver.clear();
    }

    fn enabled(&mut self, candidate: &Candidate) {
        let (priority, receiver) = (self.stream.next_u64(), candidate.chain.receiver);
        self.index.insert((priority, candidate.id));
        self.by_number.insert(candidate.id, (priority, receiver));
        self.by_receiver.entry(receiver).or_default().insert(candidate.id);
    }

    fn gone(&mut self, id: u32) {
        let Some((priority, receiver)) = self.by_number.remove(&id) else { return };
        self.index.remove(&(priority, id));
        if let Some(of) = self.by_receiver.get_mut(&receiver) {
            of.remove(&id);
            if of.is_empty() {
                self.by_receiver.remove(&receiver);
            }
        }
    }

    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        if clock && self.stream.per_million(self.clock_rate) {
            return Pick::Clock;
        }
        self.index.last().map_or(Pick::Plain, |(_, id)| Pick::Run(*id))
    }

    fn choose(&mut self, point: &ChoicePoint, _: &Scene, possible: bool) -> Option<u32> {
        let drawn = possible && is_delay(point.kind);
        drawn.then(|| self.stream.below(u64::from(point.n)) as u32)
    }

    fn wants_footprints(&self) -> bool {
        true
    }

    fn ran(&mut self, footprint: &Footprint) {
        for path in &footprint.touched {
            for id in self.by_receiver.get(path).into_iter().flatten() {
                let Some((priority, _)) = self.by_number.get_mut(id) else { continue };
                self.index.remove(&(*priority, *id));
                *priority = self.stream.next_u64();
                self.index.insert((*priority, *id));
            }
        }
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(self.clone()))
    }
}
