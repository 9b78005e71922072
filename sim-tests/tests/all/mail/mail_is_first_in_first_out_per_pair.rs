//! M1, E13: mail is first-in-first-out per (sender, receiver); across senders there is no promise.

use sim_tests::{Diary, Input, SEEDS, actor, holds};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

#[test]
fn each_pair_keeps_its_order_and_senders_are_shuffled() {
    let orders = Arc::new(Mutex::new(BTreeSet::new()));
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let receivers = ["x", "y"].map(|name| {
            let keep = keep.clone();
            world.spawn(
                name,
                actor(move |cx, input| {
                    if let Input::Message(n) = input {
                        keep.push((cx.me(), cx.from(), n));
                    }
                    Ok(())
                }),
            )
        });
        world.settle()?;
        for name in ["a", "b", "c"] {
            world.spawn(
                name,
                actor(move |cx, input| {
                    let me = cx.me();
                    let first = match input {
                        Input::Start => {
                            cx.send(me, &1u64)?;
                            0
                        }
                        _ => 10,
                    };
                    for n in first..first + 3u64 {
                        for to in receivers {
                            cx.send(to, &n)?;
                        }
                    }
                    Ok(())
                }),
            );
        }
        world.settle()?;
        let all = diary.all();
        assert_eq!(all.len(), 2 * 3 * 6);
        for (to, from, _) in &all {
            let pair: Vec<u64> = all.iter().filter(|e| (&e.0, &e.1) == (to, from)).map(|e| e.2).collect();
            assert_eq!(pair, [0, 1, 2, 10, 11, 12]);
        }
        let order: Vec<_> = all.iter().map(|e| (e.0, e.1)).collect();
        orders.lock().expect("no test panicked with it").insert(order);
        Ok(())
    });
    let seen = orders.lock().expect("no test panicked with it").len();
    assert!(seen as u64 > SEEDS / 2, "across senders orders differ: {seen}");
}
