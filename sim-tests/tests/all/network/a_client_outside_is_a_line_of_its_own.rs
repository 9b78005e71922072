//! N4: a client outside has a pid on node 0 and a line of its own to each receiver.

use seedbed_core::{NodeId, Pid, node_of};
use sim_tests::{Diary, Input, actor, holds};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

#[test]
fn each_keeps_its_order_and_they_overtake_each_other() {
    let orders = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&orders);
    holds(move |world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let target = world.spawn(
            "target",
            actor(move |cx, input| {
                if let Input::Message(n) = input {
                    keep.push((cx.from(), n));
                    let from = cx.from();
                    cx.send(from, &(n + 10))?;
                }
                Ok(())
            }),
        );
        let clients = [world.client(), world.client(), world.client()];
        for n in 0..3u64 {
            clients.iter().for_each(|c| world.send_from(*c, target, n));
        }
        world.settle()?;
        let all = diary.all();
        for client in clients {
            assert_eq!(node_of(client.pid), NodeId::OUTSIDE);
            let of: Vec<u64> = all.iter().filter(|e| e.0 == client.pid).map(|e| e.1).collect();
            assert_eq!(of, [0, 1, 2]);
            let back: Vec<Vec<u8>> = world.receive(client).into_iter().map(|m| m.payload).collect();
            assert_eq!(back, [[10], [11], [12]], "what is sent to it arrives in order");
        }
        seen.lock().expect("no test panicked with it").insert(all.iter().map(|e| e.0).collect::<Vec<Pid>>());
        Ok(())
    });
    assert!(orders.lock().expect("no test panicked with it").len() > 5);
}
