//! Which seed a run has, and what strategies are told.

use crate::quiet::quietly;
use seedbed_core::Key;
use seedbed_sim::{Profile, Program};

/// The seed of run `index` of the hunt with the seed `root`. Pinned for ever.
pub fn run_seed(root: u64, index: u64) -> u64 {
    Key::from_seed(root).derive("run", index, 0).stream().next_u64()
}

/// The seed of the first of the runs that say what a program does.
pub(crate) const PROFILE_SEED: u64 = 0;

/// What strategies are told of a program: what its plain runs do, those with the seeds from 0.
///
/// It is a part of a run's identity, so it depends on the program only: whoever runs one seed of a
/// hunt again gets the same.
pub fn profile(program: &dyn Program) -> Profile {
    quietly(|| Profile::of(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden: these seeds are on people's screens and in their files.
    #[test]
    fn seeds_of_runs_are_pinned() {
        let seeds = [(0, 0), (0, 1), (1, 0), (u64::MAX, u64::MAX)].map(|(root, index)| run_seed(root, index));
        assert_eq!(
            seeds,
            [15719505095981232859, 1348228259227096610, 14523724789702156577, 7542899766713287010]
        );
    }
}
