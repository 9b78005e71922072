//! A strategy that is counted: how much there was to decide, and how it decided.

use super::{Candidate, Footprint, Pick, RunStart, Scene, Strategy};
use crate::order::Order;
use seedbed_core::ChoicePoint;
use std::cell::Cell;
use std::rc::Rc;

/// What a strategy decided in all its runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Runs that ended.
    pub runs: u64,
    /// Picks among more than one.
    pub picks: u64,
    /// Those of them that were not plain.
    pub odd: u64,
    /// Times the clock was let pass while mail waited.
    pub clocks: u64,
    /// The most that was possible at a time.
    pub widest: u32,
}

/// Counts what a strategy decides.
#[derive(Debug)]
pub struct Metered<S> {
    strategy: S,
    decisions: Rc<Cell<Decisions>>,
}

impl<S: Strategy> Metered<S> {
    /// Counts this one; the cell is where.
    pub fn new(strategy: S) -> (Metered<S>, Rc<Cell<Decisions>>) {
        let decisions = Rc::new(Cell::new(Decisions::default()));
        (Metered { strategy, decisions: Rc::clone(&decisions) }, decisions)
    }

    fn count(&self, change: impl FnOnce(&mut Decisions)) {
        let mut decisions = self.decisions.get();
        change(&mut decisions);
        self.decisions.set(decisions);
    }
}

impl<S: Strategy> Strategy for Metered<S> {
    fn begin(&mut self, run: &RunStart) {
        self.strategy.begin(run);
    }

    fn fork(&mut self, run: &RunStart) {
        self.strategy.fork(run);
    }

    fn enabled(&mut self, candidate: &Candidate) {
        self.strategy.enabled(candidate);
    }

    fn gone(&mut self, id: u32) {
        self.strategy.gone(id);
    }

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        let pick = self.strategy.pick(order, clock);
        let odd = matches!(pick, Pick::Run(id) if order.first() != Some(id));
        self.count(|d| {
            d.picks += u64::from(order.len() > 1 || clock);
            d.odd += u64::from(odd);
            d.clocks += u64::from(pick == Pick::Clock);
            d.widest = d.widest.max(order.len());
        });
        pick
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        self.strategy.choose(point, scene, possible)
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
        self.count(|d| d.runs += 1);
        self.strategy.end()
    }
}
