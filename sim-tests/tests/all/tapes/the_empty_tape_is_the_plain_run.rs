//! K2: the plain answer is 0, and for a delivery the one that plain order would have run; the empty
//! tape is the plain run.

use super::corpus::corpus;
use seedbed_core::{Tape, TapeEntry};
use seedbed_sim::{InWorld, RunConfig, StrategySpec, replay};
use sim_tests::{SEEDS, once};

#[test]
fn whatever_the_seed() {
    for (name, config, body) in corpus() {
        let program = InWorld { config, program: body };
        for seed in 0..SEEDS {
            let plain = once(&program, seed, StrategySpec::Plain);
            assert_eq!(plain.tape.entries, [], "{name}");
            let empty = replay(&program, &RunConfig::seed(seed), &Tape::default(), true, Vec::new());
            assert_eq!(empty.map(|o| o.trace_hash), Ok(plain.trace_hash), "{name}, seed {seed}");
            let random = once(&program, seed, StrategySpec::Random);
            for entry in &random.tape.entries {
                match entry {
                    TapeEntry::Choice { answer, .. } => assert_ne!(*answer, 0),
                    TapeEntry::Order { key, instead } => {
                        assert_ne!(*instead, seedbed_core::Instead::Signal(key.plain));
                    }
                    TapeEntry::Hold { .. } => unreachable!("a run that is recorded has orders"),
                }
            }
        }
    }
}
