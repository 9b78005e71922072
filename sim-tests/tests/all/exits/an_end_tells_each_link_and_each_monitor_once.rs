//! E2, E6, E7, E13: who ends with reason R sends exit(R) to each link and down(R) to each monitor, with
//! what it returned, in the order in which they were made.

use seedbed_core::{Bytes, ExitReason, Reason};
use sim_tests::{Diary, Input, actor, handler_error, holds, watcher};

#[test]
fn with_reason_and_value() {
    let shut = ExitReason::Shutdown;
    let cases: [(&str, ExitReason, Option<&[u8]>); 6] = [
        ("exit", shut.clone(), Some(b"value")),
        ("stop", shut.clone(), Some(b"value")),
        ("value in on_stop", shut, Some(b"later")),
        ("kill", ExitReason::Killed, None),
        ("fail", handler_error(), None),
        ("value before", ExitReason::Killed, None),
    ];
    for (how, reason, value) in cases {
        holds(|world| {
            let diary = Diary::new();
            let victim = world.spawn(
                "victim",
                actor(move |cx, input| {
                    let me = cx.me();
                    match (input, how) {
                        (Input::Start, _) => return Ok(()),
                        (Input::Message(0), "value before") => cx.set_value(b"of another turn".to_vec()),
                        (Input::Message(0), _) => {}
                        (Input::Stop(_), "value in on_stop") => cx.set_value(b"later".to_vec()),
                        (Input::Stop(_), _) => {}
                        (_, "exit") => {
                            cx.set_value(b"value".to_vec());
                            cx.exit(me, Reason::Shutdown)?;
                        }
                        (_, "stop") => {
                            cx.set_value(b"value".to_vec());
                            cx.stop(Reason::Shutdown);
                        }
                        (_, "value in on_stop") => cx.stop(Reason::Shutdown),
                        (_, "fail") => anyhow::bail!("planned"),
                        _ => cx.kill(me)?,
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            for name in ["a", "b", "c"] {
                let keep = diary.clone();
                world.spawn(
                    name,
                    watcher(
                        move |cx| {
                            cx.link(victim)?;
                            cx.monitor(victim)?;
                            cx.monitor(victim)?;
                            Ok(())
                        },
                        move |cx, told| {
                            assert_eq!(told.from, victim);
                            keep.push((cx.me(), told.monitor.unwrap_or(0), told.reason, told.value));
                        },
                    ),
                );
            }
            world.settle()?;
            world.send(victim, 0u64);
            world.send(victim, 1u64);
            world.settle()?;
            assert_eq!(world.actor(victim), None);
            let all = diary.all();
            assert_eq!(all.len(), 9);
            let value = value.map(Bytes::from);
            assert!(all.iter().all(|e| e.2 == reason && e.3 == value), "{how}: {all:?}");
            for watcher in all.iter().map(|e| e.0) {
                let order: Vec<u64> = all.iter().filter(|e| e.0 == watcher).map(|e| e.1).collect();
                assert_eq!(order, [0, 1, 2], "as they were made");
            }
            Ok(())
        });
    }
}
