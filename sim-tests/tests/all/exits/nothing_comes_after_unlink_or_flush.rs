//! E10: after unlink or demonitor(flush) nothing of it is delivered any more, not even if already queued.

use seedbed_core::{Code, ExitReason, MonitorRef, Signal, SpawnOptions};
use sim_tests::{Diary, Input, SEEDS, actor, holds, idle};
use std::sync::{Arc, Mutex};

/// The victim ends and the watcher takes its watches back, in any order.
#[test]
fn whichever_comes_first() {
    let told = Arc::new(Mutex::new([0u64; 2]));
    for remote in [false, true] {
        let totals = Arc::clone(&told);
        holds(move |world| {
            let diary = Diary::new();
            let node = if remote { world.node("there", |_| ()) } else { world.main() };
            let victim = world.spawn_on(node, SpawnOptions::default(), Arc::new(idle()))?;
            world.settle()?;
            let keep = diary.clone();
            let watcher = world.spawn(
                "watcher",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            cx.trap_exits(true);
                            cx.link(victim)?;
                            cx.monitor(victim)?;
                        }
                        Input::Message(_) => {
                            keep.push("unwatched");
                            cx.unlink(victim)?;
                            let known = cx.demonitor(MonitorRef(1), true);
                            let told = keep.all().contains(&"down");
                            assert_eq!(known, if told { Err(Code::NotFound) } else { Ok(()) });
                            assert_eq!(cx.demonitor(MonitorRef(1), true), Err(Code::NotFound));
                            assert_eq!(cx.demonitor(MonitorRef(7), true), Err(Code::NotFound));
                        }
                        Input::Signal(Signal::Exit { .. }) => keep.push("exit"),
                        Input::Signal(Signal::Down { .. }) => keep.push("down"),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            world.send(watcher, 0u64);
            world.spawn("killer", actor(move |cx, _| Ok(cx.kill(victim)?)));
            world.settle()?;
            let all = diary.all();
            let after = all.iter().position(|e| *e == "unwatched").expect("it was asked");
            assert_eq!(after + 1, all.len(), "{all:?}");
            totals.lock().expect("no test panicked with it")[usize::from(after > 0)] += 1;
            Ok(())
        });
    }
    let told = *told.lock().expect("no test panicked with it");
    assert!(told.iter().all(|n| *n > SEEDS / 4), "both happen: {told:?}");
}

/// In one turn, after the kill that would have been told.
#[test]
fn also_when_the_same_turn_ended_the_other() {
    holds(|world| {
        let diary = Diary::new();
        let victim = world.spawn("victim", idle());
        world.settle()?;
        let keep = diary.clone();
        let watcher = world.spawn(
            "watcher",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.trap_exits(true);
                        cx.link(victim)?;
                        cx.monitor(victim)?;
                    }
                    Input::Message(1) => {
                        cx.kill(victim)?;
                        cx.unlink(victim)?;
                        cx.demonitor(MonitorRef(1), true)?;
                    }
                    Input::Message(n) => keep.push(format!("message {n}")),
                    other => keep.push(format!("{other:?}")),
                }
                Ok(())
            }),
        );
        world.send(watcher, 1u64);
        world.send(watcher, 2u64);
        world.settle()?;
        assert_eq!(diary.all(), ["message 2"]);
        Ok(())
    });
}

#[test]
fn a_demonitor_without_flush_leaves_what_is_queued() {
    holds(|world| {
        let diary = Diary::new();
        let victim = world.spawn("victim", idle());
        world.settle()?;
        let keep = diary.clone();
        world.spawn(
            "watcher",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.monitor(victim)?;
                        let me = cx.me();
                        cx.kill(victim)?;
                        cx.send(me, &0u64)?;
                    }
                    Input::Message(_) => keep.push(cx.demonitor(MonitorRef(1), false).err()),
                    Input::Signal(Signal::Down { reason, .. }) => {
                        assert_eq!(reason, ExitReason::Killed);
                        keep.push(None);
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let mut all = diary.all();
        all.sort_unstable();
        assert_eq!(all, [None, Some(Code::NotFound)], "the down came, whenever it was asked");
        Ok(())
    });
}

#[test]
fn a_link_taken_back_and_made_again_is_told_once() {
    holds(|world| {
        let diary = Diary::new();
        let there = world.node("there", |_| ());
        let victim = world.spawn_on(there, SpawnOptions::default(), Arc::new(idle()))?;
        world.settle()?;
        let keep = diary.clone();
        world.spawn(
            "watcher",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.trap_exits(true);
                        cx.link(victim)?;
                        cx.unlink(victim)?;
                        cx.link(victim)?;
                        cx.kill(victim)?;
                    }
                    Input::Signal(Signal::Exit { .. }) => keep.push(()),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(diary.all().len(), 1);
        Ok(())
    });
}
