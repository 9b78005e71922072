//! How an actor ends (rules E2, E7, E12, L3, L4).

use super::Kernel;
use super::arrive::Carrier;
use crate::actor::Detail;
use crate::arena::NIL;
use crate::event::{Event, Lost};
use crate::mail::{LIFECYCLE, Sender};
use crate::node::{Pending, Resolved, Stage, Stop, Watch};
use crate::packet::{Body, Packet};
use crate::path::Life;
use crate::reactor::Reactor;
use crate::timer::TimerState;
use seedbed_abi::{Envelope, ExitReason, Flags, Pid, RequestFailure, StartOutcome};

impl Kernel {
    /// An actor is to stop: its `on_stop` becomes its only delivery. One that has not finished its
    /// start ends at once.
    pub(super) fn begin_stopping<R: Reactor>(&mut self, r: &mut R, slot: u32, stop: Stop) {
        match self.node.slot(slot).stage {
            Stage::Starting => self.die(r, slot, stop.reason, stop.detail),
            // A supervisor that is asked from outside to stop first stops its children, in turns of its own.
            Stage::Running if stop.by_other && self.node.slot(slot).cold.supervises => {
                let from = Sender { key: Pid::NOBODY.to_raw(), path: self.node.path, life: Life(0) };
                self.notice(r, slot, from, Flags::EXIT, 0, 0, 0, &stop.reason, None);
            }
            Stage::Running => {
                r.observe(&Event::Stopping { who: self.node.who(slot), reason: &stop.reason });
                let mailbox = self.node.slot(slot).mailbox;
                for line in self.node.lines.of(&mailbox) {
                    if self.node.lines.get(line).enabled {
                        self.disable(r, line);
                    }
                }
                self.forget_to_go_on(slot);
                let s = self.node.slot_mut(slot);
                s.stage = Stage::Stopping;
                s.cold.stop = Some(stop);
                self.push_lifecycle(r, slot, 0);
            }
            Stage::Free | Stage::Reserved | Stage::Stopping => {}
        }
    }

    /// Tells who asked to be told how a start went (rule S4).
    pub(super) fn notify_start<R: Reactor>(&mut self, r: &mut R, slot: u32, outcome: StartOutcome) {
        let Some(parent) = self.node.slot_mut(slot).cold.notify.take() else { return };
        let Resolved::Local(p) = self.node.resolve(parent) else { return };
        let from = self.node.sender(slot);
        match outcome {
            StartOutcome::Failed(reason) => {
                self.node.slot_mut(slot).cold.known = true;
                self.notice(r, p, from, Flags::STARTED.with(Flags::FAILED), 0, 0, 1, &reason, None);
            }
            outcome => {
                let tag = u64::from(outcome == StartOutcome::Ignored);
                let to = parent.to_raw();
                let envelope = Envelope {
                    id: 1,
                    from: from.key,
                    to,
                    correlation: 0,
                    tag,
                    len: 0,
                    flags: Flags::STARTED,
                };
                let signal = self.node.arena.insert(envelope, &[], self.node.step);
                self.enqueue(r, p, from, signal);
            }
        }
    }

