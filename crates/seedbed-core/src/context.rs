//! What a turn can see and ask for.
//!
//! Concrete: actors never name the reactor. Wishes are checked and answered at the call; effects on
//! others go into the outbox and are applied when the turn ends well (rules T2, T3).

use crate::actor::Factory;
use crate::event::{Event, Hook};
use crate::held::Held;
use crate::kernel::hash_of;
use crate::limits::{Limits, MailboxPolicy};
use crate::mail::TIMERS;
use crate::node::{Node, Pending, Resolved, Slot, Stage};
use crate::outbox::{Given, PerformWish, SpawnOptions, SpawnWish, Wish};
use crate::packet::{Body, Packet};
use crate::path::{Life, PathId, check_name};
use crate::pid::{NodeId, address_of, name_hash};
use crate::reactor::{ChoiceKind, ChoicePoint, Port};
use crate::timer::{Due, Timer, TimerState};
use crate::wait::{Filter, Want};
use seedbed_abi::supervisor::Hold;
use seedbed_abi::{
    Cancelled, Code, Correlation, Envelope, ExitReason, Flags, Level, Message, MonitorRef, Pid, Reason,
    Request, Result, SpawnFlags, Time, TimerId, nanos, store,
};
use std::any::{Any, TypeId};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The turn that runs: what it was given, and what it may ask for.
pub struct Context<'a> {
    pub(crate) node: &'a mut Node,
    pub(crate) port: &'a mut dyn Port,
}

/// Who it is, and what it handles.
impl Context<'_> {
    /// The same turn, lent on.
    #[inline]
    pub fn lend(&mut self) -> Context<'_> {
        Context { node: self.node, port: self.port }
    }

    #[inline]
    fn slot(&self) -> &Slot {
        self.node.slot(self.node.turn.slot)
    }

    #[inline]
    fn slot_mut(&mut self) -> &mut Slot {
        let slot = self.node.turn.slot;
        self.node.slot_mut(slot)
    }

    /// This actor.
    #[inline]
    pub fn me(&self) -> Pid {
        self.node.turn.pid
    }

    /// Who spawned it; nobody for a root.
    pub fn parent(&self) -> Pid {
        self.slot().cold.parent
    }

    /// Its stable name.
    pub fn path(&self) -> &str {
        &self.slot().text
    }

    /// The hash of its stable name.
    pub fn path_id(&self) -> PathId {
        self.slot().path
    }

    /// Which start of its path this is.
    pub fn life(&self) -> Life {
        self.slot().life
    }

    /// The node it runs on.
    pub fn node_id(&self) -> NodeId {
        self.node.id
    }

    /// What it may use.
    pub fn limits(&self) -> &Limits {
        &self.slot().limits
    }

    /// The envelope of the signal in hand.
    #[inline]
    pub fn envelope(&self) -> &Envelope {
        &self.node.arena.get(self.node.turn.signal).envelope
    }

    /// Who sent the signal in hand.
    #[inline]
    pub fn from(&self) -> Pid {
        Pid::from_raw(self.envelope().from)
    }

    /// The request in hand, if it is one: keep it to answer later.
    #[inline]
    pub fn request(&self) -> Option<Request> {
        let e = self.envelope();
        (self.node.turn.hook == Hook::Message && e.flags == Flags::MESSAGE && e.correlation != 0)
            .then_some(Request { from: Pid::from_raw(e.from), correlation: Correlation(e.correlation) })
    }

    /// What the embedder keeps for all actors of this node, by type.
    pub fn local<T: Any>(&mut self) -> Option<&mut T> {
        self.node.local.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// The same, made where it is not there yet.
    pub fn local_or_default<T: Any + Default>(&mut self) -> &mut T {
        let local = self.node.local.entry(TypeId::of::<T>()).or_insert_with(|| Box::<T>::default());
        local.downcast_mut().expect("kept by its type")
    }

    /// The nodes of the world or cluster that have names here.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.node.node_names.values().copied()
    }

    /// How many actors its node has.
    pub fn alive(&self) -> u32 {
        self.node.alive
    }
}

/// Time and chance.
impl Context<'_> {
    /// The node's monotonic clock; the same until the turn ends (rule T7).
    #[inline]
    pub fn now(&mut self) -> Time {
        match self.node.turn.now {
            Some(now) => now,
            None => *self.node.turn.now.insert(self.port.now()),
        }
    }

    /// The node's wall clock, since the Unix epoch; the same until the turn ends.
    pub fn unix_time(&mut self) -> Time {
        match self.node.turn.unix {
            Some(unix) => unix,
            None => *self.node.turn.unix.insert(self.port.unix_time()),
        }
    }

    /// Fills a buffer from this life's own random stream (rule K6).
    pub fn random(&mut self, out: &mut [u8]) {
        let key = self.node.key;
        let slot = self.slot_mut();
        let (path, life) = (slot.path.0, u64::from(slot.life.0));
        let stream = || Box::new(key.derive("actor", path, life).stream());
        slot.cold.random.get_or_insert_with(stream).fill(out);
    }

    /// 64 random bits from this life's own stream.
    pub fn random_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.random(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// In a simulation sometimes true, decided by the run for this site; elsewhere never.
    pub fn buggify(&mut self, site: &str) -> bool {
        if !self.port.simulated() {
            return false;
        }
        let slot = self.slot();
        let (path, life) = (slot.path, slot.life);
        let site = crate::hash::stable_hash(site.as_bytes());
        self.port.choose(&ChoicePoint { kind: ChoiceKind::Buggify, site, path, life, ordinal: None, n: 2 })
            == 1
    }

    /// What is left of the turn's fuel; native actors burn none.
    pub fn fuel_left(&self) -> u64 {
        u64::MAX
    }

    /// For behaviours that burn fuel: says how much this turn used.
    #[inline]
    pub fn set_fuel_used(&mut self, fuel: u64) {
        self.node.turn.fuel = fuel;
    }
}

