//! Q5: on the same node, the request of an actor that died is still delivered; its reply goes nowhere.

use seedbed_core::SpawnOptions;
use sim_tests::{Diary, Input, actor, holds};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn and_the_next_life_hears_nothing_of_it() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let server = world.spawn(
            "server",
            actor(move |cx, input| {
                if let Input::Message(n) = input {
                    keep.push(n);
                    cx.reply(n)?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        let node = world.main();
        let asker = actor(move |cx, input| {
            match input {
                Input::Start if cx.life().0 == 1 => {
                    cx.ask(server, &1u64, Duration::from_secs(1))?;
                    let me = cx.me();
                    cx.kill(me)?;
                }
                Input::Start => {}
                other => panic!("it reached the next life: {other:?}"),
            }
            Ok(())
        });
        for _ in 0..2 {
            world.spawn_on(node, SpawnOptions::registered("asker"), Arc::new(asker.clone()))?;
            world.settle()?;
        }
        assert_eq!(diary.all(), [1]);
        Ok(())
    });
}
