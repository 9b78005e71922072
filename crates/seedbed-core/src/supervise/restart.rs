//! What an exit leads to: the decision, the attempt, the group, the retry (rules R, T, I, X, Z, B).

use super::machine::{Job, Machine, Purpose, Stage, Turn, Why};
use super::protocol::{ChildState, Command, Note, Parts, SlotId};
use seedbed_abi::supervisor::{AutoShutdown, Restart, Strategy};
use seedbed_abi::{ExitReason, ReasonClass};

impl<T: Parts> Machine<T> {
    /// A running child ended by itself. The reason decides, not who caused it (R1).
    pub(super) fn ended(&mut self, slot: SlotId, reason: &ExitReason, turn: &mut Turn<'_, T>) {
        let spec = self.slots.slot(slot).spec.clone();
        let restarts = match (spec.restart, reason.class()) {
            (Restart::Permanent, _) | (Restart::Transient, ReasonClass::Abnormal) => true,
            (Restart::Transient, ReasonClass::Normal | ReasonClass::Shutdown) => false,
            (Restart::Temporary, _) => false,
        };
        if !restarts {
            self.settle(slot, turn);
            self.consider_auto_shutdown(spec.significant);
        } else if spec.backoff.is_some() {
            self.block(slot, turn);
        } else {
            self.attempt(slot, turn);
        }
    }

    /// Records an attempt, and makes it if it is allowed (I1).
    pub(super) fn attempt(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        let allowed = self.window.record(turn.now, self.flags.intensity, self.flags.period);
        turn.note(Note::Counted { slot, attempts: self.window.len(), allowed });
        if !allowed {
            self.set(slot, ChildState::Down, turn);
            return self.leave(ExitReason::Shutdown); // I8
        }
        let first = match self.flags.strategy {
            Strategy::OneForOne | Strategy::Dynamic => {
                self.job = Job::One { why: Why::Restart };
                return self.begin_start(slot, turn);
            }
            Strategy::OneForAll => SlotId(0),
            Strategy::RestForOne => slot,
        };
        self.set(slot, ChildState::Down, turn);
        self.job = Job::Group { first, stage: Stage::Stopping { below: SlotId(u64::MAX) } };
    }

    /// One step of a group restart: stops in reverse order, then starts in order (T2, T3).
    pub(super) fn group_step(&mut self, first: SlotId, stage: Stage, turn: &mut Turn<'_, T>) {
        let stage = match stage {
            Stage::Stopping { below } => match self.slots.last_before(first, below) {
                Some(slot) => {
                    self.job = Job::Group { first, stage: Stage::Stopping { below: slot } };
                    return self.begin_stop(slot, turn);
                }
                None => Stage::Starting { from: first },
            },
            starting @ Stage::Starting { .. } => starting,
        };
        let Stage::Starting { from } = stage else { return };
        match self.slots.first_from(from) {
            Some(slot) => {
                self.job = Job::Group { first, stage };
                self.begin_start(slot, turn); // also one that was down before (T4)
            }
            None => self.job = Job::Idle,
        }
    }

    /// A restart has to wait: for the backoff, or for the mail that is there already (X1, B2).
    ///
    /// The next attempt counts like any other (I6). It begins at this slot, which need not be the
    /// one whose death began the restart (X6): one_for_one starts it, rest_for_one goes on from
    /// it, one_for_all begins again (X5).
    pub(super) fn block(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        if self.leaving.is_some() {
            return self.set(slot, ChildState::Down, turn);
        }
        let record = self.slots.slot(slot);
        let Some(backoff) = record.spec.backoff else { return self.retry_soon(slot, turn) };
        let n = record.delays;
        record.delays = n.saturating_add(1);
        let delay = backoff.delay(n, (turn.draw)());
        self.set(slot, ChildState::Restarting { until: Some(turn.now + delay) }, turn);
        turn.note(Note::Backoff { slot, n, delay });
        self.slots.slot(slot).ticket = Some(self.arm(Purpose::Retry(slot), delay, turn));
    }

    /// The supervisor sends itself a retry, and returns to its mail (X1).
    pub(super) fn retry_soon(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        self.set(slot, ChildState::Restarting { until: None }, turn);
        let ticket = self.issue(Purpose::Retry(slot));
        self.slots.slot(slot).ticket = Some(ticket);
        turn.out.push(Command::SendRetryToSelf { ticket });
    }

    /// A child lived for `reset_after` (B3).
    pub(super) fn lived_long(&mut self, slot: SlotId, delays: u32) {
        let record = self.slots.slot(slot);
        record.ticket = None;
        if record.delays == delays && record.died.is_none() {
            record.delays = 0;
        }
    }

    /// A child ended by itself and is not restarted (Z1, Z2).
    fn consider_auto_shutdown(&mut self, significant: bool) {
        let ends = match self.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => significant,
            AutoShutdown::AllSignificant => significant && self.slots.significant_live() == 0,
        };
        if ends {
            self.leave(ExitReason::Shutdown);
        }
    }
}
