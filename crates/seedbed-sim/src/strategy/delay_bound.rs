//! Delay-bounded scheduling.
//!
//! Emmi, Qadeer, Rakamarić: "Delay-Bounded Scheduling", POPL 2011. Plain order, but at n random steps
//! what would go is put behind all that is possible. Most bugs need few delays, and there are
//! polynomially many schedules with n of them; each is a tape of at most n holds.

use super::{Candidate, Pick, RunStart, Strategy};
use crate::order::Order;
use seedbed_core::{Key, Stream};
use std::collections::BTreeMap;

/// Plain order with n delays.
#[derive(Debug)]
pub struct DelayBound {
    delays: u32,
    stream: Stream,
    clock_rate: u32,
    step: u64,
    /// Steps at which something is delayed, latest first.
    at: Vec<u64>,
    /// What is possible, by its place.
    order: BTreeMap<u64, u32>,
    places: BTreeMap<u32, u64>,
    last: u64,
}

impl DelayBound {
    /// Plain order with so many delays a run.
    pub fn new(delays: u32) -> DelayBound {
        DelayBound {
            delays,
            stream: Key::from_seed(0).stream(),
            clock_rate: 0,
            step: 0,
            at: Vec::new(),
            order: BTreeMap::new(),
            places: BTreeMap::new(),
            last: 0,
        }
    }

    fn append(&mut self, id: u32) {
        self.last += 1;
        self.order.insert(self.last, id);
        self.places.insert(id, self.last);
    }
}

impl Strategy for DelayBound {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.clock_rate = run.clock_rate;
        self.step = 0;
        let steps = run.steps_hint.max(1);
        self.at = (0..self.delays).map(|_| 1 + self.stream.below(steps)).collect();
        self.at.sort_unstable_by(|a, b| b.cmp(a));
        self.order.clear();
        self.places.clear();
        self.last = 0;
    }

    fn enabled(&mut self, candidate: Candidate) {
        self.append(candidate.id);
    }

    fn gone(&mut self, id: u32) {
        if let Some(place) = self.places.remove(&id) {
            self.order.remove(&place);
        }
    }

    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        self.step += 1;
        if clock && self.stream.per_million(self.clock_rate) {
            return Pick::Clock;
        }
        // A delay of what is alone would be none: it waits for a step with a choice.
        while self.order.len() > 1 && self.at.last().is_some_and(|at| *at <= self.step) {
            self.at.pop();
            if let Some((_, id)) = self.order.pop_first() {
                self.append(id);
            }
        }
        self.order.first_key_value().map_or(Pick::Plain, |(_, id)| Pick::Run(*id))
    }
}
