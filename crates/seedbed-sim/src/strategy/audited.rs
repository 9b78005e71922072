//! A strategy that is watched: whether it keeps to what it was told.
//!
//! For tests: a strategy that picks what is not possible is a bug of ours, and panics here at the pick
//! instead of somewhere later.

use super::{Candidate, Footprint, Pick, RunStart, Scene, Strategy};
use crate::order::Order;
use seedbed_core::ChoicePoint;
use std::collections::BTreeSet;

/// Checks every answer of a strategy.
#[derive(Debug)]
pub struct Audited<S> {
    strategy: S,
    possible: BTreeSet<u32>,
}

impl<S: Strategy> Audited<S> {
    /// Watches this one.
    pub fn new(strategy: S) -> Audited<S> {
        Audited { strategy, possible: BTreeSet::new() }
    }
}

impl<S: Strategy> Strategy for Audited<S> {
    fn begin(&mut self, run: &RunStart) {
        self.possible.clear();
        self.strategy.begin(run);
    }

    fn fork(&mut self, run: &RunStart) {
        self.possible.clear();
        self.strategy.fork(run);
    }

    fn enabled(&mut self, candidate: &Candidate) {
        assert!(self.possible.insert(candidate.id), "{} became possible twice", candidate.id);
        self.strategy.enabled(candidate);
    }

    fn gone(&mut self, id: u32) {
        assert!(self.possible.remove(&id), "{id} goes and was not possible");
        self.strategy.gone(id);
    }

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        let in_order: BTreeSet<u32> = order.iter().collect();
        assert_eq!(in_order, self.possible, "a strategy is told of everything that is possible");
        let pick = self.strategy.pick(order, clock);
        match pick {
            Pick::Plain => {}
            Pick::Run(id) => assert!(self.possible.contains(&id), "{id} was picked and is not possible"),
            Pick::Clock => assert!(clock, "the clock was picked and cannot pass"),
        }
        pick
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        let answer = self.strategy.choose(point, scene, possible);
        assert!(answer.is_none_or(|n| n < point.n), "{answer:?} of {} answers", point.n);
        assert!(possible || answer.is_none_or(|n| n == 0), "a fault that is not possible");
        answer
    }

    fn wants_footprints(&self) -> bool {
        self.strategy.wants_footprints()
    }

    fn wants_all_faults(&self) -> bool {
        self.strategy.wants_all_faults()
    }

    fn ran(&mut self, footprint: &Footprint) {
        self.strategy.ran(footprint);
    }

    fn end(&mut self) -> bool {
        self.strategy.end()
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        let strategy = self.strategy.snapshot()?;
        Some(Box::new(Audited { strategy, possible: self.possible.clone() }))
    }
}
