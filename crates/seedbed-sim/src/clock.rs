//! Clocks of nodes: each runs at its own rate and shows its own time of day (rules C6, C7).
//!
//! The monotonic clock of a node starts with the world's and never goes back; with a *drift* it runs
//! so many parts per million faster or slower. All that an actor waits for goes by it. The wall clock
//! is the monotonic one and a *skew* that may jump.

use seedbed_core::{NodeId, Time};
use std::collections::BTreeMap;

/// Unix time at the start of every run: 2020-01-01.
const EPOCH: Time = Time::from_nanos(1_577_836_800_000_000_000);

const MILLION: i128 = 1_000_000;

/// The least and the most that a clock may drift, in parts per million: half and double speed.
pub const DRIFT: std::ops::RangeInclusive<i32> = -500_000..=1_000_000;

#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    /// How far the wall clock is from the monotonic one, in nanoseconds.
    skew: i64,
    drift: i32,
    /// Since when it drifts so, and what it showed then.
    since: Time,
    shown: Time,
}

impl Clock {
    fn rate(&self) -> i128 {
        MILLION + i128::from(self.drift)
    }

    fn local(&self, now: Time) -> Time {
        let passed = i128::from(now.as_nanos()) - i128::from(self.since.as_nanos());
        time(i128::from(self.shown.as_nanos()) + (passed * self.rate()).div_euclid(MILLION))
    }
}

fn time(ns: i128) -> Time {
    Time::from_nanos(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
}

/// The clocks of the nodes that have one of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clocks(BTreeMap<NodeId, Clock>);

impl Clocks {
    /// What a node's monotonic clock shows.
    #[inline]
    pub(crate) fn local(&self, node: NodeId, now: Time) -> Time {
        if self.0.is_empty() { now } else { self.0.get(&node).map_or(now, |clock| clock.local(now)) }
    }

    /// What a node's wall clock shows.
    pub(crate) fn unix(&self, node: NodeId, now: Time) -> Time {
        let skew = self.0.get(&node).map_or(0, |clock| clock.skew);
        Time::from_nanos(
            EPOCH.as_nanos().saturating_add(self.local(node, now).as_nanos()).saturating_add_signed(skew),
        )
    }

    /// When a node's monotonic clock shows at least this.
    #[inline]
    pub(crate) fn when(&self, node: NodeId, local: Time) -> Time {
        let clock = if self.0.is_empty() { None } else { self.0.get(&node) };
        clock.map_or(local, |clock| {
            let wanted = i128::from(local.as_nanos()) - i128::from(clock.shown.as_nanos());
            let passes = (wanted * MILLION + clock.rate() - 1).div_euclid(clock.rate());
            time(i128::from(clock.since.as_nanos()) + passes)
        })
    }

    /// From now on, a node's clock runs so many parts per million faster; what it shows does not jump.
    pub(crate) fn drift(&mut self, node: NodeId, ppm: i32, now: Time) {
        let clock = self.0.entry(node).or_default();
        clock.shown = clock.local(now);
        clock.since = now;
        clock.drift = ppm.clamp(*DRIFT.start(), *DRIFT.end());
    }

    /// A node's wall clock is that far from its monotonic one.
    pub(crate) fn skew(&mut self, node: NodeId, by: i64) {
        self.0.entry(node).or_default().skew = by;
    }

    /// A node's wall clock jumps.
    pub(crate) fn jump(&mut self, node: NodeId, by: i64) {
        let clock = self.0.entry(node).or_default();
        clock.skew = clock.skew.saturating_add(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_drifts_never_goes_back_and_is_asked_both_ways() {
        let (mut clocks, node) = (Clocks::default(), NodeId(1));
        let mut last = Time::ZERO;
        for (step, ppm) in
            [(1, 0), (7, 300), (1_000_003, -500_000), (13, 1_000_000), (999, -1)].into_iter().cycle().take(50)
        {
            let now = clocks.when(node, last) + std::time::Duration::from_nanos(step);
            clocks.drift(node, ppm, now);
            assert!(clocks.local(node, now) >= last, "{ppm}");
            for ahead in [0, 1, 2, 3, 999, 1_000_000, 1_234_567] {
                let wanted = clocks.local(node, now) + std::time::Duration::from_nanos(ahead);
                let at = clocks.when(node, wanted);
                assert!(clocks.local(node, at) >= wanted && at >= now, "{ppm} {ahead}");
                let before = Time::from_nanos(at.as_nanos() - 1);
                assert!(ahead == 0 || clocks.local(node, before) < wanted, "{ppm} {ahead}: no earlier");
            }
            last = clocks.local(node, now);
        }
        assert_eq!(clocks.local(NodeId(2), last), last);
    }

    #[test]
    fn the_rate_is_exact() {
        let (mut clocks, node) = (Clocks::default(), NodeId(1));
        clocks.drift(node, 200, Time::ZERO);
        clocks.skew(node, -5);
        clocks.jump(node, 3);
        let day = Time::from_nanos(86_400_000_000_000);
        assert_eq!(clocks.local(node, day).since(day).as_millis(), 17_280);
        assert_eq!(clocks.unix(node, Time::ZERO), Time::from_nanos(EPOCH.as_nanos() - 2));
    }
}
