//! Y2: a factory goes along with a call to a supervisor of the same node, and makes every life of the
//! child; it is there as long as the supervisor or the child needs it, and no longer.

use seedbed_core::supervise::ChildSpec;
use seedbed_core::{ChildStart, Code, EntryStart, SpawnOptions, Supervisor, SupervisorError};
use sim_tests::{Diary, Input, actor, holds, idle};
use std::sync::Arc;

/// A child that answers 42 while its factory lives as long as `held` does.
fn child(held: &Arc<()>) -> ChildSpec<ChildStart> {
    let held = Arc::clone(held);
    let start = ChildStart::new(actor(move |cx, input| match input {
        Input::Message(_) => {
            let _ = &held;
            cx.reply(42u64)
        }
        _ => Ok(()),
    }));
    ChildSpec::worker("child", start.registered("child"))
}

#[test]
fn for_every_life_of_the_child() {
    holds(|world| {
        let held = Arc::new(());
        let top = world.spawn("top", Supervisor::one_for_one());
        let pid = world.supervisor(top).start_child(child(&held))?.expect("it runs");
        world.kill(pid);
        world.settle()?;
        let address = world.address("child", "main")?;
        assert_ne!(world.actor(address).expect("it runs").pid, pid);
        assert_eq!(world.ask::<_, u64>(address, 0u64)?, 42);
        world.kill(top);
        world.settle()?;
        assert_eq!(Arc::strong_count(&held), 1, "nothing keeps it any more");
        Ok(())
    });
}

/// The call of an actor that ends at once is still done (rule Q5), with what came along.
#[test]
fn of_an_actor_that_is_gone_meanwhile() {
    holds(|world| {
        let held = Arc::new(());
        let given = Arc::clone(&held);
        let top = world.spawn("top", Supervisor::one_for_one());
        world.settle()?;
        world.spawn(
            "caller",
            actor(move |cx, _| {
                cx.supervisor(top).start_child(child(&given))?;
                let me = cx.me();
                Ok(cx.kill(me)?)
            }),
        );
        world.settle()?;
        let address = world.address("child", "main")?;
        assert_eq!(world.ask::<_, u64>(address, 0u64)?, 42);
        Ok(())
    });
}

/// A turn that failed has asked for nothing; a supervisor that ended takes nothing; what a refused call
/// brought goes with it.
#[test]
fn and_is_dropped_with_a_call_that_is_not_done() {
    holds(|world| {
        let held = Arc::new(());
        let top = world.spawn("top", Supervisor::one_for_one());
        world.settle()?;
        let spawn = |world: &mut seedbed_sim::World, name: &str, kills: bool| {
            let given = Diary::new();
            given.push(Arc::clone(&held));
            world.spawn(
                name,
                actor(move |cx, input| {
                    if input == Input::Start {
                        if kills {
                            cx.kill(top)?;
                        }
                        cx.supervisor(top).start_child(child(&given.all()[0]))?;
                        if !kills {
                            anyhow::bail!("after it asked");
                        }
                    }
                    Ok(())
                }),
            )
        };
        spawn(world, "fails", false);
        world.settle()?;
        assert_eq!(world.supervisor(top).counts()?.specs, 0);
        let killer = spawn(world, "kills", true);
        world.settle()?;
        world.kill(killer);
        assert_eq!(world.actors(), []);
        let other = world.spawn("other", Supervisor::one_for_one());
        let bad = ChildSpec { id: "a/b".into(), ..child(&held) };
        assert!(world.supervisor(other).start_child(bad).is_err());
        assert_eq!(world.supervisor(top).start_child(child(&held)), Err(SupervisorError::NoProcess));
        world.settle()?;
        world.kill(other);
        world.settle()?;
        // The actors' own closures hold one each until their factories go with the world's slots.
        assert_eq!(Arc::strong_count(&held), 1);
        Ok(())
    });
}

#[test]
fn but_not_to_another_node_where_entries_do() {
    holds(|world| {
        world.entry("worker", idle());
        let there = world.node("there", |_| ());
        let top =
            world.spawn_on(there, SpawnOptions::registered("top"), Arc::new(Supervisor::one_for_one()))?;
        world.settle()?;
        let diary = Diary::new();
        let keep = diary.clone();
        let held = Arc::new(());
        world.spawn(
            "caller",
            actor(move |cx, input| {
                if input == Input::Start {
                    let refused = cx.supervisor(top).start_child(child(&held)).map(drop);
                    keep.push(refused);
                    cx.supervisor(top).start_child(ChildSpec::worker("late", EntryStart::new("worker")))?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(diary.all(), [Err(Code::Invalid)]);
        assert!(world.actors().iter().any(|a| a.path == "there/top/late"));
        Ok(())
    });
}
