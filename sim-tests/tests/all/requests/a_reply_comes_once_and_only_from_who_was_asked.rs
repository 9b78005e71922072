//! Q2: `reply` may come now or in a later turn, once, and only from the actor that was asked.

use seedbed_core::{Code, Correlation, Request, Signal, SpawnOptions};
use sim_tests::{Diary, Input, actor, holds};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn later_once_and_by_nobody_else() {
    for remote in [false, true] {
        holds(|world| {
            let diary = Diary::new();
            let kept: Arc<Mutex<Option<Request>>> = Arc::default();
            let refused = |r: anyhow::Result<()>| {
                assert_eq!(r.expect_err("it is refused").downcast_ref(), Some(&Code::NotYours));
            };
            let thief_has = Arc::clone(&kept);
            let thief = world.spawn(
                "thief",
                actor(move |cx, input| {
                    if let Input::Message(_) = input {
                        let request =
                            thief_has.lock().expect("no test panicked with it").expect("kept before");
                        refused(cx.reply_to(request, 666u64));
                    }
                    Ok(())
                }),
            );
            let server = world.spawn(
                "server",
                actor(move |cx, input| {
                    let mut kept = kept.lock().expect("no test panicked with it");
                    match input {
                        Input::Message(_) => {
                            let request = cx.request().expect("it is one");
                            *kept = Some(request);
                            let never = Request { correlation: Correlation(99), ..request };
                            refused(cx.reply_to(never, 666u64));
                            cx.send(thief, &0u64)?;
                            cx.set_timer(Duration::from_millis(5), 0)?;
                        }
                        Input::Signal(Signal::Timer { .. }) => {
                            assert!(cx.request().is_none(), "a timer is no request");
                            let request = kept.expect("kept before");
                            cx.reply_to(request, 7u64)?;
                            refused(cx.reply_to(request, 8u64));
                        }
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let keep = diary.clone();
            let asker = actor(move |cx, input| {
                match input {
                    Input::Start => drop(cx.ask(server, &1u64, Duration::from_secs(1))?),
                    Input::Signal(Signal::Reply { outcome, from, .. }) => {
                        keep.push((from, outcome.map(|b| b.get::<u64>())));
                    }
                    _ => {}
                }
                Ok(())
            });
            let node = if remote { world.node("there", |_| ()) } else { world.main() };
            world.spawn_on(node, SpawnOptions::default(), Arc::new(asker))?;
            world.settle()?;
            assert_eq!(diary.all(), [(server, Ok(Ok(7)))]);
            Ok(())
        });
    }
}

#[test]
fn a_reply_to_a_plain_message_goes_nowhere() {
    holds(|world| {
        let echo = world
            .spawn("echo", actor(|cx, input| if input == Input::Start { Ok(()) } else { cx.reply(1u64) }));
        let client = world.client();
        world.send_from(client, echo, 1u64);
        world.settle()?;
        assert_eq!((world.receive(client), world.stats().dead_letters), (vec![], 0));
        assert!(world.actor(echo).is_some());
        Ok(())
    });
}
