//! Shrinking: from the tape of a run that broke a property to a tape from which nothing can be taken.
//!
//! First the order is said in holds, each by itself, where the run had said it step by step. Then
//! faults go, then holds. Where several entries are left of which none can go, some are exchanged for fewer
//! others. Answers are lowered (shorter delays, fewer records lost), holds end sooner, and
//! last single entries are deleted until no deletion keeps the property broken. Every candidate is
//! checked by running it, and what it really did is the next tape; nothing is taken on trust.
//!
//! - `blocks.rs`: which entries are deleted next.
//! - `exchange.rs`: some entries for fewer others, drawn.
//! - `fewer.rs`: what is tried of what is left, where deleting leads no further.
//! - `leave_out.rs`: messages and children that are not needed.
//! - `runner.rs`: who runs the candidates.

mod blocks;
mod exchange;
mod fewer;
mod leave_out;
mod runner;

pub use runner::{Alone, Runner, Turns, replay_by_name};

use crate::run::{Outcome, Program, RunConfig};
use blocks::Blocks;
use seedbed_core::{Tape, TapeEntry, Until};
use std::collections::BTreeSet;

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
    let mut shrinker = Shrinker {
        runner,
        best: found.clone(),
        runs: 0,
        go_on: &mut go_on,
        stopped: false,
        failed: BTreeSet::new(),
        is_brief: true,
    };
    shrinker.shrink();
    Shrunk { minimal: !shrinker.stopped, outcome: shrinker.best, runs: shrinker.runs }
}

