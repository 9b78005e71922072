//! The simulated reactor: worlds, network, faults, strategies, tapes, replay, shrinking, properties.
//!
//! A [`World`] holds the kernels of all nodes and everything around them. A run is a pure function
//! of (program, seed, strategy, faults): [`run_with`] gives its [`Outcome`], with the tape that
//! [`replay`] follows to get the very same run again.

mod busy;
mod clock;
mod disk;
mod facts;
mod fault;
mod history;
mod holds;
mod latency;
mod links;
mod monitor;
mod network;
mod offers;
mod order;
mod plan;
mod property;
mod ready;
mod recorded;
mod replay;
mod rules;
mod run;
mod shrink;
mod sim;
mod snapshot;
mod sockets;
mod strategy;
pub mod units;
mod world;

pub use busy::Costs;
pub use clock::DRIFT;
pub use facts::Facts;
pub use fault::Faults;
pub use history::Calls;
pub use latency::{Latency, Shape};
pub use links::Link;
pub use monitor::Monitor;
pub use offers::{Offer, Offers};
pub use order::Order;
pub use plan::{Deed, Ends, Messages, Moment, PlanError, Planned, Shortage, StoreFault, Ways, parse_deed};
pub use property::{Broken, Property, Reads, Verdict, When};
pub use recorded::{ClockReads, Mismatch, ReplayedRun, Setup, replay_recording};
pub use replay::ReplayError;
pub use rules::{Act, Letter, RuleGuard};
pub use run::{BODY, InWorld, Outcome, Program, RunConfig, replay, replay_until, run_shown, run_with};
pub use shrink::{Alone, Runner, Shrunk, Turns, replay_by_name, shrink, shrink_with};
pub use sim::Stats;
pub use snapshot::{BeginError, Run, RunSnapshot};
pub use strategy::{
    Audited, Candidate, Decisions, DelayBound, Dfs, Did, FailureId, Fate, Footprint, Kinds, Metered, Pct,
    Pick, Plain, Portfolio, Pos, Profile, Random, RunStart, Scene, Strategy, StrategySpec, Surw,
    UnknownStrategy,
};
pub use world::{AskError, Client, End, Fork, NodeBoot, NotKept, OUTSIDE, World, WorldConfig};
