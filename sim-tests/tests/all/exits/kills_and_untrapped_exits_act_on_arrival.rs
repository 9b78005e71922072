//! E16, L1: kill, untrapped exit, link, unlink, monitor and demonitor act on arrival, ahead of mail
//! that is queued; a trapped exit is queued in its sender's line.

use seedbed_core::{Reason, Signal};
use seedbed_sim::World;
use sim_tests::{Diary, Input, actor, holds, idle};

#[test]
fn what_was_sent_before_is_overtaken_unless_the_exit_is_trapped() {
    for how in ["kill", "exit", "trapped"] {
        holds(|world| {
            let diary = Diary::new();
            let keep = diary.clone();
            let receiver = world.spawn(
                "receiver",
                actor(move |cx, input| {
                    match input {
                        Input::Start => cx.trap_exits(how == "trapped"),
                        Input::Message(n) => keep.push(n),
                        Input::Signal(Signal::Exit { .. }) => keep.push(100),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            world.spawn(
                "sender",
                actor(move |cx, _| {
                    (1..=3u64).try_for_each(|n| cx.send(receiver, &n))?;
                    if how == "kill" {
                        cx.kill(receiver)?
                    } else {
                        cx.exit(receiver, Reason::Shutdown)?
                    };
                    Ok(cx.send(receiver, &4u64)?)
                }),
            );
            world.settle()?;
            let expected = if how == "trapped" { vec![1, 2, 3, 100, 4] } else { vec![] };
            assert_eq!(diary.all(), expected);
            Ok(())
        });
    }
}

/// A link and a monitor are in force though the other has not run since, and gone likewise.
#[test]
fn links_and_monitors_are_made_and_taken_back_while_the_other_is_busy() {
    for undo in [false, true] {
        holds(|world| {
            let other = world.spawn("other", idle());
            world.settle()?;
            let turns = world.actor(other).map_or(0, |a| a.turns);
            world.always("in force at once", move |world: &World| {
                let other = world.actor(other).expect("it lives");
                let expected = if undo { 0 } else { 2 };
                // It has mail that it has not got to; nothing but that mail gives it turns.
                other.turns > turns || other.mail_count == 1 && other.watched == expected
            });
            world.spawn(
                "watcher",
                actor(move |cx, input| {
                    if input == Input::Start {
                        cx.send(other, &0u64)?;
                        cx.link(other)?;
                        let reference = cx.monitor(other)?;
                        if undo {
                            cx.unlink(other)?;
                            cx.demonitor(reference, false)?;
                        }
                        cx.observe("watched", 1); // has the property looked at
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let watched = world.actor(other).expect("it lives").watched;
            assert_eq!(watched, if undo { 0 } else { 2 });
            Ok(())
        });
    }
}
