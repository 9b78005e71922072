//! C3: an interval re-arms itself from its own deadline, not from its delivery; it enters the line
//! again only when the former one was delivered.

use seedbed_core::{Code, Time};
use sim_tests::{Bare, Diary, holds, timed};
use std::time::Duration;

#[test]
fn in_a_world_it_ticks_exactly() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.spawn(
            "a",
            timed(
                |cx| {
                    assert_eq!(cx.set_interval(Duration::ZERO, 0), Err(Code::Invalid));
                    cx.set_interval(Duration::from_millis(300), 0)?;
                    Ok(())
                },
                move |cx, _, _| {
                    keep.push(cx.now().since(Time::ZERO).as_millis());
                    Ok(())
                },
            ),
        );
        world.run_for(Duration::from_millis(1_000))?;
        assert_eq!(diary.all(), [300, 600, 900]);
        // Time moves on in the same steps, however it is cut.
        world.run_for(Duration::from_millis(100))?;
        world.run_for(Duration::from_millis(100))?;
        assert_eq!(diary.all(), [300, 600, 900, 1_200]);
        assert_eq!(world.now().since(Time::ZERO).as_millis(), 1_200);
        Ok(())
    });
}

/// A kernel whose clock is looked at late: ticks catch up one by one, each due at its own time.
#[test]
fn one_in_the_line_at_a_time_and_no_drift() {
    let mut bare = Bare::new();
    let diary = Diary::new();
    let keep = diary.clone();
    bare.spawn(
        "a",
        timed(
            |cx| cx.set_interval(Duration::from_nanos(1_000), 0).map(drop).map_err(Into::into),
            move |_, _, _| {
                keep.push(());
                Ok(())
            },
        ),
    );
    bare.settle();
    let armed_at = bare.reads.clock;
    let late = Time::from_nanos(armed_at + 3_500);
    for ticks in 1..=3 {
        assert_eq!(bare.kernel.fire_timers(&mut bare.reads, late), 1, "one at a time");
        assert_eq!(bare.kernel.fire_timers(&mut bare.reads, late), 0, "the former is in the line still");
        bare.settle();
        assert_eq!(diary.all().len(), ticks);
    }
    assert_eq!(bare.kernel.next_deadline(), Some(Time::from_nanos(armed_at + 4_000)));
}
