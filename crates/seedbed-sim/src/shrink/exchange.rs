//! Out of tapes of which every part is needed for what the other parts do: some entries for fewer others.
//!
//! A tape of a dozen delays sets a scene step by step, and without any of them the next is the delay of another
//! message. No deletion gets away from there; but one cut of a link, one longer delay, or the same delay of
//! the next message may do the work of several. What goes and what comes instead is drawn: all but very few go, or
//! some that follow each other, or any two; what comes is one that went, at another place or with another
//! answer, or one of the points that the run was offered, drawn by its failure id as `fate` draws it. Or one goes,
//! and those after it move by a few places.
//!
//! Every proposal has a random stream of its own, so that the result is the same however many run at a time. It
//! counts only if its run stays within what the faults of the world allow.

use super::Shrinker;
use super::fewer::largest;
use crate::offers::{Offer, Offers};
use crate::run::Outcome;
use crate::strategy::{FailureId, draw_id};
use seedbed_core::{ChoiceKey, Key, Stream, Tape, TapeEntry};
use std::collections::BTreeSet;

/// The most entries that go in one block.
const BLOCK: u64 = 4;

/// How far from its place an entry is moved at most.
const FAR: u64 = 4;

/// How far everything of one actor is moved at most.
const LITTLE: u64 = 3;

/// So much may be tried without success.
const IN_VAIN: Effort = Effort { runs: 2_000, steps: 250_000 };

/// So much may be tried in all.
const IN_ALL: Effort = Effort { runs: 4_000, steps: 400_000 };

/// How much was tried. Steps are counted as those of the best: how far a candidate got that ran beside the one that was
/// taken may not show.
#[derive(Default)]
struct Effort {
    runs: u64,
    steps: u64,
}

impl Effort {
    fn add(&mut self, runs: u64, steps: u64) {
        self.runs += runs;
        self.steps += runs * steps;
    }

    fn is_within(&self, most: &Effort) -> bool {
        self.runs < most.runs && self.steps < most.steps
    }
}

impl Shrinker<'_> {
    /// Exchanges entries for fewer others, until that has led nowhere for long; true if it led anywhere.
    pub(super) fn exchange(&mut self) -> bool {
        if self.best.tape.choices() < 2 {
            return false;
        }
        let Some(mut offers) = self.offers() else { return false };
        let key = Key::from_seed(self.best.seed).derive("exchange", 0, 0);
        let (mut proposals, mut all, mut in_vain) = (0, Effort::default(), Effort::default());
        let mut has_led = false;
        while !self.stopped
            && self.best.tape.choices() > 1
            && all.is_within(&IN_ALL)
            && in_vain.is_within(&IN_VAIN)
        {
            let (before, runs) = (self.best.clone(), self.runs);
            let stream = |nth| key.derive("proposal", nth, 0).stream();
            let candidates: Vec<Vec<TapeEntry>> = (proposals..)
                .take(self.runner.width())
                .map(|nth| Proposal::new(stream(nth), &before.tape, &offers).make())
                .collect();
            let found = self.first(&candidates);
            proposals += found.as_ref().map_or(candidates.len(), |(index, _)| index + 1) as u64;
            if let Some((_, outcome)) = found
                && (self.accept(outcome.clone()) || self.go_beside(outcome))
            {
                self.delete_all();
                let Some(now) = self.offers() else { return has_led };
                if now.beyond > offers.beyond {
                    self.best = before.clone();
                } else {
                    offers = now;
                }
            }
            // What was tried before is not run, but may not go on for ever.
            let runs = (self.runs - runs).max(1);
            all.add(runs, before.stats.steps);
            in_vain.add(runs, before.stats.steps);
            if self.best.tape.choices() < before.tape.choices() {
                (has_led, in_vain) = (true, Effort::default());
            }
        }
        has_led
    }

    /// Goes on from another tape that is no lighter, if it has no more entries: from there more may lead further.
    fn go_beside(&mut self, outcome: Outcome) -> bool {
        let may = outcome.released == 0
            && outcome.tape.choices() <= self.best.tape.choices()
            && outcome.tape.entries != self.best.tape.entries;
        if may {
            self.best = outcome;
        }
        may
    }

    /// What the best is offered.
    fn offers(&mut self) -> Option<Offers> {
        if !self.may_run() {
            return None;
        }
        self.runner.offers(&self.best.tape)
    }
}

/// A tape to try.
struct Proposal<'a> {
    stream: Stream,
    /// What was left out stays so.
    left_out: Vec<TapeEntry>,
    kept: Vec<TapeEntry>,
    gone: Vec<TapeEntry>,
    points: &'a [Offer],
}

