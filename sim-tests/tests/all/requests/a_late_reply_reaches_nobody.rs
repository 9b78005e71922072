//! Q3: a reply after the end of its request is dropped and traced, and reaches nobody; who replies is
//! not to blame.

use seedbed_core::{Lost, Request, RequestFailure, Signal, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn after_a_timeout() {
    for remote in [false, true] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let kept: Arc<Mutex<Vec<Request>>> = Arc::default();
            let server = world.spawn(
                "server",
                actor(move |cx, input| {
                    let mut kept = kept.lock().expect("no test panicked with it");
                    match input {
                        Input::Message(_) => {
                            kept.extend(cx.request());
                            cx.set_timer(Duration::from_secs(2), 0)?;
                        }
                        Input::Signal(Signal::Timer { .. }) => {
                            for request in kept.drain(..) {
                                cx.reply_to(request, 7u64)?;
                            }
                        }
                        _ => {}
                    }
                    Ok(())
                }),
            );
            let keep = diary.clone();
            let asker = actor(move |cx, input| {
                match input {
                    Input::Start => drop(cx.ask(server, &1u64, Duration::from_secs(1))?),
                    Input::Signal(Signal::Reply { outcome, .. }) => keep.push(outcome.err()),
                    _ => {}
                }
                Ok(())
            });
            let node = if remote { world.node("there", |_| ()) } else { world.main() };
            world.spawn_on(node, SpawnOptions::default(), Arc::new(asker))?;
            world.settle()?;
            assert_eq!(diary.all(), [Some(RequestFailure::Timeout)]);
            assert_eq!(trace.lost(), [Lost::Late]);
            assert!(world.actor(server).is_some(), "it could not know");
            Ok(())
        });
    }
}

#[test]
fn after_the_end_of_who_asked() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let server = world
            .spawn("server", actor(|cx, input| if input == Input::Start { Ok(()) } else { cx.reply(1u64) }));
        world.settle()?;
        world.spawn(
            "asker",
            actor(move |cx, _| {
                cx.ask(server, &1u64, Duration::from_secs(1))?;
                let me = cx.me();
                Ok(cx.kill(me)?)
            }),
        );
        world.settle()?;
        assert_eq!(trace.lost(), [Lost::Late]);
        assert!(world.actor(server).is_some());
        Ok(())
    });
}
