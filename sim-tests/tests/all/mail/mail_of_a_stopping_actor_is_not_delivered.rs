//! M9: mail of an actor that is stopping is not delivered; at its end it becomes dead letters, and
//! requests in it are answered *dead*.

use seedbed_core::{Lost, Reason, RequestFailure, Signal};
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::time::Duration;

#[test]
fn what_waits_and_what_comes_meanwhile() {
    holds(|world| {
        let (trace, diary) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        let target = world.spawn(
            "target",
            actor(move |cx, input| {
                match input {
                    Input::Message(0) => {
                        let me = cx.me();
                        (1..=3u64).try_for_each(|n| cx.send(me, &n))?;
                        cx.stop(Reason::Normal);
                    }
                    Input::Message(n) => panic!("message {n} was delivered"),
                    _ => {}
                }
                Ok(())
            }),
        );
        let keep = diary.clone();
        world.spawn(
            "asker",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        cx.send(target, &0u64)?;
                        cx.ask(target, &4u64, Duration::from_secs(1))?;
                    }
                    Input::Signal(Signal::Reply { outcome, .. }) => keep.push(outcome.err()),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(diary.all(), [Some(RequestFailure::Dead)]);
        assert_eq!(trace.lost(), [Lost::Dead; 4]);
        Ok(())
    });
}
