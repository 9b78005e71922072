//! Deterministic-simulation actors.
//!
//! An actor is a Rust type or a WebAssembly module. The same actors, unchanged, run on a real
//! reactor inside a service and on a seeded, simulated reactor inside a test. A run that fails is
//! one line to paste; from it Seedbed gives back the same run, then the smallest that still fails,
//! then why.
//!
//! # An actor
//!
//! ```
//! use seedbed::prelude::*;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Add(u64);
//!
//! struct Counter(u64);
//! impl Actor for Counter {
//!     type Message = Add;                                   // any serde type; `Bytes` for raw
//!     fn on_message(&mut self, cx: &mut Context, m: Add) -> Result<()> { self.0 += m.0; cx.reply(self.0) }
//! }
//! # use serde::{Serialize, Deserialize};
//! ```
//!
//! # In a test
//!
//! Each of the thousand runs is another world: another order of deliveries, other faults. A run that
//! breaks a property fails the test and prints its seed.
//!
//! ```
//! # use seedbed::prelude::*;
//! # use serde::{Serialize, Deserialize};
//! # #[derive(Serialize, Deserialize)]
//! # struct Add(u64);
//! # struct Counter(u64);
//! # impl Actor for Counter {
//! #     type Message = Add;
//! #     fn on_message(&mut self, cx: &mut Context, m: Add) -> Result<()> { self.0 += m.0; cx.reply(self.0) }
//! # }
//! #[seedbed::test(runs = 1_000, faults = "chaos")]
//! fn counts(world: &mut World) -> Result<()> {
//!     let c = world.spawn("counter", || Counter(0));
//!     ensure!(world.ask::<_, u64>(c, Add(1))? == 1);
//!     Ok(())
//! }
//! # counts();
//! ```
//!
//! Arguments after the world are drawn anew in each run, and shrunk when a property breaks:
//!
//! ```
//! # use seedbed::prelude::*;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize)]
//! # struct Add(u64);
//! # struct Counter(u64);
//! # impl Actor for Counter {
//! #     type Message = Add;
//! #     fn on_message(&mut self, cx: &mut Context, m: Add) -> Result<()> { self.0 += m.0; cx.reply(self.0) }
//! # }
//! #[seedbed::test]
//! fn adds_up(world: &mut World, #[draw(1..100u64)] by: u64, times: u8) -> Result<()> {
//!     let c = world.spawn("counter", || Counter(0));
//!     (0..times).for_each(|_| world.send(c, Add(by)));
//!     ensure!(world.ask::<_, u64>(c, Add(0))? == by * u64::from(times));
//!     Ok(())
//! }
//! # adds_up();
//! ```
//!
//! # In a service
//!
//! ```
//! # use seedbed::prelude::*;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! # let counter_wasm = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/counter/counter.wasm");
//! # let message = 1u64;
//! let system = System::start()?;
//! let c = system.spawn("counter", WasmActor::from_file(counter_wasm)?).await?;
//! let n: u64 = system.ask(c, message).await?;
//! # assert_eq!(n, 1);
//! # system.shutdown().await;
//! # Ok(())
//! # }
//! ```

pub mod prelude;

pub use seedbed_core as core;
pub use seedbed_core::{
    Actor, Answered, Bytes, Cancelled, ChildStart, Code, Context, Correlation, EntryStart, ExitReason,
    Factory, Failure, HandlerCode, Level, Limits, MailboxPolicy, Message, MonitorRef, Permissions, Pid,
    Reason, Request, RequestFailure, Result, Signal, SpawnFlags, SpawnOptions, StartOutcome, StopCode,
    Supervisor, SupervisorCall, SupervisorError, SupervisorRef, SupervisorReply, Time, TimerId, WithArgs,
    supervise,
};

#[cfg(feature = "test")]
pub use seedbed_macros::test;
#[cfg(feature = "rt")]
pub use seedbed_rt as rt;
#[cfg(feature = "rt")]
pub use seedbed_rt::System;
#[cfg(feature = "sim")]
pub use seedbed_sim as sim;
#[cfg(feature = "sim")]
pub use seedbed_sim::{Faults, World, WorldConfig};
/// The runtime of [`test`](macro@test).
#[cfg(feature = "test")]
pub use seedbed_test as testing;
#[cfg(feature = "wasm")]
pub use seedbed_wasm as wasm;
#[cfg(feature = "wasm")]
pub use seedbed_wasm::WasmActor;

pub use anyhow::{bail, ensure};

/// The code of `docs/embedding.md`, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
pub mod embedding {}
