//! Shrinking: from the tape of a run that broke a property to a tape from which nothing can be taken.
//!
//! First the order is said in holds, each by itself, where the run had said it step by step. Then
//! faults go, then holds; answers are lowered (shorter delays, fewer records lost), holds end sooner, and
//! last single entries are deleted until no deletion keeps the property broken, and a single order is
//! looked for in the place of several. Every candidate is
//! checked by running it, and what it really did is the next tape; nothing is taken on trust.
//!
//! - `blocks.rs`: which entries are deleted next.
//! - `runner.rs`: who runs the candidates.

mod blocks;
mod runner;

pub use runner::{Alone, Runner, Turns};

use crate::run::{Outcome, Program, RunConfig};
use blocks::Blocks;
use seedbed_core::{Instead, OrderKey, Tape, TapeEntry, Until};

/// What shrinking came to.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest run found that breaks the same property.
    pub outcome: Outcome,
    /// How many runs it took.
    pub runs: u64,
    /// True if no single deletion keeps the property broken.
    pub minimal: bool,
}

/// Shrinks the tape of a run that broke a property. `go_on` is asked before every run, with how many
/// there were; false stops with the best so far.
pub fn shrink(
    program: &dyn Program,
    run: &RunConfig,
    found: &Outcome,
    go_on: impl FnMut(u64) -> bool,
) -> Shrunk {
    shrink_with(&mut Alone::new(program, run), found, go_on)
}

/// The same, with somebody else to run the candidates: what it comes to is the same.
pub fn shrink_with(runner: &mut dyn Runner, found: &Outcome, mut go_on: impl FnMut(u64) -> bool) -> Shrunk {
    let mut shrinker = Shrinker { runner, best: found.clone(), runs: 0, go_on: &mut go_on, stopped: false };
    shrinker.shrink();
    Shrunk { minimal: !shrinker.stopped, outcome: shrinker.best, runs: shrinker.runs }
}

struct Shrinker<'a> {
    runner: &'a mut dyn Runner,
    best: Outcome,
    runs: u64,
    go_on: &'a mut dyn FnMut(u64) -> bool,
    stopped: bool,
}