/// Mail.
impl Context<'_> {
    /// Sends a message.
    ///
    /// # Errors
    /// [`Code::MailboxFull`], [`Code::TooLarge`], [`Code::LimitReached`], [`Code::Denied`]: the
    /// message stays with the caller.
    #[inline]
    pub fn send<M: Message>(&mut self, to: Pid, message: &M) -> Result<(), Code> {
        self.with_encoded(message, |cx, payload| cx.send_tagged(to, 0, payload))
    }

    /// Sends bytes under a tag.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_tagged(&mut self, to: Pid, tag: u64, payload: &[u8]) -> Result<(), Code> {
        let place = self.check_send(to, payload.len())?;
        self.post(to, place, 0, tag, payload);
        Ok(())
    }

    /// Sends bytes under a tag to who may have no room for them: then true, and who sends has to wait
    /// for nothing at the end of this turn, and goes on when the message has its room, or the
    /// receiver is gone (rule M10). For behaviours that wait.
    ///
    /// # Errors
    /// As [`send`](Self::send): a mailbox is full only to others than those who wait, and to itself.
    pub fn send_waiting(&mut self, to: Pid, tag: u64, payload: &[u8]) -> Result<bool, Code> {
        let full = match self.check_send(to, payload.len()) {
            Ok(place) => {
                self.post(to, place, 0, tag, payload);
                return Ok(false);
            }
            Err(code) => code,
        };
        let Resolved::Local(receiver) = self.node.resolve(to) else { return Err(full) };
        let waits = self.node.slot(receiver).limits.policy == MailboxPolicy::Wait;
        if full != Code::MailboxFull || !waits || receiver == self.node.turn.slot {
            return Err(full);
        }
        let envelope = self.next_message(to, 0, tag);
        self.node.turn.sent_bytes += payload.len() as u64;
        let signal = self.node.arena.insert(envelope, payload, self.node.step);
        self.node.arena.get_mut(signal).aux = receiver;
        self.node.outbox.push(Wish::SendWaiting { signal });
        Ok(true)
    }

    /// How many signals it has sent so far: the number of the last one.
    pub fn sent(&self) -> u64 {
        self.slot().sent
    }

    /// The envelope of the next message of this actor to another of its node.
    fn next_message(&mut self, to: Pid, correlation: u64, tag: u64) -> Envelope {
        let me = self.me();
        let slot = self.slot_mut();
        slot.sent += 1;
        message(slot.sent, me, to, correlation, tag)
    }

    /// Asks: sends a request that ends in exactly one reply or failure, as a
    /// [`Signal::Reply`](seedbed_abi::Signal::Reply) with this correlation (rule Q1).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn ask<M: Message>(&mut self, to: Pid, message: &M, timeout: Duration) -> Result<Correlation, Code> {
        self.with_encoded(message, |cx, payload| cx.ask_tagged(to, 0, payload, timeout))
    }

    /// Asks with bytes under a tag.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn ask_tagged(
        &mut self,
        to: Pid,
        tag: u64,
        payload: &[u8],
        timeout: Duration,
    ) -> Result<Correlation, Code> {
        self.allowed()?;
        self.room_for_pending()?;
        let place = self.check_send(to, payload.len())?;
        let correlation = self.slot().cold.correlations + 1;
        let deadline = self.now() + timeout;
        self.post(to, place, correlation, tag, payload);
        let slot = self.node.turn.slot;
        let timeout = self.node.timers.arm(deadline, slot, Due::Request(correlation));
        let target = match place {
            Place::Mailbox(receiver) | Place::Lost(receiver) => self.node.pid(receiver),
            Place::Nobody | Place::Elsewhere => to,
        };
        let cold = &mut self.slot_mut().cold;
        cold.correlations = correlation;
        cold.pending.insert(correlation, Pending::Request { target, timeout });
        Ok(Correlation(correlation))
    }

    /// Asks with bytes, and what goes along with them to a supervisor of this node.
    pub(crate) fn ask_giving(
        &mut self,
        to: Pid,
        payload: &[u8],
        timeout: Duration,
        factories: Vec<Arc<dyn Factory>>,
    ) -> Result<Correlation, Code> {
        let receiver = self.node.resolve(to);
        if receiver == Resolved::Remote && !factories.is_empty() {
            return Err(Code::Invalid);
        }
        let correlation = self.ask_tagged(to, 0, payload, timeout)?;
        if let Resolved::Local(slot) = receiver
            && !factories.is_empty()
        {
            let given = Given { to: self.node.pid(slot), correlation: correlation.0, factories };
            self.node.outbox.push(Wish::Give(Box::new(given)));
        }
        Ok(correlation)
    }

    /// What came along with a request that this actor was asked.
    pub(crate) fn take_given(&mut self, request: Request) -> Vec<Arc<dyn Factory>> {
        let key = (request.from, request.correlation.0);
        self.slot_mut().cold.given.remove(&key).unwrap_or_default()
    }

    /// Answers the request in hand; if it was a plain message, the answer goes nowhere.
    ///
    /// # Errors
    /// As [`reply_to`](Self::reply_to).
    pub fn reply<M: Message>(&mut self, message: M) -> Result<()> {
        match self.request() {
            Some(request) => self.reply_to(request, message),
            None => Ok(()),
        }
    }

    /// Answers a request, of this or an earlier turn (rule Q2).
    ///
    /// # Errors
    /// [`Code::NotYours`] if it was answered before or asked of another.
    pub fn reply_to<M: Message>(&mut self, request: Request, message: M) -> Result<()> {
        Ok(self.with_encoded(&message, |cx, payload| cx.reply_tagged(request, 0, payload))?)
    }

    /// Answers a request with bytes under a tag.
    ///
    /// # Errors
    /// As [`reply_to`](Self::reply_to), as a code.
    pub fn reply_tagged(&mut self, request: Request, tag: u64, payload: &[u8]) -> Result<(), Code> {
        self.running()?;
        self.room_in_outbox(payload.len())?;
        let me = self.me();
        let key = (request.from, request.correlation.0);
        if !self.slot_mut().cold.asked.remove(key.0, key.1) {
            return Err(Code::NotYours);
        }
        self.node.turn.sent_bytes += payload.len() as u64;
        let slot = self.slot_mut();
        slot.sent += 1;
        let (id, path, life) = (slot.sent, slot.path, slot.life);
        let wish = match self.node.resolve(request.from) {
            Resolved::Remote => {
                let body = Body::Answer { correlation: key.1, tag, failed: false, payload: payload.to_vec() };
                Wish::Transmit(Box::new(Packet {
                    from: me,
                    path,
                    life,
                    to: request.from,
                    id,
                    copy: false,
                    body,
                }))
            }
            Resolved::Local(_) | Resolved::Dead => {
                let envelope = Envelope {
                    id,
                    from: me.to_raw(),
                    to: request.from.to_raw(),
                    correlation: key.1,
                    tag,
                    len: 0,
                    flags: Flags::REPLY,
                };
                let signal = self.node.arena.insert(envelope, payload, self.node.step);
                Wish::Answer { signal }
            }
        };
        self.node.outbox.push(wish);
        Ok(())
    }

    #[inline]
    fn with_encoded<M: Message, T>(&mut self, message: &M, then: impl FnOnce(&mut Self, &[u8]) -> T) -> T {
        let mut scratch = std::mem::take(&mut self.node.scratch);
        scratch.clear();
        message.encode(&mut scratch);
        let out = then(self, &scratch);
        self.node.scratch = scratch;
        out
    }

    /// Everything that can refuse a message; nothing is changed.
    #[inline]
    fn check_send(&mut self, to: Pid, len: usize) -> Result<Place, Code> {
        self.running()?;
        self.room_in_outbox(len)?;
        match self.node.find(to) {
            // Most are for an actor that has room for them: to them, no policy and no permission matters.
            Some((receiver, r))
                if len <= r.limits.message_bytes as usize && !r.awaited && has_room(r, len) =>
            {
                Ok(Place::Mailbox(receiver))
            }
            _ => self.check_send_aside(to, len),
        }
    }

    /// The same for a message that does not arrive here, or finds nobody or no room.
    #[inline(never)]
    fn check_send_aside(&self, to: Pid, len: usize) -> Result<Place, Code> {
        if to.is_address() && !self.slot().cold.permissions.lookup {
            return Err(Code::Denied);
        }
        let resolved = self.node.resolve(to);
        if let Resolved::Local(receiver) = resolved {
            let r = self.node.slot(receiver);
            if len > r.limits.message_bytes as usize {
                return Err(Code::TooLarge);
            }
            let room = has_room(r, len);
            return match r.limits.policy {
                MailboxPolicy::Refuse | MailboxPolicy::Wait if !room || r.awaited => Err(Code::MailboxFull),
                MailboxPolicy::DropNewest if !room => Ok(Place::Lost(receiver)),
                _ => Ok(Place::Mailbox(receiver)),
            };
        }
        if self.held(to).is_some_and(|held| !held.has_room(len)) {
            return Err(Code::MailboxFull);
        }
        Ok(if resolved == Resolved::Remote { Place::Elsewhere } else { Place::Nobody })
    }

    /// Puts a message that [`check_send`](Self::check_send) let pass into the outbox.
    #[inline(always)]
    fn post(&mut self, to: Pid, place: Place, correlation: u64, tag: u64, payload: &[u8]) {
        let Place::Mailbox(receiver) = place else {
            return self.post_aside(to, place, correlation, tag, payload);
        };
        let node = &mut *self.node;
        // As one slice: it is looked for once, whatever is written meanwhile.
        let slots = &mut *node.slots;
        let me = node.turn.slot as usize;
        let id = slots[me].sent + 1;
        slots[me].sent = id;
        let mailbox = &mut slots[receiver as usize].mailbox;
        mailbox.count += 1;
        mailbox.bytes += payload.len() as u32;
        node.turn.sent_bytes += payload.len() as u64;
        let envelope = message(id, node.turn.pid, to, correlation, tag);
        let signal = node.arena.insert(envelope, payload, node.step);
        node.outbox.send(signal, receiver, correlation != 0);
    }

    /// The same for a message that does not arrive here, or finds nobody or no room.
    #[inline(never)]
    fn post_aside(&mut self, to: Pid, place: Place, correlation: u64, tag: u64, payload: &[u8]) {
        let me = self.me();
        self.node.turn.sent_bytes += payload.len() as u64;
        let slot = self.slot_mut();
        slot.sent += 1;
        let (id, path, life) = (slot.sent, slot.path, slot.life);
        if place == Place::Elsewhere {
            let body = Body::Message { correlation, tag, payload: payload.to_vec() };
            let packet = Packet { from: me, path, life, to, id, copy: false, body };
            return self.node.outbox.push(Wish::Transmit(Box::new(packet)));
        }
        let envelope = message(id, me, to, correlation, tag);
        let signal = self.node.arena.insert(envelope, payload, self.node.step);
        if place == Place::Nobody {
            self.hold_or_lose_later(to, payload.len(), signal);
        } else {
            self.node.outbox.push(Wish::Lose { signal, full: true });
        }
    }

    /// What is held for the name that an address of nobody means.
    #[inline]
    fn held(&self, to: Pid) -> Option<&Held> {
        if self.node.holds.is_empty() { None } else { self.node.holds.get(hash_of(to)?) }
    }

    /// A message that finds nobody: held, if mail for that name is (rule H1). Its room was looked for.
    fn hold_or_lose_later(&mut self, to: Pid, len: usize, signal: u32) {
        match hash_of(to).and_then(|hash| self.node.holds.get_mut(hash)) {
            Some(held) => {
                held.reserve(len as u32);
                self.node.outbox.push(Wish::Hold { signal });
            }
            None => self.node.outbox.push(Wish::Lose { signal, full: false }),
        }
    }

    #[inline]
    fn room_in_outbox(&self, len: usize) -> Result<(), Code> {
        let limits = &self.slot().limits;
        let full = self.node.outbox.len() >= limits.outbox_max as usize
            || self.node.turn.sent_bytes + len as u64 > u64::from(limits.outbox_bytes);
        if full { Err(Code::LimitReached) } else { Ok(()) }
    }

    fn room_for_pending(&self) -> Result<(), Code> {
        let slot = self.slot();
        let pending = slot.cold.pending.len() + slot.cold.timers.len();
        if pending >= slot.limits.pending_max as usize { Err(Code::LimitReached) } else { Ok(()) }
    }

    /// Refuses everything after the turn was ended by an exit of itself (rule T4).
    #[inline]
    fn running(&self) -> Result<(), Code> {
        let turn = &self.node.turn;
        if turn.is_special && turn.special.ended.is_some() { Err(Code::NotNow) } else { Ok(()) }
    }

    /// Refuses what `on_stop` may not ask for.
    #[inline]
    fn allowed(&self) -> Result<(), Code> {
        self.running()?;
        if self.node.turn.hook == Hook::Stop { Err(Code::NotNow) } else { Ok(()) }
    }

    fn wish(&mut self, wish: Wish) -> Result<(), Code> {
        self.allowed()?;
        self.room_in_outbox(0)?;
        self.node.outbox.push(wish);
        Ok(())
    }
}

