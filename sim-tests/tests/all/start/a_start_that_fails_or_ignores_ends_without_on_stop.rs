//! S3: a start that fails, or that answers *ignore*, ends the actor without `on_stop`; links and
//! monitors see `Failed(start failed)`, or `Normal` for ignore.

use seedbed_core::{ExitReason, Failure, Hook, Signal, SpawnFlags, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, handler_error, holds};

#[test]
fn links_and_monitors_see_how_it_ended() {
    let failed = ExitReason::start_failed;
    let cases = [
        ("error", failed(handler_error())),
        ("panic", failed(Failure::HostPanic.into())),
        ("ignore", ExitReason::Normal),
    ];
    for (how, expected) in cases {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let child = actor(move |cx, input| {
                match (input, how) {
                    (Input::Start, "error") => anyhow::bail!("planned"),
                    (Input::Start, "panic") => panic!("planned"),
                    (Input::Start, _) => cx.ignore(),
                    (other, _) => panic!("nothing else reaches it: {other:?}"),
                }
                Ok(())
            });
            world.spawn(
                "parent",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            cx.trap_exits(true);
                            let flags = SpawnFlags::LINK.with(SpawnFlags::MONITOR);
                            let pid = cx.spawn(SpawnOptions::named("child").flags(flags), child.clone())?;
                            cx.send(pid, &1u64)?;
                        }
                        Input::Signal(Signal::Exit { reason, .. }) => keep.push(("exit", reason)),
                        Input::Signal(Signal::Down { reason, .. }) => keep.push(("down", reason)),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(diary.all(), [("exit", expected.clone()), ("down", expected.clone())]);
            assert_eq!(trace.hooks("main/parent/child"), [Hook::Start]);
            assert_eq!(trace.lost().len(), 1, "its mail became a dead letter");
            Ok(())
        });
    }
}
