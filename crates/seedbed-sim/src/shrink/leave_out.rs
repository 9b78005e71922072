//! Leaving out what a finding does not need: messages of optional inputs, and optional children.
//!
//! A run without them is a run of a smaller program, and it counts only if that program is right: if
//! nothing breaks in its plain run. So what breaks the property is what is left on the tape, not what was left
//! out.

use super::Shrinker;
use super::blocks::Blocks;
use seedbed_core::{ChoiceKey, TapeEntry};

impl Shrinker<'_> {
    /// Leaves out as much as goes; true if anything.
    pub(super) fn leave_out(&mut self) -> bool {
        if !self.may_run() {
            return false;
        }
        let Some(turns) = self.runner.turns(&self.best.tape) else { return false };
        let optional = turns.optional;
        let before = self.entries(TapeEntry::is_left_out);
        let mut blocks = Blocks::new((0..optional.len()).collect());
        let mut out = vec![false; optional.len()];
        while !self.stopped {
            let next = blocks.next(self.runner.width());
            if next.is_empty() {
                break;
            }
            let with = |block: &Vec<usize>| {
                let is_out = |index: &usize| out[*index] || block.contains(index);
                let keys = (0..optional.len()).filter(is_out).map(|index| optional[index]);
                before.iter().copied().chain(runs(keys.collect())).collect()
            };
            let left_out: Vec<Vec<TapeEntry>> = next.iter().map(with).collect();
            let chosen = self.entries(|entry| !entry.is_left_out());
            let candidates: Vec<_> =
                left_out.iter().map(|left_out| [left_out.as_slice(), &chosen].concat()).collect();
            let found = self.first(&candidates);
            let needed = found.as_ref().map_or(candidates.len(), |(index, _)| *index);
            (0..needed).for_each(|_| blocks.failed());
            let Some((index, outcome)) = found else { continue };
            if outcome.released == 0 && self.is_right_without(&left_out[index]) {
                next[index].iter().for_each(|index| out[*index] = true);
                self.best = outcome;
                blocks.succeeded();
            } else {
                blocks.failed();
            }
        }
        out.contains(&true)
    }

    /// True if nothing breaks in the plain run of a program without these.
    fn is_right_without(&mut self, left_out: &[TapeEntry]) -> bool {
        let plain = self.best.tape.with_entries(left_out.to_vec());
        self.may_run() && self.runner.first(&[plain], None, &|outcome| outcome.found.is_none()).is_some()
    }
}

/// One entry for all that follow each other.
fn runs(mut keys: Vec<ChoiceKey>) -> Vec<TapeEntry> {
    keys.sort_unstable_by_key(|key| (key.path, key.ordinal));
    let mut runs: Vec<(ChoiceKey, u32)> = Vec::new();
    for key in keys {
        match runs.last_mut() {
            Some((first, length))
                if first.path == key.path && first.ordinal + u64::from(*length) == key.ordinal =>
            {
                *length += 1;
            }
            _ => runs.push((key, 1)),
        }
    }
    runs.into_iter().map(|(key, answer)| TapeEntry::Choice { key, answer }).collect()
}
