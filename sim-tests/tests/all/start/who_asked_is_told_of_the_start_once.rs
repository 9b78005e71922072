//! S4: who asked to be told gets exactly one of started, ignored, start failed; it stands in the
//! child's line, behind what the start sent.

use seedbed_core::{ExitReason, Reason, Signal, SpawnFlags, SpawnOptions, StartOutcome};
use sim_tests::{Diary, Input, actor, handler_error, holds};

#[test]
fn exactly_one_notice_behind_what_the_start_sent() {
    let cases: [(&str, StartOutcome); 6] = [
        ("runs", StartOutcome::Started),
        ("ignores", StartOutcome::Ignored),
        ("fails", StartOutcome::Failed(handler_error())),
        ("exits", StartOutcome::Started),
        ("stops", StartOutcome::Started),
        ("is killed", StartOutcome::Failed(ExitReason::Killed)),
    ];
    for (how, expected) in cases {
        holds(|world| {
            let diary = Diary::new();
            let keep = diary.clone();
            let child = actor(move |cx, input| {
                if input == Input::Start {
                    let (me, parent) = (cx.me(), cx.parent());
                    if how == "runs" {
                        cx.send(parent, &5u64)?;
                    }
                    match how {
                        "ignores" => cx.ignore(),
                        "fails" => anyhow::bail!("planned"),
                        "exits" => cx.exit(me, Reason::Normal)?,
                        "stops" => cx.stop(Reason::Normal),
                        _ => {}
                    }
                }
                Ok(())
            });
            world.spawn(
                "parent",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            let flags = SpawnFlags::NOTIFY;
                            let pid = cx.spawn(SpawnOptions::named("child").flags(flags), child.clone())?;
                            if how == "is killed" {
                                cx.kill(pid)?;
                            }
                        }
                        Input::Signal(Signal::Started { pid, outcome }) => {
                            assert_eq!(pid, cx.from());
                            keep.push(outcome);
                        }
                        Input::Message(5) => assert_eq!(keep.all().len(), 0, "the start was not finished"),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(diary.all(), std::slice::from_ref(&expected), "{how}");
            Ok(())
        });
    }
}
