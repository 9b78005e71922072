//! Determinism: the same seed in two processes gives the same events and leaves the same memory.
//!
//! For every seed one process is fresh and runs nothing else, and one is old: it has run all seeds
//! before. So address layout, hash seeds and what earlier runs left behind all differ. Both tell a
//! digest of every block of events, and in the end the number of events and the hash of every
//! actor's state. On a difference both run again, and show the events of that block; where all events
//! are the same and a state is not, the first step after which it differs is sought by halving.
//!
//! - `wire.rs`: what the processes tell each other, in frames.
//! - `child.rs`: the side that runs.
//! - `parent.rs`: the side that compares.
//! - `spawn.rs`: how a child is started.

mod child;
mod parent;
mod spawn;
mod wire;

pub use child::serve;
pub use parent::{Check, Checked, Difference, State, What};
pub use spawn::{Children, Commands, Peer, Threads};
pub use wire::WireError;
