//! Links that are cut: partitions, in both directions, and what stops with them.
//!
//! Messages and replies that are in flight on a link when it is cut, or sent while it is, are lost.
//! The notices that links and monitors promise wait for the link to heal; if it is cut for longer
//! than `loss_after`, its two nodes have counted each other as lost by then (rule N5), and notices
//! of before mean nothing any more.
//! Not modelled: cuts in one direction; the links of clients.

use crate::sim::Sim;
use seedbed_core::{ChoiceKind, ChoicePoint, NodeId, Packet, Time, node_of};
use std::collections::BTreeMap;

/// A link, by its two ends, the lower number first.
pub(crate) type Link = (NodeId, NodeId);

/// A link's ends in their order.
pub(crate) fn link(a: NodeId, b: NodeId) -> Link {
    (a.min(b), a.max(b))
}

/// One link that is cut.
#[derive(Clone, Copy, Debug)]
struct Cut {
    heals: Time,
    /// When its ends count each other as lost, if they have not.
    lost: Option<Time>,
}

/// All links that are cut.
#[derive(Debug, Default)]
pub(crate) struct Cuts(BTreeMap<Link, Cut>);

impl Cuts {
    /// When a link that is cut heals.
    #[inline]
    pub(crate) fn heals(&self, a: NodeId, b: NodeId) -> Option<Time> {
        if self.0.is_empty() { None } else { self.0.get(&link(a, b)).map(|cut| cut.heals) }
    }

    /// When the next ends of a link count each other as lost.
    pub(crate) fn next(&self) -> Option<Time> {
        self.0.values().filter_map(|cut| cut.lost).min()
    }

    /// A link whose ends count each other as lost by now.
    pub(crate) fn pop_lost(&mut self, now: Time) -> Option<Link> {
        let (link, cut) = self.0.iter_mut().find(|(_, cut)| cut.lost.is_some_and(|at| at <= now))?;
        cut.lost = None;
        Some(*link)
    }

    /// Forgets what has healed.
    pub(crate) fn heal(&mut self, now: Time) {
        if !self.0.is_empty() {
            self.0.retain(|_, cut| cut.heals > now);
        }
    }

    pub(crate) fn heal_link(&mut self, link: Link) {
        self.0.remove(&link);
    }

    pub(crate) fn heal_all(&mut self) {
        self.0.clear();
    }
}

impl Sim {
    /// Cuts a link for so many nanoseconds.
    pub(crate) fn cut(&mut self, a: NodeId, b: NodeId, ns: u64) {
        let heals = Time::from_nanos(self.now.as_nanos().saturating_add(ns));
        let lost = self.now + self.loss_after;
        let cut = Cut { heals, lost: (lost < heals).then_some(lost) };
        self.cuts.0.insert(link(a, b), cut);
        self.network.cut(link(a, b), heals);
    }

    /// Decides whether the link that a packet is to take is cut just now.
    pub(crate) fn cut_by_chance(&mut self, node: NodeId, packet: &Packet, point: &ChoicePoint) {
        debug_assert_eq!(point.kind, ChoiceKind::Partition);
        let other = node_of(packet.to);
        if self.cuts.heals(node, other).is_some() {
            return;
        }
        let answer = self.choose(node, point);
        if answer > 0 {
            let (min, max) = self.chance.faults.cut_for;
            let ns = crate::network::Latency { min, max }.share(answer - 1, point.n - 2);
            self.cut(node, other, ns);
        }
    }
}
