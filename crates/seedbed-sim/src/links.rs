//! Links between nodes: what each is like, and which are stopped.
//!
//! A link has two *ways*, and each stops alone. A way that is **cut** loses the messages and replies
//! that are on it or sent over it; the notices that links and monitors promise wait for it to heal.
//! A way that is **clogged** loses nothing: everything waits, and comes in its order once it clears.
//! A link of which a way is stopped for longer than `loss_after` has two ends that count each other
//! as lost by then (rule N6): what one of them sends is not acknowledged. A client outside counts
//! nobody as lost; its requests time out.

use crate::latency::{Latency, STEPS, share};
use crate::sim::Sim;
use seedbed_core::{ChoiceKind, ChoicePoint, Event, NodeId, Packet, Time, node_of};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a link between two nodes, or a node and the outside, is like, in both directions; what is
/// `None` is as for all links. Rates are per million, and drawn run by run as those of
/// [`Faults`](crate::Faults) are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// How long a message takes.
    pub latency: Option<Latency>,
    /// Bytes a second in each direction, from 1: a message waits until those before it are through.
    pub bandwidth: Option<u64>,
    /// Messages that are lost.
    pub drop: Option<u32>,
    /// Messages that come twice.
    pub duplicate: Option<u32>,
    /// Messages that take longer than the least.
    pub delay: Option<u32>,
    /// Messages that meet the link just cut.
    pub partition: Option<u32>,
    /// Messages that meet the link just clogged.
    pub clog: Option<u32>,
}

impl From<Latency> for Link {
    fn from(latency: Latency) -> Link {
        Link { latency: Some(latency), ..Link::default() }
    }
}

impl Link {
    /// The rate of a kind of fault that this link has for itself.
    pub(crate) fn rate(&self, kind: ChoiceKind) -> Option<u32> {
        match kind {
            ChoiceKind::Drop => self.drop,
            ChoiceKind::Duplicate => self.duplicate,
            ChoiceKind::Delay => self.delay,
            ChoiceKind::Partition => self.partition,
            ChoiceKind::Clog => self.clog,
            _ => None,
        }
    }
}

/// One direction of a link: from a node to another.
pub(crate) type Way = (NodeId, NodeId);

/// A link's ends, the lower number first.
pub(crate) fn ends(a: NodeId, b: NodeId) -> (NodeId, NodeId) {
    (a.min(b), a.max(b))
}

/// How a way is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// Messages and replies are lost.
    Cut,
    /// Everything waits.
    Clog,
}

/// All ways that are stopped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stops {
    until: BTreeMap<(Way, Stop), Time>,
    /// Links that are silent: since when, and whether their ends count each other as lost.
    silent: BTreeMap<(NodeId, NodeId), (Time, bool)>,
    /// Ways over which something waits.
    holding: BTreeSet<Way>,
}

impl Stops {
    /// How long a way is stopped: cut, clogged, or not.
    #[inline]
    pub(crate) fn of(&self, way: Way) -> Option<Stop> {
        if self.until.is_empty() {
            return None;
        }
        [Stop::Cut, Stop::Clog].into_iter().find(|stop| self.until.contains_key(&(way, *stop)))
    }

    /// When something comes of it: what waits can go on, or ends count each other as lost.
    pub(crate) fn next(&self, loss_after: Duration) -> Option<Time> {
        if self.until.is_empty() {
            return None;
        }
        let free = self.holding.iter().map(|way| self.free_at(*way)).filter(|at| *at < Time::MAX);
        free.chain(self.losses(loss_after).map(|(at, _)| at)).min()
    }

    /// True if some way's time is over by now and it was not let go.
    pub(crate) fn is_any_over(&self, now: Time) -> bool {
        self.until.values().any(|until| *until <= now)
    }

    /// When a way is not stopped any more.
    fn free_at(&self, way: Way) -> Time {
        let until = |stop| self.until.get(&(way, stop)).copied();
        until(Stop::Cut).max(until(Stop::Clog)).unwrap_or(Time::ZERO)
    }

    /// Links that stay silent for so long that their ends will count each other as lost.
    fn losses(&self, loss_after: Duration) -> impl Iterator<Item = (Time, (NodeId, NodeId))> {
        self.silent.iter().filter(|(_, (_, told))| !told).filter_map(move |(link, (since, _))| {
            let (at, (a, b)) = (*since + loss_after, *link);
            (at < self.free_at((a, b)).max(self.free_at((b, a)))).then_some((at, *link))
        })
    }

