//! Actors that wait: which signal of a line goes next, and which lines can (rules G1, G2), effects
//! that are applied in the middle of a turn (rule G8), and waiting for room (rule M10).

use super::Kernel;
use crate::actor::Failed;
use crate::arena::{Arena, NIL};
use crate::context::{Context, has_room};
use crate::event::Lost;
use crate::mail::{LIFECYCLE, Line, Lines, Sender};
use crate::node::{Node, Resolved, Stage};
use crate::reactor::Reactor;
use crate::wait::Filter;
use seedbed_abi::Pid;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Node {
    /// The signal of a line that would be delivered: its head or, of an actor that waits, the first
    /// that it lets in; [`NIL`] if there is none.
    pub(crate) fn next_of(&self, line: u32) -> u32 {
        self.next_of_line(self.lines.get(line))
    }

    #[inline]
    pub(crate) fn next_of_line(&self, line: &Line) -> u32 {
        let slot = self.slot(line.receiver);
        if slot.selective { first_let_in(&self.arena, line, &slot.cold.filter) } else { line.head }
    }

    /// True if the running actor's mail has something that this filter lets in.
    pub(crate) fn has_mail_for(&self, filter: &Filter) -> bool {
        let mailbox = self.slot(self.turn.slot).mailbox;
        let lines = self.lines.of(&mailbox);
        lines.iter().any(|line| first_let_in(&self.arena, self.lines.get(*line), filter) != NIL)
    }
}

#[cold]
fn first_let_in(arena: &Arena, line: &Line, filter: &Filter) -> u32 {
    let mut at = line.head;
    while at != NIL && !filter.lets_in(&arena.get(at).envelope) {
        at = arena.get(at).next;
    }
    at
}

/// Takes the signal out of a line that is delivered now to an actor that waits.
#[cold]
pub(super) fn take_waited_for(lines: &mut Lines, arena: &mut Arena, filter: &Filter, line: u32) -> u32 {
    let signal = first_let_in(arena, lines.get(line), filter);
    let found = lines.unlink(arena, line, signal);
    assert!(found, "an enabled line has a signal that its receiver lets in");
    signal
}

impl Kernel {
    /// An actor that stops does not go on before.
    pub(super) fn forget_to_go_on(&mut self, slot: u32) {
        let Some(line) = self.node.lines.find(slot, LIFECYCLE) else { return };
        while self.node.lines.get(line).head != NIL {
            let signal = self.node.lines.pop(&self.node.arena, line);
            self.node.arena.discard(signal);
        }
    }

    /// Enables or disables a line of a running actor, by what it holds.
    #[cold]
    pub(super) fn reconsider<R: Reactor>(&mut self, r: &mut R, line: u32) {
        let holds = self.node.next_of(line) != NIL;
        match (self.node.lines.get(line).enabled, holds) {
            (false, true) => self.enable(r, line),
            (true, false) => self.disable(r, line),
            // It may be another signal of the line now.
            (true, true) => self.rename(r, line),
            (false, false) => {}
        }
    }

    /// Looks after the lines of an actor that waits, or did until now, when its turn is over. Lines
    /// that could go and still can keep their place in plain order.
    #[cold]
    pub(super) fn settle_waiting<R: Reactor>(&mut self, r: &mut R, line: u32, slot: u32) {
        let running = self.node.slot(slot).stage == Stage::Running;
        let node = &mut self.node;
        let holds = node.lines.settle(line, &mut node.slots[slot as usize].mailbox);
        if running && holds && !self.node.turn.special.refiltered {
            self.reconsider(r, line);
        }
        self.settle_again(r, slot);
    }

