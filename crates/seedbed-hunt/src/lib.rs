//! Many runs in search of a finding, and what is done with one.
//!
//! - `hunt.rs`, `workers.rs`: runs over jobs and shards, folded in the order of their indices.
//! - `examine.rs`: a finding is replayed, shrunk, explained and kept.
//! - `crew.rs`: the candidates of a shrinker on worker threads.
//! - `block.rs`: how it is told to people.
//! - `canary.rs`: a planted bug that must be found first.
//! - `replay.rs`, `regressions.rs`: a finding is run again, strictly or by name.
//! - `witness.rs`: which run a process died in.
//! - `part.rs`: what a hunt leaves, to go on or to be merged.
//! - `check/`: the same seed in two processes.
//!
//! Neither the number of jobs nor the shard changes any run: run i has the seed derive(root, i) and
//! shares nothing with the others.

pub mod block;
mod canary;
pub mod check;
mod crew;
mod examine;
mod hunt;
mod part;
mod quiet;
mod regressions;
mod replay;
mod seed;
mod summary;
mod witness;
mod workers;

pub use block::{Block, Place};
pub use canary::{Canary, hunt_canary};
pub use examine::{Examined, ShrinkBudget, Subject, examine, keep, shrink_finding};
pub use hunt::{Budget, End, Hunt, HuntError, Phase, Progress, Report, Shard};
pub use part::{Merged, Part, PartError, merge};
pub use quiet::quietly;
pub use regressions::{DIR as REGRESSIONS, Regression, Verdict, keep_regression, run_regressions};
pub use replay::{ReplayFailure, ReplayOptions, Replayed, replay_finding};
pub use seed::{profile, run_seed};
pub use summary::{Summary, Warning};
pub use witness::{Died, died, died_of};
