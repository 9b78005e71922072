//! Numbers of preview 1.

use crate::host::Stop;

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Errno {
    Success = 0,
    Badf = 8,
    Inval = 28,
    Notsup = 58,
    Spipe = 70,
    Nosys = 52,
}

/// Why a call does not do what it was asked.
pub(crate) enum Fail {
    /// The guest is told.
    Errno(Errno),
    /// The guest is ended.
    Stop(Stop),
}

impl From<Errno> for Fail {
    fn from(errno: Errno) -> Fail {
        Fail::Errno(errno)
    }
}

impl From<Stop> for Fail {
    fn from(stop: Stop) -> Fail {
        Fail::Stop(stop)
    }
}

/// The result of a call, as the guest gets it.
pub(crate) fn answer(done: Result<(), Fail>) -> wasmtime::Result<i32> {
    match done {
        Ok(()) => Ok(Errno::Success as i32),
        Err(Fail::Errno(errno)) => Ok(errno as i32),
        Err(Fail::Stop(stop)) => Err(stop.into()),
    }
}

pub(crate) const CLOCK_REALTIME: u32 = 0;
pub(crate) const CLOCK_MONOTONIC: u32 = 1;
pub(crate) const CLOCK_PROCESS: u32 = 2;
pub(crate) const CLOCK_THREAD: u32 = 3;

/// A subscription of `poll_oneoff`.
pub(crate) const SUBSCRIPTION_LEN: u32 = 48;
/// What it answers for one.
pub(crate) const EVENT_LEN: u32 = 32;
pub(crate) const EVENT_CLOCK: u8 = 0;
pub(crate) const EVENT_READ: u8 = 1;
pub(crate) const EVENT_WRITE: u8 = 2;
/// The flag of a deadline that is a time, not a span.
pub(crate) const ABSOLUTE: u16 = 1;

pub(crate) const CHARACTER_DEVICE: u8 = 2;

pub(crate) const RIGHT_READ: u64 = 1 << 1;
pub(crate) const RIGHT_WRITE: u64 = 1 << 6;