/// Where a message goes that was not refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Into the mailbox of the actor in this slot.
    Mailbox(u32),
    /// Nowhere: the policy of the actor in this slot drops it.
    Lost(u32),
    /// To nobody, or to whoever will have the name.
    Nobody,
    /// To another node.
    Elsewhere,
}

/// The envelope of a message or request.
#[inline(always)]
fn message(id: u64, from: Pid, to: Pid, correlation: u64, tag: u64) -> Envelope {
    let (from, to) = (from.to_raw(), to.to_raw());
    Envelope { id, from, to, correlation, tag, len: 0, flags: Flags::MESSAGE }
}

/// True if a mailbox has room for one more message of this size.
#[inline]
pub(crate) fn has_room(slot: &Slot, len: usize) -> bool {
    slot.mailbox.count < slot.limits.mailbox_count
        && u64::from(slot.mailbox.bytes) + len as u64 <= u64::from(slot.limits.mailbox_bytes)
}

/// Names.
impl Context<'_> {
    /// The handle of `name` or `name@node`, which follows whoever has the name (rule P4).
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], or [`Code::NotFound`] for an unknown node.
    pub fn address(&self, name: &str) -> Result<Pid, Code> {
        if !self.slot().cold.permissions.lookup {
            return Err(Code::Denied);
        }
        let (name, node) = match name.split_once('@') {
            None => (name, self.node.id),
            Some((name, node)) => (name, *self.node.node_names.get(node).ok_or(Code::NotFound)?),
        };
        check_name(name)?;
        Ok(address_of(node, name))
    }

    /// Who has the name on this node now.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.slot().cold.permissions.lookup.then(|| self.node.names.find(name).map(|s| self.node.pid(s)))?
    }

    /// The actor of this node that has a path now or, with a life, had it in that life, if it is
    /// alive; by a hash of the path's text, for dialects that address so. All of a node use one hash.
    ///
    /// # Errors
    /// [`Code::Denied`].
    pub fn find_path(
        &mut self,
        hash: fn(&str) -> u64,
        path: u64,
        life: Option<Life>,
    ) -> Result<Option<Pid>, Code> {
        if !self.slot().cold.permissions.lookup {
            return Err(Code::Denied);
        }
        Ok(self.node.find_path(hash, path, life).map(|slot| self.node.pid(slot)))
    }

    /// Path and life of an actor of this node that is alive.
    pub fn path_of(&self, pid: Pid) -> Option<(&str, Life)> {
        match self.node.resolve(pid) {
            Resolved::Local(slot) if self.node.slot(slot).stage > Stage::Reserved => {
                let s = self.node.slot(slot);
                Some((&s.text, s.life))
            }
            _ => None,
        }
    }

    /// Takes a name on this node.
    ///
    /// # Errors
    /// [`Code::NameTaken`], also if this actor has a name; [`Code::Invalid`]; [`Code::Denied`].
    pub fn register(&mut self, name: &str) -> Result<(), Code> {
        self.allowed()?;
        check_name(name)?;
        let slot = self.node.turn.slot;
        let cold = &self.node.slot(slot).cold;
        if !cold.permissions.register {
            return Err(Code::Denied);
        }
        if cold.name.is_some() {
            return Err(Code::NameTaken);
        }
        let name = self.node.names.register(name, slot)?;
        self.node.turn.mark().name_before.get_or_insert(None);
        self.node.slot_mut(slot).cold.name = Some(name.clone());
        self.port.observe(&Event::Registered { who: self.node.who(slot), name: &name });
        if !self.node.holds.is_empty() {
            self.node.outbox.push(Wish::Named);
        }
        Ok(())
    }

    /// Gives its name back.
    ///
    /// # Errors
    /// [`Code::NotFound`] if it has none.
    pub fn unregister(&mut self) -> Result<(), Code> {
        self.allowed()?;
        let slot = self.node.turn.slot;
        let name = self.node.slot_mut(slot).cold.name.take().ok_or(Code::NotFound)?;
        self.node.turn.mark().name_before.get_or_insert(Some(name.clone()));
        self.node.names.release(&name);
        self.port.observe(&Event::Unregistered { who: self.node.who(slot), name: &name });
        Ok(())
    }
}

