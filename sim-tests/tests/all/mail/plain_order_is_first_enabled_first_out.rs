//! M4: plain order is first enabled, first out.

use seedbed_sim::StrategySpec;
use sim_tests::{Diary, Input, actor, once};

#[test]
fn the_heads_of_lines_go_in_the_order_in_which_they_became_possible() {
    let diary = Diary::new();
    let keep = diary.clone();
    let body = move |world: &mut seedbed_sim::World| {
        let keep = keep.clone();
        let target = world.spawn(
            "target",
            actor(move |cx, input| {
                if let Input::Message(n) = input {
                    keep.push((cx.from(), n));
                }
                Ok(())
            }),
        );
        world.settle()?;
        // Each line's second message becomes possible when its first was delivered: behind the
        // others' firsts.
        let senders = ["a", "b", "c"].map(|name| {
            world.spawn(
                name,
                actor(move |cx, input| {
                    if input == Input::Start {
                        (1..=2u64).try_for_each(|n| cx.send(target, &n))?;
                    }
                    Ok(())
                }),
            )
        });
        world.settle()?;
        assert_eq!(
            keep_all(&diary),
            [1, 2].iter().flat_map(|n| senders.map(|s| (s, *n))).collect::<Vec<_>>()
        );
        Ok(())
    };
    let outcome = once(&body, 7, StrategySpec::Plain);
    assert_eq!((outcome.found, outcome.tape.entries.len()), (None, 0));
}

fn keep_all<T: Clone>(diary: &Diary<T>) -> Vec<T> {
    diary.all()
}
