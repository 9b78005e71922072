//! What is between nodes: packets in flight.
//!
//! Packets from one actor to one node arrive in the order in which they were sent, if they arrive
//! (rule N1): none overtakes another of its pair, whatever delays it. A way with a bandwidth lets one
//! packet through after another, whoever they are from. Only messages and replies are lost or come
//! twice; the notices that links and monitors promise are not, they are replaced by *no connection*
//! when a node is lost.
//! Not modelled: packets in parts. An actor cannot tell, because a message arrives whole.

use crate::links::{Stop, Way};
use seedbed_core::{Body, NodeId, Packet, Pid, Time, node_of};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

/// What a packet weighs beside its payload, on a way with a bandwidth: the envelope.
const HEAD: u64 = 64;

/// When a packet is to arrive, and its number among all: what arrives at one time, arrives in the
/// order in which it was sent.
type Place = (Time, u64);

/// A packet on its way; the first to arrive is the greatest.
#[derive(Clone, Debug)]
struct Flying {
    place: Place,
    packet: Packet,
}

impl Ord for Flying {
    fn cmp(&self, other: &Flying) -> Ordering {
        other.place.cmp(&self.place)
    }
}

impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Flying) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Flying {
    fn eq(&self, other: &Flying) -> bool {
        self.place == other.place
    }
}

impl Eq for Flying {}

/// Packets in flight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    flying: BinaryHeap<Flying>,
    /// What waits for a way to go on.
    stopped: BTreeMap<Way, BTreeMap<Place, Packet>>,
    sent: u64,
    /// When the last packet of a sender for a node arrives; what lies in the past is forgotten now and then.
    last: BTreeMap<(Pid, NodeId), Time>,
    /// When the last packet of a pair that a rule put off arrives.
    late: BTreeMap<(Pid, NodeId), Time>,
    /// When each way with a bandwidth is through with what was given to it.
    through: BTreeMap<Way, Time>,
}

/// The way that a packet takes.
pub(crate) fn way(packet: &Packet) -> Way {
    (node_of(packet.from), node_of(packet.to))
}

impl Network {
    /// Sends a packet; it arrives at `at`, or right behind those sent before it, unless sockets said it.
    pub(crate) fn send(&mut self, packet: Packet, at: Time, now: Time) {
        let place = self.place(&packet, at, now);
        self.flying.push(Flying { place, packet });
    }

    /// Sends a packet over a way that is stopped: it waits.
    pub(crate) fn send_stopped(&mut self, packet: Packet, at: Time, now: Time) {
        let place = self.place(&packet, at, now);
        self.stopped.entry(way(&packet)).or_default().insert(place, packet);
    }

    fn place(&mut self, packet: &Packet, at: Time, now: Time) -> Place {
        self.sent += 1;
        if is_of_socket(packet) {
            return (at, self.sent);
        }
        let key = (packet.from, node_of(packet.to));
        let at = self.last.get(&key).map_or(at, |last| at.max(*last));
        if self.last.len() > 4096 {
            self.last.retain(|_, last| *last >= now);
        }
        self.last.insert(key, at);
        (at, self.sent)
    }

    /// When a packet that leaves then is through a way that lets so many bytes through in a second.
    pub(crate) fn pass(&mut self, packet: &Packet, leaves: Time, bandwidth: u64) -> Time {
        let through = self.through.entry(way(packet)).or_default();
        let bytes = u128::from(HEAD + body_len(&packet.body));
        let takes = (bytes * 1_000_000_000).div_ceil(u128::from(bandwidth.max(1)));
        let takes = u64::try_from(takes).unwrap_or(u64::MAX);
        *through = Time::from_nanos(leaves.max(*through).as_nanos().saturating_add(takes));
        *through
    }

