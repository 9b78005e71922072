//! Deadlines of a node (rule C1), and the timers of its actors.

use crate::deadlines::{Armed, Deadlines};
use seedbed_abi::Time;

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

/// All deadlines.
#[derive(Clone)]
pub(crate) struct Timers {
    deadlines: Deadlines<(u32, Due)>,
    /// How many of them are for once: a world with one of these is not at rest.
    one_shots: usize,
}

impl Timers {
    pub(crate) fn new() -> Timers {
        Timers { deadlines: Deadlines::new(), one_shots: 0 }
    }

    pub(crate) fn arm(&mut self, deadline: Time, slot: u32, due: Due) -> Armed {
        self.one_shots += usize::from(due.is_one_shot());
        self.deadlines.arm(deadline, (slot, due))
    }

    pub(crate) fn cancel(&mut self, armed: Armed) {
        if let Some((_, due)) = self.deadlines.cancel(armed) {
            self.one_shots -= usize::from(due.is_one_shot());
        }
    }

    pub(crate) fn one_shots(&self) -> usize {
        self.one_shots
    }

    #[inline]
    pub(crate) fn next(&self) -> Option<Time> {
        self.deadlines.next()
    }

    pub(crate) fn pop_due(&mut self, now: Time) -> Option<(u32, Due, Time)> {
        let (deadline, (slot, due)) = self.deadlines.pop_due(now)?;
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