impl<'a> Proposal<'a> {
    fn new(stream: Stream, tape: &Tape, offers: &'a Offers) -> Proposal<'a> {
        let (left_out, kept) = tape.entries.iter().partition(|entry| entry.is_left_out());
        Proposal { stream, left_out, kept, gone: Vec::new(), points: &offers.points }
    }

    /// The tape: at least one entry less.
    fn make(mut self) -> Vec<TapeEntry> {
        if self.below(4) == 0 {
            self.shift();
        } else {
            self.take_away();
            let most = (self.gone.len() as u64).min(2);
            for _ in 0..=self.below(most) {
                self.add_one();
            }
        }
        self.left_out.append(&mut self.kept);
        self.left_out
    }

    fn below(&mut self, n: u64) -> u64 {
        self.stream.below(n)
    }

    fn take_away(&mut self) {
        let all = self.kept.len() as u64;
        match self.below(5) {
            // Any one.
            4 => self.take_one(),
            // Any two.
            0 => (0..2).for_each(|_| self.take_one()),
            // All but very few.
            1 => {
                let kept = self.below((all - 1).min(3));
                (kept..all).for_each(|_| self.take_one());
            }
            // Some that follow each other.
            _ => {
                let length = 2 + self.below((all - 1).min(BLOCK - 1));
                let first = self.below(all - length + 1) as usize;
                self.gone = self.kept.drain(first..first + length as usize).collect();
            }
        }
    }

    /// One goes, and what comes after it of one actor moves by a few places: an actor that is not held up any
    /// more has sent another number of messages by then.
    fn shift(&mut self) {
        let gone = self.below(self.kept.len() as u64) as usize;
        self.kept.remove(gone);
        let later = &self.kept[gone..];
        let of: Vec<&ChoiceKey> = later.iter().filter_map(key_of).collect();
        if of.is_empty() {
            return;
        }
        let ChoiceKey { kind, path, .. } = *of[self.stream.below(of.len() as u64) as usize];
        let (by, is_back) = (1 + self.below(LITTLE), self.below(2) == 0);
        for entry in &mut self.kept[gone..] {
            if let TapeEntry::Choice { key, .. } = entry
                && (key.kind, key.path) == (kind, path)
            {
                *key = moved(*key, by, is_back);
            }
        }
    }

    fn take_one(&mut self) {
        let index = self.below(self.kept.len() as u64) as usize;
        self.gone.push(self.kept.remove(index));
    }

    fn add_one(&mut self) {
        let comes = if self.below(3) == 0 { self.another() } else { self.offered() };
        let Some((key, answer)) = comes else { return };
        if !self.kept.iter().filter_map(key_of).any(|kept| *kept == key) {
            let entry = TapeEntry::Choice { key, answer };
            let entry = if self.below(2) == 0 { largest(&entry) } else { entry };
            self.kept.push(entry);
        }
    }

    /// One of those that go, about where it was.
    fn another(&mut self) -> Option<(ChoiceKey, u32)> {
        let nth = self.below(self.gone.len() as u64) as usize;
        let (by, is_back) = (self.below(FAR + 1), self.below(2) == 0);
        match self.gone[nth] {
            TapeEntry::Choice { key, answer } => Some((moved(key, by, is_back), answer)),
            TapeEntry::Order { .. } | TapeEntry::Hold { .. } => None,
        }
    }

    /// One of what the run was offered: anywhere, or about where something goes.
    fn offered(&mut self) -> Option<(ChoiceKey, u32)> {
        let points = if self.below(2) == 0 { self.points } else { self.around() };
        let ids: BTreeSet<FailureId> = points.iter().map(|point| point.id).collect();
        let id = draw_id(&mut self.stream, ids.into_iter().collect())?;
        let alike: Vec<&Offer> = points.iter().filter(|point| point.id == id).collect();
        let Offer { key, n, .. } = *alike[self.below(alike.len() as u64) as usize];
        Some((key, 1 + self.below(u64::from(n - 1)) as u32))
    }

    /// The points from the first to the last of what goes, and some more.
    fn around(&self) -> &'a [Offer] {
        let place = |key: &ChoiceKey| self.points.iter().position(|point| point.key == *key);
        let places = || self.gone.iter().filter_map(key_of).filter_map(place);
        let (Some(first), Some(last)) = (places().min(), places().max()) else { return self.points };
        let more = self.points.len() / 20;
        &self.points[first.saturating_sub(more)..(last + more + 1).min(self.points.len())]
    }
}

fn key_of(entry: &TapeEntry) -> Option<&ChoiceKey> {
    match entry {
        TapeEntry::Choice { key, .. } => Some(key),
        TapeEntry::Order { .. } | TapeEntry::Hold { .. } => None,
    }
}

/// The key of a point so many places further, or back.
fn moved(key: ChoiceKey, by: u64, is_back: bool) -> ChoiceKey {
    let ordinal = if is_back { key.ordinal.saturating_sub(by).max(1) } else { key.ordinal + by };
    ChoiceKey { ordinal, ..key }
}
