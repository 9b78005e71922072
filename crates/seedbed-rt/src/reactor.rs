//! The real reactor: this machine's clocks, plain order, real effects.
//!
//! Between two turns it says which delivery goes next: the first that became enabled (rule M4).
//! It injects nothing and draws nothing; chance enters a node once, with its key.

use crate::clock::Clock;
use crate::effects::Effects;
use crate::log;
use crate::neighbours::Neighbours;
use crate::order::Order;
use crate::outside::Outside;
use seedbed_core::{
    At, Body, Chain, ChoicePoint, Delivery, EffectRequest, Event, ExitReason, Life, NodeId, Observer, Packet,
    Pid, Port, Reactor, RequestFailure, Time, node_of,
};
use std::collections::{BTreeMap, VecDeque};

/// A fact that an actor published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The actor.
    pub pid: Pid,
    /// Its path.
    pub path: String,
    /// The key.
    pub key: String,
    /// The value it published last.
    pub value: i64,
}

/// What a node has had to do with others, counted: between two looks at all nodes at rest that find
/// the same, and as much taken as sent, nothing was under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crossed {
    pub(crate) turns: u64,
    pub(crate) sent: u64,
    pub(crate) taken: u64,
}

/// The reactor of a service.
pub struct RealReactor {
    node: NodeId,
    pub(crate) clock: Clock,
    /// Deliveries in the order in which they became enabled; some are stale.
    pub(crate) order: Order,
    /// Turns begun.
    pub(crate) step: u64,
    pub(crate) outside: Outside,
    pub(crate) effects: Effects,
    neighbours: Neighbours,
    pub(crate) crossed: Crossed,
    /// Starts of paths that had lived before.
    restarts: u64,
    /// Answers in the place of nodes that cannot be reached, on their way to the kernel.
    pub(crate) unreachable: VecDeque<Packet>,
    observers: Vec<Box<dyn Observer + Send>>,
    facts: BTreeMap<Pid, (String, BTreeMap<String, i64>)>,
}

impl RealReactor {
    pub(crate) fn new(
        node: NodeId,
        neighbours: Neighbours,
        effects: Effects,
        observers: Vec<Box<dyn Observer + Send>>,
    ) -> RealReactor {
        RealReactor {
            node,
            clock: Clock::start(),
            order: Order::default(),
            step: 0,
            outside: Outside::default(),
            effects,
            neighbours,
            crossed: Crossed::default(),
            restarts: 0,
            unreachable: VecDeque::new(),
            observers,
            facts: BTreeMap::new(),
        }
    }

    /// What the actors that live have published.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.facts.iter().flat_map(|(pid, (path, facts))| {
            facts.iter().map(|(key, value)| Fact {
                pid: *pid,
                path: path.clone(),
                key: key.clone(),
                value: *value,
            })
        })
    }

    /// Starts of paths that had lived before.
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Turns begun.
    pub fn turns(&self) -> u64 {
        self.step
    }

    /// Gives a packet to another node, or says what comes of it not being there.
    pub(crate) fn cross(&mut self, packet: Packet) {
        match self.neighbours.send(packet) {
            Ok(()) => self.crossed.sent += 1,
            Err(packet) => self.unreachable.extend(no_connection(packet)),
        }
    }

    /// The node through which a pid is reached.
    pub(crate) fn node_for(&self, to: Pid) -> NodeId {
        self.neighbours.node_for(to)
    }

    pub(crate) fn say_goodbye(&self) {
        self.neighbours.say_goodbye();
    }

    fn at(&self) -> At {
        At { step: self.step, time: self.clock.now(), node: self.node }
    }

    /// What is not of every turn.
    #[inline(never)]
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Logged { who, level, text } => log::logged(self.at(), who, *level, text),
            Event::Observed { who, key, value } => {
                let (_, facts) =
                    self.facts.entry(who.pid).or_insert_with(|| (who.text.to_owned(), BTreeMap::new()));
                facts.insert((*key).to_owned(), *value);
            }
            Event::Started { .. } => self.outside.observe(event),
            Event::Spawned { who, .. } => self.restarts += u64::from(who.life.0 > 1),
            Event::Exited { who, .. } => {
                if !self.facts.is_empty() {
                    self.facts.remove(&who.pid);
                }
                self.effects.forget(who.pid);
                self.outside.observe(event);
                log::happened(|| self.at(), event);
            }
            Event::Lost { .. } => log::happened(|| self.at(), event),
            _ => {}
        }
    }

    /// Apart, so that making the event takes no registers where nobody watches.
    #[cold]
    #[inline(never)]
    fn show_turn<'e>(&mut self, event: impl FnOnce() -> Event<'e>) {
        self.show(&event());
    }

    #[inline(never)]
    fn show(&mut self, event: &Event<'_>) {
        let at = self.at();
        self.observers.iter_mut().for_each(|o| o.event(at, event));
    }
}

impl Port for RealReactor {
    #[inline]
    fn now(&mut self) -> Time {
        self.clock.now()
    }

    fn unix_time(&mut self) -> Time {
        Clock::unix_time()
    }

    fn choose(&mut self, _: &ChoicePoint) -> u32 {
        0
    }

    #[inline]
    fn observe(&mut self, event: &Event<'_>) {
        if !matches!(event, Event::Turn { .. } | Event::TurnEnd { .. }) {
            self.note(event);
        }
        if !self.observers.is_empty() {
            self.show(event);
        }
    }

    #[inline]
    fn simulated(&self) -> bool {
        false
    }
}

impl Reactor for RealReactor {
    #[inline(always)]
    fn observe_turn<'e>(&mut self, event: impl FnOnce() -> Event<'e>) {
        if !self.observers.is_empty() {
            self.show_turn(event);
        }
    }

    #[inline(always)]
    fn enabled(&mut self, delivery: Delivery, _: Chain) {
        self.order.push(delivery);
    }

    /// It stays in the order, and is passed over when its time comes.
    #[inline]
    fn disabled(&mut self, _: Delivery) {}

    fn transmit(&mut self, packet: Packet) {
        let outside = node_of(packet.to) == NodeId::OUTSIDE;
        if outside && self.node_for(packet.to) == self.node {
            self.outside.take(packet);
        } else {
            self.cross(packet);
        }
    }

    fn perform(&mut self, request: EffectRequest) {
        self.effects.begin(request);
    }
}

/// What a node that cannot be reached lets the sender know (rules E14, N5).
fn no_connection(packet: Packet) -> Option<Packet> {
    let Packet { from, path, to, body, .. } = packet;
    let body = match body {
        Body::Message { correlation, .. } if correlation != 0 => {
            let tag = RequestFailure::NoConnection as u64;
            Body::Answer { correlation, tag, failed: true, payload: Vec::new() }
        }
        Body::Link | Body::TaggedLink { .. } => {
            Body::Exit { reason: ExitReason::NoConnection, value: None, link: true }
        }
        Body::Monitor { reference } => {
            Body::Down { reference, reason: ExitReason::NoConnection, value: None }
        }
        _ => return None,
    };
    Some(Packet { from: to, path, life: Life(0), to: from, id: 0, copy: false, body })
}
