//! L3, E2, E12: on death, in this order: names and timers go, mail becomes dead letters, requests
//! that it was asked are answered *dead*, then exits and downs go out in the order of their making.

use seedbed_core::{Lost, RequestFailure, Signal, SpawnOptions};
use sim_tests::{Diary, Input, Record, Trace, actor, holds, idle};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn one_watcher_sees_it_all_in_order() {
    holds(|world| {
        let (trace, diary) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        let victim = world.spawn(
            "victim",
            actor(|cx, input| {
                if input == Input::Start {
                    cx.set_timer(Duration::from_secs(9), 0)?;
                }
                Ok(())
            }),
        );
        world.run_for(Duration::ZERO)?;
        let (keep, node) = (diary.clone(), world.main());
        world.spawn_on(
            node,
            SpawnOptions::default(),
            Arc::new(actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.trap_exits(true);
                        cx.monitor(victim)?;
                        cx.link(victim)?;
                        cx.monitor(victim)?;
                        cx.ask(victim, &1u64, Duration::from_secs(1))?;
                        cx.send(victim, &2u64)?;
                        cx.kill(victim)?;
                    }
                    Input::Signal(signal) => {
                        assert_eq!(
                            cx.whereis("victim"),
                            None,
                            "names are released before anything is delivered"
                        );
                        cx.register("victim")?;
                        keep.push(match signal {
                            Signal::Reply { outcome, .. } => {
                                assert_eq!(outcome, Err(RequestFailure::Dead));
                                "dead".to_owned()
                            }
                            Signal::Exit { .. } => "exit".to_owned(),
                            Signal::Down { monitor, .. } => format!("down {}", monitor.0),
                            other => format!("{other:?}"),
                        });
                        cx.unregister()?;
                    }
                    _ => {}
                }
                Ok(())
            })),
        )?;
        world.settle()?;
        assert_eq!(diary.all(), ["dead", "down 1", "exit", "down 2"]);
        let order: Vec<Record> = trace
            .all()
            .into_iter()
            .filter(|r| match r {
                Record::Unregistered { pid, .. } | Record::Exited { pid, .. } => *pid == victim,
                Record::Lost { why, .. } => *why == Lost::Dead,
                _ => false,
            })
            .collect();
        assert!(
            matches!(
                &order[..],
                [
                    Record::Unregistered { .. },
                    Record::Exited { .. },
                    Record::Lost { .. },
                    Record::Lost { .. }
                ]
            ),
            "{order:?}"
        );
        assert_eq!(world.now().as_nanos(), 0, "its timer went too");
        Ok(())
    });
}

/// The order is that of making, not of pids: the last pid linked first.
#[test]
fn notices_go_out_in_the_order_of_making() {
    use seedbed_sim::StrategySpec;
    let diary = Diary::new();
    let kept = diary.clone();
    let body = move |world: &mut seedbed_sim::World| {
        let victim = world.spawn("victim", idle());
        world.settle()?;
        let watchers = ["a", "b", "c"].map(|name| {
            let keep = kept.clone();
            world.spawn(
                name,
                actor(move |cx, input| {
                    match input {
                        Input::Message(_) => {
                            cx.trap_exits(true);
                            cx.link(victim)?;
                            cx.monitor(victim)?;
                        }
                        Input::Signal(_) => keep.push(cx.me()),
                        _ => {}
                    }
                    Ok(())
                }),
            )
        });
        world.settle()?;
        for watcher in [2, 0, 1] {
            world.send(watchers[watcher], 0u64);
            world.settle()?;
        }
        world.kill(victim);
        world.settle()?;
        let [a, b, c] = watchers;
        assert_eq!(kept.all(), [c, a, b, c, a, b], "plain order is the order in which they became possible");
        Ok(())
    };
    let outcome = sim_tests::once(&body, 0, StrategySpec::Plain);
    assert_eq!(outcome.found, None);
}
