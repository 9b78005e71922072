//! I9: a supervisor that had enough exits with `Shutdown`, which is clean: its parent restarts it if it is
//! permanent, and leaves it down if it is transient.

use super::rig::{FAIL, Seen, child, end, kill_and_wait, named, real};
use seedbed_core::supervise::{ChildSpec, ChildState, Restart};
use seedbed_core::{ChildStart, ExitReason, Supervisor};
use sim_tests::holds;
use std::time::Duration;

fn tree(restart: Restart) -> Supervisor {
    let inner = Supervisor::one_for_one().intensity(1, Duration::from_secs(60)).child(child("w"));
    let inner =
        ChildSpec { restart, ..ChildSpec::supervisor("inner", ChildStart::new(inner).registered("inner")) };
    Supervisor::one_for_one().intensity(1, Duration::from_secs(60)).child(inner).child(child("a"))
}

#[test]
fn only_if_it_is_permanent() {
    for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
        holds(|world| {
            let seen = Seen::of(world);
            let top = world.spawn("top", tree(restart));
            world.settle()?;
            end(world, "w", FAIL)?;
            end(world, "w", FAIL)?;
            assert_eq!(seen.ends("main/top/inner"), [ExitReason::Shutdown]);
            assert_eq!(seen.gave_up(), 1);
            let again = u64::from(restart == Restart::Permanent);
            assert_eq!(seen.starts("main/top/inner"), 1 + again);
            assert_eq!(
                seen.counted(),
                1 + again,
                "one of the worker, and one of the supervisor if it is restarted"
            );
            match restart {
                Restart::Permanent => {
                    assert!(world.supervisor(top).which("inner")?.state.pid().is_some());
                    // Twice more, and that is too much for the parent as well.
                    end(world, "w", FAIL)?;
                    end(world, "w", FAIL)?;
                    assert_eq!(world.actor(top), None);
                }
                Restart::Transient => {
                    assert_eq!(world.supervisor(top).which("inner")?.state, ChildState::Down);
                }
                Restart::Temporary => assert!(world.supervisor(top).which("inner").is_err()),
            }
            Ok(())
        });
    }
}

#[test]
fn on_the_real_reactor_too() {
    for restart in [Restart::Permanent, Restart::Transient] {
        real(
            || vec![("top", tree(restart))],
            async |system, pids| {
                let inner = named(system, "inner").await;
                kill_and_wait(system, inner, "w").await;
                let gone = system.monitor(inner);
                kill_and_wait(system, inner, "w").await;
                assert_eq!(gone.await, Ok(ExitReason::Shutdown));
                let state = system.supervisor(pids[0]).which("inner").await.expect("it is known").state;
                match restart {
                    Restart::Permanent => assert!(matches!(state, ChildState::Running(new) if new != inner)),
                    _ => assert_eq!(state, ChildState::Down),
                }
            },
        );
    }
}
