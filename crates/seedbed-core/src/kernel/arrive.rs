//! What a signal does when it arrives (DESIGN §3.6, rule L1).

use super::Kernel;
use crate::context::has_room;
use crate::event::{Event, Lost};
use crate::limits::MailboxPolicy;
use crate::mail::{Line, Sender};
use crate::node::{Link, Node, Pending, Resolved, Slot, Stage, Stop};
use crate::packet::{Body, Packet};
use crate::path::{Life, PathId};
use crate::pid::{NodeId, node_of};
use crate::reactor::{Chain, Delivery, Reactor};
use seedbed_abi::{Envelope, ExitReason, Flags, Notice, Pid, RequestFailure};

/// What brings an exit.
#[derive(Clone, Copy)]
pub(super) enum Carrier {
    /// Another actor sent it.
    Exit,
    /// A link, which it ends.
    Link,
    /// A link that was asked for, to nobody.
    NoLink { tag: u64 },
}

/// Between whom the deliveries of a line are.
#[inline]
pub(super) fn chain_of(line: &Line, receiver: &Slot) -> Chain {
    let timers = line.key == crate::mail::TIMERS;
    Chain { receiver: receiver.path, life: receiver.life, sender: line.path, timers }
}

/// Makes the head of a line of this receiver, with this number, possible to deliver.
#[inline(always)]
pub(super) fn enable<R: Reactor>(r: &mut R, node: NodeId, l: &mut Line, receiver: &Slot, line: u32) {
    l.epoch = l.epoch.wrapping_add(1);
    l.enabled = true;
    let delivery = Delivery { node, line, epoch: l.epoch, receiver: l.receiver };
    r.enabled(delivery, chain_of(l, receiver));
}

impl Kernel {
    /// Appends a signal to its sender's line.
    pub(super) fn enqueue<R: Reactor>(&mut self, r: &mut R, receiver: u32, from: Sender, signal: u32) {
        let node = &mut self.node;
        let s = &mut node.slots[receiver as usize];
        let line = node.lines.line_for(receiver, &mut s.mailbox, from);
        let l = node.lines.get_mut(line);
        let was_empty = l.append(&mut node.arena, signal);
        if s.stage != Stage::Running {
            return;
        }
        if s.selective {
            self.reconsider(r, line);
        } else if was_empty {
            enable(r, node.id, l, s, line);
        }
    }

    pub(super) fn enable<R: Reactor>(&mut self, r: &mut R, line: u32) {
        let node = &mut self.node;
        let receiver = node.lines.get(line).receiver;
        enable(r, node.id, node.lines.get_mut(line), &node.slots[receiver as usize], line);
    }

    pub(super) fn disable<R: Reactor>(&mut self, r: &mut R, line: u32) {
        let node = self.node.id;
        let l = self.node.lines.get_mut(line);
        l.enabled = false;
        r.disabled(Delivery { node, line, epoch: l.epoch, receiver: l.receiver });
    }

    /// A line that is enabled begins with another signal.
    pub(super) fn rename<R: Reactor>(&mut self, r: &mut R, line: u32) {
        let l = self.node.lines.get(line);
        r.renamed(Delivery { node: self.node.id, line, epoch: l.epoch, receiver: l.receiver });
    }

    /// A message or request of this node, from the actor with the pid `key`, arrives; its room was reserved.
    #[inline(always)]
    pub(super) fn deliver<R: Reactor>(
        &mut self,
        r: &mut R,
        (signal, receiver, request): (u32, u32, bool),
        key: Pid,
        from: impl FnOnce(&Node) -> Sender,
    ) {
        let node = &mut self.node;
        let s = &mut node.slots[receiver as usize];
        let line = s.mailbox.last_used;
        // Most are messages, and of whom an actor that takes what comes heard last.
        if !request
            && s.stage == Stage::Running
            && !s.selective
            && !s.drops_oldest
            && let Some(l) = node.lines.find_mut(line)
            && l.is_of(key.to_raw())
        {
            if l.append(&mut node.arena, signal) {
                enable(r, node.id, l, s, line);
            }
            return;
        }
        let from = from(node);
        self.deliver_any(r, receiver, from, signal);
    }

