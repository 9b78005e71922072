//! The end of a dynamic supervisor: all instances at once, with one timer (D7).
//!
//! Its other rules need no code of their own: instances are slots with arguments, found by pid.

use super::machine::{Hand, Job, Machine, Purpose, Turn};
use super::protocol::{Answer, ChildState, Command, Parts, SlotId};
use super::stop::ask_to_stop;
use seedbed_abi::ExitReason;
use seedbed_abi::supervisor::Shutdown;

impl<T: Parts> Machine<T> {
    /// Asks every instance to stop. One that was asked before shares the timer.
    pub(super) fn stop_all(&mut self, turn: &mut Turn<'_, T>) {
        let policy = self.template.as_ref().map_or(Shutdown::Brutal, |template| template.shutdown);
        let mut left = 0;
        for slot in self.slots.ids() {
            let record = self.slots.slot(slot);
            match record.state() {
                ChildState::Running(pid) => match record.died.take() {
                    Some(reason) => {
                        self.note_if_odd(slot, pid, reason, turn);
                        self.settle(slot, turn);
                    }
                    None => {
                        self.set(slot, ChildState::Stopping(pid), turn);
                        ask_to_stop(pid, policy, turn);
                        left += 1;
                    }
                },
                ChildState::Stopping(_) => left += 1,
                ChildState::Restarting { .. } | ChildState::Down | ChildState::Starting(_) => {
                    self.settle(slot, turn);
                }
            }
        }
        if left > 0 {
            let timer = match policy {
                Shutdown::After(after) => Some(self.arm(Purpose::StopTimeout, after, turn)),
                Shutdown::Brutal | Shutdown::Infinity => None,
            };
            self.hand = Hand::StopAll { left, timer };
        }
    }

    pub(super) fn one_of_all_stopped(
        &mut self,
        slot: SlotId,
        pid: T::Pid,
        reason: ExitReason,
        turn: &mut Turn<'_, T>,
    ) {
        let Hand::StopAll { left, timer } = self.hand else { return };
        self.note_if_odd(slot, pid, reason, turn);
        self.settle(slot, turn);
        if let Some((_, caller)) = self.asked.take_if(|(asked, _)| *asked == slot) {
            turn.out.push(Command::Reply { caller, reply: Ok(Answer::Done) });
        }
        self.hand = match left - 1 {
            0 => {
                self.disarm(timer, turn);
                Hand::Free
            }
            left => Hand::StopAll { left, timer },
        };
    }

    /// The shared timer fired.
    pub(super) fn kill_all(&mut self, turn: &mut Turn<'_, T>) {
        if let Hand::StopAll { timer, .. } = &mut self.hand
            && let Some(ticket) = timer.take()
        {
            self.tickets.remove(&ticket);
        }
        for slot in self.slots.ids() {
            if let ChildState::Stopping(pid) = self.slots.slot(slot).state() {
                turn.out.push(Command::Kill { pid });
            }
        }
    }

    /// Puts a stop in hand down, so that the others need not wait for it; its caller still gets
    /// the reply when it is done.
    pub(super) fn release_stop_in_hand(&mut self, turn: &mut Turn<'_, T>) {
        let Hand::Stop { slot, timer, .. } = self.hand else { return };
        self.hand = Hand::Free;
        self.disarm(timer, turn);
        if let Job::Stop { caller } = std::mem::replace(&mut self.job, Job::Idle) {
            self.asked = Some((slot, caller));
        }
    }
}
