//! P3: the life of a path counts its starts on that node, from 1, over all boots; an unnamed child
//! has the life of its parent.

use seedbed_core::{Life, SpawnOptions};
use sim_tests::{Input, actor, holds, idle};
use std::sync::Arc;

#[test]
fn restarts_and_boots_both_count() {
    holds(|world| {
        let node = world.node("n", |boot| {
            boot.spawn(SpawnOptions::registered("a"), Arc::new(idle())).expect("the name is free");
        });
        let a = world.address("a", "n")?;
        for life in 1..=6 {
            world.settle()?;
            assert_eq!(world.actor(a).expect("it lives").life, Life(life));
            if life % 2 == 0 {
                world.crash(node);
                world.restart(node);
            } else {
                world.kill(a);
                world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(idle()))?;
            }
        }
        Ok(())
    });
}

#[test]
fn an_unnamed_child_has_the_life_of_its_parent() {
    holds(|world| {
        for life in 1..=3 {
            let parent = world.spawn(
                "p",
                actor(|cx, input| {
                    if input == Input::Start && cx.life() != Life(1) {
                        cx.spawn(SpawnOptions::default(), idle())?;
                        cx.spawn(SpawnOptions::named("named"), idle())?;
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let child =
                |path: &str| world.actors().into_iter().find(|a| a.parent == parent && a.path == path);
            let lives = ["main/p/#1", "main/p/named"].map(|p| child(p).map(|a| a.life.0));
            let named = (life > 1).then(|| life - 1);
            assert_eq!(lives, [(life > 1).then_some(life), named]);
            world.kill(parent);
        }
        Ok(())
    });
}
