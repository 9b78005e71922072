//! A reply that is late is never delivered, not even as a reply to another request of the same actor.

use seedbed_core::{RequestFailure, Signal};
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn each_reply_is_the_one_to_its_own_request() {
    holds(|world| {
        let (trace, diary) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        let kept = Arc::new(Mutex::new(Vec::new()));
        let server = world.spawn(
            "server",
            actor(move |cx, input| {
                let mut kept = kept.lock().expect("no test panicked with it");
                match input {
                    Input::Message(n) if n < 3 => {
                        kept.push((cx.request().expect("it is one"), n));
                        cx.set_timer(Duration::from_secs(10), 0)?;
                    }
                    Input::Message(n) => cx.reply(n)?,
                    Input::Signal(Signal::Timer { .. }) => {
                        let (request, n) = kept.remove(0);
                        cx.reply_to(request, n)?;
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.run_for(Duration::ZERO)?;
        let keep = diary.clone();
        world.spawn(
            "asker",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        for n in 0..3u64 {
                            cx.ask(server, &n, Duration::from_secs(5))?;
                        }
                        cx.set_timer(Duration::from_secs(9), 0)?;
                    }
                    Input::Signal(Signal::Timer { .. }) => {
                        for n in 3..6u64 {
                            cx.ask(server, &n, Duration::from_secs(5))?;
                        }
                    }
                    Input::Signal(Signal::Reply { correlation, outcome, .. }) => {
                        keep.push((correlation.0, outcome.map(|b| b.get::<u64>().expect("a number"))));
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let late = Err(RequestFailure::Timeout);
        assert_eq!(diary.all(), [(1, late), (2, late), (3, late), (4, Ok(3)), (5, Ok(4)), (6, Ok(5))]);
        assert_eq!(trace.lost(), [seedbed_core::Lost::Late; 3]);
        Ok(())
    });
}
