//! N1: between nodes, order per (sender, receiver) holds among those messages that arrive.

use seedbed_core::SpawnOptions;
use seedbed_sim::Faults;
use sim_tests::{Diary, Input, SEEDS, actor, faulty, holds_in};
use std::sync::{Arc, Mutex};

#[test]
fn with_loss_delay_and_duplication() {
    let totals = Arc::new(Mutex::new([0usize; 2]));
    let counted = Arc::clone(&totals);
    let faults = Faults { drop: 200_000, duplicate: 200_000, delay: 500_000, ..Faults::none() };
    holds_in(&faulty(faults), move |world| {
        let diary = Diary::new();
        let (left, right) = (world.node("left", |_| ()), world.node("right", |_| ()));
        let receivers = ["x", "y"].map(|name| {
            let keep = diary.clone();
            let receiver = actor(move |cx, input| {
                if let Input::Message(n) = input {
                    keep.push((cx.me(), cx.from(), n));
                }
                Ok(())
            });
            world.spawn_on(right, SpawnOptions::named(name), Arc::new(receiver)).expect("the name is free")
        });
        world.settle()?;
        for name in ["a", "b"] {
            let sender = actor(move |cx, input| {
                if input == Input::Start {
                    for n in 0..10u64 {
                        receivers.iter().try_for_each(|to| cx.send(*to, &n))?;
                    }
                }
                Ok(())
            });
            world.spawn_on(left, SpawnOptions::named(name), Arc::new(sender))?;
        }
        world.settle()?;
        let all = diary.all();
        for (to, from, _) in &all {
            let pair: Vec<u64> = all.iter().filter(|e| (&e.0, &e.1) == (to, from)).map(|e| e.2).collect();
            assert!(pair.is_sorted(), "a copy comes right behind: {pair:?}");
        }
        let faults = world.stats().faults.clone();
        let of = |kind: &str| faults.get(kind).copied().unwrap_or_default() as usize;
        assert_eq!(all.len(), 40 - of("drop") + of("duplicate"));
        let mut totals = counted.lock().expect("no test panicked with it");
        *totals = [totals[0] + of("drop"), totals[1] + of("duplicate")];
        Ok(())
    });
    let totals = *totals.lock().expect("no test panicked with it");
    assert!(totals.iter().all(|n| *n as u64 > SEEDS), "{totals:?}");
}
