//! K4, trap 6: strict replay fails at the first key that cannot be taken, and at the end if a key was
//! never met; replay by name skips and counts them.

use super::corpus::corpus;
use seedbed_core::{Instead, PathId, Tape, TapeEntry};
use seedbed_sim::{InWorld, ReplayError, RunConfig, StrategySpec, replay};
use sim_tests::{SEEDS, once};

#[test]
fn t06_with_the_key_and_the_step() {
    let (_, config, body) = corpus().swap_remove(0);
    let program = InWorld { config, program: body };
    for seed in 1..SEEDS {
        let run = RunConfig::seed(seed);
        let good = once(&program, seed, StrategySpec::Random);
        let stranger = PathId::of("nobody/of/this/name");
        // What ran instead is nothing that could run there.
        let mut impossible = good.tape.clone();
        let at = impossible.entries.len() / 2;
        let TapeEntry::Order { key, instead: Instead::Signal(mut name) } = impossible.entries[at] else {
            panic!("this program has orders only");
        };
        name.path = stranger;
        impossible.entries[at] = TapeEntry::Order { key, instead: Instead::Signal(name) };
        let strict = replay(&program, &run, &impossible, true, Vec::new()).unwrap();
        let (step, error) = strict.replay_error.expect("it cannot be followed");
        assert!(matches!(error, ReplayError::NotPossible { .. }), "{error}");
        assert_eq!(strict.stats.steps, step, "it ended there");
        assert!(step < good.stats.steps);
        let lenient = replay(&program, &run, &impossible, false, Vec::new()).unwrap();
        assert!(lenient.replay_error.is_none() && lenient.skipped >= 1 && lenient.stats.steps > step);
        // A key that is never met.
        let mut unmet = good.tape.clone();
        let mut key = key;
        key.plain.path = stranger;
        unmet.entries.push(TapeEntry::Order { key, instead: Instead::Clock });
        let strict = replay(&program, &run, &unmet, true, Vec::new()).unwrap();
        assert!(matches!(strict.replay_error, Some((_, ReplayError::NeverMet(_)))));
        let lenient = replay(&program, &run, &unmet, false, Vec::new()).unwrap();
        assert_eq!((lenient.replay_error, lenient.skipped), (None, 1));
        assert_eq!((lenient.met as usize, lenient.trace_hash), (good.tape.entries.len(), good.trace_hash));
        // A tape that says two things of one key.
        let twice = Tape { entries: good.tape.entries.repeat(2), ..good.tape.clone() };
        assert!(matches!(replay(&program, &run, &twice, true, Vec::new()), Err(ReplayError::Twice(_))));
    }
}
