//! T4: `exit` and `kill` of oneself end the turn at that call: what was asked before is applied, the
//! exit last, and `on_stop` does not run.

use seedbed_core::{Code, ExitReason, Hook, Reason, Signal, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, holds, idle};

#[test]
fn what_was_asked_before_is_applied_and_nothing_after() {
    // Who asks for more afterwards and passes the refusal on, has exited all the same.
    for (kill, fail, in_start) in [
        (false, false, false),
        (false, true, false),
        (true, false, false),
        (true, true, false),
        (false, false, true),
        (true, true, true),
    ] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let other = world.spawn(
                "other",
                actor(move |cx, input| {
                    match input {
                        Input::Message(9) => {
                            let me = cx.whereis("me").expect("it waits for its message");
                            cx.monitor(me)?;
                            cx.send(me, &0u64)?;
                        }
                        Input::Message(n) => keep.push(format!("message {n}")),
                        Input::Signal(Signal::Down { reason, .. }) => keep.push(reason.to_string()),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let me = world.spawn(
                "me",
                actor(move |cx, input| {
                    if !in_start && input == Input::Start {
                        return Ok(());
                    }
                    let me = cx.me();
                    cx.send(other, &1u64)?;
                    cx.spawn(SpawnOptions::named("child"), idle())?;
                    if kill {
                        cx.kill(me)?
                    } else {
                        cx.exit(me, Reason::Shutdown)?
                    };
                    assert!(cx.has_ended());
                    assert_eq!(cx.spawn(SpawnOptions::default(), idle()), Err(Code::NotNow));
                    assert_eq!(cx.link(other), Err(Code::NotNow));
                    assert_eq!(cx.register("x"), Err(Code::NotNow));
                    assert_eq!(cx.kill(other), Err(Code::NotNow));
                    assert_eq!(cx.exit(me, Reason::Normal), Err(Code::NotNow));
                    cx.stop(Reason::Normal);
                    let refused = cx.send(other, &2u64);
                    assert_eq!(refused, Err(Code::NotNow));
                    if fail { Ok(refused?) } else { Ok(()) }
                }),
            );
            world.settle()?;
            if !in_start {
                world.send(other, 9u64);
                world.settle()?;
            }
            let reason = if kill { ExitReason::Killed } else { ExitReason::Shutdown };
            let mut expected = vec!["message 1".to_owned()];
            if !in_start {
                expected.push(reason.to_string());
            }
            assert_eq!(diary.all(), expected);
            assert_eq!(trace.ends("main/me"), [reason]);
            assert!(!trace.hooks("main/me").contains(&Hook::Stop));
            assert!(world.actors().iter().any(|a| a.path == "main/me/child" && a.parent == me));
            Ok(())
        });
    }
}

/// Only an error is a way to pass a refusal on; a panic is a mistake and is reported as one.
#[test]
fn a_panic_after_it_is_still_a_failure() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        world.spawn(
            "me",
            actor(move |cx, input| {
                if input == Input::Start {
                    let me = cx.me();
                    cx.exit(me, Reason::Normal)?;
                    panic!("planned");
                }
                Ok(())
            }),
        );
        world.settle()?;
        let reason = ExitReason::start_failed(seedbed_core::Failure::HostPanic.into());
        assert_eq!(trace.ends("main/me"), [reason]);
        Ok(())
    });
}
