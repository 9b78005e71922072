//! The command as its users meet it: the built binary, its exit codes and what it prints.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod cache;
mod ctrl_c;
mod findings;
mod hostile_guests;
mod lunatic;
mod output;
// As the command writes it.
#[rustfmt::skip]
mod pasted;
mod real;
mod rig;
mod same_hash;
mod wasi;
