//! R: a normal end is an end: a permanent child comes back, a transient one is known to be down, a temporary
//! one is forgotten, and no later shutdown waits for any of them.

use super::rig::{EXIT, STOP, Seen, child, end, end_and_wait, named, pid, real, with};
use seedbed_core::supervise::{ChildState, Restart};
use seedbed_core::{ExitReason, Supervisor, SupervisorError};
use sim_tests::holds;
use std::time::Duration;

fn tree() -> Supervisor {
    Supervisor::one_for_one()
        .intensity(9, Duration::from_secs(60))
        .child(child("p"))
        .child(with("c", Restart::Transient))
        .child(with("t", Restart::Temporary))
}

#[test]
fn whatever_the_restart_type() {
    for order in [STOP, EXIT] {
        holds(|world| {
            let seen = Seen::of(world);
            let top = world.spawn("top", tree());
            world.settle()?;
            let before = pid(world, "p");
            for name in ["p", "c", "t"] {
                end(world, name, order)?;
            }
            for name in ["p", "c", "t"] {
                assert_eq!(seen.ends(&format!("main/top/{name}")), [ExitReason::Normal]);
            }
            assert!(pid(world, "p").is_some() && pid(world, "p") != before);
            assert_eq!(world.supervisor(top).which("c")?.state, ChildState::Down);
            assert_eq!(world.supervisor(top).which("t"), Err(SupervisorError::NotFound));
            let asked = world.now();
            world.stop(top, ExitReason::Shutdown);
            world.settle()?;
            assert_eq!((world.actors(), world.now()), (vec![], asked), "nobody is waited for");
            Ok(())
        });
    }
}

#[test]
fn on_the_real_reactor_too() {
    real(
        || vec![("top", tree())],
        async |system, pids| {
            let top = pids[0];
            for name in ["p", "c", "t"] {
                assert_eq!(end_and_wait(system, top, name, STOP).await, ExitReason::Normal);
            }
            named(system, "p").await;
            assert_eq!(system.supervisor(top).which("c").await.expect("it is known").state, ChildState::Down);
            assert_eq!(system.supervisor(top).which("t").await, Err(SupervisorError::NotFound));
        },
    );
}
