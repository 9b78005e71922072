//! Clocks of nodes, and timers that are late (rules C6–C8).

mod common;

use common::{Do, MS, SECOND, fact, fine, nodes, replays, tell};
use seedbed_sim::Faults;
use std::time::Duration;

#[test]
fn timers_fire_by_the_clock_of_their_node() {
    fine(Faults::none(), |world| {
        let [a, b, _] = nodes(world)?;
        world.drift(a, 250_000);
        world.drift(b, -200_000);
        for node in ["a", "b", "c"] {
            tell(world, node, Do::Sleep(1_000_000_000))?;
        }
        // A clock that runs a quarter fast shows a second after 800 ms, one that runs a fifth slow after 1250.
        for (ms, slept) in
            [(799, [false; 3]), (2, [true, false, false]), (200, [true, false, true]), (250, [true; 3])]
        {
            world.run_for(MS * ms)?;
            assert_eq!(
                ["a", "b", "c"].map(|node| fact(world, node, "slept").is_some()),
                slept,
                "{}",
                world.now()
            );
        }
        assert_eq!(["a", "b", "c"].map(|node| fact(world, node, "slept")), [Some(1_000_000_000); 3]);
        Ok(())
    });
}

#[test]
fn a_clock_whose_drift_changes_goes_on_from_where_it_is_and_the_wall_clock_may_jump() {
    fine(Faults::none(), |world| {
        let [a, ..] = nodes(world)?;
        let mut last = 0;
        for (ppm, skew) in [(1_000_000, 0), (-500_000, -7_000_000_000), (0, 9), (300, i64::MIN), (-1, 5)] {
            world.drift(a, ppm);
            world.skew(a, skew);
            tell(world, "a", Do::Take(1))?;
            world.run_for(MS)?;
            let now = fact(world, "a", "at 1").expect("it was taken");
            assert!(now >= last, "{ppm}: {now} after {last}");
            last = now;
            world.run_for(SECOND)?;
        }
        Ok(())
    });
}

#[test]
fn late_timers_fire_all_the_same_and_replay() {
    let faults = Faults { timer_late: 500_000, late_by: (1_000_000, 400_000_000), ..Faults::none() };
    let (mut late, mut prompt) = (0, 0);
    for seed in 0..30 {
        let outcome = replays(&faults, seed, |world| {
            nodes(world)?;
            for _ in 0..10 {
                tell(world, "a", Do::Sleep(100_000_000))?;
                world.run_for(SECOND)?;
                let slept = Duration::from_nanos(fact(world, "a", "slept").expect("it woke up") as u64);
                assert!(slept >= MS * 100 && slept <= MS * 500, "{slept:?}");
                world.sometimes("prompt", slept == MS * 100);
                world.sometimes("late", slept > MS * 100);
            }
            Ok(())
        });
        let counted = outcome.stats.faults.get("late timer").copied().unwrap_or_default();
        assert_eq!(counted > 0, outcome.stats.sometimes["late"], "seed {seed}");
        late += u32::from(outcome.stats.sometimes["late"]);
        prompt += u32::from(outcome.stats.sometimes["prompt"]);
    }
    assert!(late > 10 && prompt > 10, "{late} {prompt}");
}
