//! T5: `stop` lets the turn finish; what comes after it in the turn is applied too.

use seedbed_core::{ExitReason, Hook, Reason, StopCode};
use sim_tests::{Diary, Input, Trace, actor, holds};

#[test]
fn a_send_after_it_arrives_and_on_stop_is_a_turn_of_its_own() {
    for in_start in [true, false] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let other = world.spawn(
                "other",
                actor(move |_, input| {
                    if let Input::Message(n) = input {
                        keep.push(n);
                    }
                    Ok(())
                }),
            );
            let me = world.spawn(
                "me",
                actor(move |cx, input| {
                    match input {
                        Input::Stop(code) => {
                            assert_eq!(code, StopCode::Shutdown, "the first reason stays");
                            cx.send(other, &3u64)?;
                        }
                        Input::Start if !in_start => {}
                        _ => {
                            cx.send(other, &1u64)?;
                            cx.stop(Reason::Shutdown);
                            cx.stop(Reason::Normal);
                            cx.send(other, &2u64)?;
                        }
                    }
                    Ok(())
                }),
            );
            world.send(me, 0u64);
            world.settle()?;
            assert_eq!(diary.all(), [1, 2, 3]);
            assert_eq!(trace.ends("main/me"), [ExitReason::Shutdown]);
            let hooks = trace.hooks("main/me");
            assert_eq!((hooks.last(), hooks.len()), (Some(&Hook::Stop), if in_start { 2 } else { 3 }));
            Ok(())
        });
    }
}
