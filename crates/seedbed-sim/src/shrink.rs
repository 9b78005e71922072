//! Shrinking: from the tape of a run that broke a property to a tape from which nothing can be taken.
//!
//! Faults go first. Then the order: of all deliveries that ran, the few are sought whose order
//! matters ([`Constraints`]), and the run that keeps just those is written down as a tape again.
//! Then delays are shortened, and last single entries are deleted until no deletion keeps the
//! property broken. Blocks are deleted in halves, quarters, … (Zeller's ddmin). Every candidate is
//! checked by running it, and what it really did is the next tape; nothing is taken on trust.

use crate::constraints::Constraints;
use crate::run::{Outcome, Program, RunConfig, keep_order, replay};
use seedbed_core::{At, Event, Instead, Observer, SignalName, Tape, TapeEntry};
use std::cell::RefCell;
use std::rc::Rc;

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

/// Shrinks the tape of a run that broke a property. `go_on` is asked before every run; false stops
/// with the best so far.
pub fn shrink(
    program: &dyn Program,
    run: &RunConfig,
    found: &Outcome,
    mut go_on: impl FnMut() -> bool,
) -> Shrunk {
    let mut shrinker =
        Shrinker { program, run, best: found.clone(), runs: 0, go_on: &mut go_on, stopped: false };
    if !shrinker.best.tape.entries.is_empty() {
        shrinker.accept_tape(Vec::new());
    }
    loop {
        let before = weight(&shrinker.best.tape);
        shrinker.delete_entries(TapeEntry::is_fault);
        shrinker.relax_order();
        shrinker.lower_answers();
        shrinker.delete_entries(|_| true);
        if shrinker.stopped || weight(&shrinker.best.tape) >= before {
            break;
        }
    }
    Shrunk { minimal: !shrinker.stopped, outcome: shrinker.best, runs: shrinker.runs }
}

struct Shrinker<'a> {
    program: &'a dyn Program,
    run: &'a RunConfig,
    best: Outcome,
    runs: u64,
    go_on: &'a mut dyn FnMut() -> bool,
    stopped: bool,
}

