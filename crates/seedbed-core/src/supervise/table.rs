//! The slots of a supervisor, in start order.
//!
//! Invariant: the indexes and sums always agree with the slots, so that no exit, stop or count
//! costs more than a look-up, however many children there are.

use super::protocol::{ChildInfo, ChildState, Counts, Parts, SlotId, Ticket};
use seedbed_abi::ExitReason;
use seedbed_abi::supervisor::{ChildId, ChildKind, ChildSpec, Restart};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The record of one child.
#[derive(Clone)]
pub(super) struct Slot<T: Parts> {
    pub(super) spec: Arc<ChildSpec<T::Start>>,
    /// What the instance is started with; `None` for a static child.
    pub(super) args: Option<T::Args>,
    /// How many delays were chosen since the last reset (B3).
    pub(super) delays: u32,
    /// The retry that is waited for while restarting, or the reset of `delays` while running.
    pub(super) ticket: Option<Ticket>,
    /// Why the running child ended, if its notice came while something else was in hand.
    pub(super) died: Option<ExitReason>,
    /// How often its start was begun.
    pub(super) starts: u64,
    state: ChildState<T::Pid>,
    /// The last pid that ran, by which a restarting instance is still known.
    former: Option<T::Pid>,
}

impl<T: Parts> Slot<T> {
    pub(super) fn state(&self) -> ChildState<T::Pid> {
        self.state
    }

    pub(super) fn info(&self) -> ChildInfo<T::Pid> {
        let Slot { spec, state, starts, .. } = self;
        ChildInfo { id: spec.id.clone(), kind: spec.kind, state: *state, starts: *starts }
    }

    /// Temporary children and instances are forgotten when they end for good.
    pub(super) fn is_forgotten(&self) -> bool {
        self.args.is_some() || self.spec.restart == Restart::Temporary
    }
}

/// All slots, and what is known about them without looking.
#[derive(Clone)]
pub(super) struct Table<T: Parts> {
    slots: BTreeMap<SlotId, Slot<T>>,
    by_id: BTreeMap<ChildId, SlotId>,
    by_pid: BTreeMap<T::Pid, SlotId>,
    next: u64,
    running: u64,
    supervisors: u64,
    significant_live: u64,
}

impl<T: Parts> Table<T> {
    pub(super) fn new() -> Table<T> {
        Table {
            slots: BTreeMap::new(),
            by_id: BTreeMap::new(),
            by_pid: BTreeMap::new(),
            next: 0,
            running: 0,
            supervisors: 0,
            significant_live: 0,
        }
    }

    /// Adds a slot at the end (S7). Instances are not found by id: they share the template's.
    pub(super) fn insert(&mut self, spec: Arc<ChildSpec<T::Start>>, args: Option<T::Args>) -> SlotId {
        let id = SlotId(self.next);
        self.next += 1;
        if args.is_none() {
            self.by_id.insert(spec.id.clone(), id);
        }
        self.supervisors += u64::from(spec.kind == ChildKind::Supervisor);
        let state = ChildState::Down;
        let slot = Slot { spec, args, delays: 0, ticket: None, died: None, starts: 0, state, former: None };
        self.slots.insert(id, slot);
        id
    }

    /// Forgets a slot that is down.
    pub(super) fn remove(&mut self, id: SlotId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        assert!(slot.state == ChildState::Down, "a slot with a child must not be forgotten");
        if slot.args.is_none() {
            self.by_id.remove(&slot.spec.id);
        }
        self.supervisors -= u64::from(slot.spec.kind == ChildKind::Supervisor);
    }

    pub(super) fn set(&mut self, id: SlotId, state: ChildState<T::Pid>) {
        let slot = self.slots.get_mut(&id).expect("the machine knows its slots");
        let old = std::mem::replace(&mut slot.state, state);
        let is_instance = slot.args.is_some();
        let to_come = matches!(state, ChildState::Restarting { .. } | ChildState::Starting(_));
        if let Some(pid) = old.pid()
            && Some(pid) != state.pid()
        {
            if is_instance && to_come && matches!(old, ChildState::Running(_)) {
                slot.former = Some(pid);
            } else {
                self.by_pid.remove(&pid);
            }
        }
        if let Some(pid) = state.pid() {
            self.by_pid.insert(pid, id);
        }
        if !to_come && let Some(former) = slot.former.take() {
            self.by_pid.remove(&former);
        }
        let significant = slot.spec.significant;
        self.running = self.running + u64::from(is_running(state)) - u64::from(is_running(old));
        self.significant_live = self.significant_live + u64::from(significant && is_live(state))
            - u64::from(significant && is_live(old));
    }

    /// Replaces a spec by one with the same id.
    pub(super) fn respec(&mut self, id: SlotId, spec: Arc<ChildSpec<T::Start>>) {
        let slot = self.slots.get_mut(&id).expect("the machine knows its slots");
        let live = is_live(slot.state);
        self.supervisors = self.supervisors + u64::from(spec.kind == ChildKind::Supervisor)
            - u64::from(slot.spec.kind == ChildKind::Supervisor);
        self.significant_live = self.significant_live + u64::from(live && spec.significant)
            - u64::from(live && slot.spec.significant);
        slot.spec = spec;
    }

    pub(super) fn get(&self, id: SlotId) -> Option<&Slot<T>> {
        self.slots.get(&id)
    }

    /// A slot that must be there.
    pub(super) fn slot(&mut self, id: SlotId) -> &mut Slot<T> {
        self.slots.get_mut(&id).expect("the machine knows its slots")
    }

    pub(super) fn by_id(&self, id: &str) -> Option<SlotId> {
        self.by_id.get(id).copied()
    }

    /// The slot of a live child, or of a restarting instance that had this pid.
    pub(super) fn by_pid(&self, pid: T::Pid) -> Option<SlotId> {
        self.by_pid.get(&pid).copied()
    }

    /// The first slot from `from` on.
    pub(super) fn first_from(&self, from: SlotId) -> Option<SlotId> {
        self.slots.range(from..).next().map(|(id, _)| *id)
    }

    /// The last slot from `first` on that is before `below`.
    pub(super) fn last_before(&self, first: SlotId, below: SlotId) -> Option<SlotId> {
        self.slots.range(first..below).next_back().map(|(id, _)| *id)
    }

    pub(super) fn ids(&self) -> Vec<SlotId> {
        self.slots.keys().copied().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot<T>> {
        self.slots.values()
    }

    pub(super) fn specs(&self) -> impl Iterator<Item = &ChildSpec<T::Start>> {
        self.slots.values().map(|slot| &*slot.spec)
    }

    /// Significant children that run, or will again (Z2).
    pub(super) fn significant_live(&self) -> u64 {
        self.significant_live
    }

    pub(super) fn children(&self) -> Vec<ChildInfo<T::Pid>> {
        self.slots.values().rev().map(Slot::info).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let all = self.slots.len() as u64;
        Counts {
            specs: all,
            active: self.running,
            supervisors: self.supervisors,
            workers: all - self.supervisors,
        }
    }
}

fn is_running<P>(state: ChildState<P>) -> bool {
    matches!(state, ChildState::Running(_) | ChildState::Stopping(_))
}

fn is_live<P>(state: ChildState<P>) -> bool {
    !matches!(state, ChildState::Down)
}
