//! The kernel: one single-threaded node.
//!
//! Sans-I/O: it owns no clock, thread, random source or hash-ordered collection, and does something
//! only when one of its entry points is called. The entry points and the answers of the
//! [`Reactor`] are all that can differ between two runs.
//!
//! - `turn.rs`: one turn, from the delivery to the applied outbox.
//! - `batch.rs`: turns one after the other, also without coming back between them.
//! - `arrive.rs`: what a signal does when it arrives.
//! - `exit.rs`: how an actor ends.
//! - `hold.rs`: mail that waits for a name.
//! - `wait.rs`: actors that wait for something.
//! - `snapshot.rs`: a node between two turns, kept and put back.
//! - `inspect.rs`, `tree.rs`: what can be seen from outside.

mod arrive;
mod batch;
mod exit;
mod hold;
mod inspect;
mod snapshot;
mod tree;
mod turn;
mod wait;

pub use batch::{Delivered, Pump, Schedule, Turns};
pub(crate) use hold::hash_of;
pub use inspect::ActorInfo;
pub use snapshot::{KernelSnapshot, NotSnapshot};
pub(crate) use turn::LIFECYCLE_FLAGS;
pub use turn::Ran;

use crate::actor::Factory;
use crate::event::Event;
use crate::mail::Sender;
use crate::node::{Node, Pending, Resolved, Stop};
use crate::outbox::{SpawnOptions, SpawnWish};
use crate::packet::{EffectOutcome, Packet};
use crate::path::{Life, PathId};
use crate::pid::{Boot, NodeId};
use crate::reactor::{Delivery, Reactor};
use crate::stream::Key;
use crate::timer::{Due, TimerState};
use seedbed_abi::{Code, EffectError, Envelope, ExitReason, Flags, Pid, Time};
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// One node.
pub struct Kernel {
    pub(crate) node: Node,
}

/// What a node is made of before anything runs on it.
#[derive(Clone)]
pub struct NodeConfig {
    /// Its number.
    pub id: NodeId,
    /// Its name: the first part of every path on it.
    pub name: String,
    /// Which boot this is.
    pub boot: Boot,
    /// Where its random streams come from.
    pub key: Key,
    /// What can be spawned by entry id.
    pub entries: BTreeMap<String, Arc<dyn Factory>>,
    /// Names of the effects that the reactor can perform.
    pub effects: Vec<String>,
    /// All nodes by name, for addresses.
    pub nodes: BTreeMap<String, NodeId>,
}

impl Kernel {
    /// A node that has not booted.
    pub fn new(config: NodeConfig) -> Kernel {
        let mut node = Node::new(config.id, &config.name, config.boot, config.key);
        node.entries = Rc::new(config.entries);
        node.effects = Rc::new(config.effects.into_iter().collect());
        node.node_names = Rc::new(config.nodes);
        Kernel { node }
    }

    /// Takes over how often each path has started, from an earlier boot of this node (rule P3).
    pub fn inherit_lives(&mut self, lives: BTreeMap<PathId, Life>) {
        self.node.lives = lives;
    }

    /// How often each path has started: all that survives a crash, beside the stores.
    pub fn into_lives(self) -> BTreeMap<PathId, Life> {
        self.node.lives
    }

    /// Says which nodes there are, for addresses.
    pub fn set_nodes(&mut self, nodes: BTreeMap<String, NodeId>) {
        self.node.node_names = Rc::new(nodes);
    }

    /// Says that the node is up.
    pub fn boot<R: Reactor>(&mut self, r: &mut R) {
        r.observe(&Event::Booted { node: self.node.id, boot: self.node.boot, key: self.node.key });
    }