    /// Ends an actor now.
    pub(super) fn die<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        reason: ExitReason,
        detail: Option<Detail>,
    ) {
        self.die_with(r, slot, reason, detail, None);
    }

    pub(super) fn die_with<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        reason: ExitReason,
        detail: Option<Detail>,
        value: Option<Vec<u8>>,
    ) {
        if self.node.turn.applying && slot == self.node.turn.slot {
            // A wish of its own came back; the others are applied all the same (rule T2).
            self.node.turn.mark().ended.get_or_insert(reason);
            return;
        }
        if self.node.slot(slot).cold.notify.is_some() {
            // Who waits for a start that will never be done, is told so.
            self.notify_start(r, slot, StartOutcome::Failed(reason.clone()));
        }
        let me = self.node.pid(slot);
        let from = self.node.sender(slot);
        let held_name = self.held_name(slot);
        self.release(r, slot);
        let s = self.node.slot_mut(slot);
        s.stage = Stage::Free;
        let value = value.or(s.cold.value.take());
        let told = !s.cold.watched_by.is_empty() || s.cold.known;
        let seen = told || self.node.slot(slot).cold.links.keys().any(|other| !self.ends_with(*other, me));
        let who = self.node.who(slot);
        r.observe(&Event::Exited {
            who,
            reason: &reason,
            detail: detail.as_ref(),
            seen,
            cause: self.node.step,
        });
        self.bury_mail(r, slot, me, held_name);
        self.bury_waiting(r, slot);
        for hash in std::mem::take(&mut self.node.slot_mut(slot).cold.keeps) {
            self.end_hold(r, hash);
        }
        self.forget_watched(r, slot, me, from);
        let cold = &self.node.slot(slot).cold;
        if let Resolved::Local(parent) = self.node.resolve(cold.parent) {
            self.node.slot_mut(parent).cold.strays.remove(&me);
        }
        self.tell(r, slot, me, from, &reason, value.as_ref());
        self.node.vacate(slot);
    }

    /// True for a child of this supervisor: it ends with it, so it is nobody who sees to its failure.
    fn ends_with(&self, child: Pid, supervisor: Pid) -> bool {
        let Resolved::Local(slot) = self.node.resolve(child) else { return false };
        let cold = &self.node.slot(slot).cold;
        cold.supervised && cold.parent == supervisor
    }

    /// Names and timers go before anybody is told (rule E12).
    fn release<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        if let Some(name) = self.node.slot_mut(slot).cold.name.take() {
            self.node.names.release(&name);
            r.observe(&Event::Unregistered { who: self.node.who(slot), name: &name });
        }
        let node = &mut self.node;
        let cold = &mut node.slots[slot as usize].cold;
        for (_, timer) in cold.timers.drain() {
            if let TimerState::Armed(armed) = timer.state {
                node.timers.cancel(armed);
            }
        }
        for (_, pending) in cold.pending.drain() {
            if let Pending::Request { timeout, .. } = pending {
                node.timers.cancel(timeout);
            }
        }
    }

    /// Mail becomes dead letters, and requests are answered *dead* (rule M9); what is for a name whose
    /// mail is held, is held again (rule H4).
    fn bury_mail<R: Reactor>(&mut self, r: &mut R, slot: u32, me: Pid, held_name: Option<u64>) {
        let mailbox = self.node.slot(slot).mailbox;
        for line in self.node.lines.of(&mailbox) {
            if self.node.lines.get(line).enabled {
                self.disable(r, line);
            }
            let l = self.node.lines.get(line);
            let (lifecycle, from) = (l.key == LIFECYCLE, Sender { key: l.key, path: l.path, life: l.life });
            while self.node.lines.get(line).head != NIL {
                let signal = self.node.lines.pop(&self.node.arena, line);
                let envelope = self.node.arena.get(signal).envelope;
                let is_message = !lifecycle && envelope.flags == Flags::MESSAGE;
                if is_message
                    && let Some(hash) = held_name
                    && self.hold_again(r, slot, hash, from, signal)
                {
                    continue;
                }
                if is_message {
                    self.lose(r, Lost::Dead, from, &envelope);
                }
                self.node.arena.discard(signal);
            }
        }
        let node = &mut self.node;
        node.lines.clear(&mut node.slots[slot as usize].mailbox);
        for (asker, correlation) in self.node.slot_mut(slot).cold.asked.take_all() {
            self.refuse(r, me, asker, correlation, RequestFailure::Dead);
        }
    }

    /// Those it watched need not tell it any more.
    fn forget_watched<R: Reactor>(&mut self, r: &mut R, slot: u32, me: Pid, from: Sender) {
        for (reference, target) in self.node.slot_mut(slot).cold.watching.drain() {
            match self.node.resolve(target) {
                Resolved::Local(t) => {
                    self.node.slot_mut(t).cold.watched_by.remove(&(me, reference));
                }
                Resolved::Remote => {
                    let body = Body::Demonitor { reference };
                    self.transmit(
                        r,
                        Packet {
                            from: me,
                            path: from.path,
                            life: from.life,
                            to: target,
                            id: 0,
                            copy: false,
                            body,
                        },
                    );
                }
                Resolved::Dead => {}
            }
        }
    }

    /// Exits and downs, in the order in which links and monitors were made (rules E2, E13); then those
    /// whose supervisor it was, and who are not linked (rule L6).
    fn tell<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        me: Pid,
        from: Sender,
        reason: &ExitReason,
        value: Option<&Vec<u8>>,
    ) {
        let mut watches = std::mem::take(&mut self.node.watches);
        let cold = &mut self.node.slot_mut(slot).cold;
        let mut strays = std::mem::take(&mut cold.strays);
        strays.retain(|pid, ()| !cold.links.contains_key(pid));
        watches.extend(cold.links.drain().map(|(pid, link)| (link.made, Watch::Link(pid))));
        watches.extend(cold.watched_by.drain().map(|((pid, n), made)| (made, Watch::Monitor(pid, n))));
        watches.sort_by_key(|(made, _)| *made);
        for (_, watch) in watches.drain(..) {
            let value = value.cloned();
            let packet = |to, body| Packet {
                from: me,
                path: from.path,
                life: from.life,
                to,
                id: 0,
                copy: false,
                body,
            };
            match watch {
                Watch::Link(other) => match self.node.resolve(other) {
                    Resolved::Local(o) => {
                        let s = self.node.slot_mut(slot);
                        s.sent += 1;
                        let id = s.sent;
                        self.exit_signal(r, o, from, id, reason.clone(), value, Carrier::Link);
                    }
                    Resolved::Remote => {
                        let body = Body::Exit { reason: reason.clone(), value, link: true };
                        self.transmit(r, packet(other, body));
                    }
                    Resolved::Dead => {}
                },
                Watch::Monitor(watcher, reference) => match self.node.resolve(watcher) {
                    Resolved::Local(_) => self.down(r, watcher, from, reference, reason, value),
                    Resolved::Remote => {
                        let body = Body::Down { reference, reason: reason.clone(), value };
                        self.transmit(r, packet(watcher, body));
                    }
                    Resolved::Dead => {}
                },
            }
        }
        self.node.watches = watches;
        for (stray, ()) in strays {
            if let Resolved::Local(o) = self.node.resolve(stray) {
                let s = self.node.slot_mut(slot);
                s.sent += 1;
                let id = s.sent;
                self.exit_signal(r, o, from, id, reason.clone(), None, Carrier::Exit);
            }
        }
    }
}
