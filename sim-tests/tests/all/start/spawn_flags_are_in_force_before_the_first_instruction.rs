//! S5, E9: link and monitor flags of a spawn are in force before the child's first instruction.

use seedbed_core::{ExitReason, MonitorRef, Reason, Signal, SpawnFlags, SpawnOptions};
use sim_tests::{Diary, Input, actor, holds};

#[test]
fn an_end_in_the_very_first_turn_or_before_it_is_seen() {
    for killed in [false, true] {
        holds(|world| {
            let diary = Diary::new();
            let keep = diary.clone();
            let child = actor(move |cx, _| {
                let me = cx.me();
                Ok(cx.exit(me, Reason::Shutdown)?)
            });
            world.spawn(
                "parent",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            cx.trap_exits(true);
                            let flags = SpawnFlags::LINK.with(SpawnFlags::MONITOR);
                            let (pid, reference) = cx.spawn_shared(
                                SpawnOptions::default().flags(flags),
                                std::sync::Arc::new(child.clone()),
                            )?;
                            assert_eq!(reference, Some(MonitorRef(1)));
                            if killed {
                                cx.kill(pid)?;
                            }
                        }
                        Input::Signal(Signal::Exit { reason, .. }) => keep.push((0, reason)),
                        Input::Signal(Signal::Down { reason, monitor, .. }) => keep.push((monitor.0, reason)),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let reason = if killed { ExitReason::Killed } else { ExitReason::Shutdown };
            assert_eq!(diary.all(), [(0, reason.clone()), (1, reason)]);
            Ok(())
        });
    }
}

#[test]
fn the_child_dies_of_the_link_also_before_its_start() {
    holds(|world| {
        let child = actor(|_, _| Ok(()));
        world.spawn(
            "parent",
            actor(move |cx, input| {
                if input == Input::Start {
                    cx.spawn(SpawnOptions::default().flags(SpawnFlags::LINK), child.clone())?;
                    let me = cx.me();
                    cx.exit(me, Reason::Shutdown)?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(world.actors(), []);
        Ok(())
    });
}
