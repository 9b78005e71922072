//! The SDK for guests written in Rust.
//!
//! An actor is a type that implements [`Actor`]; [`export_actor!`] makes the module's exports from
//! it. Compiled for wasm32 it speaks the `seedbed` dialect (`docs/guest-abi.md`); compiled for any
//! other target, the same source is a native actor, because `Actor` and `Context` are then those of
//! `seedbed-core`.
//!
//! ```
//! #![no_std]
//! use seedbed_guest::prelude::*;
//!
//! #[derive(Default)]
//! struct Counter(u64);
//!
//! impl Actor for Counter {
//!     type Message = u64;
//!
//!     fn on_message(&mut self, cx: &mut Context, add: u64) -> Result<()> {
//!         self.0 += add;
//!         cx.reply(self.0)
//!     }
//! }
//!
//! export_actor!(Counter);
//! # fn main() {}
//! ```
//!
//! The crate needs no `std`. With the feature `standalone`, which is on unless turned off, it brings
//! the panic handler and the allocator (`dlmalloc`, the one `std` uses on wasm32). A guest that uses
//! `std` turns it off, and the feature `std` on. Either way a panic is logged and becomes a trap.
//!
//! A guest's project says, in `.cargo/config.toml`, how much stack it wants; rustc's default is 1 MiB
//! of memory for each actor:
//!
//! ```toml
//! [target.wasm32-unknown-unknown]
//! rustflags = ["-C", "link-arg=-zstack-size=32768"]
//! ```

#![no_std]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod actor;
#[cfg(target_arch = "wasm32")]
mod context;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod entry;
#[cfg(target_arch = "wasm32")]
mod spawn;
#[cfg(all(target_arch = "wasm32", feature = "standalone"))]
mod standalone;
#[cfg(target_arch = "wasm32")]
mod sys;

#[cfg(all(target_arch = "wasm32", feature = "std"))]
extern crate std;

#[cfg(target_arch = "wasm32")]
pub use actor::Actor;
#[cfg(target_arch = "wasm32")]
pub use context::Context;
#[cfg(not(target_arch = "wasm32"))]
pub use seedbed_core::{Actor, Context, SpawnOptions};
#[cfg(target_arch = "wasm32")]
pub use spawn::SpawnOptions;

pub use anyhow;
pub use seedbed_abi::*;

/// What a guest's source uses all the time.
pub mod prelude {
    pub use crate::supervisor::{
        Answered, ChildLine, ChildSpec, ChildState, Counts, EntryStart, Restart, Shutdown, SupervisorError,
    };
    pub use crate::{
        Actor, Bytes, Cancelled, Code, Context, Correlation, ExitReason, HandlerCode, Level, Message,
        MonitorRef, Pid, Reason, Request, RequestFailure, Result, Signal, SpawnFlags, SpawnOptions,
        StartOutcome, StopCode, Time, TimerId, export_actor,
    };
    pub use alloc::borrow::ToOwned;
    pub use alloc::boxed::Box;
    pub use alloc::string::{String, ToString};
    pub use alloc::vec::Vec;
    pub use alloc::{format, vec};
    pub use anyhow::{Context as _, anyhow, bail, ensure};
    pub use core::time::Duration;
}

/// Makes the exports of a module; the documentation of other targets says more.
#[cfg(target_arch = "wasm32")]
#[macro_export]
macro_rules! export_actor {
    ($actor:ty) => {
        $crate::export_actor!($actor, |_: &[u8]| <$actor as ::core::default::Default>::default());
    };
    ($actor:ty, $make:expr) => {
        const _: () = {
            static GUEST: $crate::entry::Guest<$actor> = $crate::entry::Guest::new();

            #[unsafe(no_mangle)]
            extern "C" fn seedbed_inbox(len: usize) -> *mut u8 {
                GUEST.inbox(len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn seedbed_on_start(args: *const u8, len: usize) -> i32 {
                GUEST.start(args, len, $make)
            }

            #[unsafe(no_mangle)]
            extern "C" fn seedbed_on_message(envelope: *const u8, payload: *const u8, len: usize) -> i32 {
                GUEST.message(envelope, payload, len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn seedbed_on_stop(why: i32) {
                GUEST.stop(why);
            }
        };
    };
}

/// Makes the exports of a module whose actor is the type given.
///
/// The actor is created at its start: by `Default`, or by a function from the arguments of its
/// spawn, which gives the actor or a `Result` with it. Where the target is not wasm32 this is nothing.
///
/// ```
/// # use seedbed_guest::prelude::*;
/// # struct Ledger(i64);
/// # impl Actor for Ledger {
/// #     type Message = ();
/// #     fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> { Ok(()) }
/// # }
/// seedbed_guest::export_actor!(Ledger, |opening: &[u8]| -> Result<Ledger> {
///     Ok(Ledger(core::str::from_utf8(opening)?.parse()?))
/// });
/// # fn main() {}
/// ```
#[cfg(not(target_arch = "wasm32"))]
#[macro_export]
macro_rules! export_actor {
    ($actor:ty) => {
        const _: fn(&[u8]) -> $actor = |_| <$actor as ::core::default::Default>::default();
    };
    ($actor:ty, $make:expr) => {
        const _: () = {
            #[allow(dead_code, reason = "only checked here, called on wasm32")]
            fn make(args: &[u8]) {
                let make = $make;
                let _ = make(args);
            }
        };
    };
}
