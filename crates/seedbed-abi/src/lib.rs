//! What host and guest share: the envelope, flags, exit reasons, notices, and result codes.
//!
//! Everything here has one byte encoding, little-endian, the same on every platform; it is part of
//! the guest ABI (`docs/guest-abi.md`) and of the trace format. Nothing here allocates unless a
//! type holds text.

#![no_std]

extern crate alloc;

mod code;
pub mod dialect;
mod envelope;
mod handle;
mod message;
mod name;
mod notice;
mod reason;
mod signal;
pub mod store;
pub mod supervisor;
mod time;

pub use code::{Code, HandlerCode, Level, Reason, RequestFailure, SpawnFlags, StopCode};
pub use envelope::{ENVELOPE_LEN, Envelope, Flags};
pub use handle::{Cancelled, Correlation, MonitorRef, Pid, Request, TimerId};
pub use message::{Bytes, DecodeError, Message};
pub use name::{NAME_MAX, check_name};
pub use notice::Notice;
pub use reason::{ExitReason, Failure, ReasonClass, TrapKind};
pub use signal::{EffectError, Signal, StartOutcome};
pub use time::{Time, nanos};

/// The result of a handler. Any error type converts with `?`; to choose the code that the exit
/// reason shows, return a [`HandlerCode`].
pub type Result<T = (), E = anyhow::Error> = core::result::Result<T, E>;

/// Version of the `seedbed` guest dialect that this crate describes.
pub const ABI_VERSION: u32 = 1;
