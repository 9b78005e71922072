//! The real reactor: the kernel of `seedbed-core` inside a service.
//!
//! A [`System`] is the handle of a node. The node runs on a thread of its own, or on the caller's
//! `LocalSet`; the handle can be cloned, and used from any thread and any executor.
//!
//! ```
//! use seedbed_core::{Actor, Context, Result};
//! use seedbed_rt::System;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Add(u64);
//!
//! struct Counter(u64);
//!
//! impl Actor for Counter {
//!     type Message = Add;
//!
//!     fn on_message(&mut self, cx: &mut Context, Add(n): Add) -> Result<()> {
//!         self.0 += n;
//!         cx.reply(self.0)
//!     }
//! }
//!
//! # async fn service() -> anyhow::Result<()> {
//! let system = System::start()?;
//! let c = system.spawn("counter", || Counter(0)).await?;
//! let n: u64 = system.ask(c, Add(1)).await?;
//! # assert_eq!(n, 1);
//! # system.shutdown().await?;
//! # Ok(())
//! # }
//! # fn main() -> anyhow::Result<()> {
//! #     tokio::runtime::Builder::new_current_thread().build()?.block_on(service())
//! # }
//! ```
//!
//! - `node.rs`: the loop around the kernel. `reactor.rs`: what the kernel asks of it.
//! - `system.rs`, `client.rs`: handles. `inbox.rs`: the way from there to the node. `outside.rs`: the way back.
//!   `here.rs`: who asks on the node's own thread.
//! - `effects.rs`, `store/`, `files/`: effects.
//!
//! - `cluster.rs`, `neighbours.rs`: several nodes. `play.rs`: clients that send by a timetable.
//!
//! Not modelled: nodes of other processes. What is sent to one finds no connection. Lives (rule P3) are counted
//! from the start of the system, since nothing of an earlier one is left to be confused with.

mod builder;
mod client;
mod clock;
mod cluster;
mod effects;
mod error;
mod files;
mod here;
mod inbox;
mod log;
mod neighbours;
mod node;
mod order;
mod outside;
mod play;
mod reactor;
mod sockets;
mod store;
mod supervisors;
mod system;
mod wait;

pub use builder::Builder;
pub use client::{Client, Watch};
pub use cluster::Cluster;
pub use error::{AskError, SendError, SpawnError, StartError, StopError, Stopped};
pub use node::Finished;
pub use play::Playing;
pub use reactor::{Fact, RealReactor};
pub use supervisors::Calling;
pub use system::System;
pub use wait::{StopHandle, all, block_on, first, sleep};
