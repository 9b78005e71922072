//! What can be seen of a node from outside, between turns.

use super::Kernel;
use super::arrive::chain_of;
use crate::actor::Behaviour;
use crate::hash::TraceHash;
use crate::held::{Held, HeldInfo};
use crate::node::{Resolved, Stage, name_of};
use crate::path::{Life, PathId, SignalName};
use crate::pid::{Boot, NodeId};
use crate::reactor::{Chain, Delivery};
use seedbed_abi::{Envelope, Pid};
use std::collections::BTreeMap;

/// An actor as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorInfo {
    /// Its pid.
    pub pid: Pid,
    /// Its path's text.
    pub path: String,
    /// Its life.
    pub life: Life,
    /// Where it is in its life.
    pub stage: Stage,
    /// Who spawned it.
    pub parent: Pid,
    /// Its registered name.
    pub name: Option<String>,
    /// True for supervisors.
    pub supervisor: bool,
    /// Messages and requests waiting.
    pub mail_count: u32,
    /// Their payload bytes.
    pub mail_bytes: u32,
    /// Turns begun.
    pub turns: u64,
    /// Links and monitors of others on it.
    pub watched: usize,
    /// Timers armed.
    pub timers: usize,
    /// Requests and effects waiting for their end.
    pub pending: usize,
}

impl Kernel {
    /// The node's number.
    pub fn id(&self) -> NodeId {
        self.node.id
    }

    /// Which boot this is.
    pub fn boot_number(&self) -> Boot {
        self.node.boot
    }

    /// The node's own path.
    pub fn path(&self) -> PathId {
        self.node.path
    }

    /// How many actors are alive.
    pub fn alive(&self) -> u32 {
        self.node.alive
    }

    /// Messages that reached nobody, so far.
    pub fn dead_letters(&self) -> u64 {
        self.node.dead_letters
    }

    /// Mail that waits for names that nobody has, by name.
    pub fn held(&self) -> Vec<HeldInfo> {
        let mut held: Vec<HeldInfo> = self
            .node
            .holds
            .iter()
            .filter(|held| held.count > 0)
            .map(|Held { name, keeper, count, bytes, .. }| HeldInfo {
                name: name.to_string(),
                keeper: *keeper,
                count: *count,
                bytes: *bytes,
            })
            .collect();
        held.sort_by(|a, b| a.name.cmp(&b.name));
        held
    }

    /// Signals that are waiting anywhere on this node, held mail too.
    pub fn signals(&self) -> u32 {
        self.node.arena.live()
    }

    /// One-shot timers and deadlines of requests that are armed: with one of these, a node is not at rest.
    pub fn one_shots(&self) -> usize {
        self.node.timers.one_shots()
    }

    /// The stable name of what a delivery would deliver; `None` if it is stale.
    #[inline]
    pub fn name(&self, delivery: Delivery) -> Option<SignalName> {
        let node = &self.node;
        let line = node.lines.current(delivery.line, delivery.epoch)?;
        let next = node.next_of_line(line);
        Some(name_of(line, node.arena.get(next), node.slot(line.receiver)))
    }

    /// The delivery of this use of a line.
    #[inline]
    pub fn delivery(&self, line: u32, epoch: u32) -> Delivery {
        let receiver = self.node.lines.receiver(line).unwrap_or(crate::arena::NIL);
        Delivery { node: self.node.id, line, epoch, receiver }
    }

    /// Between whom a delivery is, as when it became enabled; `None` if it is stale.
    pub fn chain(&self, delivery: Delivery) -> Option<Chain> {
        let line = self.node.lines.current(delivery.line, delivery.epoch)?;
        Some(chain_of(line, self.node.slot(line.receiver)))
    }

    /// The envelope of what a delivery would deliver; `None` if it is stale.
    pub fn envelope(&self, delivery: Delivery) -> Option<Envelope> {
        let envelope = |line| self.node.arena.get(self.node.lines.get(line).head).envelope;
        self.is_current(delivery).then(|| envelope(delivery.line))
    }

    /// The payload that a delivery would deliver.
    pub fn payload(&self, delivery: Delivery) -> Option<&[u8]> {
        let line = self.node.lines.current(delivery.line, delivery.epoch)?;
        Some(self.node.arena.payload(self.node.next_of_line(line)))
    }

