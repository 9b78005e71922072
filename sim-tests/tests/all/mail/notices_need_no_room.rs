//! M6: only messages and requests count against a mailbox; notices have room by the wish that causes them.

use seedbed_core::{Limited, Limits, Permissions, Signal, SpawnFlags, SpawnOptions};
use sim_tests::{Diary, Input, actor, holds};
use std::time::Duration;

#[test]
fn a_mailbox_of_one_takes_every_notice() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let child = actor(|cx, input| {
            if input == Input::Start {
                return Ok(());
            }
            cx.reply(1u64)?;
            let me = cx.me();
            Ok(cx.kill(me)?)
        });
        let parent = actor(move |cx, input| {
            match input {
                Input::Start => {
                    cx.trap_exits(true);
                    for _ in 0..3 {
                        let flags = SpawnFlags::LINK.with(SpawnFlags::MONITOR).with(SpawnFlags::NOTIFY);
                        let pid = cx.spawn(SpawnOptions::default().flags(flags), child.clone())?;
                        cx.ask(pid, &1u64, Duration::from_secs(1))?;
                        cx.set_timer(Duration::ZERO, 0)?;
                        cx.store_read()?;
                    }
                    let me = cx.me();
                    cx.send(me, &1u64)?;
                }
                Input::Signal(Signal::Exit { .. }) => keep.push("exit"),
                Input::Signal(Signal::Down { .. }) => keep.push("down"),
                Input::Signal(Signal::Started { .. }) => keep.push("started"),
                Input::Signal(Signal::Reply { .. }) => keep.push("reply"),
                Input::Signal(Signal::Timer { .. }) => keep.push("timer"),
                Input::Signal(Signal::Completion { .. }) => keep.push("completion"),
                _ => {}
            }
            Ok(())
        });
        let limits = Limits { mailbox_count: 1, mailbox_bytes: 10, ..Limits::default() };
        world.spawn("parent", Limited { factory: parent, limits, permissions: Permissions::default() });
        world.settle()?;
        let all = diary.all();
        for kind in ["exit", "down", "started", "reply", "timer", "completion"] {
            assert_eq!(all.iter().filter(|e| **e == kind).count(), 3, "{kind}");
        }
        Ok(())
    });
}
