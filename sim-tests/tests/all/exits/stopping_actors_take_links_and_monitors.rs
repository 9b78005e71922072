//! L2, E17: an actor that is stopping still takes links and monitors, and answers them with its true
//! reason when it ends; after that they are answered as for the dead.

use seedbed_core::{ExitReason, Reason, Signal};
use sim_tests::{Diary, Input, SEEDS, actor, holds};
use std::sync::{Arc, Mutex};

#[test]
fn the_true_reason_or_no_process() {
    let seen = Arc::new(Mutex::new([0u64; 2]));
    let totals = Arc::clone(&seen);
    holds(move |world| {
        let diary = Diary::new();
        let stopping = world.spawn(
            "stopping",
            actor(move |cx, input| {
                if let Input::Message(_) = input {
                    cx.stop(Reason::Shutdown);
                }
                Ok(())
            }),
        );
        world.settle()?;
        let keep = diary.clone();
        let watcher = world.spawn(
            "watcher",
            actor(move |cx, input| {
                match input {
                    Input::Message(_) => {
                        cx.trap_exits(true);
                        cx.link(stopping)?;
                        cx.monitor(stopping)?;
                    }
                    Input::Signal(Signal::Exit { reason, .. }) => keep.push(("exit", reason)),
                    Input::Signal(Signal::Down { reason, .. }) => keep.push(("down", reason)),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.send(stopping, 0u64);
        world.send(watcher, 0u64);
        world.settle()?;
        let all = diary.all();
        let reason = all[0].1.clone();
        assert_eq!(all, [("exit", reason.clone()), ("down", reason.clone())]);
        assert!([ExitReason::Shutdown, ExitReason::NoProcess].contains(&reason));
        totals.lock().expect("no test panicked with it")[usize::from(reason == ExitReason::Shutdown)] += 1;
        Ok(())
    });
    let seen = *seen.lock().expect("no test panicked with it");
    assert!(seen.iter().all(|n| *n >= SEEDS / 8), "both happen: {seen:?}");
}
