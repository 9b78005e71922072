//! Stable names: paths, lives, and the names of signals (rules P2, P3, K3).

use crate::hash::stable_hash;
pub use seedbed_abi::{NAME_MAX, check_name};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The stable 64-bit hash of a path's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PathId(pub u64);

impl PathId {
    /// The hash of this path.
    pub fn of(path: &str) -> PathId {
        PathId(stable_hash(path.as_bytes()))
    }
}

/// Which start of a path, from 1; 0 = the node itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Life(pub u32);

/// What kind of signal a [`SignalName`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum SignalKind {
    /// The n-th message or request that the named actor sent.
    Sent = 0,
    /// The reply to, or the failure of, the n-th correlation of the named actor.
    Answer = 1,
    /// The n-th of all that the named actor sent, an exit; from 2⁶² on the n-th exit that reached it
    /// and that no actor sent.
    Exit = 2,
    /// The down of the n-th monitor of the named actor.
    Down = 3,
    /// The outcome of the named actor's start.
    Started = 4,
    /// The n-th timer of the named actor.
    Timer = 5,
    /// The completion of the n-th correlation of the named actor.
    Completion = 6,
    /// The start of the named actor.
    Start = 7,
    /// The stop of the named actor.
    Stop = 8,
    /// The turn that the named actor asked for in its n-th, to go on.
    GoOn = 9,
}

/// The stable name of a signal: the same in every run in which the same things happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignalName {
    /// Whose.
    pub path: PathId,
    /// In which of its lives.
    pub life: Life,
    /// What.
    pub kind: SignalKind,
    /// Which.
    pub n: u64,
}

impl SignalName {
    /// The name as one number, for hashing.
    #[inline]
    pub fn word(&self) -> u64 {
        self.path.0 ^ (u64::from(self.life.0) << 40) ^ ((self.kind as u64) << 32) ^ self.n
    }

    /// The name with the path's text, as people read it.
    pub fn display<'a>(&'a self, path: &'a str) -> impl fmt::Display + 'a {
        struct Shown<'a>(&'a SignalName, &'a str);
        impl fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let what = match self.0.kind {
                    SignalKind::Sent => "message",
                    SignalKind::Answer => "answer",
                    SignalKind::Exit => "exit",
                    SignalKind::Down => "down",
                    SignalKind::Started => "started",
                    SignalKind::Timer => "timer",
                    SignalKind::Completion => "completion",
                    SignalKind::Start => "start",
                    SignalKind::Stop => "stop",
                    SignalKind::GoOn => "go on",
                };
                let (n, again) = (self.0.n & !(1 << 63), if self.0.n >> 63 == 1 { " (again)" } else { "" });
                write!(f, "{}:{} {what} {n}{again}", self.1, self.0.life.0)
            }
        }
        Shown(self, path)
    }
}
