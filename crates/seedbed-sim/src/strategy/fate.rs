//! Few failures, each aimed.
//!
//! After Gunawi, Do, Joshi, Alvaro, Hellerstein, Arpaci-Dusseau, Arpaci-Dusseau, Sen, Borthakur: "FATE and DESTINI: A
//! Framework for Cloud Recovery Testing", NSDI 2011. A run has at most n failures and nothing else goes
//! wrong, since most bugs need few, and what a rate adds only hides them. Each is drawn by its *failure id*: first
//! the kind (among kinds that do alike), then after what (an append that was begun, a message that was sent), then who and to whom, and only then
//! which of the points with that id, as many as the plain run has ([`Profile`]). So what is rare is tried as
//! often as what is frequent: a crash between a write and its sync as often as one at rest.
//!
//! What concerns a packet or an effect may last: the next points with that id fail too (a link that is lossy
//! for a while; Gilbert, "Capacity of a Burst-Noise Channel", 1960). Who is cut off from one may be cut off from all:
//! most failures that partitions cause need one isolated node (Alquraan, Takruri, Alfatafta, Al-Kiswany, "An
//! Analysis of Network-Partitioning Failures in Cloud Systems", OSDI 2018).
//!
//! The order, and the delays that go with it, each run takes from one of several strategies; or all is plain but for one
//! delivery, and a delay is a failure like others. What only others bring about (how long a crashed node stays
//! down) is left to chance.

use super::{
    Candidate, DelayBound, FailureId, Footprint, Pct, Pick, Pos, Profile, Random, RunStart, Scene, Strategy,
    is_delay,
};
use crate::order::Order;
use seedbed_core::{ChoiceKind, ChoicePoint, Key, NodeId, PathId, Stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// At most n failures a run.
pub struct Fate {
    failures: u32,
    profile: Profile,
    stream: Stream,
    /// Who may decide the order, and who does; the first is plain.
    orders: Vec<Box<dyn Strategy>>,
    in_turn: usize,
    /// Kinds that are drawn here, and not left to the order or to chance.
    kinds: BTreeSet<ChoiceKind>,
    due: BTreeMap<FailureId, Due>,
    /// Who is being cut off from all.
    alone: BTreeMap<(ChoiceKind, PathId), Alone>,
}

/// How one is cut off, and from whom it is already.
#[derive(Clone, Debug)]
struct Alone {
    answer: u32,
    from: BTreeSet<Option<NodeId>>,
}

/// The failures that were drawn of one id.
#[derive(Clone, Debug, Default)]
struct Due {
    /// Points that were met.
    met: u64,
    /// From which point, and up to which.
    at: Vec<(u64, u64)>,
}

impl Fate {
    /// Runs of a program with this profile.
    pub fn new(failures: u32, profile: Profile) -> Fate {
        let orders: Vec<Box<dyn Strategy>> = vec![
            Box::new(DelayBound::new(1, Profile { points: Arc::default(), ..profile.clone() })),
            Box::new(Random::default()),
            Box::new(Pct::by_ways(3)),
            Box::new(Pos::default()),
        ];
        Fate {
            failures,
            profile,
            stream: Key::from_seed(0).stream(),
            orders,
            in_turn: 0,
            kinds: BTreeSet::new(),
            due: BTreeMap::new(),
            alone: BTreeMap::new(),
        }
    }

    fn order(&mut self) -> &mut dyn Strategy {
        &mut *self.orders[self.in_turn]
    }

    fn draw_failure(&mut self, ids: &[FailureId]) {
        let Some(id) = &draw_id(&mut self.stream, ids.to_vec()) else { return };
        // What goes wrong makes a run longer: a failure may be one of those that the plain run does not have.
        let points = self.profile.failures[id];
        let from = 1 + self.stream.below(points + points / 2);
        let lasts = match self.stream.below(4) {
            _ if !lasts(id.kind) => 0,
            0 | 1 => 0,
            2 => 1 + self.stream.below(3),
            _ => points,
        };
        self.due.entry(*id).or_default().at.push((from, from + lasts));
    }
}

/// Draws a failure id: the kind, among kinds that do alike, then after what, then who and to whom.
pub(crate) fn draw_id(stream: &mut Stream, mut among: Vec<FailureId>) -> Option<FailureId> {
    draw(stream, &mut among, |id| Family::of(id.kind));
    draw(stream, &mut among, |id| id.kind);
    draw(stream, &mut among, |id| id.after);
    draw(stream, &mut among, |id| (id.path, id.to));
    among.first().copied()
}

/// Draws one of those that differ in what `of` gives.
fn draw<T: Ord + Copy>(stream: &mut Stream, among: &mut Vec<FailureId>, of: impl Fn(&FailureId) -> T) {
    let all: BTreeSet<T> = among.iter().map(&of).collect();
    if all.is_empty() {
        return;
    }
    let drawn = stream.below(all.len() as u64) as usize;
    let drawn = all.into_iter().nth(drawn);
    among.retain(|id| Some(of(id)) == drawn);
}

/// Kinds that do the same to a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    /// Something comes later, or another time is shown.
    Late,
    /// Something does not happen, or happens twice.
    Lost,
    /// A link is stopped.
    Cut,
    /// An actor or a node ends.
    Dead,
    /// A turn does not get what it needs.
    Starved,
}

