//! Y3, U1, U2 on a supervisor that runs: what is changed, and when it shows.

use seedbed_core::supervise::{ChildSpec, ChildState, Flags, Plan, Restart, SpecError};
use seedbed_core::{ChildStart, Supervisor, SupervisorError};
use sim_tests::{Input, actor, holds};
use std::time::Duration;

/// A child that answers with `version`.
fn child(id: &str, version: u64) -> ChildSpec<ChildStart> {
    let start = ChildStart::new(actor(move |cx, input| match input {
        Input::Message(_) => cx.reply(version),
        _ => Ok(()),
    }));
    ChildSpec::worker(id, start.registered(id))
}

#[test]
fn a_good_change() {
    holds(|world| {
        let top = world.spawn("top", Supervisor::one_for_one().child(child("a", 1)).child(child("b", 1)));
        let a = world.supervisor(top).which("a")?.state.pid().expect("it runs");
        let flags = Flags { intensity: 3, period: Duration::from_secs(60), ..Flags::default() };
        let children = vec![child("a", 2), child("c", 2)];
        assert_eq!(world.supervisor(top).change(Plan { flags, children }), Ok(()));
        // The child that runs is left alone; a new one is not started.
        assert_eq!(world.supervisor(top).which("a")?.state, ChildState::Running(a));
        assert_eq!(world.ask::<_, u64>(a, 0u64)?, 1);
        assert_eq!(world.supervisor(top).which("c")?.state, ChildState::Down);
        let ids: Vec<String> = world.supervisor(top).children()?.into_iter().map(|c| c.id).collect();
        assert_eq!(ids, ["c", "b", "a"]);
        // What is started from now on, is the new one; and the new flags count.
        for _ in 0..3 {
            let a = world.address("a", "main")?;
            let pid = world.actor(a).expect("it runs").pid;
            world.kill(pid);
            world.settle()?;
            assert_eq!(world.ask::<_, u64>(a, 0u64)?, 2);
        }
        let c = world.supervisor(top).restart_child("c")?.expect("it runs");
        assert_eq!(world.ask::<_, u64>(c, 0u64)?, 2);
        Ok(())
    });
}

#[test]
fn a_bad_change_changes_nothing() {
    holds(|world| {
        let top = world.spawn("top", Supervisor::one_for_one().child(child("a", 1)));
        let bad = ChildSpec { significant: true, restart: Restart::Transient, ..child("z", 2) };
        let plan =
            Plan { flags: Flags { intensity: 9, ..Flags::default() }, children: vec![child("a", 2), bad] };
        let refused = world.supervisor(top).change(plan);
        assert_eq!(refused, Err(SupervisorError::Spec(SpecError::SignificantNever("z".into()))));
        let ids: Vec<String> = world.supervisor(top).children()?.into_iter().map(|c| c.id).collect();
        assert_eq!(ids, ["a"]);
        let a = world.address("a", "main")?;
        let pid = world.actor(a).expect("it runs").pid;
        world.kill(pid);
        world.settle()?;
        assert_eq!(world.ask::<_, u64>(a, 0u64)?, 1, "the old spec");
        let pid = world.actor(a).expect("it runs").pid;
        world.kill(pid);
        world.settle()?;
        assert_eq!(world.actor(top), None, "the old intensity");
        Ok(())
    });
}