struct Shrinker<'a> {
    runner: &'a mut dyn Runner,
    best: Outcome,
    runs: u64,
    go_on: &'a mut dyn FnMut(u64) -> bool,
    stopped: bool,
    /// What was tried and did not break the property.
    failed: BTreeSet<Vec<TapeEntry>>,
    /// A candidate that takes many more steps than the best is left before its end.
    is_brief: bool,
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
        self.delete_all();
        if self.leave_out() {
            self.delete_all();
        }
        if self.exchange() {
            self.leave_out();
        }
        self.reduce();
        // That nothing can go is said of whole runs.
        self.is_brief = false;
        self.failed.clear();
        self.delete(|_| true);
    }

    /// Lowers answers, and looks for fewer entries that do the same, until nothing leads further.
    fn reduce(&mut self) {
        loop {
            self.delete_and_lower();
            self.end_holds_sooner();
            if self.stopped || !self.find_fewer() {
                return;
            }
        }
    }

    /// Lowers and deletes until neither leads further.
    fn delete_and_lower(&mut self) {
        loop {
            let before = weight(&self.best.tape);
            self.lower_answers();
            self.delete_all();
            if self.stopped || weight(&self.best.tape) >= before {
                return;
            }
        }
    }

    /// Deletes until no single entry can go: first faults, then holds.
    fn delete_all(&mut self) {
        self.delete(TapeEntry::is_fault);
        self.delete(|e| !matches!(e, TapeEntry::Choice { .. }));
        self.delete(|_| true);
    }

    fn entries(&self, of_class: impl Fn(&TapeEntry) -> bool) -> Vec<TapeEntry> {
        self.best.tape.entries.iter().filter(|e| of_class(e)).copied().collect()
    }

    /// The best with another entry in the place of one.
    fn instead(&self, index: usize, entry: TapeEntry) -> Vec<TapeEntry> {
        let mut entries = self.best.tape.entries.clone();
        entries[index] = entry;
        entries
    }

    fn may_run(&mut self) -> bool {
        self.stopped = self.stopped || !(self.go_on)(self.runs);
        self.runs += u64::from(!self.stopped);
        !self.stopped
    }

    /// Runs candidates, each to be tried only if all before it fail: the first whose run breaks the
    /// same property. What failed before is not run again.
    fn first(&mut self, candidates: &[Vec<TapeEntry>]) -> Option<(usize, Outcome)> {
        let mut fresh: Vec<usize> = Vec::new();
        for (index, entries) in candidates.iter().enumerate() {
            if self.failed.contains(entries) || fresh.iter().any(|earlier| candidates[*earlier] == *entries) {
                continue;
            }
            if self.stopped || !(self.go_on)(self.runs + fresh.len() as u64) {
                self.stopped = true;
                break;
            }
            fresh.push(index);
        }
        let tapes: Vec<Tape> =
            fresh.iter().map(|index| self.best.tape.with_entries(candidates[*index].clone())).collect();
        let property = self.property();
        let same = |outcome: &Outcome| outcome.found.as_ref().map(|f| &f.property) == property.as_ref();
        let steps_max = self.is_brief.then(|| BRIEF_LEAST + BRIEF_TIMES * self.best.stats.steps);
        let first = self.runner.first(&tapes, steps_max, &same);
        let failed = first.as_ref().map_or(tapes.len(), |(nth, _)| *nth);
        self.runs += (failed + usize::from(first.is_some())) as u64;
        self.failed.extend(tapes.into_iter().take(failed).map(|tape| tape.entries));
        first.map(|(nth, outcome)| (fresh[nth], outcome))
    }

    /// The same for many candidates, as many at a time as the runner likes.
    fn first_of_many(&mut self, candidates: impl Iterator<Item = Vec<TapeEntry>>) -> Option<Outcome> {
        let mut candidates = candidates.peekable();
        while !self.stopped && candidates.peek().is_some() {
            let some: Vec<Vec<TapeEntry>> = candidates.by_ref().take(self.runner.width()).collect();
            if let Some((_, outcome)) = self.first(&some) {
                return Some(outcome);
            }
        }
        None
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
            let again = self.first(std::slice::from_ref(&outcome.tape.entries));
            return again.is_some_and(|(_, again)| {
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
        let found = self.first(&[entries]);
        found.is_some_and(|(_, outcome)| self.accept(outcome))
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
        if let Some((_, outcome)) = self.first(&[said.tape.entries])
            && outcome.released == 0
        {
            self.best = outcome;
        }
    }

    /// Deletes entries of a class while the property stays broken.
    fn delete(&mut self, of_class: impl Fn(&TapeEntry) -> bool) {
        let all = self.best.tape.entries.clone();
        let of_class = |entry: &TapeEntry| of_class(entry) && !entry.is_left_out();
        let mut blocks = Blocks::new((0..all.len()).filter(|i| of_class(&all[*i])).collect());
        while !self.stopped {
            let gone = blocks.next(self.runner.width());
            if gone.is_empty() {
                return;
            }
            let without = |gone: &Vec<usize>| {
                let gone: BTreeSet<TapeEntry> = gone.iter().map(|i| all[*i]).collect();
                self.entries(|entry| !gone.contains(entry))
            };
            let candidates: Vec<Vec<TapeEntry>> = gone.iter().map(without).collect();
            let found = self.first(&candidates);
            let needed = found.as_ref().map_or(candidates.len(), |(index, _)| *index);
            (0..needed).for_each(|_| blocks.failed());
            if let Some((_, outcome)) = found {
                self.accept(outcome);
                blocks.succeeded();
                // What was not met any more has gone with them.
                let left: BTreeSet<TapeEntry> = self.best.tape.entries.iter().copied().collect();
                blocks.keep(|index| left.contains(&all[index]));
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
            let candidates: Vec<_> =
                smaller.into_iter().map(|n| self.instead(index, sized(entry, n))).collect();
            if let Some(outcome) = self.first_of_many(candidates.into_iter()) {
                self.accept(outcome);
            }
            index += 1;
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
            let until = |until| TapeEntry::Hold { what, until: Until::Signal(until) };
            let candidates: Vec<_> = sooner.map(|name| self.instead(index, until(name))).collect();
            if let Some(outcome) = self.first_of_many(candidates.into_iter())
                && outcome.released == 0
                && weight(&outcome.tape) <= weight(&self.best.tape)
            {
                self.best = outcome;
            }
        }
    }
}

/// How many times the steps of the best a candidate may take.
const BRIEF_TIMES: u64 = 2;

/// How many steps it may take however few the best takes.
const BRIEF_LEAST: u64 = 100;

/// What an answer can be lowered from.
fn size(entry: &TapeEntry) -> u32 {
    match entry {
        entry if entry.is_left_out() => 0,
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
    (tape.choices(), tape.entries.iter().map(|e| u64::from(size(e))).sum())
}
