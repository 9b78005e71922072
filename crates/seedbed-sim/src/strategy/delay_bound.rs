//! Delay-bounded scheduling.
//!
//! Emmi, Qadeer, Rakamarić: "Delay-Bounded Scheduling", POPL 2011. Everything is plain, but for n decisions
//! of a run. Each is of a kind that is drawn first, so that rare points are met as often as frequent
//! ones, and then at a random point of that kind, as many as the plain run has ([`Profile`]): what would go is
//! put behind all that is possible, or the clock passes; a packet is slow, or lost; an actor is killed. Most bugs
//! need few odd decisions, and there are polynomially many runs with n of them; chance at a rate must leave out all the
//! others, too.
//!
//! Decisions that only others bring about (how long a crashed node stays down) are left to chance.

use super::{Candidate, Pick, Profile, RunStart, Scene, Strategy};
use crate::order::Order;
use seedbed_core::{ChoiceKind, ChoicePoint, Key, Stream};
use std::collections::BTreeMap;

/// Plain runs with n decisions that are not.
#[derive(Clone, Debug)]
pub struct DelayBound {
    delays: u32,
    profile: Profile,
    stream: Stream,
    /// Points of each kind at which something is not plain, latest first, and how many there were;
    /// `None` is the order of deliveries.
    at: BTreeMap<Option<ChoiceKind>, (Vec<u64>, u64)>,
    /// What is possible, by its place.
    order: BTreeMap<u64, u32>,
    places: BTreeMap<u32, u64>,
    last: u64,
}

impl DelayBound {
    /// Runs of a program with this profile.
    pub fn new(delays: u32, profile: Profile) -> DelayBound {
        DelayBound {
            delays,
            profile,
            stream: Key::from_seed(0).stream(),
            at: BTreeMap::new(),
            order: BTreeMap::new(),
            places: BTreeMap::new(),
            last: 0,
        }
    }

    fn append(&mut self, id: u32) {
        self.last += 1;
        self.order.insert(self.last, id);
        self.places.insert(id, self.last);
    }

    /// Counts a point of a kind; true if it is one of those.
    fn is_due(&mut self, kind: Option<ChoiceKind>) -> bool {
        let Some((at, points)) = self.at.get_mut(&kind) else { return false };
        *points += 1;
        let due = at.last().is_some_and(|at| at <= points);
        if due {
            at.pop();
        }
        due
    }
}

impl Strategy for DelayBound {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.order.clear();
        self.places.clear();
        self.last = 0;
        self.at = BTreeMap::from([(None, (Vec::new(), 0))]);
        let on = self.profile.points.keys().filter(|kind| run.possible.has(**kind));
        self.at.extend(on.map(|kind| (Some(*kind), (Vec::new(), 0))));
        let kinds: Vec<Option<ChoiceKind>> = self.at.keys().copied().collect();
        for _ in 0..self.delays {
            let kind = kinds[self.stream.below(kinds.len() as u64) as usize];
            let points = kind.map_or(self.profile.picks, |kind| self.profile.points[&kind]);
            let point = 1 + self.stream.below(points.max(1));
            self.at.entry(kind).or_default().0.push(point);
        }
        self.at.values_mut().for_each(|(at, _)| at.sort_unstable_by(|a, b| b.cmp(a)));
    }

    fn enabled(&mut self, candidate: &Candidate) {
        self.append(candidate.id);
    }

    fn gone(&mut self, id: u32) {
        if let Some(place) = self.places.remove(&id) {
            self.order.remove(&place);
        }
    }

    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        // A delay of what is alone would be none, unless the clock can pass.
        if (clock || self.order.len() > 1) && self.is_due(None) {
            if clock && (self.order.len() == 1 || self.stream.below(3) == 0) {
                return Pick::Clock;
            }
            if let Some((_, id)) = self.order.pop_first() {
                self.append(id);
            }
        }
        self.order.first_key_value().map_or(Pick::Plain, |(_, id)| Pick::Run(*id))
    }

    fn choose(&mut self, point: &ChoicePoint, _: &Scene, possible: bool) -> Option<u32> {
        if !possible {
            return Some(0);
        }
        if !self.profile.points.contains_key(&point.kind) {
            return None;
        }
        let due = self.is_due(Some(point.kind));
        Some(if due { 1 + self.stream.below(u64::from(point.n - 1)) as u32 } else { 0 })
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(self.clone()))
    }
}
