//! E15, L6: a supervised child ends, through `on_stop`, when its supervisor does, whatever the reason,
//! trapping or not.

use seedbed_core::{ExitReason, Reason, Signal, SpawnFlags, SpawnOptions, StopCode};
use sim_tests::{Diary, Input, actor, holds};

#[test]
fn whatever_the_reason_and_whatever_it_traps() {
    for traps in [false, true] {
        for reason in [Some(Reason::Normal), Some(Reason::Shutdown), None] {
            holds(|world| {
                let diary = Diary::new();
                let keep = diary.clone();
                let child = actor(move |cx, input| {
                    match input {
                        Input::Start => cx.trap_exits(traps),
                        Input::Stop(code) => keep.push(code),
                        Input::Signal(Signal::Exit { .. }) => panic!("it is not told, it ends"),
                        _ => {}
                    }
                    Ok(())
                });
                let parent = world.spawn(
                    "parent",
                    actor(move |cx, input| {
                        match (input, reason) {
                            (Input::Start, _) => {
                                let options = SpawnOptions {
                                    supervised: true,
                                    flags: SpawnFlags::LINK,
                                    ..SpawnOptions::named("child")
                                };
                                cx.spawn(options, child.clone())?;
                            }
                            (_, Some(reason)) => {
                                let me = cx.me();
                                cx.exit(me, reason)?;
                            }
                            (_, None) => {
                                let me = cx.me();
                                cx.kill(me)?;
                            }
                        }
                        Ok(())
                    }),
                );
                world.settle()?;
                world.send(parent, 0u64);
                world.settle()?;
                assert_eq!(world.actors(), []);
                assert_eq!(diary.all(), [StopCode::Parent]);
                Ok(())
            });
        }
    }
}

/// It is the supervision that ends it, not the link: one that took its link down leaves no orphan, and
/// one that was never linked neither.
#[test]
fn linked_or_not() {
    for (flags, unlinks) in [(SpawnFlags::LINK, true), (SpawnFlags::default(), false)] {
        holds(|world| {
            let diary = Diary::new();
            let keep = diary.clone();
            let child = actor(move |cx, input| {
                match input {
                    Input::Start if unlinks => {
                        let parent = cx.parent();
                        cx.unlink(parent)?;
                    }
                    Input::Stop(code) => keep.push(code),
                    _ => {}
                }
                Ok(())
            });
            let parent = world.spawn(
                "parent",
                actor(move |cx, input| {
                    if input == Input::Start {
                        let options =
                            SpawnOptions { supervised: true, flags, ..SpawnOptions::named("child") };
                        cx.spawn(options, child.clone())?;
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            world.kill(parent);
            world.settle()?;
            assert_eq!(world.actors(), []);
            assert_eq!(diary.all(), [StopCode::Parent]);
            Ok(())
        });
    }
}

/// The exit of anybody else is a message to who traps.
#[test]
fn another_linked_actor_is_no_parent() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let a = world.spawn(
            "a",
            actor(move |cx, input| {
                match input {
                    Input::Start => cx.trap_exits(true),
                    Input::Signal(Signal::Exit { reason, .. }) => keep.push(reason),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.spawn(
            "b",
            actor(move |cx, _| {
                cx.link(a)?;
                let me = cx.me();
                Ok(cx.kill(me)?)
            }),
        );
        world.settle()?;
        assert_eq!(diary.all(), [ExitReason::Killed]);
        assert!(world.actor(a).is_some());
        Ok(())
    });
}
