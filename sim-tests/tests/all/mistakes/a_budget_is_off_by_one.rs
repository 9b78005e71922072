//! I2: an intensity of N allows N restarts within the period, and the next ends the supervisor; 0 allows none.

use super::rig::{EXIT, FAIL, PANIC, Seen, child, end, kill_and_wait, named, pid, real};
use seedbed_core::{ExitReason, Supervisor, SupervisorError};
use sim_tests::holds;
use std::time::Duration;

fn tree(intensity: u32) -> Supervisor {
    Supervisor::one_for_one()
        .intensity(intensity, Duration::from_secs(3600))
        .child(child("a"))
        .child(child("b"))
}

#[test]
fn n_are_allowed_and_the_next_is_one_too_many() {
    for n in 0..4u64 {
        holds(|world| {
            let seen = Seen::of(world);
            let top = world.spawn("top", tree(n as u32));
            world.settle()?;
            for i in 0..n {
                // Whichever child, and however it ends: the window is the supervisor's (I4).
                end(world, if i % 2 == 0 { "a" } else { "b" }, [FAIL, PANIC, EXIT][i as usize % 3])?;
                assert_eq!((seen.counted(), seen.gave_up()), (i + 1, 0));
                assert!(world.actor(top).is_some(), "restart {} of {n}", i + 1);
                assert!(pid(world, "a").is_some() && pid(world, "b").is_some());
            }
            end(world, "a", FAIL)?;
            assert_eq!((seen.counted(), seen.gave_up()), (n, 1));
            assert_eq!(seen.ends("main/top"), [ExitReason::Shutdown]);
            assert_eq!(world.actors(), []);
            Ok(())
        });
    }
}

#[test]
fn on_the_real_reactor_too() {
    for n in [0, 1, 3] {
        real(
            || vec![("top", tree(n))],
            async |system, pids| {
                for _ in 0..n {
                    kill_and_wait(system, pids[0], "a").await;
                    named(system, "a").await;
                }
                let gone = system.monitor(pids[0]);
                kill_and_wait(system, pids[0], "b").await;
                assert_eq!(gone.await, Ok(ExitReason::Shutdown));
                assert_eq!(system.supervisor(pids[0]).counts().await, Err(SupervisorError::NoProcess));
                assert_eq!(system.actors().await.map(|t| t.len()), Ok(0));
            },
        );
    }
}
