//! Equal deadlines of one actor fire in the order of arming; those of several actors are lines of
//! their own, whose order is chosen, and replays.

use seedbed_core::Signal;
use sim_tests::{Diary, Input, SEEDS, actor, holds};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn by_arming_within_an_actor_by_choice_among_actors() {
    let orders = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&orders);
    holds(move |world| {
        let diary = Diary::new();
        for name in ["a", "b", "c"] {
            let keep = diary.clone();
            world.spawn(
                name,
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            for tag in 0..5 {
                                cx.set_timer(Duration::from_millis(3), tag)?;
                            }
                        }
                        Input::Signal(Signal::Timer { tag, .. }) => keep.push((name, tag)),
                        _ => {}
                    }
                    Ok(())
                }),
            );
        }
        world.settle()?;
        let all = diary.all();
        for name in ["a", "b", "c"] {
            let of: Vec<u64> = all.iter().filter(|e| e.0 == name).map(|e| e.1).collect();
            assert_eq!(of, [0, 1, 2, 3, 4]);
        }
        seen.lock().expect("no test panicked with it").insert(all);
        Ok(())
    });
    assert!(orders.lock().expect("no test panicked with it").len() as u64 > SEEDS / 2);
}