    /// The same for any message or request.
    #[inline(never)]
    pub(super) fn deliver_any<R: Reactor>(&mut self, r: &mut R, receiver: u32, from: Sender, signal: u32) {
        let correlation = self.node.arena.get(signal).envelope.correlation;
        let s = self.node.slot_mut(receiver);
        if s.stage == Stage::Free {
            return self.deliver_to_dead(r, from, signal);
        }
        if correlation != 0 {
            s.cold.asked.insert(Pid::from_raw(from.key), correlation);
        }
        let drops_oldest = s.drops_oldest;
        self.enqueue(r, receiver, from, signal);
        if drops_oldest {
            self.make_room(r, receiver, from);
        }
    }

    /// An earlier entry of the outbox ended the receiver.
    #[cold]
    fn deliver_to_dead<R: Reactor>(&mut self, r: &mut R, from: Sender, signal: u32) {
        let envelope = self.node.arena.get(signal).envelope;
        self.lose(r, Lost::Dead, from, &envelope);
        self.node.arena.discard(signal);
        let asker = Pid::from_raw(envelope.from);
        self.refuse(r, Pid::from_raw(envelope.to), asker, envelope.correlation, RequestFailure::Dead);
    }

    /// Makes room by dropping the oldest messages of this sender (rule M5).
    fn drop_oldest<R: Reactor>(&mut self, r: &mut R, receiver: u32, from: Sender) {
        loop {
            let s = self.node.slot(receiver);
            if s.mailbox.count <= s.limits.mailbox_count && s.mailbox.bytes <= s.limits.mailbox_bytes {
                return;
            }
            let Some(line) = self.node.lines.find(receiver, from.key) else { return };
            let mut at = self.node.lines.get(line).head;
            while at != crate::arena::NIL && self.node.arena.get(at).envelope.flags != Flags::MESSAGE {
                at = self.node.arena.get(at).next;
            }
            if at == crate::arena::NIL {
                return;
            }
            let envelope = self.node.arena.get(at).envelope;
            self.lose(r, Lost::Full, from, &envelope);
            let node = &mut self.node;
            node.lines.unlink(&mut node.arena, line, at);
            node.arena.discard(at);
            let s = node.slot_mut(receiver);
            s.mailbox.count -= 1;
            s.mailbox.bytes -= envelope.len;
            let asker = Pid::from_raw(envelope.from);
            s.cold.asked.remove(asker, envelope.correlation);
            s.cold.given.remove(&(asker, envelope.correlation));
            let me = self.node.pid(receiver);
            self.refuse(r, me, asker, envelope.correlation, RequestFailure::Refused);
            let mut enabled = self.node.lines.get(line).enabled;
            if enabled && self.node.next_of(line) == crate::arena::NIL {
                self.disable(r, line);
                enabled = false;
            }
            if self.node.lines.get(line).head == crate::arena::NIL {
                let node = &mut self.node;
                node.lines.settle(line, &mut node.slots[receiver as usize].mailbox);
            } else if enabled {
                self.rename(r, line);
            }
        }
    }

    /// Counts and traces a message that reaches nobody.
    pub(super) fn lose<R: Reactor>(&mut self, r: &mut R, why: Lost, from: Sender, envelope: &Envelope) {
        self.node.dead_letters += 1;
        let name = crate::path::SignalName {
            path: from.path,
            life: from.life,
            kind: crate::path::SignalKind::Sent,
            n: envelope.id,
        };
        r.observe(&Event::Lost { why, to: Pid::from_raw(envelope.to), name, tag: envelope.tag });
    }

