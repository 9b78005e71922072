//! Guests that wait: a stack of their own, suspended between their turns.
//!
//! The whole life of such a guest is one future, which owns its store: instantiation, constructors,
//! the body. Where the guest waits, a host call says for what and suspends; the turn ends, and the
//! kernel delivers what was waited for in another turn, which polls the future on (rules G4–G7). No
//! executor is involved: a poll is a turn, and the waker does nothing. Dropping the future unwinds
//! the stack without an instruction of the guest.
//!
//! - `turn.rs`: the turn that runs, as host calls find it. `process.rs`: such a guest as a behaviour.
//! - `store.rs`: what its store knows; fuel by slices. `stacks.rs`: where suspended stacks lie.
//!
//! Not modelled: copies of a suspended guest. It has no state hash, and is replayed by running again.

mod process;
mod stacks;
mod store;
mod turn;

pub(crate) use process::{Plan, Process};
pub(crate) use stacks::Stacks;
pub(crate) use store::{Bytes, Data, charge, enter, enter_if, stack, suspend};
pub(crate) use turn::{Wait, Woken, applied, with_turn};
