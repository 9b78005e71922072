//! The real reactor from outside: handles, effects, shutdown; and every run of it replayed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod actors;
mod agent;
mod clusters;
mod effects;
mod ending;
mod handles;
mod here;
mod replays;
mod sockets;
mod supervisors;
