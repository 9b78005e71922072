//! Where deleting leads no further: fewer entries that do what several do.
//!
//! Deleting one at a time ends in a tape of which every part is needed for what the other parts do. A
//! smaller one may lie beside it: a delay that is as long as it can be does the work of several
//! short ones, and one order alone that of two others.

use super::{Shrinker, sized};
use crate::latency::STEPS;
use seedbed_core::{ChoiceKind, Instead, OrderKey, TapeEntry, Until};

/// The most candidates of one kind.
const MOST: usize = 128;

/// With more entries than this, none is made longer to see what can go then: there are too many of them.
const FEW: usize = 8;

/// Answers to a partition or a clog from here on stop one way only.
const ONE_WAY: u32 = STEPS;

impl Shrinker<'_> {
    /// Looks for a tape of fewer entries; true if there is one.
    pub(super) fn find_fewer(&mut self) -> bool {
        let choices = self.best.tape.choices();
        choices > 1 && (self.try_single_orders() || self.try_parts() || (choices <= FEW && self.try_longer()))
    }

    /// Tries what is left in all combinations, fewest first, with every answer as large as it can be.
    fn try_parts(&mut self) -> bool {
        let all: Vec<TapeEntry> = self.entries(|e| !e.is_left_out()).iter().map(largest).collect();
        let left_out = self.entries(TapeEntry::is_left_out);
        let parts = (1..all.len()).flat_map(|size| combinations(all.len(), size)).take(MOST);
        let with = |part: Vec<usize>| {
            let part = part.into_iter().map(|index| all[index]);
            left_out.iter().copied().chain(part).collect()
        };
        let candidates = parts.map(with);
        self.first_of_many(candidates).is_some_and(|outcome| self.accept(outcome))
    }

    /// Makes one answer as large as it can be, and deletes what is not needed then.
    fn try_longer(&mut self) -> bool {
        let before = self.best.clone();
        for (index, entry) in before.tape.entries.iter().enumerate() {
            let longer = largest(entry);
            if longer == *entry || self.stopped {
                continue;
            }
            let Some((_, outcome)) = self.first(&[self.instead(index, longer)]) else { continue };
            if outcome.released > 0 {
                continue;
            }
            self.best = outcome;
            self.delete(|_| true);
            if self.best.tape.choices() < before.tape.choices() {
                return true;
            }
            self.best = before.clone();
        }
        false
    }

    /// Where more than one order is needed, looks for one alone that does: deleting does not get from
    /// two holds to another.
    fn try_single_orders(&mut self) -> bool {
        let needed = self.entries(|e| !matches!(e, TapeEntry::Choice { .. }));
        if needed.len() < 2 || !self.may_run() {
            return false;
        }
        let Some(turns) = self.runner.turns(&self.best.tape) else { return false };
        let choices = self.entries(|e| matches!(e, TapeEntry::Choice { .. }));
        // What is held now waits for something else at the same receiver, or that goes at once before it.
        let held = needed.iter().filter_map(|entry| match entry {
            TapeEntry::Hold { what, .. } => turns.went.iter().find(|(name, _)| name == what).copied(),
            _ => None,
        });
        let singles = held.flat_map(|(what, receiver)| {
            let others = turns.went.iter().filter(move |(name, to)| *to == receiver && *name != what);
            others.flat_map(move |(other, _)| {
                let key = OrderKey { plain: what, passed: 0 };
                let at_once = TapeEntry::Order { key, instead: Instead::Signal(*other) };
                [TapeEntry::Hold { what, until: Until::Signal(*other) }, at_once]
            })
        });
        let with = |single: TapeEntry| choices.iter().copied().chain([single]).collect();
        let candidates: Vec<_> = singles.take(MOST).map(with).collect();
        self.first_of_many(candidates.into_iter()).is_some_and(|outcome| self.accept(outcome))
    }
}

/// An entry with the largest answer, where answers are lengths of time.
pub(super) fn largest(entry: &TapeEntry) -> TapeEntry {
    let TapeEntry::Choice { key, answer } = entry else { return *entry };
    let most = match key.kind {
        ChoiceKind::Delay | ChoiceKind::EffectDelay | ChoiceKind::Pause | ChoiceKind::Restart => STEPS - 1,
        ChoiceKind::TimerLate => STEPS - 1,
        ChoiceKind::Partition | ChoiceKind::Clog if *answer < ONE_WAY => STEPS - 1,
        ChoiceKind::Partition | ChoiceKind::Clog => 2 * STEPS - 2,
        _ => *answer,
    };
    sized(*entry, most)
}

/// All ways to take `size` of so many, in order.
fn combinations(of: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let next = move |last: &Vec<usize>| {
        let place = (0..size).rev().find(|place| last[*place] < of - size + place)?;
        let first = last[place] + 1;
        Some(last[..place].iter().copied().chain(first..first + size - place).collect())
    };
    std::iter::successors((size <= of).then(|| (0..size).collect()), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_all_and_in_order() {
        let all: Vec<Vec<usize>> = combinations(4, 2).collect();
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(combinations(3, 3).collect::<Vec<_>>(), [[0, 1, 2]]);
        assert_eq!(combinations(3, 1).count(), 3);
        assert_eq!(combinations(2, 3).count(), 0);
    }
}
