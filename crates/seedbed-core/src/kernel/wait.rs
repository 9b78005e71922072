//! Actors that wait: which signal of a line goes next, and which lines can (rules G1, G2).

use super::Kernel;
use crate::arena::NIL;
use crate::mail::{LIFECYCLE, Line};
use crate::node::{Node, Stage};
use crate::reactor::Reactor;
use crate::wait::Filter;

impl Node {
    /// The signal of a line that would be delivered: its head or, of an actor that waits, the first
    /// that it lets in; [`NIL`] if there is none.
    pub(crate) fn next_of(&self, line: u32) -> u32 {
        self.next_of_line(self.lines.get(line))
    }

    #[inline]
    pub(crate) fn next_of_line(&self, line: &Line) -> u32 {
        let slot = self.slot(line.receiver);
        if slot.selective { self.first_let_in(line, &slot.cold.filter) } else { line.head }
    }

    #[cold]
    fn first_let_in(&self, line: &Line, filter: &Filter) -> u32 {
        let mut at = line.head;
        while at != NIL && !filter.lets_in(&self.arena.get(at).envelope) {
            at = self.arena.get(at).next;
        }
        at
    }
}

impl Kernel {
    /// Takes the signal out of a line that is delivered now to an actor that waits.
    #[cold]
    pub(super) fn take_waited_for(&mut self, line: u32) -> u32 {
        let signal = self.node.next_of(line);
        let node = &mut self.node;
        let found = node.lines.unlink(&mut node.arena, line, signal);
        assert!(found, "an enabled line has a signal that its receiver lets in");
        signal
    }

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
        if running && self.node.turn.special.refiltered {
            let mailbox = self.node.slot(slot).mailbox;
            for line in self.node.lines.of(&mailbox) {
                self.reconsider(r, line);
            }
        } else if running && holds {
            self.reconsider(r, line);
        }
        self.settle_thinned(r, slot);
    }
}
