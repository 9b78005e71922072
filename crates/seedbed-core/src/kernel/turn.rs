//! One turn: from the delivery to the applied outbox (DESIGN §3).

use super::Kernel;
use super::arrive::{Carrier, enable};
use super::hold::hash_of;
use super::wait::take_waited_for;
use crate::actor::{Behaviour, Failed, stop_code};
use crate::arena::{NIL, Signal};
use crate::context::Context;
use crate::event::{Event, Hook, Lost};
use crate::mail::{LIFECYCLE, Sender};
use crate::node::{Link, Resolved, Slot, Stage, Stop, Turn};
use crate::outbox::{Entry, PerformWish, SpawnWish, Wish};
use crate::packet::{Body, EffectRequest, Packet};
use crate::path::PathId;
use crate::pid::node_of;
use crate::reactor::{Delivery, Reactor};
use crate::timer::{Due, TimerState};
use seedbed_abi::{
    Envelope, ExitReason, Failure, Flags, Pid, RequestFailure, SpawnFlags, StartOutcome, Time,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// The flag of the pseudo-signals that start an actor, go on with it and stop it; no guest sees them.
pub(crate) const LIFECYCLE_FLAGS: Flags = Flags(1 << 31);

/// What running a delivery came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The delivery was not there any more; nothing happened.
    Stale,
    /// A turn ran.
    Turn {
        /// Whose; it may have ended with it.
        pid: Pid,
        /// Fuel it burnt.
        fuel: u64,
    },
}

/// What a turn has in hand, from its beginning to its end. One serves for many turns, one after the
/// other, so that little is written anew.
pub(super) struct Begun {
    line: u32,
    /// Its signal, while the actor reads it beside the node.
    signal: Signal,
    /// The signal's payload, if that does not lie in it.
    large: Box<[u8]>,
}

impl Begun {
    /// No turn yet.
    pub(super) fn none() -> Begun {
        Begun { line: NIL, signal: Signal::empty(), large: Box::default() }
    }
}

impl Kernel {
    /// Runs one turn.
    pub fn run<R: Reactor>(&mut self, r: &mut R, delivery: Delivery) -> Ran {
        let (step, mut turn) = (self.node.step, Begun::none());
        if !self.begin(r, delivery, &mut turn, |_| step) {
            return Ran::Stale;
        }
        let done = self.call(r, &mut turn);
        self.end(r, &turn, done);
        Ran::Turn { pid: self.node.turn.pid, fuel: self.node.turn.fuel }
    }

    /// Begins the turn of a delivery, in the step with this number: takes its signal out of its line. False
    /// if the delivery is stale: then nothing happened.
    #[inline(always)]
    pub(super) fn begin<R: Reactor>(
        &mut self,
        r: &mut R,
        delivery: Delivery,
        turn: &mut Begun,
        step: impl FnOnce(&mut R) -> u64,
    ) -> bool {
        let node = &mut self.node;
        let Some(l) = node.lines.begin(delivery.line, delivery.epoch) else { return false };
        node.step = step(r);
        let line = delivery.line;
        turn.line = line;
        let slot = l.receiver;
        let s = &mut node.slots[slot as usize];
        let (head, signal) = if s.selective {
            let head = take_waited_for(&mut node.lines, &mut node.arena, &s.cold.filter, line);
            (head, node.arena.get(head))
        } else {
            let (head, signal) = (l.head, node.arena.get(l.head));
            l.head = signal.next;
            (head, signal)
        };
        let Envelope { flags, len, .. } = signal.envelope;
        let hook = begin_turn(&mut node.turn, slot, s, head, flags, len);
        if flags == Flags::TIMER {
            self.timer_delivered(slot, head);
        }
        self.node.turn.starves = r.starves() && self.node.may_starve(slot, hook);
        let node = &self.node;
        r.observe_turn(move || node.turn_begins(line));
        true
    }

    /// True if the turn that has begun delivers a signal to an actor that has started.
    #[inline(always)]
    pub(super) fn delivers(&self) -> bool {
        self.node.turn.delivers
    }

