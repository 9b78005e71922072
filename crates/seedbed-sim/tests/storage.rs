//! Stores that fail, and what a crash leaves of them (rules O3, O4).

mod common;

use common::{Do, SECOND, fact, nodes, replays, tell};
use seedbed_sim::{Faults, Outcome, World};
use std::time::Duration;

/// Five appends that were synced and five that were not, a crash, and what there is afterwards.
fn crashed(faults: &Faults, seed: u64) -> Outcome {
    replays(faults, seed, |world| {
        let [a, ..] = nodes(world)?;
        for nth in 0..10 {
            tell(world, "a", Do::Append)?;
            if nth == 4 {
                world.run_for(SECOND)?;
            }
        }
        world.run_for(Duration::from_nanos(1))?;
        world.crash(a);
        world.restart(a);
        world.run_for(SECOND)?;
        tell(world, "a", Do::Read)?;
        world.run_for(SECOND)?;
        let (records, shortest) = (fact(world, "a", "records"), fact(world, "a", "shortest"));
        let (records, shortest) = records.zip(shortest).expect("it was read");
        assert!((5..=10).contains(&records), "{records}");
        world.sometimes("lost", records < 10);
        world.sometimes("torn", shortest < 6);
        assert!(shortest == 6 || (1..6).contains(&shortest), "a torn record is the beginning of one");
        Ok(())
    })
}

fn seen(outcome: &Outcome, name: &str) -> bool {
    outcome.stats.sometimes.get(name).copied().unwrap_or_default()
}

#[test]
fn a_crash_loses_a_tail_and_leaves_the_beginning_of_a_record_only_if_asked_to() {
    let lossy = Faults { unsynced: 1_000_000, ..Faults::none() };
    let tearing = Faults { torn: 1_000_000, ..lossy.clone() };
    for (faults, torn) in
        [(&lossy, false), (&tearing, true), (&Faults { unsynced: 0, ..tearing.clone() }, false)]
    {
        let runs: Vec<Outcome> = (0..30).map(|seed| crashed(faults, seed)).collect();
        assert_eq!(runs.iter().any(|run| seen(run, "torn")), torn);
        assert_eq!(runs.iter().any(|run| seen(run, "lost")), faults.unsynced > 0);
        assert!(runs.iter().all(|run| seen(run, "torn") == run.stats.faults.contains_key("torn write")));
    }
}

#[test]
fn an_append_fails_with_a_code_that_says_whether_it_was_done() {
    let faults = Faults { effect_failed: 400_000, ..Faults::none() };
    let (mut whole, mut codes) = (0, [0; 3]);
    for seed in 0..40 {
        let outcome = replays(&faults, seed, |world: &mut World| {
            nodes(world)?;
            let mut done = 0;
            let mut unknown = 0;
            for _ in 0..12 {
                tell(world, "a", Do::Append)?;
                world.run_for(SECOND)?;
                match fact(world, "a", "append").expect("it ended") {
                    0 => done += 1,
                    4 => unknown += 1,
                    code => assert!(code == 2 || code == 3, "{code}"),
                }
            }
            loop {
                tell(world, "a", Do::Read)?;
                world.run_for(SECOND)?;
                if let Some(records) = fact(world, "a", "records") {
                    assert!(
                        (done..=done + unknown).contains(&records),
                        "{records}, {done} done, {unknown} unknown"
                    );
                    world.sometimes("unknown and done", unknown > 0 && records > done);
                    world.sometimes("unknown and not done", unknown > 0 && records < done + unknown);
                    break;
                }
            }
            for code in [2, 3, 4] {
                let there = fact(world, "a", &format!("code {code}")).is_some();
                world.sometimes(&format!("code {code}"), there);
            }
            Ok(())
        });
        for (count, code) in codes.iter_mut().zip([2, 3, 4]) {
            *count += u32::from(seen(&outcome, &format!("code {code}")));
        }
        whole |= u32::from(seen(&outcome, "unknown and done"))
            | u32::from(seen(&outcome, "unknown and not done")) << 1;
    }
    assert!(codes.iter().all(|n| *n > 3), "{codes:?}");
    assert_eq!(whole, 3, "what is unknown may be either");
}