    /// Keeps a value for all actors of this node; [`Context::local`](crate::Context::local) finds it by type.
    pub fn set_local<T: Any>(&mut self, value: T) {
        self.node.local.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// What was kept by [`set_local`](Self::set_local).
    pub fn local_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.node.local.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// Spawns an actor that has no parent.
    ///
    /// # Errors
    /// As [`Context::spawn`](crate::Context::spawn).
    pub fn spawn<R: Reactor>(
        &mut self,
        r: &mut R,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
    ) -> Result<Pid, Code> {
        r.observe(&Event::SpawnAsked { options: &options });
        let slot = self.node.prepare_child(&options, &factory)?;
        let pid = self.node.pid(slot);
        self.apply_spawn(r, None, SpawnWish { slot, options, factory, tag: 0, hold: None, reference: None });
        Ok(pid)
    }

    /// When the clock should be looked at next.
    #[inline]
    pub fn next_deadline(&self) -> Option<Time> {
        self.node.timers.next()
    }

    /// Fires every deadline up to `now`, in order (rule C1); gives how many.
    pub fn fire_timers<R: Reactor>(&mut self, r: &mut R, now: Time) -> usize {
        if self.node.timers.next().is_none_or(|next| next > now) {
            return 0;
        }
        r.observe(&Event::TimersDue { now });
        let mut fired = 0;
        while let Some((slot, due, deadline)) = self.node.timers.pop_due(now) {
            fired += 1;
            match due {
                Due::Timer(id) | Due::Interval(id) => self.fire_timer(r, slot, id, deadline),
                Due::Request(correlation) => self.time_out(r, slot, correlation),
            }
        }
        fired
    }

    fn fire_timer<R: Reactor>(&mut self, r: &mut R, slot: u32, id: u64, due: Time) {
        let me = self.node.pid(slot);
        let s = self.node.slot_mut(slot);
        let timer = s.cold.timers.get_mut(&id).expect("an armed timer is in its actor's table");
        timer.fired = timer.fired.wrapping_add(1);
        let envelope = Envelope {
            id: u64::from(timer.fired),
            from: 0,
            to: me.to_raw(),
            correlation: id,
            tag: timer.tag,
            len: 0,
            flags: Flags::TIMER,
        };
        let from = Sender { key: crate::mail::TIMERS, path: s.path, life: s.life };
        let signal = self.node.arena.insert(envelope, &[], self.node.step);
        let s = self.node.slot_mut(slot);
        s.cold.timers.get_mut(&id).expect("still there").state = TimerState::Queued { signal, due };
        self.enqueue(r, slot, from, signal);
    }

    /// Ends an effect; a completion for an actor that is gone reaches nobody (rule C5).
    pub fn complete<R: Reactor>(&mut self, r: &mut R, pid: Pid, correlation: u64, outcome: &EffectOutcome) {
        r.observe(&Event::Completed { pid, correlation, outcome });
        let Resolved::Local(slot) = self.node.resolve(pid) else { return };
        let s = self.node.slot_mut(slot);
        if !matches!(s.cold.pending.get(&correlation), Some(Pending::Effect)) {
            return;
        }
        s.cold.pending.remove(&correlation);
        let from = Sender { key: crate::mail::COMPLETIONS, path: s.path, life: s.life };
        let (flags, tag, payload) = match outcome {
            Ok(bytes) => (Flags::COMPLETION, 0, bytes.as_slice()),
            Err(EffectError { code, text }) => {
                (Flags::COMPLETION.with(Flags::FAILED), *code, text.as_bytes())
            }
        };
        let envelope = Envelope { id: 0, from: 0, to: pid.to_raw(), correlation, tag, len: 0, flags };
        let signal = self.node.arena.insert(envelope, payload, self.node.step);
        self.enqueue(r, slot, from, signal);
    }

    /// A packet from another node, or from outside.
    pub fn arrive<R: Reactor>(&mut self, r: &mut R, packet: Packet) {
        r.observe(&Event::Arrived { packet: &packet });
        self.take_packet(r, packet);
    }

    /// Says what goes along with a request that is yet to arrive from outside: what makes children, for
    /// a supervisor of this node. A recording does not hold it.
    pub fn give(&mut self, asker: Pid, correlation: u64, factories: Vec<Arc<dyn Factory>>) {
        if !factories.is_empty() {
            self.node.given.insert((asker, correlation), factories);
        }
    }

    /// Takes back what was to go along with a request that has ended.
    pub fn take_back(&mut self, asker: Pid, correlation: u64) {
        self.node.given.remove(&(asker, correlation));
    }

    /// Kills an actor from outside; false if it is gone.
    pub fn kill<R: Reactor>(&mut self, r: &mut R, pid: Pid) -> bool {
        let Resolved::Local(slot) = self.node.resolve(pid) else { return false };
        r.observe(&Event::KillAsked { pid: self.node.pid(slot) });
        self.die(r, slot, ExitReason::Killed, None);
        true
    }

    /// Makes an actor fail where it stands, as if its last turn had: without `on_stop`. For faults.
    pub fn fail<R: Reactor>(&mut self, r: &mut R, pid: Pid, failure: seedbed_abi::Failure) -> bool {
        let Resolved::Local(slot) = self.node.resolve(pid) else { return false };
        r.observe(&Event::FailAsked { pid: self.node.pid(slot), failure: &failure });
        self.die(r, slot, failure.into(), None);
        true
    }

    /// Asks an actor to stop, from outside, by way of its `on_stop`; false if it is gone.
    pub fn stop<R: Reactor>(&mut self, r: &mut R, pid: Pid, reason: ExitReason) -> bool {
        let Resolved::Local(slot) = self.node.resolve(pid) else { return false };
        r.observe(&Event::StopAsked { pid: self.node.pid(slot), reason: &reason });
        self.begin_stopping(r, slot, Stop { reason, detail: None, by_parent: false, by_other: true });
        true
    }

    /// Ends every link, monitor and request that crosses to a lost node (rules E14, N5).
    pub fn lose_node<R: Reactor>(&mut self, r: &mut R, lost: NodeId) {
        r.observe(&Event::NodeLost { node: lost });
        for slot in 0..self.node.slots.len() as u32 {
            self.lose_node_for(r, slot, lost);
        }
    }

    /// Sets the number of the world's current step, so that signals know in which one they were sent.
    #[inline]
    pub fn set_step(&mut self, step: u64) {
        self.node.step = step;
    }

    /// True if the delivery can be run now.
    #[inline]
    pub fn is_current(&self, delivery: Delivery) -> bool {
        self.node.lines.current(delivery.line, delivery.epoch).is_some()
    }
}
