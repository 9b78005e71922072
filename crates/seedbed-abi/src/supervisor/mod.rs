//! Supervisors, as those who talk to one see them: flags and specs, calls and answers.
//!
//! Shared by host and guest, so that the same source speaks to a supervisor as a native actor and as
//! a WASM module. The supervisor itself is `seedbed_core::supervise`.

mod backoff;
mod call;
mod caller;
mod spec;

pub use backoff::Backoff;
pub use call::{
    ChildLine, ChildState, Counts, EntryStart, Hold, SupervisorCall, SupervisorError, SupervisorReply,
};
pub use caller::{Answered, Ask, CALL_TIMEOUT, Caller, Makes, SupervisorRef, read_answer};
pub use spec::{
    AutoShutdown, ChildId, ChildKind, ChildSpec, Flags, Plan, Restart, Shutdown, SpecError, Strategy,
};
