//! How many restarts are too many (rules I).
//!
//! The window belongs to the supervisor, not to a child (I4). Restarts are filtered before they
//! come here: what is not an attempt to restart is not counted (I7).

use seedbed_abi::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// The attempts of the last period, oldest first. Never longer than the intensity plus one.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    attempts: VecDeque<Time>,
}

impl Window {
    /// Records an attempt that is about to be made (I1); true if it may be.
    ///
    /// The window is closed at its edge: an attempt exactly one period old still counts (I3).
    pub(super) fn record(&mut self, now: Time, intensity: u32, period: Duration) -> bool {
        self.attempts.push_back(now);
        // Not `now - period`: near the beginning that saturates, and an attempt at 0 would stay.
        while self.attempts.front().is_some_and(|at| now.since(*at) > period) {
            self.attempts.pop_front();
        }
        self.attempts.len() <= intensity as usize
    }

    /// How many attempts are in the window.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts at these nanoseconds, period 10 ns: allowed or not.
    fn allowed<const N: usize>(intensity: u32, at: [u64; N]) -> [bool; N] {
        let mut window = Window::default();
        at.map(|ns| window.record(Time::from_nanos(ns), intensity, Duration::from_nanos(10)))
    }

    #[test]
    fn i2_n_allows_n_and_zero_allows_none() {
        assert_eq!(allowed(0, [5]), [false]);
        assert_eq!(allowed(1, [5, 6]), [true, false]);
        assert_eq!(allowed(3, [1, 2, 3, 4]), [true, true, true, false]);
    }

    #[test]
    fn i3_the_window_slides_and_is_closed_at_its_edge() {
        assert_eq!(allowed(1, [0, 10]), [true, false]);
        assert_eq!(allowed(1, [0, 11]), [true, true]);
        assert_eq!(allowed(2, [0, 9, 11, 19]), [true, true, true, false]);
        assert_eq!(allowed(2, [0, 9, 11, 20]), [true, true, true, true]);
    }

    #[test]
    fn i1_an_attempt_is_recorded_also_when_it_is_refused() {
        assert_eq!(allowed(1, [0, 8, 15]), [true, false, false]);
    }

    #[test]
    fn i3_periods_beyond_the_clock_keep_everything() {
        let mut window = Window::default();
        assert!(window.record(Time::ZERO, 1, Duration::MAX));
        assert!(!window.record(Time::MAX, 1, Duration::MAX));
        assert_eq!(window.len(), 2);
    }
}