    /// Ends a turn whose hook came back: what it asked for is applied, or nothing of it if it failed.
    #[inline(always)]
    pub(super) fn end<R: Reactor>(&mut self, r: &mut R, turn: &Begun, done: Result<(), Failed>) {
        let Turn { slot, delivers, is_special, .. } = self.node.turn;
        let s = self.node.slot(slot);
        if delivers && !is_special && !s.selective && !s.awaited && done.is_ok() {
            self.end_as(r, turn, done, true);
        } else {
            self.end_any(r, turn, done);
        }
    }

    #[inline(never)]
    fn end_any<R: Reactor>(&mut self, r: &mut R, turn: &Begun, done: Result<(), Failed>) {
        self.end_as(r, turn, done, false);
    }

    /// The end of a turn; of a `plain` one is known that it delivered something to an actor that waits
    /// for nothing and is not waited for, that it asked for nothing special, and that it went well.
    #[inline(always)]
    fn end_as<R: Reactor>(&mut self, r: &mut R, turn: &Begun, mut done: Result<(), Failed>, plain: bool) {
        let Turn { slot, hook, signal, .. } = self.node.turn;
        let applied = !plain && self.node.turn.special.apply_now;
        if applied {
            done = self.go_on_applied(r, turn.line, done);
        }
        let (node, failed) = (&self.node, !plain && done.is_err());
        r.observe_turn(move || node.turn_ends(failed));
        if applied {
            self.settle_again(r, slot);
        } else {
            self.settle(r, turn.line, slot, plain);
        }
        self.node.arena.discard(signal);
        if !plain && self.node.slot(slot).awaited {
            self.give_room(r, slot);
        }
        match done {
            Ok(()) => self.finish(r, slot, if plain { Hook::Message } else { hook }),
            Err(failed) => self.fail_turn(r, slot, hook, failed),
        }
    }

    /// A timer's message is being delivered: it is done, or armed again from its own deadline (rule C3).
    #[inline(never)]
    fn timer_delivered(&mut self, slot: u32, signal: u32) {
        let id = self.node.arena.get(signal).envelope.correlation;
        let timers = &mut self.node.slot_mut(slot).cold.timers;
        let timer = timers.get(&id).copied().expect("a queued timer is in its actor's table");
        match timer.state {
            TimerState::Queued { due, .. } if timer.period > 0 => {
                let deadline = Time::from_nanos(due.as_nanos().saturating_add(timer.period));
                let armed = self.node.timers.arm(deadline, slot, Due::Interval(id));
                let timers = &mut self.node.slot_mut(slot).cold.timers;
                timers.get_mut(&id).expect("just seen").state = TimerState::Armed(armed);
            }
            _ => {
                timers.remove(&id);
            }
        }
    }

    /// Calls the hook; a panic of host code in it is a failure of this actor only (rule T8).
    #[inline(always)]
    pub(super) fn call<R: Reactor>(&mut self, r: &mut R, turn: &mut Begun) -> Result<(), Failed> {
        let Turn { slot, hook, signal, delivers, .. } = self.node.turn;
        // Out of its slot, since it works on the node.
        let mut behaviour = self.node.slot_mut(slot).behaviour.take();
        let done = catch_unwind(AssertUnwindSafe(|| {
            if delivers {
                let Begun { signal: copy, large, .. } = turn;
                let len = self.node.arena.copy_out(signal, copy, large);
                let mut cx = Context { node: &mut self.node, port: r };
                let behaviour = behaviour.as_deref_mut().expect(STARTED);
                behaviour.deliver(&mut cx, &copy.envelope, copy.payload(len, large))
            } else {
                let mut cx = Context { node: &mut self.node, port: r };
                lifecycle(&mut cx, slot, hook, &mut behaviour)
            }
        }));
        self.node.slot_mut(slot).behaviour = behaviour;
        self.outcome(done)
    }

    /// What a hook came to, as the turn has it.
    #[inline(always)]
    pub(super) fn outcome(&self, done: std::thread::Result<Result<(), Failed>>) -> Result<(), Failed> {
        match done {
            Ok(Ok(())) => Ok(()),
            // The turn was over at that call; an error only passes on that more was refused (rule T4).
            Ok(Err(_)) if self.node.turn.special.ended.is_some() => Ok(()),
            Ok(Err(failed)) => Err(failed),
            Err(panic) => Err(host_panic(&*panic)),
        }
    }

