//! E2, E9, E17, E18, S5: a death is told to the supervisor and to whoever watches, once: after a kill in the same
//! turn, after a host panic, and when it comes during the start.

use super::rig::{PANIC, Seen, child, end, end_and_wait, named, pid, real};
use seedbed_core::supervise::{ChildSpec, ChildState};
use seedbed_core::{ChildStart, ExitReason, Failure, Signal, Supervisor};
use sim_tests::{Diary, Input, actor, holds};
use std::time::Duration;

fn tree() -> Supervisor {
    Supervisor::one_for_one().intensity(9, Duration::from_secs(60)).child(child("a")).child(child("b"))
}

#[test]
fn of_a_kill_and_a_monitor_in_one_turn() {
    holds(|world| {
        let (seen, diary) = (Seen::of(world), Diary::new());
        world.spawn("top", tree());
        world.settle()?;
        let a = pid(world, "a").expect("it runs");
        let keep = diary.clone();
        world.spawn(
            "killer",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.monitor(a)?;
                        cx.kill(a)?;
                        cx.monitor(a)?;
                        cx.link(a)?;
                        cx.trap_exits(true);
                    }
                    Input::Signal(Signal::Down { reason, .. } | Signal::Exit { reason, .. }) => {
                        keep.push(reason)
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let mut told = diary.all();
        told.sort_by_key(|reason| *reason != ExitReason::Killed);
        assert_eq!(told, [ExitReason::Killed, ExitReason::NoProcess, ExitReason::NoProcess]);
        assert_eq!(seen.starts("main/top/a"), 2, "and its supervisor knows");
        Ok(())
    });
}

#[test]
fn of_a_host_panic() {
    holds(|world| {
        let seen = Seen::of(world);
        world.spawn("top", tree());
        world.settle()?;
        end(world, "a", PANIC)?;
        assert_eq!(seen.ends("main/top/a"), [Failure::HostPanic.into()]);
        assert_eq!((seen.starts("main/top/a"), seen.starts("main/top/b")), (2, 1));
        Ok(())
    });
}

/// Its first restarts end during the start: by a panic, by a kill of itself, by a kill from outside.
#[test]
fn of_a_death_during_the_start() {
    holds(|world| {
        let seen = Seen::of(world);
        let starts = ChildStart::new(actor(|cx, input| {
            if input != Input::Start {
                anyhow::bail!("as ordered");
            }
            match cx.life().0 {
                2 => panic!("planned"),
                3 => {
                    let me = cx.me();
                    cx.kill(me)?;
                }
                _ => {}
            }
            Ok(())
        }));
        let spec = ChildSpec::worker("a", starts.registered("a"));
        let top =
            world.spawn("top", Supervisor::one_for_one().intensity(9, Duration::from_secs(60)).child(spec));
        world.settle()?;
        end(world, "a", 0)?;
        world.settle()?;
        assert_eq!(seen.starts("main/top/a"), 4);
        assert!(world.supervisor(top).which("a")?.state.pid().is_some());
        // From outside, at whatever point of the start it is.
        let a = pid(world, "a").expect("it runs");
        world.kill(a);
        world.run_for(Duration::ZERO)?;
        if let Some(new) = pid(world, "a") {
            world.kill(new);
        }
        world.settle()?;
        assert!(matches!(world.supervisor(top).which("a")?.state, ChildState::Running(_)));
        Ok(())
    });
}

#[test]
fn on_the_real_reactor_too() {
    real(
        || vec![("top", tree())],
        async |system, pids| {
            let before = named(system, "a").await;
            assert_eq!(end_and_wait(system, pids[0], "a", PANIC).await, Failure::HostPanic.into());
            let after = named(system, "a").await;
            assert_ne!(after, before);
            system.kill(after).await.expect("it lives");
            assert_eq!(system.monitor(after).await, Ok(ExitReason::NoProcess));
            assert!(system.supervisor(pids[0]).which("a").await.expect("it is known").state.pid().is_some());
        },
    );
}
