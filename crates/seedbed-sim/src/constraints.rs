//! An order to keep among some deliveries, and plain order among all others.
//!
//! Where a tape says what ran instead of what, step by step, this says only "these in this order".
//! Taking one name out leaves the others in force, so the few that matter can be found among
//! thousands; the run that results is written down as a tape again. Only shrinking uses it.

use crate::strategy::Pick;
use seedbed_core::SignalName;
use std::collections::{BTreeMap, BTreeSet};

/// Names in the order in which they are to run, and before which of them the clock runs on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constraints {
    ranks: BTreeMap<SignalName, u32>,
    waiting: BTreeSet<u32>,
    clocks: BTreeMap<SignalName, u32>,
}

impl Constraints {
    /// Keeps the order of `names`; lets the clock pass so many times while what is named in `clocks`
    /// would run in plain order.
    pub(crate) fn new(names: &[SignalName], clocks: &[SignalName]) -> Constraints {
        let ranks: BTreeMap<_, _> =
            names.iter().enumerate().map(|(rank, name)| (*name, rank as u32)).collect();
        let waiting = ranks.values().copied().collect();
        let mut of = BTreeMap::new();
        clocks.iter().for_each(|name| *of.entry(*name).or_default() += 1);
        Constraints { ranks, waiting, clocks: of }
    }

    /// Picks among what is possible, in plain order.
    pub(crate) fn pick(&mut self, candidates: &[(u32, SignalName)], clock: bool) -> Pick {
        let (plain, name) = candidates[0];
        if clock
            && let Some(left) = self.clocks.get_mut(&name)
            && *left > 0
        {
            *left -= 1;
            return Pick::Clock;
        }
        let next = self.waiting.first().copied();
        let rank = |name: &SignalName| self.ranks.get(name).copied();
        let chosen = match rank(&name) {
            None => (plain, name),
            own if own == next => (plain, name),
            Some(own) => {
                let earlier = |(_, n): &&(u32, SignalName)| rank(n).is_some_and(|r| r < own);
                let first_in_order = candidates.iter().filter(earlier).min_by_key(|(_, n)| rank(n));
                let free = || candidates.iter().find(|(_, n)| rank(n).is_none());
                *first_in_order.or_else(free).unwrap_or(&candidates[0])
            }
        };
        if let Some(rank) = rank(&chosen.1) {
            self.waiting.remove(&rank);
        }
        Pick::Run(chosen.0)
    }
}
