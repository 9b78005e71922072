//! Mail for a name that nobody has: held, released, given up (rules H).

use super::Kernel;
use crate::context::has_room;
use crate::event::Lost;
use crate::limits::MailboxPolicy;
use crate::mail::Sender;
use crate::node::{Resolved, Stage};
use crate::packet::{Body, Packet};
use crate::pid::{Target, name_hash, target_of};
use crate::reactor::Reactor;
use seedbed_abi::supervisor::Hold;
use seedbed_abi::{Envelope, Pid, RequestFailure};

/// The hash of the name that an address means.
pub(crate) fn hash_of(to: Pid) -> Option<u64> {
    match target_of(to) {
        Target::Name { hash, .. } => Some(hash),
        Target::Actor { .. } | Target::Nobody => None,
    }
}

impl Kernel {
    /// A supervisor started a child whose name's mail is held.
    pub(super) fn keep_name(&mut self, keeper: Pid, keeper_slot: u32, child: u32, max: Hold) {
        let Some(name) = self.node.slot(child).cold.name.clone() else { return };
        let hash = self.node.holds.keep(&name, keeper, max);
        self.node.slot_mut(keeper_slot).cold.keeps.insert(hash);
    }

    /// A message for a name, for which the turn that sent it found nobody and room.
    pub(super) fn hold<R: Reactor>(&mut self, r: &mut R, from: Sender, signal: u32) {
        let envelope = self.node.arena.get(signal).envelope;
        let to = Pid::from_raw(envelope.to);
        let found = self.node.resolve(to);
        let held = hash_of(to).and_then(|hash| self.node.holds.get_mut(hash));
        match (held, found) {
            // An earlier wish of this turn may have given the name away.
            (held, Resolved::Local(slot)) => {
                if let Some(held) = held {
                    held.release(envelope.len);
                }
                self.admit(r, slot, from, signal);
            }
            (Some(held), _) => held.mail.push_back((from, signal)),
            (None, _) => self.lose_held(r, from, signal, Lost::Dead, RequestFailure::Dead),
        }
    }

    /// A message from another node for a name that nobody has; true if it is held.
    pub(super) fn hold_remote<R: Reactor>(
        &mut self,
        r: &mut R,
        from: Sender,
        envelope: Envelope,
        payload: &[u8],
        copy: bool,
    ) -> bool {
        let to = Pid::from_raw(envelope.to);
        let Some(held) = hash_of(to).and_then(|hash| self.node.holds.get_mut(hash)) else { return false };
        if held.has_room(payload.len()) {
            held.reserve(payload.len() as u32);
            let signal = self.node.arena.insert(envelope, payload, self.node.step);
            self.node.arena.get_mut(signal).aux = u32::from(copy);
            held.mail.push_back((from, signal));
        } else {
            self.lose(r, Lost::Full, from, &envelope);
            self.refuse_for_nobody(r, from, &envelope, copy, RequestFailure::Refused);
        }
        true
    }

