//! C1: a timer fires at the first turn boundary at or after its deadline; due timers enter the
//! actor's line by deadline, then by arming.

use seedbed_core::Time;
use sim_tests::{Bare, Diary, holds, timed};
use std::time::Duration;

#[test]
fn by_deadline_then_by_arming() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.spawn(
            "a",
            timed(
                |cx| {
                    for (tag, after) in [(0, 30), (1, 10), (2, 20), (3, 10), (4, 0), (5, 20), (6, 10)] {
                        cx.set_timer(Duration::from_millis(after), tag)?;
                    }
                    Ok(())
                },
                move |cx, _, tag| {
                    keep.push((tag, cx.now().since(Time::ZERO).as_millis()));
                    Ok(())
                },
            ),
        );
        world.settle()?;
        let expected = [(4, 0), (1, 10), (3, 10), (6, 10), (2, 20), (5, 20), (0, 30)];
        assert_eq!(diary.all(), expected);
        Ok(())
    });
}

/// What fell due together, late, still comes by deadline.
#[test]
fn also_when_the_clock_is_looked_at_late() {
    let mut bare = Bare::new();
    let diary = Diary::new();
    let keep = diary.clone();
    bare.spawn(
        "a",
        timed(
            |cx| {
                for (tag, after) in [(0, 300), (1, 100), (2, 200), (3, 100)] {
                    cx.set_timer(Duration::from_nanos(after), tag)?;
                }
                Ok(())
            },
            move |_, _, tag| {
                keep.push(tag);
                Ok(())
            },
        ),
    );
    bare.settle();
    let start = bare.reads.clock;
    for (after, so_far) in [(99, 0), (100, 2), (10_000, 4)] {
        bare.kernel.fire_timers(&mut bare.reads, Time::from_nanos(start + after));
        bare.settle();
        assert_eq!(diary.all().len(), so_far);
    }
    assert_eq!(diary.all(), [1, 3, 2, 0]);
}