impl Shrinker<'_> {
    fn shrink(&mut self) {
        if self.best.tape.entries.is_empty() || self.try_entries(Vec::new()) {
            return;
        }
        let choices = self.entries(|e| matches!(e, TapeEntry::Choice { .. }));
        if !choices.is_empty() {
            self.try_entries(choices);
        }
        self.say_in_holds();
        loop {
            let before = weight(&self.best.tape);
            self.delete(TapeEntry::is_fault);
            self.delete(|e| !matches!(e, TapeEntry::Choice { .. }));
            self.lower_answers();
            self.delete(|_| true);
            if self.stopped || weight(&self.best.tape) >= before {
                break;
            }
        }
        self.end_holds_sooner();
        self.delete(|_| true);
        self.try_single_orders();
    }

    fn entries(&self, of_class: impl Fn(&TapeEntry) -> bool) -> Vec<TapeEntry> {
        self.best.tape.entries.iter().filter(|e| of_class(e)).copied().collect()
    }

    fn may_run(&mut self) -> bool {
        self.stopped = self.stopped || !(self.go_on)(self.runs);
        self.runs += u64::from(!self.stopped);
        !self.stopped
    }

    /// Runs candidates, each to be tried only if all before it fail: the first whose run breaks the
    /// same property, and how many were needed for that.
    fn first(&mut self, candidates: &[Vec<TapeEntry>]) -> (usize, Option<Outcome>) {
        let mut tapes = Vec::new();
        for entries in candidates {
            let nth = self.runs + tapes.len() as u64;
            if self.stopped || !(self.go_on)(nth) {
                self.stopped = true;
                break;
            }
            tapes.push(self.best.tape.with_entries(entries.clone()));
        }
        let property = self.property();
        let same = |outcome: &Outcome| outcome.found.as_ref().map(|f| &f.property) == property.as_ref();
        let first = self.runner.first(&tapes, &same);
        let tried = first.as_ref().map_or(tapes.len(), |(index, _)| index + 1);
        self.runs += tried as u64;
        (tried, first.map(|(_, outcome)| outcome))
    }

    fn property(&self) -> Option<String> {
        self.best.found.as_ref().map(|f| f.property.clone())
    }

    /// Keeps an outcome with a lighter tape, if the tape gives it back.
    fn accept(&mut self, outcome: Outcome) -> bool {
        if weight(&outcome.tape) >= weight(&self.best.tape) {
            return false;
        }
        // What a hold was released from is written down as what it came to, which is another run at times.
        if outcome.released > 0 {
            let again = self.first(std::slice::from_ref(&outcome.tape.entries)).1;
            return again.is_some_and(|again| {
                again.released == 0 && {
                    self.best = again;
                    true
                }
            });
        }
        self.best = outcome;
        true
    }

    fn try_entries(&mut self, entries: Vec<TapeEntry>) -> bool {
        let outcome = self.first(&[entries]).1;
        outcome.is_some_and(|outcome| self.accept(outcome))
    }

    /// Says the order in holds, if it is said step by step.
    fn say_in_holds(&mut self) {
        if !self.best.tape.entries.iter().any(|e| matches!(e, TapeEntry::Order { .. })) {
            return;
        }
        if !self.may_run() {
            return;
        }
        let Some(said) = self.runner.as_holds(&self.best.tape) else { return };
        if let (_, Some(outcome)) = self.first(&[said.tape.entries])
            && outcome.released == 0
        {
            self.best = outcome;
        }
    }

    /// Deletes entries of a class while the property stays broken.
    fn delete(&mut self, of_class: impl Fn(&TapeEntry) -> bool) {
        let all = self.best.tape.entries.clone();
        let others: Vec<bool> = all.iter().map(|e| !of_class(e)).collect();
        let mut blocks = Blocks::new((0..all.len()).filter(|i| !others[*i]).collect());
        while !self.stopped {
            let left = blocks.next(self.runner.width());
            if left.is_empty() {
                return;
            }
            let entries = |kept: &Vec<usize>| {
                let keep = |i: &usize| others[*i] || kept.binary_search(i).is_ok();
                (0..all.len()).filter(keep).map(|i| all[i]).collect()
            };
            let (tried, found) = self.first(&left.iter().map(entries).collect::<Vec<_>>());
            let needed = tried - usize::from(found.is_some());
            (0..needed).for_each(|_| blocks.failed());
            if let Some(outcome) = found {
                self.accept(outcome);
                blocks.succeeded();
            }
        }
    }

    /// Makes answers as small as they can be: shorter delays, fewer records lost.
    fn lower_answers(&mut self) {
        let mut index = 0;
        while index < self.best.tape.entries.len() && !self.stopped {
            let entry = self.best.tape.entries[index];
            let size = size(&entry);
            let mut smaller = vec![1, size / 2, size.saturating_sub(1)];
            smaller.retain(|n| (1..size).contains(n));
            smaller.dedup();
            self.try_instead(index, smaller.into_iter().map(|n| sized(entry, n)).collect());
            index += 1;
        }
    }

    /// Tries other entries in the place of one; true if one was taken.
    fn try_instead(&mut self, index: usize, instead: Vec<TapeEntry>) -> bool {
        let with = |entry: TapeEntry| {
            let mut entries = self.best.tape.entries.clone();
            entries[index] = entry;
            entries
        };
        let candidates: Vec<_> = instead.into_iter().map(with).collect();
        for candidates in candidates.chunks(self.runner.width()) {
            let found = self.first(candidates).1;
            if self.stopped {
                return false;
            }
            if let Some(outcome) = found {
                return self.accept(outcome);
            }
        }
        false
    }

    /// Where more than one order is needed, looks for one alone that does: deleting does not get from
    /// two holds to another.
    fn try_single_orders(&mut self) {
        const MOST: usize = 128;
        let needed = self.entries(|e| !matches!(e, TapeEntry::Choice { .. }));
        if needed.len() < 2 || !self.may_run() {
            return;
        }
        let Some(turns) = self.runner.turns(&self.best.tape) else { return };
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
        let candidates: Vec<Vec<TapeEntry>> = singles.take(MOST).map(with).collect();
        for candidates in candidates.chunks(self.runner.width()) {
            if let (_, Some(outcome)) = self.first(candidates) {
                self.accept(outcome);
                return;
            }
        }
    }

    /// Ends holds at an earlier signal where that does: what is held goes as soon as it may.
    fn end_holds_sooner(&mut self) {
        let holds = self.entries(|e| matches!(e, TapeEntry::Hold { until: Until::Signal(_), .. }));
        for hold in holds {
            let TapeEntry::Hold { what, until: Until::Signal(until) } = hold else { continue };
            if !self.may_run() {
                return;
            }
            let Some(turns) = self.runner.turns(&self.best.tape) else { continue };
            let waited = turns.while_held(&hold, until);
            // At the first that went before it, the second, the fourth, …
            let sooner = std::iter::successors(Some(1), |n| Some(n * 2)).map(|n| n - 1);
            let sooner = sooner.take_while(|n| n + 1 < waited.len()).map(|n| waited[n].0);
            let Some(index) = self.best.tape.entries.iter().position(|e| *e == hold) else { continue };
            let instead = |until| TapeEntry::Hold { what, until: Until::Signal(until) };
            let candidates: Vec<Vec<TapeEntry>> = sooner
                .map(|until| {
                    let mut entries = self.best.tape.entries.clone();
                    entries[index] = instead(until);
                    entries
                })
                .collect();
            for candidates in candidates.chunks(self.runner.width()) {
                let (_, found) = self.first(candidates);
                if let Some(outcome) = found {
                    if outcome.released == 0 && weight(&outcome.tape) <= weight(&self.best.tape) {
                        self.best = outcome;
                    }
                    break;
                }
            }
        }
    }
}

/// What an answer can be lowered from.
fn size(entry: &TapeEntry) -> u32 {
    match entry {
        TapeEntry::Choice { answer, .. } => *answer,
        TapeEntry::Hold { until: Until::Clock(times), .. } => *times,
        TapeEntry::Hold { .. } | TapeEntry::Order { .. } => 0,
    }
}

fn sized(entry: TapeEntry, n: u32) -> TapeEntry {
    match entry {
        TapeEntry::Choice { key, .. } => TapeEntry::Choice { key, answer: n },
        TapeEntry::Hold { what, .. } => TapeEntry::Hold { what, until: Until::Clock(n) },
        order @ TapeEntry::Order { .. } => order,
    }
}

/// What shrinking makes smaller: entries first, then answers.
fn weight(tape: &Tape) -> (usize, u64) {
    (tape.entries.len(), tape.entries.iter().map(|e| u64::from(size(e))).sum())
}
