//! P4: an address is resolved when a signal arrives.

use seedbed_core::SpawnOptions;
use sim_tests::{Diary, Input, actor, holds, idle};
use std::sync::Arc;

#[test]
fn a_message_reaches_who_has_the_name_when_it_arrives() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let target = actor(move |cx, input| {
            if let Input::Message(n) = input {
                keep.push((cx.life().0, n));
            }
            Ok(())
        });
        world.spawn("a", target.clone());
        let address = world.address("a", "main")?;
        let node = world.main();
        for life in 1..=3u64 {
            // Sent while the former life still has the name; it arrives after.
            world.send(address, life);
            world.kill(address);
            world.spawn_on(node, SpawnOptions::registered("a"), Arc::new(target.clone()))?;
            world.settle()?;
        }
        assert_eq!(diary.all(), [(2, 1u64), (3, 2), (4, 3)]);
        Ok(())
    });
}

#[test]
fn an_address_names_a_node_too() {
    holds(|world| {
        let diary = Diary::new();
        for node in ["left", "right"] {
            let diary = diary.clone();
            world.node(node, move |boot| {
                let diary = diary.clone();
                let a = actor(move |_, input| {
                    if let Input::Message(n) = input {
                        diary.push((node, n));
                    }
                    Ok(())
                });
                boot.spawn(SpawnOptions::registered("a"), Arc::new(a)).expect("the name is free");
            });
        }
        let sender = actor(|cx, input| {
            if input == Input::Start {
                let (there, here) = (cx.address("a@left")?, cx.address("a")?);
                assert!(there.is_address() && here.is_address() && there != here);
                assert_eq!(cx.address("a@right")?, here);
                cx.send(there, &1u64)?;
                cx.send(here, &2u64)?;
            }
            Ok(())
        });
        let right = world.nodes().find(|(name, _)| *name == "right").expect("it was made").1;
        world.spawn_on(right, SpawnOptions::default(), Arc::new(sender))?;
        world.spawn("other", idle());
        world.settle()?;
        let mut got = diary.all();
        got.sort_unstable();
        assert_eq!(got, [("left", 1), ("right", 2)]);
        Ok(())
    });
}
