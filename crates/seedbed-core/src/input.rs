//! Inputs: what clients outside send by a timetable, on whatever reactor.

use crate::pid::NodeId;
use seedbed_abi::{Pid, RequestFailure, nanos};
use std::collections::BTreeMap;
use std::time::Duration;

/// What one client sends, to whom and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Name of the client: its path is `outside/NAME`.
    pub name: String,
    /// A pid or an address.
    pub to: Pid,
    /// The message's tag.
    pub tag: u64,
    /// Its payload.
    pub payload: Vec<u8>,
    /// How long it waits for the reply to a request; `None` = it is a message, not a request.
    pub timeout: Option<Duration>,
    /// When it sends first.
    pub at: Duration,
    /// After how long it sends again; longer than zero. `None` = it sends once.
    pub every: Option<Duration>,
    /// How often in all, if it sends again; `None` = without end.
    pub count: Option<u64>,
    /// A tape may leave out any of its messages: what breaks without them is broken.
    pub optional: bool,
}

impl Input {
    /// When it sends again, after it sent so often; nothing if it is done. By the timetable, not by
    /// when the last was really sent.
    pub fn next(&self, sent: u64) -> Option<Duration> {
        if sent == 0 {
            return Some(self.at);
        }
        let every = self.every.filter(|_| self.count.is_none_or(|count| sent < count))?;
        Some(Duration::from_nanos(nanos(self.at).saturating_add(nanos(every).saturating_mul(sent))))
    }

    /// The node that it sends to.
    pub fn node(&self) -> NodeId {
        crate::pid::node_of(self.to)
    }
}

/// How the sends of one input ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputStats {
    /// Messages and requests sent.
    pub sent: u64,
    /// Requests that were answered.
    pub replied: u64,
    /// Requests that were not, by how they ended.
    pub failed: BTreeMap<RequestFailure, u64>,
}

impl InputStats {
    /// Counts how a request ended.
    pub fn ended(&mut self, outcome: Result<(), RequestFailure>) {
        match outcome {
            Ok(()) => self.replied += 1,
            Err(failure) => *self.failed.entry(failure).or_default() += 1,
        }
    }

    /// What it publishes, as facts of the path `outside/NAME`.
    pub fn facts(&self) -> [(&'static str, i64); 3] {
        let fact = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let failed = self.failed.values().sum();
        [
            ("input.sent", fact(self.sent)),
            ("input.replied", fact(self.replied)),
            ("input.failed", fact(failed)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timetable_counts_from_the_first() {
        let ms = Duration::from_millis;
        let input = |every, count| Input {
            name: "i".into(),
            to: Pid::NOBODY,
            tag: 0,
            payload: Vec::new(),
            timeout: None,
            at: ms(7),
            every,
            count,
            optional: false,
        };
        let times = |i: Input| (0..4).map(|sent| i.next(sent)).collect::<Vec<_>>();
        assert_eq!(times(input(None, None)), [Some(ms(7)), None, None, None]);
        assert_eq!(times(input(Some(ms(5)), Some(2))), [Some(ms(7)), Some(ms(12)), None, None]);
        assert_eq!(times(input(Some(ms(5)), None))[3], Some(ms(22)));
    }
}
