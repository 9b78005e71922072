//! The machine: what is in hand, what it belongs to, and what waits.

use super::intensity::Window;
use super::protocol::{
    Call, ChildInfo, ChildState, Command, Counts, Event, Note, Parts, SlotId, Ticket, Which,
};
use super::table::{Slot, Table};
use seedbed_abi::supervisor::{ChildId, ChildSpec, Flags, Plan, SpecError, Strategy};
use seedbed_abi::{ExitReason, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A supervisor. See the [module](super) for how to drive it.
#[derive(Clone)]
pub struct Machine<T: Parts> {
    pub(super) flags: Flags,
    /// The template of a dynamic supervisor.
    pub(super) template: Option<Arc<ChildSpec<T::Start>>>,
    pub(super) slots: Table<T>,
    pub(super) window: Window,
    pub(super) tickets: BTreeMap<Ticket, Purpose>,
    tickets_issued: u64,
    pub(super) starts: u64,
    deferred: VecDeque<Deferred<T>>,
    pub(super) hand: Hand<T::Pid>,
    pub(super) job: Job<T::Caller>,
    /// Set once the supervisor is to end: its exit reason.
    pub(super) leaving: Option<ExitReason>,
    /// Who asked to stop which instance, while the whole dynamic supervisor stops.
    pub(super) asked: Option<(SlotId, T::Caller)>,
    /// Static children that went down since it was last asked who was given up.
    fell: Vec<(SlotId, Arc<ChildSpec<T::Start>>)>,
}

/// One call of [`Machine::handle`].
pub(super) struct Turn<'a, T: Parts> {
    pub(super) now: Time,
    pub(super) draw: &'a mut dyn FnMut() -> u64,
    pub(super) out: &'a mut Vec<Command<T>>,
}

/// The one thing that is waited for. While there is one, everything else waits.
#[derive(Clone, Copy)]
pub(super) enum Hand<P> {
    Free,
    Start {
        slot: SlotId,
        pid: Option<P>,
        timer: Option<Ticket>,
        /// It took too long and was killed (B5).
        overdue: bool,
        /// It said that it started, but too late.
        late: bool,
    },
    Stop {
        slot: SlotId,
        pid: P,
        timer: Option<Ticket>,
    },
    /// All instances of a dynamic supervisor.
    StopAll {
        left: u64,
        timer: Option<Ticket>,
    },
}

/// What the thing in hand belongs to, and so what comes after it.
#[derive(Clone)]
pub(super) enum Job<C> {
    /// `Init` has not come yet.
    Fresh,
    /// Nothing: what was deferred may go on.
    Idle,
    /// The first start of the plan's children (S1).
    First { from: SlotId },
    /// The start of one child.
    One { why: Why<C> },
    /// A restart of all slots from `first` on (T2, T3).
    Group { first: SlotId, stage: Stage },
    /// A stop of one child that a caller asked for.
    Stop { caller: C },
    /// The end of the supervisor: slots from `below` on have stopped.
    Leave { below: SlotId },
    /// It exited.
    Ended,
}

/// Why one child is started.
#[derive(Clone)]
pub(super) enum Why<C> {
    Added(C),
    Again(C),
    Restart,
}

/// How far a group restart is.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    Stopping { below: SlotId },
    Starting { from: SlotId },
}

/// What a ticket was issued for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A start must be done.
    StartTimeout,
    /// The child in hand, or all instances, must have stopped.
    StopTimeout,
    /// A slot is to be started again.
    Retry(SlotId),
    /// A child lived long enough; its slot had chosen so many delays.
    Reset(SlotId, u32),
}

/// What waits until nothing is in hand, in order of arrival.
#[derive(Clone)]
enum Deferred<T: Parts> {
    Call(T::Caller, Call<T>),
    Retry(Ticket),
    Exit(SlotId, T::Pid),
}

impl<T: Parts> Machine<T> {
    /// A supervisor that has not started yet.
    ///
    /// # Errors
    /// Anything wrong with the plan (F2, F5, F6, F7).
    pub fn new(plan: Plan<T::Start>) -> Result<Machine<T>, SpecError> {
        plan.check()?;
        let mut slots = Table::new();
        let mut template = None;
        for spec in plan.children {
            if plan.flags.strategy == Strategy::Dynamic {
                template = Some(Arc::new(spec));
            } else {
                slots.insert(Arc::new(spec), None);
            }
        }
        Ok(Machine {
            flags: plan.flags,
            template,
            slots,
            window: Window::default(),
            tickets: BTreeMap::new(),
            tickets_issued: 0,
            starts: 0,
            deferred: VecDeque::new(),
            hand: Hand::Free,
            job: Job::Fresh,
            leaving: None,
            asked: None,
            fell: Vec::new(),
        })
    }