    /// The same when the line of the delivery was looked after before.
    #[cold]
    pub(super) fn settle_again<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        if self.node.slot(slot).stage == Stage::Running && self.node.turn.special.refiltered {
            let mailbox = self.node.slot(slot).mailbox;
            for line in self.node.lines.of(&mailbox) {
                self.reconsider(r, line);
            }
        }
        self.settle_thinned(r, slot);
    }

    /// Applies what a turn asked for so far and goes on with it, as often as it asks for that.
    #[cold]
    pub(super) fn go_on_applied<R: Reactor>(
        &mut self,
        r: &mut R,
        line: u32,
        mut done: Result<(), Failed>,
    ) -> Result<(), Failed> {
        let slot = self.node.turn.slot;
        // What is applied may bring mail to the actor itself, and take its lines.
        self.settle(r, line, slot, false);
        while done.is_ok() && std::mem::take(&mut self.node.turn.special.apply_now) {
            self.settle_thinned(r, slot);
            // What is applied may end the actor, and its behaviour with it.
            self.apply_outbox(r, slot);
            let turn = &mut self.node.turn;
            turn.sent_bytes = 0;
            turn.special.links_asked = 0;
            turn.special.name_before = None;
            // What was applied may have come back and ended it.
            let goes_on = matches!(self.node.slot(slot).stage, Stage::Starting | Stage::Running);
            if self.node.turn.special.ended.is_some() || !goes_on {
                break;
            }
            let mut behaviour = self.node.slot_mut(slot).behaviour.take();
            let mut cx = Context { node: &mut self.node, port: r };
            let resumed = catch_unwind(AssertUnwindSafe(|| {
                behaviour.as_mut().expect("it ran a moment ago").resume(&mut cx)
            }));
            self.node.slot_mut(slot).behaviour = behaviour;
            done = self.outcome(resumed);
        }
        done
    }

    /// A message whose sender waits: into the mailbox as soon as there is room.
    pub(super) fn wait_for_room<R: Reactor>(&mut self, r: &mut R, from: Sender, signal: u32) {
        let receiver = self.node.arena.get(signal).aux;
        let s = self.node.slot_mut(receiver);
        if s.stage == Stage::Free {
            // An earlier wish of this turn ended it.
            return self.lose_waiting(r, from, signal);
        }
        s.cold.waiting.push_back((from, signal));
        s.awaited = true;
    }

    /// A turn may have made room for those who wait for it.
    #[cold]
    pub(super) fn give_room<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        while let Some((from, signal)) = self.node.slot(slot).cold.waiting.front().copied() {
            let envelope = self.node.arena.get(signal).envelope;
            let s = self.node.slot_mut(slot);
            if !has_room(s, envelope.len as usize) {
                return;
            }
            s.cold.waiting.pop_front();
            s.mailbox.count += 1;
            s.mailbox.bytes += envelope.len;
            self.node.arena.get_mut(signal).aux = 0;
            self.deliver_any(r, slot, from, signal);
            self.wake(r, Pid::from_raw(envelope.from));
        }
        self.node.slot_mut(slot).awaited = false;
    }

    /// Those who wait for room at an actor that ended go on.
    pub(super) fn bury_waiting<R: Reactor>(&mut self, r: &mut R, slot: u32) {
        let s = self.node.slot_mut(slot);
        s.awaited = false;
        for (from, signal) in std::mem::take(&mut s.cold.waiting) {
            self.lose_waiting(r, from, signal);
        }
    }

    fn lose_waiting<R: Reactor>(&mut self, r: &mut R, from: Sender, signal: u32) {
        let envelope = self.node.arena.get(signal).envelope;
        self.lose(r, Lost::Dead, from, &envelope);
        self.node.arena.discard(signal);
        self.wake(r, Pid::from_raw(envelope.from));
    }

    /// A sender that waited for room goes on; its delivery has the number of the turn that waits.
    fn wake<R: Reactor>(&mut self, r: &mut R, sender: Pid) {
        let Resolved::Local(slot) = self.node.resolve(sender) else { return };
        let s = self.node.slot(slot);
        if s.stage == Stage::Running {
            let turn = s.turns;
            self.push_lifecycle(r, slot, turn);
        }
    }
}
