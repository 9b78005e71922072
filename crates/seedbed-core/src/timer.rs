//! Deadlines of a node, in order of deadline, then of arming (rule C1).

use seedbed_abi::Time;
use std::collections::BTreeMap;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A timer of the actor.
    Timer(u64),
    /// A timer of the actor that comes again and again.
    Interval(u64),
    /// The timeout of a request of the actor.
    Request(u64),
}

impl Due {
    fn is_one_shot(self) -> bool {
        !matches!(self, Due::Interval(_))
    }
}

/// Where a deadline stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Armed {
    pub(crate) deadline: Time,
    order: u64,
}

/// All deadlines.
#[derive(Clone)]
pub(crate) struct Timers {
    queue: BTreeMap<Armed, (u32, Due)>,
    order: u64,
    /// How many of them are for once: a world with one of these is not at rest.
    one_shots: usize,
}

impl Timers {
    pub(crate) fn new() -> Timers {
        Timers { queue: BTreeMap::new(), order: 0, one_shots: 0 }
    }

    pub(crate) fn arm(&mut self, deadline: Time, slot: u32, due: Due) -> Armed {
        self.order += 1;
        let armed = Armed { deadline, order: self.order };
        self.queue.insert(armed, (slot, due));
        self.one_shots += usize::from(due.is_one_shot());
        armed
    }

    pub(crate) fn cancel(&mut self, armed: Armed) {
        if let Some((_, due)) = self.queue.remove(&armed) {
            self.one_shots -= usize::from(due.is_one_shot());
        }
    }

    pub(crate) fn one_shots(&self) -> usize {
        self.one_shots
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.queue.first_key_value().map(|(armed, _)| armed.deadline)
    }

    pub(crate) fn pop_due(&mut self, now: Time) -> Option<(u32, Due, Time)> {
        let entry = self.queue.first_entry().filter(|e| e.key().deadline <= now)?;
        let deadline = entry.key().deadline;
        let (slot, due) = entry.remove();
        self.one_shots -= usize::from(due.is_one_shot());
        Some((slot, due, deadline))
    }
}

/// A timer of an actor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    pub(crate) tag: u64,
    /// Nanoseconds between two firings; 0 = once.
    pub(crate) period: u64,
    /// How often it fired.
    pub(crate) fired: u32,
    pub(crate) state: TimerState,
}

/// Where a timer is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimerState {
    /// In the queue.
    Armed(Armed),
    /// Its message is in the actor's timer line; it was due then.
    Queued { signal: u32, due: Time },
}
