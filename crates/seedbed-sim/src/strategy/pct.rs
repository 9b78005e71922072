//! Probabilistic concurrency testing.
//!
//! Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees
//! of Finding Bugs", ASPLOS 2010. Chains of deliveries (sender, receiver) take the part of threads:
//! each gets a random priority when it is first seen, the highest always runs, and at d − 1 random
//! steps the chain that would run is put below all others.
//!
//! Between nodes a priority is a delay: half of the senders have one, the same for all that they send (and for the effects
//! that they ask for), and at each of those steps the next that sends is made the slowest.
//!
//! *By ways* (PCTCP: Ozkan, Majumdar, Niksic, Befrouei, Weissenbacher: "Randomized Testing of Distributed
//! Systems with Probabilistic Guarantees", OOPSLA 2018) each sender has a delay for each node that it sends to: a
//! message can be late for one of its receivers and in time for the others.

use super::{Candidate, Pick, RunStart, Scene, Strategy, is_delay};
use crate::order::Order;
use seedbed_core::{Chain, ChoicePoint, Key, NodeId, PathId, Stream};
use std::collections::BTreeMap;

/// PCT of depth d.
#[derive(Clone, Debug)]
pub struct Pct {
    depth: u32,
    by_ways: bool,
    stream: Stream,
    clock_rate: u32,
    step: u64,
    /// Steps at which a priority changes, latest first.
    changes: Vec<u64>,
    lowest: u64,
    priorities: BTreeMap<Chain, u64>,
    /// What is possible, by (priority, number).
    index: BTreeMap<(u64, u32), Chain>,
    keys: BTreeMap<u32, u64>,
    /// The delay of each sender, or of each of its ways, as the answer to its choice points.
    delays: BTreeMap<(PathId, Option<NodeId>), u32>,
    /// The next that sends is made the slowest.
    slow_next: bool,
}

impl Pct {
    /// PCT that finds bugs of this depth with a probability of at least 1 in n·k^(d−1).
    pub fn new(depth: u32) -> Pct {
        Pct {
            depth,
            by_ways: false,
            stream: Key::from_seed(0).stream(),
            clock_rate: 0,
            step: 0,
            changes: Vec::new(),
            lowest: 0,
            priorities: BTreeMap::new(),
            index: BTreeMap::new(),
            keys: BTreeMap::new(),
            delays: BTreeMap::new(),
            slow_next: false,
        }
    }

    /// The same, where each sender has a delay for each node it sends to.
    pub fn by_ways(depth: u32) -> Pct {
        Pct { by_ways: true, ..Pct::new(depth) }
    }
}

/// Priorities of chains as first drawn lie above all that changes give.
const DRAWN: u64 = 1 << 32;

impl Strategy for Pct {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.clock_rate = run.clock_rate;
        self.step = 0;
        let steps = run.steps_hint.max(1);
        self.changes = (1..self.depth).map(|_| 1 + self.stream.below(steps)).collect();
        self.changes.sort_unstable_by(|a, b| b.cmp(a));
        self.lowest = u64::from(self.depth);
        self.priorities.clear();
        self.index.clear();
        self.keys.clear();
        self.delays.clear();
        self.slow_next = false;
    }

    fn enabled(&mut self, candidate: &Candidate) {
        let stream = &mut self.stream;
        let priority =
            *self.priorities.entry(candidate.chain).or_insert_with(|| DRAWN + (stream.next_u64() >> 32));
        self.index.insert((priority, candidate.id), candidate.chain);
        self.keys.insert(candidate.id, priority);
    }

    fn gone(&mut self, id: u32) {
        if let Some(priority) = self.keys.remove(&id) {
            self.index.remove(&(priority, id));
        }
    }

    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        self.step += 1;
        if clock && self.stream.per_million(self.clock_rate) {
            return Pick::Clock;
        }
        while self.changes.last().is_some_and(|at| *at <= self.step) {
            self.changes.pop();
            self.slow_next = true;
            self.lowest -= 1;
            if let Some(((priority, id), chain)) = self.index.pop_last() {
                debug_assert_eq!(self.keys.get(&id), Some(&priority));
                self.priorities.insert(chain, self.lowest);
                self.index.insert((self.lowest, id), chain);
                self.keys.insert(id, self.lowest);
            }
        }
        self.index.last_key_value().map_or(Pick::Plain, |((_, id), _)| Pick::Run(*id))
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        if !possible || !is_delay(point.kind) {
            return None;
        }
        let stream = &mut self.stream;
        let drawn = || if stream.below(2) == 0 { 0 } else { 1 + stream.below(u64::from(point.n - 1)) as u32 };
        let delay = self.delays.entry((point.path, scene.to.filter(|_| self.by_ways))).or_insert_with(drawn);
        if std::mem::take(&mut self.slow_next) {
            *delay = u32::MAX;
        }
        Some((*delay).min(point.n - 1))
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(self.clone()))
    }
}