impl Family {
    fn of(kind: ChoiceKind) -> Family {
        use ChoiceKind::*;
        match kind {
            Delay | EffectDelay | TimerLate | Pause | Slow | ClockJump => Family::Late,
            Drop | Duplicate | EffectFailed | LeftOut => Family::Lost,
            Partition | Clog => Family::Cut,
            Kill | Crash | Restart | Unsynced | Torn => Family::Dead,
            Buggify | FuelCut | GrowRefused | CallRefused => Family::Starved,
        }
    }
}

/// True for what can go on for a while.
fn lasts(kind: ChoiceKind) -> bool {
    is_delay(kind) || matches!(kind, ChoiceKind::Drop | ChoiceKind::Duplicate | ChoiceKind::EffectFailed)
}

impl Strategy for Fate {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.in_turn = self.stream.below(self.orders.len() as u64) as usize;
        let clock_rate = if self.stream.below(3) == 0 { 0 } else { run.clock_rate };
        self.due.clear();
        self.alone.clear();
        let delays = self.in_turn == 0;
        let ids = self.profile.failures.keys().filter(|id| run.possible.has(id.kind));
        let ids: Vec<FailureId> = ids.filter(|id| delays || !is_delay(id.kind)).copied().collect();
        self.kinds = ids.iter().map(|id| id.kind).collect();
        if !ids.is_empty() {
            for _ in 0..=self.stream.below(u64::from(self.failures)) {
                self.draw_failure(&ids);
            }
        }
        let key = run.key.derive("order", 0, 0);
        self.order().begin(&RunStart { key, clock_rate, ..*run });
    }

    fn enabled(&mut self, candidate: &Candidate) {
        self.order().enabled(candidate);
    }

    fn gone(&mut self, id: u32) {
        self.order().gone(id);
    }

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        self.order().pick(order, clock)
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        if !possible {
            return Some(0);
        }
        if !self.kinds.contains(&point.kind) {
            return self.order().choose(point, scene, possible).filter(|_| is_delay(point.kind));
        }
        if let Some(alone) = self.alone.get_mut(&(point.kind, point.path))
            && alone.from.insert(scene.to)
        {
            return Some(alone.answer);
        }
        let Some(due) = self.due.get_mut(&FailureId::of(point, scene)) else { return Some(0) };
        due.met += 1;
        if !due.at.iter().any(|(from, to)| (*from..=*to).contains(&due.met)) {
            return Some(0);
        }
        let most = point.n - 1;
        let longest = is_delay(point.kind) && self.stream.below(2) == 0;
        let answer = if longest { most } else { 1 + self.stream.below(u64::from(most)) as u32 };
        if Family::of(point.kind) == Family::Cut && self.stream.below(2) == 0 {
            self.alone.insert((point.kind, point.path), Alone { answer, from: BTreeSet::from([scene.to]) });
        }
        Some(answer)
    }

    fn wants_footprints(&self) -> bool {
        self.orders[self.in_turn].wants_footprints()
    }

    fn wants_all_faults(&self) -> bool {
        // Of a program of which nothing is known, rates decide.
        !self.profile.failures.is_empty()
    }

    fn ran(&mut self, footprint: &Footprint) {
        self.order().ran(footprint);
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(Fate {
            failures: self.failures,
            profile: self.profile.clone(),
            stream: self.stream.clone(),
            orders: self.orders.iter().map(|order| order.snapshot()).collect::<Option<_>>()?,
            in_turn: self.in_turn,
            kinds: self.kinds.clone(),
            due: self.due.clone(),
            alone: self.alone.clone(),
        }))
    }
}
