//! What most files that use Seedbed want in scope.

pub use crate::supervise::{ChildSpec, Restart, Shutdown};
pub use crate::{
    Actor, Bytes, ChildStart, Code, Context, Correlation, ExitReason, Level, Pid, Reason, Result, Signal,
    SpawnFlags, SpawnOptions, StopCode, Supervisor, Time, bail, ensure,
};

#[cfg(feature = "rt")]
pub use crate::System;
#[cfg(feature = "wasm")]
pub use crate::WasmActor;
#[cfg(feature = "sim")]
pub use crate::{Faults, World};
