//! W6: a failure that no supervisor, link, monitor or spawner that asked to be told saw is a finding,
//! unless the world allows it.

use seedbed_core::{ChildStart, Pid, SpawnFlags, SpawnOptions, Supervisor, supervise::ChildSpec};
use seedbed_sim::{InWorld, World, WorldConfig};
use sim_tests::{Input, actor, once, strategy};
use std::time::Duration;

const PROPERTY: &str = "every failure is handled";

fn found(allow: bool, body: impl Fn(&mut World) -> anyhow::Result<()>) -> Option<String> {
    let config = WorldConfig { allow_failures: allow, ..WorldConfig::default() };
    let program = InWorld { config, program: body };
    let mut all: Vec<_> =
        (0..8).map(|seed| once(&program, seed, strategy(seed)).found.map(|f| f.property)).collect();
    all.dedup();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn fails(in_start: bool) -> impl seedbed_core::Factory + Clone {
    actor(move |_, input| {
        anyhow::ensure!((input == Input::Start) != in_start, "planned");
        Ok(())
    })
}

fn parent(flags: SpawnFlags, in_start: bool) -> impl Fn(&mut World) -> anyhow::Result<()> {
    move |world| {
        world.spawn(
            "parent",
            actor(move |cx, input| {
                if input == Input::Start {
                    cx.trap_exits(true);
                    let child = fails(in_start);
                    let pid =
                        cx.spawn_shared(SpawnOptions::default().flags(flags), std::sync::Arc::new(child))?;
                    cx.send(pid.0, &1u64)?;
                }
                Ok(())
            }),
        );
        Ok(())
    }
}

#[test]
fn who_was_told_has_seen_it() {
    for in_start in [false, true] {
        let unseen = found(false, parent(SpawnFlags::NONE, in_start));
        assert_eq!(unseen.as_deref(), Some(PROPERTY));
        assert_eq!(found(true, parent(SpawnFlags::NONE, in_start)), None, "unless the world allows it");
        for flags in [SpawnFlags::LINK, SpawnFlags::MONITOR] {
            assert_eq!(found(false, parent(flags, in_start)), None);
        }
        let told = found(false, parent(SpawnFlags::NOTIFY, in_start));
        assert_eq!(told.is_none(), in_start, "of a start only the start is told");
    }
}

#[test]
fn a_panic_and_the_end_by_a_link_count_too() {
    let panics = found(false, |world| {
        world.spawn("a", actor(|_, _| panic!("planned")));
        Ok(())
    });
    assert_eq!(panics.as_deref(), Some(PROPERTY));
    // The link saw the first; of the second, which ended by it, nobody was told.
    let chain = found(false, |world| {
        let a = world.spawn("a", fails(false));
        world.settle()?;
        let follows = actor(move |cx, input| if input == Input::Start { Ok(cx.link(a)?) } else { Ok(()) });
        world.spawn("b", follows);
        world.settle()?;
        world.send(a, 1u64);
        Ok(())
    });
    assert_eq!(chain.as_deref(), Some(PROPERTY));
}

/// Whoever ends with its supervisor, for the supervisor's reason, has not failed itself.
#[test]
fn what_ends_with_its_supervisor_is_no_failure_of_its_own() {
    let inner = || {
        let worker = |id| ChildSpec::worker(id, ChildStart::new(fails(false)));
        let below = Supervisor::one_for_one().child(worker("leaf"));
        let below = ChildSpec::supervisor("below", ChildStart::new(below));
        Supervisor::one_for_one().child(worker("worker")).child(below)
    };
    let trapped = |world: &mut World, path: &str| {
        let pid = world.actors().into_iter().find(|a| a.path == path).expect("it runs").pid;
        world.fail(pid, seedbed_core::Failure::OutOfFuel);
    };
    let handled = found(false, |world| {
        let inner = ChildSpec::supervisor("inner", ChildStart::new(inner()));
        world.spawn("top", Supervisor::one_for_one().child(inner));
        world.settle()?;
        trapped(world, "main/top/inner");
        Ok(())
    });
    assert_eq!(handled, None, "the top saw it");
    let unhandled = found(false, |world| {
        world.spawn("top", inner());
        world.settle()?;
        trapped(world, "main/top");
        Ok(())
    });
    assert_eq!(unhandled.as_deref(), Some(PROPERTY), "nobody is above the top");
}

/// Two trees give up in the same run, overlapping; each alone is a finding, so both together are.
#[test]
fn no_supervisor_that_gave_up_is_forgotten() {
    let tree = |slow: bool| {
        let worker = actor(|_, input| {
            anyhow::ensure!(!matches!(input, Input::Message(_)), "planned");
            Ok(())
        });
        // The other child is stopped first, in a turn of its own, so that giving up takes a while.
        let child = |id| ChildSpec::worker(id, ChildStart::new(worker.clone()));
        let inner = Supervisor::one_for_one().intensity(0, Duration::from_secs(1));
        let inner = inner.child(child("other")).child(child("child"));
        if slow {
            inner
        } else {
            Supervisor::one_for_one().child(ChildSpec::supervisor("inner", ChildStart::new(inner)))
        }
    };
    let body = move |world: &mut World| {
        let _outer: Pid = world.spawn("root", tree(true));
        world.spawn("nested", tree(false));
        world.settle()?;
        let children: Vec<Pid> =
            world.actors().into_iter().filter(|a| a.path.ends_with("/child")).map(|a| a.pid).collect();
        assert_eq!(children.len(), 2);
        for pid in children {
            world.send(pid, 1u64);
        }
        Ok(())
    };
    assert_eq!(found(false, body).as_deref(), Some(PROPERTY));
}
