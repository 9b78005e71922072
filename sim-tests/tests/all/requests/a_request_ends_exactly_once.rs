//! Q1: a request ends in exactly one of reply, dead, refused, no connection, timeout.

use seedbed_core::{Reason, RequestFailure, Signal, SpawnOptions};
use seedbed_sim::Faults;
use sim_tests::{Diary, Input, SEEDS, actor, faulty, holds_in};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const REQUESTS: u64 = 30;

/// Servers here and there that answer, are silent, answer late, answer twice, or end; with chaos on.
#[test]
fn whatever_happens_on_the_way() {
    let ends = Arc::new(Mutex::new(BTreeMap::new()));
    let faults = Faults { crash: 20_000, crashes_max: 2, gap_min: 0, ..Faults::chaos() };
    let totals = Arc::clone(&ends);
    holds_in(&faulty(faults), move |world| {
        let diary = Diary::new();
        for node in ["here", "there"] {
            world.node(node, |boot| {
                let options = SpawnOptions::registered("server");
                boot.spawn(options, Arc::new(server())).expect("the name is free");
            });
        }
        let main = world.main();
        let servers = [world.address("server", "here")?, world.address("server", "there")?];
        let local = world.spawn("local", server());
        let keep = diary.clone();
        let asker = actor(move |cx, input| {
            match input {
                Input::Start => {
                    for n in 0..REQUESTS {
                        let to = [servers[0], servers[1], local][(n % 3) as usize];
                        let timeout = Duration::from_millis(1 + cx.random_u64() % 8_000);
                        let way = cx.random_u64() % 8;
                        cx.ask(to, &way, timeout)?;
                    }
                }
                Input::Signal(Signal::Reply { correlation, outcome, .. }) => {
                    keep.push((correlation.0, outcome.map(drop)));
                }
                _ => {}
            }
            Ok(())
        });
        world.spawn_on(main, SpawnOptions::named("asker"), Arc::new(asker))?;
        world.run()?;
        let mut all = diary.all();
        all.sort_by_key(|e| e.0);
        let numbers: Vec<u64> = all.iter().map(|e| e.0).collect();
        assert_eq!(numbers, (1..=REQUESTS).collect::<Vec<_>>());
        let mut ends = totals.lock().expect("no test panicked with it");
        for (_, outcome) in all {
            *ends.entry(outcome.err()).or_insert(0) += 1;
        }
        Ok(())
    });
    let ends = ends.lock().expect("no test panicked with it");
    let seen = [None, Some(RequestFailure::Dead), Some(RequestFailure::Timeout)];
    assert!(seen.iter().all(|e| ends.get(e).is_some_and(|n| *n as u64 > SEEDS)), "{ends:?}");
}

/// Which of its ways it takes, the message says.
fn server() -> impl seedbed_core::Factory {
    let kept = Arc::new(Mutex::new(Vec::new()));
    actor(move |cx, input| {
        match input {
            Input::Message(0) => cx.stop(Reason::Normal),
            Input::Message(1) => anyhow::bail!("planned"),
            Input::Message(2) => {}
            Input::Message(3) => {
                kept.lock().expect("no test panicked with it").extend(cx.request());
                cx.set_timer(Duration::from_millis(500), 0)?;
            }
            Input::Message(n) => cx.reply(n)?,
            Input::Signal(Signal::Timer { .. }) => {
                for request in kept.lock().expect("no test panicked with it").drain(..) {
                    // Kept from a former life it is not this one's to answer.
                    let _ = cx.reply_to(request, 3u64);
                }
            }
            _ => {}
        }
        Ok(())
    })
}

#[test]
fn the_four_failures() {
    for (how, expected) in [
        ("dead", RequestFailure::Dead),
        ("refused", RequestFailure::Refused),
        ("no connection", RequestFailure::NoConnection),
        ("timeout", RequestFailure::Timeout),
    ] {
        sim_tests::holds(|world| {
            let diary = Diary::new();
            let there = world.node("there", |_| ());
            let limits =
                seedbed_core::Limits { message_bytes: u32::from(how != "refused"), ..Default::default() };
            let factory =
                seedbed_core::Limited { factory: sim_tests::idle(), limits, permissions: Default::default() };
            let target = world.spawn_on(there, SpawnOptions::default(), Arc::new(factory))?;
            world.settle()?;
            match how {
                "dead" => drop(world.kill(target)),
                "no connection" => world.crash(there),
                _ => {}
            }
            let keep = diary.clone();
            world.spawn(
                "asker",
                actor(move |cx, input| {
                    match input {
                        Input::Start => drop(cx.ask(target, &1u64, Duration::from_secs(20))?),
                        Input::Signal(Signal::Reply { outcome, .. }) => keep.push(outcome.err()),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(diary.all(), [Some(expected)]);
            Ok(())
        });
    }
}
