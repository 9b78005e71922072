//! Sockets as an effect: what is asked of them, and what is answered.
//!
//! A guest that listens, connects, reads or writes asks its reactor for the effect [`EFFECT`], and goes
//! on when it completes. So all that a network can tell enters a node where everything does that differs
//! between two runs: a recording has it, and a replay touches no network. The real reactor does
//! operations with this machine's sockets, the simulated one with those of its own network.
//!
//! - `op.rs`: [`Op`] and [`Answer`]. `address.rs`: where sockets are. `fault.rs`: why not.
//!
//! Not modelled: TLS, multicast, and closing a stream in one direction only.

mod address;
mod fault;
mod op;

pub use address::Address;
pub use fault::Fault;
pub use op::{Answer, Op, Outcome, Setting};

/// The effect's name. Only the host asks for it, in the name of guests that may use the network.
pub const EFFECT: &str = "sockets";

/// So many bytes one operation reads or writes at most; who wants more asks again.
pub const BYTES_MAX: u32 = 1 << 16;

/// The longest datagram, in bytes.
pub const DATAGRAM_MAX: usize = 65_507;

/// The value of a time-out that is none.
pub const NO_TIMEOUT: u64 = u64::MAX;
