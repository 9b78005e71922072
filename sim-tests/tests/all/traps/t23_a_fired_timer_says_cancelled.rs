//! Cancelling a timer whose message was delivered never says *cancelled*; the whole truth is in
//! `timers/cancelling_tells_the_truth.rs`.

use seedbed_core::{Cancelled, TimerId};
use sim_tests::{Diary, holds, timed};
use std::time::Duration;

#[test]
fn neither_in_the_turn_of_its_message_nor_later() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.spawn(
            "a",
            timed(
                |cx| {
                    let _ = [0, 0, 1, 1].map(|ms| cx.set_timer(Duration::from_millis(ms), 0));
                    Ok(())
                },
                move |cx, id, _| {
                    assert_eq!(cx.cancel_timer(id), Cancelled::Fired);
                    let before = (1..id.0).map(|n| cx.cancel_timer(TimerId(n)));
                    assert!(before.into_iter().all(|c| c == Cancelled::Fired));
                    keep.push(id.0);
                    Ok(())
                },
            ),
        );
        world.settle()?;
        assert_eq!(diary.all(), [1, 2, 3, 4]);
        Ok(())
    });
}
