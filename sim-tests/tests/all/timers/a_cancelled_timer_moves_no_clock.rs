//! C4: a cancelled timer moves no clock; nor does the deadline of a request that ended.

use seedbed_core::Time;
use sim_tests::{Input, actor, holds};
use std::time::Duration;

#[test]
fn nor_does_the_deadline_of_a_request_that_ended() {
    holds(|world| {
        let server = world
            .spawn("server", actor(|cx, input| if input == Input::Start { Ok(()) } else { cx.reply(0u64) }));
        world.settle()?;
        world.spawn(
            "a",
            actor(move |cx, input| {
                if input == Input::Start {
                    let timer = cx.set_timer(Duration::from_secs(30), 0)?;
                    cx.set_interval(Duration::from_secs(20), 0).map(|t| cx.cancel_timer(t))?;
                    cx.ask(server, &1u64, Duration::from_secs(40))?;
                    cx.cancel_timer(timer);
                }
                Ok(())
            }),
        );
        world.spawn(
            "killed",
            actor(move |cx, _| {
                cx.set_timer(Duration::from_secs(50), 0)?;
                let me = cx.me();
                Ok(cx.kill(me)?)
            }),
        );
        world.settle()?;
        assert_eq!(world.now(), Time::ZERO);
        Ok(())
    });
}
