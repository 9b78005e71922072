//! A timer that was cancelled moves no clock, also when others are still to come.

use seedbed_core::Time;
use sim_tests::{Diary, holds, timed};
use std::time::Duration;

#[test]
fn the_clock_goes_from_one_live_deadline_to_the_next() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.spawn(
            "a",
            timed(
                |cx| {
                    let ids = [1, 2, 3, 4].map(|s| cx.set_timer(Duration::from_secs(s), s));
                    cx.cancel_timer(ids[0]?);
                    cx.cancel_timer(ids[3]?);
                    Ok(())
                },
                move |cx, _, tag| {
                    keep.push((tag, cx.now()));
                    Ok(())
                },
            ),
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
