//! What a program does in its plain run: what strategies know of a run before it begins.
//!
//! A part of a run's identity, so it depends on the program alone: whoever runs one seed again gets the same.

use super::{Candidate, FailureId, Pick, RunStart, Scene, Strategy};
use crate::order::Order;
use crate::run::{Program, RunConfig, run_with};
use seedbed_core::{Chain, ChoiceKind, ChoicePoint};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The plain run with the seed 0, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Turns; at least 1.
    pub steps: u64,
    /// Decisions between several deliveries.
    pub picks: u64,
    /// How many deliveries each chain had.
    pub chains: Arc<BTreeMap<Chain, u64>>,
    /// How many points of each kind there were at which something could have gone wrong: the most of
    /// some plain runs, since each draws which kinds are on.
    pub points: Arc<BTreeMap<ChoiceKind, u64>>,
    /// The same of each failure id.
    pub failures: Arc<BTreeMap<FailureId, u64>>,
}

impl Default for Profile {
    /// Of a program that nobody has run.
    fn default() -> Self {
        Profile {
            steps: 1_000,
            picks: 1_000,
            chains: Arc::default(),
            points: Arc::default(),
            failures: Arc::default(),
        }
    }
}

impl Profile {
    /// Plain runs that are looked at for points: each kind is on in two of three.
    pub const RUNS: u64 = 6;

    /// Runs the program [`RUNS`](Self::RUNS) times.
    pub fn of(program: &dyn Program) -> Profile {
        let mut points: BTreeMap<ChoiceKind, u64> = BTreeMap::new();
        let mut failures: BTreeMap<FailureId, u64> = BTreeMap::new();
        let mut first = None;
        for seed in 0..Self::RUNS {
            let counts = Rc::new(RefCell::new(Counts::default()));
            let counting = Box::new(Counting(Rc::clone(&counts)));
            let (outcome, counting) = run_with(program, &RunConfig::seed(seed), counting, Vec::new());
            drop(counting);
            let Counts { picks, chains, points: of, failures: at } = counts.take();
            for (kind, count) in of {
                let most = points.entry(kind).or_default();
                *most = count.max(*most);
            }
            for (id, count) in at {
                let most = failures.entry(id).or_default();
                *most = count.max(*most);
            }
            first.get_or_insert((outcome.stats.steps.max(1), picks.max(1), chains));
        }
        let (steps, picks, chains) = first.expect("there is a first run");
        Profile {
            steps,
            picks,
            chains: Arc::new(chains),
            points: Arc::new(points),
            failures: Arc::new(failures),
        }
    }
}

#[derive(Default)]
struct Counts {
    picks: u64,
    chains: BTreeMap<Chain, u64>,
    points: BTreeMap<ChoiceKind, u64>,
    failures: BTreeMap<FailureId, u64>,
}

/// Plain order, counted.
struct Counting(Rc<RefCell<Counts>>);

impl Strategy for Counting {
    fn begin(&mut self, _: &RunStart) {
        *self.0.borrow_mut() = Counts::default();
    }

    fn enabled(&mut self, candidate: &Candidate) {
        *self.0.borrow_mut().chains.entry(candidate.chain).or_default() += 1;
    }

    fn gone(&mut self, _: u32) {}

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        self.0.borrow_mut().picks += u64::from(clock || order.len() > 1);
        Pick::Plain
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        if possible {
            let mut counts = self.0.borrow_mut();
            *counts.points.entry(point.kind).or_default() += 1;
            *counts.failures.entry(FailureId::of(point, scene)).or_default() += 1;
        }
        Some(0)
    }
}