    /// Stops what is on a way. A cut loses messages, replies and datagrams, which it gives; all else
    /// waits. True if something does.
    pub(crate) fn stop(&mut self, stopped: Way, stop: Stop) -> (Vec<Packet>, bool) {
        let waiting = self.stopped.remove(&stopped).unwrap_or_default();
        let (on_it, others): (Vec<Flying>, Vec<Flying>) =
            std::mem::take(&mut self.flying).into_iter().partition(|f| way(&f.packet) == stopped);
        self.flying = others.into();
        let flying = on_it.into_iter().map(|f| (f.place, f.packet));
        let all: BTreeMap<Place, Packet> = waiting.into_iter().chain(flying).collect();
        let (lost, left): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.into_iter().partition(|(_, packet)| stop == Stop::Cut && is_lost_if_cut(packet));
        let held = !left.is_empty();
        if held {
            self.stopped.insert(stopped, left);
        }
        (lost.into_values().collect(), held)
    }

    /// A way goes on: what waited comes when it was to, or now, in its order.
    pub(crate) fn go_on(&mut self, way: Way, now: Time) {
        for ((at, nth), packet) in self.stopped.remove(&way).unwrap_or_default() {
            let at = at.max(now);
            if !is_of_socket(&packet) {
                let last = self.last.entry((packet.from, way.1)).or_insert(at);
                *last = at.max(*last);
            }
            self.flying.push(Flying { place: (at, nth), packet });
        }
    }

    /// A packet that was to arrive now comes later, and none of its pair before it.
    pub(crate) fn put_off(&mut self, packet: Packet, at: Time) {
        let pair = (packet.from, node_of(packet.to));
        let at = self.late.get(&pair).map_or(at, |late| at.max(*late));
        self.late.insert(pair, at);
        let last = self.last.entry(pair).or_insert(at);
        *last = at.max(*last);
        self.sent += 1;
        self.flying.push(Flying { place: (at, self.sent), packet });
    }

    /// True if no packet has to wait for another that a rule put off.
    pub(crate) fn puts_nothing_off(&self) -> bool {
        self.late.is_empty()
    }

    /// Until when a packet has to wait for one of its pair that was put off.
    pub(crate) fn waits_until(&mut self, packet: &Packet, now: Time) -> Option<Time> {
        if self.late.is_empty() {
            return None;
        }
        self.late.retain(|_, late| *late > now);
        self.late.get(&(packet.from, node_of(packet.to))).copied()
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.flying.peek().map(|first| first.place.0)
    }

    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Packet> {
        if self.flying.peek()?.place.0 > now {
            return None;
        }
        self.flying.pop().map(|first| first.packet)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.flying.is_empty() && self.stopped.is_empty()
    }
}

/// True for what a network may lose or bring twice by chance, or, of a stream, bring later.
pub(crate) fn is_unreliable(packet: &Packet) -> bool {
    let outside = node_of(packet.from) == NodeId::OUTSIDE || node_of(packet.to) == NodeId::OUTSIDE;
    !outside && (is_message(packet) || is_of_socket(packet))
}

/// True for what a way that is cut loses.
pub(crate) fn is_lost_if_cut(packet: &Packet) -> bool {
    is_message(packet) || matches!(packet.body, Body::Socket { stream: false, .. })
}

/// True for what sockets say: they have an order of their own, or none.
pub(crate) fn is_of_socket(packet: &Packet) -> bool {
    matches!(packet.body, Body::Socket { .. })
}

/// True for messages and replies.
pub(crate) fn is_message(packet: &Packet) -> bool {
    matches!(packet.body, Body::Message { .. } | Body::Answer { .. })
}

fn body_len(body: &Body) -> u64 {
    match body {
        Body::Message { payload, .. } | Body::Answer { payload, .. } => payload.len() as u64,
        Body::Socket { bytes, .. } => bytes.len() as u64,
        Body::Exit { value: Some(value), .. } | Body::Down { value: Some(value), .. } => value.len() as u64,
        _ => 0,
    }
}
