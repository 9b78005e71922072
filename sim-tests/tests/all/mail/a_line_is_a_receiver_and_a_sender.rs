//! M2: a line is (receiver, sender); timers, completions and each outside client are lines of their
//! own; replies, downs, exits and started notices stand in the line of the actor they come from.

use seedbed_core::{Reason, Signal, SpawnFlags, SpawnOptions};
use sim_tests::{Diary, Input, SEEDS, actor, holds};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A child does six things in a row that reach its parent; they reach it in a row.
#[test]
fn whatever_comes_of_one_actor_keeps_its_order() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let child = actor(move |cx, input| {
            let parent = cx.parent();
            match input {
                Input::Start => cx.send(parent, &0u64)?,
                Input::Message(_) => {
                    cx.send(parent, &2u64)?;
                    cx.reply(3u64)?;
                    cx.exit(parent, Reason::Shutdown)?;
                    cx.send(parent, &4u64)?;
                    let me = cx.me();
                    cx.exit(me, Reason::Shutdown)?;
                }
                _ => {}
            }
            Ok(())
        });
        world.spawn(
            "parent",
            actor(move |cx, input| {
                let note = match input {
                    Input::Start => {
                        cx.trap_exits(true);
                        let flags = SpawnFlags::LINK.with(SpawnFlags::MONITOR).with(SpawnFlags::NOTIFY);
                        let pid = cx.spawn(SpawnOptions::default().flags(flags), child.clone())?;
                        cx.ask(pid, &1u64, Duration::from_secs(1))?;
                        return Ok(());
                    }
                    Input::Message(n) => format!("message {n}"),
                    Input::Signal(Signal::Reply { .. }) => "reply".to_owned(),
                    Input::Signal(Signal::Exit { .. }) => "exit".to_owned(),
                    Input::Signal(Signal::Down { .. }) => "down".to_owned(),
                    Input::Signal(Signal::Started { .. }) => "started".to_owned(),
                    other => format!("{other:?}"),
                };
                keep.push(note);
                Ok(())
            }),
        );
        world.settle()?;
        let expected = ["message 0", "started", "message 2", "reply", "exit", "message 4", "exit", "down"];
        assert_eq!(diary.all(), expected);
        Ok(())
    });
}

/// One of each: all may overtake each other.
#[test]
fn timers_completions_and_clients_are_lines_of_their_own() {
    let firsts = Arc::new(Mutex::new(BTreeSet::new()));
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.effect("echo", |request, _| Ok(request.payload.clone()));
        let slow = world.spawn(
            "slow",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.set_timer(Duration::ZERO, 0)?;
                        cx.perform("echo", b"x")?;
                        let me = cx.me();
                        cx.send(me, &0u64)?;
                    }
                    Input::Message(n) => keep.push(format!("message {n}")),
                    Input::Signal(Signal::Timer { .. }) => keep.push("timer".to_owned()),
                    Input::Signal(Signal::Completion { .. }) => keep.push("completion".to_owned()),
                    other => panic!("{other:?}"),
                }
                Ok(())
            }),
        );
        // Kept from the processor until everything is there: nothing runs before all have sent.
        for n in 1..=2u64 {
            let client = world.client();
            world.send_from(client, slow, n);
        }
        world.settle()?;
        let all = diary.all();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 5, "{all:?}");
        firsts.lock().expect("no test panicked with it").insert(all[0].clone());
        Ok(())
    });
    let seen = firsts.lock().expect("no test panicked with it").len();
    assert!(seen >= 4, "of {SEEDS} runs: {seen}");
}
