//! A timer that was cancelled moves no clock, also when others are still to come.

use seedbed_core::{Signal, Time};
use sim_tests::{Diary, Input, actor, holds};
use std::time::Duration;

#[test]
fn the_clock_goes_from_one_live_deadline_to_the_next() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.spawn(
            "a",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        let ids = [1, 2, 3, 4].map(|s| cx.set_timer(Duration::from_secs(s), s));
                        cx.cancel_timer(ids[0]?);
                        cx.cancel_timer(ids[3]?);
                    }
                    Input::Signal(Signal::Timer { tag, .. }) => keep.push((tag, cx.now())),
                    _ => {}
                }
                Ok(())
            }),
        );
        let mut seen = vec![world.now()];
        for _ in 0..5 {
            world.settle()?;
            seen.push(world.now());
        }
        seen.dedup();
        let at = |s| Time::ZERO + Duration::from_secs(s);
        assert_eq!(diary.all(), [(2, at(2)), (3, at(3))]);
        assert_eq!(seen, [at(0), at(3)], "and rests there");
        Ok(())
    });
}
