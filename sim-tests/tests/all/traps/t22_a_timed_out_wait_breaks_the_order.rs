//! A wait that times out takes nothing out of any line: what comes after it still comes in order.

use seedbed_core::{RequestFailure, Signal};
use seedbed_sim::Faults;
use sim_tests::{Diary, Input, SEEDS, actor, faulty, holds_in};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn whether_the_reply_or_the_timeout_wins() {
    let timeouts = Arc::new(Mutex::new(0u64));
    let counted = Arc::clone(&timeouts);
    let faults = Faults { clock: 200_000, ..Faults::none() };
    holds_in(&faulty(faults), move |world| {
        let diary = Diary::new();
        let server = world.spawn(
            "server",
            actor(|cx, input| {
                if let Input::Message(n) = input {
                    let from = cx.from();
                    cx.send(from, &(2 * n))?;
                    cx.reply(n)?;
                    cx.send(from, &(2 * n + 1))?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        let keep = diary.clone();
        world.spawn(
            "asker",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        for n in 0..8u64 {
                            cx.ask(server, &n, Duration::from_micros(1))?;
                        }
                    }
                    Input::Message(n) => keep.push(Ok(n)),
                    Input::Signal(Signal::Reply { correlation, outcome, .. }) => {
                        keep.push(Err((correlation.0 - 1, outcome.err())));
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let all = diary.all();
        let messages: Vec<u64> = all.iter().filter_map(|e| e.ok()).collect();
        assert_eq!(messages, (0..16).collect::<Vec<_>>());
        let ended: Vec<_> = all.iter().filter_map(|e| e.err()).collect();
        assert_eq!(ended.len(), 8);
        for (n, failure) in ended {
            let place = |what| all.iter().position(|e| *e == what).expect("all of them came");
            if failure.is_none() {
                let reply = place(Err((n, None)));
                assert!(place(Ok(2 * n)) < reply && reply < place(Ok(2 * n + 1)), "replies keep their place");
            } else {
                assert_eq!(failure, Some(RequestFailure::Timeout));
                *counted.lock().expect("no test panicked with it") += 1;
            }
        }
        Ok(())
    });
    assert!(*timeouts.lock().expect("no test panicked with it") > SEEDS);
}
