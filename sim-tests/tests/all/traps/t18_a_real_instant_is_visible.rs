//! No real clock is visible in a simulated run: both clocks are a function of virtual time, and any
//! number of runs see the very same.

use seedbed_core::Signal;
use seedbed_sim::{InWorld, World};
use sim_tests::{Diary, Input, actor, lenient, once, strategy};
use std::time::Duration;

#[test]
fn both_clocks_are_functions_of_virtual_time() {
    let times = || {
        let diary = Diary::new();
        let kept = diary.clone();
        let body = move |world: &mut World| {
            let keep = kept.clone();
            world.spawn(
                "a",
                actor(move |cx, input| {
                    if matches!(input, Input::Start | Input::Signal(Signal::Timer { .. })) {
                        keep.push((cx.now().as_nanos(), cx.unix_time().as_nanos()));
                        if keep.all().len() < 10 {
                            cx.set_timer(Duration::from_millis(7), 0)?;
                        }
                    }
                    Ok(())
                }),
            );
            Ok(())
        };
        let program = InWorld { config: lenient(), program: body };
        assert_eq!(once(&program, 5, strategy(5)).found, None);
        diary.all()
    };
    let first = times();
    let (start, epoch) = first[0];
    assert_eq!(start, 0);
    assert!(
        first.iter().enumerate().all(|(n, t)| *t == (7_000_000 * n as u64, epoch + 7_000_000 * n as u64))
    );
    assert_eq!(first, times());
}
