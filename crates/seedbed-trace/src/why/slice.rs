//! Which turns happened before which: an actor's own turns in order, and a signal after its cause.

use super::Broke;
use crate::record::{Actor, Happening, Head, ParcelBody, Record};
use crate::trace::Trace;
use seedbed_core::{ExitReason, Level, PathId, Pid, SignalKind, SignalName};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The end of the chain: indices of the records in which the property was lost.
pub(super) struct Targets {
    pub(super) records: Vec<usize>,
}

/// Who had a turn before the targets, and what leads there.
pub(super) struct Slice {
    paths: BTreeSet<PathId>,
    /// How many links each turn is from a target. A link is from a turn to the one that sent what it took, or
    /// to the last in which its actor had said something: what an actor does comes of what it is told,
    /// and of what it knows. What it took and said nothing of is none.
    links: BTreeMap<u64, u32>,
    /// For each turn of the run the one that sent what it took.
    senders: BTreeMap<u64, u64>,
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
        let begin: Vec<u64> = targets.records.iter().map(|index| trace.records[*index].step).collect();
        let (mut paths, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = begin.clone();
        while let Some(step) = open.pop() {
            if seen.insert(step)
                && let Some(cause) = causes.of_step.get(&step)
            {
                paths.insert(cause.who.path);
                open.extend(cause.own.into_iter().chain([cause.sender]).filter(|step| *step > 0));
            }
        }
        let senders = causes.of_step.iter().map(|(step, cause)| (*step, cause.sender)).collect();
        Slice { paths, links: causes.links_before(begin), senders }
    }

    /// How many links the turn of a step is from a target; `None` if none lead there.
    pub(super) fn links(&self, step: u64) -> Option<u32> {
        self.links.get(&step).copied()
    }

    /// The turn that sent what the turn of a step took.
    pub(super) fn sender(&self, step: u64) -> Option<u64> {
        self.senders.get(&step).copied()
    }

    /// True if an actor of this path had a turn in it.
    pub(super) fn has_path(&self, path: PathId) -> bool {
        self.paths.contains(&path)
    }
}

/// For each step: whose turn it was, and the steps right before it.
struct Causes {
    of_step: BTreeMap<u64, Cause>,
}

/// Where a turn comes from.
struct Cause {
    who: Actor,
    /// The last turn of its actor.
    own: Option<u64>,
    /// The last one before it in which its actor said something.
    own_said: Option<u64>,
    /// The turn that sent what it took; 0 = none did.
    sender: u64,
}

/// What has been seen so far that a later turn may come from.
#[derive(Default)]
struct Origins {
    last_turn: BTreeMap<Pid, u64>,
    last_said: BTreeMap<Pid, u64>,
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
                    let own_said = origins.last_said.get(&who.pid).copied();
                    let sender = origins.of_signal(who.pid, name, head).unwrap_or(*cause);
                    causes.of_step.insert(step, Cause { who: *who, own, own_said, sender });
                }
                Happening::Logged { who, level, .. } if *level <= Level::Info as u8 => {
                    origins.last_said.insert(who.pid, step);
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

    /// The turns that links lead to from these, with how many.
    fn links_before(&self, begin: Vec<u64>) -> BTreeMap<u64, u32> {
        let mut links: BTreeMap<u64, u32> = begin.iter().map(|step| (*step, 0)).collect();
        let mut open: VecDeque<u64> = begin.into();
        while let Some(step) = open.pop_front() {
            let Some(cause) = self.of_step.get(&step) else { continue };
            let next = links[&step] + 1;
            for before in cause.own_said.into_iter().chain([cause.sender]) {
                links.entry(before).or_insert_with(|| {
                    open.push_back(before);
                    next
                });
            }
        }
        links
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
