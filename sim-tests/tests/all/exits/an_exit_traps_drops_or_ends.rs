//! E3, E4, E5: exit(R) at a receiver: trapping, it becomes a message; not trapping, Normal is
//! dropped and else it ends with R; a kill ends it whatever it traps.

use seedbed_core::{ExitReason, HandlerCode, Hook, Reason, Signal, StopCode};
use sim_tests::{Diary, Input, Trace, actor, holds};

#[test]
fn of_an_exit_signal_and_of_a_link() {
    let failed = Reason::Failed(HandlerCode(9));
    for by_link in [false, true] {
        for traps in [false, true] {
            for reason in [Reason::Normal, Reason::Shutdown, failed] {
                holds(|world| {
                    let (trace, diary) = (Trace::new(), Diary::new());
                    world.observe(trace.clone());
                    let (signals, stops) = (diary.clone(), Diary::new());
                    let codes = stops.clone();
                    let receiver = world.spawn(
                        "receiver",
                        actor(move |cx, input| {
                            match input {
                                Input::Start => cx.trap_exits(traps),
                                Input::Signal(Signal::Exit { from, reason, .. }) => {
                                    signals.push((from, reason))
                                }
                                Input::Stop(code) => codes.push(code),
                                _ => {}
                            }
                            Ok(())
                        }),
                    );
                    world.settle()?;
                    let sender = world.spawn(
                        "sender",
                        actor(move |cx, input| {
                            if input == Input::Start {
                                if by_link {
                                    cx.link(receiver)?;
                                    let me = cx.me();
                                    cx.exit(me, reason)?;
                                } else {
                                    cx.exit(receiver, reason)?;
                                }
                            }
                            Ok(())
                        }),
                    );
                    world.settle()?;
                    let reason = ExitReason::from(reason);
                    let ended = !traps && reason != ExitReason::Normal;
                    assert_eq!(world.actor(receiver).is_none(), ended);
                    let message = traps.then(|| (sender, reason.clone()));
                    assert_eq!(diary.all(), message.into_iter().collect::<Vec<_>>());
                    let ends = if ended { vec![reason.clone()] } else { vec![] };
                    assert_eq!(trace.ends("main/receiver"), ends);
                    let shutdown = reason == ExitReason::Shutdown;
                    let code = if shutdown { StopCode::Shutdown } else { StopCode::Requested };
                    assert_eq!(stops.all(), if ended { vec![code] } else { vec![] }, "by way of on_stop");
                    Ok(())
                });
            }
        }
    }
}

#[test]
fn a_normal_exit_to_oneself_ends() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        world.spawn(
            "me",
            actor(move |cx, _| {
                cx.trap_exits(true);
                let me = cx.me();
                Ok(cx.exit(me, Reason::Normal)?)
            }),
        );
        world.settle()?;
        assert_eq!(trace.ends("main/me"), [ExitReason::Normal]);
        assert_eq!(trace.hooks("main/me"), [Hook::Start]);
        Ok(())
    });
}
