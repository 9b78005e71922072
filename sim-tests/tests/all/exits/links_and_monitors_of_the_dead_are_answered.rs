//! E8, E9, E17: linking to a dead pid gives exit(NoProcess), monitoring one gives down(NoProcess) at
//! once; never silence.

use seedbed_core::{ExitReason, Signal, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, holds, idle, watcher};
use std::sync::Arc;

#[test]
fn here_and_on_another_node() {
    for remote in [false, true] {
        holds(|world| {
            let diary = Diary::new();
            let node = if remote { world.node("there", |_| ()) } else { world.main() };
            let dead = world.spawn_on(node, SpawnOptions::named("dead"), Arc::new(idle()))?;
            world.settle()?;
            world.kill(dead);
            // Several at once: what each is told has a name of its own on a tape.
            for name in ["a", "b", "c"] {
                let keep = diary.clone();
                world.spawn(
                    name,
                    watcher(
                        move |cx| {
                            cx.link(dead)?;
                            cx.monitor(dead)?;
                            cx.link(dead)?;
                            Ok(())
                        },
                        move |cx, told| {
                            let how = if told.monitor.is_none() { "exit" } else { "down" };
                            keep.push((cx.me(), how, told.from, told.reason));
                        },
                    ),
                );
            }
            world.settle()?;
            let all = diary.all();
            assert!(all.iter().all(|e| e.2 == dead && e.3 == ExitReason::NoProcess));
            for me in all.iter().map(|e| e.0) {
                let mut of: Vec<_> = all.iter().filter(|e| e.0 == me).map(|e| e.1).collect();
                of.sort_unstable();
                // Here the first link is answered before the second is made, which is answered too;
                // elsewhere both are made before the one answer comes.
                let exits = if remote { vec!["down", "exit"] } else { vec!["down", "exit", "exit"] };
                assert_eq!(of, exits);
            }
            assert!(all.len() >= 6);
            Ok(())
        });
    }
}

#[test]
fn a_link_to_the_dead_ends_who_does_not_trap() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let dead = world.spawn("dead", idle());
        world.settle()?;
        world.kill(dead);
        for name in ["a", "b"] {
            world.spawn(
                name,
                actor(move |cx, input| if input == Input::Start { Ok(cx.link(dead)?) } else { Ok(()) }),
            );
        }
        world.settle()?;
        for name in ["main/a", "main/b"] {
            assert_eq!(trace.ends(name), [ExitReason::NoProcess]);
        }
        Ok(())
    });
}

/// An address is resolved at the call: who takes its name later in the same turn is not meant.
#[test]
fn an_address_of_nobody_is_nobodys_also_if_the_name_is_taken_in_the_same_turn() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let me = world.spawn(
            "other-name",
            actor(move |cx, input| {
                match input {
                    Input::Start => cx.unregister()?,
                    Input::Message(_) => {
                        let address = cx.address("x")?;
                        cx.monitor(address)?;
                        cx.register("x")?;
                    }
                    Input::Signal(Signal::Down { reason, .. }) => keep.push(reason),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.send(me, 0u64);
        world.settle()?;
        assert_eq!(diary.all(), [ExitReason::NoProcess]);
        assert_eq!(world.actor(me).map(|a| a.watched), Some(0));
        Ok(())
    });
}