    /// Takes what happened, and appends what is to be done.
    ///
    /// `draw` is the supervisor's own random stream, spread over all of u64; it is asked once for
    /// each delay that is chosen, and for nothing else (B1).
    ///
    /// # Panics
    /// If another event comes between a [`Command::Start`] and its answer, or `Init` comes twice:
    /// bugs of the shell.
    pub fn handle(
        &mut self,
        now: Time,
        event: Event<T>,
        draw: &mut dyn FnMut() -> u64,
        out: &mut Vec<Command<T>>,
    ) {
        let turn = &mut Turn { now, draw, out };
        if !matches!(self.job, Job::Ended) {
            self.take(event, turn);
            self.go_on(turn);
        }
    }

    /// The children, in reverse start order; in the middle of things, as they are.
    pub fn children(&self) -> Vec<ChildInfo<T::Pid>> {
        self.slots.children()
    }

    /// The child with this id; instances of a dynamic supervisor have none.
    pub fn which(&self, id: &str) -> Option<ChildInfo<T::Pid>> {
        self.slots.get(self.slots.by_id(id)?).map(Slot::info)
    }

    /// Their numbers.
    pub fn counts(&self) -> Counts {
        let counts = self.slots.counts();
        if self.is_dynamic() { Counts { specs: 1, ..counts } } else { counts }
    }

    /// The id of the child in a slot; of an instance, the template's.
    pub fn id_of(&self, slot: SlotId) -> Option<ChildId> {
        self.slots.get(slot).map(|s| s.spec.id.clone())
    }

    /// The specs of the children that went down since the last call, and will not be started again
    /// without being asked for. During a group restart nobody is: its members will be.
    pub fn given_up(&mut self) -> Vec<Arc<ChildSpec<T::Start>>> {
        if self.fell.is_empty() || matches!(self.job, Job::Group { .. }) {
            return Vec::new();
        }
        let fell = std::mem::take(&mut self.fell);
        let is_down = |slot: SlotId| self.slots.get(slot).is_none_or(|s| s.state() == ChildState::Down);
        fell.into_iter().filter(|(slot, _)| is_down(*slot)).map(|(_, spec)| spec).collect()
    }

    /// Each child with its spec, in start order.
    pub fn records(&self) -> impl Iterator<Item = (ChildInfo<T::Pid>, &ChildSpec<T::Start>)> {
        self.slots.iter().map(|slot| (slot.info(), &*slot.spec))
    }

    /// The specs of its children; the template of a dynamic supervisor once for each instance.
    pub fn specs(&self) -> impl Iterator<Item = &ChildSpec<T::Start>> {
        self.slots.specs()
    }

    /// The template of a dynamic supervisor.
    pub fn template(&self) -> Option<&ChildSpec<T::Start>> {
        self.template.as_deref()
    }

    /// The flags as they are now.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// True once [`Command::Exit`] was given.
    pub fn has_ended(&self) -> bool {
        matches!(self.job, Job::Ended)
    }

    fn take(&mut self, event: Event<T>, turn: &mut Turn<'_, T>) {
        let answers = matches!(event, Event::Spawned { .. } | Event::SpawnRefused { .. });
        let asked = matches!(self.hand, Hand::Start { pid: None, .. });
        assert!(answers == asked, "a start command and its answer must follow each other");
        match event {
            Event::Init => {
                assert!(matches!(self.job, Job::Fresh), "a supervisor starts once");
                self.job = Job::First { from: SlotId(0) };
            }
            Event::Spawned { pid } => self.spawned(pid, turn),
            Event::SpawnRefused { reason } => self.start_failed(reason, turn),
            Event::Started { pid } => self.started_notice(pid, turn),
            Event::Ignored { pid } => self.ignored_notice(pid, turn),
            Event::StartFailed { pid, reason } => self.failed_notice(pid, reason, turn),
            Event::Exited { pid, reason } => self.exited(pid, reason, turn),
            Event::Shutdown { reason } => self.shutdown_wanted(reason, turn),
            Event::TimerFired { ticket } => self.fired(ticket, turn),
            Event::Retry { ticket } => self.defer(Deferred::Retry(ticket)),
            Event::Call { caller, mut call } => {
                // A child that is gone when the call is served will have died meanwhile.
                if let Call::StopChild(Which::Pid { pid, alive }) = &mut call {
                    *alive &= self.slots.by_pid(*pid).is_none();
                }
                self.defer(Deferred::Call(caller, call));
            }
            Event::Unknown => turn.note(Note::UnknownMessage),
        }
    }

    /// Works until something is in hand, or nothing is left to do.
    fn go_on(&mut self, turn: &mut Turn<'_, T>) {
        while matches!(self.hand, Hand::Free) {
            if self.leaving.is_some() && !matches!(self.job, Job::Leave { .. } | Job::Ended) {
                self.deferred.clear();
                self.begin_leave(turn);
                continue;
            }
            match self.job {
                Job::Fresh | Job::Ended => return,
                Job::Idle => match self.deferred.pop_front() {
                    Some(deferred) => self.serve(deferred, turn),
                    None => return,
                },
                Job::First { from } => self.first_step(from, turn),
                Job::Group { first, stage } => self.group_step(first, stage, turn),
                Job::Leave { below } => self.leave_step(below, turn),
                Job::One { .. } | Job::Stop { .. } => unreachable!("these jobs end with what is in hand"),
            }
        }
    }