    /// A link whose ends count each other as lost by now.
    pub(crate) fn pop_lost(&mut self, now: Time, loss_after: Duration) -> Option<(NodeId, NodeId)> {
        if self.silent.is_empty() {
            return None;
        }
        let (_, link) = self.losses(loss_after).find(|(at, _)| *at <= now)?;
        self.silent.get_mut(&link).expect("just found").1 = true;
        Some(link)
    }

    /// Notes that something waits for a way to be free.
    pub(crate) fn hold(&mut self, way: Way) {
        self.holding.insert(way);
    }

    fn stop(&mut self, way: Way, stop: Stop, until: Time, now: Time) {
        let end = self.until.entry((way, stop)).or_insert(until);
        *end = until.max(*end);
        if way.0 != NodeId::OUTSIDE && way.1 != NodeId::OUTSIDE {
            self.silent.entry(ends(way.0, way.1)).or_insert((now, false));
        }
    }

    /// Lets go what `over` says of a way; gives the ways that are free now and over which something waits.
    fn lift(&mut self, mut over: impl FnMut(Way, Stop, Time) -> bool) -> Vec<Way> {
        if self.until.is_empty() {
            return Vec::new();
        }
        self.until.retain(|(way, stop), until| !over(*way, *stop, *until));
        let stopped: BTreeSet<Way> = self.until.keys().map(|(way, _)| *way).collect();
        self.silent.retain(|(a, b), _| stopped.contains(&(*a, *b)) || stopped.contains(&(*b, *a)));
        self.holding.extract_if(.., |way| !stopped.contains(way)).collect()
    }
}

impl Sim {
    /// Stops a way until then, and what is on it.
    pub(crate) fn stop_way(&mut self, way: Way, stop: Stop, until: Time) {
        self.looked = None;
        self.stops.stop(way, stop, until, self.now);
        let (lost, held) = self.network.stop(way, stop);
        if held {
            self.stops.hold(way);
        }
        for packet in lost {
            self.vanish(&packet);
        }
    }

    /// Stops both ways of a link for so many nanoseconds.
    pub(crate) fn stop_link(&mut self, a: NodeId, b: NodeId, stop: Stop, ns: u64) {
        let until = Time::from_nanos(self.now.as_nanos().saturating_add(ns));
        self.stop_way((a, b), stop, until);
        self.stop_way((b, a), stop, until);
    }

    /// Lets ways go whose time is over.
    pub(crate) fn lift_due(&mut self) {
        let now = self.now;
        self.lift(|_, _, until| until <= now);
    }

    /// Lets ways go; what waited comes when it was to, or now.
    pub(crate) fn lift(&mut self, over: impl FnMut(Way, Stop, Time) -> bool) {
        for way in self.stops.lift(over) {
            self.looked = None;
            self.network.go_on(way, self.now);
        }
    }

    /// A packet is lost on its way because of a fault that stands on no tape by itself.
    pub(crate) fn vanish(&mut self, packet: &Packet) {
        let node = node_of(packet.from);
        self.tell(node, &Event::Vanished { packet });
    }

    /// Decides whether the link that a packet is to take is stopped just now.
    pub(crate) fn stop_by_chance(&mut self, node: NodeId, packet: &Packet, stop: Stop, point: &ChoicePoint) {
        if self.links.is_empty() && !self.is_open(point.kind) {
            return;
        }
        let other = node_of(packet.to);
        if self.stops.of((node, other)).is_some() {
            return;
        }
        let answer = self.choose_on_link(node, other, point);
        if answer > 0 {
            let (step, one_way) = ((answer - 1) % (STEPS - 1), answer >= STEPS);
            let ns = share(self.chance.faults.cut_for, step, STEPS - 2);
            if one_way {
                let until = Time::from_nanos(self.now.as_nanos().saturating_add(ns));
                self.stop_way((node, other), stop, until);
            } else {
                self.stop_link(node, other, stop, ns);
            }
        }
    }

    /// The answers there are to a link that is stopped by chance: steps of its time for both ways, then for one.
    pub(crate) const STOP_ANSWERS: u32 = 2 * STEPS - 1;
}