    /// Ends a request without a reply; `target` is who was asked.
    pub(super) fn refuse<R: Reactor>(
        &mut self,
        r: &mut R,
        target: Pid,
        asker: Pid,
        correlation: u64,
        failure: RequestFailure,
    ) {
        if correlation == 0 {
            return;
        }
        let target = match self.node.resolve(target) {
            Resolved::Local(slot) => self.node.pid(slot),
            Resolved::Dead | Resolved::Remote => target,
        };
        match self.node.resolve(asker) {
            Resolved::Local(slot) => self.end_request(r, slot, correlation, target, failure),
            Resolved::Dead => {}
            Resolved::Remote => {
                let Sender { path, life, .. } = self.node.sender_of(target);
                let body =
                    Body::Answer { correlation, tag: failure as u64, failed: true, payload: Vec::new() };
                self.transmit(r, Packet { from: target, path, life, to: asker, id: 0, copy: false, body });
            }
        }
    }

    /// Takes a request off an actor's list; true if it was waiting.
    fn close_request(&mut self, slot: u32, correlation: u64) -> bool {
        let pending = &mut self.node.slot_mut(slot).cold.pending;
        let Some(Pending::Request { timeout, .. }) = pending.get(&correlation) else { return false };
        let timeout = *timeout;
        pending.remove(&correlation);
        self.node.timers.cancel(timeout);
        true
    }

