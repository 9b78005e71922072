//! N2: a node that crashes loses its actors without `on_stop`, its mail, its timers and what its stores
//! had not synced; nothing is sent about it.

use seedbed_core::{Hook, Signal, SpawnOptions};
use seedbed_sim::{Faults, InWorld, World, WorldConfig};
use sim_tests::{Diary, Input, SEEDS, Trace, actor, checked, faulty, holds};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn without_a_word() {
    holds(|world| {
        let (trace, diary) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        // Nobody boots this one again.
        let there = world.main();
        let victim = actor(move |cx, input| {
            match input {
                Input::Start => {
                    cx.set_timer(Duration::from_millis(1), 0)?;
                    let me = cx.me();
                    cx.send(me, &1u64)?;
                    cx.observe("alive", 1);
                }
                Input::Stop(_) => panic!("on_stop runs"),
                _ => {}
            }
            Ok(())
        });
        let victim = world.spawn_on(there, SpawnOptions::named("victim"), Arc::new(victim))?;
        let keep = diary.clone();
        let watcher = actor(move |cx, input| {
            match input {
                Input::Start => {
                    cx.trap_exits(true);
                    cx.monitor(victim)?;
                    cx.link(victim)?;
                }
                Input::Signal(Signal::Exit { .. } | Signal::Down { .. }) => keep.push(cx.now()),
                _ => {}
            }
            Ok(())
        });
        let here = world.node("here", |_| ());
        world.spawn_on(here, SpawnOptions::default(), Arc::new(watcher))?;
        world.run_for(Duration::from_micros(500))?;
        assert_eq!(world.facts().values("alive"), [1]);
        let crashed = world.now();
        world.crash(there);
        assert!(!world.is_up(there) && world.actor(victim).is_none());
        assert_eq!(world.facts().values("alive"), [0i64; 0], "a fact dies with its actor");
        world.settle()?;
        assert_eq!(trace.ends("main/victim"), [], "it did not exit, it is gone");
        assert!(!trace.hooks("main/victim").contains(&Hook::Stop));
        let lost = crashed + world.config().loss_after;
        assert_eq!(diary.all(), [lost, lost], "others learn of it by its silence only");
        Ok(())
    });
}

/// Trap 9: a crash that keeps what was not synced.
#[test]
fn t09_and_the_tail_of_what_it_had_not_synced() {
    let faults = Faults { delay: 500_000, unsynced: 1_000_000, ..Faults::none() };
    let config = WorldConfig { duration: Duration::from_secs(600), ..faulty(faults) };
    let seen = Arc::new(Mutex::new([0u64; 3]));
    let totals = Arc::clone(&seen);
    let body = move |world: &mut World| {
        let (begun, completed, found) = (Diary::new(), Diary::new(), Diary::new());
        let (begins, done, read) = (begun.clone(), completed.clone(), found.clone());
        let store = actor(move |cx, input| {
            match input {
                Input::Start => drop(cx.store_read()?),
                Input::Message(n) => {
                    cx.store_append(&n.to_le_bytes())?;
                    begins.push((cx.life().0, n));
                }
                Input::Signal(Signal::Completion { correlation, outcome }) if correlation.0 == 1 => {
                    let bytes = outcome.map_err(|e| anyhow::anyhow!("{e:?}"))?;
                    let records: Vec<u64> = seedbed_core::abi::store::Records::new(&bytes)
                        .map(|r| u64::from_le_bytes(r.try_into().expect("eight bytes each")))
                        .collect();
                    read.push((cx.life().0, records));
                }
                Input::Signal(Signal::Completion { correlation, .. }) if cx.life().0 == 1 => {
                    done.push(correlation.0 - 2);
                }
                _ => {}
            }
            Ok(())
        });
        let node = world.node("n", move |boot| {
            let options = SpawnOptions::registered("store");
            boot.spawn(options, Arc::new(store.clone())).expect("the name is free");
        });
        let (address, client) = (world.address("store", "n")?, world.client());
        world.settle()?;
        for n in 0..8u64 {
            world.send_from(client, address, n);
        }
        world.run_for(Duration::from_millis(20))?;
        let begun = begun.all().len();
        world.crash(node);
        world.restart(node);
        world.settle()?;
        let (synced, all) = (completed.all(), found.all());
        assert_eq!(synced, (0..synced.len() as u64).collect::<Vec<_>>(), "in the order they were asked");
        assert_eq!((all.len(), &all[0]), (2, &(1, vec![])));
        let kept = &all[1].1;
        assert_eq!(*kept, (0..kept.len() as u64).collect::<Vec<_>>(), "a prefix, in order");
        assert!(kept.len() >= synced.len(), "what completed is durable");
        let mut totals = totals.lock().expect("no test panicked with it");
        totals[0] += u64::from(kept.len() == synced.len() && kept.len() < begun);
        totals[1] += u64::from(kept.len() > synced.len());
        totals[2] += u64::from(kept.len() < begun);
        Ok(())
    };
    let program = InWorld { config, program: body };
    for seed in 0..4 * SEEDS {
        checked(&program, seed);
    }
    let seen = *seen.lock().expect("no test panicked with it");
    assert!(seen.iter().all(|n| *n > 0), "all lost, some kept, some lost: {seen:?}");
}
