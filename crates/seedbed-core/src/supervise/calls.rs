//! The call table.
//!
//! Calls are served only while nothing is in hand, so a child is never seen starting or stopping.

use super::machine::{Hand, Job, Machine, Turn, Why};
use super::protocol::{Answer, Call, CallError, ChildState, Command, Parts, Reply, SlotId, Which};
use seedbed_abi::supervisor::{ChildId, ChildSpec};
use std::sync::Arc;

/// What a call leads to: an answer now, or something that takes time.
enum Served<P> {
    Now(Answer<P>),
    Add(SlotId),
    Again(SlotId),
    Stop(SlotId),
}

impl<T: Parts> Machine<T> {
    pub(super) fn call(&mut self, caller: T::Caller, call: Call<T>, turn: &mut Turn<'_, T>) {
        let reply: Reply<T::Pid> = match self.serve_call(call, turn) {
            Ok(Served::Now(answer)) => Ok(answer),
            Ok(Served::Add(slot)) => return self.start_for(slot, Why::Added(caller), turn),
            Ok(Served::Again(slot)) => return self.start_for(slot, Why::Again(caller), turn),
            Ok(Served::Stop(slot)) => {
                self.begin_stop(slot, turn);
                if matches!(self.hand, Hand::Stop { .. }) {
                    self.job = Job::Stop { caller };
                    return;
                }
                Ok(Answer::Done)
            }
            Err(error) => Err(error),
        };
        turn.out.push(Command::Reply { caller, reply });
    }

    fn start_for(&mut self, slot: SlotId, why: Why<T::Caller>, turn: &mut Turn<'_, T>) {
        self.job = Job::One { why };
        self.begin_start(slot, turn);
    }

    fn serve_call(
        &mut self,
        call: Call<T>,
        turn: &mut Turn<'_, T>,
    ) -> Result<Served<T::Pid>, CallError<T::Pid>> {
        match call {
            Call::StartChild(spec) => self.add(spec).map(Served::Add),
            Call::StartInstance(args) => {
                let template = self.template.clone().ok_or(CallError::NotDynamic)?;
                Ok(Served::Add(self.slots.insert(template, Some(args))))
            }
            Call::StopChild(which) => self.find(which).map(|slot| match slot {
                Some(slot) => Served::Stop(slot),
                None => Served::Now(Answer::Done),
            }),
            Call::RestartChild(id) => self.down(&id).map(Served::Again),
            Call::DeleteChild(id) => {
                let slot = self.down(&id)?;
                self.slots.remove(slot);
                Ok(Served::Now(Answer::Done))
            }
            Call::Children => Ok(Served::Now(Answer::Children(self.children()))),
            Call::Child(_) if self.is_dynamic() => Err(CallError::Dynamic),
            Call::Child(id) => {
                self.which(&id).map(|c| Served::Now(Answer::Child(c))).ok_or(CallError::NotFound)
            }
            Call::Counts => Ok(Served::Now(Answer::Counts(self.counts()))),
            Call::Change(plan) => {
                self.change(plan, turn)?;
                Ok(Served::Now(Answer::Done))
            }
        }
    }

    /// A slot for a new child; its spec is checked first, as at the first start (F6, S6).
    fn add(&mut self, spec: ChildSpec<T::Start>) -> Result<SlotId, CallError<T::Pid>> {
        if self.is_dynamic() {
            return Err(CallError::Dynamic);
        }
        spec.check(0, self.flags.auto_shutdown)?;
        match self.slots.by_id(&spec.id).map(|slot| self.slots.slot(slot).state()) {
            None => Ok(self.slots.insert(Arc::new(spec), None)),
            Some(ChildState::Running(pid)) => Err(CallError::AlreadyStarted(pid)),
            Some(_) => Err(CallError::AlreadyPresent),
        }
    }

    /// The slot that a stop names; `None` is a child that is gone already.
    fn find(&self, which: Which<T::Pid>) -> Result<Option<SlotId>, CallError<T::Pid>> {
        match which {
            Which::Id(_) if self.is_dynamic() => Err(CallError::Dynamic),
            Which::Id(id) => self.slots.by_id(&id).map(Some).ok_or(CallError::NotFound),
            Which::Pid { pid, alive } if self.is_dynamic() => match self.slots.by_pid(pid) {
                None if alive => Err(CallError::NotFound),
                slot => Ok(slot),
            },
            Which::Pid { .. } => Err(CallError::NotDynamic),
        }
    }

    /// The slot with this id, if it is down.
    fn down(&mut self, id: &ChildId) -> Result<SlotId, CallError<T::Pid>> {
        if self.is_dynamic() {
            return Err(CallError::Dynamic);
        }
        let slot = self.slots.by_id(id).ok_or(CallError::NotFound)?;
        match self.slots.slot(slot).state() {
            ChildState::Down => Ok(slot),
            ChildState::Restarting { .. } => Err(CallError::Restarting),
            ChildState::Running(_) | ChildState::Starting(_) | ChildState::Stopping(_) => {
                Err(CallError::Running)
            }
        }
    }
}
