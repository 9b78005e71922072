//! D1, D7: a supervisor that stops waits for its children and for nothing else: not for timeouts of children
//! that are gone, not for delays of restarts, not for callers; and no timer of it is left behind.

use super::rig::{FAIL, child, named, real};
use seedbed_core::supervise::{Backoff, ChildSpec, Shutdown};
use seedbed_core::{ChildStart, ExitReason, Supervisor};
use sim_tests::{actor, holds};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// Children that may take an hour to stop, and do not; one waits for an hour to be restarted.
fn tree() -> Supervisor {
    let backoff = Backoff { min: HOUR, max: HOUR, factor: 1, jitter_permille: 0, reset_after: HOUR };
    let patient = |id: &str| ChildSpec { shutdown: Shutdown::After(HOUR), ..child(id) };
    let inner = (0..5).fold(Supervisor::one_for_one(), |tree, n| tree.child(patient(&format!("inner-{n}"))));
    let pool = ChildSpec {
        shutdown: Shutdown::After(HOUR),
        ..ChildSpec::worker("i", ChildStart::new(actor(|_, _| Ok(()))))
    };
    Supervisor::one_for_one()
        .intensity(9, HOUR)
        .child(patient("a"))
        .child(ChildSpec::supervisor("inner", ChildStart::new(inner)))
        .child(ChildSpec::supervisor("pool", ChildStart::new(Supervisor::dynamic(pool)).registered("pool")))
        .child(ChildSpec { backoff: Some(backoff), ..patient("waits") })
}

#[test]
fn no_time_passes_if_all_obey() {
    holds(|world| {
        let top = world.spawn("top", tree());
        world.run_for(Duration::from_millis(1))?;
        let pool = world.address("pool", "main")?;
        for n in 0..20u64 {
            world.supervisor(pool).start_instance(&n)?;
        }
        let waits = world.address("waits", "main")?;
        world.send(waits, FAIL);
        world.run_for(Duration::from_millis(1))?;
        let asked = world.now();
        world.stop(top, ExitReason::Shutdown);
        world.run_for(Duration::ZERO)?;
        assert_eq!(world.actors(), [], "at once");
        assert_eq!(world.now(), asked);
        assert!(world.is_at_rest(), "no timer was left behind");
        Ok(())
    });
}

/// A shutdown that is brutal does not ask.
#[test]
fn a_brutal_one_waits_for_nobody() {
    holds(|world| {
        let seen = super::rig::Seen::of(world);
        let brutal = ChildSpec { shutdown: Shutdown::Brutal, ..child("a") };
        let top = world.spawn("top", Supervisor::one_for_one().child(brutal));
        world.run_for(Duration::from_millis(1))?;
        let asked = world.now();
        world.stop(top, ExitReason::Shutdown);
        world.settle()?;
        assert_eq!((world.now(), seen.ends("main/top/a")), (asked, vec![ExitReason::Killed]));
        Ok(())
    });
}

/// Ten seconds are what a system allows before it kills; an hour is what the children may take.
#[test]
fn on_the_real_reactor_too() {
    real(
        || vec![("top", tree())],
        async |system, pids| {
            let pool = named(system, "pool").await;
            for n in 0..20u64 {
                system.supervisor(pool).start_instance(&n).await.expect("it starts");
            }
            super::rig::end_and_wait(system, pids[0], "waits", FAIL).await;
            assert_eq!(system.stop(pids[0], seedbed_core::Reason::Shutdown).await, Ok(ExitReason::Shutdown));
            assert_eq!(system.actors().await.expect("it runs"), []);
        },
    );
}