/// Timers.
impl Context<'_> {
    /// Arms a timer that fires once.
    ///
    /// # Errors
    /// [`Code::LimitReached`] with too many pending.
    pub fn set_timer(&mut self, after: Duration, tag: u64) -> Result<TimerId, Code> {
        self.arm(after, 0, tag)
    }

    /// Arms a timer that fires again and again (rule C3).
    ///
    /// # Errors
    /// [`Code::Invalid`] for a period of 0; [`Code::LimitReached`] with too many pending.
    pub fn set_interval(&mut self, every: Duration, tag: u64) -> Result<TimerId, Code> {
        if every.is_zero() {
            return Err(Code::Invalid);
        }
        self.arm(every, nanos(every), tag)
    }

    fn arm(&mut self, after: Duration, period: u64, tag: u64) -> Result<TimerId, Code> {
        self.allowed()?;
        self.room_for_pending()?;
        let deadline = self.now() + after;
        let slot = self.node.turn.slot;
        let cold = &mut self.node.slot_mut(slot).cold;
        cold.timers_made += 1;
        let id = cold.timers_made;
        let due = if period == 0 { Due::Timer(id) } else { Due::Interval(id) };
        let armed = self.node.timers.arm(deadline, slot, due);
        let timer = Timer { tag, period, fired: 0, state: TimerState::Armed(armed) };
        self.node.slot_mut(slot).cold.timers.insert(id, timer);
        self.port.observe(&Event::TimerArmed { who: self.node.who(slot), id, deadline });
        Ok(TimerId(id))
    }

    /// Cancels a timer (rule C2).
    pub fn cancel_timer(&mut self, id: TimerId) -> Cancelled {
        let slot = self.node.turn.slot;
        let Some(timer) = self.node.slot_mut(slot).cold.timers.remove(&id.0) else {
            let armed_once = (1..=self.slot().cold.timers_made).contains(&id.0);
            return if armed_once { Cancelled::Fired } else { Cancelled::Unknown };
        };
        match timer.state {
            TimerState::Armed(armed) => self.node.timers.cancel(armed),
            TimerState::Queued { signal, .. } => {
                let line = self.node.lines.find(slot, TIMERS).expect("a queued timer has its line");
                self.node.withdraw(line, signal);
            }
        }
        self.port.observe(&Event::TimerCancelled { who: self.node.who(slot), id: id.0 });
        Cancelled::Cancelled
    }
}

