//! P2: the parent's path, `/`, and the own name, or `#n` for the n-th unnamed spawn.

use seedbed_core::{Code, SpawnOptions};
use sim_tests::{Input, actor, holds, idle};

#[test]
fn children_are_named_after_their_parent() {
    holds(|world| {
        world.spawn(
            "top",
            actor(|cx, input| {
                if input == Input::Start {
                    for name in [None, Some("named"), None] {
                        let name = name.map(str::to_owned);
                        cx.spawn(SpawnOptions { name, ..SpawnOptions::default() }, nested())?;
                    }
                    for bad in ["", "a/b", "#1", "a@b", "bell\u{7}", &"x".repeat(256)] {
                        let refused = cx.spawn(SpawnOptions::named(bad), idle());
                        assert_eq!(refused, Err(Code::Invalid), "{bad:?}");
                        assert_eq!(cx.register(bad), Err(Code::Invalid), "{bad:?}");
                    }
                    cx.spawn(SpawnOptions::named("x".repeat(255)), idle())?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        let mut paths: Vec<String> = world.actors().into_iter().map(|a| a.path).collect();
        paths.sort();
        let long = format!("main/top/{}", "x".repeat(255));
        let expected = ["", "/#1", "/#1/#1", "/#2", "/#2/#1", "/named", "/named/#1"];
        let expected = expected.iter().map(|p| format!("main/top{p}")).chain([long]);
        assert_eq!(paths, expected.collect::<Vec<_>>());
        Ok(())
    });
}

fn nested() -> impl seedbed_core::Factory {
    actor(|cx, input| {
        if input == Input::Start {
            cx.spawn(SpawnOptions::default(), idle())?;
        }
        Ok(())
    })
}
