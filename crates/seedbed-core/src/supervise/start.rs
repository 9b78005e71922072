//! Starting one child, and what comes of it (rules S, X1, X7, B5).

use super::machine::{Hand, Job, Machine, Purpose, Stage, Turn, Why};
use super::protocol::{Answer, CallError, ChildState, Command, Note, Parts, SlotId};
use seedbed_abi::{ExitReason, Failure};

/// How a start ended (S2).
enum Outcome<P> {
    Started(P),
    Ignored,
    Failed(ExitReason),
}

impl<T: Parts> Machine<T> {
    /// Takes a start in hand.
    pub(super) fn begin_start(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        self.starts += 1;
        self.set(slot, ChildState::Starting(None), turn);
        self.hand = Hand::Start { slot, pid: None, timer: None, overdue: false, late: false };
        let record = self.slots.slot(slot);
        record.starts += 1;
        let (spec, args) = (record.spec.clone(), record.args.clone());
        turn.out.push(Command::Start { slot, spec, args, incarnation: self.starts });
    }

    /// One step of the first start: the next child in list order (S1).
    pub(super) fn first_step(&mut self, from: SlotId, turn: &mut Turn<'_, T>) {
        match self.slots.first_from(from) {
            Some(slot) => {
                self.job = Job::First { from: SlotId(slot.0 + 1) };
                self.begin_start(slot, turn);
            }
            None => {
                self.job = Job::Idle;
                turn.out.push(Command::Ready);
            }
        }
    }

    pub(super) fn spawned(&mut self, child: T::Pid, turn: &mut Turn<'_, T>) {
        let Hand::Start { slot, .. } = self.hand else { return };
        self.set(slot, ChildState::Starting(Some(child)), turn);
        let bound = self.slots.slot(slot).spec.start_timeout;
        let bound = bound.map(|after| self.arm(Purpose::StartTimeout, after, turn));
        self.hand = Hand::Start { slot, pid: Some(child), timer: bound, overdue: false, late: false };
    }

    pub(super) fn started_notice(&mut self, child: T::Pid, turn: &mut Turn<'_, T>) {
        match &mut self.hand {
            // It is being killed: its end is what counts now.
            Hand::Start { pid: Some(pid), overdue: true, late, .. } if *pid == child => *late = true,
            Hand::Start { pid: Some(pid), .. } if *pid == child => {
                self.finish_start(Outcome::Started(child), turn);
            }
            _ => turn.note(Note::Stranger { pid: child }),
        }
    }

    pub(super) fn ignored_notice(&mut self, child: T::Pid, turn: &mut Turn<'_, T>) {
        match self.hand {
            Hand::Start { pid: Some(pid), .. } if pid == child => self.finish_start(Outcome::Ignored, turn),
            _ => turn.note(Note::Stranger { pid: child }),
        }
    }

    pub(super) fn failed_notice(&mut self, child: T::Pid, reason: ExitReason, turn: &mut Turn<'_, T>) {
        match self.hand {
            Hand::Start { pid: Some(pid), .. } if pid == child => self.start_failed(reason, turn),
            _ => turn.note(Note::Stranger { pid: child }),
        }
    }

    /// The child in hand died before its notice came. Links see `Normal` for ignore (semantics S3).
    pub(super) fn starting_died(&mut self, reason: ExitReason, turn: &mut Turn<'_, T>) {
        let Hand::Start { late, .. } = self.hand else { return };
        match reason {
            ExitReason::Normal if !late => self.finish_start(Outcome::Ignored, turn),
            ExitReason::Failed(Failure::StartFailed(cause)) => self.start_failed(*cause, turn),
            reason => self.start_failed(reason, turn),
        }
    }

    pub(super) fn start_failed(&mut self, reason: ExitReason, turn: &mut Turn<'_, T>) {
        self.finish_start(Outcome::Failed(reason), turn);
    }

    /// The start in hand took too long (B5). Like a stop that did, it ends with a kill.
    pub(super) fn start_overdue(&mut self, turn: &mut Turn<'_, T>) {
        let Hand::Start { slot, pid: Some(pid), timer, overdue, .. } = &mut self.hand else { return };
        *overdue = true;
        if let Some(ticket) = timer.take() {
            self.tickets.remove(&ticket);
        }
        turn.note(Note::StartOverdue { slot: *slot, pid: *pid });
        turn.out.push(Command::Kill { pid: *pid });
    }

    fn finish_start(&mut self, outcome: Outcome<T::Pid>, turn: &mut Turn<'_, T>) {
        let Hand::Start { slot, timer, .. } = self.hand else { return };
        self.hand = Hand::Free;
        self.disarm(timer, turn);
        if let Outcome::Started(pid) = outcome {
            self.runs(slot, pid, turn);
        }
        match std::mem::replace(&mut self.job, Job::Idle) {
            job @ Job::First { .. } => {
                self.job = job;
                match outcome {
                    Outcome::Started(_) => {}
                    Outcome::Ignored => self.settle(slot, turn),
                    Outcome::Failed(reason) => self.first_start_failed(slot, &reason, turn),
                }
            }
            Job::One { why } => self.finish_one(slot, why, outcome, turn),
            Job::Group { first, .. } => match outcome {
                Outcome::Failed(_) => self.block(slot, turn),
                Outcome::Started(_) | Outcome::Ignored => {
                    if !matches!(outcome, Outcome::Started(_)) {
                        self.settle(slot, turn);
                    }
                    let stage = Stage::Starting { from: SlotId(slot.0 + 1) };
                    self.job = Job::Group { first, stage };
                }
            },
            _ => unreachable!("a start belongs to one of these jobs"),
        }
    }

    fn finish_one(
        &mut self,
        slot: SlotId,
        why: Why<T::Caller>,
        outcome: Outcome<T::Pid>,
        turn: &mut Turn<'_, T>,
    ) {
        let (caller, added) = match why {
            Why::Added(caller) => (caller, true),
            Why::Again(caller) => (caller, false),
            Why::Restart => {
                return match outcome {
                    Outcome::Started(_) => {}
                    Outcome::Ignored => self.settle(slot, turn), // X7
                    Outcome::Failed(_) => self.block(slot, turn),
                };
            }
        };
        let reply = match outcome {
            Outcome::Started(pid) => Ok(Answer::Started(pid)),
            Outcome::Ignored => {
                self.settle(slot, turn); // S3
                Ok(Answer::Ignored)
            }
            Outcome::Failed(reason) => {
                self.set(slot, ChildState::Down, turn);
                if added {
                    self.slots.remove(slot); // S6
                }
                Err(CallError::StartFailed(reason))
            }
        };
        turn.out.push(Command::Reply { caller, reply });
    }

    /// A failure at first start is not retried (S4).
    fn first_start_failed(&mut self, slot: SlotId, reason: &ExitReason, turn: &mut Turn<'_, T>) {
        let id = &self.slots.slot(slot).spec.id;
        let text = format!("failed to start {id}: {reason}");
        self.set(slot, ChildState::Down, turn);
        self.leave(ExitReason::ShutdownWith(text.into()));
    }

    fn runs(&mut self, slot: SlotId, pid: T::Pid, turn: &mut Turn<'_, T>) {
        self.set(slot, ChildState::Running(pid), turn);
        let record = self.slots.slot(slot);
        let delays = record.delays;
        if let Some(backoff) = record.spec.backoff
            && delays > 0
        {
            let ticket = self.arm(Purpose::Reset(slot, delays), backoff.reset_after, turn);
            self.slots.slot(slot).ticket = Some(ticket);
        }
    }
}
