//! H2: at the bound, in number or in bytes, a sender of the same node is refused and keeps its message; from
//! another node it is lost at the door, and a request is told.

use super::rig::{clerk, kill, top};
use seedbed_core::{Code, Hold, Lost, RequestFailure, Signal, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn who_is_here_is_refused() {
    // A message of one byte each; the third of three, or the fourth of three bytes, finds no room.
    for (hold, fit) in [
        (Hold { count: 2, bytes: 100 }, 2),
        (Hold { count: 100, bytes: 3 }, 3),
        (Hold { count: 0, bytes: 9 }, 0),
    ] {
        holds(|world| {
            let (diary, sent) = (Diary::new(), Diary::new());
            let (_, address) = top(world, clerk(&diary, Some(hold)))?;
            kill(world, address);
            let keep = sent.clone();
            world.spawn(
                "a",
                actor(move |cx, input| {
                    if input == Input::Start {
                        for i in 1..=5u64 {
                            keep.push(cx.send(address, &i));
                        }
                        keep.push(cx.ask(address, &6u64, Duration::from_secs(5)).map(drop));
                    }
                    Ok(())
                }),
            );
            world.run_for(Duration::from_millis(1))?;
            let all = sent.all();
            assert_eq!(all.iter().filter(|r| r.is_ok()).count(), fit);
            assert!(all[fit..].iter().all(|r| *r == Err(Code::MailboxFull)));
            world.settle()?;
            let numbers: Vec<u64> = diary.all().iter().map(|e| e.1).collect();
            assert_eq!(numbers, (1..=fit as u64).collect::<Vec<_>>());
            Ok(())
        });
    }
}

#[test]
fn who_is_elsewhere_loses_it_at_the_door() {
    holds(|world| {
        let (diary, replies, trace) = (Diary::new(), Diary::new(), Trace::new());
        world.observe(trace.clone());
        let there = world.node("there", |_| ());
        let (_, address) = top(world, clerk(&diary, Some(Hold { count: 2, bytes: 100 })))?;
        kill(world, address);
        let keep = replies.clone();
        let sender = actor(move |cx, input| {
            match input {
                Input::Start => {
                    for i in 1..=4u64 {
                        cx.send(address, &i)?;
                    }
                    cx.ask(address, &5u64, Duration::from_secs(30))?;
                }
                Input::Signal(Signal::Reply { outcome, .. }) => keep.push(outcome.map(drop)),
                _ => {}
            }
            Ok(())
        });
        world.spawn_on(there, SpawnOptions::named("a"), Arc::new(sender))?;
        world.settle()?;
        assert_eq!(diary.all().len(), 2);
        assert_eq!(trace.lost(), [Lost::Full; 3]);
        assert_eq!(replies.all(), [Err(RequestFailure::Refused)]);
        Ok(())
    });
}

/// A turn that fails gives back the room that its messages had taken.
#[test]
fn room_goes_back_with_a_turn_that_fails() {
    holds(|world| {
        let (diary, sent) = (Diary::new(), Diary::new());
        let (_, address) = top(world, clerk(&diary, Some(Hold { count: 2, bytes: 100 })))?;
        kill(world, address);
        world.spawn(
            "fails",
            actor(move |cx, input| {
                if input == Input::Start {
                    cx.send(address, &1u64)?;
                    cx.send(address, &2u64)?;
                    anyhow::bail!("after it sent");
                }
                Ok(())
            }),
        );
        world.run_for(Duration::from_millis(1))?;
        let keep = sent.clone();
        world.spawn(
            "a",
            actor(move |cx, input| {
                if input == Input::Start {
                    keep.push([3u64, 4, 5].map(|i| cx.send(address, &i)));
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(sent.all(), [[Ok(()), Ok(()), Err(Code::MailboxFull)]]);
        assert_eq!(diary.all().iter().map(|e| e.1).collect::<Vec<_>>(), [3, 4]);
        Ok(())
    });
}
