//! N5, E14: a node counts as lost after `loss_after` without a sign of it, or when it boots again: links
//! and monitors that cross see `NoConnection`, and requests end in *no connection*.

use seedbed_core::{ExitReason, RequestFailure, Signal, SpawnOptions};
use sim_tests::{Diary, Input, actor, holds, idle};
use std::sync::Arc;
use std::time::Duration;

fn watcher(told: &Diary<(String, u64)>, target: seedbed_core::Pid) -> impl seedbed_core::Factory {
    let told = told.clone();
    actor(move |cx, input| {
        let ms = cx.now().as_nanos() / 1_000_000;
        match input {
            Input::Start => {
                cx.trap_exits(true);
                cx.monitor(target)?;
                cx.link(target)?;
                cx.ask(target, &1u64, Duration::from_secs(60))?;
            }
            Input::Signal(Signal::Exit { from, reason, .. }) => {
                assert_eq!((from, reason), (target, ExitReason::NoConnection));
                told.push(("exit".to_owned(), ms));
            }
            Input::Signal(Signal::Down { from, reason, .. }) => {
                assert_eq!((from, reason), (target, ExitReason::NoConnection));
                told.push(("down".to_owned(), ms));
            }
            Input::Signal(Signal::Reply { from, outcome, .. }) => {
                assert_eq!((from, outcome), (target, Err(RequestFailure::NoConnection)));
                told.push(("reply".to_owned(), ms));
            }
            _ => {}
        }
        Ok(())
    })
}

fn told_at(told: &Diary<(String, u64)>, ms: u64) {
    let mut all = told.all();
    all.sort();
    assert_eq!(all, ["down", "exit", "reply"].map(|what| (what.to_owned(), ms)));
}

#[test]
fn by_a_new_boot() {
    holds(|world| {
        let there = world.node("there", |_| ());
        let target = world.spawn_on(there, SpawnOptions::default(), Arc::new(idle()))?;
        let told = Diary::new();
        world.spawn("watcher", watcher(&told, target));
        world.run_for(Duration::from_secs(1))?;
        world.crash(there);
        world.restart(there);
        world.settle()?;
        told_at(&told, 1_000);
        Ok(())
    });
}

/// Nobody boots `stays`: only its silence tells.
#[test]
fn by_its_silence() {
    holds(|world| {
        let stays = world.main();
        let target = world.spawn("target", idle());
        let told = Diary::new();
        let here = world.node("here", |_| ());
        world.spawn_on(here, SpawnOptions::default(), Arc::new(watcher(&told, target)))?;
        world.run_for(Duration::from_secs(1))?;
        world.crash(stays);
        world.settle()?;
        assert!(!world.is_up(stays));
        told_at(&told, 6_000);
        Ok(())
    });
}

/// What is asked of a node that counted as lost already is answered too, after as long again.
#[test]
fn also_what_is_asked_while_it_is_down() {
    for after in [2, 30] {
        holds(|world| {
            let stays = world.main();
            let target = world.spawn("target", idle());
            let here = world.node("here", |_| ());
            world.run_for(Duration::from_secs(1))?;
            world.crash(stays);
            world.run_for(Duration::from_secs(after))?;
            let told = Diary::new();
            world.spawn_on(here, SpawnOptions::default(), Arc::new(watcher(&told, target)))?;
            world.settle()?;
            let all = told.all();
            assert_eq!(all.len(), 3, "{all:?}");
            let at = if after == 2 { 6_000 } else { 36_000 };
            assert!(all.iter().all(|(_, ms)| *ms == at), "{all:?}");
            Ok(())
        });
    }
}

/// Who watched from the lost node watches no more: a failure that only it would have seen was not seen.
#[test]
fn a_lost_watcher_sees_nothing() {
    holds(|world| {
        let trace = sim_tests::Trace::new();
        world.observe(trace.clone());
        let target = world.spawn(
            "target",
            actor(|_, input| {
                anyhow::ensure!(input == Input::Start, "planned");
                Ok(())
            }),
        );
        let there = world.node("there", |_| ());
        let told = Diary::new();
        world.spawn_on(
            there,
            SpawnOptions::default(),
            Arc::new(actor(move |cx, input| {
                if input == Input::Start {
                    cx.monitor(target)?;
                } else {
                    told.push(());
                }
                Ok(())
            })),
        )?;
        world.run_for(Duration::from_secs(1))?;
        assert_eq!(world.actor(target).expect("it lives").watched, 1);
        world.crash(there);
        world.settle()?;
        assert_eq!(world.actor(target).expect("it lives").watched, 0);
        world.send(target, 1u64);
        world.settle()?;
        let seen = trace.all().into_iter().filter_map(|r| match r {
            sim_tests::Record::Exited { seen, .. } => Some(seen),
            _ => None,
        });
        assert_eq!(seen.collect::<Vec<_>>(), [false]);
        Ok(())
    });
}
