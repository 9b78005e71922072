//! C5: timers, requests and effects of a dead life reach nobody.

use seedbed_core::SpawnOptions;
use sim_tests::{Input, Trace, actor, holds};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn neither_by_name_nor_by_slot() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let server = world.spawn(
            "server",
            actor(|cx, input| {
                // Once with a reply, once with the timeout.
                if input == Input::Message(1) { cx.reply(1u64) } else { Ok(()) }
            }),
        );
        world.settle()?;
        let node = world.main();
        let a = actor(move |cx, input| {
            match input {
                Input::Start if cx.life().0 == 1 => {
                    cx.set_timer(Duration::from_millis(1), 0)?;
                    cx.set_interval(Duration::from_millis(1), 0)?;
                    cx.store_append(b"record")?;
                    cx.ask(server, &1u64, Duration::from_secs(1))?;
                    cx.ask(server, &2u64, Duration::from_secs(1))?;
                    let me = cx.me();
                    cx.kill(me)?;
                }
                Input::Start => {}
                other => panic!("it reached the next life: {other:?}"),
            }
            Ok(())
        });
        let first = world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(a.clone()))?;
        while world.actor(first).is_some() {
            world.run_for(Duration::ZERO)?;
        }
        let second = world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(a))?;
        world.settle()?;
        assert_ne!(first, second);
        assert_eq!(trace.ends("main/a").len(), 1);
        let info = world.actor(second).expect("it lives");
        assert_eq!((info.timers, info.pending), (0, 0));
        Ok(())
    });
}
