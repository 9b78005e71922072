//! T8, E18: a host panic inside a turn is a failure of that actor: who is linked is told, and nothing else stops.

use seedbed_core::{ExitReason, Failure, Signal, SpawnFlags, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, holds};

#[test]
fn the_linked_are_told_and_the_rest_goes_on() {
    for hook in ["start", "message", "stop"] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let fragile = actor(move |cx, input| {
                match (input, hook) {
                    (Input::Start, "start") | (Input::Message(_), "message") | (Input::Stop(_), "stop") => {
                        panic!("planned")
                    }
                    (Input::Message(_), _) => cx.stop(seedbed_core::Reason::Shutdown),
                    _ => {}
                }
                Ok(())
            });
            world.spawn(
                "linked",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            cx.trap_exits(true);
                            let options = SpawnOptions::named("fragile").flags(SpawnFlags::LINK);
                            let child = cx.spawn(options, fragile.clone())?;
                            cx.send(child, &0u64)?;
                        }
                        Input::Signal(Signal::Exit { reason, .. }) => keep.push(reason),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            let calm = world.spawn("calm", actor(|cx, _| cx.reply(7u64)));
            world.settle()?;
            let panicked = ExitReason::from(Failure::HostPanic);
            let expected = match hook {
                "start" => ExitReason::start_failed(panicked),
                "message" => panicked,
                _ => ExitReason::Shutdown, // a failing on_stop changes no reason
            };
            assert_eq!(diary.all(), std::slice::from_ref(&expected));
            assert_eq!(trace.ends("main/linked/fragile"), [expected]);
            assert_eq!(world.ask::<u64, u64>(calm, 1)?, 7);
            Ok(())
        });
    }
}