    /// Looks after the lines of an actor whose turn is over: the next of the line becomes enabled,
    /// emptied ones go.
    #[inline(always)]
    pub(super) fn settle<R: Reactor>(&mut self, r: &mut R, line: u32, slot: u32, plain: bool) {
        let node = &mut self.node;
        let s = &mut node.slots[slot as usize];
        if !plain && (s.selective || node.turn.special.refiltered) {
            return self.settle_waiting(r, line, slot);
        }
        let l = node.lines.get_mut(line);
        if l.head != NIL {
            if s.stage == Stage::Running {
                enable(r, node.id, l, s, line);
            }
        } else if s.mailbox.last_used != line {
            node.lines.settle(line, &mut s.mailbox);
        }
        if !plain {
            self.settle_thinned(r, slot);
        }
    }

    #[inline(never)]
    pub(super) fn settle_thinned<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        while let Some(line) = self.node.thinned.pop() {
            let l = self.node.lines.get(line);
            if l.receiver != slot || !l.enabled {
                continue;
            }
            if self.node.next_of(line) != NIL {
                self.rename(r, line);
                continue;
            }
            self.disable(r, line);
            if self.node.lines.get(line).head == NIL {
                let node = &mut self.node;
                node.lines.settle(line, &mut node.slots[slot as usize].mailbox);
            }
        }
    }

    /// The end of a turn that went well.
    #[inline(always)]
    fn finish<R: Reactor>(&mut self, r: &mut R, slot: u32, hook: Hook) {
        if hook == Hook::Start && !self.node.turn.special.ignore {
            self.started(r, slot);
        }
        if !self.node.outbox.is_empty() {
            self.apply_outbox(r, slot);
        }
        if hook != Hook::Message || self.node.turn.is_special {
            self.finish_special(r, slot, hook);
        }
    }

    /// Does what the turn asked for about itself, or came for.
    #[inline(never)]
    fn finish_special<R: Reactor>(&mut self, r: &mut R, slot: u32, hook: Hook) {
        let special = &mut self.node.turn.special;
        let (ended, stop, value) = (special.ended.take(), special.stop.take(), special.value.take());
        match hook {
            Hook::Stop => {
                let stop = self.node.slot_mut(slot).cold.stop.take().expect("a stopping actor has a reason");
                self.die_with(r, slot, stop.reason, stop.detail, value);
            }
            Hook::Start if self.node.turn.special.ignore => {
                self.notify_start(r, slot, StartOutcome::Ignored);
                self.die(r, slot, ExitReason::Normal, None);
            }
            Hook::Start | Hook::Message => {
                let deferred = self.node.turn.special.start_deferred;
                if deferred {
                    self.node.slot_mut(slot).cold.start_deferred = true;
                }
                if (hook == Hook::Start && !deferred) || self.node.turn.special.start_done {
                    self.node.slot_mut(slot).cold.start_deferred = false;
                    if self.node.turn.special.start_done {
                        r.observe(&Event::Started { who: self.node.who(slot) });
                    }
                    self.notify_start(r, slot, StartOutcome::Started);
                }
                if let Some(reason) = ended {
                    self.die_with(r, slot, reason, None, value);
                } else if let Some(reason) = stop {
                    if value.is_some() {
                        self.node.slot_mut(slot).cold.value = value;
                    }
                    self.begin_stopping(
                        r,
                        slot,
                        Stop { reason, detail: None, by_parent: false, by_other: false },
                    );
                } else if self.node.turn.special.go_on && self.node.slot(slot).stage == Stage::Running {
                    let turn = self.node.slot(slot).turns;
                    self.push_lifecycle(r, slot, turn);
                }
            }
        }
    }

    #[inline(never)]
    fn started<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        self.node.slot_mut(slot).stage = Stage::Running;
        if !self.node.turn.special.start_deferred {
            r.observe(&Event::Started { who: self.node.who(slot) });
        }
        let mailbox = self.node.slot(slot).mailbox;
        for line in self.node.lines.of(&mailbox) {
            self.reconsider(r, line);
        }
    }

    /// The end of a turn that failed: nothing of it is applied (rule T3).
    #[cold]
    fn fail_turn<R: Reactor>(&mut self, r: &mut R, slot: u32, hook: Hook, failed: Failed) {
        self.roll_back(r);
        let (failure, detail) = failed.into_parts();
        let starts = hook == Hook::Start || self.node.slot(slot).cold.start_deferred;
        match (hook, failure) {
            (Hook::Start | Hook::Message, failure) if starts => {
                let reason = ExitReason::Failed(failure);
                // Who asked to be told gets the reason itself; links and monitors, that a start failed.
                self.notify_start(r, slot, StartOutcome::Failed(reason.clone()));
                self.die(r, slot, ExitReason::start_failed(reason), detail);
            }
            (Hook::Message, failure @ Failure::HandlerError(_)) => {
                let reason = ExitReason::Failed(failure);
                self.begin_stopping(r, slot, Stop { reason, detail, by_parent: false, by_other: false });
            }
            (Hook::Start | Hook::Message, failure) => self.die(r, slot, failure.into(), detail),
            (Hook::Stop, _) => {
                let stop = self.node.slot_mut(slot).cold.stop.take().expect("a stopping actor has a reason");
                self.die(r, slot, stop.reason, stop.detail.or(detail));
            }
        }
    }

    fn roll_back<R: Reactor>(&mut self, r: &mut R) {
        while let Some(entry) = self.node.outbox.pop() {
            let wish = match entry {
                Entry::Send { signal, receiver, .. } => {
                    let len = self.node.arena.get(signal).envelope.len;
                    let mailbox = &mut self.node.slot_mut(receiver).mailbox;
                    mailbox.count -= 1;
                    mailbox.bytes -= len;
                    self.node.arena.discard(signal);
                    continue;
                }
                Entry::Other(other) => self.node.outbox.take(other),
            };
            match wish {
                Wish::SendWaiting { signal } => self.node.arena.discard(signal),
                Wish::Hold { signal } => {
                    let Envelope { to, len, .. } = self.node.arena.get(signal).envelope;
                    let held = hash_of(Pid::from_raw(to)).and_then(|hash| self.node.holds.get_mut(hash));
                    held.expect("a hold ends when an outbox is applied").release(len);
                    self.node.arena.discard(signal);
                }
                Wish::Lose { signal, .. } | Wish::Answer { signal } => {
                    // A reply that is taken back leaves the request to be answered by the actor's end.
                    let e = self.node.arena.get(signal).envelope;
                    if e.flags == Flags::REPLY {
                        self.unanswer(Pid::from_raw(e.to), e.correlation);
                    }
                    self.node.arena.discard(signal);
                }
                Wish::Transmit(packet) => {
                    if let Packet { to, body: Body::Answer { correlation, .. }, .. } = *packet {
                        self.unanswer(to, correlation);
                    }
                }
                Wish::Monitor { reference, .. } => {
                    let slot = self.node.turn.slot;
                    self.node.slot_mut(slot).cold.watching.remove(&reference);
                }
                Wish::Demonitor { target, reference } => {
                    let slot = self.node.turn.slot;
                    self.node.slot_mut(slot).cold.watching.insert(reference, target);
                }
                Wish::Spawn(child) => {
                    if let Some(reference) = child.reference {
                        let slot = self.node.turn.slot;
                        self.node.slot_mut(slot).cold.watching.remove(&reference);
                    }
                    if let Some(name) = self.node.slot_mut(child.slot).cold.name.take() {
                        self.node.names.release(&name);
                    }
                    self.node.vacate(child.slot);
                }
                Wish::Give(_)
                | Wish::EndHold(_)
                | Wish::Named
                | Wish::Link { .. }
                | Wish::Unlink(_)
                | Wish::Exit { .. }
                | Wish::Kill(_)
                | Wish::Perform { .. }
                | Wish::Observe { .. }
                | Wish::Done => {}
            }
        }
        self.node.outbox.clear();
        self.restore_name(r);
    }

    /// The name that the actor had before its turn is its own again, until its end.
    fn restore_name<R: Reactor>(&mut self, r: &mut R) {
        let Some(before) = self.node.turn.special.name_before.take() else { return };
        let slot = self.node.turn.slot;
        let after = self.node.slot_mut(slot).cold.name.take();
        if before == after {
            self.node.slot_mut(slot).cold.name = after;
            return;
        }
        if let Some(name) = after {
            self.node.names.release(&name);
            r.observe(&Event::Unregistered { who: self.node.who(slot), name: &name });
        }
        if let Some(name) = before {
            let name = self.node.names.register(&name, slot);
            let name = name.expect("only this turn could have given it away, and that was taken back");
            self.node.slot_mut(slot).cold.name = Some(name.clone());
            r.observe(&Event::Registered { who: self.node.who(slot), name: &name });
        }
    }

    fn unanswer(&mut self, asker: Pid, correlation: u64) {
        let slot = self.node.turn.slot;
        self.node.slot_mut(slot).cold.asked.insert(asker, correlation);
    }

    #[inline(always)]
    pub(super) fn apply_outbox<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        let me = self.node.turn.pid;
        let mut at = 0;
        while let Some(entry) = self.node.outbox.get(at) {
            at += 1;
            match entry {
                Entry::Send { signal, receiver, request } => {
                    self.deliver(r, (signal, receiver, request), me, |node| node.sender(slot));
                }
                Entry::Other(other) => self.apply(r, slot, other),
            }
        }
        self.node.outbox.clear();
    }

    /// Applies one entry; apart, so that what only messages need stays in registers.
    #[inline(never)]
    fn apply<R: Reactor>(&mut self, r: &mut R, slot: u32, other: u32) {
        self.node.turn.applying = true;
        self.apply_wish(r, slot, other);
        self.node.turn.applying = false;
    }

    #[inline(always)]
    fn apply_wish<R: Reactor>(&mut self, r: &mut R, slot: u32, other: u32) {
        let wish = self.node.outbox.take(other);
        let from = self.node.sender(slot);
        let me = Pid::from_raw(from.key);
        let packet =
            |to, body| Packet { from: me, path: from.path, life: from.life, to, id: 0, copy: false, body };
        match wish {
            Wish::Done => {}
            Wish::Lose { signal, full } => {
                let envelope = self.node.arena.get(signal).envelope;
                let why = if full { Lost::Full } else { Lost::Dead };
                self.lose(r, why, from, &envelope);
                self.node.arena.discard(signal);
                let failure = if full { RequestFailure::Refused } else { RequestFailure::Dead };
                self.refuse(r, Pid::from_raw(envelope.to), me, envelope.correlation, failure);
            }
            Wish::Give(given) => {
                // An earlier wish of this turn may have ended the supervisor.
                if let Resolved::Local(to) = self.node.resolve(given.to) {
                    let key = (me, given.correlation);
                    self.node.slot_mut(to).cold.given.insert(key, given.factories);
                }
            }
            Wish::Answer { signal } => self.answer(r, from, signal),
            Wish::SendWaiting { signal } => self.wait_for_room(r, from, signal),
            Wish::Hold { signal } => self.hold(r, from, signal),
            Wish::EndHold(hash) => self.end_hold(r, hash),
            Wish::Named => self.release_held(r, slot),
            Wish::Transmit(packet) => self.transmit(r, *packet),
            Wish::Spawn(child) => self.apply_spawn(r, Some((slot, me)), *child),
            Wish::Link { to, tag } => self.link(r, slot, me, to, tag, &packet),
            Wish::Unlink(other) => {
                // An earlier wish of this turn may have ended the other one.
                if self.node.flush(other, Flags::EXIT, None) {
                    self.settle_thinned(r, slot);
                }
                if self.node.slot_mut(slot).cold.links.remove(&other).is_some() {
                    r.observe(&Event::Linked { who: self.node.who(slot), other, on: false });
                }
                match self.node.resolve(other) {
                    Resolved::Local(o) => {
                        self.node.slot_mut(o).cold.links.remove(&me);
                        self.node.stray(slot, o);
                        self.node.stray(o, slot);
                    }
                    Resolved::Remote => self.transmit(r, packet(other, Body::Unlink)),
                    Resolved::Dead => {}
                }
            }
            Wish::Monitor { target, reference } => {
                r.observe(&Event::Monitored { who: self.node.who(slot), other: target, reference, on: true });
                self.monitor(r, me, target, reference, &packet);
            }
            Wish::Demonitor { target, reference } => {
                r.observe(&Event::Monitored {
                    who: self.node.who(slot),
                    other: target,
                    reference,
                    on: false,
                });
                match self.node.resolve(target) {
                    Resolved::Local(t) => {
                        self.node.slot_mut(t).cold.watched_by.remove(&(me, reference));
                    }
                    Resolved::Remote => self.transmit(r, packet(target, Body::Demonitor { reference })),
                    Resolved::Dead => {}
                }
            }
            Wish::Exit { to, id, reason } => match self.node.resolve(to) {
                Resolved::Local(target) => {
                    self.exit_signal(r, target, from, id, *reason, None, Carrier::Exit)
                }
                Resolved::Remote => {
                    self.transmit(r, packet(to, Body::Exit { reason: *reason, value: None, link: false }));
                }
                Resolved::Dead => {}
            },
            Wish::Kill(to) => match self.node.resolve(to) {
                Resolved::Local(target) => self.die(r, target, ExitReason::Killed, None),
                Resolved::Remote => self.transmit(r, packet(to, Body::Kill)),
                Resolved::Dead => {}
            },
            Wish::Perform(wish) => {
                let PerformWish { effect, correlation, payload } = *wish;
                let who = self.node.who(slot);
                r.observe(&Event::Performed { who, effect: &effect, correlation, payload: &payload });
                let (pid, path, life) = (who.pid, who.path, who.life);
                let path_text = self.node.slot(slot).text.clone();
                r.perform(EffectRequest { pid, path, life, path_text, correlation, effect, payload });
            }
            Wish::Observe { key, value } => {
                r.observe(&Event::Observed { who: self.node.who(slot), key: &key, value });
            }
        }
    }

    pub(super) fn transmit<R: Reactor>(&mut self, r: &mut R, mut packet: Packet) {
        if packet.id == 0 {
            let slot = self.node.owner(packet.from).expect("only an actor's packets are numbered here");
            self.node.slot_mut(slot).sent += 1;
            packet.id = self.node.slot(slot).sent;
        }
        debug_assert_ne!(node_of(packet.to), self.node.id, "what is for this node does not leave it");
        r.observe(&Event::Transmitted { packet: &packet });
        r.transmit(packet);
    }

    pub(super) fn apply_spawn<R: Reactor>(
        &mut self,
        r: &mut R,
        parent: Option<(u32, Pid)>,
        child: SpawnWish,
    ) {
        let SpawnWish { slot, options, factory, tag, hold, reference } = child;
        let node = &mut self.node;
        let (above, unnamed, parent_life) = match parent {
            Some((p, _)) => {
                let p = &mut node.slots[p as usize];
                (&p.text, &mut p.cold.unnamed, Some(p.life))
            }
            None => (&node.text, &mut node.roots, None),
        };
        let text = path_below(above, options.name.as_deref(), unnamed, &mut node.path_scratch);
        let path = PathId::of(&text);
        // An unnamed child is the n-th of its parent's life, so that life names it; a table of all
        // that ever lived would grow with every one of them.
        let life = match parent_life {
            Some(life) if options.name.is_none() => life,
            _ => {
                let lives = self.node.lives.entry(path).or_default();
                lives.0 += 1;
                *lives
            }
        };
        let parent_pid = parent.map_or(Pid::NOBODY, |(_, pid)| pid);
        let pid = self.node.pid(slot);
        self.node.made += 2;
        let made = self.node.made;
        if let Some(paths) = &mut self.node.paths {
            paths.insert(&text, life, slot);
        }
        let s = self.node.slot_mut(slot);
        s.stage = Stage::Starting;
        s.text = text;
        s.path = path;
        s.life = life;
        s.cold.parent = parent_pid;
        s.cold.supervised = options.supervised;
        s.cold.factory = Some(Arc::clone(&factory));
        s.cold.args = options.args;
        s.cold.notify = options.flags.has(SpawnFlags::NOTIFY).then_some(parent_pid);
        if let Some(reference) = reference {
            s.cold.watched_by.insert((parent_pid, reference), made);
        }
        if options.flags.has(SpawnFlags::LINK)
            && let Some((p, _)) = parent
        {
            let link = Link { made: made - 1, tag };
            s.cold.links.insert(parent_pid, link);
            self.node.slot_mut(p).cold.links.insert(pid, link);
        } else if let Some((p, _)) = parent {
            self.node.stray(slot, p);
        }
        r.observe(&Event::Spawned { who: self.node.who(slot), parent: parent_pid });
        if let Some(name) = self.node.slot(slot).cold.name.clone() {
            r.observe(&Event::Registered { who: self.node.who(slot), name: &name });
            self.release_held(r, slot);
            if let (Some(max), Some((p, keeper))) = (hold, parent) {
                self.keep_name(keeper, p, slot, max);
            }
        }
        self.push_lifecycle(r, slot, 0);
    }

    /// Puts the pseudo-signal that starts an actor, goes on with it or stops it into its lifecycle
    /// line; one to go on has the number of the turn that asked for it.
    pub(super) fn push_lifecycle<R: Reactor>(&mut self, r: &mut R, slot: u32, id: u64) {
        let s = self.node.slot(slot);
        let from = Sender { key: LIFECYCLE, path: s.path, life: s.life };
        let envelope = Envelope { id, flags: LIFECYCLE_FLAGS, ..Envelope::default() };
        let signal = self.node.arena.insert(envelope, &[], self.node.step);
        let node = &mut self.node;
        let line = node.lines.line_for(slot, &mut node.slots[slot as usize].mailbox, from);
        node.lines.get_mut(line).append(&mut node.arena, signal);
        self.enable(r, line);
    }
}