    fn end_request<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        correlation: u64,
        target: Pid,
        failure: RequestFailure,
    ) {
        if !self.close_request(slot, correlation) {
            return;
        }
        let from = self.node.sender_of(target);
        self.push_failure(r, slot, correlation, target, from, failure);
    }

    fn push_failure<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        correlation: u64,
        target: Pid,
        from: Sender,
        failure: RequestFailure,
    ) {
        let envelope = Envelope {
            id: 0,
            from: target.to_raw(),
            to: self.node.pid(slot).to_raw(),
            correlation,
            tag: failure as u64,
            len: 0,
            flags: Flags::REPLY.with(Flags::FAILED),
        };
        let signal = self.node.arena.insert(envelope, &[], self.node.step);
        self.enqueue(r, slot, from, signal);
    }

    /// The deadline of a request passed; it stands in the timers' line.
    pub(super) fn time_out<R: Reactor>(&mut self, r: &mut R, slot: u32, correlation: u64) {
        let s = self.node.slot_mut(slot);
        let Some(Pending::Request { target, .. }) = s.cold.pending.remove(&correlation) else {
            unreachable!("a deadline in the queue has its request");
        };
        let from = Sender { key: crate::mail::TIMERS, path: s.path, life: s.life };
        self.push_failure(r, slot, correlation, target, from, RequestFailure::Timeout);
    }

    /// A reply of this node arrives.
    pub(super) fn answer<R: Reactor>(&mut self, r: &mut R, from: Sender, signal: u32) {
        let envelope = self.node.arena.get(signal).envelope;
        match self.node.resolve(Pid::from_raw(envelope.to)) {
            Resolved::Local(slot) if self.close_request(slot, envelope.correlation) => {
                self.enqueue(r, slot, from, signal);
            }
            _ => {
                self.lose(r, Lost::Late, from, &envelope);
                self.node.arena.discard(signal);
            }
        }
    }

    /// `me` asks for a link to `other`. One that is there keeps its age, and takes the new tag.
    pub(super) fn link<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        me: Pid,
        other: Pid,
        tag: u64,
        packet: &impl Fn(Pid, Body) -> Packet,
    ) {
        let known = self.node.slot(slot).cold.links.get(&other).copied();
        if known.is_some_and(|link| link.tag == tag) {
            return;
        }
        let here = match self.node.resolve(other) {
            Resolved::Dead => {
                let from = self.node.sender_of(other);
                let carrier = Carrier::NoLink { tag };
                return self.exit_signal(r, slot, from, 0, ExitReason::NoProcess, None, carrier);
            }
            Resolved::Local(o) => Some(o),
            Resolved::Remote => None,
        };
        let link = Link { tag, ..known.unwrap_or_else(|| self.new_link()) };
        self.node.slot_mut(slot).cold.links.insert(other, link);
        if let Some(o) = here {
            self.node.slot_mut(o).cold.links.insert(me, link);
        }
        if known.is_none() {
            r.observe(&Event::Linked { who: self.node.who(slot), other, on: true });
        }
        if here.is_none() {
            let body = if tag == 0 { Body::Link } else { Body::TaggedLink { tag } };
            self.transmit(r, packet(other, body));
        }
    }

    fn new_link(&mut self) -> Link {
        self.node.made += 1;
        Link { made: self.node.made, tag: 0 }
    }

    /// The other side of a link from another node.
    fn linked<R: Reactor>(&mut self, r: &mut R, slot: u32, other: Pid, tag: u64) {
        let link = Link { tag, ..self.new_link() };
        self.node.slot_mut(slot).cold.links.insert(other, link);
        r.observe(&Event::Linked { who: self.node.who(slot), other, on: true });
    }

    pub(super) fn monitor<R: Reactor>(
        &mut self,
        r: &mut R,
        me: Pid,
        target: Pid,
        reference: u64,
        packet: &impl Fn(Pid, Body) -> Packet,
    ) {
        // An address of this node that is still one was nobody's at the call, whoever has the name by now.
        let was_nobody = target.is_address() && node_of(target) == self.node.id;
        match if was_nobody { Resolved::Dead } else { self.node.resolve(target) } {
            Resolved::Local(t) => {
                self.node.made += 1;
                let made = self.node.made;
                self.node.slot_mut(t).cold.watched_by.insert((me, reference), made);
            }
            Resolved::Dead => {
                let from = self.node.sender_of(target);
                self.down(r, me, from, reference, &ExitReason::NoProcess, None);
            }
            Resolved::Remote => self.transmit(r, packet(target, Body::Monitor { reference })),
        }
    }

    /// A down for a watcher of this node; nothing if it stopped watching.
    pub(super) fn down<R: Reactor>(
        &mut self,
        r: &mut R,
        watcher: Pid,
        from: Sender,
        reference: u64,
        reason: &ExitReason,
        value: Option<Vec<u8>>,
    ) {
        let Resolved::Local(slot) = self.node.resolve(watcher) else { return };
        if self.node.slot_mut(slot).cold.watching.remove(&reference).is_none() {
            return;
        }
        self.notice(r, slot, from, Flags::DOWN, reference, 0, 0, reason, value);
    }

    /// Queues an exit, down or failed started notice; of an exit, the tag is that of its link.
    #[expect(clippy::too_many_arguments, reason = "the fields of one notice, each from another place")]
    pub(super) fn notice<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        from: Sender,
        flags: Flags,
        correlation: u64,
        tag: u64,
        id: u64,
        reason: &ExitReason,
        value: Option<Vec<u8>>,
    ) {
        let mut payload = std::mem::take(&mut self.node.scratch);
        payload.clear();
        Notice { reason: reason.clone(), value }.encode(&mut payload);
        let to = self.node.pid(slot).to_raw();
        // What no actor sent is numbered by who gets it: its name must not depend on others.
        let unsent = flags.kind() == Flags::EXIT && (id == 0 || id >> 62 != 0);
        let id = if unsent { 0 } else { id };
        let envelope = Envelope { id, from: from.key, to, correlation, tag, len: 0, flags };
        let signal = self.node.arena.insert(envelope, &payload, self.node.step);
        self.node.scratch = payload;
        if unsent {
            let cold = &mut self.node.slot_mut(slot).cold;
            cold.unsent_exits += 1;
            self.node.arena.get_mut(signal).aux = cold.unsent_exits;
        }
        self.enqueue(r, slot, from, signal);
    }

    /// An exit signal arrives (rules E3–E5, E8, E15).
    #[expect(clippy::too_many_arguments, reason = "the fields of one signal, each from another place")]
    pub(super) fn exit_signal<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        from: Sender,
        id: u64,
        reason: ExitReason,
        value: Option<Vec<u8>>,
        carrier: Carrier,
    ) {
        let sender = Pid::from_raw(from.key);
        let s = self.node.slot_mut(slot);
        let tag = match carrier {
            Carrier::Exit => 0,
            Carrier::NoLink { tag } => tag,
            Carrier::Link => match s.cold.links.remove(&sender) {
                Some(link) => link.tag,
                None => return, // it was unlinked while this was on its way
            },
        };
        let by_parent = s.cold.supervised && s.cold.parent == sender;
        s.cold.known |= by_parent;
        if s.stage == Stage::Stopping {
            return;
        }
        if s.trap_exits && (!by_parent || s.cold.supervises) {
            self.notice(r, slot, from, Flags::EXIT, 0, tag, id, &reason, value);
        } else if reason != ExitReason::Normal || by_parent {
            self.begin_stopping(r, slot, Stop { reason, detail: None, by_parent, by_other: true });
        }
    }

    /// A packet from elsewhere.
    pub(super) fn take_packet<R: Reactor>(&mut self, r: &mut R, packet: Packet) {
        let Packet { from: from_pid, path, life, to, id, copy, body } = packet;
        let from = Sender { key: from_pid.to_raw(), path, life };
        let here = self.node.resolve(to);
        let reply = |body| Packet { from: to, path, life, to: from_pid, id: 1 << 62 | id, copy, body };
        let local = match here {
            Resolved::Local(slot) => Some(slot),
            Resolved::Dead | Resolved::Remote => None,
        };
        match (body, local) {
            (Body::Message { correlation, tag, payload }, _) => {
                let envelope = Envelope {
                    id,
                    from: from.key,
                    to: to.to_raw(),
                    correlation,
                    tag,
                    len: 0,
                    flags: Flags::MESSAGE,
                };
                let given = self.node.given.remove(&(from_pid, correlation));
                if let (Some(slot), Some(given)) = (local, given) {
                    self.node.slot_mut(slot).cold.given.insert((from_pid, correlation), given);
                }
                match local {
                    Some(slot) => self.remote_message(r, slot, from, envelope, &payload, copy),
                    None if self.hold_remote(r, from, envelope, &payload, copy) => {}
                    None => {
                        self.lose(r, Lost::Dead, from, &envelope);
                        if correlation != 0 {
                            let tag = RequestFailure::Dead as u64;
                            let body = Body::Answer { correlation, tag, failed: true, payload: Vec::new() };
                            self.transmit(r, reply(body));
                        }
                    }
                }
            }
            (Body::Answer { correlation, tag, failed, payload }, slot) => {
                let flags = if failed { Flags::REPLY.with(Flags::FAILED) } else { Flags::REPLY };
                let envelope =
                    Envelope { id: 0, from: from.key, to: to.to_raw(), correlation, tag, len: 0, flags };
                match slot {
                    Some(slot) if self.close_request(slot, correlation) => {
                        let signal = self.node.arena.insert(envelope, &payload, self.node.step);
                        self.enqueue(r, slot, from, signal);
                    }
                    _ => self.lose(r, Lost::Late, from, &envelope),
                }
            }
            (Body::Exit { reason, value, link }, Some(slot)) => {
                let carrier = if link { Carrier::Link } else { Carrier::Exit };
                self.exit_signal(r, slot, from, id, reason, value, carrier);
            }
            (Body::Kill, Some(slot)) => self.die(r, slot, ExitReason::Killed, None),
            (Body::Link, Some(slot)) => self.linked(r, slot, from_pid, 0),
            (Body::TaggedLink { tag }, Some(slot)) => self.linked(r, slot, from_pid, tag),
            (Body::Link | Body::TaggedLink { .. }, None) => {
                let body = Body::Exit { reason: ExitReason::NoProcess, value: None, link: true };
                self.transmit(r, reply(body));
            }
            (Body::Unlink, Some(slot)) => {
                self.node.slot_mut(slot).cold.links.remove(&from_pid);
            }
            (Body::Monitor { reference }, Some(slot)) => {
                self.node.made += 1;
                let made = self.node.made;
                self.node.slot_mut(slot).cold.watched_by.insert((from_pid, reference), made);
            }
            (Body::Monitor { reference }, None) => {
                let body = Body::Down { reference, reason: ExitReason::NoProcess, value: None };
                self.transmit(r, reply(body));
            }
            (Body::Demonitor { reference }, Some(slot)) => {
                self.node.slot_mut(slot).cold.watched_by.remove(&(from_pid, reference));
            }
            (Body::Down { reference, reason, value }, Some(_)) => {
                self.down(r, to, from, reference, &reason, value)
            }
            (
                Body::Exit { .. } | Body::Kill | Body::Unlink | Body::Demonitor { .. } | Body::Down { .. },
                None,
            ) => {}
            (Body::Socket { .. }, _) => {}
        }
    }

    fn remote_message<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        from: Sender,
        envelope: Envelope,
        payload: &[u8],
        copy: bool,
    ) {
        let asker = Pid::from_raw(envelope.from);
        let to = Pid::from_raw(envelope.to);
        let s = self.node.slot_mut(slot);
        let too_large = payload.len() > s.limits.message_bytes as usize;
        if too_large || (!has_room(s, payload.len()) && s.limits.policy != MailboxPolicy::DropOldest) {
            self.lose(r, Lost::Full, from, &envelope);
            return self.refuse(r, to, asker, envelope.correlation, RequestFailure::Refused);
        }
        s.mailbox.count += 1;
        s.mailbox.bytes += payload.len() as u32;
        if envelope.correlation != 0 {
            s.cold.asked.insert(asker, envelope.correlation);
        }
        let signal = self.node.arena.insert(envelope, payload, self.node.step);
        self.node.arena.get_mut(signal).aux = u32::from(copy);
        self.enqueue(r, slot, from, signal);
        self.make_room(r, slot, from);
    }

    /// A mailbox that drops its oldest took in more than it has room for.
    #[inline(never)]
    pub(super) fn make_room<R: Reactor>(&mut self, r: &mut R, slot: u32, from: Sender) {
        let s = self.node.slot(slot);
        if s.mailbox.count > s.limits.mailbox_count || s.mailbox.bytes > s.limits.mailbox_bytes {
            self.drop_oldest(r, slot, from);
        }
    }

    pub(super) fn lose_node_for<R: Reactor>(&mut self, r: &mut R, slot: u32, lost: NodeId) {
        let s = self.node.slot(slot);
        if s.stage <= Stage::Reserved {
            return;
        }
        let cold = &s.cold;
        let links: Vec<Pid> = cold.links.keys().copied().filter(|p| node_of(*p) == lost).collect();
        let watching: Vec<(u64, Pid)> =
            cold.watching.iter().filter(|(_, p)| node_of(**p) == lost).map(|(k, p)| (*k, *p)).collect();
        let asked: Vec<(u64, Pid)> = cold
            .pending
            .iter()
            .filter_map(|(c, p)| match p {
                Pending::Request { target, .. } if node_of(*target) == lost => Some((*c, *target)),
                _ => None,
            })
            .collect();
        let me = self.node.pid(slot);
        let nowhere = |pid: Pid| Sender { key: pid.to_raw(), path: PathId(0), life: Life(0) };
        // Those there were told the same of this side.
        self.node.slot_mut(slot).cold.watched_by.retain(|(pid, _), _| node_of(*pid) != lost);
        for (correlation, target) in asked {
            self.end_request(r, slot, correlation, target, RequestFailure::NoConnection);
        }
        for (reference, target) in watching {
            self.down(r, me, nowhere(target), reference, &ExitReason::NoConnection, None);
        }
        for other in links {
            if self.node.resolve(me) == Resolved::Local(slot) {
                self.exit_signal(r, slot, nowhere(other), 0, ExitReason::NoConnection, None, Carrier::Link);
            }
        }
    }
}