/// Other actors.
impl Context<'_> {
    /// Spawns a child made by `factory`. Its start is its own first turn (rule S1).
    ///
    /// # Errors
    /// [`Code::Invalid`] or [`Code::NameTaken`] for the name, [`Code::Denied`],
    /// [`Code::LimitReached`], [`Code::NoRoom`].
    pub fn spawn(&mut self, options: SpawnOptions, factory: impl Factory) -> Result<Pid, Code> {
        Ok(self.spawn_shared(options, Arc::new(factory))?.0)
    }

    /// Spawns an entry of the node's table (of the manifest).
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn); [`Code::NotFound`] for an unknown entry.
    pub fn spawn_entry(
        &mut self,
        entry: &str,
        options: SpawnOptions,
    ) -> Result<(Pid, Option<MonitorRef>), Code> {
        let factory = self.node.entries.get(entry).cloned().ok_or(Code::NotFound)?;
        self.spawn_shared(options, factory)
    }

    /// The factory of an entry of the node's table.
    pub(crate) fn entry(&self, entry: &str) -> Option<Arc<dyn Factory>> {
        self.node.entries.get(entry).cloned()
    }

    /// Spawns another of this actor's own kind.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_own(&mut self, options: SpawnOptions) -> Result<(Pid, Option<MonitorRef>), Code> {
        let factory = self.slot().cold.factory.clone().ok_or(Code::NotFound)?;
        self.spawn_shared(options, factory)
    }

    /// Spawns a child; gives the reference too, if the flags ask for a monitor.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_shared(
        &mut self,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
    ) -> Result<(Pid, Option<MonitorRef>), Code> {
        self.spawn_tagged(options, factory, 0)
    }

    /// The same; the link, if the flags ask for one, has this tag.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_tagged(
        &mut self,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
        tag: u64,
    ) -> Result<(Pid, Option<MonitorRef>), Code> {
        self.spawn_with(options, factory, tag, None)
    }

    /// For supervisors: a child for whose name mail is held.
    pub(crate) fn spawn_held(
        &mut self,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
        hold: Option<Hold>,
    ) -> Result<Pid, Code> {
        self.spawn_with(options, factory, 0, hold).map(|(pid, _)| pid)
    }

    fn spawn_with(
        &mut self,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
        tag: u64,
        hold: Option<Hold>,
    ) -> Result<(Pid, Option<MonitorRef>), Code> {
        self.allowed()?;
        self.room_in_outbox(0)?;
        let slot = self.slot();
        if !slot.cold.permissions.spawn || (options.register.is_some() && !slot.cold.permissions.register) {
            return Err(Code::Denied);
        }
        if slot.cold.spawned >= slot.limits.spawn_max {
            return Err(Code::LimitReached);
        }
        let links = u32::from(options.flags.has(SpawnFlags::LINK));
        self.room_for_watches(links + u32::from(options.flags.has(SpawnFlags::MONITOR)))?;
        let child = self.node.prepare_child(&options, &factory)?;
        self.node.turn.mark().links_asked += links;
        let pid = self.node.pid(child);
        let me = self.node.turn.slot;
        let reference = options.flags.has(SpawnFlags::MONITOR).then(|| self.watch_made(pid));
        self.node.slot_mut(me).cold.spawned += 1;
        let wish = SpawnWish { slot: child, options, factory, tag, hold, reference: reference.map(|r| r.0) };
        self.node.outbox.push(Wish::Spawn(Box::new(wish)));
        Ok((pid, reference))
    }

    fn watch_made(&mut self, target: Pid) -> MonitorRef {
        let cold = &mut self.slot_mut().cold;
        cold.monitors_made += 1;
        let reference = cold.monitors_made;
        cold.watching.insert(reference, target);
        MonitorRef(reference)
    }

    fn room_for_watches(&self, more: u32) -> Result<(), Code> {
        let slot = self.slot();
        let watches =
            slot.cold.links.len() + slot.cold.watching.len() + self.node.turn.special.links_asked as usize;
        let full = more > 0 && watches + more as usize > slot.limits.watch_max as usize;
        if full { Err(Code::LimitReached) } else { Ok(()) }
    }

    /// Links this actor and another (rules E1, E8). Linking to oneself does nothing.
    ///
    /// # Errors
    /// [`Code::Invalid`] for an address: a link is to one life; [`Code::LimitReached`].
    pub fn link(&mut self, pid: Pid) -> Result<(), Code> {
        self.link_tagged(pid, 0)
    }

    /// The same with a tag, on both sides: what is told of the link's end carries it in its envelope.
    /// Linking again changes the tag.
    ///
    /// # Errors
    /// As [`link`](Self::link).
    pub fn link_tagged(&mut self, pid: Pid, tag: u64) -> Result<(), Code> {
        if pid.is_address() || !pid.is_somebody() {
            return Err(Code::Invalid);
        }
        if pid == self.me() {
            return self.allowed();
        }
        self.room_for_watches(1)?;
        self.wish(Wish::Link { to: pid, tag })?;
        self.node.turn.mark().links_asked += 1;
        Ok(())
    }

    /// Takes a link back; nothing of it is delivered any more (rule E10).
    ///
    /// # Errors
    /// [`Code::NotNow`], [`Code::LimitReached`].
    pub fn unlink(&mut self, pid: Pid) -> Result<(), Code> {
        self.wish(Wish::Unlink(pid))
    }

    /// Watches another actor: exactly one down will come (rules E1, E9).
    ///
    /// # Errors
    /// [`Code::Invalid`] for nobody; [`Code::LimitReached`]. An address is resolved now.
    pub fn monitor(&mut self, pid: Pid) -> Result<MonitorRef, Code> {
        if !pid.is_somebody() {
            return Err(Code::Invalid);
        }
        self.allowed()?;
        self.room_for_watches(1)?;
        self.room_in_outbox(0)?;
        let target = match self.node.resolve(pid) {
            Resolved::Local(slot) => self.node.pid(slot),
            Resolved::Dead | Resolved::Remote => pid,
        };
        let reference = self.watch_made(target);
        self.node.outbox.push(Wish::Monitor { target, reference: reference.0 });
        Ok(reference)
    }

    /// Stops watching; with `flush`, a down that is queued is taken out (rule E10).
    ///
    /// # Errors
    /// [`Code::NotFound`] if this life never made it, or it is used up and nothing was flushed.
    pub fn demonitor(&mut self, monitor: MonitorRef, flush: bool) -> Result<(), Code> {
        self.allowed()?;
        self.room_in_outbox(0)?;
        match self.slot_mut().cold.watching.remove(&monitor.0) {
            Some(target) => {
                self.node.outbox.push(Wish::Demonitor { target, reference: monitor.0 });
                Ok(())
            }
            None if flush && self.node.flush(Pid::NOBODY, Flags::DOWN, Some(monitor.0)) => Ok(()),
            None => Err(Code::NotFound),
        }
    }

    /// From now on exits of others become messages (true) or end this actor (false, the default).
    pub fn trap_exits(&mut self, on: bool) {
        self.slot_mut().trap_exits = on;
    }

    /// Sends an exit signal (rules E3, E4). To oneself it ends the turn at this call: return from
    /// the handler, nothing asked for after it is applied (rule T4).
    ///
    /// # Errors
    /// [`Code::NotNow`], [`Code::LimitReached`].
    pub fn exit(&mut self, pid: Pid, reason: Reason) -> Result<(), Code> {
        self.exit_with(pid, reason.into())
    }

    /// The same with any exit reason.
    ///
    /// # Errors
    /// As [`exit`](Self::exit).
    pub fn exit_with(&mut self, pid: Pid, reason: ExitReason) -> Result<(), Code> {
        if self.is_me(pid) {
            self.allowed()?;
            self.node.turn.mark().ended = Some(reason);
            return Ok(());
        }
        let id = self.slot().sent + 1;
        self.wish(Wish::Exit { to: pid, id, reason: Box::new(reason) })?;
        self.slot_mut().sent = id;
        Ok(())
    }

    /// Kills an actor: it ends with `Killed`, whatever it traps (rule E5).
    ///
    /// # Errors
    /// As [`exit`](Self::exit).
    pub fn kill(&mut self, pid: Pid) -> Result<(), Code> {
        if self.is_me(pid) {
            self.allowed()?;
            self.node.turn.mark().ended = Some(ExitReason::Killed);
            return Ok(());
        }
        self.wish(Wish::Kill(pid))
    }

    fn is_me(&self, pid: Pid) -> bool {
        matches!(self.node.resolve(pid), Resolved::Local(slot) if slot == self.node.turn.slot)
    }

    /// True once an exit or kill of itself ended this turn (rule T4).
    pub fn has_ended(&self) -> bool {
        self.node.turn.special.ended.is_some()
    }

    /// Ends this actor after this turn, by way of `on_stop` (rule T5).
    pub fn stop(&mut self, reason: Reason) {
        self.stop_with(reason.into());
    }

    /// The same with any exit reason.
    pub fn stop_with(&mut self, reason: ExitReason) {
        if self.allowed().is_ok() {
            self.node.turn.mark().stop.get_or_insert(reason);
        }
    }

    /// In `on_start`: this actor chooses not to run (rule S3).
    pub fn ignore(&mut self) {
        self.node.turn.mark().ignore = self.node.turn.hook == Hook::Start;
    }

    /// In `on_start`: the start goes on after this turn, until [`start_done`](Self::start_done). Mail
    /// is taken from now on; who asked to be told of the start waits.
    pub fn defer_start(&mut self) {
        self.node.turn.mark().start_deferred = true;
    }

    /// Ends a start that was deferred.
    pub fn start_done(&mut self) {
        self.node.turn.mark().start_done = true;
    }

    /// From the end of this turn on only these are delivered, of each line the first that is one of
    /// them; what else comes waits in its line (rule G1). It stays so until another call. For
    /// behaviours that wait for something; none of these is nothing at all.
    pub fn wait_for(&mut self, wants: &[Want]) {
        let slot = self.slot_mut();
        let filter = Filter::new(wants);
        if slot.selective && slot.cold.filter == filter {
            return;
        }
        slot.selective = true;
        slot.cold.filter = filter;
        self.node.turn.mark().refiltered = true;
    }

    /// From the end of this turn on everything is delivered again, each line from its head.
    pub fn wait_for_anything(&mut self) {
        if std::mem::take(&mut self.slot_mut().selective) {
            self.node.turn.mark().refiltered = true;
        }
    }

    /// True if something that these let in is in the mailbox now.
    pub fn is_waiting(&self, wants: &[Want]) -> bool {
        self.node.has_mail_for(&Filter::new(wants))
    }

    /// True if this turn asked for something that is not applied yet.
    #[inline]
    pub fn has_asked(&self) -> bool {
        !self.node.outbox.is_empty()
    }

    /// When the hook that runs returns, what the turn asked for so far is applied, and stays so
    /// whatever comes of the turn; then the turn goes on with
    /// [`Behaviour::resume`](crate::Behaviour::resume), unless that ended the actor (rule G8).
    pub fn apply_now(&mut self) {
        self.node.turn.mark().apply_now = true;
    }

    /// Asks for another turn without a signal, [`Behaviour::go_on`](crate::Behaviour::go_on): it is a
    /// delivery like any other, possible when this turn is over (rule G3).
    pub fn go_on(&mut self) {
        self.node.turn.mark().go_on = true;
    }

    /// The same for a guest that could have gone on at once: in a simulation this turn takes at least a
    /// nanosecond for each unit of fuel, so that no deadline waits for a loop (rule W8).
    pub fn go_on_later(&mut self) {
        self.go_on();
        self.port.takes_time();
    }

    /// What whoever is told of this actor's end will receive, if this turn or the `on_stop` after it
    /// ends it (rule E6).
    pub fn set_value(&mut self, value: Vec<u8>) {
        self.node.turn.mark().value = Some(value);
    }

    /// True while the pid is alive on this node; of other nodes nothing is known.
    pub fn is_alive(&self, pid: Pid) -> bool {
        matches!(self.node.resolve(pid), Resolved::Local(slot) if self.node.slot(slot).stage > Stage::Free)
    }
}