    /// An exit, or a down, of anyone.
    fn exited(&mut self, pid: T::Pid, reason: ExitReason, turn: &mut Turn<'_, T>) {
        let Some(slot) = self.slots.by_pid(pid) else { return turn.note(Note::Stranger { pid }) };
        match (self.hand, self.slots.slot(slot).state()) {
            (Hand::Start { pid: Some(starting), .. }, _) if starting == pid => {
                self.starting_died(reason, turn);
            }
            (Hand::Stop { pid: stopping, .. }, _) if stopping == pid => self.stopped(slot, reason, turn),
            (Hand::StopAll { .. }, ChildState::Stopping(stopping)) if stopping == pid => {
                self.one_of_all_stopped(slot, pid, reason, turn);
            }
            (_, ChildState::Running(running)) if running == pid && self.slots.slot(slot).died.is_none() => {
                self.slots.slot(slot).died = Some(reason);
                self.defer(Deferred::Exit(slot, pid));
            }
            _ => turn.note(Note::Stranger { pid }),
        }
    }

    fn fired(&mut self, ticket: Ticket, turn: &mut Turn<'_, T>) {
        match self.tickets.get(&ticket).copied() {
            None => turn.note(Note::Stale { ticket }),
            Some(Purpose::Retry(_)) => self.defer(Deferred::Retry(ticket)),
            Some(Purpose::StartTimeout) => self.start_overdue(turn),
            Some(Purpose::StopTimeout) => self.stop_overdue(turn),
            Some(Purpose::Reset(slot, delays)) => {
                self.tickets.remove(&ticket);
                self.lived_long(slot, delays);
            }
        }
    }

    /// A supervisor that is to end serves nobody any more (D8).
    fn defer(&mut self, deferred: Deferred<T>) {
        if self.leaving.is_none() {
            self.deferred.push_back(deferred);
        }
    }

    fn serve(&mut self, deferred: Deferred<T>, turn: &mut Turn<'_, T>) {
        match deferred {
            Deferred::Call(caller, call) => self.call(caller, call, turn),
            Deferred::Retry(ticket) => match self.tickets.get(&ticket).copied() {
                Some(Purpose::Retry(slot)) => {
                    self.tickets.remove(&ticket);
                    self.attempt(slot, turn);
                }
                _ => turn.note(Note::Stale { ticket }),
            },
            Deferred::Exit(slot, pid) => {
                // A group restart or a stop may have dealt with this death already (T7, D3).
                if self.slots.get(slot).is_some_and(|s| s.state() == ChildState::Running(pid))
                    && let Some(reason) = self.slots.slot(slot).died.take()
                {
                    self.ended(slot, &reason, turn);
                }
            }
        }
    }

    /// Moves a slot to another state; what the old state waited for is cancelled (X3, X4).
    pub(super) fn set(&mut self, slot: SlotId, state: ChildState<T::Pid>, turn: &mut Turn<'_, T>) {
        let record = self.slots.slot(slot);
        let timed = !matches!(record.state(), ChildState::Restarting { until: None });
        if let Some(ticket) = record.ticket.take()
            && self.tickets.remove(&ticket).is_some()
            && timed
        {
            turn.out.push(Command::CancelTimer { ticket });
        }
        let record = self.slots.slot(slot);
        if state == ChildState::Down && record.state() != ChildState::Down && record.args.is_none() {
            self.fell.push((slot, record.spec.clone()));
        }
        self.slots.set(slot, state);
    }

    /// Moves a slot to `Down`, and forgets it if such a child is forgotten.
    pub(super) fn settle(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        self.set(slot, ChildState::Down, turn);
        if self.slots.slot(slot).is_forgotten() {
            self.slots.remove(slot);
        }
    }

    pub(super) fn issue(&mut self, purpose: Purpose) -> Ticket {
        self.tickets_issued += 1;
        let ticket = Ticket(self.tickets_issued);
        self.tickets.insert(ticket, purpose);
        ticket
    }

    pub(super) fn arm(&mut self, purpose: Purpose, after: Duration, turn: &mut Turn<'_, T>) -> Ticket {
        let ticket = self.issue(purpose);
        turn.out.push(Command::ArmTimer { ticket, after });
        ticket
    }

    pub(super) fn disarm(&mut self, timer: Option<Ticket>, turn: &mut Turn<'_, T>) {
        if let Some(ticket) = timer
            && self.tickets.remove(&ticket).is_some()
        {
            turn.out.push(Command::CancelTimer { ticket });
        }
    }

    /// The supervisor is to end. The first reason stays.
    pub(super) fn leave(&mut self, reason: ExitReason) {
        self.leaving.get_or_insert(reason);
    }

    pub(super) fn is_dynamic(&self) -> bool {
        self.template.is_some()
    }
}

impl<T: Parts> Turn<'_, T> {
    pub(super) fn note(&mut self, note: Note<T::Pid>) {
        self.out.push(Command::Note(note));
    }
}