impl Shrinker<'_> {
    fn may_run(&mut self) -> bool {
        self.stopped = self.stopped || !(self.go_on)();
        self.runs += u64::from(!self.stopped);
        !self.stopped
    }

    /// True if the outcome breaks the property that is being shrunk.
    fn breaks_the_same(&self, outcome: &Outcome) -> bool {
        let property = |o: &Outcome| o.found.as_ref().map(|f| f.property.clone());
        property(outcome) == property(&self.best)
    }

    /// Keeps an outcome that breaks the same property with a lighter tape.
    fn accept(&mut self, outcome: Outcome) -> bool {
        let better = self.breaks_the_same(&outcome) && weight(&outcome.tape) < weight(&self.best.tape);
        if better {
            self.best = outcome;
        }
        better
    }

    fn accept_tape(&mut self, entries: Vec<TapeEntry>) -> bool {
        if !self.may_run() {
            return false;
        }
        let tape = self.best.tape.with_entries(entries);
        replay(self.program, self.run, &tape, false, Vec::new()).is_ok_and(|outcome| self.accept(outcome))
    }

    /// Deletes entries of a class while the property stays broken.
    fn delete_entries(&mut self, of_class: impl Fn(&TapeEntry) -> bool) {
        let all = self.best.tape.entries.clone();
        let others: Vec<bool> = all.iter().map(|e| !of_class(e)).collect();
        let kept: Vec<usize> = (0..all.len()).filter(|i| !others[*i]).collect();
        delete_blocks(kept, |kept| {
            let keep = |i: &usize| others[*i] || kept.binary_search(i).is_ok();
            let entries: Vec<TapeEntry> = (0..all.len()).filter(keep).map(|i| all[i]).collect();
            if !self.may_run() {
                return false;
            }
            let tape = self.best.tape.with_entries(entries);
            replay(self.program, self.run, &tape, false, Vec::new()).is_ok_and(|outcome| {
                let same = self.breaks_the_same(&outcome);
                self.accept(outcome);
                same
            })
        });
    }

    /// Finds the deliveries whose order matters, and lets all others go in plain order.
    fn relax_order(&mut self) {
        let is_order = |e: &TapeEntry| matches!(e, TapeEntry::Order { .. });
        if !self.best.tape.entries.iter().any(is_order) || !self.may_run() {
            return;
        }
        let ran = Rc::new(RefCell::new(Vec::new()));
        let recorder: Box<dyn Observer> = Box::new(OrderRecorder(Rc::clone(&ran)));
        if replay(self.program, self.run, &self.best.tape, true, vec![recorder]).is_err() {
            return;
        }
        let names = ran.take();
        let clocks: Vec<SignalName> = self.best.tape.entries.iter().filter_map(clock_before).collect();
        let choices: Vec<TapeEntry> =
            self.best.tape.entries.iter().filter(|e| !is_order(e)).copied().collect();
        let tape = self.best.tape.with_entries(choices);
        // Elements 0..names are deliveries, those after them are passages of the clock.
        delete_blocks((0..names.len() + clocks.len()).collect(), |kept| {
            if !self.may_run() {
                return false;
            }
            let split = kept.partition_point(|i| *i < names.len());
            let of = |from: &[SignalName], kept: &[usize], base: usize| -> Vec<SignalName> {
                kept.iter().map(|i| from[*i - base]).collect()
            };
            let order =
                Constraints::new(&of(&names, &kept[..split], 0), &of(&clocks, &kept[split..], names.len()));
            keep_order(self.program, self.run, &tape, order).is_some_and(|outcome| {
                let same = self.breaks_the_same(&outcome);
                self.accept(outcome);
                same
            })
        });
    }

    /// Makes answers as small as they can be: shorter delays, fewer records lost.
    fn lower_answers(&mut self) {
        let mut index = 0;
        while index < self.best.tape.entries.len() && !self.stopped {
            if let TapeEntry::Choice { key, answer } = self.best.tape.entries[index]
                && answer > 1
            {
                for smaller in [1, answer / 2, answer - 1] {
                    let mut entries = self.best.tape.entries.clone();
                    entries[index] = TapeEntry::Choice { key, answer: smaller };
                    if smaller < answer && self.accept_tape(entries) {
                        break;
                    }
                }
            }
            index += 1;
        }
    }
}

/// Deletes blocks of elements, ever smaller, while `holds` says yes to what is left; ends when no
/// single element can go.
fn delete_blocks(mut elements: Vec<usize>, mut holds: impl FnMut(&[usize]) -> bool) {
    let mut block = elements.len().next_power_of_two();
    while block >= 1 && !elements.is_empty() {
        let mut start = 0;
        let mut shrank = false;
        while start < elements.len() {
            let end = (start + block).min(elements.len());
            let rest: Vec<usize> = elements[..start].iter().chain(&elements[end..]).copied().collect();
            if holds(&rest) {
                elements = rest;
                shrank = true;
            } else {
                start = end;
            }
        }
        if block > 1 || !shrank {
            block /= 2;
        }
    }
}

fn clock_before(entry: &TapeEntry) -> Option<SignalName> {
    match entry {
        TapeEntry::Order { key, instead: Instead::Clock } => Some(key.plain),
        _ => None,
    }
}

/// Writes down which deliveries ran.
struct OrderRecorder(Rc<RefCell<Vec<SignalName>>>);

impl Observer for OrderRecorder {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Turn { name, .. } = event {
            self.0.borrow_mut().push(*name);
        }
    }
}

/// What shrinking makes smaller: entries first, then answers.
fn weight(tape: &Tape) -> (usize, u64) {
    let answers = tape.entries.iter().map(|e| match e {
        TapeEntry::Choice { answer, .. } => u64::from(*answer),
        TapeEntry::Order { .. } => 0,
    });
    (tape.entries.len(), answers.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_go_until_only_what_is_needed_is_left() {
        let mut runs = 0;
        let mut last = Vec::new();
        delete_blocks((0..1000).collect(), |kept| {
            runs += 1;
            let holds = [3, 500, 501].iter().all(|n| kept.contains(n));
            if holds {
                last = kept.to_vec();
            }
            holds
        });
        assert_eq!(last, [3, 500, 501]);
        assert!(runs < 100, "{runs}");
    }
}
