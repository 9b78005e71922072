//! What a program does in its plain run: what strategies know of a run before it begins.
//!
//! A part of a run's identity, so it depends on the program alone: whoever runs one seed again gets the same.

use super::{Candidate, Pick, RunStart, Strategy};
use crate::order::Order;
use crate::run::{Program, RunConfig, run_with};
use seedbed_core::{Chain, ChoicePoint};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The plain run with the seed 0, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Turns; at least 1.
    pub steps: u64,
    /// How many deliveries each chain had.
    pub chains: Arc<BTreeMap<Chain, u64>>,
}

impl Default for Profile {
    /// Of a program that nobody has run.
    fn default() -> Self {
        Profile { steps: 1_000, chains: Arc::default() }
    }
}

impl Profile {
    /// Runs the program once.
    pub fn of(program: &dyn Program) -> Profile {
        let chains = Rc::new(RefCell::new(BTreeMap::new()));
        let counting = Box::new(Counting(Rc::clone(&chains)));
        let (outcome, counting) = run_with(program, &RunConfig::seed(0), counting, Vec::new());
        drop(counting);
        Profile { steps: outcome.stats.steps.max(1), chains: Arc::new(chains.take()) }
    }
}

/// Plain order, counted.
struct Counting(Rc<RefCell<BTreeMap<Chain, u64>>>);

impl Strategy for Counting {
    fn begin(&mut self, _: &RunStart) {
        self.0.borrow_mut().clear();
    }

    fn enabled(&mut self, candidate: Candidate) {
        *self.0.borrow_mut().entry(candidate.chain).or_default() += 1;
    }

    fn gone(&mut self, _: u32) {}

    fn pick(&mut self, _: &Order, _: bool) -> Pick {
        Pick::Plain
    }

    fn choose(&mut self, _: &ChoicePoint, _: bool) -> Option<u32> {
        Some(0)
    }
}
