//! W5: a fact dies with its actor.

use seedbed_core::SpawnOptions;
use sim_tests::{Input, actor, holds};
use std::sync::Arc;

#[test]
fn by_kill_crash_or_its_own_last_turn() {
    holds(|world| {
        let publishes = actor(|cx, input| {
            let me = cx.me();
            match input {
                Input::Message(_) => {
                    cx.observe("fact", 9);
                    cx.kill(me)?;
                }
                Input::Start => cx.observe("fact", i64::from(cx.life().0)),
                _ => {}
            }
            Ok(())
        });
        let boots = publishes.clone();
        let node = world.node("n", move |boot| {
            boot.spawn(SpawnOptions::registered("a"), Arc::new(boots.clone())).expect("the name is free");
        });
        let a = world.address("a", "n")?;
        world.run_for(std::time::Duration::ZERO)?;
        assert_eq!(world.facts().values("fact"), [1]);
        world.crash(node);
        assert_eq!(world.facts().values("fact"), [0i64; 0]);
        world.settle()?;
        assert_eq!(world.facts().values("fact"), [2]);
        world.send(a, 0u64);
        world.settle()?;
        assert_eq!(world.facts().values("fact"), [0i64; 0]);
        world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(publishes.clone()))?;
        world.settle()?;
        assert_eq!(world.facts().get("n/a", "fact"), Some(3));
        world.kill(a);
        assert_eq!(world.facts().values("fact"), [0i64; 0]);
        Ok(())
    });
}
