//! Stopping one child, and the supervisor with all its children (rules D, I8, X4).

use super::machine::{Hand, Job, Machine, Purpose, Turn};
use super::protocol::{Answer, ChildState, Command, Note, Parts, SlotId};
use seedbed_abi::ExitReason;
use seedbed_abi::supervisor::{Restart, Shutdown};

impl<T: Parts> Machine<T> {
    /// Stops the child of a slot, if it has one; what has none is settled at once.
    ///
    /// Returns with the stop in hand, or with the slot down.
    pub(super) fn begin_stop(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        let record = self.slots.slot(slot);
        let ChildState::Running(pid) = record.state() else { return self.settle(slot, turn) };
        let policy = record.spec.shutdown;
        if let Some(reason) = record.died.take() {
            self.note_if_odd(slot, pid, reason, turn); // D3
            return self.settle(slot, turn);
        }
        self.set(slot, ChildState::Stopping(pid), turn);
        ask_to_stop(pid, policy, turn);
        let timer = match policy {
            Shutdown::After(after) => Some(self.arm(Purpose::StopTimeout, after, turn)),
            Shutdown::Brutal | Shutdown::Infinity => None,
        };
        self.hand = Hand::Stop { slot, pid, timer };
    }

    /// What was to stop has not, in its time: kill it, then wait without limit (D2).
    pub(super) fn stop_overdue(&mut self, turn: &mut Turn<'_, T>) {
        match &mut self.hand {
            Hand::Stop { pid, timer, .. } => {
                if let Some(ticket) = timer.take() {
                    self.tickets.remove(&ticket);
                }
                turn.out.push(Command::Kill { pid: *pid });
            }
            Hand::StopAll { .. } => self.kill_all(turn),
            Hand::Free | Hand::Start { .. } => unreachable!("a stop's timer goes with the stop"),
        }
    }

    /// The child in hand stopped.
    pub(super) fn stopped(&mut self, slot: SlotId, reason: ExitReason, turn: &mut Turn<'_, T>) {
        let Hand::Stop { pid, timer, .. } = self.hand else { return };
        self.hand = Hand::Free;
        self.disarm(timer, turn);
        self.note_if_odd(slot, pid, reason, turn);
        self.settle(slot, turn);
        match std::mem::replace(&mut self.job, Job::Idle) {
            Job::Stop { caller } => turn.out.push(Command::Reply { caller, reply: Ok(Answer::Done) }),
            job => self.job = job,
        }
    }

    /// Someone wants the supervisor to end. A start in hand is waited for, and so is a stop; but
    /// the instances of a dynamic supervisor all stop at once, also beside one that stops already.
    pub(super) fn shutdown_wanted(&mut self, reason: ExitReason, turn: &mut Turn<'_, T>) {
        self.leave(reason);
        if self.is_dynamic() {
            self.release_stop_in_hand(turn);
        }
    }

    pub(super) fn begin_leave(&mut self, turn: &mut Turn<'_, T>) {
        self.job = Job::Leave { below: SlotId(u64::MAX) };
        if self.is_dynamic() {
            return self.stop_all(turn);
        }
        for slot in self.slots.ids() {
            if matches!(self.slots.slot(slot).state(), ChildState::Restarting { .. }) {
                self.set(slot, ChildState::Down, turn); // X4
            }
        }
    }

    /// One step of the end: the last child that still runs (D7).
    pub(super) fn leave_step(&mut self, below: SlotId, turn: &mut Turn<'_, T>) {
        if let Some(slot) = self.slots.last_before(SlotId(0), below) {
            self.job = Job::Leave { below: slot };
            return self.begin_stop(slot, turn);
        }
        self.job = Job::Ended;
        self.tickets.clear();
        let reason = self.leaving.clone().unwrap_or(ExitReason::Shutdown);
        turn.out.push(Command::Exit { reason });
    }

    /// Reports a reason that a stop does not account for (D5); the table is OTP's.
    pub(super) fn note_if_odd(
        &mut self,
        slot: SlotId,
        pid: T::Pid,
        reason: ExitReason,
        turn: &mut Turn<'_, T>,
    ) {
        let spec = &self.slots.slot(slot).spec;
        let brutal = spec.shutdown == Shutdown::Brutal;
        let permanent = spec.restart == Restart::Permanent;
        let accounted_for = match reason {
            ExitReason::Killed => brutal,
            ExitReason::Shutdown => !brutal || !permanent,
            ExitReason::Normal | ExitReason::ShutdownWith(_) => !permanent,
            _ => false,
        };
        if !accounted_for {
            turn.note(Note::OddReason { slot, pid, reason });
        }
    }
}

/// Monitors a child, so that its end is told whatever it did to its links (D1, D4), and sends it
/// what its policy says first.
pub(super) fn ask_to_stop<T: Parts>(pid: T::Pid, policy: Shutdown, turn: &mut Turn<'_, T>) {
    turn.out.push(Command::Monitor { pid });
    turn.out.push(match policy {
        Shutdown::Brutal => Command::Kill { pid },
        Shutdown::After(_) | Shutdown::Infinity => Command::Shutdown { pid },
    });
}
