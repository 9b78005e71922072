//! The clocks of this machine.

use seedbed_core::Time;
use std::time::{Duration, Instant, SystemTime};

/// A monotonic clock that began when the node did, and the wall clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the real reactor is where real time enters")]
    pub(crate) fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    #[inline]
    pub(crate) fn now(&self) -> Time {
        Time::ZERO + self.start.elapsed()
    }

    /// Time since 1970; 0 on a machine whose clock is before that.
    #[expect(clippy::disallowed_methods, reason = "the real reactor is where real time enters")]
    pub(crate) fn unix_time() -> Time {
        Time::ZERO + SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    /// The instant to sleep until for `at`; at most a day ahead, since more is beyond some clocks.
    pub(crate) fn instant(&self, at: Time) -> tokio::time::Instant {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let ahead = at.since(self.now()).min(DAY);
        tokio::time::Instant::from_std(self.start + self.start.elapsed() + ahead)
    }
}
