//! M8: a message from another node that finds no room is dropped at the door, counted and traced; a
//! request is answered *refused*.

use seedbed_core::{Limited, Limits, Lost, Permissions, RequestFailure, SpawnOptions};
use seedbed_sim::AskError;
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn it_is_accepted_for_sending_and_lost_on_arrival() {
    holds(|world| {
        let (trace, diary) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        let keep = diary.clone();
        let limits = Limits { mailbox_count: 2, message_bytes: 8, ..Limits::default() };
        let target = actor(move |cx, input| {
            if let Input::Message(n) = input {
                keep.push(n);
                cx.reply(n)?;
            }
            Ok(())
        });
        let target = Limited { factory: target, limits, permissions: Permissions::default() };
        let there = world.node("there", |_| ());
        let target = world.spawn_on(there, SpawnOptions::registered("t"), Arc::new(target))?;
        world.settle()?;
        // All arrive at one moment, before any is delivered.
        world.spawn(
            "sender",
            actor(move |cx, input| {
                if input == Input::Start {
                    assert!((1..=4u64).all(|n| cx.send(target, &n) == Ok(())), "nothing is known there");
                    assert_eq!(cx.send_tagged(target, 0, &[0; 9]), Ok(()));
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!((diary.all(), trace.lost()), (vec![1, 2], vec![Lost::Full; 3]));
        let client = world.client();
        let large = world.send_raw(client, target, 0, vec![0; 9], true);
        let deadline = world.now() + Duration::from_secs(1);
        let refused = world.await_reply(client, large, deadline);
        assert_eq!(refused, Err(AskError::Failed(RequestFailure::Refused)));
        Ok(())
    });
}