/// Effects and reports.
impl Context<'_> {
    /// Asks for an effect; its outcome comes as a completion with this correlation (rule O1).
    ///
    /// # Errors
    /// [`Code::NotFound`] for an unknown effect, [`Code::Denied`], [`Code::LimitReached`].
    pub fn perform(&mut self, effect: &str, payload: &[u8]) -> Result<Correlation, Code> {
        self.allowed()?;
        self.room_in_outbox(payload.len())?;
        self.room_for_pending()?;
        if !self.node.effects.contains(effect) {
            return Err(Code::NotFound);
        }
        if !self.slot().cold.permissions.effect(effect) {
            return Err(Code::Denied);
        }
        self.node.turn.sent_bytes += payload.len() as u64;
        let cold = &mut self.slot_mut().cold;
        cold.correlations += 1;
        let correlation = cold.correlations;
        cold.pending.insert(correlation, Pending::Effect);
        let wish = PerformWish { effect: effect.to_owned(), correlation, payload: payload.to_vec() };
        self.node.outbox.push(Wish::Perform(Box::new(wish)));
        Ok(Correlation(correlation))
    }

    /// Appends a record to this path's log; durable when it completes (rule O2).
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn store_append(&mut self, record: &[u8]) -> Result<Correlation, Code> {
        let mut payload = Vec::with_capacity(record.len() + 1);
        payload.push(store::APPEND);
        payload.extend_from_slice(record);
        self.perform(store::EFFECT, &payload)
    }

    /// Reads all records of this path's log; see [`store::Records`].
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn store_read(&mut self) -> Result<Correlation, Code> {
        self.perform(store::EFFECT, &[store::READ])
    }

    /// Publishes a fact about this actor, for properties and reports.
    pub fn observe(&mut self, key: &str, value: i64) {
        let _ = self.try_observe(key, value);
    }

    /// The same for who wants to know whether it will be published.
    ///
    /// # Errors
    /// [`Code::LimitReached`], [`Code::NotNow`].
    pub fn try_observe(&mut self, key: &str, value: i64) -> Result<(), Code> {
        self.running()?;
        self.room_in_outbox(key.len())?;
        self.node.outbox.push(Wish::Observe { key: key.into(), value });
        Ok(())
    }

    /// Writes to the log; what goes over `log_max` in one turn is cut. A text of nothing counts as one byte.
    pub fn log(&mut self, level: Level, text: &str) {
        let left = self.log_left();
        let mut len = text.len().min(left as usize);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        if len > 0 || (text.is_empty() && left > 0) {
            self.node.turn.logged += len.max(1) as u32;
            let who = self.node.who(self.node.turn.slot);
            self.port.observe(&Event::Logged { who, level, text: &text[..len] });
        }
    }

    /// Bytes of text that the log still takes in this turn.
    pub fn log_left(&self) -> u32 {
        self.limits().log_max - self.node.turn.logged
    }

    /// Says that a condition must hold whenever this is reached; a no-op outside simulation.
    pub fn always(&mut self, name: &str, holds: bool) {
        self.condition(name, true, holds);
    }

    /// Says that a condition should hold at least once in a hunt; a no-op outside simulation.
    pub fn sometimes(&mut self, name: &str, holds: bool) {
        self.condition(name, false, holds);
    }

    fn condition(&mut self, name: &str, always: bool, holds: bool) {
        if self.port.simulated() {
            let who = self.node.who(self.node.turn.slot);
            self.port.observe(&Event::Condition { who, name, always, holds });
        }
    }

    /// For supervisors: mail for this name is held no more.
    pub(crate) fn end_hold(&mut self, name: &str) {
        self.node.outbox.push(Wish::EndHold(name_hash(name)));
    }

    /// For supervisors: of the names that it keeps, only these are kept.
    pub(crate) fn end_other_holds(&mut self, kept: &BTreeSet<&str>) {
        let kept: BTreeSet<u64> = kept.iter().map(|name| name_hash(name)).collect();
        let over: Vec<u64> = self.slot().cold.keeps.difference(&kept).copied().collect();
        over.into_iter().for_each(|hash| self.node.outbox.push(Wish::EndHold(hash)));
    }

    /// For supervisors: reports a decision.
    pub(crate) fn supervised(&mut self, child: &str, code: u32, figure: u64, text: fmt::Arguments<'_>) {
        let who = self.node.who(self.node.turn.slot);
        self.port.observe(&Event::Supervised { who, child, code, figure, text });
    }
}
