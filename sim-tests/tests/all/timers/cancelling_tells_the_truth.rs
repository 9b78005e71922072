//! C2: cancelling answers 1 if its message will never come (also if it was queued), 0 if it was
//! delivered or cancelled before, −1 if it was never armed by this life.

use seedbed_core::{Cancelled, Signal, TimerId};
use seedbed_sim::Faults;
use sim_tests::{Diary, Input, SEEDS, actor, faulty, holds, holds_in, timed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn in_every_state_of_a_timer() {
    use Cancelled::{Cancelled as Yes, Fired, Unknown};
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        world.spawn(
            "a",
            timed(
                |cx| {
                    assert_eq!([0, 1, 2, u64::MAX].map(|n| cx.cancel_timer(TimerId(n))), [Unknown; 4]);
                    let armed = cx.set_timer(Duration::from_millis(1), 0)?;
                    assert_eq!([cx.cancel_timer(armed), cx.cancel_timer(armed)], [Yes, Fired]);
                    for tag in 1..=3 {
                        cx.set_timer(Duration::from_millis(5), tag)?;
                    }
                    cx.set_interval(Duration::from_millis(7), 9)?;
                    Ok(())
                },
                move |cx, id, tag| {
                    keep.push(tag);
                    match tag {
                        // The other two are due too and stand in the line.
                        1 => {
                            let cancelled = [id, TimerId(4), TimerId(4)].map(|t| cx.cancel_timer(t));
                            assert_eq!(cancelled, [Fired, Yes, Fired]);
                        }
                        9 if keep.all().len() == 5 => {
                            assert_eq!([cx.cancel_timer(id), cx.cancel_timer(id)], [Yes, Fired]);
                        }
                        _ => {}
                    }
                    Ok(())
                },
            ),
        );
        world.run_for(Duration::from_secs(1))?;
        assert_eq!(diary.all(), [1, 2, 9, 9, 9]);
        Ok(())
    });
}

/// Whatever the order, and if the clock runs on while mail waits: fired or cancelled, never both, never neither.
#[test]
fn a_race_between_a_timer_and_its_cancelling() {
    let seen = Arc::new(Mutex::new([0u64; 2]));
    let totals = Arc::clone(&seen);
    let faults = Faults { clock: 400_000, ..Faults::none() };
    holds_in(&faulty(faults), move |world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let pids = ["a", "b", "c"].map(|name| {
            let keep = keep.clone();
            world.spawn(
                name,
                actor(move |cx, input| {
                    match input {
                        Input::Start => drop(cx.set_timer(Duration::from_micros(50), 0)?),
                        Input::Message(_) => {
                            let cancelled = cx.cancel_timer(TimerId(1));
                            assert_ne!(cancelled, Cancelled::Unknown);
                            keep.push((cx.me(), Some(cancelled == Cancelled::Cancelled)));
                        }
                        Input::Signal(Signal::Timer { .. }) => keep.push((cx.me(), None)),
                        _ => {}
                    }
                    Ok(())
                }),
            )
        });
        world.run_for(Duration::from_micros(50))?;
        pids.into_iter().for_each(|pid| world.send(pid, 0u64));
        world.settle()?;
        for pid in pids {
            let of: Vec<_> = diary.all().into_iter().filter(|e| e.0 == pid).map(|e| e.1).collect();
            let cancelled = of.contains(&Some(true));
            assert_eq!(cancelled, !of.contains(&None), "{of:?}");
            if !cancelled {
                assert_eq!(of, [None, Some(false)], "it was delivered before");
            }
            totals.lock().expect("no test panicked with it")[usize::from(cancelled)] += 1;
        }
        Ok(())
    });
    let seen = *seen.lock().expect("no test panicked with it");
    assert!(seen.iter().all(|n| *n > SEEDS / 4), "both happen: {seen:?}");
}
