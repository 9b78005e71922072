//! Which turns happened before which: an actor's own turns in order, and a signal after its cause.

use super::Broke;
use crate::record::{Actor, Happening, Head, ParcelBody, Record};
use crate::trace::Trace;
use seedbed_core::{ExitReason, PathId, Pid, SignalKind, SignalName};
use std::collections::{BTreeMap, BTreeSet};

/// The end of the chain: indices of the records in which the property was lost.
pub(super) struct Targets {
    pub(super) records: Vec<usize>,
}

/// The steps that happened before the targets, and whose turns they are.
pub(super) struct Slice {
    steps: BTreeSet<u64>,
    paths: BTreeSet<PathId>,
}

/// The most facts that a chain ends in.
const FACTS_MAX: usize = 3;

/// Where the property was lost: the condition that did not hold, the end that nobody handled, the last
/// changes of the facts that it reads, or else the last turn.
pub(super) fn targets(trace: &Trace, broke: &Broke<'_>) -> Targets {
    let last = |wanted: &dyn Fn(&Record) -> bool| {
        let index = trace.records.iter().rposition(|r| r.step <= broke.step && wanted(r));
        index.map(|index| Targets { records: vec![index] })
    };
    let condition = |r: &Record| matches!(&r.what, Happening::Condition { name, always: true, holds: false, .. } if name == broke.property);
    let unhandled = |r: &Record| {
        let Happening::Exited { reason, seen: false, .. } = &r.what else { return false };
        r.step == broke.step && matches!(reason, ExitReason::Failed(_))
    };
    let turn = |r: &Record| matches!(r.what, Happening::Turn { .. });
    last(&condition)
        .or_else(|| broke.read.is_empty().then(|| last(&unhandled)).flatten())
        .or_else(|| facts(trace, broke))
        .or_else(|| last(&turn))
        .unwrap_or(Targets { records: Vec::new() })
}

/// The last change of each fact that is read, the latest few of them.
fn facts(trace: &Trace, broke: &Broke<'_>) -> Option<Targets> {
    let mut seen = BTreeMap::new();
    for (index, record) in trace.records.iter().enumerate().filter(|(_, r)| r.step <= broke.step) {
        if let Happening::Observed { who, key, value } = &record.what
            && broke.read.contains(key)
        {
            let (last, before) = seen.entry((who.path, key)).or_insert((index, None));
            if *before != Some(*value) {
                (*last, *before) = (index, Some(*value));
            }
        }
    }
    let mut records: Vec<usize> = seen.into_values().map(|(index, _)| index).collect();
    records.sort_unstable();
    let records = records.split_off(records.len().saturating_sub(FACTS_MAX));
    (!records.is_empty()).then_some(Targets { records })
}

impl Slice {
    /// Everything that happened before the targets.
    pub(super) fn before(trace: &Trace, targets: &Targets) -> Slice {
        let causes = Causes::of(trace);
        let mut open: Vec<u64> = targets.records.iter().map(|index| trace.records[*index].step).collect();
        let mut slice = Slice { steps: BTreeSet::new(), paths: BTreeSet::new() };
        while let Some(step) = open.pop() {
            if slice.steps.insert(step)
                && let Some((who, before)) = causes.of_step.get(&step)
            {
                slice.paths.insert(who.path);
                open.extend(before.iter().filter(|step| **step > 0));
            }
        }
        slice
    }

    /// True if the step is in it.
    pub(super) fn has(&self, step: u64) -> bool {
        self.steps.contains(&step)
    }

    /// True if an actor of this path had a turn in it.
    pub(super) fn has_path(&self, path: PathId) -> bool {
        self.paths.contains(&path)
    }
}

/// For each step: whose turn it was, and the steps right before it.
struct Causes {
    of_step: BTreeMap<u64, (Actor, Vec<u64>)>,
}

/// What has been seen so far that a later turn may come from.
#[derive(Default)]
struct Origins {
    last_turn: BTreeMap<Pid, u64>,
    sent: BTreeMap<SignalName, u64>,
    answered: BTreeMap<(Pid, u64), u64>,
    armed: BTreeMap<(Pid, u64), u64>,
    performed: BTreeMap<(Pid, u64), u64>,
}

impl Causes {
    fn of(trace: &Trace) -> Causes {
        let mut causes = Causes { of_step: BTreeMap::new() };
        let mut origins = Origins::default();
        for record in &trace.records {
            let step = record.step;
            match &record.what {
                Happening::Turn { who, name, head, cause, .. } => {
                    let own = origins.last_turn.insert(who.pid, step);
                    let sender = origins.of_signal(who.pid, name, head).unwrap_or(*cause);
                    causes.of_step.insert(step, (*who, own.into_iter().chain([sender]).collect()));
                }
                Happening::Transmitted(parcel) => {
                    origins.sent.insert(parcel.name, step);
                    if let ParcelBody::Answer { correlation, .. } = parcel.body {
                        origins.answered.insert((parcel.to, correlation), step);
                    }
                }
                Happening::TimerArmed { who, id, .. } => {
                    origins.armed.insert((who.pid, *id), step);
                }
                Happening::Performed { who, correlation, .. } => {
                    origins.performed.insert((who.pid, *correlation), step);
                }
                _ => {}
            }
        }
        causes
    }
}

impl Origins {
    /// The step that a signal comes from, if it is further back than where it arrived.
    fn of_signal(&self, to: Pid, name: &SignalName, head: &Head) -> Option<u64> {
        match name.kind {
            SignalKind::Sent => self.sent.get(&SignalName { n: name.n & !(1 << 63), ..*name }).copied(),
            SignalKind::Answer => self.answered.get(&(to, head.correlation)).copied(),
            SignalKind::Timer => self.armed.get(&(to, head.correlation)).copied(),
            SignalKind::Completion => self.performed.get(&(to, head.correlation)).copied(),
            _ => None,
        }
    }
}
