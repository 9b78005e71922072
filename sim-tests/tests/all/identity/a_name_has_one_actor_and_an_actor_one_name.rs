//! P5: at most one actor has a name on a node, and an actor has at most one name.

use seedbed_core::{Code, SpawnOptions};
use sim_tests::{Diary, Input, actor, holds, idle};
use std::sync::Arc;

#[test]
fn of_many_who_want_a_name_one_gets_it() {
    holds(|world| {
        let (diary, node) = (Diary::new(), world.main());
        for _ in 0..6 {
            let diary = diary.clone();
            let wants = actor(move |cx, input| {
                if input == Input::Start {
                    let got = cx.register("it");
                    assert_eq!(cx.whereis("it").is_some_and(|p| p == cx.me()), got.is_ok());
                    if got.is_ok() {
                        assert_eq!(cx.register("another"), Err(Code::NameTaken), "one name each");
                    }
                    diary.push(got);
                }
                Ok(())
            });
            world.spawn_on(node, SpawnOptions::default(), Arc::new(wants))?;
        }
        world.settle()?;
        let (got, refused): (Vec<_>, Vec<_>) = diary.all().into_iter().partition(Result::is_ok);
        assert_eq!((got.len(), refused), (1, vec![Err(Code::NameTaken); 5]));
        Ok(())
    });
}

#[test]
fn names_belong_to_one_node() {
    holds(|world| {
        for name in ["left", "right"] {
            let node = world.node(name, |_| ());
            let options = || SpawnOptions::registered("same");
            world.spawn_on(node, options(), Arc::new(idle()))?;
            assert_eq!(world.spawn_on(node, options(), Arc::new(idle())), Err(Code::NameTaken));
        }
        assert_eq!(world.actors().len(), 2);
        Ok(())
    });
}
