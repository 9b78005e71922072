//! T9: message ids, correlations, timer ids and references count from 1 for that life of that actor.

use seedbed_core::SpawnOptions;
use sim_tests::{Diary, Input, actor, holds};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn neither_neighbours_nor_former_lives_move_them() {
    holds(|world| {
        let (diary, ids) = (Diary::new(), Diary::new());
        let keep = ids.clone();
        let target = world.spawn(
            "target",
            actor(move |cx, input| {
                if let Input::Message(_) = input {
                    keep.push((cx.from(), cx.envelope().id));
                }
                Ok(())
            }),
        );
        let node = world.main();
        for life in 1..=3 {
            let mut pids = Vec::new();
            for name in ["a", "b"] {
                let diary = diary.clone();
                let counts = actor(move |cx, input| {
                    if input == Input::Start {
                        for _ in 0..2 {
                            cx.send(target, &0u64)?;
                            let asked = cx.ask(target, &0u64, Duration::from_secs(1))?.0;
                            let timer = cx.set_timer(Duration::from_secs(1), 0)?.0;
                            let effect = cx.store_read()?.0;
                            diary.push((cx.me(), [asked, timer, cx.monitor(target)?.0, effect]));
                        }
                    }
                    Ok(())
                });
                pids.push(world.spawn_on(node, SpawnOptions::named(name), Arc::new(counts))?);
            }
            world.settle()?;
            for pid in pids {
                let of = |all: Vec<(_, [u64; 4])>| all.into_iter().filter(|e| e.0 == pid).map(|e| e.1);
                assert_eq!(of(diary.all()).collect::<Vec<_>>(), [[1, 1, 1, 2], [3, 2, 2, 4]], "life {life}");
                let sent = ids.all().into_iter().filter(|e| e.0 == pid).map(|e| e.1);
                assert_eq!(sent.collect::<Vec<_>>(), [1, 2, 3, 4]);
                world.kill(pid);
            }
        }
        Ok(())
    });
}
