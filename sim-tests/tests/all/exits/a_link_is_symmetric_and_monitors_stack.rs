//! E1: a link is symmetric, at most one a pair. A monitor is one-way, has its own reference, and stacks.

use seedbed_core::{Signal, SpawnOptions};
use sim_tests::{Diary, Input, actor, holds};
use std::sync::Arc;

#[test]
fn two_links_are_one_and_two_monitors_are_two() {
    for remote in [false, true] {
        for victim_links in [false, true] {
            holds(|world| {
                let diary = Diary::new();
                let node = if remote { world.node("there", |_| ()) } else { world.main() };
                let victim = actor(move |cx, input| {
                    if let Input::Message(raw) = input {
                        // The other side makes the link: it is the same link.
                        if victim_links {
                            cx.link(sim_tests::pid(raw))?;
                        }
                    }
                    Ok(())
                });
                let victim = world.spawn_on(node, SpawnOptions::default(), Arc::new(victim))?;
                world.settle()?;
                let keep = diary.clone();
                let watcher = world.spawn(
                    "watcher",
                    actor(move |cx, input| {
                        match input {
                            Input::Start => {
                                cx.trap_exits(true);
                                assert_eq!([cx.monitor(victim)?.0, cx.monitor(victim)?.0], [1, 2]);
                                if !victim_links {
                                    cx.link(victim)?;
                                    cx.link(victim)?;
                                }
                                let me = cx.me();
                                cx.link(me)?; // to oneself: nothing
                                cx.send(victim, &me.to_raw())?;
                            }
                            Input::Signal(Signal::Exit { from, .. }) => keep.push((from, 0)),
                            Input::Signal(Signal::Down { from, monitor, .. }) => keep.push((from, monitor.0)),
                            _ => {}
                        }
                        Ok(())
                    }),
                );
                world.settle()?;
                assert_eq!(world.actor(victim).expect("it lives").watched, 3);
                assert_eq!(world.actor(watcher).expect("it lives").watched, 1, "no monitor on the watcher");
                world.kill(victim);
                world.settle()?;
                let mut all = diary.all();
                all.sort_unstable();
                assert_eq!(all, [(victim, 0), (victim, 1), (victim, 2)]);
                Ok(())
            });
        }
    }
}