pub(super) const STARTED: &str = "a started actor has a behaviour";

/// Calls any hook but that of a message.
#[inline(never)]
fn lifecycle(
    cx: &mut Context<'_>,
    slot: u32,
    hook: Hook,
    behaviour: &mut Option<Box<dyn Behaviour>>,
) -> Result<(), Failed> {
    match hook {
        Hook::Message => behaviour.as_mut().expect(STARTED).go_on(cx),
        Hook::Start => {
            let cold = &mut cx.node.slot_mut(slot).cold;
            let args = std::mem::take(&mut cold.args);
            let factory = cold.factory.clone().expect("an actor that starts has its factory");
            behaviour.insert(factory.create(cx, &args)?).start(cx)
        }
        Hook::Stop => {
            let stop = cx.node.slot(slot).cold.stop.as_ref().expect("a stopping actor has a reason");
            let code = stop_code(&stop.reason, stop.by_parent, stop.by_other);
            behaviour.as_mut().expect(STARTED).stop(cx, code)
        }
    }
}

/// Sets the turn up, and takes the signal off the mailbox's count.
#[inline(always)]
fn begin_turn(turn: &mut Turn, slot: u32, s: &mut Slot, signal: u32, flags: Flags, len: u32) -> Hook {
    s.turns += 1;
    if flags == Flags::MESSAGE {
        s.mailbox.count -= 1;
        s.mailbox.bytes -= len;
    }
    let hook = match s.stage {
        Stage::Starting => Hook::Start,
        Stage::Running => Hook::Message,
        stage => {
            debug_assert_eq!(stage, Stage::Stopping, "no delivery is enabled otherwise");
            Hook::Stop
        }
    };
    turn.slot = slot;
    turn.pid = s.pid;
    turn.signal = signal;
    turn.hook = hook;
    turn.delivers = hook == Hook::Message && flags != LIFECYCLE_FLAGS;
    turn.now = None;
    turn.unix = None;
    turn.fuel = 0;
    turn.sent_bytes = 0;
    turn.logged = 0;
    turn.starvable = 0;
    if turn.is_special {
        turn.unmark();
    }
    hook
}

/// The path of a child with this name, or of the next without one.
fn path_below(above: &str, name: Option<&str>, unnamed: &mut u64, scratch: &mut String) -> Rc<str> {
    scratch.clear();
    scratch.push_str(above);
    scratch.push('/');
    match name {
        Some(name) => scratch.push_str(name),
        None => {
            *unnamed += 1;
            scratch.push('#');
            push_number(scratch, *unnamed);
        }
    }
    Rc::from(scratch.as_str())
}

/// Appends a number. By hand, since the formatter takes as long as a third of a spawn.
fn push_number(text: &mut String, n: u64) {
    if n >= 10 {
        push_number(text, n / 10);
    }
    text.push(char::from(b'0' + (n % 10) as u8));
}

/// What a panic said.
pub(super) fn host_panic(panic: &(dyn std::any::Any + Send)) -> Failed {
    Failed::new(Failure::HostPanic, panic_text(panic))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
