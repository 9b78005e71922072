//! Numbers that name things: actors, requests, timers, monitors.
//!
//! Each is opaque to an actor: it is got from the host, kept, compared, sent on, and handed back.

use core::fmt;
use serde::{Deserialize, Serialize};

/// An actor, or the address of whoever has a name; taken wherever one is asked for.
///
/// Pids are (node, boot, slot, generation) in 62 bits (rule P1); how, is the kernel's affair.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Pid(u64);

impl Pid {
    /// No actor; what is sent to it becomes a dead letter.
    pub const NOBODY: Pid = Pid(0);

    /// The bit that makes a handle an address.
    pub const ADDRESS: u64 = 1 << 62;

    /// The pid with this number. The number may come from anywhere: a host checks it at its use.
    #[inline]
    pub const fn from_raw(raw: u64) -> Pid {
        Pid(raw)
    }

    /// The number.
    #[inline]
    pub const fn to_raw(self) -> u64 {
        self.0
    }

    /// True if this is the address of a name, not the pid of one life.
    #[inline]
    pub const fn is_address(self) -> bool {
        self.0 & Pid::ADDRESS != 0
    }

    /// True unless this is [`NOBODY`](Self::NOBODY).
    #[inline]
    pub const fn is_somebody(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("<nobody>"),
            n if self.is_address() => write!(f, "<@{:x}>", n & !Pid::ADDRESS),
            n => write!(f, "<{n:x}>"),
        }
    }
}

/// Ties a request or an effect to its answer; counted from 1 by the actor that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Correlation(pub u64);

/// A timer of this life; counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct TimerId(pub u64);

/// A monitor of this life; counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct MonitorRef(pub u64);

/// The right and duty to answer: who asked, and which of its requests it is.
///
/// It may be kept and answered in a later turn, once, by the actor that was asked (rule Q2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Request {
    /// The asker.
    pub from: Pid,
    /// The asker's number for it.
    pub correlation: Correlation,
}

/// What cancelling a timer came to (rule C2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Cancelled {
    /// Its message will never come.
    Cancelled = 1,
    /// It was delivered, or cancelled, before.
    Fired = 0,
    /// This life never armed it.
    Unknown = -1,
}

impl Cancelled {
    /// The outcome with this number.
    pub const fn from_i32(n: i32) -> Option<Cancelled> {
        match n {
            1 => Some(Cancelled::Cancelled),
            0 => Some(Cancelled::Fired),
            -1 => Some(Cancelled::Unknown),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn a_pid_travels_in_a_message() {
        let pid = Pid::from_raw(0x2a | Pid::ADDRESS);
        let mut out = Vec::new();
        pid.encode(&mut out);
        assert_eq!(Pid::decode(&out), Ok(pid));
    }

    #[test]
    fn a_pid_says_what_it_is() {
        for (raw, text, address) in
            [(0, "<nobody>", false), (0x2a, "<2a>", false), (0x2a | Pid::ADDRESS, "<@2a>", true)]
        {
            let pid = Pid::from_raw(raw);
            assert_eq!(
                (pid.to_string().as_str(), pid.is_address(), pid.is_somebody()),
                (text, address, raw != 0)
            );
        }
    }

    #[test]
    fn the_outcomes_of_a_cancel_keep_their_numbers() {
        for n in -1..=1 {
            assert_eq!(Cancelled::from_i32(n).map(|c| c as i32), Some(n));
        }
        assert_eq!(Cancelled::from_i32(2), None);
    }
}
