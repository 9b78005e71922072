//! K5: replaying the tape of a run gives the same trace hash, without its seed's scheduling and fault streams.

use super::corpus::corpus;
use seedbed_core::{ChoiceKind, TapeEntry};
use seedbed_sim::InWorld;
use sim_tests::{SEEDS, checked};
use std::collections::BTreeMap;

#[test]
fn with_every_kind_of_entry() {
    let mut kinds = BTreeMap::new();
    for (_, config, body) in corpus() {
        let program = InWorld { config, program: body };
        for seed in 0..SEEDS * 4 {
            for entry in checked(&program, seed).tape.entries {
                let kind = match entry {
                    TapeEntry::Order { instead: seedbed_core::Instead::Clock, .. } => "the clock".to_owned(),
                    TapeEntry::Order { .. } => "an order".to_owned(),
                    TapeEntry::Choice { key, .. } => key.kind.to_string(),
                    TapeEntry::Hold { .. } => unreachable!("a run that is recorded has orders"),
                };
                *kinds.entry(kind).or_insert(0) += 1;
            }
        }
    }
    use ChoiceKind::{Buggify, Crash, Delay, Drop, Duplicate, EffectDelay, Kill, Restart, Unsynced};
    for kind in [Drop, Duplicate, Delay, Kill, Crash, Restart, Buggify, EffectDelay, Unsynced] {
        assert!(kinds.contains_key(&kind.to_string()), "no run has {kind}: {kinds:?}");
    }
    assert!(["an order", "the clock"].iter().all(|k| kinds.contains_key(*k)), "{kinds:?}");
}
