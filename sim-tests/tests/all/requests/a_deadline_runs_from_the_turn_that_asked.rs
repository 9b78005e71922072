//! Q4: the deadline of a request is measured on the asker's clock, from the `now` of the asking turn.

use seedbed_core::{Signal, Time};
use sim_tests::{Bare, Diary, Input, actor, holds, idle};
use std::time::Duration;

#[test]
fn a_timeout_comes_exactly_then() {
    holds(|world| {
        let diary = Diary::new();
        let (keep, silent) = (diary.clone(), world.spawn("silent", idle()));
        world.spawn(
            "asker",
            actor(move |cx, input| {
                match input {
                    Input::Start => drop(cx.set_timer(Duration::from_secs(3), 0)?),
                    Input::Signal(Signal::Timer { .. }) => {
                        cx.ask(silent, &1u64, Duration::from_millis(700))?;
                    }
                    Input::Signal(Signal::Reply { .. }) => keep.push(cx.now()),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(diary.all(), [Time::ZERO + Duration::from_millis(3_700)]);
        Ok(())
    });
}

/// A clock that moves while the turn runs does not move the deadline.
#[test]
fn it_is_the_now_that_the_turn_sees() {
    let mut bare = Bare::new();
    let diary = Diary::new();
    let (keep, silent) = (diary.clone(), bare.spawn("silent", idle()));
    bare.settle();
    bare.reads.clock = 1_000;
    bare.spawn(
        "asker",
        actor(move |cx, input| {
            if input == Input::Start {
                keep.push(cx.now());
                cx.unix_time();
                cx.ask(silent, &1u64, Duration::from_secs(1))?;
            }
            Ok(())
        }),
    );
    bare.settle();
    assert_eq!(diary.all(), [Time::from_nanos(1_001)]);
    assert_eq!(bare.kernel.next_deadline(), Some(Time::from_nanos(1_000_001_001)));
}
