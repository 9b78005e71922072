//! I3: the window slides in time: no three restarts within any ten seconds, wherever the ten seconds begin, and
//! any number of them further apart. A real clock is not waited for: the simulator's is the same kernel's.

use super::rig::{FAIL, Seen, child, end, pid};
use seedbed_core::Supervisor;
use seedbed_sim::WorldConfig;
use sim_tests::{holds_in, lenient};
use std::time::Duration;

fn tree() -> Supervisor {
    Supervisor::one_for_one().intensity(2, Duration::from_secs(10)).child(child("a"))
}

fn config() -> WorldConfig {
    WorldConfig { duration: Duration::from_secs(3600), ..lenient() }
}

/// Crashes at these times after the first, in milliseconds: the number of restarts, and whether it gave up.
fn crashes(at_ms: &[u64], restarts: u64, gives_up: bool) {
    holds_in(&config(), |world| {
        let seen = Seen::of(world);
        let top = world.spawn("top", tree());
        world.settle()?;
        // Not at a multiple of anything: a window that began with the supervisor would show.
        world.run_for(Duration::from_millis(7_345))?;
        let start = world.now();
        for at in at_ms {
            let until = start + Duration::from_millis(*at);
            world.run_for(until.since(world.now()))?;
            end(world, "a", FAIL)?;
        }
        assert_eq!((seen.counted(), seen.gave_up() > 0), (restarts, gives_up), "{at_ms:?}");
        assert_eq!(world.actor(top).is_none(), gives_up);
        assert_eq!(pid(world, "a").is_none(), gives_up);
        Ok(())
    });
}

#[test]
fn three_within_the_period_are_too_many_wherever_it_begins() {
    for first in [0, 4_000, 9_000] {
        crashes(&[first, first + 500, first + 1_000], 2, true);
        crashes(&[first, first + 5_000, first + 9_900], 2, true);
    }
    // A window that was reset at the second crash, or at 10 s, would allow the last.
    crashes(&[0, 9_000, 15_000, 18_000], 3, true);
}

#[test]
fn any_number_further_apart_are_fine() {
    let spaced: Vec<u64> = (0..40).map(|n| n * 5_100).collect();
    crashes(&spaced, 40, false);
    let pairs: Vec<u64> = (0..20).flat_map(|n| [n * 10_200, n * 10_200 + 100]).collect();
    crashes(&pairs, 40, false);
}