    /// The actor in `slot` has its name from now on: what was held for it enters its mailbox (rule H3).
    pub(super) fn release_held<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        if self.node.holds.is_empty() {
            return;
        }
        let Some(name) = &self.node.slot(slot).cold.name else { return };
        let Some(held) = self.node.holds.get_mut(name_hash(name)) else { return };
        let mail = std::mem::take(&mut held.mail);
        (held.count, held.bytes) = (0, 0);
        for (from, signal) in mail {
            self.admit(r, slot, from, signal);
        }
    }

    /// A signal that was held enters a mailbox, or finds no room at its door (rule M8).
    fn admit<R: Reactor>(&mut self, r: &mut R, slot: u32, from: Sender, signal: u32) {
        let envelope = self.node.arena.get(signal).envelope;
        let len = envelope.len as usize;
        let s = self.node.slot_mut(slot);
        let too_large = len > s.limits.message_bytes as usize;
        if too_large || (!has_room(s, len) && s.limits.policy != MailboxPolicy::DropOldest) {
            return self.lose_held(r, from, signal, Lost::Full, RequestFailure::Refused);
        }
        s.mailbox.count += 1;
        s.mailbox.bytes += envelope.len;
        if envelope.correlation != 0 {
            s.cold.asked.insert(Pid::from_raw(envelope.from), envelope.correlation);
        }
        self.enqueue(r, slot, from, signal);
        self.make_room(r, slot, from);
    }

    /// What the mailbox of an actor that did not come to run holds for its name, is held again
    /// (rule H4). The name is gone already; gives false if the signal is not of that kind.
    pub(super) fn hold_again<R: Reactor>(
        &mut self,
        r: &mut R,
        slot: u32,
        hash: u64,
        from: Sender,
        signal: u32,
    ) -> bool {
        let envelope = self.node.arena.get(signal).envelope;
        if hash_of(Pid::from_raw(envelope.to)) != Some(hash) {
            return false;
        }
        let Some(held) = self.node.holds.get_mut(hash) else { return false };
        let asker = Pid::from_raw(envelope.from);
        if held.has_room(envelope.len as usize) {
            held.reserve(envelope.len);
            held.mail.push_back((from, signal));
            self.node.slot_mut(slot).cold.asked.remove(asker, envelope.correlation);
        } else {
            self.node.slot_mut(slot).cold.asked.remove(asker, envelope.correlation);
            self.lose_held(r, from, signal, Lost::Full, RequestFailure::Refused);
        }
        true
    }

    /// The name whose mail goes back to where it was held, if this actor does not come to run.
    pub(super) fn held_name(&self, slot: u32) -> Option<u64> {
        let s = self.node.slot(slot);
        if self.node.holds.is_empty() || s.stage != Stage::Starting {
            return None;
        }
        let hash = name_hash(s.cold.name.as_ref()?);
        self.node.holds.get(hash).map(|_| hash)
    }

    /// Nothing is held for a name any more; what was, is mail for nobody (rule H5).
    pub(super) fn end_hold<R: Reactor>(&mut self, r: &mut R, hash: u64) {
        let Some(held) = self.node.holds.remove(hash) else { return };
        if let Resolved::Local(keeper) = self.node.resolve(held.keeper) {
            self.node.slot_mut(keeper).cold.keeps.remove(&hash);
        }
        for (from, signal) in held.mail {
            self.lose_held(r, from, signal, Lost::Dead, RequestFailure::Dead);
        }
    }

    fn lose_held<R: Reactor>(
        &mut self,
        r: &mut R,
        from: Sender,
        signal: u32,
        why: Lost,
        failure: RequestFailure,
    ) {
        let held = self.node.arena.get(signal);
        let (envelope, copy) = (held.envelope, held.aux == 1);
        self.lose(r, why, from, &envelope);
        self.node.arena.discard(signal);
        self.refuse_for_nobody(r, from, &envelope, copy, failure);
    }

    /// Ends a request to an address in the place of whoever may have the name: under the name of what is
    /// answered, as a node answers for somebody that is not there.
    fn refuse_for_nobody<R: Reactor>(
        &mut self,
        r: &mut R,
        from: Sender,
        envelope: &Envelope,
        copy: bool,
        failure: RequestFailure,
    ) {
        let (to, asker) = (Pid::from_raw(envelope.to), Pid::from_raw(envelope.from));
        if envelope.correlation != 0 && self.node.resolve(asker) == Resolved::Remote {
            let (path, life, id) = (from.path, from.life, 1 << 62 | envelope.id);
            let (correlation, tag) = (envelope.correlation, failure as u64);
            let body = Body::Answer { correlation, tag, failed: true, payload: Vec::new() };
            self.transmit(r, Packet { from: to, path, life, to: asker, id, copy, body });
        } else {
            self.refuse(r, to, asker, envelope.correlation, failure);
        }
    }
}
