//! Every schedule, depth first; or every one with at most so many answers that are not plain
//! (Musuvathi, Qadeer: "Iterative Context Bounding", PLDI 2007, of deliveries instead of preemptions).
//!
//! Systematic and stateless: each run follows the prefix in hand and takes the first alternative
//! after it; the last decision that has an alternative left is changed for the next run. Complete
//! for worlds whose runs end. Fault choices are decided too where a fault is possible.

use super::{Candidate, Pick, RunStart, Scene, Strategy};
use crate::order::Order;
use seedbed_core::ChoicePoint;

/// Exhaustive search.
#[derive(Clone, Debug, Default)]
pub struct Dfs {
    /// (what was taken, how many there were) at each decision of the run.
    path: Vec<(u32, u32)>,
    at: usize,
    runs: u64,
    /// The most answers of a run that are not plain.
    most: Option<u32>,
    /// Those of this run.
    odd: u32,
}

impl Dfs {
    /// Every schedule with at most so many answers that are not plain.
    pub fn bounded(most: u32) -> Dfs {
        Dfs { most: Some(most), ..Dfs::default() }
    }

    /// How many runs have ended.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    fn decide(&mut self, options: u32) -> u32 {
        let options = if self.most.is_some_and(|most| self.odd >= most) { 1 } else { options };
        if options <= 1 {
            return 0;
        }
        if self.at == self.path.len() {
            self.path.push((0, options));
        }
        let (taken, seen) = self.path[self.at];
        assert_eq!(seen, options, "the same prefix offers the same options: a run is nondeterministic");
        self.at += 1;
        self.odd += u32::from(taken > 0);
        taken
    }
}

impl Strategy for Dfs {
    fn begin(&mut self, _: &RunStart) {
        self.at = 0;
        self.odd = 0;
    }

    /// What was decided before is no choice any more.
    fn fork(&mut self, run: &RunStart) {
        self.path.clear();
        self.begin(run);
    }

    fn enabled(&mut self, _: &Candidate) {}

    fn gone(&mut self, _: u32) {}

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        let n = order.len();
        match self.decide(n + u32::from(clock)) {
            0 => Pick::Plain,
            taken if taken == n => Pick::Clock,
            taken => order.iter().nth(taken as usize).map_or(Pick::Plain, Pick::Run),
        }
    }

    fn choose(&mut self, point: &ChoicePoint, _: &Scene, possible: bool) -> Option<u32> {
        Some(if possible { self.decide(point.n) } else { 0 })
    }

    fn end(&mut self) -> bool {
        self.runs += 1;
        self.path.truncate(self.at);
        while let Some((taken, options)) = self.path.pop() {
            if taken + 1 < options {
                self.path.push((taken + 1, options));
                return true;
            }
        }
        false
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(self.clone()))
    }
}
