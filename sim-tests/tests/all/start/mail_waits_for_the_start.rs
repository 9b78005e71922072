//! S2: no other mail of an actor is delivered before its start has finished.

use seedbed_core::SpawnOptions;
use sim_tests::{Diary, Input, actor, holds};
use std::time::Duration;

#[test]
fn whatever_order_is_chosen_the_start_is_first() {
    holds(|world| {
        let diary = Diary::new();
        for name in ["a", "b", "c"] {
            let diary = diary.clone();
            let child = actor(move |cx, input| {
                diary.push((cx.me(), input));
                Ok(())
            });
            world.spawn(
                name,
                actor(move |cx, input| {
                    if input == Input::Start {
                        let pid = cx.spawn(SpawnOptions::default(), child.clone())?;
                        cx.send(pid, &1u64)?;
                        cx.ask(pid, &2u64, Duration::from_secs(1))?;
                        cx.monitor(pid)?;
                    }
                    Ok(())
                }),
            );
        }
        let client = world.client();
        for _ in 0..3 {
            let known: Vec<_> = world.actors().into_iter().map(|a| a.pid).collect();
            known.into_iter().for_each(|pid| world.send_from(client, pid, 3u64));
            world.settle()?;
        }
        let all = diary.all();
        for pid in all.iter().map(|e| e.0) {
            let of: Vec<_> = all.iter().filter(|e| e.0 == pid).map(|e| e.1.clone()).collect();
            assert_eq!(of[0], Input::Start);
            assert_eq!(of.iter().filter(|i| **i == Input::Start).count(), 1);
            let sent: Vec<_> = of.into_iter().filter(|i| [1, 2].map(Input::Message).contains(i)).collect();
            assert_eq!(sent, [1, 2].map(Input::Message));
        }
        Ok(())
    });
}
