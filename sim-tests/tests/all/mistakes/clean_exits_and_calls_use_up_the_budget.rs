//! I7: clean ends of transient children, ends of temporary ones, and what callers ask for are not restarts,
//! and use up nothing.

use super::rig::{FAIL, SHUTDOWN, STOP, Seen, child, end, end_and_wait, named, pid, real, with};
use seedbed_core::Supervisor;
use seedbed_core::supervise::Restart;
use sim_tests::holds;
use std::time::Duration;

/// One restart is allowed, ever.
fn tree() -> Supervisor {
    let temporary = (0..4).map(|n| with(["t0", "t1", "t2", "t3"][n], Restart::Temporary));
    temporary.fold(
        Supervisor::one_for_one()
            .intensity(1, Duration::from_secs(3600))
            .child(child("p"))
            .child(with("c", Restart::Transient)),
        Supervisor::child,
    )
}

#[test]
fn nothing_of_it_is_counted() {
    holds(|world| {
        let seen = Seen::of(world);
        let top = world.spawn("top", tree());
        world.settle()?;
        for clean in [STOP, SHUTDOWN, STOP] {
            end(world, "c", clean)?;
            assert_eq!(pid(world, "c"), None);
            world.supervisor(top).restart_child("c")?;
        }
        for n in 0..4 {
            end(world, &format!("t{n}"), FAIL)?;
        }
        for _ in 0..3 {
            world.supervisor(top).stop_child("p")?;
            world.supervisor(top).restart_child("p")?;
        }
        world.supervisor(top).stop_child("p")?;
        world.supervisor(top).delete_child("p")?;
        world.supervisor(top).start_child(child("p"))?;
        assert_eq!((seen.counted(), seen.gave_up()), (0, 0));
        end(world, "p", FAIL)?;
        assert_eq!((seen.counted(), seen.gave_up()), (1, 0), "and the one that is allowed, is");
        assert!(pid(world, "p").is_some());
        Ok(())
    });
}

#[test]
fn on_the_real_reactor_too() {
    real(
        || vec![("top", tree())],
        async |system, pids| {
            let top = pids[0];
            for clean in [STOP, SHUTDOWN] {
                end_and_wait(system, top, "c", clean).await;
                assert!(system.supervisor(top).restart_child("c").await.expect("it was down").is_some());
            }
            for name in ["t0", "t1", "t2", "t3"] {
                end_and_wait(system, top, name, FAIL).await;
            }
            for _ in 0..3 {
                system.supervisor(top).stop_child("p").await.expect("it runs");
                system.supervisor(top).restart_child("p").await.expect("it was down");
            }
            end_and_wait(system, top, "p", FAIL).await;
            named(system, "p").await;
            assert_eq!(system.supervisor(top).counts().await.expect("it lives").active, 2);
        },
    );
}
