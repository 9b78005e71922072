//! What is between nodes: packets in flight, with latency, loss, duplication and delay.
//!
//! Packets from one actor to one node arrive in the order in which they were sent, if they arrive
//! (rule N1). Only messages and replies are lost or come twice; the notices that links and monitors
//! promise are not, they are replaced by *no connection* when a node is lost.

use seedbed_core::{Body, NodeId, Packet, Pid, Time, node_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// The least, in nanoseconds: what plain runs have.
    pub min: u64,
    /// The most, in nanoseconds.
    pub max: u64,
}

impl Default for Latency {
    /// 100 µs to 100 ms.
    fn default() -> Self {
        Latency { min: 100_000, max: 100_000_000 }
    }
}

impl Latency {
    /// How many steps the range is cut in: the answers to a delay's choice point.
    pub(crate) const STEPS: u32 = 16;

    /// The latency for an answer; 0 is the least.
    pub(crate) fn at(&self, answer: u32) -> u64 {
        self.share(answer, Latency::STEPS - 1)
    }

    /// So many parts of the range beyond the least.
    pub(crate) fn share(&self, parts: u32, of: u32) -> u64 {
        let range = self.max.saturating_sub(self.min);
        self.min.saturating_add(range / u64::from(of) * u64::from(parts))
    }
}

/// Packets in flight.
#[derive(Debug, Default)]
pub(crate) struct Network {
    flying: BTreeMap<(Time, u64), Packet>,
    sent: u64,
    /// When the last packet of a sender for a node arrives; what lies in the past is forgotten now and then.
    last: BTreeMap<(Pid, NodeId), Time>,
}

impl Network {
    /// Sends a packet; it arrives at `at`, or right behind those sent before it.
    pub(crate) fn send(&mut self, packet: Packet, at: Time, now: Time) {
        let key = (packet.from, node_of(packet.to));
        let at = self.last.get(&key).map_or(at, |last| at.max(*last));
        if self.last.len() > 4096 {
            self.last.retain(|_, last| *last >= now);
        }
        self.last.insert(key, at);
        self.sent += 1;
        self.flying.insert((at, self.sent), packet);
    }

    /// Stops what is on a link: messages and replies are lost, the rest waits for it to heal.
    pub(crate) fn cut(&mut self, link: (NodeId, NodeId), heals: Time) {
        let on_link = |packet: &Packet| crate::cut::link(node_of(packet.from), node_of(packet.to)) == link;
        let caught: Vec<(Time, u64)> =
            self.flying.iter().filter(|(_, packet)| on_link(packet)).map(|(key, _)| *key).collect();
        for (at, nth) in caught {
            let packet = self.flying.remove(&(at, nth)).expect("just found");
            if !is_unreliable(&packet) {
                let at = at.max(heals);
                let last = self.last.entry((packet.from, node_of(packet.to))).or_insert(at);
                *last = at.max(*last);
                self.flying.insert((at, nth), packet);
            }
        }
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.flying.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Packet> {
        let entry = self.flying.first_entry().filter(|e| e.key().0 <= now)?;
        Some(entry.remove())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }
}

/// True for what a network may lose or bring twice.
pub(crate) fn is_unreliable(packet: &Packet) -> bool {
    let outside = node_of(packet.from) == NodeId::OUTSIDE || node_of(packet.to) == NodeId::OUTSIDE;
    !outside && matches!(packet.body, Body::Message { .. } | Body::Answer { .. })
}
