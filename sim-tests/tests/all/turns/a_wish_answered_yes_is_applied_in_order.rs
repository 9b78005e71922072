//! T2: a wish is answered at the call; what was answered yes is applied at the end of the turn, in
//! order, and cannot be refused then.

use seedbed_core::{
    Code, ExitReason, Limited, Limits, Lost, Permissions, Reason, Signal, SpawnFlags, SpawnOptions,
};
use sim_tests::{Diary, Input, Trace, actor, holds, idle};

/// A mailbox for two.
fn small(factory: impl seedbed_core::Factory) -> impl seedbed_core::Factory {
    let limits = Limits { mailbox_count: 2, ..Limits::default() };
    Limited { factory, limits, permissions: Permissions::default() }
}

#[test]
fn the_answer_counts_this_turns_own_wishes() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let target = world.spawn(
            "target",
            small(actor(move |_, input| {
                if let Input::Message(n) = input {
                    keep.push(n);
                }
                Ok(())
            })),
        );
        world.settle()?;
        world.spawn(
            "sender",
            actor(move |cx, input| {
                if input == Input::Start {
                    let answers = [1u64, 2, 3, 4].map(|n| cx.send(target, &n));
                    assert_eq!(answers, [Ok(()), Ok(()), Err(Code::MailboxFull), Err(Code::MailboxFull)]);
                    let child = || SpawnOptions::registered("child");
                    assert!(cx.spawn(child(), idle()).is_ok());
                    assert_eq!(cx.spawn(child(), idle()), Err(Code::NameTaken));
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(diary.all(), [1, 2]);
        Ok(())
    });
}

#[test]
fn an_earlier_wish_may_end_the_receiver_of_a_later_one() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let victim = world.spawn("victim", idle());
        world.settle()?;
        world.spawn(
            "killer",
            actor(move |cx, input| {
                if input == Input::Start {
                    cx.kill(victim)?;
                    assert_eq!(cx.send(victim, &1u64), Ok(()), "it was alive at the call");
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(trace.lost(), [Lost::Dead]);
        Ok(())
    });
}

/// What comes back of an actor's own wishes may end it before all of them are applied. They are all the same.
#[test]
fn all_is_applied_also_when_a_wish_comes_back_and_ends_the_actor() {
    // In the first case `on_stop` is still to come when the last wish is applied; in the second the
    // start is the whole life.
    for ignore in [false, true] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let note = move |name: &'static str| {
                let keep = keep.clone();
                actor(move |cx, input| {
                    match input {
                        Input::Start => cx.trap_exits(true),
                        Input::Message(n) => keep.push((name, n, cx.from())),
                        Input::Signal(Signal::Exit { reason, .. }) => {
                            let normal = reason == ExitReason::Normal;
                            keep.push((name, 100 + u64::from(normal), cx.from()));
                        }
                        _ => {}
                    }
                    Ok(())
                })
            };
            let other = world.spawn("other", note("other"));
            let victim = world.spawn("victim", idle());
            world.settle()?;
            let child = note("child");
            let me = world.spawn(
                "me",
                actor(move |cx, input| {
                    if input == Input::Start {
                        cx.link(victim)?;
                        cx.send(other, &1u64)?;
                        cx.kill(victim)?; // comes back over the link
                        cx.send(other, &2u64)?;
                        let options = SpawnOptions::named("child").flags(SpawnFlags::LINK);
                        let child = cx.spawn(options, child.clone())?;
                        cx.send(child, &3u64)?;
                        cx.observe("of the living", 1);
                        if ignore {
                            cx.ignore();
                        }
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(world.actor(me), None);
            let to_other: Vec<_> = diary.all().into_iter().filter(|e| e.0 == "other").collect();
            assert_eq!(to_other, [("other", 1, me), ("other", 2, me)]);
            let reason = if ignore { ExitReason::Normal } else { ExitReason::Killed };
            assert_eq!(trace.ends("main/me"), std::slice::from_ref(&reason));
            // The link of the child was in force: it died of it before its start, or trapped it.
            let child_ended = trace.ends("main/me/child");
            if ignore {
                assert_eq!(child_ended, [], "a normal exit does not end it");
            } else {
                let trapped = diary.all().contains(&("child", 100, me));
                assert_eq!(child_ended, if trapped { vec![] } else { vec![ExitReason::Killed] });
            }
            assert_eq!(world.facts().values("of the living"), [0i64; 0], "a fact dies with its actor");
            Ok(())
        });
    }
}

#[test]
fn a_kill_of_a_name_that_became_ones_own_comes_last() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let other = world.spawn(
            "other",
            actor(move |cx, input| {
                if let Input::Message(n) = input {
                    keep.push((n, cx.from()));
                }
                Ok(())
            }),
        );
        world.settle()?;
        let node = world.main();
        let me = world.spawn_on(
            node,
            SpawnOptions::named("me"),
            std::sync::Arc::new(actor(move |cx, input| {
                if input == Input::Start {
                    let later_mine = cx.address("mine")?;
                    cx.kill(later_mine)?;
                    cx.register("mine")?;
                    cx.send(other, &1u64)?;
                    cx.stop(Reason::Normal);
                }
                Ok(())
            })),
        )?;
        world.settle()?;
        assert_eq!((world.actor(me), diary.all()), (None, vec![(1, me)]));
        Ok(())
    });
}

#[test]
fn links_and_monitors_of_one_turn_count_against_the_limit_together() {
    holds(|world| {
        let others = ["a", "b", "c"].map(|name| world.spawn(name, idle()));
        world.settle()?;
        let limits = Limits { watch_max: 2, ..Limits::default() };
        let watcher = actor(move |cx, input| {
            if input == Input::Start {
                let answers = others.map(|o| cx.link(o));
                assert_eq!(answers, [Ok(()), Ok(()), Err(Code::LimitReached)]);
                assert_eq!(cx.monitor(others[2]).err(), Some(Code::LimitReached));
                for flag in [SpawnFlags::LINK, SpawnFlags::MONITOR] {
                    let options = SpawnOptions::default().flags(flag);
                    assert_eq!(cx.spawn(options, idle()).err(), Some(Code::LimitReached));
                }
                assert!(cx.spawn(SpawnOptions::default(), idle()).is_ok());
            }
            Ok(())
        });
        world.spawn("w", Limited { factory: watcher, limits, permissions: Permissions::default() });
        world.settle()?;
        Ok(())
    });
}
