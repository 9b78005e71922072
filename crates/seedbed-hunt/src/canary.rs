//! A planted bug that is hunted first: a hunt that would not find it proves nothing.

use crate::hunt::{Budget, Hunt, HuntError};
use crate::part::Part;
use crate::{Shard, ShrinkBudget};
use seedbed_sim::Program;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What became of a canary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The property that it broke, and in which run, from 0; `None` if it lived.
    pub found: Option<(String, u64)>,
    /// How many runs it was hunted in.
    pub runs: u64,
    /// Real time that it took.
    pub took: Duration,
    /// True if the hunt for it was cancelled.
    pub cancelled: bool,
}

impl Canary {
    /// True if it was hunted for as long as it should, and not found.
    pub fn lived(&self) -> bool {
        self.found.is_none() && !self.cancelled
    }
}

/// Hunts a program with a planted bug as `hunt` hunts its own: with its seed, strategy and jobs, but
/// in at most so many runs, and nothing is kept.
///
/// # Errors
/// See [`HuntError`].
pub fn hunt_canary(
    hunt: &Hunt<'_>,
    planted: &(dyn Program + Sync),
    runs: u64,
    cancel: &AtomicBool,
) -> Result<Canary, HuntError> {
    let hunt = Hunt {
        program: planted,
        name: hunt.name.clone(),
        identity: hunt.identity.clone(),
        root: hunt.root,
        budget: Budget { runs: Some(runs), time: None },
        strategy: hunt.strategy,
        jobs: hunt.jobs,
        shard: Shard::default(),
        shrink: ShrinkBudget { runs: 0, ..ShrinkBudget::default() },
        keep_in: None,
        witness_in: hunt.witness_in.clone(),
        resume: None::<Part>,
        forks: hunt.forks,
    };
    let report = hunt.run(cancel, &mut |_| {})?;
    let found = report.found.map(|found| {
        let index = match found.finding.origin {
            seedbed_trace::Origin::Hunt { index, .. } => index,
            _ => 0,
        };
        (found.finding.property, index)
    });
    Ok(Canary {
        found,
        runs: report.summary.runs,
        took: report.elapsed,
        cancelled: report.end == crate::End::Cancelled,
    })
}
