//! L5: the children of an actor that is not a supervisor outlive it, unless linked.

use seedbed_core::{Reason, SpawnFlags, SpawnOptions};
use sim_tests::{Input, actor, holds, idle};

#[test]
fn unless_linked() {
    holds(|world| {
        let parent = world.spawn(
            "parent",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.spawn(SpawnOptions::named("free"), idle())?;
                        cx.spawn(SpawnOptions::named("bound").flags(SpawnFlags::LINK), idle())?;
                        cx.spawn(SpawnOptions::named("watched").flags(SpawnFlags::MONITOR), idle())?;
                    }
                    _ => cx.stop(Reason::Shutdown),
                }
                Ok(())
            }),
        );
        world.send(parent, 0u64);
        world.settle()?;
        let mut left: Vec<_> = world.actors().into_iter().map(|a| (a.path, a.watched)).collect();
        left.sort();
        assert_eq!(left, [("main/parent/free".to_owned(), 0), ("main/parent/watched".to_owned(), 0)]);
        Ok(())
    });
}