    /// Whose turn began last.
    #[inline]
    pub fn last_turn(&self) -> Pid {
        self.node.turn.pid
    }

    /// Path and life of the actor in a slot.
    #[inline]
    pub fn receiver(&self, slot: u32) -> (PathId, Life) {
        let s = self.node.slot(slot);
        (s.path, s.life)
    }

    /// The actor of this node that a pid or address means now, if it is alive.
    pub fn find(&self, pid: Pid) -> Option<Pid> {
        match self.node.resolve(pid) {
            Resolved::Local(slot) => Some(self.node.pid(slot)),
            Resolved::Dead | Resolved::Remote => None,
        }
    }

    /// The path of an actor that a pid or address means now.
    pub fn path_of(&self, pid: Pid) -> Option<PathId> {
        match self.node.resolve(pid) {
            Resolved::Local(slot) => Some(self.node.slot(slot).path),
            Resolved::Dead | Resolved::Remote => None,
        }
    }

    /// The actor that lives at a path. Looks at all.
    pub fn at_path(&self, path: PathId) -> Option<Pid> {
        let found = self.node.slots.iter().find(|s| s.stage > Stage::Reserved && s.path == path);
        found.map(|s| s.pid)
    }

    /// Path, life and number of turns of an actor that has a supervisor: what names its kill points.
    /// `None` also while its start is not done, since a first start that fails is not retried (spec
    /// S4): no tree would survive such a kill.
    pub fn supervised(&self, pid: Pid) -> Option<(PathId, Life, u64)> {
        let Resolved::Local(slot) = self.node.resolve(pid) else { return None };
        let s = self.node.slot(slot);
        (s.cold.supervised && s.cold.notify.is_none()).then_some((s.path, s.life, s.turns))
    }

    /// An actor, by pid or address.
    pub fn actor(&self, pid: Pid) -> Option<ActorInfo> {
        match self.node.resolve(pid) {
            Resolved::Local(slot) => Some(self.info(slot)),
            Resolved::Dead | Resolved::Remote => None,
        }
    }

    /// All actors, by slot.
    pub fn actors(&self) -> Vec<ActorInfo> {
        let alive = |slot: &u32| self.node.slot(*slot).stage > Stage::Reserved;
        (0..self.node.slots.len() as u32).filter(alive).map(|slot| self.info(slot)).collect()
    }

    pub(super) fn info(&self, slot: u32) -> ActorInfo {
        let s = self.node.slot(slot);
        ActorInfo {
            pid: self.node.pid(slot),
            path: s.text.to_string(),
            life: s.life,
            stage: s.stage,
            parent: s.cold.parent,
            name: s.cold.name.as_deref().map(str::to_owned),
            supervisor: s.cold.factory.as_ref().is_some_and(|f| f.is_supervisor()),
            mail_count: s.mailbox.count,
            mail_bytes: s.mailbox.bytes,
            turns: s.turns,
            watched: s.cold.links.len() + s.cold.watched_by.len(),
            timers: s.cold.timers.len(),
            pending: s.cold.pending.len(),
        }
    }

    /// The behaviour of an actor that has started.
    pub fn behaviour(&self, pid: Pid) -> Option<&dyn Behaviour> {
        match self.node.resolve(pid) {
            Resolved::Local(slot) => self.node.slot(slot).behaviour.as_deref(),
            Resolved::Dead | Resolved::Remote => None,
        }
    }

    /// The texts of all paths that live here.
    pub fn path_texts(&self) -> BTreeMap<PathId, String> {
        let alive = self.node.slots.iter().filter(|s| s.stage > Stage::Reserved);
        alive.map(|s| (s.path, s.text.to_string())).collect()
    }

    /// A hash over the state of every actor that has one (guest memory), in order of slots.
    pub fn state_hash(&self) -> u64 {
        let mut hash = TraceHash::default();
        for s in &self.node.slots {
            if let Some(state) = s.behaviour.as_ref().and_then(|b| b.state_hash()) {
                hash.pair(s.path.0 ^ u64::from(s.life.0), state);
            }
        }
        hash.value()
    }
}
